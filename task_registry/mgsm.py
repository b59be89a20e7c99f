"""MGSM (Shi et al., 2022): 250 of GSM8K's test questions in eleven languages, a task each.

Only evaluated. The eight exemplars of a language are its `train` rows in their order; here they say
the number alone, not how it was found.
"""

import functools
from collections.abc import Callable

from flanlike.tasks import task
from task_registry import columns

# The language, and the word that stands before an exemplar's question but before no test row's.
LANGUAGES = {
    "bn": ("Bengali", "প্রশ্ন"),
    "de": ("German", "Frage"),
    "en": ("English", "Question"),
    "es": ("Spanish", "Pregunta"),
    "fr": ("French", "Question"),
    "ja": ("Japanese", "問題"),
    "ru": ("Russian", "Задача"),
    "sw": ("Swahili", "Swali"),
    "te": ("Telugu", "ప్రశ్న"),
    "th": ("Thai", "โจทย์"),
    "zh": ("Chinese", "问题"),
}
_COLUMNS = {
    "question": "string",
    "answer": "string",
    "answer_number": "int32",
    "equation_solution": "string",
}


def _language(code: str) -> task.Task:
    """MGSM in one language, https://github.com/google-research/url-nlp

    {"question": "Leo hat 2 Pflaumen. Wie viele sind das?", "answer": null, "answer_number": 2,
     "equation_solution": null}                                                 a test row
    {"question": "Frage: Leo hat 2 Pflaumen und isst 1. Wie viele hat er noch?",
     "answer": "Schritt-für-Schritt-Antwort: 2 - 1 = 1. Die Antwort ist 1.",
     "answer_number": 1, "equation_solution": "2 - 1 = 1."}                     an exemplar
    """
    return task.Task(
        name=f"mgsm_{code}",
        cluster="math",
        fields=("question", "language"),
        answers=task.FreeText(),
        metrics=("number_match",),
        templates="mgsm",
        microworld=f"mgsm:{code}",
        splits={task.EXEMPLARS: "train", "test": "test"},
        preprocess=functools.partial(_record, code),
        hub=task.HubSource(repo="juletxara/mgsm", config=code, columns=_COLUMNS),
        licence="CC BY-SA 4.0 (the hub's card, from memory)",
        homepage="https://github.com/google-research/url-nlp",
    )


def _builder(code: str) -> Callable[[], task.Task]:
    """Returns the builder of a language's task; it has the task's name, and pickles."""
    builder = functools.partial(_language, code)
    builder.__name__, builder.__doc__ = f"mgsm_{code}", _language.__doc__
    return builder


TASKS = [_builder(code) for code in LANGUAGES]


def _record(code: str, row: task.Row) -> task.Record:
    """Before: {"question": "Frage: Wie viele?", "answer_number": 2}. After: "Wie viele?", "2"."""
    language, word = LANGUAGES[code]
    question = columns.text(row, "question")
    mark, colon, rest = question.replace("：", ":", 1).partition(":")
    if colon and mark.strip() == word:
        question = rest.strip()
    return {
        "question": question,
        "language": language,
        "references": [str(columns.value(row, "answer_number"))],
    }
