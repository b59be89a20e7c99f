"""One line a condition, against what the sweep says."""

import json

import pytest
import sweep_toys

from eval import run_folder, sweep_page
from flanlike import errors

_TWO = dict(tasks=("sst2", "rte"), clusters=("sentiment", "nli"))


def _runs(tmp_path, found, right, **settings):
    for run in found.runs:
        sweep_toys.make_run(tmp_path / run.name, right=right[run.condition], **settings)
    return {
        name: [run_folder.read(tmp_path / f"{name}-{seed}") for seed in found.seeds]
        for name in found.flags
    }


def test_conditions_against_one_of_them(tmp_path):
    found = sweep_toys.made()
    lines = sweep_page.compare(found, _runs(tmp_path, found, {"with": 180, "without": 120}))
    assert [(line.condition, line.cluster, line.runs) for line in lines] == [
        ("with", "", 2),
        ("without", "", 2),
    ]
    first, second = lines
    assert first.tuned.value == 0.9 and first.untuned.value == 0.5 and first.difference is None
    assert second.difference.value == pytest.approx(-0.3)
    assert second.difference.interval.high < 0
    assert second.tuned.interval.low < 0.6 < second.tuned.interval.high


def test_each_condition_against_its_own_start(tmp_path):
    found = sweep_toys.made(baseline="untuned")
    runs = _runs(tmp_path, found, {"with": 180, "without": 120})
    differences = [line.difference.value for line in sweep_page.compare(found, runs)]
    assert differences == pytest.approx([0.4, 0.1])
    for run in found.runs:  # each holds out something else
        folder = tmp_path / "apart" / run.name
        task = {"with": ("sst2", "sentiment"), "without": ("rte", "nli")}[run.condition]
        sweep_toys.make_run(folder, right=150, tasks=task[:1], clusters=task[1:])
    runs = {
        name: [run_folder.read(tmp_path / "apart" / f"{name}-{seed}") for seed in found.seeds]
        for name in found.flags
    }
    lines = sweep_page.compare(found, runs)
    assert [(line.condition, line.cluster, line.tasks) for line in lines] == [
        ("with", "", ("sst2",)),
        ("without", "", ("rte",)),
    ]


def test_clusters_have_lines_of_their_own(tmp_path):
    found = sweep_toys.made()
    runs = _runs(tmp_path, found, {"with": 180, "without": 120}, **_TWO)
    lines = sweep_page.compare(found, runs)
    assert [(line.condition, line.cluster) for line in lines] == [
        *(("with", ""), ("without", "")),
        *(("with", "sentiment"), ("without", "sentiment"), ("with", "nli"), ("without", "nli")),
    ]


def test_what_is_compared_may_be_chosen(tmp_path):
    found = sweep_toys.made(compared=["nli"])
    runs = _runs(tmp_path, found, {"with": 180, "without": 120}, **_TWO)
    assert {line.tasks for line in sweep_page.compare(found, runs)} == {("rte",)}
    with pytest.raises(errors.UserError, match=r"nothing to compare of \['math'\].*sst2, rte"):
        sweep_page.compare(sweep_toys.made(compared=["math"]), runs)
    with pytest.raises(errors.UserError, match="nothing to compare of 'all tasks'"):
        sweep_page.compare(sweep_toys.made(kind="cot"), runs)


def test_without_a_start_nothing_is_compared_with_it(tmp_path):
    found = sweep_toys.made()
    runs = _runs(tmp_path, found, {"with": 180, "without": 120}, before=None)
    assert all(line.untuned is None for line in sweep_page.compare(found, runs))
    with pytest.raises(errors.UserError, match="leave out --eval.no-at-start"):
        sweep_page.compare(sweep_toys.made(baseline="untuned"), runs)


def test_the_page_has_question_prediction_table_and_plot(tmp_path):
    found = sweep_toys.made(source="a paper, figure 8")
    _runs(tmp_path, found, {"with": 180, "without": 120})
    markdown, html, table = sweep_page.write(found, tmp_path)
    text = markdown.read_text()
    assert "Do instructions matter?" in text and "Predicted before any run: Yes." in text
    assert "After a paper, figure 8." in text and "the micro-world's" in text
    assert "| condition | untuned | tuned | difference to with | runs | tasks |" in text
    (line,) = (line for line in text.split("\n") if line.startswith("| without |"))
    assert line.startswith("| without | .500 [") and line.endswith("] | 2 | 1 |")
    assert "−.300 [" in line
    assert "without: --mixture flan_core --steps 9 --prompts inputs-only" in text
    assert html.read_text().count("<svg") == 1
    assert 'aria-label="all tasks"' in html.read_text()
    assert (tmp_path / "plots" / "sweep.svg").read_text().startswith("<svg")
    found_there = json.loads(table.read_text())
    assert found_there["predicted"] == "Yes." and found_there["seeds"] == [1, 2]
    line = found_there["lines"][1]
    assert line["tasks"] == ["sst2"] and line["cluster"] is None
    assert line["difference"]["value"] == pytest.approx(-0.3)
    assert line["difference"]["low"] < -0.3 < line["difference"]["high"]
