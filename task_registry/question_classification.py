"""Question classification: what kind of answer does a question want?"""

from flanlike.tasks import task
from task_registry import columns

_TREC = task.Labels(
    names=("ABBR", "ENTY", "DESC", "HUM", "LOC", "NUM"),
    words=("abbreviation", "entity", "description", "person", "location", "number"),
)
_COLUMNS = ("coarse_label", "label-coarse")  # the hub's name, TFDS's name


def trec() -> task.Task:
    """TREC question classes, https://cogcomp.seas.upenn.edu/Data/QA/QC

    The order of classes differs between the hub and TFDS: only names count.

    {"text": "Where is the harbour ?", "coarse_label": "LOC", "fine_label": "LOC:other"}
    """
    return task.Task(
        name="trec",
        cluster="question_classification",
        fields=("question",),
        answers=_TREC,
        metrics=("accuracy",),
        templates="trec",
        microworld="trec",
        splits=columns.carved(200, test="test"),
        preprocess=_trec,
        label_columns={"coarse_label": _TREC.names},
        hub=task.HubSource(
            repo="CogComp/trec",
            revision="refs/convert/parquet",
            data_dir="default",
            columns={"text": "string", "coarse_label": "ClassLabel", "fine_label": "ClassLabel"},
        ),
        tfds=task.TfdsSource(name="trec:1.0.0"),
        licence="none stated",
        homepage="https://cogcomp.seas.upenn.edu/Data/QA/QC",
        flan_dataset="trec",
    )


TASKS = [trec]


def _trec(row: task.Row) -> task.Record:
    return {
        "question": columns.prose(row, "text"),
        "label": columns.label(row, _TREC.names, *_COLUMNS),
    }
