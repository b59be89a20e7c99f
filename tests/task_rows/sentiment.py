"""Made-up rows of the tasks of task_registry/sentiment.py."""

from task_rows.layouts import Layouts, same

LAYOUTS: dict[str, Layouts] = {
    "sst2": same(
        {"sentence": "a warm tale", "label": 1},
        {"sentence": "a warm tale ", "label": 1},
        ["negative", "positive"],
        idx=4,
    ),
    "imdb_reviews": same(
        {"text": "Dull.\nI left.", "label": 0},
        {"text": "Dull.<br /><br />I left.", "label": 0},
        ["neg", "pos"],
    ),
}
