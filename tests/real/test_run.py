"""A run of train.py on a published model: asked before and after, cut off, gone on with, exported.

Two tasks of held-out clusters, 50 rows each, asked by their options alone: a control asks each row
once, where ten templates would ask it ten times.
"""

import json
import shutil

import pytest
import real_toys

import train
from flanlike.models import decode
from flanlike.runs import export, loading

pytest.importorskip("torch", reason="needs the extra 'parity'")
pytest.importorskip("transformers", reason="needs the extra 'parity'")

pytestmark = pytest.mark.real

ROWS, HELD_OUT = 50, ("sst2", "trec")
FLAGS = (
    "--mixture mixed --hold-out sst2 trec --steps 2 --tune lora --optim.peak-lr 1e-3 "
    "--batch.rows 1 --batch.max-input-tokens 48 --batch.max-target-tokens 16 "
    f"--prompts options-only --eval.rows-per-task {ROWS} --eval.validation-rows 0 "
    "--eval.max-tokens-per-batch 512"
)
MIXED = """
from flanlike.mixtures import mixture
TASKS = []
MIXTURES = [mixture.Mixture(name="mixed", entries=("cola", "sst2", "trec"))]
"""


class CutOffError(Exception):
    """What stands for a machine that goes away."""


def test_it_is_asked_before_and_after_goes_on_where_it_was_cut_off_and_is_exported(
    published, tmp_path, monkeypatch, capsys
):
    (tmp_path / "mixed.py").write_text(MIXED)
    run = tmp_path / "run"
    flags = [*FLAGS.split(), "--data", real_toys.rows(), "--init", str(published)]
    flags += ["--tasks", str(tmp_path / "mixed.py"), "--out", str(run)]
    asked = []  # prompts, of each time that the model is asked

    with monkeypatch.context() as patched:
        patched.setattr(decode, "scored_options", watched(asked, batches=3))
        with pytest.raises(CutOffError):
            train.main(flags)
    assert len(asked) == 1 and not (run / "eval" / "0").exists()
    first, asked[:] = asked[0], []

    monkeypatch.setattr(decode, "scored_options", watched(asked))
    train.main(flags)
    before, after = asked
    assert first > 0 and before + first == after == ROWS * len(HELD_OUT)
    steps = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [step["step"] for step in steps] == [1, 2] and steps[1]["loss"] > 0
    for step in (0, 2):
        lines = (run / "eval" / str(step) / "results.jsonl").read_text().splitlines()
        found = {told["task"]: told for told in map(json.loads, lines)}
        assert set(found) == set(HELD_OUT)
        assert all(told["n"] == ROWS and 0 <= told["value"] <= 1 for told in found.values())
    assert (run / "report.html").is_file()

    train.main(flags)  # a finished run asks nothing
    assert "finished" in capsys.readouterr().out and len(asked) == 2

    export.main([str(run), "--out", str(tmp_path / "exported")])
    real_toys.assert_transformers_computes_the_same(tmp_path / "exported", loading.load(run))
    shutil.rmtree(tmp_path / "exported")  # a gigabyte, which pytest would keep


def watched(asked: list[int], *, batches: int | None = None):
    """Returns what scores options, counts the prompts it scored, and goes away after batches."""
    inner = decode.scored_options

    def call(*arguments, **settings):
        asked.append(0)
        for number, found in enumerate(inner(*arguments, **settings), start=1):
            asked[-1] += len({scored.prompt for scored in found})
            yield found
            if number == batches:
                raise CutOffError

    return call
