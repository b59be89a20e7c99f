"""Made-up rows of the tasks of task_registry/mmlu.py."""

from task_registry import mmlu
from task_rows.layouts import Layouts

QUESTION = "What is 2 + 3?"
LETTERS = ["A", "B", "C", "D"]
CALLED = {
    "high_school_european_history": "high school European history",
    "high_school_us_history": "high school US history",
    "miscellaneous": "general knowledge",
    "us_foreign_policy": "US foreign policy",
}


def _layouts(subject: str) -> Layouts:
    row = {"question": QUESTION, "subject": subject, "choices": ["4", "5", "6", "7"], "answer": 1}
    return Layouts(
        record={
            "subject": CALLED.get(subject, subject.replace("_", " ")),
            "question": QUESTION,
            "rationale": "",
            "options": ["4", "5", "6", "7"],
            "label": 1,
        },
        hub=row,
        folder={"question": QUESTION, "A": "4", "B": "5", "C": "6", "D": "7", "answer": "B"},
        names={"answer": LETTERS},
    )


LAYOUTS: dict[str, Layouts] = {f"mmlu_{subject}": _layouts(subject) for subject in mmlu.SUBJECTS}
