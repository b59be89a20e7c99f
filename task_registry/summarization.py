"""Summarization of what is not news: subject lines of mails and summaries of chats."""

from flanlike import task
from task_registry import rows

_ROUGE = ("rouge1", "rouge2", "rougeLsum")


def aeslc() -> task.Task:
    """AESLC: the subject line of an email, https://github.com/ryanzhumich/AESLC

    {"email_body": "Please send the June figures.", "subject_line": "June figures"}
    """
    return task.Task(
        name="aeslc",
        cluster="summarization",
        fields=("email",),
        answers=task.FreeText(),
        metrics=_ROUGE,
        templates="aeslc",
        microworld="aeslc",
        splits={"train": "train", "validation": "validation[-200:]", "test": "test"},
        preprocess=_aeslc,
        hub=task.HubSource(repo="Yale-LILY/aeslc"),
        tfds=task.TfdsSource(name="aeslc:1.0.0"),
        licence="CC BY-NC-SA 4.0",
        homepage="https://github.com/ryanzhumich/AESLC",
    )


def samsum() -> task.Task:
    """SAMSum: summaries of chats, https://arxiv.org/abs/1911.12237

    {"id": "1", "dialogue": "Ada: tea?\\r\\nHugo: yes <file_gif>", "summary": "Hugo wants tea."}
    """
    return task.Task(
        name="samsum",
        cluster="summarization",
        fields=("dialogue",),
        answers=task.FreeText(),
        metrics=_ROUGE,
        templates="samsum",
        microworld="samsum",
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=_samsum,
        unlabelled={"dialogue": None},
        hub=task.HubSource(repo="knkarthick/samsum"),
        tfds=task.TfdsSource(name="samsum:1.0.0"),
        licence="CC BY-NC-ND 4.0",
        homepage="https://arxiv.org/abs/1911.12237",
    )


TASKS = [aeslc, samsum]


def _aeslc(row: task.Row) -> task.Record:
    return {
        "email": rows.text(row, "email_body"),
        "references": rows.references(row["subject_line"]),
    }


def _samsum(row: task.Row) -> task.Record:
    return {
        "dialogue": rows.text(row, "dialogue").replace("\r\n", "\n"),
        "references": rows.references(row["summary"]),
    }
