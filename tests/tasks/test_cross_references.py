"""Options and questions that only make sense beside the list of options, and those that do not."""

import pytest

from flanlike.tasks import cross_references

BY_LETTER = (
    "both A and B",
    "Both (A) and (B).",
    "A and C",
    "B or C",
    "A , B and C",
    "A, B, and C",
    "A & B",
    "A and B above",
    "Neither A nor C.",
    "A or B, but not both",
    "Only A",
    "A only",
    "Options A and B are correct",
    "both a and b",
    "(a) and (b)",
)
BY_PLACE = (
    "all of the above",
    "All of above.",
    "none of the above",
    "Any two of the above",
    "All the above value",
    "None of these",
    "none of these places",
    "all of these are correct",
    "neither of the above",
    "I only",
    "I and II only",
    "II, III and IV",
    "(1) and (2)",
    "both answers are right",
    "All are correct",
    "no correct answer",
    "the first two options",
)
NOTHING = (
    "salt and pepper",
    "both positive and negative",
    "Both are made of cells.",
    "Both of them are teachers.",
    "neither",
    "neither of them",
    "Both.",
    "All liquids evaporate.",
    "All of the mixture will evaporate.",
    "above",
    "above and below",
    "both above and below ground",
    "I and Xe",
    "A and Z",
    "talk to each other",
    "None of the other choices .",
    "lifestyle choice",
    "It is n't exactly my first choice of work",
    "None of the kids in school would be aware",
    "12 and 14",
    "1, 2 and 3",
    "a and b",
    "A dog and a cat",
    "A",
    "I",
    "C++",
    "",
)


@pytest.mark.parametrize("option", BY_LETTER)
def test_options_point_by_letter(option):
    assert cross_references.listed(("tea", "coffee", "milk", option)) == (True, True)
    assert cross_references.points_at_options(["tea", "coffee", "milk", option])


@pytest.mark.parametrize("option", BY_PLACE)
def test_options_point_at_the_list(option):
    assert cross_references.listed(("tea", "coffee", "milk", option)) == (True, False)


@pytest.mark.parametrize("option", NOTHING)
def test_options_that_point_at_nothing(option):
    assert cross_references.listed(("tea", "coffee", "milk", option)) == (False, False)


def test_letters_that_are_names_or_the_questions_own_need_no_letters_in_the_list():
    assert cross_references.listed(("A", "B", "both A and B")) == (True, False)
    of_the_question = ("A and B", "B and C only", "A, B and D only", "B and D only", "no two")
    assert cross_references.listed(of_the_question) == (True, False)
    assert cross_references.listed(("tea", "milk", "Vitamin C", "A and E")) == (False, False)


def test_a_rationale_names_options_by_letter():
    assert cross_references.names_a_letter("Two is prime. So option E it is.")
    assert cross_references.names_a_letter("The answer is (B).")
    for said in ("Answer = C. 75 miles", "Option 'E'", "Option(B) is right."):
        assert cross_references.names_a_letter(said), said
    assert not cross_references.names_a_letter("P(A|B) is one option. A choice is made.")


ABOUT_OPTIONS = (
    "Which of the following boils first?",
    "Which one of these is a mammal?",
    "WHICH OF FOLLOWING sentences is NOT right?",
    "All of these swim except",
    "The following is true EXCEPT  _  .",
    "A whale can do all of the following:",
    "Which statement best explains the tides?",
    "What is the most accurate statement?",
    "Which is NOT true about owls?",
    "For which of the options below is n odd?",
    "Choose the best answer.",
)
OPEN = (
    "What boils first?",
    "Which animal swims?",
    "What comes next in the following sequence? 1, 2, 4",
    "What did they find by the river?",
    "What is below the crust?",
    "The choice was hers. What did she choose?",
    "Is it true?",
    "",
)


@pytest.mark.parametrize("question", ABOUT_OPTIONS)
def test_questions_about_the_options(question):
    assert cross_references.needs_options(("tea", "milk"), [question])
    passage = "A long tale of an owl. " * 60
    assert cross_references.needs_options(("tea", "milk"), [passage, question])
    assert cross_references.needs_options(("tea", "milk"), [passage + question])


@pytest.mark.parametrize("question", OPEN)
def test_open_questions(question):
    assert not cross_references.needs_options(("tea", "milk"), ["A tale of an owl.", question])
    assert cross_references.needs_options(("tea", "none of these"), [question])


def test_a_passage_is_not_taken_for_its_question():
    passage = "Which of these is best, he asked. " + "The owl said nothing. " * 60
    assert not cross_references.needs_options(("tea", "milk"), [passage, "What did the owl say?"])
