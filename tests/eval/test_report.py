"""The page drawn from a made-up run."""

import dataclasses
import html
import json
import math
import re

import eval_toys
import pytest
import report_toys
from eval_toys import NASTY, table_cells

from eval import (
    baselines,
    compare,
    comparison,
    evaluate,
    evaluation,
    figures,
    printed,
    report,
    results,
    scoring,
)


def test_a_cluster_of_which_a_task_was_trained_on_is_not_called_held_out(tmp_path):
    run = report_toys.make_run(tmp_path / "run")
    made = evaluation.read(run / "eval/9")
    evaluation.write(run, dataclasses.replace(made, held_out=("sst2",)))
    share = {"task": "imdb_reviews", "cluster": "sentiment", "rows": 5, "rate": 5.0, "share": 1.0}
    assert "held-out clusters the tuned model" in report.write(run)[0].read_text()
    (run / "composition.json").write_text(json.dumps({"tasks": [share]}))
    assert "held-out clusters the tuned model" not in report.write(run)[0].read_text()


@pytest.mark.parametrize(
    ("trained", "cluster", "is_held_out", "said"),
    [
        ("trec", "question_classification", True, None),
        (
            "opinion_abstracts_rotten_tomatoes",
            "summarization",
            False,
            "- sst2: film reviews of Rotten Tomatoes with opinion_abstracts_rotten_tomatoes",
        ),
        ("t0_sf", "instruction_collections", False, "- sst2: its rows with t0_sf"),
        (
            "natural_instructions_v2",
            "instruction_collections",
            False,
            "Training had natural_instructions_v2, with rows of tasks of every cluster",
        ),
    ],
)
def test_a_cluster_whose_material_was_trained_on_is_not_called_held_out(
    tmp_path, trained, cluster, is_held_out, said
):
    run = report_toys.make_run(tmp_path / "run")
    share = {"task": trained, "cluster": cluster, "rows": 5, "rate": 5.0, "share": 1.0}
    (run / "composition.json").write_text(json.dumps({"tasks": [share]}))
    text = report.write(run)[0].read_text()
    assert ("held-out clusters the tuned model" in text) == is_held_out
    assert ("## Clusters that share material with what was trained on" in text) != is_held_out
    assert said in text if said else "share material" not in text
    asked = eval_toys.collect("sst2", rows_per_task=1)
    named = ("sst2", "sentiment")
    assert evaluate._unseen(run, asked, named) == (named if is_held_out else ())


def test_what_was_cut_is_said_with_its_end(tmp_path):
    run = report_toys.make_run(tmp_path / "run")
    cut = {"truncated": {"inputs": 3, "targets": 2}, "dropped_exemplars": 4}
    (run / "composition.json").write_text(json.dumps(cut))
    text = report.write(run)[0].read_text()
    assert "3 training examples lost the beginning of their inputs" in text
    assert "2 training examples lost the end of their targets" in text
    assert "4 exemplars left out of training prompts" in text


def test_what_prompts_lost_is_said_by_task(tmp_path):
    run = report_toys.make_run(tmp_path / "run")
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
    run = report_toys.make_run(tmp_path / "run")
    (run / "metrics.jsonl").write_text('{"step": 1, "loss": 2.0}\n{"step": 2, "loss": 1.0}\n')
    share = {"task": "rte", "cluster": "nli", "rows": 50, "rate": 50.0, "share": 1.0}
    left_out = {"task": "drop", "reason": "no such folder"}
    (run / "composition.json").write_text(json.dumps({"tasks": [share], "missing": [left_out]}))
    markdown, as_html = report.write(run, command="python train.py --mixture toy")
    text = markdown.read_text()
    assert "the micro-world's" in text
    assert "On **1 of 1** held-out clusters the tuned model is above chance" in text
    assert "| sentiment | .500 [.430, .570] | **.900**" in text
    assert "drop: missing, no such folder" in text
    assert "python train.py --mixture toy" in text
    assert report.write(run)[0].read_text() == text  # what made the run is kept
    assert {path.stem for path in (run / "plots").iterdir()} == {
        "in_short",
        "held_out",
        "template_spread",
        "learning_curve",
        "composition",
    }
    page_text = as_html.read_text()
    assert "Is &lt;this&gt; good?" in page_text
    assert page_text.count("<svg") == 5


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "free text by greedy generation on"),  # an evaluation of before these settings
        ({"beams": 4}, "free text by a search with 4 beams on"),
        (
            {"temperature": 0.7, "top_k": 40, "top_p": 0.9, "samples": 8},
            "free text drawn at temperature 0.7, top-k 40, top-p 0.9 (chains of thought 8 times, "
            "of which the majority counts) on",
        ),
    ],
)
def test_the_report_says_how_answers_were_written(tmp_path, options, said):
    run = report_toys.make_run(tmp_path / "run")
    made = evaluation.read(run / "eval/9")
    evaluation.write(run, dataclasses.replace(made, options={**made.options, **options}))
    assert said in report.write(run)[0].read_text()


