"""Defects of the published FLAN data pipeline that our question-answering tasks do not repeat.

CoQA, QuAC: an exact answer scored 0, being compared with the letters of a string. ReCoRD: scoring a
generated answer was a TypeError. Natural Questions: a second question mark. MultiRC: the number of
the answer was that of the question, and a baseline's targets were never what was scored. Besides,
what each of these tasks does with its odd rows.
"""

import pytest
from registry_toys import REGISTRY, prompt_of

from eval import answers, metrics
from flanlike.sources import opening

FREE_TEXT = (
    *("squad_v1", "squad_v2", "drop", "coqa", "quac"),
    *("natural_questions", "trivia_qa", "web_questions"),
)
CHOICES = ("record", "mctest", "race_middle", "dream", "cosmos_qa")
ASKING = (*FREE_TEXT, "bool_q", "multirc", "mctest", "race_middle", "dream", "cosmos_qa")
TURNS = [("Who sang?", "Ada Ode"), ("Where", "in Tarn"), ("When?", "on Monday")]
TALK = {
    "source": "cnn",
    "questions": [question for question, _ in TURNS],
    "answers": {
        "input_text": [answer for _, answer in TURNS],
        "answer_start": [0, 0, 0],
        "answer_end": [1, 1, 1],
    },
}
HUB_QUAC = {
    "dialogue_id": "7",
    "wikipedia_page_title": "Ada Ode",
    "section_title": "Youth",
    "background": "",
    "questions": TALK["questions"],
    "answers": {
        "texts": [["Ada Ode"], ["in Tarn", "Tarn"], ["CANNOTANSWER"]],
        "answer_starts": [[0], [0, 3], [20]],
    },
    "orig_answers": {
        "texts": ["Ada Ode", "Tarn", "CANNOTANSWER"],
        "answer_starts": [0, 3, 20],
    },
}


def preprocessed(name, row):
    return REGISTRY.task(name).preprocess(row)


def embedded(name, count=8):
    records = opening.open_rows(REGISTRY.task(name), "embedded", "test")
    return [records[index] for index in range(count)]


@pytest.mark.parametrize("name", FREE_TEXT)
def test_the_target_of_a_record_scores_one(name):
    records = embedded(name)
    texts = [record["references"][0] for record in records]
    answered = answers.from_texts(records, texts)
    for metric in REGISTRY.task(name).metrics:
        assert metrics.compute(metric, answered) == 1.0


def test_coqa_and_quac_are_compared_with_whole_answers():
    record = preprocessed("coqa", TALK | {"story": "Ada Ode sang in Tarn."})
    assert record["references"] in [[answer] for _, answer in TURNS]
    answered = answers.from_texts([record], record["references"])
    assert metrics.compute("squad_em", answered) == 1.0
    letter = answers.from_texts([record], [record["references"][0][0]])
    assert metrics.compute("squad_em", letter) == 0.0


@pytest.mark.parametrize("name", CHOICES)
def test_the_text_of_the_right_option_scores_one(name):
    for record in embedded(name):
        for template in REGISTRY.templates(name).forward:
            prompt = prompt_of(name, template, record)
            said = answers.label_said(prompt, prompt.targets)
            answered = answers.from_labels(REGISTRY.task(name), [record], [said])
            assert metrics.compute("accuracy", answered) == 1.0


def test_record_keeps_one_name_of_what_is_right_and_every_wrong_one_once():
    row = {
        "passage": "The Owls lost in Kasel.\n@highlight\nOwls beaten",
        "query": "Fans of @placeholder wept.",
        "entities": ["Kasel", "Owls", "owls", "The Owls", "Kasel", "Tarn"],
        "answers": ["Owls", "The Owls"],
        "idx": {"passage": 1, "query": 1},
    }
    assert preprocessed("record", row) == {
        "passage": "The Owls lost in Kasel.\nOwls beaten",
        "query": "Fans of @placeholder wept.",
        "options": ["Kasel", "Owls", "Tarn"],
        "label": 1,
    }
    with pytest.raises(ValueError, match="answer 'Ena' is not among the entities"):
        preprocessed("record", row | {"answers": ["Ena"]})


@pytest.mark.parametrize("name", ASKING)
@pytest.mark.parametrize("question", ["who sang in Tarn", "who sang in Tarn?"])
def test_no_question_ends_in_two_question_marks(name, question):
    task, template_set = REGISTRY.task(name), REGISTRY.templates(name)
    record = embedded(name, 1)[0] | {"question": question}
    for template in template_set.templates:
        prompt = prompt_of(task.name, template, record)
        assert "??" not in prompt.inputs + "\n" + prompt.targets, template.id


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("natural_questions", {"answer": ["Ada"]}),
        ("web_questions", {"answers": ["Ada"]}),
        ("trivia_qa", {"answer": {"value": "Ada", "aliases": []}}),
        ("bool_q", {"passage": "Ada sang.", "answer": False}),
    ],
)
@pytest.mark.parametrize("question", ["who sang", "who sang?", "who sang ??"])
def test_a_typed_question_gets_exactly_one_question_mark(name, row, question):
    assert preprocessed(name, row | {"question": question})["question"] == "who sang?"


