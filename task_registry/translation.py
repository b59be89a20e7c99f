"""Translation."""

from collections.abc import Mapping

from flanlike import task
from task_registry import rows


def multi30k() -> task.Task:
    """Multi30k, English to German captions, https://github.com/multi30k/dataset

    {"en": "A dog runs.", "de": "Ein Hund rennt."}                          the hub
    {"translation": {"en": "A dog runs.", "de": "Ein Hund rennt."}}         a folder
    """
    return task.Task(
        name="multi30k",
        cluster="translation",
        fields=("source", "language"),
        answers=task.FreeText(),
        metrics=("bleu",),
        templates="translation",
        microworld="multi30k",
        splits={"train": "train", "validation": "validation[:200]", "test": "test"},
        preprocess=_multi30k,
        hub=task.HubSource(repo="bentrevett/multi30k"),
        licence="none stated (derived from Flickr30K: research and education)",
        homepage="https://github.com/multi30k/dataset",
    )


TASKS = [multi30k]


def _multi30k(row: task.Row) -> task.Record:
    pair = row.get("translation", row)
    if not isinstance(pair, Mapping):
        raise ValueError(f"column 'translation' is {pair!r}; expected an object of languages")
    return {
        "source": rows.text(pair, "en"),
        "language": "German",
        "references": rows.references(pair["de"]),
    }
