"""What a training step needs, told without allocating it: memory on each device, and FLOPs.

    python -m flanlike.plan --model t5-1.1-xxl --mesh fsdp=8 --rows 64 --remat full
    python -m flanlike.plan --model FOLDER --tune lora --base-dtype int8      # a published model's

Nothing here knows a layer's size by heart. Weights, optimizer and gradients are the shapes of the
real state under the rules of `models.sharding`; activations (`training.activations`) are what the
real loss keeps for its backward pass; FLOPs are the matrix products of the real step.
`tests/training/test_plan.py` holds the figures against XLA's own.
"""

import argparse
import dataclasses
import functools
import json
import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, get_args

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jax.sharding import NamedSharding, PartitionSpec

from flanlike import bounds, errors, knobs
from flanlike import config as config_lib
from flanlike.models import config as model_config
from flanlike.models import presets, sharding, tuning
from flanlike.pretrained import layout
from flanlike.training import activations, loop, optim

Vocabulary = Annotated[int, bounds.Bounds(1, 1 << 24)]  # of any model, not of one made here
_VOCABULARY_SIZE = 32128  # T5's
_STEPS = 1000  # of the schedule, whose length changes no figure
_GIB = 2**30


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """The figures of one step; bytes are those of one device, FLOPs those of all together."""

    parameters: int
    learning: int  # of the parameters
    weights: int
    optimizer: int  # with the average of the weights, where one is kept
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
    learns = _learns(options)
    plan = make(shape, mesh, batch, optimizer, learns)
    print(
        json.dumps(_as_json(plan), indent=2) if options.json else _page(plan, options, shape, mesh)
    )


def make(
    shape: model_config.ModelConfig,
    mesh_config: config_lib.MeshConfig,
    batch: config_lib.BatchConfig,
    optim_config: config_lib.OptimConfig,
    learns: activations.Learns = activations.ALL,
) -> Plan:
    """Returns the figures of a step of that model on that mesh."""
    sizes = tuple(getattr(mesh_config, axis) for axis in sharding.AXES)
    auto = (jax.sharding.AxisType.Auto,) * len(sizes)
    mesh = jax.sharding.AbstractMesh(sizes, sharding.AXES, axis_types=auto)
    sharding.check_rows(batch.rows, batch.micro_batches, mesh)
    optimizer = optim.build(optim_config, _STEPS)
    state, frozen = abstract_state(shape, optimizer, mesh, learns)
    weights = local_bytes((state.params, frozen))
    learning, _ = tuning.apart(state.params, learns.freeze)
    saved, working = activations.of_device(shape, mesh, batch, learns)
    return Plan(
        parameters=_count((state.params, frozen)),
        learning=sum(leaf.size for leaf in jax.tree.leaves(learning)),
        weights=weights,
        optimizer=local_bytes(state.optimizer),
        gradients=local_bytes(learning) * (2 if batch.micro_batches > 1 else 1),
        saved=saved,
        working=working,
        flops=_flops_of_step(shape, state, optimizer, batch, learns),
    )


def abstract_state(
    shape: model_config.ModelConfig,
    optimizer: optax.GradientTransformationExtraArgs,
    mesh: jax.sharding.Mesh | jax.sharding.AbstractMesh,
    learns: activations.Learns = activations.ALL,
) -> tuple[loop.TrainState, Any]:
    """Returns the state of `loop.init_state`, and the base that stays beside few parameters.

    Both have shapes and places, but no arrays.
    """
    model = activations.abstract_model(shape, learns)
    _, params, frozen = nnx.split(model, tuning.trained(model), ...)
    params, frozen = (
        jax.tree.map(_placed, *map(nnx.to_pure_dict, (part, sharding.of(part, mesh))))
        for part in (params, frozen)
    )
    everywhere = NamedSharding(mesh, PartitionSpec())

    def follow(leaf: jax.ShapeDtypeStruct, param: jax.ShapeDtypeStruct) -> jax.ShapeDtypeStruct:
        # As in init_state: a moment of its parameter's shape lies with it, others are copied.
        return _placed(leaf, param.sharding if leaf.shape == param.shape else everywhere)

    learning, _ = tuning.apart(params, learns.freeze)
    moments = optax.tree.map_params(
        optimizer,
        follow,
        jax.eval_shape(optimizer.init, learning),
        learning,
        transform_non_params=lambda leaf: _placed(leaf, everywhere),
    )
    step = jax.ShapeDtypeStruct((), jnp.int32, sharding=everywhere)
    return loop.TrainState(step, params, moments), frozen


