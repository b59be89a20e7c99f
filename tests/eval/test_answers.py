import pytest

from eval import answers
from flanlike.tasks import task as tasks


def prompt_of(*options):
    return tasks.Prompt(
        inputs="?",
        targets=options[0],
        options=options,
        label_of_option=tuple(reversed(range(len(options)))),
        gold=0,
        references=(options[0],),
        provenance=None,
    )


@pytest.mark.parametrize(
    ("options", "text", "place"),
    [
        (("yes", "no"), " Yes.", 0),
        (("the owl", "an eel"), "Eel", 1),
        (("-4", "4"), "-4", 0),  # which differ in a mark alone
        (("-4", "4"), "4", 1),
        (("-4", "4"), "4.", 1),
        (("+", "-"), "-", 1),
        (("(A)", "(B)"), "A", 0),  # a letter is no article here
        (("A", "B"), "a.", 0),
        (("1", "2"), "2)", 1),
        (("A", "a"), "a", 1),
    ],
)
def test_a_text_is_the_option_that_it_repeats(options, text, place):
    assert answers.label_said(prompt_of(*options), text) == len(options) - 1 - place


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("A", "B"), ""),
        (("(A)", "(B)"), " ... "),
        (("(A)", "(B)"), "The"),
        (("the owl", "an owl"), "owl"),  # either
        (("yes", "no"), "yes and no"),
    ],
)
def test_a_text_that_names_no_option_or_two_is_no_answer(options, text):
    assert answers.label_said(prompt_of(*options), text) == answers.NO_ANSWER
