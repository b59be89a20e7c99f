"""The shallow rules themselves on toy records, and on every task of the micro-world."""

import dataclasses

import pytest

import task_registry
from flanlike.microworld import generators, heuristics
from flanlike.tasks import task

REGISTRY = task_registry.registry()
TASKS = {
    REGISTRY.task(name).microworld.partition(":")[0]: REGISTRY.task(name)
    for name in reversed(REGISTRY.task_names)  # the first that a generator was made for
}
NAMES = sorted(generators.GENERATORS)
# In these the sort of the answer (a place, an object) is what the instruction asks for.
SORT_IS_ASKED = {"pick_category", "pick_part", "pick_place", "pick_object"}


def toy(answers: task.Answers, *fields: str) -> task.Task:
    return task.Task(
        name="toy",
        cluster="nli",
        fields=fields,
        answers=answers,
        metrics=("accuracy",),
        templates="toy",
        microworld="toy",
    )


LABELS = task.Labels(names=("no", "yes"), words=("no", "yes"))


def test_majority_and_fitted_overlap_of_labels():
    same = {"one": "a b c d", "two": "a b c d", "label": 1}
    different = {"one": "a b c d", "two": "e f g h", "label": 0}
    train = [same] * 12 + [different] * 8
    scores = heuristics.accuracies(train, [same, different], toy(LABELS, "one", "two"))
    assert scores["majority"] == 0.5
    assert scores["always 'yes'"] == 0.5
    assert scores["fitted overlap"] == 1.0
    assert scores["fitted length"] == 0.5


def test_a_fitted_rule_need_not_grow_with_overlap():
    same = {"one": "a b c d", "two": "a b c d", "label": 0}
    half = {"one": "a b c d", "two": "a b e f", "label": 1}
    none = {"one": "a b c d", "two": "e f g h", "label": 0}
    train = [same, half, none] * 10
    scores = heuristics.accuracies(train, [same, half, none], toy(LABELS, "one", "two"))
    assert scores["fitted overlap"] == 1.0


def test_choices_by_place_length_overlap_and_mention():
    record = {"text": "the red cat ran home", "options": ["dogs", "a red cat", "home"], "label": 2}
    scores = heuristics.accuracies([record], [record], toy(task.Choices(), "text"))
    assert scores["option 1"] == 0 and scores["option 3"] == 1
    assert scores["longest option"] == 0
    assert scores["shortest option"] == 0.5  # "dogs" and "home" are as long
    assert scores["most overlap"] == 1  # all of "home", two thirds of "a red cat"
    assert scores["least overlap"] == 0
    assert scores["last mentioned"] == 1


def test_ties_score_what_guessing_would():
    record = {"text": "x", "options": ["aa", "bb", "cc", "dd"], "label": 1}
    scores = heuristics.accuracies([record], [record], toy(task.Choices(), "text"))
    assert scores["longest option"] == scores["most overlap"] == 0.25


def test_free_text_by_majority_and_pieces_of_the_input():
    train = [{"text": "Ada ran. Leo sat.", "references": ["Leo"]}] * 3
    test = [{"text": "Mira ran. Leo sat.", "references": ["Mira", "mira"]}]
    scores = heuristics.accuracies(train, test, toy(task.FreeText(), "text"))
    assert scores["majority"] == 0
    assert scores["first word of text"] == 1
    assert scores["first line of text"] == 0


def test_copying_scores_nothing_where_the_form_is_the_task():
    record = {"text": "ada ran, leo sat", "references": ["Ada ran. Leo sat."]}
    of_case = dataclasses.replace(toy(task.FreeText(), "text"), cluster="text_formatting")
    assert heuristics.accuracies([record], [record], of_case)["all of text"] == 0
    assert heuristics.accuracies([record], [record], toy(task.FreeText(), "text"))["all of text"]


def test_best_names_the_rule():
    record = {"text": "x", "options": ["long one", "b"], "label": 1}
    assert heuristics.best([record], [record], toy(task.Choices(), "text")) == (
        "shortest option",
        1.0,
    )


def test_chance():
    record = {"text": "x", "options": ["a", "b", "c", "d"], "label": 1}
    assert heuristics.chance([record], toy(task.Choices(), "text")) == 0.25
    assert heuristics.chance([], toy(LABELS, "one")) == 0.5
    assert heuristics.chance([], toy(task.FreeText(), "one")) == 0.0


def test_any_of_several_right_options_counts():
    of = toy(task.Choices(), "text")
    record = {"text": "bb", "options": ["a", "bb", "ccc", "dd"], "label": 1, "also_right": [2]}
    assert heuristics.chance([record], of) == 0.5
    scores = heuristics.accuracies([record], [record], of)
    assert scores["option 2"] == scores["option 3"] == scores["longest option"] == 1.0
    assert scores["option 1"] == scores["shortest option"] == 0.0
    labelled = {"one": "x", "label": 0, "also_right": [1]}
    assert heuristics.chance([labelled], toy(LABELS, "one")) == 1.0
    assert set(heuristics.accuracies([labelled], [labelled], toy(LABELS, "one")).values()) == {1.0}


def test_no_records_is_an_error():
    with pytest.raises(ValueError, match="task 'toy': the rules need records"):
        heuristics.accuracies([], [], toy(LABELS, "one"))


@pytest.mark.parametrize("name", NAMES)
def test_no_shallow_rule_solves_a_task_of_the_micro_world(name):
    of_task = TASKS[name]
    train = [generators.generate(name, "train", row) for row in range(800)]
    test = [generators.generate(name, "test", row) for row in range(800)]
    rule, accuracy = heuristics.best(train, test, of_task)
    limit = heuristics.chance(test, of_task) + 0.12
    if isinstance(of_task.answers, task.FreeText):
        limit += 0.03  # no options to guess from, so "chance" is 0 where answers are small numbers
    assert accuracy < limit, rule
    if isinstance(of_task.answers, task.Choices) and name not in SORT_IS_ASKED:
        assert heuristics.commonest_answer(train, test) < limit
