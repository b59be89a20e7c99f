"""Small models with few parameters that learn."""

import dataclasses

import jax
import numpy as np
import training_toys
from flax import nnx

from flanlike import config
from flanlike.batches import features
from flanlike.models import tuning

ALL_KERNELS = ("q", "k", "v", "out", "gate", "up", "down")


LORA = config.LoraConfig(rank=2, alpha=6, targets=ALL_KERNELS)


FAMILIES = {
    "decoder": dataclasses.replace(training_toys.MODEL, layers=2, key_value_heads=1),
    "encoder_decoder": dataclasses.replace(
        training_toys.MODEL, family="encoder_decoder", layers=2, encoder_layers=1
    ),
}


EXAMPLES = [([5, 6, 7, 8], [9, 10]), ([11, 12], [13]), ([14, 15, 16], [17, 18, 19])]


def batch(family, model=None, *, is_packed=False):
    """Returns the examples as the pipeline would make them for that model."""
    ids = () if model is None else tuning.soft_prompt_ids(model)
    limits = features.LengthLimits(max_input_tokens=9, max_target_tokens=5)
    examples = [
        features.to_example(inputs, targets, limits, family=family, first_ids=ids)
        for inputs, targets in EXAMPLES
    ]
    rows = [examples] if is_packed else [[example] for example in examples]
    row_tokens = (27, 15) if family != "decoder" else (0, 42)
    return features.assemble(rows, row_tokens, family=family)


def shaken(model):
    """Gives what learns values that are not zero."""
    state = nnx.state(model, tuning.Tuned)
    rng = np.random.default_rng(5)
    moved = lambda leaf: leaf + 0.2 * rng.standard_normal(leaf.shape, np.float32)  # noqa: E731
    nnx.update(model, jax.tree.map(moved, state))
    return model


logits_of = nnx.jit(lambda model, batch: model(batch))
