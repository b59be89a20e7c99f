"""What card.py measures: three shapes, their batches and the FLOPs of a step.

Nothing here starts a device: the peer's process asks it too. Token ids are random; lengths are
log-normal as those of real instructions, with a median of 120 tokens of input and 8 of targets.
"""

import argparse
import dataclasses
from pathlib import Path

import numpy as np
import shapes

from flanlike.batches import best_fit, features
from flanlike.models import config as model_config
from flanlike.models import presets
from flanlike.pretrained import layout

Shape = model_config.ModelConfig


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """A shape with the rows of a step on a card of 70 GiB, and the most tokens of an example."""

    title: str
    rows: int
    max_input_tokens: int
    max_target_tokens: int


CASES = {
    "t5": Case(title="T5-large", rows=64, max_input_tokens=512, max_target_tokens=128),
    "decoder": Case(title="1B decoder", rows=16, max_input_tokens=896, max_target_tokens=128),
    "gemma": Case(title="Gemma 3 270M", rows=8, max_input_tokens=896, max_target_tokens=128),
}
_TINY = dict(rows=2, max_input_tokens=32, max_target_tokens=16)
_PRESETS = {"t5": ("t5-1.1-large", 32_128), "decoder": ("decoder-1b", 128_256)}
_EXAMPLES_A_ROW = 12  # more than fit


def shape_of(options: argparse.Namespace) -> Shape:
    """Returns the shape of `options.shape`, in bfloat16 and without dropout."""
    if options.shape in _PRESETS:
        preset, vocabulary = _PRESETS[options.shape]
        shape = dataclasses.replace(presets.get(preset), vocab_size=vocabulary)
    else:
        shape = layout.to_ours(shapes.GEMMA_3_270M, Path("google/gemma-3-270m"))
    shape = dataclasses.replace(
        shape,
        dropout=0.0,
        dtype="bfloat16",
        remat=options.remat,
        attention_kernel=options.attention_kernel,
    )
    return shapes.narrow(shape) if options.tiny else shape


def packed(options: argparse.Namespace, shape: Shape) -> features.Batch:
    """Returns as many packed rows as a step has."""
    chosen, row_tokens = _rows(options, shape)
    return features.assemble(chosen, row_tokens, family=shape.family)


def padded(options: argparse.Namespace, shape: Shape) -> features.Batch:
    """Returns examples of those rows one a row, padded to the longest, in as many places."""
    chosen, row_tokens = _rows(options, shape)
    examples = [example for row in chosen for example in row]
    np.random.default_rng(1).shuffle(examples)
    places = len(chosen) * sum(row_tokens)
    longest = np.maximum.accumulate([one.size(shape.family) for one in examples])
    count = int((longest.sum(axis=1) * np.arange(1, len(examples) + 1) <= places).sum())
    row_tokens = tuple(longest[count - 1].tolist())
    return features.assemble([[one] for one in examples[:count]], row_tokens, family=shape.family)


def _rows(
    options: argparse.Namespace, shape: Shape
) -> tuple[list[list[features.Example]], tuple[int, int]]:
    """Returns the examples of each packed row of a step, and how long a row is."""
    case = CASES[options.shape]
    case = dataclasses.replace(case, **_TINY) if options.tiny else case
    rows = max(1, case.rows // options.divide_rows)
    limits = features.LengthLimits(
        max_input_tokens=case.max_input_tokens, max_target_tokens=case.max_target_tokens
    )
    most = case.max_input_tokens - (shape.family != "decoder")  # an encoder's EOS
    draw = np.random.default_rng(0)
    examples = []
    for _ in range(_EXAMPLES_A_ROW * rows):
        inputs, targets = np.exp(draw.normal(np.log([120, 8]), 0.8)).astype(int) + 1
        ids = [draw.integers(2, shape.vocab_size, n).tolist() for n in (min(inputs, most), targets)]
        examples.append(features.to_example(*ids, limits, family=shape.family))
    row_tokens = limits.row_tokens(shape.family)
    order = best_fit.pack([one.size(shape.family) for one in examples], row_tokens)
    draw.shuffle(order)  # the first rows have the longest examples
    return [[examples[index] for index in row] for row in order[:rows]], row_tokens


def real_tokens(batch: features.Batch) -> int:
    """Returns the tokens of source and decoder that are no padding."""
    source = batch.source_segment_ids_BS
    return int((batch.segment_ids_BT > 0).sum() + (0 if source is None else (source > 0).sum()))


def flops(shape: Shape, batch: features.Batch, head_positions: int) -> int:
    """Returns the FLOPs of a step's matrix products on that batch, with so many positions' logits.

    Three times those of a forward pass: 2 for every weight and position, and 4 T S H for every head
    of an attention of T queries and S keys. What is masked, and what remat computes again, counts
    as a plain step computes it: the former does, the latter does not.
    """
    D, N, K, H = shape.model_size, shape.query_heads, shape.key_value_heads, shape.head_size
    B, T = batch.tokens_BT.shape
    S = 0 if batch.source_tokens_BS is None else batch.source_tokens_BS.shape[1]
    hidden = (3 if shape.is_gated else 2) * D * shape.hidden_size

    def attention(queries: int, keys: int) -> int:
        products = 2 * B * (queries * 2 * D * N * H + keys * 2 * D * K * H)
        return products + 4 * B * queries * keys * N * H

    encoder = shape.encoder_layers * (attention(S, S) + 2 * B * S * hidden)
    cross = attention(T, S) if shape.encoder_layers else 0
    decoder = shape.layers * (attention(T, T) + cross + 2 * B * T * hidden)
    return 3 * (encoder + decoder + 2 * head_positions * D * shape.vocab_size)