def local_bytes(tree: Any) -> int:
    """Returns the bytes that one device holds of a tree of placed shapes."""
    leaves = jax.tree.leaves(tree)
    return sum(
        math.prod(leaf.sharding.shard_shape(leaf.shape)) * leaf.dtype.itemsize for leaf in leaves
    )


def _count(tree: Any) -> int:
    """Returns how many parameters there are: what int8's whole numbers are times is none."""
    leaves = jax.tree.leaves_with_path(tree)
    return sum(leaf.size for path, leaf in leaves if not str(path[-1].key).endswith("_scale"))


def _placed(leaf: Any, place: jax.sharding.Sharding) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=place)


def _flops_of_step(
    shape: model_config.ModelConfig,
    state: loop.TrainState,
    optimizer: optax.GradientTransformationExtraArgs,
    batch: config_lib.BatchConfig,
    learns: activations.Learns,
) -> int:
    step = loop.make_train_step(
        activations.abstract_model(
            dataclasses.replace(shape, attention_kernel="xla"),  # with its products
            learns,
        ),
        optimizer,
        lambda _: jnp.zeros(()),
        micro_batches=batch.micro_batches,
        freeze=learns.freeze,
    )
    frozen = {}
    if isinstance(step, functools.partial):  # the base that stays, which is no constant of a step
        step, frozen = step.func, step.keywords
    bare = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), state)
    rows = activations.batch_of(shape, batch, batch.rows)
    return flops(jax.make_jaxpr(step)(bare, rows, **frozen).jaxpr)


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
    changes = {name: value for name, value in changes.items() if value is not None}
    shape = dataclasses.replace(_shape(options.model, options.vocabulary_size), **changes)
    batch = config_lib.BatchConfig(
        rows=options.rows,
        max_input_tokens=options.max_input_tokens,
        max_target_tokens=options.max_target_tokens,
        micro_batches=options.micro_batches,
    )
    most = batch.max_input_tokens + batch.max_target_tokens
    shape.expect_positions(most, "--max-input-tokens and --max-target-tokens together")
    optimizer = config_lib.OptimConfig(
        name=options.optimizer, moments_dtype=options.moments_dtype, ema=options.ema
    )
    return shape, read_mesh(options.mesh), batch, optimizer


def _shape(model: str, vocabulary_size: int | None) -> model_config.ModelConfig:
    """Returns the shape of a preset, or of the published model whose config.json a folder has.

    No weights need be there, so the head is tied where config.json says so.
    """
    folder = Path(model)
    if model in presets.PRESETS or not (folder.exists() or os.sep in model):
        size = _VOCABULARY_SIZE if vocabulary_size is None else vocabulary_size
        return dataclasses.replace(presets.get(model), vocab_size=size)
    published = layout.read(folder)
    if published is None:
        raise errors.UserError(
            f"--model {model!r} is no published model's folder: expected one with a "
            f"{layout.CONFIG_FILE} that has a 'model_type', or a preset "
            f"({', '.join(presets.PRESETS)})"
        )
    if vocabulary_size is not None:
        raise errors.UserError(
            f"--vocabulary-size is of presets, and the model in {model!r} has its own: leave it out"
        )
    return layout.to_ours(published, folder)


