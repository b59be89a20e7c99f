"""Made-up rows of the tasks of task_registry/mgsm.py; the folder's is as an exemplar is."""

from task_registry import mgsm
from task_rows.layouts import Layouts

SUM = "Leo: 2 plums. How many?"


def _layouts(language: str, word: str) -> Layouts:
    return Layouts(
        record={"question": SUM, "language": language, "references": ["2"]},
        hub={"question": SUM, "answer": None, "answer_number": 2, "equation_solution": None},
        folder={
            "question": f"{word}{'：' if language == 'Chinese' else ':'} {SUM}",
            "answer": "There are 2. The answer is 2.",
            "answer_number": 2,
        },
    )


LAYOUTS: dict[str, Layouts] = {
    f"mgsm_{code}": _layouts(language, word) for code, (language, word) in mgsm.LANGUAGES.items()
}
