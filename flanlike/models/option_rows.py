"""Rows that score the options of many prompts in one pass, for both model families.

In a decoder's row the options follow the prompt as branches: each sees the prompt and itself, and
the first token of every option is predicted from the prompt's last token. Several prompts share a
row as segments:

```
tokens     [p1 p2 p3 a1 a2 b1]     # prompt p1 p2 p3, options a1 a2 and b1
segments   [ 1  1  1  1  1  1]
branches   [ 0  0  0  1  1  2]
positions  [ 0  1  2  3  4  3]
predicts    a1 and b1 at p3, a2 at a1, EOS at a2 and at b1
```

An encoder-decoder encodes the prompt once, and its options are the branches of a decoder segment.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from flanlike.batches import best_fit, features
from flanlike.models import sharding

Ids = Sequence[int]

# Lengths of rows, and numbers of predictions, start here, so that few shapes are compiled.
_MIN_ROW_TOKENS = 128
_MIN_PREDICTIONS = 16
# Packing takes time by items and rows: it is done with so many items at once.
_PACKED_AT_ONCE = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    offset: int  # the decoder token, within its item, that predicts
    token: int
    option: int
    is_eos: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One prompt with its options: a segment of a row."""

    index: int
    tokens: list[int]
    branches: list[int]
    positions: list[int]
    predictions: list[Prediction]
    prefix_tokens: int = 0
    source: list[int] = field(default_factory=list)

    @property
    def size(self) -> tuple[int, int]:
        return len(self.source), len(self.tokens)

    @property
    def places(self) -> int:
        """Returns how many of its tokens predict something: the first of all options share one."""
        return len({prediction.offset for prediction in self.predictions})


def of_decoder(
    index: int, prompt: Ids, options: Sequence[Ids], eos_id: int, *, asks_eos: bool = True
) -> Item:
    """Returns the prompt's tokens followed by each option's, for a decoder.

    EOS is predicted after each option if `asks_eos`.
    """
    if not len(prompt):
        raise ValueError(f"prompt {index!r} is empty: a decoder needs a token to predict from")
    n = len(prompt)
    tokens, branches, positions = list(prompt), [0] * n, list(range(n))
    predictions = []
    for o, option in enumerate(options):
        start = len(tokens)
        offsets = [n - 1, *range(start, start + len(option))]
        predictions += _predicted(offsets, option, o, eos_id if asks_eos else None)
        tokens += option
        branches += [o + 1] * len(option)
        positions += range(n, n + len(option))
    return Item(
        index=index,
        tokens=tokens,
        branches=branches,
        positions=positions,
        predictions=predictions,
        prefix_tokens=n,
    )


def of_encoder_decoder(
    index: int,
    prompt: Ids,
    options: Sequence[Ids],
    eos_id: int,
    *,
    asks_eos: bool = True,
    ends_source: bool = True,
) -> Item:
    """Returns the prompt as source and each option as a branch of the decoder's tokens.

    EOS ends the source if `ends_source`, and is predicted after each option if `asks_eos`.
    """
    source = [*prompt, eos_id] if ends_source else list(prompt)
    if not source:
        raise ValueError(f"prompt {index!r} is empty: an encoder needs a token to read")
    tokens, branches, positions, predictions = [], [], [], []
    for o, option in enumerate(options):
        offsets = range(len(tokens), len(tokens) + len(option) + 1)
        predictions += _predicted(offsets, option, o, eos_id if asks_eos else None)
        tokens += [features.PAD_ID, *option]
        branches += [o + 1] * (len(option) + 1)
        positions += range(len(option) + 1)
    return Item(
        index=index,
        tokens=tokens,
        branches=branches,
        positions=positions,
        predictions=predictions,
        source=source,
    )


