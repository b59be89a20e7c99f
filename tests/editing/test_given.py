"""What a page sends is looked at, value by value."""

import pytest

from flanlike import errors, knobs
from flanlike.editing import given

TEMPLATE = {"id": "a", "kind": "forward", "input": "{x}", "target": "{answer}"}


def test_a_draft_is_read():
    found = given.Given({"draft": {**TEMPLATE, "original": "b", "answers": "yes = right\n\n"}})
    draft = found.within("draft").draft()
    assert (draft.original, draft.values) == ("b", {**TEMPLATE, "answers": {"yes": "right"}})
    assert given.Given(TEMPLATE).draft().values["answers"] is None


def test_words_of_labels_are_lines():
    answers = {"entailment": "yes", "neutral": "a = b"}
    assert given.answers_of(given.lines_of(answers)) == answers
    assert given.lines_of(None) == "" and given.answers_of(" \n") is None


def test_settings_are_bounded():
    found = given.Given({"temperature": 0.5, "max_new_tokens": 7, "seed": 3}).settings()
    assert (found.temperature, found.max_new_tokens, found.seed) == (0.5, 7, 3)
    assert given.Given({}).settings().max_new_tokens == 64


@pytest.mark.parametrize(
    ("values", "act", "said"),
    [
        ({"a": 1}, lambda it: it.text("a"), "a is 1; expected text"),
        ({}, lambda it: it.text("a"), "a is None; expected text"),
        ({"a": "\ud83d"}, lambda it: it.text("a"), "half of a surrogate pair"),
        ({"a": "x" * 500}, lambda it: it.text("a"), "a has 500 letters: 400 at most"),
        ({"a": 65}, lambda it: it.whole("a", knobs.Shots), "a is 65: it must be 0 or more"),
        ({"a": -1}, lambda it: it.whole("a", knobs.Shots), "a is -1: it must be"),
        ({"a": True}, lambda it: it.whole("a", knobs.Shots), "a is True: it must be"),
        ({"a": 1.0}, lambda it: it.whole("a", knobs.Shots), "a is 1.0: it must be"),
        ({"a": "1"}, lambda it: it.number("a", 0), "a is '1': expected a number"),
        ({"max_new_tokens": 10**9}, lambda it: it.settings(), "it must be 1 or more and at most"),
        ({"temperature": float("nan")}, lambda it: it.settings(), "--temperature is nan"),
        ({"temperature": float("inf")}, lambda it: it.settings(), "--temperature is inf"),
        ({"a": [1]}, lambda it: it.listed("a"), "a is 1; expected text"),
        ({"a": ["x"] * 300}, lambda it: it.listed("a"), "a list of at most 256 texts"),
        ({"a": 3}, lambda it: it.within("a"), "a is 3: expected an object"),
        ({**TEMPLATE, "answers": "yes"}, lambda it: it.draft(), "LABEL = WORD"),
        ({**TEMPLATE, "answers": "a = b\na = c"}, lambda it: it.draft(), "is there twice"),
        ({**TEMPLATE, "input": "x" * 60_000}, lambda it: it.draft(), "50,000 at most"),
    ],
)
def test_a_mistake_is_said(values, act, said):
    with pytest.raises(errors.UserError) as wrong:
        act(given.Given(values))
    assert said in str(wrong.value)


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"\xff", b"[" * 100_000])
def test_a_request_is_an_object(body):
    with pytest.raises(errors.UserError, match="the request is no JSON"):
        given.Given.of(body)
