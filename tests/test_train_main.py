"""train.py from flags to report, on a tiny model; and its mistakes, each one line and status 2."""

import errno
import json
import shutil
import signal

import pytest
import source_toys
import training_toys

import train
from eval import __main__ as eval_command
from flanlike import jsonl

FLAGS = (
    "--mixture open_choice --hold-out word_relations --model tiny --init none --steps 4 "
    "--vocabulary-size 600 --batch.rows 2 --checkpoint.every 2 --optim.warmup-steps 2 "
    "--eval.rows-per-task 4 --eval.validation-rows 2 --eval.generation-rows 2"
)
SMALL = FLAGS.split()
ALONE = (
    *("--distributed.coordinator", "localhost:1"),
    *("--distributed.processes", "2", "--distributed.process", "1"),
)


pytestmark = pytest.mark.usefixtures("tiny")


def metrics(out):
    return [(line["step"], line["loss"]) for line in jsonl.read(out / "metrics.jsonl")]


def error_of(arguments, capsys) -> str:
    """Returns the one line with which a command ends."""
    with pytest.raises(SystemExit) as stop:
        train.main([*map(str, arguments)])
    assert stop.value.code == 2
    said = capsys.readouterr().err.rstrip("\n")
    assert said.startswith("error: ") and "\n" not in said
    return said


def test_a_run_leaves_its_folder_and_goes_on_after_a_signal(tmp_path, capsys):
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    train.main([*SMALL, "--out", str(whole)])
    said = capsys.readouterr().out
    for expected in (
        "figures are the micro-world's",
        "held out: word_relations",
        "step 4/4  loss",
        "word_relations",
        "Then it was asked a sort that it had never practised",
        "report.html",
    ):
        assert expected in said
    for name in ("config.json", "vocabulary", "composition.json", "report.md", "tensorboard"):
        assert (whole / name).exists()
    read = json.loads((whole / "manifest.json").read_text())
    assert "pick_place" in read["tasks"] and read["evaluation"]["pick_synonym"]["rows"] == 1000
    for step in (0, 4):
        assert (whole / f"eval/{step}/results.jsonl").stat().st_size > 0
    assert (whole / "checkpoints/4").is_dir()
    config = json.loads((whole / "config.json").read_text())
    assert config["hold_out"] == ["word_relations"] and config["shape"]["layers"] == 1

    with training_toys.stopped_after(2) as stop:
        train.main([*SMALL, "--out", str(stopped)])
    assert stop.value.code == 128 + signal.SIGTERM
    assert "to go on, run again:" in (said := capsys.readouterr().out)
    assert f"python train.py {FLAGS} --out {stopped}" in said
    assert not (stopped / "eval/4").exists()
    train.main([*SMALL, "--out", str(stopped), "--workers", "0"])
    assert "going on from step 2" in capsys.readouterr().out
    assert metrics(stopped) == metrics(whole)
    assert [step for step, _ in metrics(stopped)] == [1, 2, 3, 4]

    # A run whose last state was not kept is not finished: it is trained to its end again.
    shutil.rmtree(whole / "checkpoints/4")
    train.main([*SMALL, "--out", str(whole)])
    assert "going on from step 2" in capsys.readouterr().out
    assert (whole / "checkpoints/4").is_dir() and metrics(whole) == metrics(stopped)

    # The same again only writes the report; another configuration is refused.
    (whole / "report.md").unlink()
    before = (whole / "metrics.jsonl").stat().st_mtime_ns
    train.main([*SMALL, "--out", str(whole)])
    assert "finished" in capsys.readouterr().out
    assert (whole / "report.md").exists()
    assert (whole / "metrics.jsonl").stat().st_mtime_ns == before
    said = error_of([*SMALL, "--out", whole, "--seed", 5, "--optim.b1", 0.5], capsys)
    assert "another configuration (optim.b1 is 0.5, there 0.9; seed is 5, there 0)" in said

    # Nor does it go on with other rows than it began with.
    read["tasks"]["pick_place"]["rows"] = 7
    (whole / "manifest.json").write_text(json.dumps(read))
    with pytest.raises(SystemExit):
        train.main([*SMALL, "--out", str(whole)])
    assert "task pick_place: rows is 20000, in the manifest 7" in capsys.readouterr().err


def test_a_run_of_no_steps_evaluates_and_keeps_no_checkpoint(tmp_path, capsys):
    out = tmp_path / "run"
    flags = [*SMALL, "--steps", "0", "--eval.generation-rows", "0", "--out", str(out)]
    train.main(flags)
    assert "word_relations" in capsys.readouterr().out
    assert (out / "eval" / "0" / "summary.json").is_file() and (out / "report.html").is_file()
    assert not (out / "checkpoints").exists() and not (out / "metrics.jsonl").exists()
    train.main(flags)
    assert "holds this run, finished" in capsys.readouterr().out


