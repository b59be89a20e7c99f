"""Made-up rows of the tasks of task_registry/summarization.py."""

from task_rows.layouts import Layouts, same

TOPICS = ["World", "Sports", "Business", "Sci/Tech"]

LAYOUTS: dict[str, Layouts] = {
    "aeslc": same(
        {"email": "Send the figures.", "references": ["June figures"]},
        {"email_body": "Send the figures.\n", "subject_line": "June figures"},
    ),
    "ag_news_subset": Layouts(
        record={"title": "Ivo's win", "description": "Up 5 percent to $9.", "label": 1},
        hub={"title": "Ivo #39;s win", "description": "Up 5\\percent to \\$9.", "label": 2},
        tfds={"title": "Ivo #39;s win", "description": "Up 5\\percent to \\$9.", "label": 1},
        folder={"title": "Ivo #39;s win", "description": "Up 5\\percent to \\$9.", "label": 1},
        manifest=("label", TOPICS),
    ),
    "samsum": same(
        {"dialogue": "Ada: tea? <file_gif>\nHugo: <3", "references": ["Hugo wants tea."]},
        {"id": "7", "dialogue": "Ada: tea? <file_gif>\r\nHugo: <3", "summary": "Hugo wants tea."},
    ),
}