def test_the_tables_tell_how_many_answers_could_not_be_read(tmp_path):
    run = report_toys.make_run(tmp_path / "run")
    made = evaluation.read(run / "eval/9")
    (cell,) = made.cells
    unparsed = tuple(row < 30 for row in range(200))
    read = dataclasses.replace(cell.answered, unparsed=unparsed)
    is_cut = tuple(row < 50 for row in range(200))
    reasoned = dataclasses.replace(
        cell, kind="cot", template="why", answered=read, is_cut=is_cut, texts=("",) * 200
    )
    evaluation.write(run, dataclasses.replace(made, cells=[cell, reasoned]))
    text = report.write(run)[0].read_text()
    assert text.count("| unparsed | cut |") == 1  # no columns of dashes
    lines = [line for line in text.split("\n") if "| sst2 |" in line]
    assert lines[1].strip(" |").split(" | ")[-2:] == [".150", ".250"]


def test_the_page_needs_nothing_from_outside_and_its_ids_are_its_own(tmp_path):
    _, as_html = report.write(report_toys.make_run(tmp_path / "run"))
    text = as_html.read_text()
    assert not re.findall(r'(?:src|href)="(?!#)[^"]*"|@import|<script[^>]*src|url\((?!#)', text)
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert "var(--after)" in text


def test_other_data_has_no_micro_world_banner(tmp_path):
    markdown, _ = report.write(report_toys.make_run(tmp_path / "run", data="hub"))
    assert "micro-world" not in markdown.read_text()


def test_a_result_within_its_interval_of_the_base_is_no_effect(tmp_path):
    markdown, _ = report.write(report_toys.make_run(tmp_path / "run", right=100))
    assert "On **0 of 1** held-out clusters" in markdown.read_text()


def test_nothing_of_the_rows_is_mark_up_in_a_report(tmp_path):
    run = report_toys.make_run(tmp_path / "a_b_*run*")
    found = evaluation.read(run / "eval/9")
    rows = dict(
        options=(NASTY, "no | *x*"),
        gold=NASTY,
        answer="no | *x*",
        inputs="\n```\n" + NASTY,
    )
    written = dict(options=(), probabilities=(), gold=NASTY, answer="Yes *x*\n\ny", row="test-1")
    samples = [dataclasses.replace(found.samples[0], **changes) for changes in (rows, written)]
    heuristic = baselines.Baselines(
        majority={}, heuristic={"accuracy": 0.5}, heuristic_name="always '*|*'"
    )
    changed = dict(samples=samples, given={"sst2": heuristic})
    evaluation.write(run, dataclasses.replace(found, **changed))
    left_out = {"task": "drop", "reason": "no folder 'a|b*c*' in\n`x`"}
    (run / "composition.json").write_text(json.dumps({"missing": [left_out]}))
    text, page_text = (path.read_text() for path in report.write(run))
    assert "# a_b\\_\\*run\\*" in text
    assert "- drop: missing, no folder 'a\\|b\\*c\\*' in<br>\\`x\\`" in text
    in_html = html.unescape(page_text)
    for shown in (NASTY, "no | *x*", "Yes *x*\n\ny", "always '*|*'", left_out["reason"]):
        assert shown in in_html
    blocks = re.split(r"\n\n+", re.sub(r"(?ms)^(`{3,})\n.*?^\1$", "", text))
    tables = [block.splitlines() for block in blocks if block.startswith("|")]
    assert len(tables) == 6
    for lines in tables:
        assert len({len(table_cells(line.replace(r"\\", ""))) for line in lines}) == 1


