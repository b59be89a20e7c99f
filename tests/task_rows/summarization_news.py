"""Made-up rows of the tasks of task_registry/summarization_news.py."""

from task_rows.layouts import Layouts

TOPICS = ["World", "Sports", "Business", "Sci/Tech"]

LAYOUTS: dict[str, Layouts] = {
    "ag_news_subset": Layouts(
        record={"title": "Ivo's win", "description": "Up 5 percent to $9.", "label": 1},
        hub={"title": "Ivo #39;s win", "description": "Up 5\\percent to \\$9.", "label": 2},
        tfds={"title": "Ivo #39;s win", "description": "Up 5\\percent to \\$9.", "label": 1},
        folder={"title": "Ivo #39;s win", "description": "Up 5\\percent to \\$9.", "label": 1},
        manifest=("label", TOPICS),
    ),
}
