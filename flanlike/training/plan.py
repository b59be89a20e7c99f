"""What a training step needs, told without allocating it: memory on each device, and FLOPs.

Nothing here knows a layer's size by heart. Weights, optimizer and gradients are the shapes of the
real state under the rules of `models.sharding`; activations are what the real loss keeps for its
backward pass, traced for one device's slice of the model and of the rows; FLOPs are the matrix
products of the real step. `tests/training/test_plan.py` holds the figures against XLA's own.
"""

import dataclasses
import functools
import math
from collections.abc import Iterator
from typing import Any

import jax
import jax.extend
import jax.numpy as jnp
import optax
from flax import nnx
from jax.sharding import NamedSharding, PartitionSpec

from flanlike import config as config_lib
from flanlike import models, sections
from flanlike.batches import features
from flanlike.models import config as model_config
from flanlike.models import quantized, sharding, tuning
from flanlike.training import loop, loss, optim

_STEPS = 1000  # of the schedule, whose length changes no figure


@dataclasses.dataclass(frozen=True, kw_only=True)
class Few:
    """What --tune says of a run in which few parameters learn, beside a base of that type."""

    settings: sections.Tuning
    base_dtype: str = "float32"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """The figures of one step; bytes are those of one device, FLOPs those of all together."""

    parameters: int
    weights: int
    optimizer: int
    gradients: int  # twice where micro-batches are summed
    saved: int  # activations that the forward pass keeps for the backward pass
    working: int  # at one moment besides: logits or a layer recomputed, a layer's whole weights
    # Of matrix products, with what remat computes again, as if every position had a target.
    flops: int

    @property
    def activations(self) -> int:
        return self.saved + self.working

    @property
    def total(self) -> int:
        return self.weights + self.optimizer + self.gradients + self.activations


def make(
    shape: model_config.ModelConfig,
    mesh_config: config_lib.MeshConfig,
    batch: config_lib.BatchConfig,
    optim_config: config_lib.OptimConfig,
    few: Few | None = None,
) -> Plan:
    """Returns the figures of a step of that model on that mesh; of all its parameters, or few."""
    sizes = tuple(getattr(mesh_config, axis) for axis in sharding.AXES)
    auto = (jax.sharding.AxisType.Auto,) * len(sizes)
    mesh = jax.sharding.AbstractMesh(sizes, sharding.AXES, axis_types=auto)
    sharding.check_rows(batch.rows, batch.micro_batches, mesh)
    optimizer = optim.build(optim_config, _STEPS)
    state = abstract_state(shape, optimizer, mesh, few=few)
    learning = local_bytes(state.params)
    base = abstract_base(shape, mesh, few)
    saved, working = activations(shape, mesh, batch, few=few)
    return Plan(
        parameters=tuning.count(_model(shape, few))[1],
        weights=learning + local_bytes(base),
        optimizer=local_bytes(state.optimizer),
        gradients=learning * (2 if batch.micro_batches > 1 else 1),
        saved=saved,
        working=working,
        flops=_flops_of_step(shape, state, optimizer, batch, few),
    )


def _model(shape: model_config.ModelConfig, few: Few | None) -> nnx.Module:
    """Returns a run's model with shapes in place of arrays."""
    if few is None:
        return models.abstract(shape)

    def tuned(model: nnx.Module) -> nnx.Module:
        quantized.cast(model, few.base_dtype)
        tuning.attach(model, few.settings, seed=None)
        return model

    return nnx.eval_shape(tuned, models.abstract(shape))


def abstract_base(
    shape: model_config.ModelConfig,
    mesh: jax.sharding.Mesh | jax.sharding.AbstractMesh,
    few: Few | None,
) -> Any:
    """Returns what stays as it is while few parameters learn, with its places; else nothing."""
    return {} if few is None else _on(mesh, nnx.state(_model(shape, few), quantized.KINDS))


def abstract_state(
    shape: model_config.ModelConfig,
    optimizer: optax.GradientTransformationExtraArgs,
    mesh: jax.sharding.Mesh | jax.sharding.AbstractMesh,
    freeze: str = "none",
    *,
    few: Few | None = None,
) -> loop.TrainState:
    """Returns the state of `loop.init_state` with shapes and places, but no arrays."""
    model = _model(shape, few)
    params = _on(mesh, nnx.state(model, tuning.trained(model)))
    everywhere = NamedSharding(mesh, PartitionSpec())

    def follow(leaf: jax.ShapeDtypeStruct, param: jax.ShapeDtypeStruct) -> jax.ShapeDtypeStruct:
        # As in init_state: a moment of its parameter's shape lies with it, others are copied.
        return _placed(leaf, param.sharding if leaf.shape == param.shape else everywhere)

    learning, _ = tuning.apart(params, freeze)
    moments = optax.tree.map_params(
        optimizer,
        follow,
        jax.eval_shape(optimizer.init, learning),
        learning,
        transform_non_params=lambda leaf: _placed(leaf, everywhere),
    )
    step = jax.ShapeDtypeStruct((), jnp.int32, sharding=everywhere)
    return loop.TrainState(step, params, moments)


