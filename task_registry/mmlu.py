"""MMLU (Hendrycks et al., 2021): examination questions of 57 subjects, a task each.

Never trained on. The five exemplars of a subject are its `dev` rows in their order; options keep
their order and go by letter.
"""

import functools
import re
from collections.abc import Callable

from flanlike.tasks import task
from task_registry import columns, exemplar_prompts

SUBJECTS = (
    "abstract_algebra", "anatomy", "astronomy", "business_ethics", "clinical_knowledge",
    "college_biology", "college_chemistry", "college_computer_science", "college_mathematics",
    "college_medicine", "college_physics", "computer_security", "conceptual_physics",
    "econometrics", "electrical_engineering", "elementary_mathematics", "formal_logic",
    "global_facts", "high_school_biology", "high_school_chemistry",
    "high_school_computer_science", "high_school_european_history", "high_school_geography",
    "high_school_government_and_politics", "high_school_macroeconomics",
    "high_school_mathematics", "high_school_microeconomics", "high_school_physics",
    "high_school_psychology", "high_school_statistics", "high_school_us_history",
    "high_school_world_history", "human_aging", "human_sexuality", "international_law",
    "jurisprudence", "logical_fallacies", "machine_learning", "management", "marketing",
    "medical_genetics", "miscellaneous", "moral_disputes", "moral_scenarios", "nutrition",
    "philosophy", "prehistory", "professional_accounting", "professional_law",
    "professional_medicine", "professional_psychology", "public_relations", "security_studies",
    "sociology", "us_foreign_policy", "virology", "world_religions",
)  # fmt: skip

# What a subject is called in a prompt, where that is not its name with blanks.
_CALLED = {
    "high_school_european_history": "high school European history",
    "high_school_us_history": "high school US history",
    "miscellaneous": "general knowledge",
    "us_foreign_policy": "US foreign policy",
}
_LETTERS = ("A", "B", "C", "D")
_LETTER = re.compile(r"\s*\(([A-D])\)\s+")
_COLUMNS = {
    "question": "string",
    "subject": "string",
    "choices": ["string"],
    "answer": "ClassLabel",
}


def _subject(subject: str) -> task.Task:
    """One subject of MMLU, https://github.com/hendrycks/test

    {"question": "What is 2 + 3?", "subject": "elementary_mathematics",
     "choices": ["4", "5", "6", "7"], "answer": 1}                              the hub
    {"question": "What is 2 + 3?", "A": "4", "B": "5", "C": "6", "D": "7",
     "answer": "B"}                                                             a folder, too
    """
    return task.Task(
        name=f"mmlu_{subject}",
        cluster="mmlu",
        fields=("subject", "question", "rationale"),
        optional=("rationale",),
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="mmlu",
        microworld=f"mmlu:{subject}",
        splits={task.EXEMPLARS: "dev", "validation": "validation", "test": "test"},
        preprocess=functools.partial(_record, _CALLED.get(subject, subject.replace("_", " "))),
        label_columns={"answer": _LETTERS},
        unusable=_has_one_option,
        hub=task.HubSource(repo="cais/mmlu", config=subject, columns=_COLUMNS),
        licence="MIT",
        homepage="https://github.com/hendrycks/test",
        option_style="exam",
        keeps_order=True,
        read_exemplars=_exemplars,
        exemplars_from=f"the text at {subject!r} in mmlu-cot.json (github.com/jasonwei20/flan-2)",
    )


def _builder(subject: str) -> Callable[[], task.Task]:
    """Returns the builder of a subject's task; it has the task's name, and pickles."""
    builder = functools.partial(_subject, subject)
    builder.__name__, builder.__doc__ = f"mmlu_{subject}", _subject.__doc__
    return builder


TASKS = [_builder(subject) for subject in SUBJECTS]


def _options(row: task.Row) -> list[str]:
    if "choices" in row:
        return [str(option).strip() for option in row["choices"]]
    return [str(row[letter]).strip() for letter in _LETTERS]


def _record(subject: str, row: task.Row) -> task.Record:
    fields = {
        "subject": subject,
        "question": columns.text(row, "question", "input", exact=True),
        "rationale": row.get("rationale", "").strip(),
    }
    return columns.choice(fields, _options(row), columns.label(row, _LETTERS, "answer", "target"))


def _has_one_option(row: task.Row) -> bool:
    """Returns whether there is nothing to choose from: an option is empty, or all are the same."""
    options = _options(row)
    return "" in options or len({option.removesuffix(".") for option in options}) < 2


def _exemplars(text: str) -> list[task.Row]:
    """Returns the rows of a subject's prompt, whose options follow the question in one line."""
    rows = []
    for question, reason, answer in exemplar_prompts.read(text):
        asked, *listed = _LETTER.split(question)
        letters, options = tuple(listed[0::2]), listed[1::2]
        if letters != _LETTERS or answer.strip("()") not in _LETTERS:
            raise ValueError(
                f"the exemplar {question[:60]!r} has the options {letters!r} and the answer "
                f"{answer!r}; expected (A) to (D), and one of these"
            )
        answer = answer.strip("()")
        rows.append({"question": asked, "choices": options, "answer": answer, "rationale": reason})
    return rows
