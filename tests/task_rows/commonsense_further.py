"""Made-up rows of the tasks of task_registry/commonsense_further.py."""

from task_rows.layouts import Layouts, same

PEAR = {
    "sentence": "Ada ate a ``pear''.",
    "question": "When did she eat it?",
    "answer": "at noon",
}

LAYOUTS: dict[str, Layouts] = {
    "commonsense_qa": Layouts(
        record={"question": "Where do you sleep?", "options": ["oven", "bed"], "label": 1},
        hub={
            "question": "Where do you sleep?",
            "question_concept": "sleep",
            "choices": {"label": ["A", "B", "C"], "text": ["oven", "bed", "oven"]},
            "answerKey": "B",
        },
        folder={
            "question": "Where do you sleep?",
            "choices": {"label": ["A", "B", "C"], "text": ["oven", "bed", "oven"]},
            "answerKey": "B",
        },
    ),
    "codah": Layouts(
        record={
            "context": "The duck saw the pond. It",
            "options": ["read.", "swam.", "sang.", "flew to the moon."],
            "label": 1,
        },
        hub={
            "id": 3,
            "question_category": 5,
            "question_propmt": "The duck saw the pond. It",
            "candidate_answers": ["read.", "swam.", "sang.", "flew to the moon."],
            "correct_answer_idx": 1,
        },
        folder={
            "question_category": "o",
            "question_prompt": "The duck saw the pond. It",
            "candidate_answers": ["read.", "swam.", "sang.", "flew to the moon."],
            "correct_answer_idx": 1,
        },
    ),
    "commonsense_qa_2": same(
        {"question": "Every duck has four legs.", "label": 0},
        {"question": "every duck has four legs ", "answer": "no"},
        id="a",
        confidence=0.9,
        relational_prompt="has",
        relational_prompt_used=True,
        topic_prompt="duck",
        topic_prompt_used=True,
    ),
    "creak": same(
        {"claim": "A trout can play the drum.", "label": 0},
        {"sentence": "A trout can play the drum.", "label": "false"},
        ex_id="train_1",
        explanation="A trout has no hands.",
        entity="Trout",
        en_wiki_pageid="12",
        entity_mention_loc=[[2, 7]],
    ),
    "mc_taco": Layouts(
        record={
            "sentence": 'Ada ate a "pear".',
            "question": "When did she eat it?",
            "candidate": "at noon",
            "label": 1,
            "group": 'Ada ate a "pear". When did she eat it?',
        },
        hub=PEAR | {"label": 1, "category": 3},
        tfds=PEAR | {"label": 1, "category": 4},
        folder=PEAR | {"label": 1, "category": "Typical Time"},
        manifest=("label", ["no", "yes"]),
    ),
    "sense_making": Layouts(
        record={
            "sentence1": "Ada ate a pear.",
            "sentence2": "Ada ate a house.",
            "label": 0,
        },
        folder={
            "Correct Statement": "Ada ate a pear",
            "Incorrect Statement": "Ada ate a house.",
            "Right Reason1": "A house is too big to eat",
        },
    ),
    "social_i_qa": same(
        {
            "context": "Ada lent Bela a hat.",
            "question": "How does Bela feel?",
            "options": ["angry", "thankful", "hungry"],
            "label": 1,
        },
        {
            "context": "Ada lent Bela a hat.",
            "question": "How does Bela feel?",
            "answerA": "angry",
            "answerB": "thankful",
            "answerC": "hungry",
            "label": "2",
        },
    ),
    "strategy_qa": same(
        {"question": "Can a trout play a drum?", "label": 0},
        {"question": "Can a trout play a drum?", "answer": False},
        qid="a",
        term="Trout",
        description="a fish",
        facts="Trout have no hands.",
    ),
}
