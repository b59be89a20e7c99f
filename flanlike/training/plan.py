"""What a training step needs, told without allocating it: memory on each device, and FLOPs.

    python -m flanlike.plan --model t5-1.1-xxl --mesh fsdp=8 --rows 64 --remat full

Nothing here knows a layer's size by heart. Weights, optimizer and gradients are the shapes of the
real state under the rules of `models.sharding`; activations are what the real loss keeps for its
backward pass, traced for one device's slice of the model and of the rows; FLOPs are the matrix
products of the real step. `tests/training/test_plan.py` holds the figures against XLA's own.
"""

import argparse
import dataclasses
import functools
import json
import math
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import jax
import jax.extend
import jax.numpy as jnp
import optax
from flax import nnx
from jax.sharding import NamedSharding, PartitionSpec

from flanlike import bounds, errors, models
from flanlike import config as config_lib
from flanlike.batches import features
from flanlike.models import config as model_config
from flanlike.models import presets, sharding, tuning
from flanlike.training import loop, loss, optim

Vocabulary = Annotated[int, bounds.Bounds(1, 1 << 24)]  # of any model, not of one made here
_STEPS = 1000  # of the schedule, whose length changes no figure
_GIB = 2**30


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


@errors.exits_with_one_line
def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    shape, mesh, batch, optimizer = _read(options)
    plan = make(shape, mesh, batch, optimizer)
    print(json.dumps(_as_json(plan), indent=2) if options.json else _page(plan, options, mesh))


def make(
    shape: model_config.ModelConfig,
    mesh_config: config_lib.MeshConfig,
    batch: config_lib.BatchConfig,
    optim_config: config_lib.OptimConfig,
) -> Plan:
    """Returns the figures of a step of that model on that mesh."""
    sizes = tuple(getattr(mesh_config, axis) for axis in sharding.AXES)
    auto = (jax.sharding.AxisType.Auto,) * len(sizes)
    mesh = jax.sharding.AbstractMesh(sizes, sharding.AXES, axis_types=auto)
    sharding.check_rows(batch.rows, batch.micro_batches, mesh)
    optimizer = optim.build(optim_config, _STEPS)
    state = abstract_state(shape, optimizer, mesh)
    weights = local_bytes(state.params)
    saved, working = activations(shape, mesh, batch)
    return Plan(
        parameters=sum(leaf.size for leaf in jax.tree.leaves(state.params)),
        weights=weights,
        optimizer=local_bytes(state.optimizer),
        gradients=weights * (2 if batch.micro_batches > 1 else 1),
        saved=saved,
        working=working,
        flops=_flops_of_step(shape, state, optimizer, batch),
    )


def abstract_state(
    shape: model_config.ModelConfig,
    optimizer: optax.GradientTransformationExtraArgs,
    mesh: jax.sharding.Mesh | jax.sharding.AbstractMesh,
    freeze: str = "none",
) -> loop.TrainState:
    """Returns the state of `loop.init_state` with shapes and places, but no arrays."""
    params = nnx.state(models.abstract(shape), nnx.Param)
    places = nnx.to_pure_dict(sharding.of(params, mesh))
    params = jax.tree.map(_placed, nnx.to_pure_dict(params), places)
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


def _placed(leaf: Any, place: jax.sharding.Sharding) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=place)


