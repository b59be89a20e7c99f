"""Text formatting: letter case, punctuation and the spaces between words.

The three tasks share one source, the English sides of ParaCrawl's English and Danish: each trains
on rows of its own, and all are tested on the same last rows, as FLAN has it.
"""

import unicodedata
from collections.abc import Callable

from flanlike.tasks import task
from task_registry import columns

# Signs that say something of their own, though Unicode counts them as punctuation.
_SIGNS = frozenset("#%&*/@\\_§†‡‰")


def true_case() -> task.Task:
    """Text in lower case, to be written with capitals again; from ParaCrawl, https://paracrawl.eu

    {"translation": {"en": "Ada came in May.", "da": "Ada kom i maj."}}             the hub
    {"en": "Ada came in May.", "da": "Ada kom i maj."}                              TFDS
    """
    return _english("true_case", _true_case, first=0)


def fix_punct() -> task.Task:
    """Text without punctuation, to be given its marks; from ParaCrawl, https://paracrawl.eu

    A mark between two letters or digits is a part of the word and stays: don't, well-known, 3.5.

    {"translation": {"en": "Yes, it rains!", "da": "Ja, det regner!"}}              the hub
    {"en": "Yes, it rains!", "da": "Ja, det regner!"}                               TFDS
    """
    return _english("fix_punct", _fix_punct, first=30200)


def word_segment() -> task.Task:
    """Text without blanks, to be cut into words; from ParaCrawl, https://paracrawl.eu

    {"translation": {"en": "It rains.", "da": "Det regner."}}                       the hub
    {"en": "It rains.", "da": "Det regner."}                                        TFDS
    """
    return _english("word_segment", _word_segment, first=60400)


TASKS = [true_case, fix_punct, word_segment]


def _english(name: str, preprocess: Callable[[task.Row], task.Record], *, first: int) -> task.Task:
    return task.Task(
        name=name,
        cluster="text_formatting",
        fields=("text",),
        cut={"text": "never", "answer": "never"},
        answers=task.FreeText(),
        metrics=("edit_similarity", "exact_match"),
        templates=name,
        microworld=name,
        splits={
            "train": f"train[{first}:{first + 30000}]",
            "validation": f"train[{first + 30000}:{first + 30200}]",
            "test": "train[-3000:]",
        },
        preprocess=preprocess,
        hub=task.HubSource(
            repo="ParaCrawl/para_crawl",
            revision="refs/convert/parquet",
            data_dir="enda",
            columns={"translation": {"en": "string", "da": "string"}},
            unverified="whether the converted branch exists, and holds all rows",
        ),
        tfds=task.TfdsSource(name="para_crawl/enda:1.2.0"),
        licence="CC0-1.0",
        homepage="https://paracrawl.eu",
        flan_dataset="text_formatting",
    )


def _true_case(row: task.Row) -> task.Record:
    text = _text(row)
    return {"text": text.lower(), "references": [text]}


def _fix_punct(row: task.Row) -> task.Record:
    text = _text(row)
    # A row of nothing but marks stays as it is: there would be no text to give them to.
    return {"text": _without_marks(text) or text, "references": [text]}


def _word_segment(row: task.Row) -> task.Record:
    text = _text(row)
    return {"text": text.replace(" ", ""), "references": [text]}


def _text(row: task.Row) -> str:
    """Returns the English side, with single blanks: how many there were cannot be told."""
    return " ".join(columns.text(columns.languages(row), "en").split())


def _without_marks(text: str) -> str:
    """Returns the text without its punctuation but for marks inside a word or number.

    Before: "Well, the Café (in Lund) isn't open: 50% off!" After: "Well the Café in Lund isn't
    open 50% off"
    """
    before, after = " " + text[:-1], text[1:] + " "
    kept = [
        char
        for left, char, right in zip(before, text, after, strict=True)
        if not _is_mark(char) or (left.isalnum() and right.isalnum())
    ]
    return " ".join("".join(kept).split())


def _is_mark(char: str) -> bool:
    return unicodedata.category(char).startswith("P") and char not in _SIGNS
