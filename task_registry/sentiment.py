"""Sentiment: does a text praise or blame, what does its writer feel, and is it meant so?"""

import html
import re

from flanlike.tasks import task
from task_registry import columns

_LABELS = task.Labels(names=("negative", "positive"), words=("negative", "positive"))
_EMOTIONS = ("anger", "joy", "optimism", "sadness")
_EMOTION = task.Labels(names=_EMOTIONS, words=_EMOTIONS)
_IRONY = task.Labels(names=("non_irony", "irony"), words=("no", "yes"))

_TEXT_COLUMNS = {"text": "string", "label": "ClassLabel"}
_TWEET_EVAL = "none stated of its own; the terms of each task and of Twitter hold"
_LINE_BREAKS = re.compile(r"(?:\s*<br\s*/?>\s*)+")
_ESCAPES = re.compile(r'\\(n|")')  # two characters that stand for one


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
        splits=columns.carved(200, test="validation"),
        preprocess=_sst2,
        label_columns={"label": _LABELS.names},
        unlabelled={"label": -1},
        hub=task.HubSource(
            repo="nyu-mll/glue",
            config="sst2",
            columns={"sentence": "string", "label": "ClassLabel", "idx": "int32"},
        ),
        tfds=task.TfdsSource(name="glue/sst2:2.0.0"),
        licence="none stated (GLUE distribution, research use)",
        homepage="https://nlp.stanford.edu/sentiment",
        flan_dataset="sst2",
    )


def imdb_reviews() -> task.Task:
    """Large Movie Review Dataset, https://ai.stanford.edu/~amaas/data/sentiment

    Line breaks written as <br /> become line breaks, and dashes of Windows-1252 dashes. The hub's
    rows are sorted by label.

    {"text": "Dull.<br /><br />I left early.", "label": 0}
    """
    return task.Task(
        name="imdb_reviews",
        cluster="sentiment",
        fields=("text",),
        cut={"text": "middle"},  # a review opens and closes with its verdict
        answers=_LABELS,
        metrics=("accuracy",),
        templates="imdb_reviews",
        microworld="imdb_reviews",
        splits=columns.carved(200, test="test"),
        preprocess=_imdb_reviews,
        label_columns={"label": ("neg", "pos")},
        unlabelled={"label": -1},
        hub=task.HubSource(
            repo="stanfordnlp/imdb", config="plain_text", is_sorted=True, columns=_TEXT_COLUMNS
        ),
        tfds=task.TfdsSource(name="imdb_reviews/plain_text:1.0.0"),
        licence="none stated (cite Maas et al., 2011)",
        homepage="https://ai.stanford.edu/~amaas/data/sentiment",
        flan_dataset="imdb_reviews",
    )


def sentiment140() -> task.Task:
    """Sentiment140, http://help.sentiment140.com: tweets of polarity 0 or 4.

    Neutral ones (2, in the test split only) are left out and counted. The hub's rows are sorted
    by polarity, which is called "sentiment" there.

    {"text": "@mira my train is late again", "polarity": 0}
    """
    return task.Task(
        name="sentiment140",
        cluster="sentiment",
        fields=("text",),
        answers=_LABELS,
        metrics=("accuracy",),
        templates="sentiment140",
        microworld="sentiment140",
        splits=columns.carved(200, test="test"),
        preprocess=_sentiment140,
        unlabelled={"polarity": 2, "sentiment": 2},
        hub=task.HubSource(
            repo="stanfordnlp/sentiment140",
            revision="refs/convert/parquet",
            data_dir="sentiment140",
            is_sorted=True,
            columns={
                **dict.fromkeys(("text", "date", "user"), "string"),
                "sentiment": "int32",
                "query": "string",
            },
            unverified="whether the converted branch exists, and that it is sorted",
        ),
        tfds=task.TfdsSource(name="sentiment140:1.0.0"),
        licence="none stated (research use)",
        homepage="http://help.sentiment140.com",
        flan_dataset="sentiment140",
    )