def activations(
    shape: model_config.ModelConfig,
    mesh: jax.sharding.Mesh | jax.sharding.AbstractMesh,
    batch: config_lib.BatchConfig,
    *,
    is_few: bool = False,
) -> tuple[int, int]:
    """Returns the bytes that one device saves for the backward pass, and those it works on.

    With `is_few`, of a step that moves few parameters in every layer, as --tune lora does.
    """
    shares = mesh.shape["data"] * mesh.shape["fsdp"]
    rows = batch.rows // shares // batch.micro_batches
    part = _slice(shape, mesh.shape["tensor"])
    _, tokens = _row_tokens(shape, batch)
    positions = rows * tokens
    is_chunked = mesh.size == 1 and loss.is_chunked(positions, part.vocab_size)

    def kept(of: model_config.ModelConfig, fsdp: int = 1) -> int:
        return _saved_bytes(of, batch, rows, fsdp=fsdp, is_chunked=is_chunked, is_few=is_few)

    saved = kept(part, mesh.shape["fsdp"])
    if is_chunked:
        positions = loss.chunk_size(positions, part.vocab_size)
    logits = positions * part.vocab_size * 4
    one = dataclasses.replace(part, layers=1, encoder_layers=min(1, part.encoder_layers))
    stacks = ["layers", "encoder_layers"] if part.encoder_layers else ["layers"]
    recomputed, layer = 0, 0
    for two in (dataclasses.replace(one, **{stack: 2}) for stack in stacks):
        # A layer that is recomputed holds all that it would have saved without remat.
        without = kept(_without_remat(two)) - kept(_without_remat(one))
        recomputed = max(recomputed, without - (kept(two) - kept(one)))
        layer = max(layer, _weight_bytes(two) - _weight_bytes(one))
    # With fsdp a layer's weights come together and its gradient is whole before it is split; with
    # data its gradient is there before and after it is summed.
    whole = 2 * layer if shares > 1 else 0
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
        attention_kernel="xla",  # the fused one keeps less
    )


@functools.cache  # without remat, a layer is traced twice
def _saved_bytes(
    shape: model_config.ModelConfig,
    batch: config_lib.BatchConfig,
    rows: int,
    *,
    fsdp: int,
    is_chunked: bool,
    is_few: bool,
) -> int:
    """Returns the bytes that the forward pass of those rows keeps for the backward pass."""
    params = jax.tree.leaves(nnx.state(models.abstract(shape), nnx.Param))
    lengths = {leaf.size for leaf in params}
    one, two = (
        # Twice as many are chunked if these are: both are to be computed alike.
        _residuals(shape, _batch(shape, batch, n), is_chunked=is_chunked, is_few=is_few)
        for n in (rows, 2 * rows)
    )
    total = 0
    for leaf, of_twice in zip(one, two, strict=True):
        size = leaf.size * leaf.dtype.itemsize
        if leaf.shape == of_twice.shape and leaf.size in lengths:
            # A copy of weights: split as they are, and none at all where only axes are joined.
            size = 0 if leaf.dtype == jnp.float32 else size // fsdp
        total += size
    return total


def _weight_bytes(shape: model_config.ModelConfig) -> int:
    leaves = jax.tree.leaves(nnx.state(models.abstract(shape), nnx.Param))
    return sum(leaf.size * leaf.dtype.itemsize for leaf in leaves)


def _residuals(
    shape: model_config.ModelConfig, batch: features.Batch, *, is_chunked: bool, is_few: bool
) -> list[jax.core.ShapedArray]:
    """Returns what the backward pass of the loss needs besides its arguments."""
    # The queries' kernels stand for few parameters in every layer.
    moving = (lambda path, _: "q" in path) if is_few else nnx.Param
    graph, moved, still, rest = nnx.split(models.abstract(shape), moving, nnx.Param, ...)

    def backward(moved: Any, still: Any, batch: features.Batch, key: jax.Array) -> Any:
        def loss_of(moved: Any) -> jax.Array:
            model = nnx.merge(graph, nnx.State(moved), nnx.State(still), rest)
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
) -> int:
    step = loop.make_train_step(
        models.abstract(dataclasses.replace(shape, attention_kernel="xla")),  # with its products
        optimizer,
        lambda _: jnp.zeros(()),
        micro_batches=batch.micro_batches,
    )
    bare = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), state)
    return flops(jax.make_jaxpr(step)(bare, _batch(shape, batch, batch.rows)).jaxpr)


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


