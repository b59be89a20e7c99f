"""Options as models name them: made-up outputs, and what each means."""

import re

import pytest
import written_toys
from written_toys import LETTERS, YES_NO, prompt_of

from eval import answers

WITH_REASONS = "{rationale}\nThe answer is {answer}."

TEXTS = prompt_of(
    ("7", "42", "12", "8 km", "6"), "How many?\n\nOptions:\n- 7\n- 42\n- 12\n- 8 km\n- 6"
)
LABELLED = prompt_of(
    ("the owl", "an eel", "a New York owl"),
    "Which?\nOptions: A. the owl / B. an eel / C. a New York owl",
)
NONE = prompt_of(("32,000", "33,000", "None of these"), "How many?")
SUMS = prompt_of(("1", "1/4", "1/2"), "How many?")
THREE = prompt_of(("sensible", "not sensible", "impossible to tell"), "Well?")

YES_NO_OUTPUTS = [
    ("yes", "yes"),
    ("Yes.", "yes"),
    ("NO", "no"),
    ("'yes'", "yes"),
    ("- no", "no"),
    ("**No**", "no"),
    ("no, because fish have no hands", "no"),
    ("No, a trout can't play.", "no"),
    ("Yes, there is no doubt.", "yes"),
    ("yes, they can; no hands are needed", "yes"),
    ("No\nFish have fins, so yes-men lose.", "no"),
    ("Yes\n\nQ: Is it dry?\nA: no", "yes"),
    ("The answer is no.", "no"),
    ("So the answer is yes", "yes"),
    ("The answer is yes, not no.", "yes"),
    ("Answer: yes", "yes"),
    ("**Answer:** No, since trout have fins.", "no"),
    ("my answer: no", "no"),
    ("I think the answer would be no", "no"),
    ('The correct answer is "yes".', "yes"),
    ("The final answer is: **yes**.", "yes"),
    ("A: No. Trout have no hands.", "no"),
    ("\\boxed{no}", "no"),
    ("<answer>no</answer>", "no"),
    ("Trout have fins only. So no.", "no"),
    ("A drum needs hands. Trout have none. Therefore, the answer is no.", "no"),
    ("Trout are fish. Fish cannot play.\nno", "no"),
    ("Hence, yes.", "yes"),
    ("In short: no", "no"),
    ("It is a yes from me.", "yes"),
    ("There is no doubt that trout drum. So the answer is yes.", "yes"),
    ("yes and no", None),
    ("Yes, no", None),
    ("yes or no", None),
    ("Yes/no", None),
    ("The answer is not yes", None),
    ("maybe", None),
    ("", None),
]
LETTER_OUTPUTS = [
    ("(B)", "(B)"),
    ("B", "(B)"),
    ("b", "(B)"),
    ("(b)", "(B)"),
    ("B.", "(B)"),
    ("[B]", "(B)"),
    ("**(B)**", "(B)"),
    ("B) 42", "(B)"),
    ("(B) 42", "(B)"),
    ("B. 42", "(B)"),
    ("42", "(B)"),
    ("8 km", "(D)"),
    ("Answer: 8", "(D)"),
    ("Option B", "(B)"),
    ("Answer B", "(B)"),
    ("Answer:\nB", "(B)"),
    ("Answer: B) 42 km/h", "(B)"),
    ("Answer is: option b", "(B)"),
    ("The answer is 42", "(B)"),
    ("The answer is (B).", "(B)"),
    ("The correct answer is:\n\n(B) 42", "(B)"),
    ("The correct option is B.", "(B)"),
    ("Therefore, the answer is **B) 42**.", "(B)"),
    ("The answer is B, since 7 is (A) only.", "(B)"),
    ("\\boxed{\\text{(B)}}", "(B)"),
    ("6 * 7 = 42", "(B)"),
    ("6 * 7 = 42. So it is (B).", "(B)"),
    ("6 * 7 = 42, thus B.", "(B)"),
    ("B because 6 * 7 = 42", "(B)"),
    ("B\nExplanation: 6 * 7 = 42, and 7 is a factor, 12 is not", "(B)"),
    ("It must be (B), as 7 is too small.", "(B)"),
    ("(B)\n\nQ: How long?\nOptions:\n(A) 3\nAnswer: (A)", "(B)"),
    ("A and B", None),
    ("A, B", None),
    ("(A) or (B)", None),
    ("(B) 7", None),  # the letter says one, the text another
    ("The answer is between A and B.", None),
    ("(A) 7\n(B) 42\n(C) 12", None),
    ("A dog barks.", None),
    ("None of these", None),
    ("", None),
]


def said(prompt, text):
    label = answers.label_said(prompt, text)
    return None if label == answers.NO_ANSWER else prompt.options[label]


def said_with_reasons(prompt, text):
    return written_toys.option_said(prompt, text, WITH_REASONS)


