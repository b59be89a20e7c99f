"""Beam's runners on this machine, with real workers. Needs pip install 'flanlike[beam]'."""

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

pytest.importorskip("apache_beam", reason="the extra `beam` is not installed")

from apache_beam.io import localfilesystem

import flanlike
from flanlike import errors
from task_registry import __main__ as command_line
from task_registry import export_beam, export_files, export_place

ROOT = pathlib.Path(flanlike.__file__).parent.parent
VOCABULARY = ROOT / "flanlike" / "microworld" / "base" / "vocabulary"
USER_MODULE = """
import dataclasses
from flanlike.mixtures import mixture
from task_registry import nli

def mine():
    return dataclasses.replace(nli.rte(), name="mine", licence="mine alone")

TASKS = [mine]
MIXTURES = [mixture.Mixture(name="all_mine", entries=("mine", "cb"))]
"""


def export(out, *flags, mixture="word_relations"):
    size = ("--examples", "60", "--shard-size", "25", "--format", "parquet")
    given = ["--mixture", mixture, "--hold-out", *size, *flags, "--out", str(out)]
    command_line.main(["export", *given])


def direct(*flags, processes=1):
    return ("--runner", "DirectRunner", "--processes", str(processes), *flags)


def mistake(capsys, *arguments):
    with pytest.raises(SystemExit) as caught:
        export(*arguments)
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


