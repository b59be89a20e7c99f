import concurrent.futures
import errno
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest
import source_toys  # sets datasets offline

import flanlike
import task_registry
from flanlike import errors
from flanlike.batches import features, tokenizer
from flanlike.mixtures import compose
from flanlike.prompts import files as prompt_files
from flanlike.prompts import manifest
from flanlike.prompts import stream as prompt_stream
from task_registry import __main__ as command_line
from task_registry import export_beam

VOCABULARY = str(pathlib.Path(flanlike.__file__).parent / "microworld" / "base" / "vocabulary")
MIXTURE = ("--mixture", "word_relations", "--hold-out")
SIXTY = ("--examples", "60", "--shard-size", "25", "--processes", "1")
USER_MODULE = """
import dataclasses
from flanlike.mixtures import mixture
from task_registry import nli

def mine():
    return dataclasses.replace(nli.rte(), name="mine", licence="mine alone")

TASKS = [mine]
MIXTURES = [mixture.Mixture(name="all_mine", entries=("mine", "cb"))]
"""


def export(out, *flags, format="jsonl"):
    given = [*MIXTURE, *SIXTY, *flags, "--out", str(out), "--format", format]
    command_line.main(["export", *given])


def mistake(capsys, *arguments, status=2):
    with pytest.raises(SystemExit) as caught:
        export(*arguments)
    assert caught.value.code == status
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


