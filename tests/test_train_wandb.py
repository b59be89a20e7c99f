"""train.py and python -m eval with --wandb, by a stand-in for its package."""

import json
import sys

import fake_wandb
import pytest
import training_toys

import train
from eval import __main__ as eval_command
from flanlike.models import presets

FLAGS = (
    "--mixture open_choice --hold-out word_relations --model tiny --init none --steps 2 "
    "--vocabulary-size 600 --batch.rows 2 --optim.warmup-steps 1 --eval.no-at-start "
    "--eval.rows-per-task 2 --eval.validation-rows 0 --eval.generation-rows 0"
)
SMALL = FLAGS.split()


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    monkeypatch.setitem(presets.PRESETS, "tiny", training_toys.MODEL)
    monkeypatch.setattr(train, "VOCABULARY_PROMPTS", 200)


def test_a_run_and_what_it_is_asked_later_are_told(tmp_path, monkeypatch):
    runs = fake_wandb.put(monkeypatch)
    out = tmp_path / "run"
    train.main([*SMALL, "--out", str(out), "--wandb", "me/flan"])
    (run,) = runs
    assert run.given["config"]["mixture"] == "open_choice" and run.exit_code == 0
    steps = [told["step"] for told in run.told if "train/loss" in told]
    assert steps == [1, 2]
    evaluated = [told for told in run.told if "eval/word_relations" in told]
    assert [told["step"] for told in evaluated] == [2]
    (samples,) = (told["eval/samples"] for told in run.told if "eval/samples" in told)
    assert "prompt" in samples.columns and samples.data

    # It is no other run without the flag, nor told again when it is finished.
    train.main([*SMALL, "--out", str(out)])
    assert len(runs) == 1
    eval_command.main(["--run", str(out), "--rows", "1", "--wandb", "flan"])
    assert runs[1].given["id"] == run.given["id"] and runs[1].given["entity"] is None
    assert "eval-rows1/word_relations" in runs[1].told[0]
    assert json.loads((out / "config.json").read_text())["wandb"] == "me/flan"


@pytest.mark.parametrize(
    "command, flags",
    [(train.main, SMALL), (eval_command.main, ["--model", "none", "--mixture", "sst2"])],
)
def test_without_the_package_it_is_one_line(command, flags, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(SystemExit) as stop:
        command([*flags, "--out", str(tmp_path / "run"), "--wandb", "flan"])
    assert stop.value.code == 2
    assert "error: --wandb needs the package wandb" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
