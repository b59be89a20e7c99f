"""What Weights & Biases is told, by a stand-in for its package."""

import sys

import fake_wandb
import pytest

from flanlike import errors
from flanlike.training import wandb_log


def test_a_run_is_begun_told_and_finished(tmp_path, monkeypatch):
    runs = fake_wandb.put(monkeypatch)
    with wandb_log.board("me/flan", tmp_path, {"seed": 3}) as board:
        board.scalars(7, {"train/loss": 0.5})
        board.table(7, "eval/samples", ("row", "prompt"), [("test-1", "<b>Is it?")])
    (run,) = runs
    assert {k: run.given[k] for k in ("entity", "project", "name", "dir", "config")} == {
        "entity": "me",
        "project": "flan",
        "name": tmp_path.name,
        "dir": str(tmp_path),
        "config": {"seed": 3},
    }
    assert run.metrics["*"] == {"step_metric": "step"}
    scalars, table = run.told
    assert scalars == {"step": 7, "train/loss": 0.5}
    assert table["step"] == 7 and table["eval/samples"].data == [["test-1", "<b>Is it?"]]
    assert run.exit_code == 0


def test_a_run_that_goes_on_is_the_same_there(tmp_path, monkeypatch):
    runs = fake_wandb.put(monkeypatch)
    for folder in (tmp_path / "a", tmp_path / "a", tmp_path / "b"):
        folder.mkdir(exist_ok=True)
        with wandb_log.board("flan", folder, {}):
            pass
    ids = [run.given["id"] for run in runs]
    assert ids[0] == ids[1] != ids[2]
    assert {run.given["resume"] for run in runs} == {"allow"}
    assert {run.given["entity"] for run in runs} == {None}


def test_what_stops_a_run_is_told(tmp_path, monkeypatch):
    runs = fake_wandb.put(monkeypatch)
    with pytest.raises(KeyboardInterrupt), wandb_log.board("flan", tmp_path, {}):
        raise KeyboardInterrupt
    assert runs[0].exit_code == 1


def test_without_a_project_there_is_no_board_and_no_package_needed(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    wandb_log.expect(None)
    with wandb_log.board(None, tmp_path, {}) as board:
        assert board is None
    assert list(tmp_path.iterdir()) == []


def test_processes_after_the_first_say_nothing(tmp_path, monkeypatch):
    runs = fake_wandb.put(monkeypatch)
    monkeypatch.setattr(wandb_log.distributed, "is_first", lambda: False)
    with wandb_log.board("flan", tmp_path, {}) as board:
        assert board is None
    assert runs == []


def test_a_package_that_is_missing_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)  # as where it is not installed
    with pytest.raises(errors.UserError, match=r"^--wandb needs .*flanlike\[wandb\].*$"):
        wandb_log.expect("flan")


def test_what_wandb_refuses_is_one_line(tmp_path, monkeypatch):
    fake_wandb.put(monkeypatch, refuses="No API key\nconfigured.")
    expected = r"^--wandb 'flan': W&B begins no run \(No API key configured\.\).*WANDB_MODE=offline"
    with pytest.raises(errors.UserError, match=expected), wandb_log.board("flan", tmp_path, {}):
        pass
