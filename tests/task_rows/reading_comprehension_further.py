"""Made-up rows of the tasks of task_registry/reading_comprehension_further.py."""

from task_rows.layouts import Layouts, same

DUCKS = {"context": "Ducks eat snails.", "question": "What has a duck for lunch?"}
SPANS = {"text": ["snails", "snails"], "answer_start": [10, 10]}
CASE = {
    "background": "Salt makes ice melt sooner.",
    "situation": "Ada salted her path, Ben did not.",
    "question": "Whose path has ice for longer?",
}
FINNISH = {"title": "Ankka", "context": "Ankka syö etanoita.", "question": "Mitä ankka syö?"}
SCIENCE = {"question": "What do ducks eat?"}
OFFERED = {
    "correct_answer": "snails",
    "distractor1": "stones",
    "distractor2": "hay",
    "distractor3": "tin",
}

LAYOUTS: dict[str, Layouts] = {
    "adversarial_qa": Layouts(
        record=DUCKS | {"title": "Port Ena", "references": ["snails"]},
        hub=DUCKS
        | {
            "id": "7",
            "title": "Port_Ena",
            "answers": SPANS,
            "metadata": {"split": "train", "model_in_the_loop": "BERT-Large"},
        },
        folder=DUCKS | {"title": "Port_Ena", "answers": SPANS},
    ),
    "ropes": Layouts(
        record=CASE | {"references": ["Ben"]},
        hub=CASE | {"id": "7", "answers": {"text": ["Ben"]}},
        folder=CASE | {"answers": {"text": ["Ben"]}},
    ),
    "quoref": Layouts(
        record=DUCKS | {"title": "Ducks", "references": ["snails, hay"]},
        hub=DUCKS
        | {
            "id": "7",
            "title": "Ducks",
            "url": "https://en.wikipedia.org/wiki/Duck",
            "answers": {"text": ["snails", "hay ", "snails"], "answer_start": [10, 20, 30]},
        },
        folder=DUCKS
        | {
            "title": "Ducks",
            "answers": [
                {"text": "snails", "answer_start": 10},
                {"text": "hay", "answer_start": 20},
            ],
        },
    ),
    "duorc": Layouts(
        record={
            "title": "The Vault",
            "context": "Ada robs a bank.",
            "question": "Who is Ben?",
            "references": ["unanswerable"],
        },
        hub={
            "plot_id": "/m/7",
            "plot": "Ada robs a bank.",
            "title": "The Vault",
            "question_id": "q1",
            "question": "Who is Ben?",
            "answers": [],
            "no_answer": True,
        },
        folder={
            "plot": "Ada robs a bank.",
            "title": "The Vault",
            "question": "Who is Ben?",
            "answers": [],
        },
    ),
    "tydiqa": same(
        FINNISH | {"references": ["etanoita"]},
        FINNISH | {"id": "finnish-7-0", "answers": {"text": ["etanoita"], "answer_start": [10]}},
    ),
    "sciq": Layouts(
        record=SCIENCE | {"passage": "", "options": ["snails", "stones", "hay", "tin"], "label": 0},
        hub=SCIENCE | OFFERED | {"support": ""},
        folder=SCIENCE | OFFERED | {"support": " "},
    ),
}
