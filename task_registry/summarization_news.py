"""Summarization of news: topics, headlines and summaries."""

import re

from flanlike import task
from task_registry import rows

_TOPICS = task.Labels(
    names=("World", "Sports", "Business", "Sci/Tech"),
    words=("world", "sports", "business", "science and technology"),
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


TASKS = [ag_news_subset]


def _ag_news_subset(row: task.Row) -> task.Record:
    return {
        "title": _without_marks(rows.text(row, "title")),
        "description": _without_marks(rows.text(row, "description")),
        "label": rows.label(row, _TOPICS.names, "label"),
    }


def _without_marks(text: str) -> str:
    """Returns AG News text without its two marks: a backslash for a line break, " #39;" for "'".

    "rose 5\\\\percent, it\\\\'s Ivo #39;s"     ->     "rose 5 percent, it's Ivo's"
    """
    return re.sub(r"\\(?=[$'\"])", "", text.replace(" #39;", "'")).replace("\\", " ")
