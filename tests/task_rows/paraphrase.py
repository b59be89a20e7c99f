"""Made-up rows of the tasks of task_registry/paraphrase.py."""

from task_rows.layouts import SENTENCES, Layouts, same

LAYOUTS: dict[str, Layouts] = {
    "glue_mrpc": same(
        SENTENCES | {"label": 1}, SENTENCES | {"label": 1}, ["not_equivalent", "equivalent"], idx=4
    ),
    "stsb": same(SENTENCES | {"label": 3, "score": 2.5}, SENTENCES | {"label": 2.5}, idx=4),
}
