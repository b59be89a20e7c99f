"""Prompts that fit a model's inputs: what is cut is the longest field of the record, never a word
of the template, an option or a label.

    room for 14 words    template "{article}\\nWho is it about? {options}"    exemplars: one
    article              "Ada went out. She met Bo. They had tea and talked until it rained."

    1  the exemplar is dropped
    2  inputs            "Ada went out. She met Bo.\\nWho is it about? Options: - Ada - Bo"

Exemplars go first, from the last; then the longest field is cut down to the next longest, both
down to the one after, and so on, until the prompt fits. A field loses its end or, where its task
says so, its middle (`task.Task.cut`), between two words. None is cut below `LEAST_TOKENS`, for of
less there is nothing to understand: a prompt that then is still too long is left out.

Of a conversation that is read as one, whole turns go, the oldest first: a question with its answer,
but never what the system says, nor the last question.

Nothing else cuts inputs: training, evaluation, exports and SeqIO all come through `fit`.
"""

import bisect
import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from flanlike.prompts import render
from flanlike.tasks import conversations, templates
from flanlike.tasks import task as task_module

LEAST_TOKENS = 16  # that are kept of a field

_GAP = " ... "  # where a middle was
_TRIES, _MOST_TRIES = 6, 24  # to find the place of a cut: two or three do; then by halves
_SLACK_TOKENS = 2  # that a cut may leave unused
_WORD_CHARACTERS = 40  # longer ones are cut within, and so are scripts without spaces