def _predicted(offsets: Sequence[int], option: Ids, o: int, eos_id: int | None) -> list[Prediction]:
    """Returns the predictions of an option's tokens, and of EOS, from the tokens at `offsets`."""
    found = [
        Prediction(offset=offset, token=token, option=o, is_eos=False)
        for offset, token in zip(offsets, option, strict=False)
    ]
    if eos_id is not None:
        found.append(Prediction(offset=offsets[-1], token=eos_id, option=o, is_eos=True))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows of items with the shape that they are padded to."""

    rows: list[list[Item]]
    row_tokens: tuple[int, int]  # (source, decoder)
    row_count: int
    place_count: int  # tokens that predict
    prediction_count: int  # tokens that are asked for at one of them

    @property
    def items(self) -> list[Item]:
        return [item for row in self.rows for item in row]

    @property
    def tokens(self) -> int:
        return self.row_count * sum(self.row_tokens)


def batches(items: Sequence[Item], max_tokens_per_batch: int, model_size: int) -> list[Batch]:
    """Returns the items in batches, of one shape for each length of rows.

    Items of similar length are packed together, so that one long prompt makes no long rows of all;
    what room long rows have left takes short items. Rows are dealt out so that the batches of
    one length have about as many predictions each: they are padded to the most there are.
    """
    found: list[Batch] = []
    left = sorted(items, key=lambda item: -max(item.size))
    while left:
        longest = _power_of_two(max(left[0].size), _MIN_ROW_TOKENS)
        shorter = longest // 2 if longest > _MIN_ROW_TOKENS else 0
        group = [item for item in left if max(item.size) > shorter]
        rest, left = left[len(group) :], []
        row_tokens = _row_tokens([item.size for item in group], longest, model_size)
        windows = -(-len(group) // _PACKED_AT_ONCE)
        packed: list[list[Item]] = []
        for i in range(windows):
            rows, others = _packed(group[i::windows], rest[i::windows], row_tokens)
            packed += rows
            left += others
        left.sort(key=lambda item: -max(item.size))
        shares = sharding.shares()  # each of them as large as a batch of one device
        most = shares * max(1, max_tokens_per_batch // sum(row_tokens))
        dealt = _dealt(packed, -(-len(packed) // most))
        count = max(map(len, dealt))
        places = max(sum(map(_places, rows_of)) for rows_of in dealt)
        predictions = max(sum(map(_predictions, rows_of)) for rows_of in dealt)
        places, predictions = (rounded(n, _MIN_PREDICTIONS) for n in (places, predictions))
        found += [
            Batch(
                rows=rows_of,
                row_tokens=row_tokens,
                row_count=min(most, shares * rounded(-(-count // shares), 1)),
                place_count=places + -places % shares,
                prediction_count=predictions + -predictions % shares,
            )
            for rows_of in dealt
        ]
    return found


def _packed(
    group: Sequence[Item], shorter: Sequence[Item], row_tokens: tuple[int, int]
) -> tuple[list[list[Item]], list[Item]]:
    """Returns rows of the group with shorter items in what room is left, and those without."""
    stride = -(-len(shorter) // _PACKED_AT_ONCE) or 1
    fitting = [i for i in range(0, len(shorter), stride) if _fits(shorter[i].size, row_tokens)]
    offered = [*group, *(shorter[i] for i in fitting)]
    rows = best_fit.pack([item.size for item in offered], row_tokens)
    kept = [[offered[i] for i in row] for row in rows if min(row) < len(group)]
    taken = {item.index for row in kept for item in row}
    return kept, [item for item in shorter if item.index not in taken]


def _fits(size: tuple[int, int], row_tokens: tuple[int, int]) -> bool:
    return size[0] <= row_tokens[0] and size[1] <= row_tokens[1]


def _dealt(rows: Sequence[list[Item]], hands: int) -> list[list[list[Item]]]:
    """Returns the rows in as many batches, like cards: there and back, most places first."""
    dealt: list[list[list[Item]]] = [[] for _ in range(hands)]
    for card, row in enumerate(sorted(rows, key=_places, reverse=True)):
        turn, hand = divmod(card, hands)
        dealt[hand if turn % 2 == 0 else hands - 1 - hand].append(row)
    return dealt


def _places(row: Sequence[Item]) -> int:
    return sum(item.places for item in row)


def _predictions(row: Sequence[Item]) -> int:
    return sum(len(item.predictions) for item in row)


def _row_tokens(sizes: Sequence[tuple[int, int]], longest: int, model_size: int) -> tuple[int, int]:
    """Returns the (source, decoder) tokens of a row that make scoring these sizes cheapest.

    Long rows waste less on padding and more on attention, whose cost a token grows with the row.
    """
    sample = sizes[:: max(1, len(sizes) // 512)]
    source_tokens, tokens = (sum(axis) for axis in zip(*sizes, strict=True))
    most_tokens = max(size[1] for size in sizes)

    def cost(row_tokens: tuple[int, int]) -> int:
        rows = len(best_fit.pack(sample, row_tokens))
        return rows * sum(n * (model_size + n) for n in row_tokens)

    candidates = []
    for row in (longest, longest * 5 // 4, longest * 3 // 2, longest * 2):
        if source_tokens:
            share = max(most_tokens, round(1.1 * row * tokens / source_tokens))
            candidates.append((row, -(-share // 16) * 16))
        else:
            candidates.append((0, row))
    return min(candidates, key=cost)


def assemble(planned: Batch) -> tuple[features.Batch, np.ndarray, np.ndarray, np.ndarray]:
    """Returns the batch, its branches, and what is asked of it.

    That is (row, column) of every place that predicts, int32 [P, 2], and (place, token) of every
    prediction in the order of the items, int32 [M, 2].
    """
    B, (S, T) = planned.row_count, planned.row_tokens
    batch = features.empty(B, (S, T), family="encoder_decoder" if S else "decoder")
    branch_ids_BT = np.zeros((B, T), np.int32)
    places: dict[tuple[int, int], int] = {}
    asked = []
    for b, row in enumerate(planned.rows):
        start = source_start = 0
        for segment, item in enumerate(row, start=1):
            end = start + len(item.tokens)
            batch.tokens_BT[b, start:end] = item.tokens
            batch.segment_ids_BT[b, start:end] = segment
            batch.positions_BT[b, start:end] = item.positions
            batch.is_prefix_BT[b, start : start + item.prefix_tokens] = True
            branch_ids_BT[b, start:end] = item.branches
            asked += [
                (places.setdefault((b, start + p.offset), len(places)), p.token)
                for p in item.predictions
            ]
            start = end
            if S:
                put_source(batch, b, source_start, segment, item.source)
                source_start += len(item.source)
    places_P2 = _padded(list(places), planned.place_count)
    return batch, branch_ids_BT, places_P2, _padded(asked, planned.prediction_count)


def _padded(pairs: list[tuple[int, int]], count: int) -> np.ndarray:
    return np.array(pairs + [(0, 0)] * (count - len(pairs)), np.int32)


def put_source(batch: features.Batch, b: int, start: int, segment: int, ids: Ids) -> None:
    end = start + len(ids)
    batch.source_tokens_BS[b, start:end] = ids
    batch.source_segment_ids_BS[b, start:end] = segment
    batch.source_positions_BS[b, start:end] = np.arange(len(ids))


def _power_of_two(n: int, least: int) -> int:
    """Returns the power of two at or above n, and at least `least`."""
    return max(least, 1 << max(0, n - 1).bit_length())


def rounded(n: int, least: int) -> int:
    """Returns the first of 1 2 3 4 5 6 7 8 10 12 14 16 20 24 ... at or above n and `least`.

    So few numbers are in use, and no more than a fifth is padding.
    """
    n = max(n, least)
    step = 1 << max(0, (n - 1).bit_length() - 3)
    return -(-n // step) * step
