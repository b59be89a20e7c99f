"""Published defects that chain-of-thought sets and collections must not share.

Letters that stay in reasons and options while options change places; labels mixed up by their
order; accents lost and text misread; question marks doubled; metrics that give perfect answers
less than all.
"""

import json
import pathlib

import pytest
from registry_toys import REGISTRY, prompt_of

from eval import metrics
from flanlike.tasks import task
from task_registry import rationales

RECORDS = pathlib.Path(__file__).parents[1] / "golden" / "records"
NAMES = [
    *REGISTRY.clusters["chain_of_thought"],
    *REGISTRY.clusters["instruction_collections"],
]


def prompts(name, record):
    return [
        prompt_of(name, template, record, seed=1) for template in REGISTRY.templates(name).templates
    ]


@pytest.mark.parametrize(
    "row",
    [
        {
            "question": "What is 2 + 3?\nOptions:\n(A) A) 4\n(B) b) 5\n(C) 6",
            "answer": "(B)",
            "rationale": "2 + 3 = 5\nSo the correct answer is (B).",
        },
        {
            "question": "What is 2 + 3?",
            "options": ["A)4", "B) 5", "C)6"],
            "correct": "B",
            "rationale": "2 + 3 = 5\nANSWER:B",
        },
    ],
)
def test_no_letter_is_left_where_options_change_places(row):
    record = rationales.aqua(row)
    assert record["options"] == ["4", "5", "6"] and record["label"] == 1
    assert record["rationale"] == "2 + 3 = 5"


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("x = 4. Answer: D.", "x = 4."),
        ("x = 4\nD", "x = 4"),
        ("x = 4\nD is the answer", "x = 4"),
        ("x = 4\nOption C)", "x = 4"),
        ("Each side is 4. So choice E is correct.", "Each side is 4."),
        ("The train from A meets B", "The train from A meets B"),
        ("Angle C = angle A", "Angle C = angle A"),
        ("Vitamin E", "Vitamin E"),
        ("The answer is 5", "The answer is 5"),
        ("Answer: B", "Answer: B"),
    ],
)
def test_only_a_letter_that_stands_for_an_option_is_taken_off_the_end(reason, expected):
    assert rationales.without_last_letter(reason) == expected


def test_options_with_letters_of_their_own_keep_them():
    row = {
        "question": "What made him ill?\nOptions:\n- (A) vitamin A\n- (E) E. coli",
        "answer": "(E)",
        "rationale": "E. coli makes people ill.",
    }
    assert rationales.qasc(row)["options"] == ["vitamin A", "E. coli"]


def test_labels_go_by_name_whatever_their_order():
    pair = {"premise": "It rains.", "hypothesis": "It is wet.", "explanation_1": "rain is wet"}
    for name in ("neutral", "contradiction", "entailment"):
        label = rationales.esnli(pair | {"label": name})["label"]
        assert rationales.ESNLI.names[label] == name
    for answer, name in {"no": "false", "yes": "true"}.items():
        row = {"question": 'True?\n"It is wet."', "answer": answer, "rationale": "Rain is wet."}
        assert rationales.CREAK.names[rationales.creak(row)["label"]] == name
        row = {"sentence": "It is wet.", "label": name, "explanation": "Rain is wet."}
        assert rationales.CREAK.names[rationales.creak(row)["label"]] == name


def test_accents_and_signs_come_through_and_misread_ones_are_mended():
    row = {
        "question": "What is 2 Ã— 3 at the Café?\nOptions:\n(A) 6 €\n(B) âˆš4",
        "answer": "(A)",
        "rationale": "2 Ã— 3 â€“ 0 = 6 × 1",
    }
    record = rationales.aqua(row)
    assert record["question"] == "What is 2 × 3 at the Café?"
    assert record["options"] == ["6 €", "√4"]
    assert record["rationale"] == "2 × 3 – 0 = 6 × 1"
    claim = {"sentence": "Pāṇini was a baker.", "label": "false", "explanation": "é is kept"}
    assert rationales.creak(claim)["claim"] == "Pāṇini was a baker."


def test_quotes_within_a_sentence_stay():
    row = {"question": 'Is it so?\n"He said "moo" to me."', "answer": "no", "rationale": "No cow."}
    assert rationales.creak(row)["claim"] == 'He said "moo" to me.'


def test_a_row_without_an_explanation_says_so():
    annotation = {"explanation_type": "none", "selected_sentence": {"string": ""}}
    with pytest.raises(ValueError, match="of type 'none' and selects no sentence"):
        rationales.qed({"annotation": annotation})


def test_words_that_are_the_same_in_text_and_question_are_not_explained():
    same = {"question_reference": {"string": "ena"}, "sentence_reference": {"string": "Ena"}}
    gone = {"question_reference": {"string": "ena"}, "sentence_reference": {"string": ""}}
    assert rationales.located("Ena is old.", [same, gone]) == 'The text says: "Ena is old."'


@pytest.mark.parametrize("name", NAMES)
def test_no_template_doubles_a_question_mark_or_a_full_stop(name):
    record = json.loads((RECORDS / f"{name}.json").read_text("utf-8"))
    for prompt in prompts(name, record):
        for text in (prompt.inputs, prompt.targets):
            assert not any(twice in text for twice in ("??", "..", ".?", "?.", " ,", "  "))


@pytest.mark.parametrize("name", NAMES)
def test_a_perfect_answer_has_the_full_score(name):
    built = REGISTRY.task(name)
    record = json.loads((RECORDS / f"{name}.json").read_text("utf-8"))
    if isinstance(built.answers, task.FreeText):
        references = tuple(record["references"])
        answered = metrics.Answered(predicted_texts=references[-1:], references=(references,))
    else:
        answered = metrics.Answered(predicted=(record["label"],), gold=(record["label"],))
    for metric in built.metrics:
        assert metrics.compute(metric, answered) == pytest.approx(1.0)