class Read(NamedTuple):
    """A conversation up to its last question as a model reads it."""

    ids: Sequence[int]
    # Of each id: 1 in an earlier answer, with what ends it, else 0. None: it is not known which.
    answers: Sequence[float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How many tokens the text of inputs may have, and how it is read (see `features.room`).

    `read` gives the ids of inputs, with what a model has at their end; `encode` those of a part,
    and `read_turns` those of a conversation; where it is None, that is text like any other.
    """

    tokens: int
    read: Callable[[str], Sequence[int]]
    encode: Callable[[str], Sequence[int]]
    read_turns: Callable[[Sequence[task_module.Turn]], Read] | None = None


class Fitted(NamedTuple):  # made for every prompt, in half the time of a frozen dataclass
    """A prompt with the ids of its inputs; both are None where it cannot fit.

    `whole_tokens` is the length of the inputs had nothing been cut, without exemplars that were
    dropped. Where no room was given there are no ids. `answers` are a conversation's (`Read`).
    """

    prompt: task_module.Prompt | None
    ids: Sequence[int] | None = None
    whole_tokens: int = 0
    answers: Sequence[float] | None = None

    @property
    def lost_tokens(self) -> int:
        """Returns how many were cut, or all where it is left out."""
        return self.prompt.provenance.cut_tokens if self.prompt else self.whole_tokens


class TaskCounts(NamedTuple):
    """What became of a task's prompts."""

    prompts: int = 0  # left-out ones not counted
    cut: int = 0  # of these, those whose inputs lost text
    cut_tokens: int = 0  # of that text
    left_out: int = 0  # prompts that could not fit
    unknown_targets: int = 0  # of the prompts: the right answer holds what the words do not know


WHOLE = TaskCounts(prompts=1)  # of a prompt of which nothing is lost: of nearly all


def counts_of(prompt: task_module.Prompt | None, *, has_unknown: bool = False) -> TaskCounts:
    """Returns the counts of one prompt; None is one that could not fit."""
    if prompt is None:
        return TaskCounts(left_out=1)
    cut_tokens = prompt.provenance.cut_tokens
    if not (cut_tokens or has_unknown):
        return WHOLE
    return TaskCounts(1, int(cut_tokens > 0), cut_tokens, 0, int(has_unknown))


def added(counts: Iterable[TaskCounts]) -> TaskCounts:
    return TaskCounts(*map(sum, zip(TaskCounts(), *counts, strict=True)))


def as_json(by_task: Mapping[str, TaskCounts]) -> dict[str, dict[str, int]]:
    """Returns the counts of the tasks of which something is lost, by name."""
    return {name: counts._asdict() for name, counts in by_task.items() if any(counts[1:])}


def fit(
    room: Room | None,
    task: task_module.Task,
    template: templates.Template,
    record: task_module.Record,
    *,
    style: render.Style = "instructions",
    **how: Any,
) -> Fitted:
    """Returns the prompt of `render.render`, given the same, as far as there is room for it.

    None is room for all.
    `provenance.cut_tokens` counts what was cut. The order of options and all else that is drawn is
    that of the whole prompt.
    """
    is_asked = style == "instructions" and template.kind == "forward"
    turns = tuple(record.get("turns", ())) if is_asked else ()
    if room is None:
        whole = render.render(task, template, record, style=style, **how)
        return Fitted(prompt=dataclasses.replace(whole, turns=turns) if turns else whole)
    if turns and room.read_turns:
        return _fit_turns(room, task, template, record, **how)
    ids: Sequence[int] = ()

    def fits(inputs: str) -> bool:
        nonlocal ids
        ids = room.read(inputs)
        return len(ids) <= room.tokens

    prompt = render.render(task, template, record, style=style, fits=fits, **how)
    if prompt.provenance.shots or fits(prompt.inputs):  # of exemplars, render has asked
        return Fitted(prompt=prompt, ids=ids, whole_tokens=len(ids))
    how |= {"style": style, "exemplars": ()}
    whole_tokens = len(ids)
    fields = _long_fields(room, task, template, record, style)
    level = _level(fields, whole_tokens - room.tokens)
    while level >= LEAST_TOKENS:
        cut = [field for field in fields if field.tokens > level]
        shown = {field.name: field.cut_to(level, room.encode) for field in cut}
        prompt = render.render(task, template, record, shown=shown, **how)
        if fits(prompt.inputs):
            told = dataclasses.replace(
                prompt.provenance, cut_tokens=max(1, whole_tokens - len(ids))
            )
            prompt = dataclasses.replace(prompt, provenance=told)
            return Fitted(prompt=prompt, ids=ids, whole_tokens=whole_tokens)
        # Pieces of words differ at the edges of a field.
        level -= -(-(len(ids) - room.tokens) // sum(field.times for field in cut))
    return Fitted(prompt=None, ids=None, whole_tokens=whole_tokens)


class FittedTurns(NamedTuple):
    """What is left of a conversation, how it is read, and the length of the whole one."""

    turns: tuple[task_module.Turn, ...]
    read: Read
    whole_tokens: int


def fit_turns(room: Room, turns: Sequence[task_module.Turn]) -> FittedTurns:
    """Returns what there is room for of a conversation that a user's question is the last of.

    Where what the system says and that question have no room themselves, they alone are left.

    system, Hi, Hello, How are you?, Well., And now?   ->   system, How are you?, Well., And now?
    """
    system, said = [*turns[:1]], [*turns[1:]]
    if system[0][0] != "system":
        system, said = [], [*turns]
    most = (len(said) - 1) // 2  # questions, each with its answer, that may go

    def read(gone: int) -> Read:
        return room.read_turns([*system, *said[2 * gone :]])

    def fits(gone: int) -> bool:
        return len(read(gone).ids) <= room.tokens

    whole = read(0)
    if len(whole.ids) <= room.tokens or not most:
        return FittedTurns((*turns,), whole, len(whole.ids))
    gone = 1 + bisect.bisect_left(range(1, most), True, key=fits)
    return FittedTurns((*system, *said[2 * gone :]), read(gone), len(whole.ids))


def _fit_turns(
    room: Room,
    task: task_module.Task,
    template: templates.Template,
    record: task_module.Record,
    **how: Any,
) -> Fitted:
    """Returns a conversation as far as there is room for it, whole turns dropped.

    Its exemplars are dropped: they are no turns of it.
    """
    *turns, answer = record["turns"]
    kept_turns, read, whole_tokens = fit_turns(room, turns)
    if len(read.ids) > room.tokens:
        return Fitted(prompt=None, ids=None, whole_tokens=whole_tokens)
    said = kept_turns[1:] if kept_turns[0][0] == "system" else kept_turns
    kept = (*kept_turns, answer)
    shown = {"instruction": conversations.told(said)}
    prompt = render.render(task, template, record, shown=shown, **how | {"exemplars": ()})
    provenance = prompt.provenance
    if cut_tokens := whole_tokens - len(read.ids):
        provenance = dataclasses.replace(provenance, cut_tokens=cut_tokens)
    prompt = dataclasses.replace(prompt, provenance=provenance, turns=kept)
    return Fitted(prompt=prompt, ids=read.ids, whole_tokens=whole_tokens, answers=read.answers)


@dataclass(frozen=True, slots=True)
class _Field:
    """A text of the record that may be cut."""

    name: str
    text: str
    tokens: int
    times: int  # that it stands in the inputs
    keeps_end: bool

    def cut_to(self, tokens: int, encode: Callable[[str], Sequence[int]]) -> str:
        """Returns what is left of the text in at most that many tokens, or few characters."""
        kept, dropped = 0, len(self.text)  # characters: the most that fit, the fewest that do not
        best, per_token = "", len(self.text) / self.tokens
        length = round(tokens * per_token)
        for tried in range(_MOST_TRIES):
            text = self._of_length(length)
            spare = tokens - len(encode(text))
            if spare >= 0:
                kept, best = length, text
            else:
                dropped = length
            if 0 <= spare <= _SLACK_TOKENS or dropped - kept <= per_token:
                break
            length = min(max(length + round(spare * per_token), kept + 1), dropped - 1)
            if tried > _TRIES:  # tokens and characters are far from proportional
                length = (kept + dropped) // 2
        return best or self._of_length(kept)

    def _of_length(self, length: int) -> str:
        """Returns the beginning, or beginning and end, of the text: so many characters, or a word
        less."""
        if not self.keeps_end:
            return self.text[: _word_end(self.text, length)].rstrip()
        head = length - length // 2
        turned = self.text[::-1]
        tail = turned[: _word_end(turned, length // 2)][::-1]
        return self.text[: _word_end(self.text, head)].rstrip() + _GAP + tail.lstrip()


def _word_end(text: str, length: int) -> int:
    """Returns the last place up to `length` where a word ends."""
    for end in range(length, max(0, length - _WORD_CHARACTERS), -1):
        if end >= len(text) or text[end].isspace():
            return end
    return length


def _long_fields(
    room: Room,
    task: task_module.Task,
    template: templates.Template,
    record: task_module.Record,
    style: render.Style,
) -> list[_Field]:
    """Returns what of the inputs may be cut, the longest first."""
    texts: Mapping[str, str] = {name: record[name] for name in task.fields}
    if isinstance(task.answers, task_module.FreeText):  # an inverted prompt shows it
        texts = {**texts, "answer": record["references"][0]}
    if style == "instructions":
        times = {name: template.input.count(f"{{{name}}}") for name in texts}
    else:
        times = {name: int(name not in ("rationale", "answer")) for name in texts}
    fields = [
        _Field(
            name=name,
            text=text,
            tokens=len(room.encode(text)),
            times=times[name],
            keeps_end=task.cut_of(name) == "middle",
        )
        for name, text in texts.items()
        if times[name] and task.cut_of(name) != "never"
    ]
    return sorted(fields, key=lambda field: -field.tokens)


def _level(fields: Sequence[_Field], over: int) -> int:
    """Returns to how many tokens fields have to be cut, the longest first, to save `over`.

    lengths 90, 40 and 10, over 30 -> 60      over 70 -> 30 (the first two)
    """
    tokens = times = level = 0
    for number, field in enumerate(fields):
        tokens += field.times * field.tokens
        times += field.times
        level = (tokens - over) // times
        if number + 1 < len(fields) and level >= fields[number + 1].tokens:
            break
    return level
