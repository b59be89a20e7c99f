import pytest

from flanlike.tasks import cross_references

POINTING = [
    "Both A and B.",
    "both (A) and (B)",
    "A, B, and C",
    "A , B and C",
    "B and D only",
    "A & C",
    "A or B",
    "Neither A nor C.",
    "both a and b",
    "(a) and (c)",
    "options A and B",
    "A and B above",
    "All of the above  .",
    "All of above",
    "all the above value",
    "None of these above",
    "Neither of the above.",
    "NONE OF THE FOLLOWING",
    "None of these",
    "all of these are right",
    "All of them",
    "None",
    "Both.",
    "all the mentioned options",
    "both answers are correct, as answer (B) says",
    "(they are in the above answers twice)",
    "none is correct",
]
ALONE = [
    "A car and a bus",
    "an owl and a trout",
    "B and a",
    "Both Ada and Ivo liked it.",
    "They both swim.",
    "both its protons and neutrons",
    "neither of them",
    "None of the other choices",
    "all of their lunch",
    "above ground",
    "someone who wants all the answers",
    "who asked one of the above questions",
    "I and II only",  # statements of the question
    "Vitamin A and C",
    "a or b",
    "nothing",
    "answers the telephone",
    "The eel is one of these fish",
    "made a good choice",
    "",
]


@pytest.mark.parametrize("option", POINTING)
def test_options_that_point_at_others(option):
    assert cross_references.points_at_options(["in May", "in June", option])
    assert cross_references.points_at_options([option, "in May"])


@pytest.mark.parametrize("option", ALONE)
def test_options_that_say_something_themselves(option):
    assert not cross_references.points_at_options(["in May", option])
