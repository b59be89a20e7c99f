"""Made-up rows of the tasks of task_registry/topic_classification.py."""

from task_registry import topic_classification
from task_rows.layouts import Layouts

NAMES = list(topic_classification.dbpedia_14().answers.names)
ROW = {"title": "Duck", "content": " The duck is a bird that swims.", "label": 9}

LAYOUTS: dict[str, Layouts] = {
    "dbpedia_14": Layouts(
        record={"title": "Duck", "content": "The duck is a bird that swims.", "label": 9},
        hub=ROW,
        folder=ROW | {"label": "Animal"},
        names={"label": NAMES},
    ),
}
