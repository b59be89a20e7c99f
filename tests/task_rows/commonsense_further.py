"""Made-up rows of the tasks of task_registry/commonsense_further.py."""

from task_rows.layouts import Layouts

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
}