def bytes_of(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def rows_of(folder):
    return [row for path in sorted(folder.glob("train-*")) for row in prompt_files.read(path)]


def test_it_holds_the_prompts_of_training_in_order(tmp_path, capsys):
    export(tmp_path / "out")
    assert capsys.readouterr().out.endswith(
        f"60 prompts in 3 files, with a data card: {tmp_path / 'out'}\n"
    )
    assert list(bytes_of(tmp_path / "out")) == [
        "README.md",
        "composition.json",
        "manifest.json",
        "train-00000-of-00003.jsonl",
        "train-00001-of-00003.jsonl",
        "train-00002-of-00003.jsonl",
    ]
    found = task_registry.registry()
    composition = compose.compose(found.mixture("word_relations"), found, "embedded", ())
    stream = prompt_stream.Prompts(composition, found, data="embedded", seed=0)
    expected = [prompt_files.row_of(stream[index], "word_relations") for index in range(60)]
    assert rows_of(tmp_path / "out") == expected
    first = expected[0]
    assert list(first) == [
        *("inputs", "targets", "options", "gold", "references", "task", "cluster", "source"),
        *("split", "row_id", "template", "kind", "shots", "shows_options", "option_style", "seed"),
    ]
    assert {"", "dashes"} < {row["option_style"] for row in expected}
    assert first["seed"] == str(stream[0].provenance.seed)


@pytest.mark.parametrize("format", prompt_files.FORMATS)
def test_every_format_holds_the_same(format, tmp_path):
    export(tmp_path / "jsonl")
    export(tmp_path / "other", format=format)
    assert rows_of(tmp_path / "other") == rows_of(tmp_path / "jsonl")


@pytest.mark.parametrize("format", ["parquet", "jsonl"])
def test_load_dataset_reads_it_back(format, tmp_path):
    import datasets

    export(tmp_path / "out", format=format)
    files = str(tmp_path / "out" / f"train-*.{format}")
    builder = "json" if format == "jsonl" else format
    loaded = datasets.load_dataset(
        builder, data_files=files, split="train", cache_dir=str(tmp_path / "cache")
    )
    assert loaded.to_list() == rows_of(tmp_path / "out")
    # The card's head tells the files of the data from those about it.
    whole = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert whole["train"].num_rows == 60


def test_processes_and_tasks_of_ones_own_change_no_byte(tmp_path):
    (tmp_path / "my_tasks.py").write_text(USER_MODULE)
    common = ("--tasks", str(tmp_path / "my_tasks.py"), "--mixture", "all_mine")
    export(tmp_path / "one", *common, format="parquet")
    export(tmp_path / "two", *common, "--processes", "2", format="parquet")
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two")
    assert {row["task"] for row in rows_of(tmp_path / "two")} == {"mine", "cb"}
    assert "| mine alone |" in (tmp_path / "two" / "README.md").read_text()


def test_an_interrupted_export_goes_on(tmp_path, monkeypatch, capsys):
    export(tmp_path / "whole")
    out = tmp_path / "out"
    write = prompt_files.write

    def stop_at_the_third(path, rows):
        if "00002" in path.name:
            path.with_name(f".{path.name}.partial").write_text('{"inputs": "half a li')
            raise KeyboardInterrupt
        write(path, rows)

    with monkeypatch.context() as patched:
        patched.setattr(prompt_files, "write", stop_at_the_third)
        assert "interrupted: the same command goes on" in mistake(capsys, out, status=130)
    assert not (out / "README.md").exists()
    kept = (out / "train-00000-of-00003.jsonl").stat().st_mtime_ns
    export(out)
    assert "2 of 3 files are there already" in capsys.readouterr().out
    assert (out / "train-00000-of-00003.jsonl").stat().st_mtime_ns == kept
    assert bytes_of(out) == bytes_of(tmp_path / "whole")

    (out / "train-00001-of-00003.jsonl").unlink()
    export(out)
    assert bytes_of(out) == bytes_of(tmp_path / "whole")


@pytest.mark.slow
def test_an_export_that_is_killed_goes_on(tmp_path):
    flags = [*MIXTURE, "--examples", "20000", "--shard-size", "200", "--format", "parquet"]
    command = [sys.executable, "-m", "task_registry", "export", *flags, "--processes", "2"]
    subprocess.run([*command, "--out", str(tmp_path / "whole")], check=True)
    running = subprocess.Popen([*command, "--out", str(tmp_path / "out")])
    while not list((tmp_path / "out").glob("train-*")):
        time.sleep(0.05)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    time.sleep(2)  # its processes end with it
    count = len(list((tmp_path / "out").glob("train-*")))
    time.sleep(1)
    assert len(list((tmp_path / "out").glob("train-*"))) == count < 100
    subprocess.run([*command, "--out", str(tmp_path / "out")], check=True)
    assert bytes_of(tmp_path / "out") == bytes_of(tmp_path / "whole")


def test_a_folder_with_something_else_is_refused(tmp_path, capsys):
    out = tmp_path / "out"
    export(out)
    before = bytes_of(out)
    said = mistake(capsys, out, "--seed", "3", "--shard-size", "30")
    assert "holds another export (seed is 3, in the manifest 0; shard_size is 30, in the " in said
    said = mistake(capsys, out, "--mix.few-shot", "0.5")
    assert "shares of prompts: few_shot is 0.5, in the manifest 0.1" in said
    assert bytes_of(out) == before

    read = json.loads((out / "manifest.json").read_text())
    del read["export"]
    (out / "manifest.json").write_text(json.dumps(read))
    assert "holds a run, not an export" in mistake(capsys, out)
    (out / "manifest.json").unlink()
    assert "holds no export (no manifest.json)" in mistake(capsys, out)


@pytest.mark.parametrize(
    "flags, expected",
    [
        (("--examples", "0"), "--examples is 0: it must be 1 or more"),
        (("--shard-size", "0"), "--shard-size is 0: it must be 1 or more"),
        (("--shard-size", "9" * 30), "999999999999999999999999... (30 digits): it must be"),
        (("--processes", "0"), "--processes is 0: it must be 1 or more"),
        (("--processes", "1000"), "for each of this machine's"),
        (("--seed", "-1"), "--seed is -1: it must be 0 or more"),
        (("--mix.temperature", "inf"), "--mix.temperature is inf: it must be 0.1 or more"),
        (("--mixture", "flan_coree"), "unknown mixture 'flan_coree'"),
        (("--mix.few-shot", "2"), "--mix.few-shot is 2.0: it must be"),
        (("--mix.templates", "0"), "--mix.templates is 0: it must be 1 or more"),
        (("--mix.clusters", "nly"), "unknown cluster to train on 'nly'"),
        (("--epochs", "1"), "not allowed with argument --examples"),
        (("--data", "/no/such"), "--data /no/such has rows of none of the 2 tasks"),
    ],
)
def test_a_mistake_ends_with_one_line_and_leaves_nothing(flags, expected, tmp_path, capsys):
    assert expected in mistake(capsys, tmp_path / "out", *flags)
    assert not (tmp_path / "out").exists()


def test_a_runner_needs_its_package_and_no_flags_of_the_other_way(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(export_beam.importlib.util, "find_spec", lambda name: None)
    said = mistake(capsys, tmp_path / "out", "--runner", "DirectRunner")
    assert "needs Apache Beam, which is not installed: pip install 'flanlike[beam]'" in said
    said = mistake(capsys, tmp_path / "out", "--runner", "FlinkRunner")
    assert "--processes are this machine's: how many workers FlinkRunner has is said by" in said
    said = mistake(capsys, tmp_path / "out", "--runner-options", "parallelism=2")
    assert "--runner-options are a runner's: give --runner as well" in said
    said = mistake(capsys, "gs://bucket/out")
    assert "--out 'gs://bucket/out' is an address, and this machine's processes write to" in said
    assert not (tmp_path / "out").exists() and not pathlib.Path("gs:").exists()


def test_bad_rows_are_left_out_and_counted_where_that_is_asked(tmp_path, capsys):
    good = {"premise": "It rains.", "hypothesis": "It is wet.", "label": 0}
    source_toys.write_folder(tmp_path / "rows", "rte", train=[good, {}, good, {}, good])
    flags = ("--mixture", "nli", "--skip-missing", "--data", str(tmp_path / "rows"))
    assert "leave such rows out of training and exports with --skip-bad-rows" in mistake(
        capsys, tmp_path / "out", *flags
    )
    export(tmp_path / "out", *flags, "--skip-bad-rows")
    assert {row["row_id"] for row in rows_of(tmp_path / "out")} == {"train/0", "train/2", "train/4"}
    assert "* rte: 2 rows that give no record" in (tmp_path / "out" / "README.md").read_text()
    command_line.main(["check", "--manifest", str(tmp_path / "out")])
    capsys.readouterr()
    command_line.main(["mixture", "nli", "--hold-out", *flags[2:], "--skip-bad-rows"])
    told = f"the first: task 'rte': {tmp_path / 'rows/rte/train.jsonl'}:2: missing column"
    said = capsys.readouterr().out
    assert f"left out: 2 rows of rte that give no record (--skip-bad-rows), {told}" in said


def test_an_error_of_the_work_itself_is_told_as_itself(tmp_path, capsys, monkeypatch):
    def write(*_):
        raise errors.UserError("train.jsonl:10: a bad row")

    monkeypatch.delattr(concurrent.futures, "process", raising=False)  # nobody needed it so far
    monkeypatch.setattr(prompt_files, "write", write)
    assert mistake(capsys, tmp_path / "out") == "error: train.jsonl:10: a bad row\n"


@pytest.mark.parametrize("format", prompt_files.FORMATS)
def test_a_damaged_shard_is_named(format, tmp_path, capsys):
    export(tmp_path / "out", format=format)
    path = tmp_path / "out" / f"train-00001-of-00003.{format}"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(SystemExit):
        export(tmp_path / "out", format=format)
    said = capsys.readouterr().err.splitlines()[-1]
    assert f"error: {path}: " in said and "delete it and run the same command again" in said
    if format == "jsonl":
        path.write_text("")
        assert "has 0 prompts, expected 25" in mistake(capsys, tmp_path / "out")
        for row in ("{}", "5", '{"task": ["rte"], "kind": "", "shots": 0, "option_style": ""}'):
            path.write_text(f"{row}\n" * 25)
            said = mistake(capsys, tmp_path / "out")
            assert f"{path}: damaged (a row that is no prompt: " in said


def test_two_processes_may_write_one_file(tmp_path):
    path = tmp_path / "train-00000-of-00001.jsonl"

    def rows():
        yield {"inputs": "a"}
        if not path.is_file():
            prompt_files.write(path, [{"inputs": "a"}, {"inputs": "b"}])  # the other is faster
        yield {"inputs": "b"}

    prompt_files.write(path, rows())
    assert [row["inputs"] for row in prompt_files.read(path)] == ["a", "b"]
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_a_full_disk_leaves_nothing_of_a_file(tmp_path):
    def rows():
        yield {"inputs": "a" * 100_000}
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(errors.UserError, match="cannot be written .No space left on device.: make"):
        prompt_files.write(tmp_path / "some.jsonl", rows())
    assert not list(tmp_path.iterdir())


def test_prompts_are_cut_as_in_training_where_that_is_asked(tmp_path, capsys):
    """Also those of a folder that goes on, of which two shards are there."""
    flags = ("--mixture", "flan_core", "--max-input-tokens", "80", "--vocabulary", VOCABULARY)
    out = tmp_path / "out"
    export(out, *flags, "--examples", "600", "--shard-size", "250")
    found = task_registry.registry()
    composition = compose.compose(found.mixture("flan_core"), found, "embedded", ())
    words = tokenizer.load(VOCABULARY)
    room = features.room(words, 80, "decoder")
    stream = prompt_stream.Prompts(composition, found, data="embedded", seed=0, room=room)
    drawn = [stream.draw(index) for index in range(600)]
    prompts = [one.prompt for one in drawn if one.prompt is not None]
    rows = rows_of(out)
    assert [row["inputs"] for row in rows] == [prompt.inputs for prompt in prompts]
    cut = [prompt.provenance.cut_tokens for prompt in prompts]
    assert [row["cut_tokens"] for row in rows] == cut
    assert 0 < len(rows) < 600 and any(cut)
    composition = json.loads((out / "composition.json").read_text())
    assert composition["prompts"] == len(rows)
    cuts = composition["cuts"]
    assert sum(counts["left_out"] for counts in cuts.values()) == 600 - len(rows)
    assert sum(counts["cut_tokens"] for counts in cuts.values()) == sum(cut)
    card = (out / "README.md").read_text()
    assert f"{len(rows):,} rendered prompts" in card and "| `cut_tokens` |" in card
    task = next(name for name, counts in cuts.items() if counts["left_out"])
    assert f"* {task}: {cuts[task]['left_out']} prompts that do not fit 80 tokens" in card
    read = manifest.read(out)
    assert read["export"]["vocabulary"] == words.fingerprint

    before = bytes_of(out)
    (out / "train-00001-of-00003.jsonl").unlink()
    export(out, *flags, "--examples", "600", "--shard-size", "250")
    assert bytes_of(out) == before
    lines = (out / "train-00001-of-00003.jsonl").read_text().splitlines(keepends=True)
    (out / "train-00001-of-00003.jsonl").write_text("".join(lines[:-1]))
    said = mistake(capsys, out, *flags, "--examples", "600", "--shard-size", "250")
    assert f"has {len(lines) - 1} prompts, expected {len(lines)}; delete it" in said
    said = mistake(
        capsys, out, *flags, "--examples", "600", "--shard-size", "250", "--max-input-tokens", "90"
    )
    assert "max_input_tokens is 90, in the manifest 80" in said


def test_a_limit_needs_a_vocabulary_and_room_for_some_prompt(tmp_path, capsys):
    out = tmp_path / "out"
    said = mistake(capsys, out, "--max-input-tokens", "80")
    assert "--max-input-tokens and --vocabulary go together" in said
    said = mistake(capsys, out, "--vocabulary", VOCABULARY)
    assert "--max-input-tokens and --vocabulary go together" in said
    given = ("--vocabulary", VOCABULARY, "--max-input-tokens")
    assert "--max-input-tokens is 1; expected 2 or more" in mistake(capsys, out, *given, "1")
    assert not out.exists()
    assert "none of 25 prompts, one after the other, fits" in mistake(capsys, out, *given, "4")


@pytest.mark.parametrize("epochs", ["0", "nan", "inf"])
def test_epochs_are_a_number_over_0(epochs, tmp_path, capsys):
    with pytest.raises(SystemExit):
        command_line.main(["export", *MIXTURE, "--epochs", epochs, "--out", str(tmp_path / "out")])
    assert "--epochs is " in capsys.readouterr().err


def test_an_epoch_has_as_many_prompts_as_drawable_rows(tmp_path):
    flags = [*MIXTURE, "--mix.max-examples", "40", "--processes", "1", "--epochs", "1.5"]
    command_line.main(["export", *flags, "--out", str(tmp_path / "out")])
    rows = rows_of(tmp_path / "out")
    assert len(rows) == 120  # of two tasks
    assert len({(row["task"], row["row_id"]) for row in rows}) == 80


def test_a_real_datasets_card_has_its_licence(tmp_path):
    rows = [{"premise": f"{n}.", "hypothesis": "even", "label": n % 2} for n in range(30)]
    source_toys.write_folder(tmp_path / "rows", "rte", train=rows)
    export(
        tmp_path / "out",
        *("--mixture", "nli", "--skip-missing", "--data", str(tmp_path / "rows")),
        *("--prompts", "inputs-only"),
    )
    card = (tmp_path / "out" / "README.md").read_text()
    licence = task_registry.registry().task("rte").licence
    assert f"| rte | nli | 60 | 27 | 100.00% | – | {licence} |" in card
    assert "keeps that dataset's" in card and "micro-world" not in card
    assert "* snli: its folder in" in card
    composition = json.loads((tmp_path / "out" / "composition.json").read_text())
    assert composition["prompts"] == 60
    assert composition["counts"]["task"] == {"rte": 60}
    assert composition["counts"]["kind"] == {"forward": 60}
    read = manifest.read(tmp_path / "out")
    assert read["export"] == {"format": "jsonl", "prompts": 60, "shard_size": 25, "files": 3}
    assert {row["source"] for row in rows_of(tmp_path / "out")} == {"folder"}


def test_rows_from_code_keep_their_licence_beside_the_micro_worlds(tmp_path):
    (tmp_path / "my_tasks.py").write_text(
        USER_MODULE.replace('licence="mine alone")', 'licence="mine alone", rows=given)').replace(
            "TASKS =",
            "def given(split):\n"
            '    return [{"premise": "It rains.", "hypothesis": "Wet.", "label": "entailment"} '
            "for n in range(9)]\n\nTASKS =",
        )
        + 'MIXTURES.append(mixture.Mixture(name="just_mine", entries=("mine",)))\n'
    )
    flags = ("--tasks", str(tmp_path / "my_tasks.py"), "--mixture")
    export(tmp_path / "both", *flags, "all_mine")
    card = " ".join((tmp_path / "both" / "README.md").read_text().split())
    assert "**All rows but those of mine are the micro-world's:**" in card
    assert "keeps that dataset's licence" in card
    export(tmp_path / "alone", *flags, "just_mine")
    card = (tmp_path / "alone" / "README.md").read_text()
    assert "micro-world" not in card and "| mine alone |" in card
    assert {row["source"] for row in rows_of(tmp_path / "alone")} == {"code"}
