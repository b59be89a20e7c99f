"""The pages drawn from made-up runs, and the commands that draw them."""

import argparse
import dataclasses
import errno
import json
import re

import eval_toys
import pytest

from eval import __main__ as command
from eval import baselines, compare, evaluation, page, report, results, run_folder
from flanlike import config as config_lib
from flanlike import errors

GIVEN = {"sst2": baselines.Baselines(majority={"accuracy": 0.5}, heuristic={"accuracy": 0.55})}


def _make_run(folder, *, seed=0, prompts="instructions", data="embedded", right=180):
    folder.mkdir(parents=True)
    config = {"mixture": "toy", "seed": seed, "prompts": prompts, "optim": {"peak_lr": 0.001}}
    (folder / "config.json").write_text(json.dumps(config))
    for step, count in ((0, 100), (9, right)):
        cell = eval_toys.cell([1] * count + [0] * (200 - count), prompts=prompts)
        sample = evaluation.Sample(
            task="sst2",
            template="opinion",
            row="test-0",
            inputs="Is <this> good?",
            options=("yes", "no"),
            probabilities=(0.75, 0.25),
            gold="yes",
            answer="yes",
            prompts=prompts,
        )
        evaluation.write(
            folder,
            evaluation.Evaluation(
                setting=results.Setting(run=folder.name, step=step, data=data, seed=seed),
                held_out=("sentiment",),
                options={},
                cells=[cell],
                given=GIVEN,
                samples=[sample],
            ),
        )
    return folder


def test_a_cluster_of_which_a_task_was_trained_on_is_not_called_held_out(tmp_path):
    run = _make_run(tmp_path / "run")
    made = evaluation.read(run / "eval/9")
    evaluation.write(run, dataclasses.replace(made, held_out=("sst2",)))
    share = {"task": "imdb_reviews", "cluster": "sentiment", "rows": 5, "rate": 5.0, "share": 1.0}
    assert "held-out clusters the tuned model" in report.write(run)[0].read_text()
    (run / "composition.json").write_text(json.dumps({"tasks": [share]}))
    assert "held-out clusters the tuned model" not in report.write(run)[0].read_text()


def test_what_was_cut_is_said_with_its_end(tmp_path):
    run = _make_run(tmp_path / "run")
    cut = {"truncated": {"inputs": 3, "targets": 2}, "dropped_exemplars": 4}
    (run / "composition.json").write_text(json.dumps(cut))
    text = report.write(run)[0].read_text()
    assert "3 training examples lost the beginning of their inputs" in text
    assert "2 training examples lost the end of their targets" in text
    assert "4 exemplars left out of training prompts" in text


def test_what_prompts_lost_is_said_by_task(tmp_path):
    run = _make_run(tmp_path / "run")
    counts = {"prompts": 90, "cut": 3, "cut_tokens": 512, "left_out": 2, "unknown_targets": 1}
    told = {"truncated": {"inputs": 3, "targets": 0}, "cuts": {"race_middle": counts}}
    (run / "composition.json").write_text(json.dumps(told))
    made = evaluation.read(run / "eval/9")
    notes = {"cuts": {"rte": counts}, "same_options": {"rte": 7}}
    evaluation.write(run, dataclasses.replace(made, notes={**made.notes, **notes}))
    text = report.write(run)[0].read_text()
    assert "race_middle: 3 of 90 training prompts lost text, 171 tokens each" in text
    assert "race_middle: 2 training prompts left out (no room)" in text
    assert "race_middle: 1 training prompts with answers that the tokenizer does not know" in text
    assert "rte: 3 of 90 evaluation prompts lost text" in text
    assert "rte: 7 rows have options that the tokenizer cannot tell apart" in text
    assert "beginning" not in text


def test_the_report_says_what_the_intervals_allow(tmp_path):
    run = _make_run(tmp_path / "run")
    (run / "metrics.jsonl").write_text('{"step": 1, "loss": 2.0}\n{"step": 2, "loss": 1.0}\n')
    share = {"task": "rte", "cluster": "nli", "rows": 50, "rate": 50.0, "share": 1.0}
    left_out = {"task": "drop", "reason": "no such folder"}
    (run / "composition.json").write_text(json.dumps({"tasks": [share], "missing": [left_out]}))
    markdown, html = report.write(run, command="python train.py --mixture toy")
    text = markdown.read_text()
    assert "the micro-world's" in text
    assert "On **1 of 1** held-out clusters the tuned model is above chance" in text
    assert "| sentiment | .500 [.430, .570] | **.900**" in text
    assert "drop: missing, no such folder" in text
    assert "python train.py --mixture toy" in text
    assert report.write(run)[0].read_text() == text  # what made the run is kept
    assert {path.stem for path in (run / "plots").iterdir()} == {
        "held_out",
        "template_spread",
        "learning_curve",
        "composition",
    }
    page_text = html.read_text()
    assert "Is &lt;this&gt; good?" in page_text
    assert page_text.count("<svg") == 4


