"""Runs that go on: by more steps, by another evaluation, by other flags, from elsewhere."""

import json
import math
import pathlib
import shutil
import tempfile

import numpy as np
import pytest
import training_toys

import train
from eval import __main__ as eval_command
from flanlike import config
from flanlike.runs import loading, locks
from flanlike.training import loop, optim

FEW = "--checkpoint.every 2 --optim.warmup-steps 1"


@pytest.fixture(scope="module")
def finished(flags, tmp_path_factory):
    """A run of two steps."""
    out = tmp_path_factory.mktemp("finished") / "run"
    train.main([*flags, "--out", str(out)])
    return out


@pytest.fixture
def run(finished, tmp_path):
    shutil.copytree(finished, tmp_path / "run")
    return tmp_path / "run"


def steps_of(out):
    return [json.loads(line)["step"] for line in (out / "metrics.jsonl").read_text().splitlines()]


def error_of(command, arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        command([*map(str, arguments)])
    assert stop.value.code == 2
    said = capsys.readouterr().err.rstrip("\n")
    assert said.startswith("error: ") and "\n" not in said
    return said


def test_steps_may_grow(flags, run, capsys):
    train.main([*flags, "--out", str(run), "--steps", "3"])
    assert "going on from step 2" in capsys.readouterr().out
    assert json.loads((run / "config.json").read_text())["steps"] == 3
    assert steps_of(run) == [1, 2, 3] and (run / "eval/3/summary.json").is_file()
    said = error_of(train.main, [*flags, "--out", run, "--steps", 1], capsys)
    assert "another configuration (steps is 1, there 3)" in said


def test_an_evaluation_by_other_settings_is_made_again(flags, run, capsys):
    before = [(run / "eval" / step / "results.jsonl").read_text() for step in ("0", "2")]
    train.main([*flags, "--out", str(run), "--eval.every", "1"])
    assert "finished" in capsys.readouterr().out  # that asks nothing else
    changes = ["--eval.rows-per-task", "3", "--eval.split", "validation"]
    train.main([*flags, "--out", str(run), *changes])
    said = capsys.readouterr().out
    for step in (0, 2):
        assert f"the evaluation after {step} steps was made by other --eval settings" in said
    after = [(run / "eval" / step / "results.jsonl").read_text() for step in ("0", "2")]
    assert all(new != old for new, old in zip(after, before, strict=True))
    assert json.loads((run / "config.json").read_text())["eval"]["rows_per_task"] == 3
    assert steps_of(run) == [1, 2]
    manifest = json.loads((run / "manifest.json").read_text())
    assert {entry["split"] for entry in manifest["evaluation"].values()} == {"validation"}
    train.main([*flags, "--out", str(run), *changes])
    assert "finished" in capsys.readouterr().out


def test_an_evaluation_that_was_cut_short_is_made_again(flags, run, capsys):
    expected = {}
    for step in (0, 2):
        path = run / f"eval/{step}/summary.json"
        expected[step] = json.loads(path.read_text())["tasks"]
        path.write_text(path.read_text()[:100])
    train.main([*flags, "--out", str(run)])
    said = capsys.readouterr().out
    for step, tasks in expected.items():
        assert f"the evaluation after {step} steps was cut short: it is made again" in said
        assert json.loads((run / f"eval/{step}/summary.json").read_text())["tasks"] == tasks


def test_two_processes_do_not_share_a_folder(flags, run, capsys):
    before = (run / "report.md").stat().st_mtime_ns
    with locks.Lock(run) as lock:
        lock.take()
        said = error_of(train.main, [*flags, "--out", run, "--steps", 3], capsys)
        assert "is being written by another process (process " in said
        eval_command.main(["--run", str(run), "--json", "--rows", "1"])  # that only reads the run
    assert (run / "report.md").stat().st_mtime_ns == before


def test_a_run_goes_on_by_other_flags_elsewhere(flags, finished, tmp_path, capsys):
    out = tmp_path / "other"
    changes = "--steps 4 --optim.peak-lr 1e-4 --optim.max-gradient-norm 0 --optim.weight-decay 0.1"
    changes += " --optim.ema 0.5"
    arguments = [*flags, *changes.split(), "--continue-from", str(finished), "--out", str(out)]
    train.main(arguments)
    assert f"going on from step 2 of {finished}" in capsys.readouterr().out
    assert steps_of(out) == [3, 4]
    assert (out / "vocabulary/sentencepiece.model").read_bytes() == (
        finished / "vocabulary/sentencepiece.model"
    ).read_bytes()
    rates = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    schedule = optim.schedule(config.OptimConfig(peak_lr=1e-4, warmup_steps=1), 4)
    for line in rates:
        assert math.isclose(line["learning_rate"], schedule(line["step"] - 1), rel_tol=1e-5)
    assert loading.load(out).weights == "average"  # which that run had not: it begins here
    # The data goes on where it stood: as in a run that took four steps by itself.
    whole = tmp_path / "whole"
    train.main([*flags, "--steps", "4", "--out", str(whole)])
    tokens = [json.loads(line)["useful_tokens"] for line in (whole / "metrics.jsonl").open()]
    assert [line["useful_tokens"] for line in rates] == tokens[2:]
    # It is a run like any other: finished, it needs the first no more.
    train.main(arguments)
    assert "finished" in capsys.readouterr().out


def test_the_optimizer_is_taken_over(flags, finished, tmp_path):
    """Without a change, one step more is what the same run takes."""
    grown, other = tmp_path / "grown", tmp_path / "other"
    shutil.copytree(finished, grown)
    train.main([*flags, "--steps", "3", "--out", str(grown)])
    train.main([*flags, "--steps", "3", "--continue-from", str(finished), "--out", str(other)])
    one, two = (loop.params_of(loading.load(run).model) for run in (grown, other))
    import jax

    jax.tree.map(np.testing.assert_array_equal, one, two)


@pytest.mark.parametrize(
    "changes, expected",
    [
        (["--seed", "1"], "a run of other parameters or data (seed is 1, there 0)"),
        (["--optim.name", "adafactor"], "(optim.name is 'adafactor', there 'adamw')"),
        (["--batch.rows", "4", "--model", "micro"], "(batch.rows is 4, there 2; model is 'micro'"),
        (["--steps", "2"], "has taken 2: it must be more"),
    ],
)
def test_what_cannot_be_continued_is_told(changes, expected, flags, finished, tmp_path, capsys):
    arguments = [*flags, "--steps", "4", "--continue-from", finished, "--out", tmp_path / "new"]
    said = error_of(train.main, [*arguments, *changes], capsys)
    assert expected in said and not (tmp_path / "new").exists()


def test_a_lost_run_says_how_to_go_on(flags, tmp_path, monkeypatch, capsys):
    checked = loop._checked

    def lost(step, metrics):
        metrics = checked(step, metrics)
        return checked(step, metrics._replace(loss=np.float32("nan"))) if step == last else metrics

    monkeypatch.setattr(loop, "_checked", lost)
    for last, advice in ((1, ", and give another --out"), (3, "it goes on from step 2, which was")):
        out = tmp_path / str(last)
        said = error_of(train.main, [*flags, "--steps", 4, "--out", out], capsys)
        assert f"error: the loss of step {last} is nan" in said and said.count("--optim") == 2
        assert advice in said
    assert f"--continue-from {tmp_path / '3'} and another --out" in said
    monkeypatch.undo()


def test_without_written_answers_and_without_a_before(flags, tmp_path, capsys):
    out = tmp_path / "run"
    train.main([*flags, "--eval.generation-rows", "0", "--eval.no-at-start", "--out", str(out)])
    assert sorted(path.name for path in (out / "eval").glob("[0-9]*")) == ["2"]
    cells = [json.loads(line) for line in (out / "eval/2/predictions.jsonl").open()]
    assert cells and {cell["scoring"] for cell in cells} == {"rank"}
    assert "there is no “before”" in (out / "report.md").read_text(encoding="utf-8")
    train.main([*flags, "--eval.generation-rows", "0", "--eval.no-at-start", "--out", str(out)])
    assert "finished" in capsys.readouterr().out


def test_a_run_by_relative_paths_is_found_from_anywhere(tmp_path, monkeypatch, capsys):
    home = tmp_path / "home"
    home.mkdir()
    arguments = training_toys.some_mixture(home, "rte")
    arguments[-1] = pathlib.Path(arguments[-1]).name
    monkeypatch.chdir(home)
    train.main([*arguments, "--out", "run"])
    config_there = json.loads((home / "run/config.json").read_text())
    assert config_there["tasks"] == str(home / "some_mixture.py")
    monkeypatch.chdir(tmp_path)
    eval_command.main(["--run", "home/run", "--json"])
    # On another machine there is but the run's folder.
    shutil.copytree(home / "run", tmp_path / "moved")
    shutil.rmtree(home)
    eval_command.main(["--run", "moved", "--json"])
    said = [
        json.loads(line) for line in capsys.readouterr().out.splitlines()[-2:] if line[0] == "{"
    ]
    assert said[-1]["tasks"]


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_evaluated(
    finished, flags, monkeypatch, capsys
):
    def refuse(*_, dir=None, **__):
        raise OSError(30, "Read-only file system", str(dir))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    said = error_of(eval_command.main, ["--run", finished], capsys)
    assert said == (
        f"error: '{finished}/eval': Read-only file system: give a place that can be written"
    )
    monkeypatch.setattr(locks.os, "open", lambda path, *_: refuse(dir=path))
    said = error_of(train.main, [*flags, "--out", finished], capsys)
    assert "/.lock': Read-only file system" in said