def test_multirc_groups_by_question_and_keeps_the_candidates_apart():
    row = {"paragraph": "Ivo ate a pie.", "question": "What did Ivo eat?", "label": "False"}
    pie, cake = (
        preprocessed("multirc", row | {"answer": text, "idx": {"paragraph": 3, "question": 5} | n})
        for text, n in (("a pie", {"answer": 8}), ("a cake", {"answer": 9}))
    )
    assert pie["group"] == cake["group"] == "3/5"
    assert (pie["candidate"], cake["candidate"]) == ("a pie", "a cake")
    other = {"paragraph": 3, "question": 8, "answer": 8}
    assert preprocessed("multirc", row | {"answer": "a pie", "idx": other})["group"] == "3/8"


@pytest.mark.parametrize("style", ["instructions", "options-only", "task-name", "inputs-only"])
def test_what_multirc_trains_on_is_what_is_scored(style):
    for record in embedded("multirc"):
        for template in REGISTRY.templates("multirc").forward:
            prompt = prompt_of("multirc", template, record, style=style)
            assert template.target == "{answer}" and prompt.targets in prompt.options
            assert prompt.label_of_option[prompt.options.index(prompt.targets)] == record["label"]
            assert answers.label_said(prompt, prompt.targets) == record["label"]


def test_a_conversation_asks_for_one_turn_after_those_before_it():
    seen = {}
    for number in range(40):
        record = preprocessed("coqa", TALK | {"story": f"Story {number}."})
        assert record == preprocessed("coqa", TALK | {"story": f"Story {number}."})
        seen[record["question"]] = (record["dialogue"], record["references"])
    assert seen == {
        "Who sang?": ("(no earlier turns)", ["Ada Ode"]),
        "Where?": ("Q: Who sang?\nA: Ada Ode", ["in Tarn"]),
        "When?": ("Q: Who sang?\nA: Ada Ode\nQ: Where?\nA: in Tarn", ["on Monday"]),
    }


def test_a_conversation_leaves_out_turns_without_words():
    row = TALK | {"story": "x", "questions": ["", "Where?", "When?"]}
    row["answers"] = TALK["answers"] | {"input_text": ["Ada Ode", "in Tarn", " "]}
    record = preprocessed("coqa", row)
    assert (record["dialogue"], record["question"]) == ("(no earlier turns)", "Where?")
    with pytest.raises(ValueError, match="at least one question with its answer"):
        preprocessed("coqa", row | {"questions": ["", "", ""]})


def test_a_dialogue_of_quac_asks_for_one_turn_too():
    seen = {}
    for number in range(40):
        row = HUB_QUAC | {"context": f"Ada Ode sang in Tarn {number}. CANNOTANSWER"}
        record = preprocessed("quac", row)
        assert record["context"] == f"Ada Ode sang in Tarn {number}."
        assert record["title"] == "Ada Ode, Youth"
        seen[record["question"]] = (record["dialogue"], record["references"])
    assert seen == {
        "Who sang?": ("(no earlier turns)", ["Ada Ode"]),
        "Where?": ("Q: Who sang?\nA: Ada Ode", ["Tarn", "in Tarn"]),
        "When?": ("Q: Who sang?\nA: Ada Ode\nQ: Where?\nA: Tarn", ["unanswerable"]),
    }


def test_a_text_of_race_asks_one_of_its_questions():
    seen = set()
    for number in range(40):
        row = {
            "article": f"Text {number}.",
            "questions": ["Who?", "Where?"],
            "answers": ["A", "D"],
            "options": [["a", "b", "c", "d"], ["e", "f", "g", "h"]],
        }
        record = preprocessed("race_middle", row)
        seen.add((record["question"], record["options"][record["label"]]))
    assert seen == {("Who?", "a"), ("Where?", "h")}
    broken = row | {"options": [["<<>>"] * 4, ["e", "f", "g", "h"]]}
    assert preprocessed("race_middle", broken)["question"] == "Where?"
    with pytest.raises(ValueError, match="expected a question with different options"):
        preprocessed("race_middle", row | {"options": [["<<>>"] * 4] * 2})


def test_hidden_and_broken_answers_are_said_to_be_so():
    assert REGISTRY.task("record").unlabelled == {"answers": []}
    assert REGISTRY.task("race_middle").unlabelled == {"options": ["<<>>"] * 4}
    hidden = {"question": "who sang?", "answer": {"value": "<unk>", "aliases": []}}
    with pytest.raises(ValueError, match="'<unk>' hides the answer of a test question"):
        preprocessed("trivia_qa", hidden)
    unknown = {"dialogue": ["M: No."], "question": "Who?", "choice": ["a", "b"], "answer": "c"}
    with pytest.raises(ValueError, match="unknown label 'c' in the answer"):
        preprocessed("dream", unknown)


def test_quac_keeps_how_many_people_gave_an_answer():
    row = {
        "title": "Ada Ode",
        "section_title": "Youth",
        "background": "Ada Ode sang.",
        "context": "She lived in Tarn. CANNOTANSWER",
        "question": "Where did she live?",
        "orig_answer": {"text": "in Tarn"},
        "answers": {"text": ["CANNOTANSWER", "in Tarn", "CANNOTANSWER", "CANNOTANSWER"]},
    }
    record = REGISTRY.task("quac").preprocess(row)
    assert record["references"] == ["in Tarn", "unanswerable", "unanswerable", "unanswerable"]
    right, outvoted = (answers.from_texts([record], [t]) for t in ("unanswerable", "in Tarn"))
    assert metrics.compute("quac_f1", right) == 1.0
    assert metrics.compute("quac_f1", outvoted) == 0.0