def yelp_polarity_reviews() -> task.Task:
    r"""Yelp reviews of one or two stars against three or four, https://arxiv.org/abs/1509.01626

    Classes are called "1" (negative) and "2" (positive). \n and \" stand for what they say.

    {"text": "Cold soup.\nNever again.", "label": 0}
    """
    return task.Task(
        name="yelp_polarity_reviews",
        cluster="sentiment",
        fields=("text",),
        cut={"text": "middle"},  # a review opens and closes with its verdict
        answers=_LABELS,
        metrics=("accuracy",),
        templates="yelp_polarity_reviews",
        microworld="yelp_polarity_reviews",
        splits=columns.carved(200, test="test"),
        preprocess=_yelp_polarity_reviews,
        label_columns={"label": ("1", "2")},
        hub=task.HubSource(
            repo="fancyzhx/yelp_polarity", config="plain_text", columns=_TEXT_COLUMNS
        ),
        tfds=task.TfdsSource(name="yelp_polarity_reviews:0.2.0"),
        licence="none stated (terms of the Yelp Dataset Challenge)",
        homepage="https://arxiv.org/abs/1509.01626",
        flan_dataset="yelp_polarity_reviews",
    )


def tweet_eval_emotion() -> task.Task:
    """TweetEval's emotions, https://github.com/cardiffnlp/tweeteval

    {"text": "@user we will win this race #soon", "label": 2}
    """
    return task.Task(
        name="tweet_eval_emotion",
        cluster="sentiment",
        fields=("text",),
        answers=_EMOTION,
        metrics=("accuracy", "macro_f1"),
        templates="tweet_eval_emotion",
        microworld="tweet_eval_emotion",
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=_tweet_eval_emotion,
        label_columns={"label": _EMOTION.names},
        hub=task.HubSource(repo="cardiffnlp/tweet_eval", config="emotion", columns=_TEXT_COLUMNS),
        licence=_TWEET_EVAL,
        homepage="https://github.com/cardiffnlp/tweeteval",
    )


def tweet_eval_irony() -> task.Task:
    """TweetEval's irony, https://github.com/cardiffnlp/tweeteval

    {"text": "My train is late again. Just what I needed", "label": 1}
    """
    return task.Task(
        name="tweet_eval_irony",
        cluster="sentiment",
        fields=("text",),
        answers=_IRONY,
        metrics=("accuracy", "f1"),
        templates="tweet_eval_irony",
        microworld="tweet_eval_irony",
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=_tweet_eval_irony,
        label_columns={"label": _IRONY.names},
        hub=task.HubSource(repo="cardiffnlp/tweet_eval", config="irony", columns=_TEXT_COLUMNS),
        licence=_TWEET_EVAL,
        homepage="https://github.com/cardiffnlp/tweeteval",
    )


TASKS = [
    sst2,
    imdb_reviews,
    sentiment140,
    yelp_polarity_reviews,
    tweet_eval_emotion,
    tweet_eval_irony,
]


def _sst2(row: task.Row) -> task.Record:
    return {
        "sentence": columns.prose(row, "sentence"),
        "label": columns.label(row, _LABELS.names, "label"),
    }


def _imdb_reviews(row: task.Row) -> task.Record:
    return {
        "text": html.unescape(
            _LINE_BREAKS.sub("\n", columns.mended(columns.text(row, "text")))
        ).strip(),
        "label": columns.label(row, _LABELS.names, "label", neg="negative", pos="positive"),
    }


def _sentiment140(row: task.Row) -> task.Record:
    polarity = columns.value(row, "polarity", "sentiment")
    if polarity not in (0, 4):
        raise ValueError(
            f"column 'polarity' is {polarity!r}; expected 0 (negative) or 4 (positive)"
        )
    return {"text": _unescaped(columns.text(row, "text")), "label": int(polarity == 4)}


def _yelp_polarity_reviews(row: task.Row) -> task.Record:
    stars = {"1": "negative", "2": "positive"}
    return {
        "text": _unescaped(columns.text(row, "text")),
        "label": columns.label(row, _LABELS.names, "label", **stars),
    }


def _tweet_eval_emotion(row: task.Row) -> task.Record:
    return {
        "text": _unescaped(columns.text(row, "text")),
        "label": columns.label(row, _EMOTION.names, "label"),
    }


def _tweet_eval_irony(row: task.Row) -> task.Record:
    return {
        "text": _unescaped(columns.text(row, "text")),
        "label": columns.label(row, _IRONY.names, "label"),
    }


def _unescaped(text: str) -> str:
    r"""Returns the text with marks in place of their names: "a &amp; b\n" becomes "a & b"."""
    text = _ESCAPES.sub(lambda found: "\n" if found[1] == "n" else '"', text)
    return html.unescape(text).strip()
