"""Made-up rows of the tasks of task_registry/summarization.py."""

from task_rows.layouts import Layouts, same

LAYOUTS: dict[str, Layouts] = {
    "aeslc": same(
        {"email": "Send the figures.", "references": ["June figures"]},
        {"email_body": "Send the figures.\n", "subject_line": "June figures"},
    ),
    "samsum": same(
        {"dialogue": "Ada: tea? <file_gif>\nHugo: <3", "references": ["Hugo wants tea."]},
        {"id": "7", "dialogue": "Ada: tea? <file_gif>\r\nHugo: <3", "summary": "Hugo wants tea."},
    ),
}
