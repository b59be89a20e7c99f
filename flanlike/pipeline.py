"""From a mixture to batches: an endless stream that is a pure function of seed and index.

    index -> task            by share, in blocks without replacement
          -> row             the task's rows in a new order each epoch
          -> record, prompt  template, shots and order of options drawn by seed, task, epoch and row
          -> example         token ids within the limits
          -> window, row, batch   (`packing`)

Every step up to the example is random access, and a task's rows and templates are opened when its
first prompt is: the start costs the same for ten tasks and for thousands.
"""

import bisect
import dataclasses
import functools
import itertools
from collections.abc import Callable
from dataclasses import dataclass

from flanlike import (
    drawing,
    features,
    mixture,
    packing,
    render,
    seeding,
    sources,
    templates,
    vocabulary,
)
from flanlike import registry as registry_module
from flanlike import task as task_module

_LEAST_PER_BLOCK = 16  # of the rarest task: rounding shifts its share by 3 % at most
_MAX_BLOCK = 1 << 18


def batches(
    composition: mixture.Composition,
    registry: registry_module.Registry,
    words: vocabulary.Vocabulary,
    *,
    data: str,
    seed: int,
    family: features.Family,
    rows: int,
    max_input_tokens: int,
    max_target_tokens: int,
    shares: mixture.Shares | None = None,
    style: render.Style = "instructions",
    workers: int = 0,
) -> packing.BatchIterator:
    """Returns endless batches of `rows` packed rows; `.counts` tells what went into them.

    `shares` are the mixture's own unless given. With `workers` processes the stream is the same as
    with none, and `get_state()` restores it exactly under any number of them.
    """
    limits = features.LengthLimits(
        max_input_tokens=max_input_tokens, max_target_tokens=max_target_tokens
    )
    stream = Prompts(
        composition,
        registry,
        data=data,
        seed=seed,
        shares=shares,
        style=style,
        max_input_tokens=max_input_tokens - 1,  # of text: the last is a newline or EOS
        words=words,
    )
    windows = packing.Windows(
        Items(stream, words, limits=limits, family=family),
        row_tokens=limits.row_tokens(family),
        family=family,
        seed=seed,
    )
    return packing.BatchIterator(windows, rows=rows, workers=workers)


def text_batches(
    documents: Callable[[int], tuple[str, str]],
    words: vocabulary.Vocabulary,
    *,
    family: features.Family,
    rows: int,
    max_tokens: int,
    seed: int,
    workers: int = 0,
    answer_weight: float = 1.0,
) -> packing.BatchIterator:
    """Returns endless batches of raw text for pretraining; `documents(row)` is asked for each row.

    A document is a pair of texts, of which the second may be empty: the answer to what the first
    asks, whose tokens count `answer_weight` times in the loss.

    A decoder is trained on every token of a document and its EOS. An encoder-decoder reads a
    document up to a random place and writes the rest. What is longer than `max_tokens` is cut.
    """
    limits = features.LengthLimits(max_input_tokens=max_tokens, max_target_tokens=max_tokens)
    windows = packing.Windows(
        _TextItems(documents, words, limits, family, seed, answer_weight),
        row_tokens=(0, max_tokens) if family == "decoder" else limits.row_tokens(family),
        family=family,
        seed=seed,
    )
    return packing.BatchIterator(windows, rows=rows, workers=workers)


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
        words: vocabulary.Vocabulary | None = None,
    ) -> None:
        self._shares = shares or composition.shares
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

    def with_wanted_shots(self, index: int) -> tuple[task_module.Prompt, int]:
        """Returns the prompt and how many exemplars it was to have before any was dropped."""
        number, nth = self._order[index]
        opened = self._opened.get(number)
        if opened is None:
            opened = self._opened[number] = self._open(number)
        rows = len(opened.drawable)
        epoch, place = divmod(nth, rows)
        row = drawing.shuffled(place, rows, _key(self._seed, opened.task.name, epoch))
        row_id = opened.records.row_id(opened.drawable[row])
        seed = seeding.key(self._seed, opened.task.name, epoch, row_id)
        choice = render.choose(opened.templates, self._shares, seed=seed, style=self._style)
        exemplars = []
        if choice.shots:
            for other in render.pick_exemplars(rows, row, choice.shots, seed):
                at = opened.drawable[other]
                exemplars.append(
                    render.Exemplar(record=opened.records[at], row_id=opened.records.row_id(at))
                )
        prompt = render.render(
            opened.task,
            choice.template,
            opened.records[opened.drawable[row]],
            layout=opened.templates.layout,
            source=opened.records.source,
            split=opened.records.split,
            row_id=row_id,
            seed=seed,
            exemplars=exemplars,
            style=self._style,
            option_style=choice.option_style,
            fits=self._fits if self._words else None,
        )
        return prompt, len(exemplars)

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_opened": {}}  # a worker opens what it needs itself

    def _open(self, number: int) -> "_Opened":
        share = self._tasks[number]
        task = self._registry.task(share.name)
        records = sources.open_rows(task, self._data, "train", skip_bad_rows=self._skip_bad_rows)
        return _Opened(
            task=task,
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
    templates: templates.TemplateSet
    records: sources.Records
    drawable: drawing.Drawable


class Items:
    """Turns prompts into examples; counts the exemplars that were dropped for want of room."""

    def __init__(
        self,
        prompts: Prompts,
        words: vocabulary.Vocabulary,
        *,
        limits: features.LengthLimits,
        family: features.Family,
    ) -> None:
        self._prompts = prompts
        self._words = words
        self._limits = limits
        self._family = family

    def __call__(self, index: int) -> packing.Item:
        prompt, wanted_shots = self._prompts.with_wanted_shots(index)
        return packing.Item(
            example=features.to_example(
                self._words.encode(features.inputs_text(prompt.inputs, self._family)),
                self._words.encode(prompt.targets),
                self._limits,
                family=self._family,
            ),
            dropped_exemplars=wanted_shots - prompt.provenance.shots,
        )


@dataclass(frozen=True)
class _TextItems:
    documents: Callable[[int], tuple[str, str]]
    words: vocabulary.Vocabulary
    limits: features.LengthLimits
    family: features.Family
    seed: int
    answer_weight: float

    def __call__(self, index: int) -> packing.Item:
        told, answer = map(self.words.encode, self.documents(index))
        ids = told + answer
        weights = [1.0] * len(told) + [self.answer_weight] * len(answer) + [1.0]  # and EOS
        place = 0
        if self.family != "decoder" and len(ids) > 1:
            place = seeding.rng(self.seed, "split of document", index).randrange(1, len(ids))
        example = features.to_example(ids[:place], ids[place:], self.limits, family=self.family)
        weights = weights[place : place + len(example.targets)]
        return packing.Item(example=dataclasses.replace(example, target_weights=weights))


@functools.lru_cache(maxsize=1 << 14)
def _key(*parts: object) -> int:
    """Returns `seeding.key`, for keys that many indices share."""
    return seeding.key(*parts)
