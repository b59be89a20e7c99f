"""What crosses from the data half to the model half: batches of token ids.

A prompt's ids become an `Example`; examples that share a row become segments of a `Batch`. Inputs
7 8 9 with targets 5 6 look like this, EOS being 1:

```
decoder              tokens        [ 7  8  9  5  6]
                     targets       [ 8  9  5  6  1]
                     loss_weights  [ 0  0  1  1  1]
                     is_prefix     [ 1  1  1  0  0]
encoder_decoder      source        [ 7  8  9  1]         # no EOS where its words put none there
                     tokens        [ 0  5  6]            # 0 is PAD: the model's own start token
                     targets       [ 5  6  1]
                     loss_weights  [ 1  1  1]
```
"""

import abc
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import numpy as np

from flanlike.prompts import fitting
from flanlike.tasks import task as task_module

PAD_ID = 0
EOS_ID = 1

Family = Literal["decoder", "encoder_decoder"]


class Marks(NamedTuple):
    """The ids that begin and end an example, as the words have them: ours and T5's by default."""

    eos_id: int = EOS_ID
    bos_id: int | None = None  # before inputs; None: nothing stands there
    ends_inputs: bool = True  # EOS stands behind an encoder's inputs


class Words(Protocol):
    """What is needed of a tokenizer here."""

    @property
    def marks(self) -> Marks: ...

    def encode(self, text: str) -> list[int]: ...


class Speaker(abc.ABC):
    """Words that ask in a conversation (`chat.Chat`): a prompt is a user's turn in it.

    A base class, for every prompt is asked twice whether its words are such, and a protocol takes
    9 µs to say so: a twelfth of the pipeline's time.
    """

    @abc.abstractmethod
    def asked(self, text: str) -> list[int]: ...

    @abc.abstractmethod
    def read_turns(self, turns: Sequence[task_module.Turn]) -> fitting.Read: ...


class Batch(NamedTuple):
    """Rows of packed examples. Segment 0 is padding; real segments count from 1 in each row.

    Positions count from 0 within each segment. `is_prefix_BT` marks the input part of an example,
    over which a prefix-LM attends both ways. The source arrays are None for a decoder-only model.
    """

    tokens_BT: np.ndarray  # int32
    targets_BT: np.ndarray  # int32
    loss_weights_BT: np.ndarray  # float32, 0 on inputs and padding
    segment_ids_BT: np.ndarray  # int32
    positions_BT: np.ndarray  # int32
    is_prefix_BT: np.ndarray  # bool
    source_tokens_BS: np.ndarray | None = None  # int32
    source_segment_ids_BS: np.ndarray | None = None  # int32
    source_positions_BS: np.ndarray | None = None  # int32


@dataclass(frozen=True, kw_only=True)
class LengthLimits:
    """How many tokens an example may have, and so the size of a row.

    Targets count their EOS, and inputs theirs where an encoder reads them. A decoder's row holds
    `max_input_tokens + max_target_tokens`; an encoder-decoder's source and target have their own.
    """

    max_input_tokens: int
    max_target_tokens: int

    def __post_init__(self) -> None:
        for name in ("max_input_tokens", "max_target_tokens"):
            if getattr(self, name) < 2:
                raise ValueError(f"{name} is {getattr(self, name)!r}; expected 2 or more")

    def row_tokens(self, family: Family) -> tuple[int, int]:
        """Returns the size of a row: (source tokens, decoder tokens)."""
        if family == "decoder":
            return 0, self.max_input_tokens + self.max_target_tokens
        return self.max_input_tokens, self.max_target_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Ids of one prompt as they are packed: EOS is in them, and they keep to the limits."""

    inputs: Sequence[int]
    targets: Sequence[int]
    is_target_cut: bool = False
    target_weights: Sequence[float] | None = None  # of each target in the loss; None: all 1
    soft_tokens: int = 0  # of inputs, the first, which are a soft prompt's and no vocabulary's

    def size(self, family: Family) -> tuple[int, int]:
        """Returns the room it needs in a row: (source tokens, decoder tokens)."""
        if family == "decoder":
            return 0, len(self.inputs) + len(self.targets) - 1
        return len(self.inputs), len(self.targets)


def inputs_text(text: str, family: Family) -> str:
    """Returns a prompt's inputs as a model of that family reads them.

    A decoder's end in a newline: after a list, a question or "Answer:" alike, the answer begins at
    the same mark. T5's end in EOS, which `to_example` adds.
    """
    return f"{text}\n" if family == "decoder" and not text.endswith("\n") else text


def inputs_ids(words: Words, family: Family, text: str) -> list[int]:
    """Returns the ids of a prompt's inputs as a model of that family and words reads them."""
    if isinstance(words, Speaker):
        return words.asked(text)
    return words.encode(inputs_text(text, family))


def room(
    words: Words, max_input_tokens: int, family: Family, first_ids: Sequence[int] = ()
) -> fitting.Room:
    """Returns the room that is left for the text of inputs, and how it is read.

    of 5 tokens   a decoder: 5, one of them mostly its newline; 4 after BOS   an encoder: 4 and EOS
    """
    marks = words.marks
    marked = len(before_inputs(marks, family, first_ids)) + len(after_inputs(marks, family))
    is_chat = isinstance(words, Speaker)
    return fitting.Room(
        tokens=max_input_tokens - marked,
        read=words.asked if is_chat else functools.partial(inputs_ids, words, family),
        encode=words.encode,
        read_turns=words.read_turns if is_chat else None,
    )


def before_inputs(marks: Marks, family: Family, first_ids: Sequence[int] = ()) -> list[int]:
    """Returns the ids before the text of inputs: a soft prompt's, and BOS."""
    del family  # an encoder's inputs begin as a decoder's
    return [*first_ids] if marks.bos_id is None else [*first_ids, marks.bos_id]


