"""Which solved rows stand before a question, in which order, and what they say."""

import collections

import eval_toys
import pytest

import task_registry
from eval import demonstrations
from flanlike import config
from flanlike.prompts import exemplars, render
from flanlike.sources import opening
from flanlike.tasks import task as tasks


def solved(name="sst2", *, template=None, query=0, style="instructions", **changes):
    """Returns the exemplars of one test row of the micro-world, the row and the task."""
    registry = task_registry.registry()
    task = registry.task(name)
    settings = config.EvalConfig(**{"shots": 4} | changes)

    def open_rows(task, split):
        return opening.open_rows(task, "embedded", split)

    others = demonstrations.Others(
        registry=registry, names=[name], data="embedded", open_rows=open_rows, seed=0
    )
    of = demonstrations.Demonstrations(
        task=task, records=open_rows(task, "train"), settings=settings, style=style, others=others
    )
    template = template or registry.templates(name).forward[0]
    record = open_rows(task, "test")[query]
    return of.of(template, f"test/{query}", record, seed=3), record, of


def test_balanced_exemplars_are_as_many_of_each_label():
    for query in range(5):
        found, _, _ = solved(exemplars="balanced", query=query)
        assert collections.Counter(one.record["label"] for one in found) == {0: 2, 1: 2}
    odd, _, _ = solved(exemplars="balanced", shots=5)
    assert sorted(collections.Counter(one.record["label"] for one in odd).values()) == [2, 3]


def test_the_quota_gives_what_is_over_to_who_comes_first():
    takes = demonstrations.quota(5, 2)
    assert [takes({"label": label}) for label in (1, 1, 1, 1, 0, 0, 0)] == [
        *(True, True, True, False, True, True, False),
    ]
    few = demonstrations.quota(2, 3)
    assert [few({"label": label}) for label in (0, 0, 2, 1)] == [True, False, True, False]


def test_similar_exemplars_are_those_that_score_best_and_are_not_the_query():
    found, record, of = solved(exemplars="similar", exemplar_order="descending")
    scores = [of._index.score(record["sentence"], one.record["sentence"]) for one in found]
    assert scores == sorted(scores, reverse=True)
    others = [of.records[at]["sentence"] for at in of._pool]
    others = {text for text in others if text.casefold() != record["sentence"].casefold()}
    best = sorted((of._index.score(record["sentence"], text) for text in others), reverse=True)
    assert scores == pytest.approx(best[:4])
    assert record["sentence"] not in [one.record["sentence"] for one in found]


def test_the_order_is_drawn_or_by_likeness_and_of_the_same_rows():
    by_order = {
        order: [one.row_id for one in solved(exemplars="similar", exemplar_order=order)[0]]
        for order in ("random", "ascending", "descending")
    }
    assert by_order["ascending"] == by_order["descending"][::-1]
    assert sorted(by_order["random"]) == sorted(by_order["ascending"])
    drawn, record, of = solved(exemplar_order="ascending")
    assert {one.row_id for one in drawn} == {one.row_id for one in solved()[0]}
    scores = [of._index.score(record["sentence"], one.record["sentence"]) for one in drawn]
    assert scores == sorted(scores)


def test_random_labels_are_drawn_and_the_same_before_every_question():
    gold, _, _ = solved(shots=40)
    drawn, _, _ = solved(shots=40, demonstrations="random-labels")
    assert [one.row_id for one in gold] == [one.row_id for one in drawn]
    same = [a.record["label"] == b.record["label"] for a, b in zip(gold, drawn, strict=True)]
    assert 8 < sum(same) < 32
    assert [one.record["sentence"] for one in gold] == [one.record["sentence"] for one in drawn]
    labels = {}
    for query in range(6):
        for one in solved(shots=40, demonstrations="random-labels", query=query)[0]:
            assert labels.setdefault(one.row_id, one.record["label"]) == one.record["label"]


def test_other_labels_are_words_that_the_task_does_not_have():
    found, _, of = solved(demonstrations="other-labels")
    own = {w.casefold() for w in found[0].task.answers.words} & {
        w.casefold() for w in of.task.answers.words
    }
    assert not own and found[0].template.answers is None
    assert len(found[0].task.answers.words) == len(of.task.answers.words)
    asked = eval_toys.collect(
        "sst2", shots=2, validation_rows=0, rows_per_task=2, demonstrations="other-labels"
    )
    word = found[0].task.answers.words[0]
    cell = asked.cells[0]
    assert all(word in prompt.inputs for prompt in cell.prompts if prompt.provenance.shows_options)
    assert all(word not in prompt.options for prompt in cell.prompts)


def test_other_inputs_are_another_tasks_and_labels_stay():
    gold, record, _ = solved()
    found, _, of = solved(demonstrations="other-inputs")
    assert [one.record["label"] for one in found] == [one.record["label"] for one in gold]
    own = {of.records[i]["sentence"] for i in range(len(of.records))} | {record["sentence"]}
    assert not own & {one.record["sentence"] for one in found}


def test_fields_get_other_texts_that_are_none_of_the_querys():
    task = task_registry.registry().task("rte")
    record = {"premise": "It rains.", "hypothesis": "It is wet.", "label": 1}
    query = {"premise": "A  dog ran.", "hypothesis": "It ran."}
    texts = ["a dog RAN.", "The sun.", "The moon.", "Mars."]
    assert demonstrations.with_inputs(task, record, texts, query) == {
        "premise": "The sun.",
        "hypothesis": "The moon.",
        "label": 1,
    }


@pytest.mark.parametrize("name", ["arc_easy", "common_gen"])
@pytest.mark.parametrize("control", ["random-labels", "other-labels", "other-inputs"])
def test_tasks_with_options_of_each_row_and_free_text_have_the_controls_too(name, control):
    gold, _, of = solved(name, shots=8)
    found, _, _ = solved(name, shots=8, demonstrations=control)
    answer = "references" if isinstance(of.task.answers, tasks.FreeText) else "label"
    fields = of.task.fields
    same_inputs = [
        all(a.record[f] == b.record[f] for f in fields) for a, b in zip(gold, found, strict=True)
    ]
    if control == "other-inputs":
        assert not any(same_inputs)
        assert [one.record[answer] for one in found] == [one.record[answer] for one in gold]
    else:
        assert all(same_inputs)
        said = [(one.record.get("options"), one.record[answer]) for one in found]
        assert said != [(one.record.get("options"), one.record[answer]) for one in gold]


def test_the_plain_setting_draws_as_ever():
    found, record, of = solved()
    template = task_registry.registry().templates("sst2").forward[0]
    rows = range(len(of.records))
    how = {"query": record, "row_id": "test/0", "shots": 4, "seed": 3}
    assert found == exemplars.draw(of.task, template, of.records, rows, **how)
    assert all(isinstance(one, render.Exemplar) for one in found)


@pytest.mark.parametrize("choice", ["random", "balanced", "similar"])
def test_a_question_of_the_training_rows_never_stands_before_itself(choice):
    _, _, of = solved(exemplars=choice, shots=30)
    template = task_registry.registry().templates("sst2").forward[0]
    for at in range(8):
        record = {**of.records[at], "label": 1 - of.records[at]["label"]}
        record["sentence"] = f" {record['sentence'].upper()}"
        found = of.of(template, "test/0", record, seed=at)
        texts = {one.record["sentence"].casefold() for one in found}
        assert len(texts) == 30 and record["sentence"].strip().casefold() not in texts
