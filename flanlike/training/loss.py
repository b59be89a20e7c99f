"""The loss: a weighted sum over target tokens, kept apart from the count that divides it.

Dividing happens once, over the whole global batch (`loop.make_train_step`). Nothing here takes
a mean, so packing, padding rows, micro-batches and hosts cannot change the gradient.

Most positions of a row of instructions are inputs, whose logits nobody asks for, and over a large
vocabulary logits are the largest array of a step. So a large batch's are computed at its targets
alone, a chunk at a time, each with its gradient (`_at_targets`). On a mesh each device does so for
the rows that it has, and what they found is summed once.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from flanlike import config as config_lib
from flanlike.batches import features
from flanlike.models import sharding

# Fewer logits than these (64 MiB, of a device) are computed at once, at every position.
LARGE_LOGITS = 1 << 24
# Positions of a chunk: an eighth of all, but no fewer than make a fast matrix product, and no more
# than make a large array. Over a very large vocabulary a chunk is smaller still: its logits and
# their gradient are two arrays of at most 256 MiB each.
_MIN_CHUNK, _MAX_CHUNK = 128, 4096
_MOST_LOGITS = 1 << 26
_MULTIPLE, _FEWEST = 32, 2  # of positions, and of these: fewer waste the head's reading


class LossSums(NamedTuple):
    """Sums over the target tokens of a batch, each token counted with its loss weight."""

    loss_sum: jax.Array  # nats; with z-loss and label smoothing where asked for
    weight_sum: jax.Array
    correct_sum: jax.Array  # weight of the tokens whose target is the likeliest


def loss_sums(
    model: nnx.Module,
    batch: features.Batch,
    rngs: nnx.Rngs | None = None,
    config: config_lib.LossConfig | None = None,
    *,
    at_targets: bool | None = None,
    neftune_alpha: float = 0.0,
) -> LossSums:
    """Returns the loss of a batch as sums; dropout and noise are active where `rngs` is given.

    targets_BT       [11 12 20 21  1  0]
    loss_weights_BT  [ 0  0  1  1  1  0]      # weight_sum 3: only 20, 21 and EOS count

    Logits are computed at targets alone where a device has many of them; `at_targets` decides it
    in place of their number.
    """
    x_BTD = model.hidden(batch, rngs=rngs, neftune_alpha=neftune_alpha)
    positions, vocab_size = _of_device(batch, model)
    if is_chunked(positions, vocab_size) if at_targets is None else at_targets:
        size = chunk_size(positions, vocab_size)
        return _at_targets(model, x_BTD, batch, config, size)
    return of_logits(model.logits(x_BTD), batch.targets_BT, batch.loss_weights_BT, config)


def is_chunked(positions: int, vocab_size: int) -> bool:
    """Returns whether a device computes so many logits chunk by chunk."""
    return positions * vocab_size >= LARGE_LOGITS


def chunk_size(positions: int, vocab_size: int) -> int:
    """Returns the positions of a chunk."""
    fitting = max(_MOST_LOGITS // vocab_size // _MULTIPLE, _FEWEST) * _MULTIPLE
    share = -(-positions // (8 * _MULTIPLE)) * _MULTIPLE
    return min(max(share, _MIN_CHUNK), _MAX_CHUNK, fitting)


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


def _of_device(batch: features.Batch, model: nnx.Module) -> tuple[int, int]:
    """Returns the positions of one device's rows, and its part of the vocabulary."""
    positions = batch.targets_BT.size // sharding.shares()
    return positions, sharding.part("vocab", model.config.vocab_size)


def _at_targets(
    model: nnx.Module,
    x_BTD: jax.Array,
    batch: features.Batch,
    config: config_lib.LossConfig | None,
    size: int,
) -> LossSums:
    """Returns the sums from logits of the positions that count.

    These come first in a new order of all positions, which is cut into chunks; chunks without any
    are skipped. Every chunk gives its gradient together with its sums, so that no logits are kept
    for the backward pass, which only scales what is there:

    weights  [0 0 1 1 | 0 0 0 1]   order  [2 3 7 0 | 1 4 5 6]      # the second chunk is skipped

    On a mesh this is the order of each device's own rows, and all of them compute as many chunks as
    the one with the most targets: those that share out a vocabulary have to meet in each.
    """
    is_tied = model.config.tied_embeddings

    def is_head(path: tuple[Any, ...], _: Any) -> bool:
        is_of_inputs = "soft_prompt" in path or (not is_tied and "table" in path)
        return "embedding" in path and not is_of_inputs

    # All parameters that logits depend on are in `head`: a table apart from it is in `rest`.
    graph, head, rest = nnx.split(model, is_head, ...)
    targets_BT, weights_BT = jnp.asarray(batch.targets_BT), jnp.asarray(batch.loss_weights_BT)
    return _total(graph, config, size, head, x_BTD, rest, targets_BT, weights_BT)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1, 2))