def after_inputs(marks: Marks, family: Family) -> list[int]:
    """Returns the ids behind the text of inputs: an encoder's EOS, where it reads one."""
    return [marks.eos_id] if family != "decoder" and marks.ends_inputs else []


def to_example(
    inputs: Sequence[int],
    targets: Sequence[int],
    limits: LengthLimits,
    *,
    family: Family,
    marks: Marks = Marks(),  # noqa: B008 (it is a value)
    first_ids: Sequence[int] = (),
    answers: Sequence[float] | None = None,
) -> Example:
    """Returns the example of a prompt's ids, given without the marks.

    Inputs have to fit: what a prompt loses to do so, `fitting` decides where its fields are known.
    Targets that are too long lose their end, and with it their EOS: a cut answer must not teach
    where to stop.

    with limits 3 and 2   inputs 4 5, targets 8 9  ->  4 5 | 8 9      (encoder: 4 5 1 | 8 9)
    with first_ids 30     inputs 4                 ->  30 4 | 8 9     (encoder: 30 4 1 | 8 9)

    `first_ids` are those of a soft prompt: they come before all others.

    `answers` says which inputs a decoder learns as well, those of a conversation's earlier answers:
    from the first of them on they are targets, and what is between them has the weight 0.

    answers 0 1 0    inputs 4 5 6, targets 8    ->  4 | 5 6 8 1       target_weights 1 0 1 1
    """
    targets = [*targets, marks.eos_id]
    before = before_inputs(marks, family, first_ids)
    ids = [*before, *inputs, *after_inputs(marks, family)]
    if len(ids) > limits.max_input_tokens:
        raise ValueError(
            f"inputs have {len(ids)} tokens with their marks, and the limit is "
            f"{limits.max_input_tokens}; render the prompt by fitting.fit with features.room"
        )
    kept, weights = targets[: limits.max_target_tokens], None
    if family == "decoder" and answers is not None and any(answers):
        first = len(before) + next(at for at, weight in enumerate(answers) if weight)
        weights = [*answers[first - len(before) :], *[1.0] * len(kept)]
        ids, kept = ids[:first], [*ids[first:], *kept]
    return Example(
        inputs=ids,
        targets=kept,
        is_target_cut=len(targets) > limits.max_target_tokens,
        target_weights=weights,
        soft_tokens=len(first_ids),
    )


def assemble(
    rows: Sequence[Sequence[Example]], row_tokens: tuple[int, int], *, family: Family
) -> Batch:
    """Returns one batch row for each list of examples, padded to `row_tokens`."""
    batch = empty(len(rows), row_tokens, family=family)
    for b, examples in enumerate(rows):
        start = source_start = 0
        for segment, example in enumerate(examples, start=1):
            if family == "decoder":
                start += _put_decoder(batch, b, start, segment, example)
            else:
                source_start += _put_source(batch, b, source_start, segment, example)
                start += _put_target(batch, b, start, segment, example)
    return batch


def empty(rows: int, row_tokens: tuple[int, int], *, family: Family) -> Batch:
    """Returns a batch of padding."""
    source_tokens, tokens = row_tokens
    source = [None] * 3
    if family != "decoder":
        source = [np.zeros((rows, source_tokens), np.int32) for _ in range(3)]
    return Batch(
        tokens_BT=np.zeros((rows, tokens), np.int32),
        targets_BT=np.zeros((rows, tokens), np.int32),
        loss_weights_BT=np.zeros((rows, tokens), np.float32),
        segment_ids_BT=np.zeros((rows, tokens), np.int32),
        positions_BT=np.zeros((rows, tokens), np.int32),
        is_prefix_BT=np.zeros((rows, tokens), np.bool_),
        source_tokens_BS=source[0],
        source_segment_ids_BS=source[1],
        source_positions_BS=source[2],
    )


def _put_decoder(batch: Batch, b: int, start: int, segment: int, example: Example) -> int:
    """Writes inputs and targets as one sequence; returns its length."""
    sequence = [*example.inputs, *example.targets]
    prefix, length = len(example.inputs), len(sequence) - 1
    end = start + length
    batch.tokens_BT[b, start:end] = sequence[:-1]
    batch.targets_BT[b, start:end] = sequence[1:]
    batch.targets_BT[b, start : start + max(example.soft_tokens - 1, 0)] = PAD_ID
    weights = 1 if example.target_weights is None else example.target_weights
    if prefix == 0 and example.target_weights is not None:
        weights = weights[1:]  # the first target is then given, not predicted
    batch.loss_weights_BT[b, start + max(prefix - 1, 0) : end] = weights
    batch.segment_ids_BT[b, start:end] = segment
    batch.positions_BT[b, start:end] = np.arange(length)
    batch.is_prefix_BT[b, start : start + prefix] = True
    return length


def _put_source(batch: Batch, b: int, start: int, segment: int, example: Example) -> int:
    length = len(example.inputs)
    end = start + length
    batch.source_tokens_BS[b, start:end] = example.inputs
    batch.source_segment_ids_BS[b, start:end] = segment
    batch.source_positions_BS[b, start:end] = np.arange(length)
    return length


def _put_target(batch: Batch, b: int, start: int, segment: int, example: Example) -> int:
    """Writes the targets, shifted right by PAD for the decoder's tokens; returns their length."""
    length = len(example.targets)
    end = start + length
    batch.tokens_BT[b, start + 1 : end] = example.targets[:-1]
    batch.targets_BT[b, start:end] = example.targets
    batch.loss_weights_BT[b, start:end] = (
        1 if example.target_weights is None else example.target_weights
    )
    batch.segment_ids_BT[b, start:end] = segment
    batch.positions_BT[b, start:end] = np.arange(length)
    return length
