"""Running what is missing, and nothing else."""

import dataclasses
import json

import pytest
import sweep_toys

from eval import sweep_runs
from flanlike import errors

_RIGHT = {"with-1": 180, "without-1": 120, "with-2": 170, "without-2": 130}


def test_parts_are_all_runs_once():
    runs = sweep_toys.made().runs
    parts = [[run.name for run in sweep_runs.part(runs, (i, 3))] for i in (1, 2, 3)]
    assert parts == [["with-1", "without-2"], ["without-1"], ["with-2"]]
    assert sweep_runs.part(runs, (1, 1)) == runs


def test_a_finished_run_is_not_run_again(tmp_path, monkeypatch):
    calls = sweep_toys.stand_in(tmp_path / "in", monkeypatch, _RIGHT)
    found, out = sweep_toys.made(), tmp_path / "out"
    sweep_runs.claim(found, out)
    assert not sweep_runs.run_all(found.runs[:2], out, at_once=1)
    assert calls() == ["with-1", "without-1"]
    missing = sweep_runs.missing(found.runs, out)
    assert [run.name for run in missing] == ["with-2", "without-2"]
    (out / "with-1" / "eval" / "9" / "summary.json").unlink()  # as if it was cut off
    assert sweep_runs.state(found.runs[0], out) == "begun"
    assert sweep_runs.state(found.runs[1], out) == "finished"
    assert sweep_runs.state(found.runs[2], out) == "not begun"


def test_a_run_is_given_its_folder_and_the_shared_cache(tmp_path):
    run = sweep_toys.made().runs[0]
    given = sweep_runs.command(run, tmp_path)
    assert given[2:] == [
        *run.flags, "--out", str(tmp_path / "with-1"), "--eval.cache", str(tmp_path / "cache"),
    ]  # fmt: skip


def test_runs_have_large_pages_unless_the_user_says_otherwise(tmp_path, monkeypatch):
    sweep_toys.stand_in(tmp_path / "in", monkeypatch, _RIGHT)
    found, out, seen = sweep_toys.made(), tmp_path / "out", tmp_path / "in" / "tunables"
    sweep_runs.claim(found, out)
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    sweep_runs.run_all(found.runs[:1], out, at_once=1)
    assert seen.read_text() == "glibc.malloc.hugetlb=1"
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.check=0")
    sweep_runs.run_all(found.runs[1:2], out, at_once=1)
    assert seen.read_text() == "glibc.malloc.check=0"


def test_where_one_fails_the_others_go_on(tmp_path, monkeypatch, capsys):
    calls = sweep_toys.stand_in(tmp_path / "in", monkeypatch, _RIGHT)
    (tmp_path / "in" / "with-1.fails").touch()
    found, out = sweep_toys.made(), tmp_path / "out"
    sweep_runs.claim(found, out)
    failed = sweep_runs.run_all(found.runs, out, at_once=2)
    assert sorted(calls()) == sorted(_RIGHT)
    assert [str(one) for one in failed] == [
        f"with-1 ended with status 2, see {out / 'with-1.log'}: error: no such row"
    ]
    assert "with-1: FAILED with status 2" in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_is_no_silence(tmp_path, monkeypatch):
    calls = sweep_toys.stand_in(tmp_path / "in", monkeypatch, _RIGHT)
    with pytest.raises(FileNotFoundError):  # which the command tells in one line
        sweep_runs.run_all(sweep_toys.made().runs, tmp_path / "absent", at_once=1)
    assert calls() == []


def test_another_sweep_is_refused_and_stays(tmp_path):
    out = tmp_path / "out"
    sweep_runs.claim(sweep_toys.made(), out)
    before = (out / "sweep.json").read_text()
    sweep_runs.claim(sweep_toys.made(), out)
    with pytest.raises(errors.UserError, match="condition 'with' has other flags .*--steps 10"):
        sweep_runs.claim(sweep_toys.made(flags="--mixture flan_core --steps 10"), out)
    assert (out / "sweep.json").read_text() == before
    other = dataclasses.replace(
        sweep_toys.made(), name="another", flags={"third": ("--steps", "1")}
    )
    with pytest.raises(errors.UserError, match="holds the sweep 'toy', not 'another'"):
        sweep_runs.claim(other, out)
    assert (out / "sweep.json").read_text() == before
    more = {**sweep_toys.declared()["conditions"], "third": "--prompts task-name"}
    sweep_runs.claim(sweep_toys.made(conditions=more, seeds=[1, 2, 3]), out)
    assert list(json.loads((out / "sweep.json").read_text())["flags"]) == [*more]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("notes.txt", "mine", "is not empty and holds no sweep"),
        ("sweep.json", "[", "not what a sweep wrote"),
        ("sweep.json", "[]", "not what a sweep wrote"),
    ],
)
def test_a_folder_of_something_else_is_refused(tmp_path, name, text, said):
    (tmp_path / name).write_text(text)
    with pytest.raises(errors.UserError, match=said):
        sweep_runs.claim(sweep_toys.made(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    with pytest.raises(errors.UserError):
        sweep_runs.claim(sweep_toys.made(), tmp_path / name)
