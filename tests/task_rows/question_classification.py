"""Made-up rows of the tasks of task_registry/question_classification.py."""

from task_rows.layouts import Layouts

LAYOUTS: dict[str, Layouts] = {
    "trec": Layouts(
        record={"question": "Where is the harbour?", "label": 4},
        hub={"text": "Where is the harbour ?", "coarse_label": 4},
        tfds={"text": "Where is the harbour ?", "label-coarse": 5, "label-fine": 0},
        folder={"text": "Where is the harbour ?", "coarse_label": "LOC"},
        names={"coarse_label": ["ABBR", "ENTY", "DESC", "HUM", "LOC", "NUM"]},
    ),
}
