"""Linguistic acceptability: would a speaker say it?"""

from flanlike.tasks import task
from task_registry import columns

_COLA = task.Labels(names=("unacceptable", "acceptable"), words=("unacceptable", "acceptable"))


def cola() -> task.Task:
    """Corpus of Linguistic Acceptability, https://nyu-mll.github.io/CoLA

    {"sentence": "Jonas the bread sliced has.", "label": 0}
    """
    return task.Task(
        name="cola",
        cluster="linguistic_acceptability",
        fields=("sentence",),
        answers=_COLA,
        metrics=("accuracy",),
        templates="cola",
        microworld="cola",
        splits=columns.carved(200, test="validation"),
        preprocess=_cola,
        label_columns={"label": _COLA.names},
        unlabelled={"label": -1},
        hub=task.HubSource(
            repo="nyu-mll/glue",
            config="cola",
            columns={"sentence": "string", "label": "ClassLabel", "idx": "int32"},
        ),
        tfds=task.TfdsSource(name="glue/cola:2.0.0"),
        licence="none stated (published examples, fair use claimed by the authors)",
        homepage="https://nyu-mll.github.io/CoLA",
        flan_dataset="cola",
    )


TASKS = [cola]


def _cola(row: task.Row) -> task.Record:
    return {
        "sentence": columns.text(row, "sentence"),
        "label": columns.label(row, _COLA.names, "label"),
    }
