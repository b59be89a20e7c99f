"""Examples of flan_core, packed by us and padded as a data collator does.

For train_step.py and tune_published.py.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

import task_registry
from flanlike import seeding
from flanlike.batches import best_fit, features, packing, pipeline, tokenizer, vocabulary
from flanlike.mixtures import compose
from flanlike.prompts import stream as prompt_stream
from flanlike.runs import bases

_WORDS = bases.SHIPPED / "vocabulary"
Example = features.Example
IGNORED = -100  # the label of a position that PyTorch's loss leaves out


@dataclasses.dataclass(frozen=True, kw_only=True)
class Work:
    """The same examples twice: as our packed batches, and as as many lists to pad."""

    packed: list[features.Batch]
    padded: list[list[Example]]
    limits: features.LengthLimits

    @property
    def examples(self) -> list[Example]:
        return [example for batch in self.padded for example in batch]


def work(
    family: features.Family,
    *,
    steps: int,
    rows: int,
    limits: features.LengthLimits,
    words: tokenizer.Tokenizer | None = None,
    data: str = "embedded",
) -> Work:
    """Returns that many packed batches, and their examples in as many random batches.

    Without `words`, in the shipped vocabulary.
    """
    words = words or vocabulary.Vocabulary.load(_WORDS)
    items = _items(family, limits, words, data)
    drawn = map(items, range(packing.WINDOW_EXAMPLES))
    examples = [item.example for item in drawn if item.example is not None]
    sizes = [example.size(family) for example in examples]
    packed = best_fit.pack(sizes, limits.row_tokens(family))
    seeding.rng(0, "rows").shuffle(packed)
    packed = packed[: steps * rows]
    if len(packed) < steps * rows:
        raise SystemExit(f"error: {steps} steps of {rows} rows are more than one window has")
    chosen = [examples[index] for row in packed for index in row]
    seeding.rng(0, "examples").shuffle(chosen)
    return Work(
        packed=[
            features.assemble(
                [[examples[index] for index in row] for row in packed[step::steps]],
                limits.row_tokens(family),
                family=family,
            )
            for step in range(steps)
        ],
        padded=[chosen[step::steps] for step in range(steps)],
        limits=limits,
    )


def useful_tokens(examples: Sequence[Example], family: features.Family) -> int:
    return sum(sum(example.size(family)) for example in examples)


def one_a_row(examples: Sequence[Example], family: features.Family) -> features.Batch:
    """Returns the batch that has one example in each row, all as long as the longest."""
    longest = np.max([example.size(family) for example in examples], axis=0).tolist()
    return features.assemble([[example] for example in examples], tuple(longest), family=family)


def collated(examples: Sequence[Example], family: features.Family) -> dict[str, np.ndarray]:
    """Returns what a data collator makes of them for transformers: padded on the right."""
    if family == "decoder":
        ids = [[*example.inputs, *example.targets] for example in examples]
        labels = [[IGNORED] * len(e.inputs) + list(e.targets) for e in examples]
    else:
        ids = [example.inputs for example in examples]
        labels = [example.targets for example in examples]
    return {
        "input_ids": padded(ids, features.PAD_ID),
        "attention_mask": padded([[1] * len(row) for row in ids], 0),
        "labels": padded(labels, IGNORED),
    }


def padded(rows: Sequence[Sequence[int]], fill: int, *, on_left: bool = False) -> np.ndarray:
    longest = max(map(len, rows))
    made = np.full((len(rows), longest), fill, np.int64)
    for b, row in enumerate(rows):
        made[b, longest - len(row) if on_left else 0 :][: len(row)] = row
    return made


def _items(
    family: features.Family, limits: features.LengthLimits, words: tokenizer.Tokenizer, data: str
) -> pipeline.Items:
    """Returns flan_core's stream of examples, nothing held out."""
    found = task_registry.registry()
    mixture = found.mixture("flan_core")
    composition = compose.compose(mixture, found, data, held_out=(), skip_missing=True)
    prompts = prompt_stream.Prompts(
        composition,
        found,
        data=data,
        seed=0,
        room=features.room(words, limits.max_input_tokens, family),
    )
    return pipeline.Items(prompts, words, limits=limits, family=family)