def _read(
    options: argparse.Namespace,
) -> tuple[
    model_config.ModelConfig,
    config_lib.MeshConfig,
    config_lib.BatchConfig,
    config_lib.OptimConfig,
]:
    """Returns the settings that the flags give, checked as those of train.py are."""
    changes = {"remat": options.remat, "dtype": options.dtype}
    shape = dataclasses.replace(
        presets.get(options.model),
        vocab_size=options.vocabulary_size,
        **{name: value for name, value in changes.items() if value is not None},
    )
    batch = config_lib.BatchConfig(
        rows=options.rows,
        max_input_tokens=options.max_input_tokens,
        max_target_tokens=options.max_target_tokens,
        micro_batches=options.micro_batches,
    )
    return shape, read_mesh(options.mesh), batch, config_lib.OptimConfig(name=options.optimizer)


def read_mesh(text: str) -> config_lib.MeshConfig:
    """Returns the mesh of a word like data=2,fsdp=4; axes left out are 1."""
    sizes = {axis: 1 for axis in sharding.AXES}
    given = [part.partition("=") for part in text.split(",")]
    names = [axis for axis, _, _ in given]
    for axis, _, size in given:
        if axis not in sizes or names.count(axis) > 1 or not size.isascii() or not size.isdigit():
            raise errors.UserError(
                f"--mesh is {text!r}: it must name devices an axis, each of "
                f"{', '.join(sharding.AXES)} at most once, like data=2,fsdp=4"
            )
        sizes[axis] = int(size)
    return config_lib.MeshConfig(**sizes)


def _page(plan: Plan, options: argparse.Namespace, mesh: config_lib.MeshConfig) -> str:
    devices = mesh.data * mesh.fsdp * mesh.tensor
    lines = [
        f"{options.model}, {plan.parameters:,} parameters with a vocabulary of "
        f"{options.vocabulary_size:,}",
        f"mesh {options.mesh}: {devices} devices; {options.rows} rows a step of "
        f"{options.max_input_tokens} + {options.max_target_tokens} tokens, {options.optimizer}",
        "",
        "GiB a device",
    ]
    told = {
        "weights": plan.weights,
        "optimizer": plan.optimizer,
        "gradients": plan.gradients,
        "activations": plan.activations,
        "total": plan.total,
    }
    lines += [f"  {name:12}{size / _GIB:12,.3f}" for name, size in told.items()]
    lines.append("")
    lines.append(
        f"TFLOPs a step {plan.flops / 1e12:,.3f}, a device {plan.flops / devices / 1e12:,.3f}"
    )
    return "\n".join(lines)


def _as_json(plan: Plan) -> dict[str, Any]:
    return {
        **dataclasses.asdict(plan),
        "activations": plan.activations,
        "total": plan.total,
    }


def _parser() -> argparse.ArgumentParser:
    """Returns the parser; flags are spelt as those of train.py, with a short form."""
    parser = errors.Parser(prog="python -m flanlike.plan", description=__doc__.splitlines()[0])
    batch, name = config_lib.RunConfig().batch, config_lib.OptimConfig().name
    parser.add_argument("--model", required=True, help=f"preset: {', '.join(presets.PRESETS)}")
    parser.add_argument("--mesh", default="data=1", help="devices an axis: data=2,fsdp=4,tensor=1")
    pieces = bounds.argument(Vocabulary)
    parser.add_argument("--vocabulary-size", **pieces, default=32128, help="T5's unless given")
    types = {one.name: one.type for one in dataclasses.fields(batch)}
    for field in ("rows", "max_input_tokens", "max_target_tokens", "micro_batches"):
        flag, number = field.replace("_", "-"), bounds.argument(types[field])
        default = getattr(batch, field)
        parser.add_argument(f"--{flag}", f"--batch.{flag}", **number, default=default)
    parser.add_argument("--optimizer", "--optim.name", choices=("adamw", "adafactor"), default=name)
    parser.add_argument(
        "--remat", choices=("none", "full", "dots"), help="the model's unless given"
    )
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), help="the model's unless given")
    parser.add_argument("--json", action="store_true", help="bytes and FLOPs, as one object")
    return parser