def local_bytes(tree: Any) -> int:
    """Returns the bytes that one device holds of a tree of placed shapes."""
    leaves = jax.tree.leaves(tree)
    return sum(
        math.prod(leaf.sharding.shard_shape(leaf.shape)) * leaf.dtype.itemsize for leaf in leaves
    )


def _on(mesh: jax.sharding.Mesh | jax.sharding.AbstractMesh, variables: nnx.State) -> Any:
    places = nnx.to_pure_dict(sharding.of(variables, mesh))
    return jax.tree.map(_placed, nnx.to_pure_dict(variables), places)


def _placed(leaf: Any, place: jax.sharding.Sharding) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=place)


def activations(
    shape: model_config.ModelConfig,
    mesh: jax.sharding.Mesh | jax.sharding.AbstractMesh,
    batch: config_lib.BatchConfig,
    *,
    few: Few | None = None,
) -> tuple[int, int]:
    """Returns the bytes that one device saves for the backward pass, and those it works on."""
    shares = mesh.shape["data"] * mesh.shape["fsdp"]
    rows = batch.rows // shares // batch.micro_batches
    part = _slice(shape, mesh.shape["tensor"])
    few = _few_of(few, part)
    _, tokens = _row_tokens(shape, batch)
    positions = rows * tokens
    is_chunked = mesh.size == 1 and loss.is_chunked(positions, part.vocab_size)

    def kept(of: model_config.ModelConfig, fsdp: int = 1) -> int:
        return _saved_bytes(of, batch, rows, fsdp=fsdp, is_chunked=is_chunked, few=few)

    saved = kept(part, mesh.shape["fsdp"])
    if is_chunked:
        positions = loss.chunk_size(positions, part.vocab_size)
    logits = positions * part.vocab_size * 4
    if few is not None and few.base_dtype == quantized.DTYPE:  # the head, cast for its product
        logits += part.model_size * part.vocab_size * jnp.dtype(part.dtype).itemsize
    one = dataclasses.replace(part, layers=1, encoder_layers=min(1, part.encoder_layers))
    stacks = ["layers", "encoder_layers"] if part.encoder_layers else ["layers"]
    recomputed, layer = 0, 0
    for two in (dataclasses.replace(one, **{stack: 2}) for stack in stacks):
        # A layer that is recomputed holds all that it would have saved without remat.
        without = kept(_without_remat(two)) - kept(_without_remat(one))
        recomputed = max(recomputed, without - (kept(two) - kept(one)))
        layer = max(layer, _weight_bytes(two, few) - _weight_bytes(one, few))
    # With fsdp a layer's weights come together and its gradient is whole before it is split; with
    # data its gradient is there before and after it is summed. A base has no gradient.
    whole = layer * (2 if few is None else 1) if shares > 1 else 0
    return saved, max(logits, recomputed) + whole


def _without_remat(shape: model_config.ModelConfig) -> model_config.ModelConfig:
    return dataclasses.replace(shape, remat="none")


def _slice(shape: model_config.ModelConfig, tensor: int) -> model_config.ModelConfig:
    """Returns the model as one of `tensor` devices computes it: with its share of heads and so on.

    As in `sharding`, what does not divide is copied.
    """

    def share(length: int) -> int:
        return length if length % tensor else length // tensor

    query_heads, key_value_heads = share(shape.query_heads), share(shape.key_value_heads)
    return dataclasses.replace(
        shape,
        query_heads=shape.query_heads if query_heads % key_value_heads else query_heads,
        key_value_heads=key_value_heads,
        hidden_size=share(shape.hidden_size),
        vocab_size=share(shape.vocab_size),
    )


def _few_of(few: Few | None, part: model_config.ModelConfig) -> Few | None:
    """Returns what one device's slice of the model is tuned by: no pair is wider than a kernel."""
    if few is None or not isinstance(few.settings, sections.LoraConfig):
        return few
    heads = min(part.query_heads, part.key_value_heads) * part.head_size
    rank = min(few.settings.rank, part.model_size, part.hidden_size, heads)
    return dataclasses.replace(few, settings=dataclasses.replace(few.settings, rank=rank))


