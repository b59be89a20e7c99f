"""Made-up rows of the tasks of task_registry/word_sense.py."""

from task_rows.layouts import SENTENCES, Layouts, same

LAYOUTS: dict[str, Layouts] = {
    "wic": same(
        SENTENCES | {"word": "sell", "label": 1},
        SENTENCES | {"word": "sell", "label": 1},
        ["False", "True"],
        **{"start1": 0, "end1": 0, "start2": 0, "end2": 0, "idx": 0},
    ),
}
