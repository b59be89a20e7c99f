"""Commonsense, the sets of FLAN: what everyone knows about causes, uses and events."""

from flanlike import task
from task_registry import rows

_COPA = ("choice1", "choice2")


def copa() -> task.Task:
    """Choice of Plausible Alternatives, https://people.ict.usc.edu/~gordon/copa.html

    {"premise": "The lamp fell.", "choice1": "It broke.", "choice2": "It sang.",
     "question": "effect", "label": 0}
    """
    return task.Task(
        name="copa",
        cluster="commonsense",
        fields=("premise", "relation"),
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="copa",
        microworld="copa",
        splits=rows.carved(50, test="validation"),
        preprocess=_copa,
        label_columns={"label": _COPA},
        unlabelled={"label": -1},
        hub=task.HubSource(repo="aps/super_glue", config="copa"),
        tfds=task.TfdsSource(name="super_glue/copa:1.0.2"),
        licence="BSD-2-Clause",
        homepage="https://people.ict.usc.edu/~gordon/copa.html",
    )


TASKS = [copa]


def _copa(row: task.Row) -> task.Record:
    relation = rows.text(row, "question")
    if relation not in ("cause", "effect"):
        raise ValueError(f"column 'question' is {relation!r}; expected 'cause' or 'effect'")
    fields = {"premise": rows.text(row, "premise"), "relation": relation}
    options = [rows.text(row, column) for column in _COPA]
    return rows.choice(fields, options, rows.label(row, _COPA, "label"))