def test_the_page_needs_nothing_from_outside_and_its_ids_are_its_own(tmp_path):
    _, html = report.write(_make_run(tmp_path / "run"))
    text = html.read_text()
    assert not re.findall(r'(?:src|href)="(?!#)[^"]*"|@import|<script|url\((?!#)', text)
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert "var(--after)" in text


def test_other_data_has_no_micro_world_banner(tmp_path):
    markdown, _ = report.write(_make_run(tmp_path / "run", data="hub"))
    assert "micro-world" not in markdown.read_text()


def test_a_result_within_its_interval_of_the_base_is_no_effect(tmp_path):
    markdown, _ = report.write(_make_run(tmp_path / "run", right=100))
    assert "On **0 of 1** held-out clusters" in markdown.read_text()


def test_runs_are_grouped_by_what_differs_but_the_seed(tmp_path):
    runs = [
        _make_run(tmp_path / f"{prompts}-{seed}", seed=seed, prompts=prompts, right=right)
        for prompts, right in (("instructions", 180), ("inputs-only", 120))
        for seed in (0, 1)
    ]
    groups = compare.grouped([run_folder.read(run) for run in runs])
    assert [(group.name, len(group.runs)) for group in groups] == [
        ("instructions", 2),
        ("inputs-only", 2),
    ]
    markdown, html = compare.write(runs, tmp_path / "page")
    row = "| sentiment | .500 → **.900** [.900, .900] | .500 → **.600** [.600, .600] |"
    assert row in markdown.read_text()
    assert html.read_text().count("<svg") == 1


def test_markdown_fences_outgrow_what_they_hold():
    assert page.to_markdown([page.Code(text="```")]) == "````\n```\n````\n"


@pytest.mark.parametrize("given", [["report"], ["--run"], ["--run", "x", "--split", "dev"]])
def test_bad_flags_end_with_one_line_and_status_2(given, capsys):
    with pytest.raises(SystemExit) as stop:
        command.main(given)
    assert stop.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_folder_that_holds_no_run_is_named(tmp_path, capsys):
    for given in (["report", str(tmp_path)], ["--run", str(tmp_path)]):
        with pytest.raises(SystemExit) as stop:
            command.main(given)
        assert stop.value.code == 2
        assert f"{str(tmp_path)!r} is no run's folder" in capsys.readouterr().err


def test_a_run_without_evaluation_says_what_to_do(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(errors.UserError, match="has no evaluation.*python -m eval --run"):
        run_folder.read(tmp_path)


def test_a_page_that_cannot_be_written_ends_with_one_line(tmp_path, monkeypatch, capsys):
    run = _make_run(tmp_path / "run")
    (tmp_path / "file").write_text("x")
    with pytest.raises(SystemExit, match="2"):
        command.main(["report", str(run), "--out", str(tmp_path / "file")])
    assert "cannot be a folder for the page (File exists)" in capsys.readouterr().err

    def fail(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(report, "write_pages", fail)
    with pytest.raises(SystemExit, match="2"):
        command.main(["report", str(run), "--out", str(tmp_path / "page")])
    assert "error: no space left on the disk" in capsys.readouterr().err


def test_one_run_is_reported_in_its_own_folder(tmp_path, capsys):
    run = _make_run(tmp_path / "run")
    command.main(["report", str(run)])
    assert capsys.readouterr().out.splitlines() == [
        str(run / "report.md"),
        str(run / "report.html"),
    ]


def test_another_question_is_kept_apart_from_the_runs_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = {"data": "embedded", "hold_out": ["nli"], "eval": config_lib.EvalConfig().__dict__}
    asked = dict(data=None, hold_out=None, shots=None, rows=None, split=None)
    for changes, name in (
        ({}, ""),
        ({"data": "embedded", "rows": config["eval"]["rows_per_task"]}, ""),
        ({"data": "."}, tmp_path.name),
        ({"hold_out": ["rte"], "shots": 3, "split": "validation"}, "rte-shots3-validation"),
    ):
        assert command._name(argparse.Namespace(**asked | changes), config) == name
