"""What a record has to be: asked of every one that is made of a row, and so it is fast.

record    {"premise": "It rains.", "hypothesis": None, "label": 1}
problem   "field 'hypothesis' is None; expected text that is not empty"
"""

import sys
from typing import Any

from flanlike.tasks import conversations, texts
from flanlike.tasks import task as task_module

_LARGEST = sys.float_info.max


class Check:
    """Says what is wrong with records of one task. It pickles also where the task does not."""

    def __init__(self, task: task_module.Task) -> None:
        self._fields = tuple(task.fields)
        self._optional = frozenset(task.optional)
        self._is_free = isinstance(task.answers, task_module.FreeText)
        self._words: tuple[str, ...] | None = None  # None: a record brings options of its own
        if isinstance(task.answers, task_module.Labels):
            self._words = task.answers.words
        brings_options = not self._is_free and self._words is None
        self._keys = len(self._fields) + (2 if brings_options else 1)  # of a record without extras

    def problem(self, record: Any) -> str:
        """Returns the first thing that is wrong with the record, "" where it is as it should be."""
        if not isinstance(record, dict):
            return f"the record is {texts.shown(record)}; expected a dict of its fields"
        for name in self._fields:
            text = record.get(name)
            # Nearly every text is ASCII, of which no letter has to be looked at.
            if type(text) is str and text.isascii() and text and not text.isspace():
                continue
            if wrong := texts.problem(text, may_be_empty=name in self._optional):
                return f"field {name!r} {wrong}"
        if self._is_free:
            wrong = _wrong_texts(record.get("references"), "references")
        else:
            wrong = self._wrong_label(record)
        if wrong or len(record) <= self._keys:
            return wrong
        return _wrong_extras(record) or self._wrong_also_right(record)

    def _wrong_label(self, record: task_module.Record) -> str:
        options = self._words
        if options is None:
            options = record.get("options")
            if wrong := _wrong_options(options):
                return wrong
        label = record.get("label")
        if type(label) is int and 0 <= label < len(options):
            return ""
        return f"label is {texts.shown(label)}; expected an index into {texts.shown([*options])}"

    def _wrong_also_right(self, record: task_module.Record) -> str:
        if "also_right" not in record:
            return ""
        also = record["also_right"]
        count = 0 if self._is_free else len(self._words or record["options"])
        is_list = isinstance(also, (list, tuple)) and all(type(label) is int for label in also)
        are_others = is_list and len({*also, record.get("label")}) == len(also) + 1
        if are_others and all(0 <= label < count for label in also):
            return ""
        return (
            f"also_right is {texts.shown(also)}; expected a list of indices of options other than "
            f"label, from 0 to {count - 1}"
            if count
            else "also_right is of labels and choices only"
        )


def _wrong_options(options: Any) -> str:
    if type(options) is list:
        try:  # all at once, as nearly always nothing is wrong
            different = set(map(str.strip, options))
            is_plain = "" not in different and "".join(options).isascii()
            if is_plain and 1 < len(options) == len(different):
                return ""
        except TypeError:
            pass  # not all of them are texts
    if wrong := _wrong_texts(options, "options"):
        return wrong
    if len(options) < 2 or len({option.strip() for option in options}) < len(options):
        return f"options are {texts.shown(options)}; expected two or more, all different"
    return ""


def _wrong_texts(values: Any, what: str) -> str:
    if not isinstance(values, (list, tuple)) or not values:
        return f"{what} are {texts.shown(values)}; expected a list of texts"
    for value in values:
        if type(value) is str and value.isascii() and value and not value.isspace():
            continue
        if wrong := texts.problem(value):
            return f"{what} are {texts.shown(values)}: one {wrong}"
    return ""


def _wrong_extras(record: task_module.Record) -> str:
    """Returns what is wrong with the keys that only some records have."""
    if "score" in record:
        score = record["score"]
        # Compared, and not asked by math.isfinite, for which an integer can be too large.
        if type(score) not in (int, float) or not -_LARGEST <= score <= _LARGEST:
            return f"score is {texts.shown(score)}; expected a finite number"
    for name in ("group", "checks", "stub"):
        if name in record and (wrong := texts.problem(record[name])):
            return f"{name} {wrong}"
    if "turns" in record:
        return _wrong_turns(record["turns"], record.get("references"))
    return ""


def _wrong_turns(turns: Any, references: Any) -> str:
    are_pairs = isinstance(turns, (list, tuple)) and all(
        isinstance(turn, tuple) and len(turn) == 2 and turn[0] in conversations.ROLES
        for turn in turns
    )
    if not are_pairs:
        return (
            f"turns are {texts.shown(turns)}; expected a list of pairs: who says it (system, user "
            "or assistant), and what"
        )
    for _, said in turns:
        if wrong := texts.problem(said):
            return f"turns: one {wrong}"
    if wrong := conversations.problem(turns):
        return f"the conversation {wrong}"
    if not references or turns[-1][1] != references[0]:
        return "turns end in another answer than the first of its references; expected the same"
    return ""
