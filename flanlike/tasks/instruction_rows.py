"""Rows of instruction files as people have them, and what each is as a task.

    alpaca      instruction, output; may have input, system
    dolly       instruction, response; may have context, category (which is not used)
    completion  prompt, completion; may have system
    messages    messages: [{"role": "user", "content": "..."}, {"role": "assistant", ...}]
    sharegpt    conversations: [{"from": "human", "value": "..."}, {"from": "gpt", ...}]

All become one row of four texts, of which `system` and `input` may be "":

    {"system": "", "instruction": "Name the animal.", "input": "A duck sat there.",
     "output": "duck"}

A conversation is taken if it is one user's turn and the assistant's answer, after a system turn or
none. One of more turns is a `SeveralTurns`.
"""

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from flanlike import errors
from flanlike.tasks import task as task_module
from flanlike.tasks import texts

Format = Literal["alpaca", "dolly", "completion", "messages", "sharegpt"]

FIELDS = ("system", "instruction", "input")
OPTIONAL = ("system", "input")


class SeveralTurns(ValueError):
    """A conversation that is more than one question and its answer."""


@dataclass(frozen=True)
class Columns:
    """What a format calls an instruction, its input and its answer."""

    instruction: str
    answer: str
    input: str = ""  # may be missing, null or empty

    @property
    def needed(self) -> tuple[str, ...]:
        return (self.instruction, self.answer)


@dataclass(frozen=True)
class Turns:
    """What a format calls the list of turns, and of a turn the speaker and the text."""

    turns: str
    speaker: str
    text: str

    @property
    def needed(self) -> tuple[str, ...]:
        return (self.turns,)


FORMATS: Mapping[str, Columns | Turns] = {
    "alpaca": Columns("instruction", "output", "input"),
    "dolly": Columns("instruction", "response", "context"),
    "completion": Columns("prompt", "completion"),
    "messages": Turns("messages", "role", "content"),
    "sharegpt": Turns("conversations", "from", "value"),
}
_SPEAKERS = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "prompter": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "bot": "assistant",
    "chatgpt": "assistant",
    "model": "assistant",
}


def recognised(columns: Collection[str], where: str) -> Format:
    """Returns the format whose columns these are; an error says which there are."""
    there = [name for name, each in FORMATS.items() if set(each.needed) <= set(columns)]
    if len(there) == 1:
        return there[0]
    wanted = "; ".join(f"{n}: {', '.join(each.needed)}" for n, each in FORMATS.items())
    if there:
        raise errors.UserError(
            f"{where}: its columns {sorted(columns)!r} are those of {' and of '.join(there)}; say "
            f"which is meant with --format {there[0]}"
        )
    raise errors.UserError(
        f"{where}: its columns are {sorted(columns)!r}, of no format that is known ({wanted}); "
        "rename them in the file, or write a task for it (docs/add_a_task.md)"
    )


def checked(name: str | None) -> Format | None:
    """Returns the name of a format, or raises UserError with those that there are."""
    if name is not None and name not in get_args(Format):
        raise errors.did_you_mean("format", name, get_args(Format))
    return name


def plain(row: Mapping[str, Any], kind: Format) -> dict[str, str]:
    """Returns a row as four texts; ValueError names the column that is not what it has to be."""
    form = FORMATS[kind]
    if isinstance(form, Turns):
        return _single_turn(row, form)
    return {
        "system": _text(row, "system", is_optional=True),
        "instruction": _text(row, form.instruction),
        "input": _text(row, form.input, is_optional=True) if form.input else "",
        "output": _text(row, form.answer),
    }


def record(row: task_module.Row) -> task_module.Record:
    """Returns the record of a row of four texts."""
    return {**{name: row[name] for name in FIELDS}, "references": [row["output"]]}


def record_of(row: task_module.Row, *, format: Format | None, where: str) -> task_module.Record:
    """Returns the record of a row as it is in its dataset, whose format may be given."""
    return record(plain(row, format or _of_columns(frozenset(row), where)))


@functools.cache
def _of_columns(columns: frozenset[str], where: str) -> Format:
    return recognised(columns, where)


def _single_turn(row: Mapping[str, Any], form: Turns) -> dict[str, str]:
    """Returns the one question of a conversation, its answer and what stands before it."""
    turns = row.get(form.turns)
    if not isinstance(turns, (list, tuple)) or not turns:
        raise ValueError(f"column {form.turns!r} is {texts.shown(turns)}; expected a list of turns")
    said: list[tuple[str, str]] = []
    for number, turn in enumerate(turns, 1):
        place = f"column {form.turns!r}, turn {number}"
        if not isinstance(turn, Mapping):
            raise ValueError(f"{place} is {texts.shown(turn)}; expected an object")
        speaker = _SPEAKERS.get(str(turn.get(form.speaker)).strip().lower())
        if speaker is None:
            raise ValueError(
                f"{place}: {form.speaker!r} is {texts.shown(turn.get(form.speaker))}; expected "
                "system, user or assistant, by whichever of their names"
            )
        if wrong := texts.problem(turn.get(form.text), may_be_empty=speaker == "system"):
            raise ValueError(f"{place}: {form.text!r} {wrong}")
        said.append((speaker, turn[form.text]))
    system = said.pop(0)[1] if said[0][0] == "system" else ""
    if not system and row.get("system"):
        system = _text(row, "system", is_optional=True)
    speakers = [speaker for speaker, _ in said]
    if speakers == ["user", "assistant"]:
        return {"system": system, "instruction": said[0][1], "input": "", "output": said[1][1]}
    if len(said) > 2:
        raise SeveralTurns(
            f"column {form.turns!r} has {len(turns)} turns: conversations of more than one "
            "question and its answer are not trained on yet"
        )
    raise ValueError(
        f"column {form.turns!r} has turns of {speakers!r}; expected the user's and the assistant's"
    )


def _text(row: Mapping[str, Any], column: str, *, is_optional: bool = False) -> str:
    value = row.get(column)
    if value is None and is_optional:
        return ""
    if column not in row:
        raise ValueError(f"missing column {column!r}; the row has {sorted(map(str, row))!r}")
    if wrong := texts.problem(value, may_be_empty=is_optional):
        raise ValueError(f"column {column!r} {wrong}")
    return value