def bytes_of(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_two_workers_write_the_bytes_that_one_process_writes(tmp_path, monkeypatch, capfd):
    """Tasks of a user's and a vocabulary too, which are named from where the command is given."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    pathlib.Path("my_tasks.py").write_text(USER_MODULE)
    pathlib.Path("words").symlink_to(VOCABULARY)
    flags = ("--tasks", "my_tasks.py", "--vocabulary", "words", "--max-input-tokens", "50")
    export("one", *flags, "--processes", "1", mixture="all_mine")
    capfd.readouterr()
    export("two", *flags, *direct(processes=2), mixture="all_mine")
    said = capfd.readouterr()
    assert re.findall(r"\d/3 train-", said.out) == ["1/3 train-", "2/3 train-", "3/3 train-"]
    assert "INFO" not in said.err and "WARNING" not in said.err
    whole = bytes_of(tmp_path / "one")
    assert bytes_of(tmp_path / "two") == whole and len(whole) == 6
    cuts = json.loads(whole["composition.json"])["cuts"]
    assert any(counts["cut"] or counts["left_out"] for counts in cuts.values())


def test_it_goes_on_with_what_is_missing(tmp_path, capsys):
    export(tmp_path / "whole", "--processes", "1")
    export(tmp_path / "out", *direct())
    (tmp_path / "out" / "train-00001-of-00003.parquet").unlink()
    kept = (tmp_path / "out" / "train-00000-of-00003.parquet").stat().st_mtime_ns
    capsys.readouterr()
    export(tmp_path / "out", *direct())
    said = capsys.readouterr().out
    assert "2 of 3 files are there already\n3/3 train-00001-of-00003.parquet\n" in said
    assert (tmp_path / "out" / "train-00000-of-00003.parquet").stat().st_mtime_ns == kept
    assert bytes_of(tmp_path / "out") == bytes_of(tmp_path / "whole")


def test_any_runner_behind_a_job_service_writes_the_same(tmp_path):
    """As those of clusters are asked: by a job service in another process."""
    export(tmp_path / "whole", "--processes", "1")
    service = subprocess.Popen(
        [sys.executable, "-m", "apache_beam.runners.portability.local_job_service_main", "-p", "0"]
        + ["--port_file", str(tmp_path / "port")],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        port = next(
            found[1] for line in service.stderr if (found := re.search(r"port[ :](\d+)", line))
        )
        endpoint = f"job_endpoint=localhost:{port}"
        options = ("--runner-options", endpoint, "environment_type=LOOPBACK")
        export(tmp_path / "out", "--runner", "PortableRunner", *options)
    finally:
        service.kill()
        service.communicate()
    assert bytes_of(tmp_path / "out") == bytes_of(tmp_path / "whole")


def test_what_is_wrong_with_a_file_is_one_line(tmp_path, capsys):
    export(tmp_path / "out", *direct())
    path = tmp_path / "out" / "train-00001-of-00003.parquet"
    path.write_bytes(path.read_bytes()[:100])
    capsys.readouterr()
    with pytest.raises(SystemExit):
        export(tmp_path / "out", *direct())
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and f"error: {path}: damaged" in said[0]
    assert not (tmp_path / "out" / export_beam.TOLD).exists()


@pytest.mark.parametrize(
    "flags, expected",
    [
        (("direct_num_workers=3",), "direct_num_workers=3: give --processes in its place"),
        (("job_pord=3",), "Beam has no option 'job_pord': did you mean job_port"),
        (("job_port=abc",), "--runner-options: argument --job_port: invalid int value: 'abc'"),
        (("=3",), "--runner-options '=3': expected NAME=VALUE"),
    ],
)
def test_a_wrong_option_leaves_nothing(flags, expected, tmp_path, capsys):
    assert expected in mistake(capsys, tmp_path / "out", *direct("--runner-options", *flags))
    assert not (tmp_path / "out").exists()


def test_a_runner_that_fails_is_told_in_one_line(tmp_path, capsys):
    flags = ("--runner", "PortableRunner", "--runner-options", "job_endpoint=localhost:1")
    options = ("job_server_timeout=1", "environment_type=LOOPBACK")
    said = mistake(capsys, tmp_path / "out", *flags, *options)
    assert said.startswith("error: PortableRunner failed (") and "goes on where it stopped" in said


def test_workers_that_write_elsewhere_are_told(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(export_beam, "_run", lambda *_: None)
    said = mistake(capsys, tmp_path / "out", *direct())
    assert "has nothing of what its workers wrote: give a folder (--out) that they and" in said


def test_a_worker_that_does_not_see_the_folder_says_so(tmp_path):
    plan = export_files.Plan(out=tmp_path / "no", format="jsonl", prompts=3, shard_size=3)
    place = export_place.Place(tmp_path / "no")
    told = export_beam._written(0, type("Writer", (), {"plan": plan}), place)
    assert told.counted == () and "a worker sees no manifest.json in" in told.mistakes[0]


def test_what_is_added_up_in_any_order_is_the_same():
    def told(task, count):
        counts = {column: {task: count} for column in export_files.COUNTED}
        return export_beam._Told(counted=(export_files.Counted(counts=counts, by_task={}),))

    parts = [told("a", 1), told("b", 2), told("a", 3), export_beam._Told(mistakes=("late",))]
    one = export_beam._added([export_beam._added(parts[:2]), export_beam._added(parts[2:])])
    two = export_beam._added([export_beam._added(parts[::-1][:3]), parts[0]])
    assert one == two and one.mistakes == ("late",)
    assert one.counted[0].counts["task"] == {"a": 4, "b": 2} and one.counted[0].prompts == 6


def test_a_task_that_cannot_be_read_is_a_mistake_not_a_failure(tmp_path):
    class Broken:
        plan = export_files.Plan(out=tmp_path, format="jsonl", prompts=3, shard_size=3)

        def __call__(self, number):
            raise errors.UserError(f"row {number} is bad")

    (tmp_path / "manifest.json").write_text("{}")
    told = export_beam._written(0, Broken(), export_place.Place(tmp_path))
    assert told.mistakes == ("row 0 is bad",)


class Bucket(localfilesystem.LocalFileSystem):
    """Storage at addresses: toy://... is a folder below `root`."""

    root = ""

    @classmethod
    def scheme(cls):
        return "toy"

    def _here(self, address):
        return address.replace("toy://", f"{self.root}/")

    def match(self, patterns, limits=None):
        return super().match(list(map(self._here, patterns)), limits)

    def exists(self, path):
        return super().exists(self._here(path))

    def open(self, path, *given, **named):
        return super().open(self._here(path), *given, **named)

    def create(self, path, *given, **named):
        os.makedirs(os.path.dirname(self._here(path)), exist_ok=True)
        return super().create(self._here(path), *given, **named)

    def rename(self, sources, targets):
        super().rename(list(map(self._here, sources)), list(map(self._here, targets)))

    def delete(self, paths):
        super().delete(list(map(self._here, paths)))


def test_an_address_gets_the_same_files_and_goes_on(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(Bucket, "root", str(tmp_path / "storage"))
    export(tmp_path / "whole", "--processes", "1")
    export("toy://mine/out", *direct())
    assert capsys.readouterr().out.endswith("3 files, with a data card: toy://mine/out\n")
    out = tmp_path / "storage" / "mine" / "out"
    assert bytes_of(out) == bytes_of(tmp_path / "whole")
    (out / "train-00001-of-00003.parquet").unlink()
    export("toy://mine/out/", *direct())
    assert "2 of 3 files are there already\n3/3 train-00001-" in capsys.readouterr().out
    assert bytes_of(out) == bytes_of(tmp_path / "whole")

    said = mistake(capsys, "toy://mine/out", *direct("--seed", "3"))
    assert "holds another export (seed is 3, in the manifest 0" in said and "toy://mine/out" in said
    (out / "train-00001-of-00003.parquet").write_bytes(b"PAR1")
    with pytest.raises(SystemExit):
        export("toy://mine/out", *direct())
    said = capsys.readouterr().err
    assert "error: toy://mine/out/train-00001-of-00003.parquet: damaged" in said
    (out / "manifest.json").unlink()
    assert "'toy://mine/out' is there already and holds no" in mistake(
        capsys, "toy://mine/out", *direct()
    )
    assert "--out 'nowhere://x' cannot be" in mistake(capsys, "nowhere://x", *direct())
