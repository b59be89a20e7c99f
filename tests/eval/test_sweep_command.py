"""The command from end to end, over a stand-in for train.py."""

import json
import os
import signal
import threading
import time

import pytest
import sweep_toys

from eval import __main__ as command

_RIGHT = {"with-1": 180, "without-1": 120, "with-2": 170, "without-2": 130}
_FILE = """
question = "Do instructions matter?"
predicted = "Yes."
seeds = [1, 2]
flags = "--mixture flan_core"
baseline = "with"
[conditions]
with = "--prompts instructions"
without = "--prompts inputs-only"
"""


@pytest.fixture
def toy(tmp_path):
    path = tmp_path / "toy.toml"
    path.write_text(_FILE)
    return path


def _sweep(path, *more):
    command.main(["sweep", str(path), *more, "--", "--steps", "9"])


def test_parts_make_the_runs_and_the_last_the_table(tmp_path, toy, monkeypatch, capsys):
    calls = sweep_toys.stand_in(tmp_path / "in", monkeypatch, _RIGHT)
    out = ["--out", str(tmp_path / "out")]
    _sweep(toy, *out, "--part", "1/2", "--at-once", "1")
    assert calls() == ["with-1", "with-2"]
    assert "no table yet: 2 of 4 runs are missing: without-1, without-2" in capsys.readouterr().out
    assert not (tmp_path / "out" / "table.md").exists()
    _sweep(toy, *out, "--part", "2/2", "--at-once", "1")
    assert "table.md" in capsys.readouterr().out
    _sweep(toy, *out)
    assert calls() == ["with-1", "with-2", "without-1", "without-2"]  # none of them twice
    assert json.loads((tmp_path / "out" / "table.json").read_text())["baseline"] == "with"


def test_a_failed_run_is_named_and_is_run_the_next_time(tmp_path, toy, monkeypatch, capsys):
    calls = sweep_toys.stand_in(tmp_path / "in", monkeypatch, _RIGHT)
    fails = tmp_path / "in" / "without-2.fails"
    fails.touch()
    with pytest.raises(SystemExit) as stopped:
        _sweep(toy, "--out", str(tmp_path / "out"))
    said = capsys.readouterr().err
    assert stopped.value.code == 2 and said.count("\n") == 1
    assert "1 of 4 runs failed, the others went on: without-2 ended with status 2" in said
    fails.unlink()
    _sweep(toy, "--out", str(tmp_path / "out"))
    assert calls()[4:] == ["without-2"]


def test_what_is_there_is_listed(tmp_path, toy, monkeypatch, capsys):
    sweep_toys.stand_in(tmp_path / "in", monkeypatch, _RIGHT)
    _sweep(toy, "--out", str(tmp_path / "out"), "--list")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 and all(line.startswith("not begun  ") for line in lines)
    assert "--prompts instructions --seed 1" in lines[0]
    assert not (tmp_path / "out").exists()
    command.main(["sweep", "--list"])
    assert "Do natural instructions make the difference" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["clutsers"], "unknown sweep 'clutsers': did you mean 'clusters'"),
        ([], "no sweep given"),
        (["clusters", "--part", "3/2"], "--part is '3/2': it must be I/N"),
        (["clusters", "--part", "0/2"], "--part is '0/2'"),
        (["clusters", "--at-once", "0"], "--at-once is '0'"),
        (["clusters", "--", "--stepz", "2"], "unknown flag '--stepz': did you mean --steps"),
        (["clusters", "--steps", "2"], "unrecognized arguments: --steps 2"),
    ],
)
def test_mistakes_are_one_line(arguments, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        command.main(["sweep", *arguments])
    printed = capsys.readouterr().err
    assert stopped.value.code == 2 and said in printed and printed.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_signal_stops_the_runs_under_way(tmp_path, toy, monkeypatch):
    calls = sweep_toys.stand_in(tmp_path / "in", monkeypatch, _RIGHT)
    (tmp_path / "in" / "with-1.waits").touch()

    def stop():
        while not (tmp_path / "in" / "waiting").exists():
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=stop).start()
    started = time.monotonic()
    with pytest.raises(SystemExit) as stopped:
        _sweep(toy, "--out", str(tmp_path / "out"), "--at-once", "1")
    assert stopped.value.code == 128 + signal.SIGTERM and time.monotonic() - started < 30
    assert calls() == ["with-1"]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.slow
def test_two_real_runs(tmp_path, toy, capsys):
    flags = "--mixture sentiment --hold-out sst2 --batch.rows 2 --eval.rows-per-task 8"
    flags += " --eval.validation-rows 0 --eval.generation-rows 0"
    toy.write_text(_FILE.replace("--mixture flan_core", flags).replace("[1, 2]", "[1]"))
    out = ["--out", str(tmp_path / "out")]
    command.main(["sweep", str(toy), *out, "--", "--steps", "1"])
    printed = capsys.readouterr().out
    assert "2 runs, 2 to make" in printed and "table.md" in printed
    lines = json.loads((tmp_path / "out" / "table.json").read_text())["lines"]
    assert [line["condition"] for line in lines] == ["with", "without"]
    assert lines[1]["tasks"] == ["sst2"] and lines[1]["difference"]["low"] <= 0
    assert any((tmp_path / "out" / "cache").iterdir())
    command.main(["sweep", str(toy), *out, "--", "--steps", "1"])
    assert "2 runs, 0 to make" in capsys.readouterr().out
