"""The prompts of a mixture by index: a pure function of seed and index, without end.

    index -> task            by share, in blocks without replacement
          -> row             the task's rows in a new order each epoch
          -> record, prompt  template, shots and order of options drawn by seed, task, epoch and row

A task's rows and templates are opened when its first prompt is: the start costs the same for ten
tasks and for thousands.
"""

import bisect
import dataclasses
import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from flanlike import seeding
from flanlike.mixtures import drawing, mixture
from flanlike.prompts import exemplars, fitting, render
from flanlike.sources import opening
from flanlike.sources import rows as rows_module
from flanlike.tasks import registry as registry_module
from flanlike.tasks import task as task_module
from flanlike.tasks import templates

# Of each task, to see what the limit takes: few, where there are thousands of tasks.
_SAMPLE, _SAMPLE_OF_ALL = 24, 4000
_LEAST_PER_BLOCK = 16  # of the rarest task: rounding shifts its share by 3 % at most
_MAX_BLOCK = 1 << 18


class Prompts:
    """The mixture's prompts by index, from 0 without end: `Prompts(...)[7]`.

    Where there is a `room`, they fit it (see `fitting`); one that cannot is None. Of a `split`
    other than train all rows are drawn; exemplars are training rows in any case.
    """

    def __init__(
        self,
        composition: mixture.Composition,
        registry: registry_module.Registry,
        *,
        data: str,
        seed: int,
        shares: mixture.Shares | None = None,
        style: render.Style = "instructions",
        room: fitting.Room | None = None,
        split: str = "train",
    ) -> None:
        self._split = split
        self._shares = shares
        self._style = style
        self._seed = seed
        self._room = room
        self._registry = registry
        self._data = data
        self._tasks = composition.tasks
        self._left_out = {name: composition.left_out(name) for name in self.task_names}
        self._skip_bad_rows = composition.skip_bad_rows
        self._order = Order([task.share for task in composition.tasks], seed)
        self._opened: dict[int, _Opened] = {}

    def __getitem__(self, index: int) -> task_module.Prompt | None:
        return self.draw(index).prompt

    def text(self, index: int) -> str:
        """Returns a prompt as a vocabulary is trained on it: inputs and targets."""
        prompt = self[index]
        return f"{prompt.inputs}\n{prompt.targets}"

    @property
    def task_names(self) -> list[str]:
        """Returns the names of the tasks, in the order of their numbers."""
        return [share.name for share in self._tasks]

    def draw(self, index: int) -> "Drawn":
        """Returns the prompt at an index, with what became of it."""
        return self.draw_of(*self._order[index])

    def draw_of(self, number: int, nth: int) -> "Drawn":
        """Returns the nth prompt of one task, by the number it has in the composition."""
        opened = self._opened.get(number)
        if opened is None:
            opened = self._opened[number] = self._open(number)
        rows = len(opened.drawable)
        epoch, place = divmod(nth, rows)
        row = drawing.shuffled(place, rows, _key(self._seed, opened.task.name, epoch))
        at = opened.drawable[row]
        row_id = opened.records.row_id(at)
        seed = seeding.key(self._seed, opened.task.name, epoch, row_id)
        record = opened.records[at]
        choice = render.choose(
            opened.templates,
            opened.shares,
            seed=seed,
            style=self._style,
            needs_options=(
                functools.partial(render.needs_options, opened.task, record)
                if opened.may_need_options
                else None
            ),
        )
        solved: Sequence[render.Exemplar] = ()
        if choice.shots:
            solved = exemplars.draw(
                opened.task,
                choice.template,
                *opened.solved,
                query=record,
                row_id=row_id,
                shots=choice.shots,
                seed=seed,
                style=self._style,
            )
        fitted = fitting.fit(
            self._room,
            opened.task,
            choice.template,
            record,
            layout=opened.templates.layout,
            source=opened.records.source,
            split=opened.records.split,
            row_id=row_id,
            seed=seed,
            exemplars=solved,
            style=self._style,
            option_style=choice.option_style,
        )
        return Drawn(task=number, fitted=fitted, wanted_shots=choice.shots)

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_opened": {}}  # a worker opens what it needs itself

    def _open(self, number: int) -> "_Opened":
        share = self._tasks[number]
        task = self._registry.task(share.name)
        open_rows = functools.partial(
            opening.open_rows, task, self._data, skip_bad_rows=self._skip_bad_rows
        )
        trained = open_rows("train")
        drawable: Sequence[int] = drawing.Drawable(
            task=share.name,
            rows=share.rows,
            total=len(trained),
            left_out=self._left_out[share.name],
        )
        solved = records, _ = trained, drawable
        if self._split != "train":
            records = open_rows(self._split)
            drawable = range(len(records))
        shares = self._shares or share.shares
        found = self._registry.templates(share.name)
        if shares.templates is not None:
            found = _drawn(found, shares.templates, _key(self._seed, "templates", share.name))
        return _Opened(
            task=task,
            shares=shares,
            templates=found,
            records=records,
            drawable=drawable,
            solved=solved,
        )


