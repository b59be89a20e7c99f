"""Reading comprehension that wants more than the text says."""

from flanlike import task
from task_registry import rows

_CHOICES = ("answer0", "answer1", "answer2", "answer3")
_LABELS = ("0", "1", "2", "3")


def cosmos_qa() -> task.Task:
    """CosmosQA, https://wilburone.github.io/cosmos

    {"context": "Greta packed her bag.", "question": "Why?", "answer0": "To travel .",
     "answer1": "To cook .", "answer2": "To sleep .", "answer3": "None of these .", "label": 0}
    """
    return task.Task(
        name="cosmos_qa",
        cluster="reading_comprehension_with_commonsense",
        fields=("context", "question"),
        answers=task.Choices(),
        metrics=("accuracy",),
        templates="cosmos_qa",
        microworld="cosmos_qa",
        splits=rows.carved(200, test="validation"),
        preprocess=_cosmos_qa,
        label_columns={"label": _LABELS},
        unlabelled={"label": -1},
        hub=task.HubSource(
            repo="allenai/cosmos_qa", revision="refs/convert/parquet", data_dir="default"
        ),
        tfds=task.TfdsSource(name="cosmos_qa:1.0.0"),
        licence="CC BY 4.0",
        homepage="https://wilburone.github.io/cosmos",
    )


TASKS = [cosmos_qa]


def _cosmos_qa(row: task.Row) -> task.Record:
    fields = {"context": rows.text(row, "context"), "question": rows.text(row, "question")}
    aliases = dict(zip(_CHOICES, _LABELS, strict=True))
    options = [rows.text(row, column) for column in _CHOICES]
    return rows.choice(fields, options, rows.label(row, _LABELS, "label", **aliases))
