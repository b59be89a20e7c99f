"""Made-up rows of the tasks of task_registry/linguistic_acceptability.py."""

from task_rows.layouts import Layouts, same

LAYOUTS: dict[str, Layouts] = {
    "cola": same(
        {"sentence": "Jonas the bread has.", "label": 0},
        {"sentence": "Jonas the bread has.", "label": 0},
        ["unacceptable", "acceptable"],
        idx=4,
    ),
}
