"""Rows of instruction files as people have them, and what each is as a task.

    alpaca      instruction, output; may have input, system
    dolly       instruction, response; may have context, category (which is not used)
    completion  prompt, completion; may have system
    messages    messages: [{"role": "user", "content": "..."}, {"role": "assistant", ...}]
    sharegpt    conversations: [{"from": "human", "value": "..."}, {"from": "gpt", ...}]

All become one row of four texts, of which `system` and `input` may be "":

    {"system": "", "instruction": "Name the animal.", "input": "A duck sat there.",
     "output": "duck"}

A conversation has its `turns` besides, and so has a row with a system turn: who reads it in a chat
takes these. Its instruction is all that was said up to its last answer, told in one text.
"""

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from flanlike import errors
from flanlike.tasks import conversations, texts
from flanlike.tasks import task as task_module

Format = Literal["alpaca", "dolly", "completion", "messages", "sharegpt"]

FIELDS = ("system", "instruction", "input")
OPTIONAL = ("system", "input")


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


def is_of_turns(kind: str | None) -> bool:
    """Returns whether rows of that format are conversations."""
    return kind is not None and isinstance(FORMATS.get(kind), Turns)


def plain(row: Mapping[str, Any], kind: Format) -> dict[str, Any]:
    """Returns a row as four texts; ValueError names the column that is not what it has to be."""
    form = FORMATS[kind]
    if isinstance(form, Turns):
        return _conversation(row, form)
    found = {
        "system": _text(row, "system", is_optional=True),
        "instruction": _text(row, form.instruction),
        "input": _text(row, form.input, is_optional=True) if form.input else "",
        "output": _text(row, form.answer),
    }
    if found["system"].strip():
        question = "\n\n".join(filter(str.strip, (found["instruction"], found["input"])))
        turns = [("system", found["system"]), ("user", question), ("assistant", found["output"])]
        found["turns"] = turns
    return found


def record(row: task_module.Row) -> task_module.Record:
    """Returns the record of a row of four texts, with its turns."""
    turns = {"turns": row["turns"]} if "turns" in row else {}
    return {**{name: row[name] for name in FIELDS}, "references": [row["output"]], **turns}


def record_of(row: task_module.Row, *, format: Format | None, where: str) -> task_module.Record:
    """Returns the record of a row as it is in its dataset, whose format may be given."""
    return record(plain(row, format or _of_columns(frozenset(row), where)))


@functools.cache
def _of_columns(columns: frozenset[str], where: str) -> Format:
    return recognised(columns, where)


def _conversation(row: Mapping[str, Any], form: Turns) -> dict[str, Any]:
    """Returns a conversation: its last answer, all that stands before it, and the turns."""
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
    if wrong := conversations.problem(said):
        raise ValueError(f"column {form.turns!r} {wrong}")
    system = said.pop(0)[1] if said[0][0] == "system" else ""
    if not system and row.get("system"):
        system = _text(row, "system", is_optional=True)
    if system.strip():
        said.insert(0, ("system", system))
    return {
        "system": system,
        "instruction": conversations.told([turn for turn in said[:-1] if turn[0] != "system"]),
        "input": "",
        "output": said[-1][1],
        "turns": said,
    }


def _text(row: Mapping[str, Any], column: str, *, is_optional: bool = False) -> str:
    value = row.get(column)
    if value is None and is_optional:
        return ""
    if column not in row:
        raise ValueError(f"missing column {column!r}; the row has {sorted(map(str, row))!r}")
    if wrong := texts.problem(value, may_be_empty=is_optional):
        raise ValueError(f"column {column!r} {wrong}")
    return value
