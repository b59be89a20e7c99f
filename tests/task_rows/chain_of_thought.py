"""Made-up rows of the tasks of task_registry/chain_of_thought.py."""

from task_rows.layouts import SUM, WORKED, Layouts, same

_QASC = {
    "id": "x",
    "question": "What can swim?",
    "answerKey": "B",
    "fact1": "fish can swim",
    "fact2": "An eel is a fish.",
    "combinedfact": "An eel can swim.",
    "formatted_question": "What can swim? (A) moth (B) eel (C) owl",
}
_IVO = {"start": 12, "end": 15, "string": "Ivo"}
_QED = {
    "example_id": 1,
    "title_text": "Ena",
    "url": "x",
    "question": "who is the mayor of ena",
    "paragraph_text": "Ena is old. Ivo is its mayor.",
    "sentence_starts": [0, 12],
    "original_nq_answers": [_IVO],
    "annotation": {
        "referential_equalities": [
            {
                "question_reference": {"start": 20, "end": 23, "string": "ena"},
                "sentence_reference": {"start": 19, "end": 22, "bridge": None, "string": "its"},
            }
        ],
        "answer": [
            {"sentence_reference": _IVO | {"bridge": None}, "paragraph_reference": _IVO},
        ],
        "explanation_type": "single_sentence",
        "selected_sentence": {"start": 12, "end": 29, "string": "Ivo is its mayor."},
    },
}

LAYOUTS: dict[str, Layouts] = {
    "cot_gsm8k": Layouts(
        record=SUM | {"rationale": "He has 600+600=1,200.", "references": ["1200"]},
        hub=WORKED,
        tfds=WORKED | {"annotation": "x", "short_answer": "x"},
        folder=SUM | {"rationale": "He has 600+600=1,200.", "answer": "1200"},
    ),
    "cot_ecqa": Layouts(
        record={
            "question": "Where do you sleep?",
            "rationale": "Beds are made for it.",
            "options": ["oven", "bed", "sea", "lamp", "cake"],
            "label": 1,
        },
        hub={
            "q_text": "Where do you sleep?",
            **{"q_op1": "oven", "q_op2": "bed", "q_op3": "sea", "q_op4": "lamp", "q_op5": "cake"},
            "q_ans": "bed",
            "taskB": "Beds are made for it.",
        },
        folder={
            "question": "Where do you sleep?\nOptions:\n- oven\n- bed\n- sea\n- lamp\n- cake",
            "answer": "bed",
            "rationale": "Beds are made for it.",
        },
    ),
    "cot_strategyqa": Layouts(
        record={"question": "Can trout drum?", "rationale": "They have no hands.", "label": 0},
        hub={"question": "Can trout drum?", "answer": False, "facts": "They have no hands."},
        folder={"question": "Can trout drum?", "answer": "no", "rationale": "They have no hands."},
    ),
    "cot_creak": Layouts(
        record={"claim": "Trout can climb.", "rationale": "Trout have no feet.", "label": 0},
        hub={
            "ex_id": "train_1",
            "sentence": "Trout can climb.",
            "explanation": "trout have no feet",
            "label": "false",
            "entity": "Trout",
            "en_wiki_pageid": "7",
            "entity_mention_loc": [[0, 5]],
        },
        folder={
            "question": 'Is the following statement true?\n"Trout can climb."',
            "answer": "no",
            "rationale": "Trout have no feet.",
        },
    ),
    "cot_qasc": Layouts(
        record={
            "question": "What can swim?",
            "rationale": "Fish can swim. An eel is a fish. An eel can swim.",
            "options": ["moth", "eel", "owl"],
            "label": 1,
        },
        hub=_QASC | {"choices": {"text": ["moth", "eel", "owl"], "label": ["A", "B", "C"]}},
        tfds=_QASC
        | {
            "choices": [
                {"text": "moth", "label": "A"},
                {"text": "eel", "label": "B"},
                {"text": "owl", "label": "C"},
            ]
        },
        folder={
            "question": "What can swim?\nOptions:\n- (A) moth\n- (B) eel\n- (C) owl",
            "answer": "(B)",
            "rationale": "Fish can swim. An eel is a fish. An eel can swim.",
        },
    ),
    "cot_esnli": same(
        {
            "premise": "A man eats a pear.",
            "hypothesis": "A man sleeps.",
            "rationale": "Who eats is awake.",
            "label": 2,
        },
        {
            "premise": "A man eats a pear.",
            "hypothesis": "A man sleeps.",
            "label": 2,
            "explanation_1": "who eats is awake",
            "explanation_2": "",
            "explanation_3": "",
        },
        ["entailment", "neutral", "contradiction"],
    ),
    "cot_sensemaking": Layouts(
        record={
            "sentence1": "I ate a pear.",
            "sentence2": 'I ate a "cart".',
            "rationale": "Carts are made of wood.",
            "label": 1,
        },
        folder={
            "question": "Pick which sentence is not logical.\nOptions:\n"
            '- Sentence A: "I ate a pear."\n- Sentence B: "I ate a "cart"."',
            "answer": "Sentence B",
            "rationale": "Carts are made of wood.",
        },
    ),
    "cot_aqua": Layouts(
        record={
            "question": "What is 2 + 3?",
            "rationale": "2 + 3 = 5",
            "options": ["4", "5", "6"],
            "label": 1,
        },
        hub={
            "question": "What is 2 + 3?",
            "options": ["A)4", "B)5", "C)6"],
            "rationale": "2 + 3 = 5\nAnswer: B",
            "correct": "B",
        },
        folder={
            "question": "What is 2 + 3?\nOptions:\n(A) 4\n(B) 5\n(C)  6",
            "answer": "(B)",
            "rationale": "2 + 3 = 5",
        },
    ),
    "cot_qed": Layouts(
        record={
            "passage": "Ena is old. Ivo is its mayor.",
            "question": "who is the mayor of ena",
            "rationale": 'The text says: "Ivo is its mayor." Here "its" means "ena".',
            "references": ["Ivo"],
        },
        hub=_QED,
        folder=_QED,
    ),
    "cos_e": same(
        {
            "question": "Where do you sleep?",
            "rationale": "Beds are made for it.",
            "options": ["oven", "bed", "sea"],
            "label": 1,
        },
        {
            "id": "x",
            "question": "Where do you sleep?",
            "choices": ["oven", "bed", "sea"],
            "answer": "bed",
            "abstractive_explanation": "beds are made for it",
            "extractive_explanation": "sleep",
        },
    ),
}
