"""Word sense: does a word mean the same in two sentences?"""

from flanlike.tasks import task
from task_registry import columns

_WIC = task.Labels(names=("False", "True"), words=("no", "yes"))


def wic() -> task.Task:
    """Words in Context, https://pilehvar.github.io/wic

    {"word": "bank", "sentence1": "They sat on the bank.", "sentence2": "The bank is closed.",
     "label": 0}
    """
    return task.Task(
        name="wic",
        cluster="word_sense",
        fields=("word", "sentence1", "sentence2"),
        answers=_WIC,
        metrics=("accuracy",),
        templates="wic",
        microworld="wic",
        splits=columns.carved(200, test="validation"),
        preprocess=_wic,
        label_columns={"label": _WIC.names},
        unlabelled={"label": -1},
        hub=task.HubSource(
            repo="aps/super_glue",
            config="wic",
            columns={
                **dict.fromkeys(("word", "sentence1", "sentence2"), "string"),
                **dict.fromkeys(("start1", "start2", "end1", "end2", "idx"), "int32"),
                "label": "ClassLabel",
            },
        ),
        tfds=task.TfdsSource(name="super_glue/wic:1.0.2"),
        licence="CC BY-NC 4.0",
        homepage="https://pilehvar.github.io/wic",
        flan_dataset="wic",
    )


TASKS = [wic]


def _wic(row: task.Row) -> task.Record:
    return {
        "word": columns.text(row, "word"),
        "sentence1": columns.prose(row, "sentence1"),
        "sentence2": columns.prose(row, "sentence2"),
        "label": columns.label(row, _WIC.names, "label"),
    }