def _total(graph, config, size, head, x_BTD, rest, targets_BT, weights_BT) -> LossSums:
    def of_rows(whole, rows):
        head, rest = whole
        x_MD, targets_M, weights_M = map(_flat, rows)

        def add(sums: LossSums, positions_C: jax.Array) -> LossSums:
            chunk = _take((x_MD, targets_M, weights_M), positions_C)
            more = _of_chunk(head, chunk[0], graph, config, rest, chunk)[1]
            return jax.tree.map(jnp.add, sums, more)

        return sharding.Parts(sums=_over_chunks(add, _no_sums(), weights_M, size))

    return sharding.over_rows(of_rows, (head, rest), (x_BTD, targets_BT, weights_BT)).sums


def _total_forward(graph, config, size, head, x_BTD, rest, targets_BT, weights_BT):
    """Returns the sums, and the gradient of their loss_sum by x_BTD and head.

    A head that does not learn (--tune lora, --freeze embeddings) gets none: it would be the largest
    array of all.
    """
    learns = any(leaf.perturbed for leaf in jax.tree.leaves(head, is_leaf=_is_primal))
    given = (head, x_BTD, rest, targets_BT, weights_BT)
    head, x_BTD, rest, targets_BT, weights_BT = jax.tree.map(
        lambda leaf: leaf.value, given, is_leaf=_is_primal
    )
    gradient_of = jax.grad(_of_chunk, argnums=(0, 1) if learns else (1,), has_aux=True)

    def of_rows(whole, rows):
        head, rest = whole
        x_MD, targets_M, weights_M = map(_flat, rows)

        def add(carry: Any, positions_C: jax.Array) -> Any:
            sums, of_x_MD, *of_head = carry
            chunk = _take((x_MD, targets_M, weights_M), positions_C)
            found, more = gradient_of(head, chunk[0], graph, config, rest, chunk)
            *more_of_head, of_x_CD = found
            return (
                jax.tree.map(jnp.add, sums, more),
                of_x_MD.at[positions_C].set(of_x_CD, mode="drop"),
                *jax.tree.map(jnp.add, of_head, more_of_head),
            )

        zeros = (_no_sums(), *jax.tree.map(jnp.zeros_like, (x_MD, *([head] if learns else []))))
        sums, of_x_MD, *of_head = _over_chunks(add, zeros, weights_M, size)
        return sharding.Parts(sums=sums, of_whole=of_head, of_rows=of_x_MD.reshape(rows[0].shape))

    found = sharding.over_rows(
        of_rows, (head, rest), (x_BTD, targets_BT, weights_BT), by=[head] if learns else []
    )
    return found.sums, (found.of_rows, *found.of_whole)


def _total_backward(graph, config, size, gradients, cotangents: LossSums):
    of_x_BTD, *of_head = jax.tree.map(
        lambda g: (g * cotangents.loss_sum).astype(g.dtype), gradients
    )
    return of_head[0] if of_head else None, of_x_BTD, None, None, None


def _is_primal(leaf: Any) -> bool:
    return isinstance(leaf, jax.custom_derivatives.CustomVJPPrimal)


_total.defvjp(_total_forward, _total_backward, symbolic_zeros=True)


def _flat(of_BT: jax.Array) -> jax.Array:
    return of_BT.reshape(-1, *of_BT.shape[2:])


def _of_chunk(head, x_CD, graph, config, rest, chunk) -> tuple[jax.Array, LossSums]:
    _, targets_C, weights_C = chunk
    sums = of_logits(nnx.merge(graph, head, rest).logits(x_CD), targets_C, weights_C, config)
    return sums.loss_sum, sums


def _over_chunks(
    add: Callable[[Any, jax.Array], Any], zeros: Any, weights_M: jax.Array, size: int
) -> Any:
    """Returns `zeros` with what `add(carry, positions)` adds for every chunk with a target.

    What fills the last chunk up is position M, which is none.
    """
    M = weights_M.size
    order_M = jnp.argsort(weights_M == 0, stable=True)
    chunks = jnp.pad(order_M, (0, -M % size), constant_values=M).reshape(-1, size)
    starts = jnp.arange(len(chunks)) * size
    targets = sharding.most((weights_M != 0).sum())

    def body(carry: Any, chunk: tuple[jax.Array, jax.Array]) -> tuple[Any, None]:
        start, positions_C = chunk
        return jax.lax.cond(start < targets, add, lambda same, _: same, carry, positions_C), None

    return jax.lax.scan(body, zeros, (starts, chunks))[0]


def _take(arrays: tuple[jax.Array, ...], positions_C: jax.Array) -> tuple[jax.Array, ...]:
    """Returns the positions' rows of each array, and zeros for a position that is none."""
    return tuple(jnp.take(a, positions_C, axis=0, mode="fill", fill_value=0) for a in arrays)


def _no_sums() -> LossSums:
    return LossSums(*[jnp.zeros((), jnp.float32)] * 3)
