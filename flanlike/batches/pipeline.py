"""From a mixture to batches: an endless stream that is a pure function of seed and index.

    index -> task, row, record, prompt   (`prompts`)
          -> example                     token ids within the limits
          -> window, row, batch          (`packing`)

Every step up to the example is random access.
"""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from flanlike import config as config_lib
from flanlike import errors, seeding
from flanlike.batches import chat, features, input_shards, packing, tokenizer
from flanlike.mixtures import mixture
from flanlike.prompts import fitting, render
from flanlike.prompts import stream as prompt_stream
from flanlike.tasks import registry as registry_module

Answers = Literal["all", "last"]

_KEPT_TARGETS, _SHORT_TARGET = 1 << 14, 64  # texts; characters
_MUCH = 0.1  # of its prompts' text: a task that loses more is named at the start


def batches(
    composition: mixture.Composition,
    registry: registry_module.Registry,
    words: chat.Words,
    *,
    data: str,
    seed: int,
    family: features.Family,
    rows: int,
    max_input_tokens: int,
    max_target_tokens: int,
    shares: mixture.Shares | None = None,
    style: render.Style = "instructions",
    answers: Answers = "all",
    workers: int = 0,
    first_ids: Sequence[int] = (),
    shards: int = 1,
    rows_here: Sequence[int] | None = None,
    gather: input_shards.Gather | None = None,
) -> input_shards.ShardedBatches:
    """Returns endless batches of `rows` packed rows; `.counts` tells what went into them.

    `first_ids` (of a soft prompt) stand before every example's inputs, and count among them.
    Words in a chat (`chat.Chat`) read conversations as such: `answers` says which of a
    conversation's are learned.

    `shares` are the mixture's own unless given. With `workers` processes the stream is the same as
    with none, and `get_state()` restores it exactly under any number of them. `shards`, `rows_here`
    and `gather` are for a run of several processes: see `input_shards`.
    """
    limits = features.LengthLimits(
        max_input_tokens=max_input_tokens, max_target_tokens=max_target_tokens
    )
    stream = prompt_stream.Prompts(
        composition,
        registry,
        data=data,
        seed=seed,
        shares=shares,
        style=style,
        room=features.room(words, max_input_tokens, family, first_ids),
    )
    windows = packing.Windows(
        Items(stream, words, limits=limits, family=family, first_ids=first_ids, answers=answers),
        row_tokens=limits.row_tokens(family),
        family=family,
        seed=seed,
    )
    return input_shards.ShardedBatches(
        windows,
        rows=rows,
        shards=shards,
        rows_here=rows_here,
        workers=workers,
        gather=gather,
        tasks=len(composition.tasks),
    )


def drawn_of(
    config: config_lib.RunConfig, *, family: features.Family, first_ids: Sequence[int]
) -> dict[str, Any]:
    """Returns what `batches` and `told_of_losses` are given of a run's configuration."""
    return {
        "data": config.data,
        "seed": config.seed,
        "style": config.prompts,
        "family": family,
        "first_ids": first_ids,
        "max_input_tokens": config.batch.max_input_tokens,
    }


def told_of_losses(
    composition: mixture.Composition,
    registry: registry_module.Registry,
    words: chat.Words,
    *,
    data: str,
    seed: int,
    family: features.Family,
    max_input_tokens: int,
    style: render.Style = "instructions",
    first_ids: Sequence[int] = (),
) -> list[str]:
    """Returns a line that names the tasks of which `batches`, given the same, loses much text.

    Nothing, where there are none. Estimated on a few prompts of each task.
    """
    room = features.room(words, max_input_tokens, family, first_ids)
    stream = prompt_stream.Prompts(
        composition, registry, data=data, seed=seed, style=style, room=room
    )
    found = prompt_stream.losses(stream).items()
    losing = [(name, share) for name, share in found if share > _MUCH]
    losing.sort(key=lambda pair: -pair[1])
    listed = ", ".join(f"{name} {share:.0%}" for name, share in losing)
    return losing and [
        f"at {max_input_tokens} input tokens these tasks lose more than a tenth of their text: "
        f"{listed} (--batch.max-input-tokens)"
    ]


def text_batches(
    documents: Callable[[int], tuple[str, str]],
    words: tokenizer.Tokenizer,
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


class Items:
    """Turns prompts, drawn with the room that `limits` leave, into examples."""

    def __init__(
        self,
        prompts: prompt_stream.Prompts,
        words: chat.Words,
        *,
        limits: features.LengthLimits,
        family: features.Family,
        first_ids: Sequence[int] = (),
        answers: Answers = "all",
    ) -> None:
        self._answers = answers
        self._prompts = prompts
        self._words = words
        self._limits = limits
        self._family = family
        self._first_ids = first_ids
        self._marks = words.marks

    def __getstate__(self) -> dict[str, object]:
        state = dict(self.__dict__)
        state.pop("_target_ids", None)
        return state

    @functools.cached_property
    def _target_ids(self) -> Callable[[str], list[int]]:
        """The ids of targets; those that are short are many prompts'."""
        kept = functools.lru_cache(_KEPT_TARGETS)(self._words.encode)
        return lambda text: (kept if len(text) <= _SHORT_TARGET else self._words.encode)(text)

    def __call__(self, index: int) -> packing.Item:
        drawn = self._prompts.draw(index)
        if drawn.prompt is None:
            counts = fitting.counts_of(None)
            return packing.Item(example=None, task=drawn.task, counts=counts)
        if self._answers == "all" and drawn.prompt.turns and drawn.fitted.answers is None:
            raise errors.UserError(
                f"task {drawn.prompt.provenance.task!r}, row {drawn.prompt.provenance.row_id}: the "
                "chat template does not show earlier answers as they are, so that they cannot be "
                "learned: train on each conversation's last one, by --answers last"
            )
        targets = self._target_ids(drawn.prompt.targets)
        return packing.Item(
            example=features.to_example(
                drawn.fitted.ids,
                targets,
                self._limits,
                family=self._family,
                first_ids=self._first_ids,
                marks=self._marks,
                answers=drawn.fitted.answers if self._answers == "all" else None,
            ),
            task=drawn.task,
            counts=fitting.counts_of(drawn.prompt, has_unknown=self._words.unknown_id in targets),
            dropped_exemplars=drawn.dropped_exemplars,
        )


@dataclass(frozen=True)
class _TextItems:
    documents: Callable[[int], tuple[str, str]]
    words: tokenizer.Tokenizer
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
        example = features.to_example(
            ids[max(0, place - self.limits.max_input_tokens + 1) : place],  # EOS is one of them
            ids[place:],
            self.limits,
            family=self.family,
            marks=self.words.marks._replace(bos_id=None),  # where no inputs, no BOS
        )
        weights = weights[place : place + len(example.targets)]
        return packing.Item(example=dataclasses.replace(example, target_weights=weights))
