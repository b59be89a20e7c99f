"""Made-up rows of the tasks of task_registry/closed_book_qa.py."""

from task_rows.layouts import Layouts, same

MOON = {"question": "Which one has gills?", "options": ["trout", "owl", "fox"], "label": 2}
LETTERED = {"text": ["trout", "owl", "fox"], "label": ["A", "B", "C"]}

LAYOUTS: dict[str, Layouts] = {
    "natural_questions": same(
        {"question": "who painted the barn?", "references": ["Hugo", "Hugo Ena"]},
        {"question": "who painted the barn", "answer": ["Hugo", "Hugo Ena", "Hugo"]},
    ),
    "arc_easy": Layouts(
        record=MOON,
        hub={"id": "7", "question": MOON["question"], "choices": LETTERED, "answerKey": "C"},
        tfds={
            "id": "7",
            "question": MOON["question"],
            "choices": {"text": LETTERED["text"], "label": [0, 1, 2]},
            "answerKey": 2,
        },
        folder={"question": MOON["question"], "choices": LETTERED, "answerKey": "C"},
    ),
    "arc_challenge": Layouts(
        record=MOON,
        hub={
            "id": "7",
            "question": MOON["question"],
            "choices": {"text": LETTERED["text"], "label": ["1", "2", "3"]},
            "answerKey": "3",
        },
        tfds={
            "id": "7",
            "question": MOON["question"],
            "choices": {"text": LETTERED["text"], "label": [0, 1, 2]},
            "answerKey": 2,
        },
        folder={"question": MOON["question"], "choices": LETTERED, "answerKey": "C"},
    ),
}
