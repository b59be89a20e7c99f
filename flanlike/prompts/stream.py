"""The prompts of a mixture by index: a pure function of seed and index, without end.

    index -> task            by share, in blocks without replacement
          -> row             the task's rows in a new order each epoch
          -> record, prompt  template, shots and order of options drawn by seed, task, epoch and row

A task's rows and templates are opened when its first prompt is: the start costs the same for ten
tasks and for thousands.
"""

import bisect
import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from flanlike import seeding
from flanlike.mixtures import drawing, mixture
from flanlike.prompts import exemplars, render
from flanlike.sources import opening
from flanlike.sources import rows as rows_module
from flanlike.tasks import registry as registry_module
from flanlike.tasks import task as task_module
from flanlike.tasks import templates

_LEAST_PER_BLOCK = 16  # of the rarest task: rounding shifts its share by 3 % at most
_MAX_BLOCK = 1 << 18


class Prompts:
    """The mixture's prompts by index, from 0 without end: `Prompts(...)[7]`.

    Exemplars that would make the inputs longer than `max_input_tokens` of `words` are dropped.
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
        max_input_tokens: int | None = None,
        words: render.Encoder | None = None,
    ) -> None:
        self._shares = shares
        self._style = style
        self._seed = seed
        self._max_input_tokens = max_input_tokens
        self._words = words
        self._registry = registry
        self._data = data
        self._tasks = composition.tasks
        self._left_out = composition.overlapping
        self._skip_bad_rows = composition.skip_bad_rows
        self._order = Order([task.share for task in composition.tasks], seed)
        self._opened: dict[int, _Opened] = {}

    def __getitem__(self, index: int) -> task_module.Prompt:
        return self.with_wanted_shots(index)[0]

    def text(self, index: int) -> str:
        """Returns a prompt as a vocabulary is trained on it: inputs and targets."""
        prompt = self[index]
        return f"{prompt.inputs}\n{prompt.targets}"

    def with_wanted_shots(self, index: int) -> tuple[task_module.Prompt, int]:
        """Returns the prompt and how many exemplars it was to have: some find no room, or are not
        to be had."""
        number, nth = self._order[index]
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
                opened.records,
                opened.drawable,
                query=record,
                row_id=row_id,
                shots=choice.shots,
                seed=seed,
                style=self._style,
            )
        prompt = render.render(
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
            fits=self._fits if self._words else None,
        )
        return prompt, choice.shots

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_opened": {}}  # a worker opens what it needs itself

    def _open(self, number: int) -> "_Opened":
        share = self._tasks[number]
        task = self._registry.task(share.name)
        records = opening.open_rows(task, self._data, "train", skip_bad_rows=self._skip_bad_rows)
        return _Opened(
            task=task,
            shares=self._shares or share.shares,
            templates=self._registry.templates(share.name),
            records=records,
            drawable=drawing.Drawable(
                task=share.name,
                rows=share.rows,
                total=len(records),
                left_out=self._left_out.get(share.name, ()),
            ),
        )

    def _fits(self, text: str) -> bool:
        return len(self._words.encode(text)) <= self._max_input_tokens


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
    drawable: drawing.Drawable

    @functools.cached_property
    def may_need_options(self) -> bool:
        """Returns whether a record may need its options listed, and they can be listed or not."""
        is_choice = isinstance(self.task.answers, task_module.Choices)
        return is_choice and self.templates.asks_with_options


@functools.lru_cache(maxsize=1 << 14)
def _key(*parts: object) -> int:
    """Returns `seeding.key`, for keys that many indices share."""
    return seeding.key(*parts)