@pytest.mark.parametrize("read", [said, said_with_reasons])
@pytest.mark.parametrize(("text", "option"), YES_NO_OUTPUTS)
def test_yes_or_no(text, option, read):
    assert read(YES_NO, text) == option


@pytest.mark.parametrize("read", [said, said_with_reasons])
@pytest.mark.parametrize(("text", "option"), LETTER_OUTPUTS)
def test_letters(text, option, read):
    assert read(LETTERS, text) == option


@pytest.mark.parametrize(
    ("prompt", "text", "option"),
    [
        (TEXTS, "42.00", "42"),
        (TEXTS, "so there are 42 of them.", "42"),
        (TEXTS, "(A) 42", "42"),  # the list shows no letters: the words count
        (TEXTS, "**(B)**", "42"),  # ... and where there are none, the place
        (TEXTS, "4", None),
        (NONE, "So the sum is 33000.", "33,000"),
        (NONE, "None of these", "None of these"),
        (SUMS, "1 - (1/4 + 1/4) = 1/2", "1/2"),
        (SUMS, "1 - that is all", "1"),
        (TEXTS, "7 or 42", None),
        (LABELLED, "C", "a New York owl"),
        (LABELLED, "B. an eel", "an eel"),
        (LABELLED, "It was an eel.", "an eel"),
        (LABELLED, "The answer is a New York owl, of course", "a New York owl"),
        (LABELLED, "A. an eel", None),
        (THREE, "This is not sensible.", "not sensible"),
        (THREE, "It is sensible, I think", "sensible"),
        (THREE, "(B)", None),  # no list was shown
        (THREE, "Impossible to tell; it may be sensible", "impossible to tell"),
    ],
)
def test_options_with_words_of_their_own(prompt, text, option):
    assert said(prompt, text) == option


@pytest.mark.parametrize(
    ("prompt", "outputs", "pattern"),
    [(YES_NO, YES_NO_OUTPUTS, r"(?i)\b(yes|no)\b"), (LETTERS, LETTER_OUTPUTS, r"(\([A-E]\))")],
)
@pytest.mark.parametrize("place", [0, -1])
def test_no_text_that_a_flexible_filter_reads_right_is_read_wrong(prompt, outputs, pattern, place):
    """lm-evaluation-harness's take the first or last match, up to a next question."""
    read = 0
    for text, option in outputs:
        found = re.findall(pattern, re.split(r"\n+Q:", text)[0])
        is_right = bool(found) and option is not None and found[place].lower() == option.lower()
        read += is_right
        assert not is_right or said(prompt, text) == option
    assert 5 < read < sum(option is not None for _, option in outputs)


@pytest.mark.parametrize("target", ["{answer}", WITH_REASONS])
@pytest.mark.parametrize("kind", written_toys.PROMPTS)
def test_options_in_the_many_ways_in_which_models_name_them(kind, target):
    prompt = written_toys.PROMPTS[kind]
    texts = written_toys.written(kind)
    said = [(text, written_toys.option_said(prompt, text, target)) for text, _ in texts]
    assert said == texts


@pytest.mark.parametrize(
    ("target", "said"), [("{answer}", "yes"), ("{rationale}\nSo it is {answer}", None)]
)
def test_an_answer_asked_for_alone_stands_in_the_first_line(target, said):
    """Behind it a small model goes on; a chain of thought that says both says neither."""
    assert written_toys.option_said(YES_NO, "yes\nyes\nno", target) == said
    assert written_toys.option_said(YES_NO, "yes\nno", target) is None  # the list, once more


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("How many?", None),
        ("It is false that all are. How many?", None),
        ("Which is false?", "(B)"),
        ("All are small EXCEPT?", "(B)"),
    ],
)
def test_a_letter_that_is_wrong_is_no_answer_but_where_that_is_asked(question, said):
    prompt = prompt_of(LETTERS.options, LETTERS.inputs.replace("How many?", question))
    assert written_toys.option_said(prompt, "(B) is false.") == said


@pytest.mark.parametrize(
    "texts", [("True", "False"), ("all", "not enough"), ("Too early", "is not known")]
)
@pytest.mark.parametrize("form", ["(B) {}", "B. {}", "B) {}", "The answer is (B) {}.", "B: {}"])
def test_an_option_that_is_worded_as_a_denial_is_none(texts, form):
    prompt = prompt_of(("(A)", "(B)"), "So?\n\n(A) {}\n(B) {}".format(*texts))
    assert written_toys.option_said(prompt, form.format(texts[1])) == "(B)"


def test_a_long_text_of_letters_and_numbers_is_read_in_no_time():
    """No expression goes back over a text again and again: this would never end."""
    text = "(A) is " * 2000 + "(" + "7 on 6 / 5 " * 5000
    assert written_toys.option_said(LETTERS, text) == "(A)"
    assert answers.number_said("{answer}", text) == "5"