def test_python_m_eval_asks_the_same_again(tmp_path, capsys):
    out = tmp_path / "run"
    few = "--steps 1 --eval.shots 2 --eval.max-input-tokens 90 --out"
    train.main([*SMALL, *few.split(), str(out)])
    names = ("results.jsonl", "predictions.jsonl", "samples.jsonl")
    before = [(out / "eval/1" / name).read_text() for name in names]
    notes = json.loads((out / "eval/1/summary.json").read_text())["notes"]
    assert notes["dropped_exemplars"] > 0
    eval_command.main(["--run", str(out), "--json"])
    assert [(out / "eval/1" / name).read_text() for name in names] == before
    again = json.loads((out / "eval/1/summary.json").read_text())["notes"]
    assert {**again, "seconds": 0} == {**notes, "seconds": 0}


@pytest.mark.parametrize(
    "arguments, expected",
    [
        (["--mixture", "flan_coree"], "unknown mixture 'flan_coree': did you mean 'flan_core'"),
        (["--hold-out", "nlii"], "unknown cluster or task to hold out 'nlii': did you mean 'nli'"),
        (["--model", "mikro", "--init", "none"], "unknown model preset 'mikro': did you mean"),
        (["--stepz", "3"], "unknown flag '--stepz': did you mean --steps"),
        (["--steps", "none"], "--steps: invalid literal for int()"),
        (["--steps=-1"], "--steps is -1: it must be 0 or more"),
        (["--init", "/no/such"], "--init '/no/such' is no folder"),
        (["--init", "none", "--data", "/no/such"], "--skip-missing"),
        (["--init", "none", "--vocabulary", "/no/such"], "no vocabulary at '/no/such'"),
        (["--manifest", "/no/such"], "no manifest '/no/such'"),
        (["--tasks", "/no/such.py"], "no file '/no/such.py'"),
        (["--mix.few-shot", "2"], "--mix.few-shot is 2.0: it must be 0 or more and at most 1"),
        (["--model", "decoder-8b", "--init", "none"], "needs about"),
        (["--init", "none", "--mesh.fsdp", "3"], "mesh data -1 x fsdp 3 x tensor 1 must be"),
        (["--continue-from", "/no/such"], "'/no/such' is no run's folder"),
        (
            [*ALONE, "--distributed.timeout-s", "1"],
            "did not find the 2 processes of its run within 1 s (localhost:1: Connection refused)",
        ),
    ],
)
def test_a_mistake_ends_with_one_line(arguments, expected, tmp_path, capsys):
    out = tmp_path / "run"
    assert expected in error_of([*arguments, "--out", out], capsys)
    assert not out.exists()


def test_bad_rows_end_a_run_unless_they_are_to_be_left_out_and_counted(tmp_path, capsys):
    rows = [{"premise": f"Mira has {n} hats.", "hypothesis": "Mira has hats."} for n in range(30)]
    rows = [row | {"label": number % 2} for number, row in enumerate(rows)]
    rows[0] |= {"label": 7}
    test = [rows[0], *rows[5:9]]
    source_toys.write_folder(tmp_path / "data", "rte", train=rows, test=test)
    (tmp_path / "data" / "snli").mkdir()
    flags = training_toys.some_mixture(tmp_path, "rte", "snli", "cb")  # of cb there is no folder
    flags += ["--data", tmp_path / "data", "--out", tmp_path / "run"]
    said = error_of(flags, capsys)
    assert f"rte: {tmp_path}/data/rte/test.jsonl:1: unknown label 7 in column 'label'" in said
    assert "; snli: its folder in " in said
    said = error_of([*flags, "--skip-bad-rows"], capsys)
    assert "lacks the rows of 1 tasks (snli: its folder in" in said
    flags += ["--skip-bad-rows", "--skip-missing"]
    train.main([*map(str, flags)])
    assert "left out: 1 rows of rte that give no record" in capsys.readouterr().out
    composition = json.loads((tmp_path / "run/composition.json").read_text())
    assert [item["task"] for item in composition["missing"]] == ["snli", "cb"]
    assert (composition["tasks"][0]["rows"], composition["bad_rows"]) == (26, {"rte": 1})
    text = (tmp_path / "run/report.md").read_text()
    for where in ("training", "evaluation"):
        assert f"rte: 1 rows that give no record left out of {where}" in text
    eval_command.main(["--run", str(tmp_path / "run"), "--json"])


def test_a_folder_of_other_things_is_left_alone(tmp_path, capsys):
    (tmp_path / "thesis.tex").write_text("all of it")
    assert "is not empty and holds no run" in error_of([*SMALL, "--out", tmp_path], capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        ValueError("RESOURCE_EXHAUSTED: writing: No space left on device [type.googleapis]"),
    ],
)
def test_a_full_disk_is_one_line(error, tmp_path, monkeypatch, capsys):
    def fail(*_, **__):
        raise RuntimeError("saving failed") from error

    monkeypatch.setattr(train, "words_for", fail)
    assert "no space left" in error_of([*SMALL, "--out", tmp_path / "run"], capsys)
