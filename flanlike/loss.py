"""The loss: a weighted sum over target tokens, kept apart from the count that divides it.

Dividing happens once, over the whole global batch (`training.make_train_step`). Nothing here takes
a mean, so packing, padding rows, micro-batches and hosts cannot change the gradient.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from flanlike import config as config_lib
from flanlike import features


class LossSums(NamedTuple):
    """Sums over the target tokens of a batch, each token counted with its loss weight."""

    loss_sum: jax.Array  # nats; with z-loss and label smoothing where asked for
    weight_sum: jax.Array
    correct_sum: jax.Array  # weight of the tokens whose target is the likeliest


def loss_sums(
    model: Callable[..., jax.Array],
    batch: features.Batch,
    rngs: nnx.Rngs | None = None,
    config: config_lib.LossConfig | None = None,
) -> LossSums:
    """Returns the loss of a batch as sums; dropout is active where `rngs` is given.

    targets_BT       [11 12 20 21  1  0]
    loss_weights_BT  [ 0  0  1  1  1  0]      # weight_sum 3: only 20, 21 and EOS count
    """
    logits_BTV = model(batch, rngs=rngs)
    return of_logits(logits_BTV, batch.targets_BT, batch.loss_weights_BT, config)


def of_logits(
    logits_BTV: jax.Array,
    targets_BT: jax.Array,
    weights_BT: jax.Array,
    config: config_lib.LossConfig | None = None,
) -> LossSums:
    """Returns the sums for given logits; always in float32, whatever the model computes in."""
    config = config or config_lib.LossConfig()
    logits_BTV = logits_BTV.astype(jnp.float32)
    log_z_BT = jax.nn.logsumexp(logits_BTV, axis=-1)
    target_logits_BT = jnp.take_along_axis(logits_BTV, targets_BT[..., None], axis=-1)[..., 0]
    loss_BT = log_z_BT - target_logits_BT
    if config.label_smoothing:
        uniform_BT = log_z_BT - logits_BTV.mean(axis=-1)
        loss_BT += config.label_smoothing * (uniform_BT - loss_BT)
    if config.z_loss:
        loss_BT += config.z_loss * jnp.square(log_z_BT)
    is_correct_BT = target_logits_BT >= logits_BTV.max(axis=-1)  # argmax is slow on a CPU
    return LossSums(
        loss_sum=(loss_BT * weights_BT).sum(),
        weight_sum=weights_BT.sum(),
        correct_sum=(is_correct_BT * weights_BT).sum(),
    )
