"""What is wrong with a record, and that nothing is with a right one."""

import pickle

import pytest
import template_toys as toys

from flanlike.tasks import records, task

HALF = "Sun \ud83d and rain."  # of an emoji that was cut in two
LABELLED = {"premise": "It rains.", "hypothesis": "Es nieselt, größtenteils 🌧.", "label": 1}
CHOICE = {"premise": "a", "hypothesis": "b", "options": ["eel", "owl"], "label": 1}
FREE = {"premise": "a", "hypothesis": "b", "references": ["an owl", "owls"]}


def problem(record, answers=toys.LABELS, **changes):
    return records.Check(toys.task_of(answers=answers, **changes)).problem(record)


def test_right_records_have_no_problem():
    assert problem(LABELLED) == problem(LABELLED | {"score": 1, "group": "p/1"}) == ""
    assert problem(CHOICE, task.Choices()) == problem(FREE, task.FreeText()) == ""
    assert problem(CHOICE | {"options": ("eel", "owl")}, task.Choices()) == ""
    assert problem(CHOICE | {"also_right": [0]}, task.Choices()) == ""
    assert problem(LABELLED | {"also_right": ()}) == ""


def test_a_check_goes_to_other_processes():
    check = pickle.loads(pickle.dumps(records.Check(toys.task_of())))
    assert check.problem(LABELLED) == "" != check.problem({})


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (None, "the record is None; expected a dict of its fields"),
        ([LABELLED], "the record is [{'premise'"),
        ({"premise": "a", "label": 0}, "field 'hypothesis' is None; expected text that is not e"),
        *[
            (LABELLED | {"premise": value}, f"field 'premise' is {value!r}; expected text that is")
            for value in (None, float("nan"), 3, ["rain", "snow"], b"rain", True, "", " \n")
        ],
        (
            LABELLED | {"premise": HALF},
            r"field 'premise' has half of a surrogate pair, '\ud83d', at character 5; expected te",
        ),
        *[
            (LABELLED | {"label": value}, f"label is {value!r}; expected an index into ['yes', 'n")
            for value in (2, -1, None, "no", True, 1.0)
        ],
        *[
            (LABELLED | {"score": value}, f"score is {value!r}; expected a finite number")
            for value in (None, float("nan"), float("-inf"), "4")
        ],
        (LABELLED | {"score": 10**400}, "score is 1000000000"),
        (LABELLED | {"group": None}, "group is None; expected text"),
        *[
            (LABELLED | {"also_right": value}, f"also_right is {value!r}; expected a list of indi")
            for value in (None, 0, [1], [0, 0], [2], [-1], ["yes"], [True])
        ],
    ],
)
def test_what_is_wrong_with_a_record_is_told_with_its_field(record, expected):
    assert problem(record).startswith(expected)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (None, "options are None; expected a list of texts"),
        ([], "options are []; expected a list of texts"),
        ("ab", "options are 'ab'; expected a list of texts"),
        (["owl"], "options are ['owl']; expected two or more, all different"),
        (["owl", "owl "], "options are ['owl', 'owl ']; expected two or more, all different"),
        (["owl", None], "options are ['owl', None]: one is None; expected text"),
        (["owl", ""], "options are ['owl', '']: one is ''; expected text that is not empty"),
        (["owl", HALF], "options are ['owl', 'Sun \\ud83d and rain.']: one has half of a surr"),
    ],
)
def test_what_is_wrong_with_options(options, expected):
    assert problem(CHOICE | {"options": options}, task.Choices()).startswith(expected)


@pytest.mark.parametrize(
    ("references", "expected"),
    [
        (None, "references are None; expected a list of texts"),
        ([], "references are []; expected a list of texts"),
        ("an owl", "references are 'an owl'; expected a list of texts"),
        (["owl", 7], "references are ['owl', 7]: one is 7; expected text"),
        ([" "], "references are [' ']: one is ' '; expected text that is not empty"),
        ([HALF], "references are ['Sun \\ud83d and rain.']: one has half of a surrogate"),
    ],
)
def test_what_is_wrong_with_references(references, expected):
    assert problem(FREE | {"references": references}, task.FreeText()).startswith(expected)


def test_a_long_value_is_shown_by_its_beginning():
    found = problem(LABELLED | {"premise": ["rain"] * 1000})
    assert found.startswith("field 'premise' is ['rain', 'rain'") and len(found) < 200


def test_fields_that_are_optional_may_be_empty_and_nothing_else():
    optional = {"optional": ("premise",)}
    assert problem(LABELLED | {"premise": ""}, **optional) == ""
    assert problem(LABELLED | {"premise": None}, **optional) == (
        "field 'premise' is None; expected text"
    )
    assert problem(LABELLED | {"hypothesis": ""}, **optional).startswith("field 'hypothesis' is ''")


def test_free_text_has_references_for_further_right_answers():
    assert problem(FREE | {"also_right": [0]}, task.FreeText()).startswith(
        "also_right is of labels"
    )


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        ([("system", "Sing."), ("user", "Who?"), ("assistant", "an owl")], ""),
        ("Who?", "turns are 'Who?'; expected a list of pairs: who says it (system, user or"),
        ([("tool", "x")], "turns are [('tool', 'x')]; expected a list of pairs"),
        ([["user", "Who?"]], "turns are [['user', 'Who?']]; expected a list of pairs"),
        ([("user", ""), ("assistant", "an owl")], "turns: one is ''; expected text"),
        ([("assistant", "an owl")], "the conversation has turns of assistant; expected the user's"),
        ([("user", "Who?"), ("assistant", "a hen")], "turns end in another answer than the first"),
    ],
)
def test_what_is_wrong_with_turns(turns, expected):
    record = FREE | {"references": ["an owl"], "turns": turns}
    found = problem(record, task.FreeText())
    assert found.startswith(expected) and bool(found) == bool(expected)
    assert problem(LABELLED | {"turns": [("user", "a"), ("assistant", "b")]})
