"""Small models that differ in how they decode, and what they say with every token computed anew."""

import dataclasses
import functools
import itertools

import jax
import numpy as np
import pytest
from flax import nnx
from model_toys import DECODER, ENCODER_DECODER

from flanlike.batches import features
from flanlike.models import decode

PREFIX = dataclasses.replace(DECODER, attention="prefix")
PER_LAYER = dataclasses.replace(ENCODER_DECODER, relative_per_layer=True)
# A layer sees three tokens back and turns by another base, one is usual, and one turns nothing.
WINDOW = dataclasses.replace(
    DECODER,
    **{"layers": 3, "window": 4, "layer_pattern": "lgn", "rope_local_theta": 50.0},
    **{"norms_after": True, "learned_positions": True, "max_positions": 64},
)
CONFIGS = pytest.mark.parametrize(
    "config",
    [DECODER, PREFIX, WINDOW, ENCODER_DECODER, PER_LAYER],
    ids=["causal", "prefix", "window", "encoder_decoder", "per_layer"],
)
PROMPTS = [[5, 6, 7, 8, 9], [11, 12], [21, 22, 23], [5, 6]]
NAIVE_TOKENS = 12


def naive_logits(
    model: nnx.Module, prompt: list[int], target: list[int], eos_id: int = features.EOS_ID
) -> np.ndarray:
    """Returns the logits after every token of one unpacked row, padded to a fixed length."""
    is_decoder = model.config.family == "decoder"
    ids = [*prompt, *target] if is_decoder else [features.PAD_ID, *target]
    batch = features.Batch(
        tokens_BT=_row(ids),
        targets_BT=_row([]),
        loss_weights_BT=_row([]).astype(np.float32),
        segment_ids_BT=_row([1] * len(ids)),
        positions_BT=_row(list(range(len(ids)))),
        is_prefix_BT=_row([1] * len(prompt) if is_decoder else []).astype(bool),
    )
    if not is_decoder:
        source = [*prompt, eos_id]
        batch = batch._replace(
            source_tokens_BS=_row(source),
            source_segment_ids_BS=_row([1] * len(source)),
            source_positions_BS=_row(list(range(len(source)))),
        )
    graphdef, params = nnx.split(model)
    return np.asarray(_logits(graphdef, params, batch)[0, : len(ids)])


def naive_generation(
    model: nnx.Module, prompt: list[int], tokens: int, eos_id: int = features.EOS_ID
) -> list[int]:
    generated: list[int] = []
    for _ in range(tokens):
        token = int(naive_logits(model, prompt, generated, eos_id)[-1].argmax())
        if token == eos_id:
            break
        generated.append(token)
    return generated


def option_scores(
    model: nnx.Module, prompts: list[list[int]], options: list[list[list[int]]], **how
) -> list[np.ndarray]:
    """Returns what each option is given, EOS with it, in the order of the prompts."""
    found = [np.zeros(len(each)) for each in options]
    for one in itertools.chain(*decode.scored_options(model, prompts, options, **how)):
        found[one.prompt] = one.of_tokens + one.of_eos
    return found


def _row(ids: list[int]) -> np.ndarray:
    return np.array([ids + [0] * (NAIVE_TOKENS - len(ids))], np.int32)


@functools.partial(jax.jit, static_argnums=0)
def _logits(graphdef, params, batch):
    return nnx.merge(graphdef, params)(batch)
