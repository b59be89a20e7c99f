"""Runs with an average of their weights, a validation set, a trace of steps; gone on elsewhere."""

import json
import shutil

import jax
import numpy as np
import pytest

import train
from flanlike import jsonl
from flanlike.runs import kept, loading
from flanlike.training import checkpoint, loop, validating

FEW = "--steps 3 --checkpoint.every 1 --checkpoint.keep 9 --optim.warmup-steps 1"
FEW += " --eval.no-at-start --eval.generation-rows 0"
ALL = (
    "--optim.ema 0.5 --optim.moments-dtype bfloat16 --dropout 0.1 --dropout-keys rbg "
    "--validation.every 2 --validation.rows 8 --profile 1"
)


@pytest.fixture(scope="module")
def finished(flags, tmp_path_factory):
    """A run of three steps with all of it."""
    out = tmp_path_factory.mktemp("finished") / "run"
    train.main([*flags, *ALL.split(), "--out", str(out)])
    return out


def params_of(folder, **asked):
    return jax.device_get(loop.params_of(loading.load(folder, **asked).model))


def gap(one, two):
    gaps = jax.tree.map(lambda a, b: np.abs(a - b).max(), one, two)
    return float(max(jax.tree.leaves(gaps)))


def test_the_average_is_what_is_loaded_and_asked(finished):
    loaded = loading.load(finished)
    assert (loaded.step, loaded.weights) == (3, "average")
    assert loading.load(finished, weights="raw").weights == "raw"
    raw = [params_of(finished, weights="raw", step=step) for step in (1, 2, 3)]
    # Decay .5: the last weights count 4, those before 2 and 1, of 7.
    expected = jax.tree.map(lambda a, b, c: (a + 2 * b + 4 * c) / 7, *raw)
    assert gap(params_of(finished), expected) < 1e-6 < gap(params_of(finished), raw[-1])
    summary = json.loads((finished / "eval/3/summary.json").read_text())
    assert summary["notes"]["weights"] == "average"
    report = (finished / "report.md").read_text(encoding="utf-8")
    assert "after 3 steps of instruction tuning, the average of its weights" in report


def test_validation_is_looked_at_and_the_best_is_kept(finished):
    looks = [line for line in jsonl.read(finished / "metrics.jsonl") if "loss" not in line]
    assert [line["step"] for line in looks] == [0, 2, 3]
    best = min(looks[1:], key=lambda line: line["validation_loss"])
    assert kept.best(finished) == best["step"]
    assert kept.best_loss(finished) == best["validation_loss"]
    found = json.loads((finished / "composition.json").read_text())["validation"]
    assert found == {"prompts": {"rte": 8}, "left_out": {}, "unfit": 0}
    report = (finished / "report.md").read_text(encoding="utf-8")
    said = "Validation loss, on 8 prompts of 1 tasks that were trained on: "
    assert f"{said}{best['validation_loss']:.4g}" in report


def test_a_trace_of_a_step_is_written(finished):
    [trace] = finished.glob("profile/plugins/profile/*/perfetto_trace.json.gz")
    assert trace.stat().st_size and list(trace.parent.glob("*.xplane.pb"))


def test_a_run_goes_on_from_a_step_that_is_not_the_newest(finished, flags, tmp_path, capsys):
    """By an optimizer that keeps its moments in another type, and no average."""
    out = tmp_path / "other"
    train.main([*flags, "--continue-from", f"{finished}@1", "--steps", "2", "--out", str(out)])
    assert f"going on from step 1 of {finished}@1" in capsys.readouterr().out
    one, two = (list(jsonl.read(run / "metrics.jsonl")) for run in (finished, out))
    assert [line["step"] for line in two] == [2]
    tokens = [line["useful_tokens"] for line in one if line["step"] == 2 and "loss" in line]
    assert [line["useful_tokens"] for line in two] == tokens
    arguments = [*flags, "--continue-from", f"{finished}@7", "--out", str(tmp_path / "none")]
    with pytest.raises(SystemExit):
        train.main(arguments)
    assert "that run has no checkpoint of step 7: it has [1, 2, 3]" in capsys.readouterr().err


def test_patience_ends_a_run_as_its_best_state(flags, tmp_path, monkeypatch, capsys):
    losses = iter([0.5, 1.0, 1.5])  # before the first step, which is no state to keep, and after
    monkeypatch.setattr(validating, "measure", lambda *_, **__: lambda *_: (next(losses), 0.0))
    out, saved = tmp_path / "run", []
    save = checkpoint.Checkpoints.save

    def noted_save(self, step, *rest):
        saved.append((step, kept.best(out)))
        save(self, step, *rest)

    monkeypatch.setattr(checkpoint.Checkpoints, "save", noted_save)
    patient = "--validation.every 1 --validation.rows 4 --validation.patience 1 --steps 9"
    train.main([*flags, *patient.split(), "--out", str(out)])
    assert "step 2/9  validation loss 1.5  (best: 1 at step 1)" in capsys.readouterr().out
    assert kept.newest(out) == 2 and kept.best(out) == 1
    # The best is whole before the newest is begun: cut off, a run looks at no step of before again.
    assert saved == [(1, None), (1, 1), (2, 1)]
    assert [path.name for path in (out / "eval").glob("[0-9]*")] == ["1"]
    assert loading.load(out).step == 1 and loading.load(out, step=2).step == 2
    report = (out / "report.md").read_text(encoding="utf-8")
    assert "after 1 steps of instruction tuning, the best by validation loss" in report
    assert "Training ended there, before its 9 steps." in report
    train.main([*flags, *patient.split(), "--out", str(out)])
    assert "finished" in capsys.readouterr().out
    shutil.rmtree(out / "eval")  # cut off before its evaluation, it trains no further
    train.main([*flags, *patient.split(), "--out", str(out)])
    assert kept.newest(out) == 2 and (out / "eval/1/summary.json").is_file()
