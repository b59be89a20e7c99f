"""Summarization: subject lines, topics and summaries."""

import re

from flanlike import task
from task_registry import rows

_ROUGE = ("rouge1", "rouge2", "rougeLsum")
_TOPICS = task.Labels(
    names=("World", "Sports", "Business", "Sci/Tech"),
    words=("world", "sports", "business", "science and technology"),
)


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


def ag_news_subset() -> task.Task:
    """AG News topics, http://groups.di.unipi.it/~gulli/AG_corpus_of_news_articles.html

    The usual hub copy merges title and description; the one used here keeps them apart and counts
    its labels from 1.

    {"title": "Team wins again", "description": "It was the third time.", "label": 1}
    """
    return task.Task(
        name="ag_news_subset",
        cluster="summarization",
        fields=("title", "description"),
        answers=_TOPICS,
        metrics=("accuracy",),
        templates="ag_news",
        microworld="ag_news_subset",
        splits=rows.carved(200, test="test"),
        preprocess=_ag_news_subset,
        label_columns={"label": _TOPICS.names},
        hub=task.HubSource(
            repo="sh0416/ag_news", labels={"label": ("(there is no label 0)", *_TOPICS.names)}
        ),
        tfds=task.TfdsSource(name="ag_news_subset:1.0.0"),
        licence="non-commercial use (AG corpus page)",
        homepage="http://groups.di.unipi.it/~gulli/AG_corpus_of_news_articles.html",
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


TASKS = [aeslc, ag_news_subset, samsum]


def _aeslc(row: task.Row) -> task.Record:
    return {
        "email": rows.text(row, "email_body"),
        "references": rows.references(row["subject_line"]),
    }


def _ag_news_subset(row: task.Row) -> task.Record:
    return {
        "title": _without_marks(rows.text(row, "title")),
        "description": _without_marks(rows.text(row, "description")),
        "label": rows.label(row, _TOPICS.names, "label"),
    }


def _samsum(row: task.Row) -> task.Record:
    return {
        "dialogue": rows.text(row, "dialogue").replace("\r\n", "\n"),
        "references": rows.references(row["summary"]),
    }


def _without_marks(text: str) -> str:
    """Returns AG News text without its two marks: a backslash for a line break, " #39;" for "'".

    "rose 5\\\\percent, it\\\\'s Ivo #39;s"     ->     "rose 5 percent, it's Ivo's"
    """
    return re.sub(r"\\(?=[$'\"])", "", text.replace(" #39;", "'")).replace("\\", " ")