class Drawn(NamedTuple):  # made for every prompt, in half the time of a frozen dataclass
    """A prompt of a stream, and how many exemplars it was to have before any was dropped."""

    task: int  # its number in the composition
    fitted: fitting.Fitted
    wanted_shots: int

    @property
    def prompt(self) -> task_module.Prompt | None:
        return self.fitted.prompt

    @property
    def dropped_exemplars(self) -> int:
        return self.wanted_shots - self.prompt.provenance.shots if self.prompt else 0


def losses(prompts: Prompts) -> dict[str, float]:
    """Returns the share of its prompts' text that each task loses for want of room.

    An estimate, on the first prompts of each task: what was cut, and all of what was left out, by
    the length of all. Exemplars are not counted.
    """
    names = prompts.task_names
    sample = max(2, min(_SAMPLE, _SAMPLE_OF_ALL // len(names)))
    shares = {}
    for number, name in enumerate(names):
        drawn = [prompts.draw_of(number, nth) for nth in range(sample)]
        whole = sum(one.fitted.whole_tokens for one in drawn)
        lost = sum(one.fitted.lost_tokens for one in drawn)
        shares[name] = lost / max(whole, 1)
    return shares


class Order:
    """Which task each index draws from, and how often that task was drawn before.

    A block holds every task by its share, the rarest at least 16 times, in an order shuffled anew.
    The counts of a block are all that is kept. Grain's mix walks through all tasks at every index.

    shares .5 .25 .25, with 1 for 16, might give  (0, 0) (2, 0) (0, 1) (1, 0) | (1, 1) (0, 2) ...
    """

    def __init__(self, shares: list[float], seed: int) -> None:
        total = sum(shares)
        wanted = _LEAST_PER_BLOCK * total / min(shares)
        block = max(len(shares), min(round(wanted), _MAX_BLOCK))
        self.counts = [max(1, round(block * share / total)) for share in shares]
        self._ends = list(itertools.accumulate(self.counts))
        self._seed = seed

    def __getitem__(self, index: int) -> tuple[int, int]:
        block, place = divmod(index, self._ends[-1])
        place = drawing.shuffled(place, self._ends[-1], _key(self._seed, "block", block))
        task = bisect.bisect_right(self._ends, place)
        start = self._ends[task] - self.counts[task]
        return task, block * self.counts[task] + place - start


@dataclass(frozen=True, kw_only=True)
class _Opened:
    """A task ready to be drawn from."""

    task: task_module.Task
    shares: mixture.Shares
    templates: templates.TemplateSet
    records: rows_module.Records
    drawable: Sequence[int]
    solved: tuple[rows_module.Records, Sequence[int]]  # that exemplars are drawn from

    @functools.cached_property
    def may_need_options(self) -> bool:
        """Returns whether a record may need its options listed, and they can be listed or not."""
        is_choice = isinstance(self.task.answers, task_module.Choices)
        return is_choice and self.templates.asks_with_options


def _drawn(found: templates.TemplateSet, most: int, seed: int) -> templates.TemplateSet:
    """Returns so many templates of each kind, drawn by the seed: fewer are the first of more.

    One that lists options is the first, where there is one: a task that is trained only by such as
    hide them is not asked in training as it is in evaluation.
    """
    chosen: set[str] = set()
    for kind in templates.KINDS:
        of_kind = [one for one in found.templates if one.kind == kind]
        order = [of_kind[drawing.shuffled(i, len(of_kind), seed)] for i in range(len(of_kind))]
        first = next((one for one in order if one.lists_options), None)
        if first is not None:
            order = [first, *(one for one in order if one is not first)]
        chosen |= {one.id for one in order[:most]}
    kept = tuple([one for one in found.templates if one.id in chosen])
    return dataclasses.replace(found, templates=kept)


@functools.lru_cache(maxsize=1 << 14)
def _key(*parts: object) -> int:
    """Returns `seeding.key`, for keys that many indices share."""
    return seeding.key(*parts)
