"""Smaller questions as models list them, and the texts that they are put into."""

import pytest

from eval import least_to_most

STEPS = (("How many are left?", "Six are left."),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1. How many are left?\n2) Who has most?", ["How many are left?", "Who has most?"]),
        ("- How many are left?\n* Who has **most**?", ["How many are left?", "Who has most?"]),
        ("Question 1: How many?\nQ2: Who? Bo.\nStep 3. Why?", ["How many?", "Who?", "Why?"]),
        ("Sub-question 1: How many?\nHow many?", ["How many?"]),
        ("First find out how many.\n1. ?\n", []),
        ("a) How old is Bo?\nA dog is what?", ["How old is Bo?", "A dog is what?"]),
        ("\n".join(f"{n}. Is it {n}?" for n in range(9)), [f"Is it {n}?" for n in range(5)]),
        ("1. How many?\n2. How many of them are", ["How many?"]),  # cut off
    ],
)
def test_smaller_questions_are_read_from_lists(text, expected):
    assert least_to_most.questions_in(text) == expected


def test_answers_are_one_line_without_what_follows():
    assert least_to_most.answer_in(" Six\nare left.\n\nQ: And then?") == "Six are left."
    assert least_to_most.answer_in("6\nQ: How many?\nA: 7") == "6"
    assert least_to_most.answer_in("\n") == ""


def test_texts_hold_the_prompt_and_the_answers_before():
    listing = least_to_most.listing("Bo has 8 plums.")
    assert listing.startswith("Bo has 8 plums.\n\n") and listing.endswith(":")
    step = least_to_most.step("Bo has 8 plums.", STEPS, "How many does each get?")
    assert step.startswith("Bo has 8 plums.\n\n")
    assert step.endswith("Q: How many are left?\nA: Six are left.\nQ: How many does each get?\nA:")
    whole = least_to_most.whole("Bo has 8 plums.", STEPS)
    assert "Q: How many are left?\nA: Six are left.\n" in whole and whole.endswith(":")
    assert least_to_most.whole("Bo has 8 plums.", ()) == "Bo has 8 plums."
