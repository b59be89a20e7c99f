"""Training: one jitted step over a donated state, and the loop around it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import nnx

from flanlike import config as config_lib
from flanlike import features, loss, seeding

Params = Any  # the model's nnx.Param arrays as a pytree without nnx wrappers


class TrainState(NamedTuple):
    """All that a step changes."""

    step: jax.Array  # int32, steps taken
    params: Params
    optimizer: optax.OptState


class StepMetrics(NamedTuple):
    """What a step reports: on the device until somebody reads it."""

    loss: jax.Array  # nats a target token, over the global batch
    accuracy: jax.Array  # share of target tokens predicted greedily
    learning_rate: jax.Array
    gradient_norm: jax.Array  # before clipping
    target_tokens: jax.Array
    useful_tokens: jax.Array  # all that is no padding


TrainStep = Callable[[TrainState, features.Batch], tuple[TrainState, StepMetrics]]


def init_state(model: nnx.Module, optimizer: optax.GradientTransformation) -> TrainState:
    """Returns the state before the first step; it shares the model's arrays until then.

    A step donates the state it is given, and with it these arrays: call `write_params` before the
    model is used again.
    """
    params = params_of(model)
    # Not jitted: zeros made from a sharded array keep its sharding this way.
    return TrainState(jnp.zeros((), jnp.int32), params, optimizer.init(params))


def params_of(model: nnx.Module) -> Params:
    """Returns the model's parameters as a nested dict of arrays."""
    return nnx.to_pure_dict(nnx.state(model, nnx.Param))


def write_params(model: nnx.Module, params: Params) -> None:
    """Puts the parameters into the model, without a copy."""
    state = nnx.state(model, nnx.Param)
    nnx.replace_by_pure_dict(state, params)
    nnx.update(model, state)


def make_train_step(
    model: nnx.Module,
    optimizer: optax.GradientTransformation,
    schedule: optax.Schedule,
    *,
    loss_config: config_lib.LossConfig | None = None,
    micro_batches: int = 1,
    seed: int = 0,
    has_dropout: bool = False,
) -> TrainStep:
    """Returns `step(state, batch) -> (state, metrics)`, compiled once; `state` is donated.

    The gradient is that of the loss sum over all micro-batches, divided by their common count of
    target tokens: the mean of micro-batch means would weigh tokens by the company they keep.
    """
    graph, _, rest = nnx.split(model, nnx.Param, ...)

    def sums_of(params: Params, batch: features.Batch, key: jax.Array | None):
        merged = nnx.merge(graph, nnx.State(params), rest)
        rngs = None if key is None else nnx.Rngs(dropout=key)
        sums = loss.loss_sums(merged, batch, rngs, loss_config)
        return sums.loss_sum, sums

    gradient_of = jax.grad(sums_of, has_aux=True)

    def step(state: TrainState, batch: features.Batch) -> tuple[TrainState, StepMetrics]:
        key = step_key(seed, "dropout", state.step) if has_dropout else None

        def accumulate(carry, index_and_micro):
            index, micro = index_and_micro
            micro_key = None if key is None else jax.random.fold_in(key, index)
            return jax.tree.map(jnp.add, carry, gradient_of(state.params, micro, micro_key)), None

        if micro_batches == 1:
            gradients, sums = gradient_of(state.params, batch, key)
        else:
            micros = (jnp.arange(micro_batches), _split_rows(batch, micro_batches))
            shapes = jax.eval_shape(gradient_of, state.params, batch, key)
            zeros = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
            (gradients, sums), _ = jax.lax.scan(accumulate, zeros, micros)

        gradients = jax.tree.map(lambda leaf: leaf / sums.weight_sum, gradients)
        updates, new_optimizer = optimizer.update(gradients, state.optimizer, state.params)
        metrics = StepMetrics(
            loss=sums.loss_sum / sums.weight_sum,
            accuracy=sums.correct_sum / sums.weight_sum,
            learning_rate=schedule(state.step),
            gradient_norm=optax.global_norm(gradients),
            target_tokens=(batch.loss_weights_BT > 0).sum(),
            useful_tokens=_useful_tokens(batch),
        )
        new_params = optax.apply_updates(state.params, updates)
        return TrainState(state.step + 1, new_params, new_optimizer), metrics

    return jax.jit(step, donate_argnums=0)


def step_key(seed: int, purpose: str, step: jax.Array | int) -> jax.Array:
    """Returns the random key for one purpose ("dropout") at one step."""
    named = jax.random.fold_in(jax.random.key(seed), seeding.key(purpose) & 0x7FFFFFFF)
    return jax.random.fold_in(named, step)


def _split_rows(batch: features.Batch, parts: int) -> features.Batch:
    """Deals the rows of a batch out to micro-batches, so that each device keeps its own rows."""

    def deal(leaf: jax.Array) -> jax.Array:
        rows = leaf.shape[0]
        return leaf.reshape(rows // parts, parts, *leaf.shape[1:]).swapaxes(0, 1)

    return jax.tree.map(deal, batch)


def _useful_tokens(batch: features.Batch) -> jax.Array:
    count = (batch.segment_ids_BT > 0).sum()
    if batch.source_segment_ids_BS is not None:
        count += (batch.source_segment_ids_BS > 0).sum()
    return count
