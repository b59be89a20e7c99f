"""Sentiment: does a text praise or blame?"""

import re

from flanlike import task
from task_registry import rows

_LABELS = task.Labels(names=("negative", "positive"), words=("negative", "positive"))
_LINE_BREAKS = re.compile(r"(?:\s*<br\s*/?>\s*)+")


def sst2() -> task.Task:
    """Stanford Sentiment Treebank, two classes, https://nlp.stanford.edu/sentiment

    {"sentence": "a warm and clever tale ", "label": 1}
    """
    return task.Task(
        name="sst2",
        cluster="sentiment",
        fields=("sentence",),
        answers=_LABELS,
        metrics=("accuracy",),
        templates="sst2",
        microworld="sst2",
        splits=rows.carved(200, test="validation"),
        preprocess=_sst2,
        label_columns={"label": _LABELS.names},
        unlabelled={"label": -1},
        hub=task.HubSource(repo="nyu-mll/glue", config="sst2"),
        tfds=task.TfdsSource(name="glue/sst2:2.0.0"),
        licence="none stated (GLUE distribution, research use)",
        homepage="https://nlp.stanford.edu/sentiment",
    )


def imdb_reviews() -> task.Task:
    """Large Movie Review Dataset, https://ai.stanford.edu/~amaas/data/sentiment

    Line breaks written as <br /> become line breaks. The hub's rows are sorted by label.

    {"text": "Dull.<br /><br />I left early.", "label": 0}
    """
    return task.Task(
        name="imdb_reviews",
        cluster="sentiment",
        fields=("text",),
        answers=_LABELS,
        metrics=("accuracy",),
        templates="imdb_reviews",
        microworld="imdb_reviews",
        splits=rows.carved(200, test="test"),
        preprocess=_imdb_reviews,
        label_columns={"label": ("neg", "pos")},
        unlabelled={"label": -1},
        hub=task.HubSource(repo="stanfordnlp/imdb", config="plain_text", is_sorted=True),
        tfds=task.TfdsSource(name="imdb_reviews/plain_text:1.0.0"),
        licence="none stated (cite Maas et al., 2011)",
        homepage="https://ai.stanford.edu/~amaas/data/sentiment",
    )


TASKS = [sst2, imdb_reviews]


def _sst2(row: task.Row) -> task.Record:
    return {
        "sentence": rows.text(row, "sentence"),
        "label": rows.label(row, _LABELS.names, "label"),
    }


def _imdb_reviews(row: task.Row) -> task.Record:
    return {
        "text": _LINE_BREAKS.sub("\n", rows.text(row, "text")).strip(),
        "label": rows.label(row, _LABELS.names, "label", neg="negative", pos="positive"),
    }
