"""What a task declares: every value is of its kind, or an error says which it is and should be.

A text where several are expected is one of the mistakes that nobody would see: it is a sequence
too, of its letters.

    label_columns={"label": "no"}    ->  label_columns['label'] is 'no'; expected a tuple of texts
"""

import json
from collections.abc import Mapping
from typing import Any

from flanlike.tasks import texts

_TEXTS = ("microworld", "licence", "homepage", "flan_dataset", "how_to_get", "option_style")
_TEXTS += ("exemplars_from", "absent")
_LISTS = ("origins", "constant")  # of texts, which may be empty
_DICTS = ("splits", "label_columns", "unlabelled", "cut")
_FUNCTIONS = ("preprocess", "unusable", "rows", "read_exemplars", "counts_as")


def check(task: Any, sources: Mapping[str, type]) -> None:
    """Raises ValueError unless all but what a task is itself (name, fields, answers) is of its
    kind; `sources` says of which class the places of its rows are."""
    where = f"task {task.name!r}"
    for name in _TEXTS:
        if not isinstance(value := getattr(task, name), str):
            raise ValueError(f"{where}: {name} is {texts.shown(value)}; expected text")
    for name in _LISTS:
        if (value := getattr(task, name)) != ():
            check_texts(f"{where}: {name}", value)
    for name in _DICTS:
        if not isinstance(value := getattr(task, name), Mapping):
            raise ValueError(f"{where}: {name} is {texts.shown(value)}; expected a dict")
        if strange := [key for key in value if not isinstance(key, str)]:
            raise ValueError(f"{where}: {name} has the key {strange[0]!r}; expected texts")
    for name in _FUNCTIONS:
        if (value := getattr(task, name)) is not None and not callable(value):
            raise ValueError(f"{where}: {name} is {texts.shown(value)}; expected a function")
    for name, kind in sources.items():
        if not isinstance(value := getattr(task, name), kind | None):
            shown = texts.shown(value)
            raise ValueError(f"{where}: {name} is {shown}; expected {kind.__name__}(...), or None")
    for name, value in task.splits.items():
        if not isinstance(value, str):
            shown = texts.shown(value)
            raise ValueError(
                f"{where}: splits[{name!r}] is {shown}; expected 'train', 'train[:-9]'"
            )
    check_names(f"{where}: label_columns", task.label_columns)
    for column, value in task.unlabelled.items():
        try:
            json.dumps(value)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"{where}: unlabelled[{column!r}] is {texts.shown(value)}; expected what a row of "
                "JSON may hold: text, a number, None, or a list or dict of these"
            ) from error


def check_names(what: str, columns: Any) -> None:
    """Raises unless each column has the names of its labels."""
    if not isinstance(columns, Mapping):
        raise ValueError(f"{what} is {texts.shown(columns)}; expected a dict")
    for column, names in columns.items():
        check_texts(f"{what}[{column!r}]", names)


def check_texts(what: str, values: Any) -> None:
    """Raises unless the values are texts, one or more; a text alone is none of them."""
    if not isinstance(values, (tuple, list)) or not values:
        raise ValueError(f"{what} is {texts.shown(values)}; expected a tuple of texts: ('a', 'b')")
    for value in values:
        if wrong := texts.problem(value):
            raise ValueError(f"{what} is {texts.shown(values)}: one {wrong}")
