"""What a base is asked in the frames of its own texts, and how it is counted; no model runs."""

import importlib.util
import pathlib
import sys

import pytest

_FILE = pathlib.Path(__file__).resolve().parents[2] / "bench" / "probes.py"


@pytest.fixture(scope="module")
def probes():
    spec = importlib.util.spec_from_file_location("bench_probes", _FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its dataclass looks for its module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def cases(probes):
    return list(probes.cases(12))


def test_all_six_clusters_are_asked_with_own_and_with_the_tasks_sentences(probes, cases):
    clusters = "nli paraphrase sentiment question_classification word_relations place_questions"
    asked = {(case.cluster, case.is_own) for case in cases}
    assert asked == {(name, is_own) for name in clusters.split() for is_own in (True, False)}
    assert cases == list(probes.cases(12))
    for case in cases:
        assert "|" not in case.told and 1 <= len(case.right) < len(case.answers)
        assert len(set(case.answers)) == len(case.answers)


def test_a_page_lists_all_answers_and_does_not_end_with_one(cases):
    pages = [case for case in cases if case.frame == "page" and "\n" in case.told]
    listed = [c for c in pages if all(f" {a}" in c.told.replace("\n", " ") for a in c.answers)]
    assert len(listed) > 0.7 * len(pages)  # some pages have no list
    assert any(case.frame == "prose" for case in cases)


def test_what_is_not_known_does_not_follow_where_there_is_no_third_label(cases):
    rights = {case.right for case in cases if case.name == "rte"}
    assert rights == {(0,), (1, 2)}
    assert {case.right for case in cases if case.name == "snli"} == {(0,), (1,), (2,)}


def test_figures_count_what_is_right_and_how_often_one_thing_is_said(probes, cases):
    perfect = probes.figures(cases, lambda asked: [case.right[-1] for case in asked])
    assert {line["accuracy"] for line in perfect} == {1.0} and all(x["low"] < 1 for x in perfect)
    first = probes.figures(cases, lambda asked: [0] * len(asked))
    (rte,) = [line for line in first if (line["name"], line["frame"]) == ("rte", "prose")]
    assert rte["commonest"] == 1.0 and rte["chance"] == 0.5 and rte["accuracy"] == 0.5
    table = probes.table(first).splitlines()
    assert table[0].startswith("| cluster |") and len(table) == 2 + len(
        {(line["cluster"], line["is_own"], line["name"]) for line in first}
    )


def test_too_few_rows_are_refused(probes, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["probes.py", "--rows", "3"])
    with pytest.raises(SystemExit) as stopped:
        probes.main()
    assert stopped.value.code == 2 and "--rows is 3" in capsys.readouterr().err