def test_what_lies_below_chance_is_marked(tmp_path, capsys):
    runs = [report_toys.make_run(tmp_path / str(right), right=right) for right in (60, 180)]
    worse, better = (report.write(run)[0].read_text() for run in runs)
    assert "**.300** [.245, .365] below chance |" in worse
    assert "[.245, .365] below chance |" not in better
    assert "No: below chance and not above" in worse
    markdown, _ = compare.write(runs[:1], tmp_path / "page")
    assert "**.300** ▼" in markdown.read_text()
    printed.show(evaluation.read(runs[0] / "eval/9"), runs[0], as_json=False)
    assert len(re.findall(r"\.550 +– +– +below chance", capsys.readouterr().out)) == 2


def test_where_baselines_are_missing_the_report_says_so(tmp_path):
    run = report_toys.make_run(tmp_path / "run")
    found = evaluation.read(run / "eval/9")
    bare = dict(
        notes={"without_training": ["sst2"]},
        given={"sst2": baselines.Baselines(majority={}, heuristic={})},
    )
    evaluation.write(run, dataclasses.replace(found, **bare))
    text = report.write(run)[0].read_text()
    assert "is above chance and the untuned base, each by" in text
    assert "Without training rows: sst2." in text
    assert (
        "Without training rows"
        not in report.write(report_toys.make_run(tmp_path / "b"))[0].read_text()
    )


def test_where_programs_were_not_run_the_report_says_so(tmp_path):
    run = report_toys.make_run(tmp_path / "run")
    found = evaluation.read(run / "eval/9")
    assert "Not executed" not in report.write(run)[0].read_text()
    evaluation.write(run, dataclasses.replace(found, notes={"not_executed": ["sst2"]}))
    text = report.write(run)[0].read_text()
    assert "Not executed: sst2. Programs are run only with `--eval.execute-code`" in text


def test_a_baseline_that_some_clusters_lack_is_not_claimed_of_all():
    def change(name, **given):
        cells = [eval_toys.cell([1] * 50, task=name, cluster=name)]
        bases = {name: baselines.Baselines(**dict(majority={}, heuristic={}) | given)}
        return comparison.of_tasks(None, cells, results.task_summaries(cells, bases))

    both = change("a", majority={"accuracy": 0.5}) + change("b")
    assert figures.against(both) == "chance and the majority class, where there are such"
    assert figures.against(both[:1]) == "chance and the majority class"


def test_how_sure_the_model_is_is_told_where_it_is_known(tmp_path):
    run = report_toys.make_run(tmp_path / "run")
    assert "How sure it is" not in report.write(run)[0].read_text()
    found = evaluation.read(run / "eval/9")
    options = scoring.Options(
        log_probs=(math.log(0.9), math.log(0.1)), eos=(0.0, 0.0), tokens=(1, 1), bytes=(1, 1)
    )
    (cell,) = found.cells
    cells = [dataclasses.replace(cell, scored=(options,) * 200, labels=((1, 0),) * 200)]
    evaluation.write(run, dataclasses.replace(found, cells=cells))
    assert "| sst2 | .020 | .100 | .100 | .0" in report.write(run)[0].read_text()


def test_templates_that_tie_on_validation_are_told(tmp_path):
    run = report_toys.make_run(tmp_path / "run")
    found = evaluation.read(run / "eval/9")
    cells = []
    for name in ("opinion", "other"):
        rows = dict(rows=("v0",), template=name)
        cells += [
            dataclasses.replace(found.cells[0], template=name),
            eval_toys.cell([1], split="validation", is_choosing=True, **rows),
        ]
    evaluation.write(run, dataclasses.replace(found, cells=cells))
    assert "| .900 (2 tie) |" in report.write(run)[0].read_text()