def _learns(options: argparse.Namespace) -> activations.Learns:
    """Returns what the flags say of what learns, checked by the run's own configuration."""
    given = {"adapter": {"size": options.adapter_size}, "lora": {"rank": options.lora_rank}}
    if options.lora_targets:
        given["lora"]["targets"] = tuple(options.lora_targets)
    if options.lora_dora:
        given["lora"]["dora"] = True
    sections = {}
    for name, section in (("adapter", config_lib.AdapterConfig), ("lora", config_lib.LoraConfig)):
        fields = {field: value for field, value in given[name].items() if value is not None}
        if fields and options.tune != name:
            raise errors.UserError(
                f"--{name}-{next(iter(fields))} says nothing with --tune {options.tune}: give "
                f"--tune {name} too, or leave it out"
            )
        sections[name] = section(**fields)
    run = config_lib.RunConfig(
        tune=options.tune, base_dtype=options.base_dtype, freeze=options.freeze, **sections
    )
    return activations.Learns(tuning=run.tuning, base_dtype=run.base_dtype, freeze=run.freeze)


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


def _page(
    plan: Plan,
    options: argparse.Namespace,
    shape: model_config.ModelConfig,
    mesh: config_lib.MeshConfig,
) -> str:
    devices = mesh.data * mesh.fsdp * mesh.tensor
    lines = [
        f"{options.model}, {plan.parameters:,} parameters with a vocabulary of "
        f"{shape.vocab_size:,}"
        + (f", of which {plan.learning:,} learn" if plan.learning < plan.parameters else ""),
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
    models = f"a published model's folder, or a preset: {', '.join(presets.PRESETS)}"
    parser.add_argument("--model", required=True, help=models)
    parser.add_argument("--mesh", default="data=1", help="devices an axis: data=2,fsdp=4,tensor=1")
    pieces = bounds.argument(Vocabulary)
    parser.add_argument(
        "--vocabulary-size", **pieces, help=f"of a preset; T5's {_VOCABULARY_SIZE:,} unless given"
    )
    types = {one.name: one.type for one in dataclasses.fields(batch)}
    for field in ("rows", "max_input_tokens", "max_target_tokens", "micro_batches"):
        flag, number = field.replace("_", "-"), bounds.argument(types[field])
        default = getattr(batch, field)
        parser.add_argument(f"--{flag}", f"--batch.{flag}", **number, default=default)
    parser.add_argument("--optimizer", "--optim.name", choices=("adamw", "adafactor"), default=name)
    types = ("float32", "bfloat16")
    parser.add_argument("--moments-dtype", "--optim.moments-dtype", choices=types, default=types[0])
    parser.add_argument("--ema", "--optim.ema", **bounds.argument(knobs.PartOf), default=0.0)
    parser.add_argument(
        "--remat", choices=("none", "full", "dots"), help="the model's unless given"
    )
    parser.add_argument("--dtype", choices=types, help="the model's unless given")
    run = {one.name: one for one in dataclasses.fields(config_lib.RunConfig)}
    for name in ("tune", "freeze", "base_dtype"):
        choices = get_args(run[name].type)
        flag = f"--{name.replace('_', '-')}"
        parser.add_argument(flag, choices=choices, default=run[name].default)
    lora = {one.name: one.type for one in dataclasses.fields(config_lib.LoraConfig)}
    size = {one.name: one.type for one in dataclasses.fields(config_lib.AdapterConfig)}["size"]
    kernels = get_args(get_args(lora["targets"])[0])
    parser.add_argument("--lora-rank", "--lora.rank", **bounds.argument(lora["rank"]))
    parser.add_argument("--lora-targets", "--lora.targets", nargs="+", choices=kernels)
    parser.add_argument("--lora-dora", "--lora.dora", action="store_true")
    parser.add_argument("--adapter-size", "--adapter.size", **bounds.argument(size))
    parser.add_argument("--json", action="store_true", help="bytes and FLOPs, as one object")
    return parser