@functools.cache  # without remat, a layer is traced twice
def _saved_bytes(
    shape: model_config.ModelConfig,
    batch: config_lib.BatchConfig,
    rows: int,
    *,
    fsdp: int,
    is_chunked: bool,
    few: Few | None,
) -> int:
    """Returns the bytes that the forward pass of those rows keeps for the backward pass."""
    params = jax.tree.leaves(nnx.state(_model(shape, few), nnx.Param))
    lengths = {leaf.size for leaf in params}
    held = "float32" if few is None else few.base_dtype
    one, two = (
        # Twice as many are chunked if these are: both are to be computed alike.
        _residuals(shape, _batch(shape, batch, n), is_chunked=is_chunked, few=few)
        for n in (rows, 2 * rows)
    )
    total = 0
    for leaf, of_twice in zip(one, two, strict=True):
        size = leaf.size * leaf.dtype.itemsize
        if leaf.shape == of_twice.shape and leaf.size in lengths:
            # A copy of weights: split as they are, and none at all where only axes are joined.
            size = 0 if leaf.dtype == held else size // fsdp
        total += size
    return total


def _weight_bytes(shape: model_config.ModelConfig, few: Few | None) -> int:
    leaves = jax.tree.leaves(nnx.state(_model(shape, few), quantized.KINDS))
    return sum(leaf.size * leaf.dtype.itemsize for leaf in leaves)


def _residuals(
    shape: model_config.ModelConfig, batch: features.Batch, *, is_chunked: bool, few: Few | None
) -> list[jax.core.ShapedArray]:
    """Returns what the backward pass of the loss needs besides its arguments."""
    whole = _model(shape, few)
    graph, moved, still = nnx.split(whole, tuning.trained(whole), ...)

    def backward(moved: Any, still: Any, batch: features.Batch, key: jax.Array) -> Any:
        def loss_of(moved: Any) -> jax.Array:
            model = nnx.merge(graph, nnx.State(moved), nnx.State(still))
            tuning.begin_dropout(model, key)
            rngs = nnx.Rngs(dropout=key)
            return loss.loss_sums(model, batch, rngs, at_targets=is_chunked).loss_sum

        return jax.vjp(loss_of, moved)[1]

    key = jax.eval_shape(lambda: jax.random.key(0))
    split = map(nnx.to_pure_dict, (moved, still))
    jaxpr = jax.make_jaxpr(backward)(*split, batch, key).jaxpr
    given = {*jaxpr.invars, *jaxpr.constvars}
    kept = [one for one in jaxpr.outvars if not isinstance(one, jax.extend.core.Literal)]
    return [one.aval for one in dict.fromkeys(kept) if one not in given]


def _flops_of_step(
    shape: model_config.ModelConfig,
    state: loop.TrainState,
    optimizer: optax.GradientTransformationExtraArgs,
    batch: config_lib.BatchConfig,
    few: Few | None,
) -> int:
    step = loop.make_train_step(
        _model(shape, few),
        optimizer,
        lambda _: jnp.zeros(()),
        micro_batches=batch.micro_batches,
    )
    bare = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), state)
    # With few parameters, the base is given to the step already: as shapes, it cannot stay so.
    step, given = getattr(step, "func", step), getattr(step, "keywords", {})
    return flops(jax.make_jaxpr(step)(bare, _batch(shape, batch, batch.rows), **given).jaxpr)


def flops(jaxpr: Any) -> int:
    """Returns the FLOPs of a program's matrix products, a multiplication and an addition each."""
    total = 0
    for equation in jaxpr.eqns:
        if equation.primitive.name == "dot_general":
            (contracted, _), _ = equation.params["dimension_numbers"]
            lengths = [equation.invars[0].aval.shape[axis] for axis in contracted]
            total += 2 * equation.outvars[0].aval.size * math.prod(lengths)
        times = equation.params["length"] if equation.primitive.name == "scan" else 1
        total += times * sum(flops(inner) for inner in _inner(equation.params.values()))
    return total


def _inner(values: Any) -> Iterator[Any]:
    """Yields the programs among an equation's parameters."""
    for value in values:
        if isinstance(value, (tuple, list)):
            yield from _inner(value)
        elif hasattr(value, "eqns"):
            yield value
        elif hasattr(value, "jaxpr"):
            yield value.jaxpr


def _row_tokens(shape: model_config.ModelConfig, batch: config_lib.BatchConfig) -> tuple[int, int]:
    limits = features.LengthLimits(
        max_input_tokens=batch.max_input_tokens, max_target_tokens=batch.max_target_tokens
    )
    return limits.row_tokens(shape.family)


def _batch(
    shape: model_config.ModelConfig, batch: config_lib.BatchConfig, rows: int
) -> features.Batch:
    """Returns the shapes of a batch of so many rows."""
    one = features.empty(1, _row_tokens(shape, batch), family=shape.family)
    return jax.tree.map(lambda a: jax.ShapeDtypeStruct((rows, *a.shape[1:]), a.dtype), one)
