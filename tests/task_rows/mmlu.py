"""Made-up rows of the tasks of task_registry/mmlu.py."""

from task_registry import mmlu
from task_rows.layouts import Layouts

QUESTION = "What is 2 + 3?"
LETTERS = ["A", "B", "C", "D"]


def _layouts(subject: str) -> Layouts:
    row = {"question": QUESTION, "subject": subject, "choices": ["4", "5", "6", "7"], "answer": 1}
    return Layouts(
        record={
            "subject": subject.replace("_", " "),
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
