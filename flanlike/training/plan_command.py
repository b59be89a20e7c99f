"""Memory a device and FLOPs of a training step, told without allocating it (`training.plan`).

python -m flanlike.plan --model t5-1.1-xxl --mesh fsdp=8 --rows 64 --remat full
python -m flanlike.plan --model ../models/smollm2 --tune lora --base-dtype int8
"""

import argparse
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from flanlike import bounds, errors, sections
from flanlike import config as config_lib
from flanlike.models import config as model_config
from flanlike.models import presets, quantized, sharding
from flanlike.pretrained import weights
from flanlike.training import plan as plan_lib

Vocabulary = Annotated[int, bounds.Bounds(1, 1 << 24)]  # of any model, not of one made here
_PIECES = 32128  # T5's
_GIB = 2**30


@errors.exits_with_one_line
def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    shape, mesh, batch, optimizer = _read(options)
    plan = plan_lib.make(shape, mesh, batch, optimizer, _few(options))
    if options.json:
        print(json.dumps(_as_json(plan), indent=2))
    else:
        print(_page(plan, options, mesh, shape.vocab_size))


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
    changes |= {"vocab_size": options.vocabulary_size}
    if weights.is_published(Path(options.model)):
        shape = weights.shape_of(Path(options.model))
        if options.vocabulary_size is not None:
            raise errors.UserError(
                f"--vocabulary-size is of presets: leave it out, {options.model!r} has its own"
            )
    else:
        shape = dataclasses.replace(presets.get(options.model), vocab_size=_PIECES)
    given = {name: value for name, value in changes.items() if value is not None}
    shape = dataclasses.replace(shape, **given)
    batch = config_lib.BatchConfig(
        rows=options.rows,
        max_input_tokens=options.max_input_tokens,
        max_target_tokens=options.max_target_tokens,
        micro_batches=options.micro_batches,
    )
    return shape, read_mesh(options.mesh), batch, config_lib.OptimConfig(name=options.optimizer)


def _few(options: argparse.Namespace) -> plan_lib.Few | None:
    """Returns what is tuned beside a base, checked as train.py does."""
    given = {name: getattr(options, f"lora_{name}") for name in ("rank", "targets", "dora")}
    given = {name: value for name, value in given.items() if value is not None}
    if given and options.tune != "lora":
        raise errors.UserError(f"--lora.{min(given)} is of --tune lora: give that, or leave it out")
    if "targets" in given:
        given["targets"] = tuple(given["targets"])
    lora = config_lib.LoraConfig(**given)
    run = config_lib.RunConfig(tune=options.tune, base_dtype=options.base_dtype, lora=lora)
    if run.tuning is None:
        return None
    return plan_lib.Few(settings=run.tuning, base_dtype=options.base_dtype)


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
    plan: plan_lib.Plan,
    options: argparse.Namespace,
    mesh: config_lib.MeshConfig,
    vocab_size: int,
) -> str:
    devices = mesh.data * mesh.fsdp * mesh.tensor
    lines = [
        f"{options.model}, {plan.parameters:,} parameters with a vocabulary of {vocab_size:,}",
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


def _as_json(plan: plan_lib.Plan) -> dict[str, Any]:
    return {
        **dataclasses.asdict(plan),
        "activations": plan.activations,
        "total": plan.total,
    }


def _parser() -> argparse.ArgumentParser:
    """Returns the parser; flags are spelt as those of train.py, with a short form."""
    parser = errors.Parser(prog="python -m flanlike.plan", description=__doc__.splitlines()[0])
    batch, name = config_lib.RunConfig().batch, config_lib.OptimConfig().name
    named = f"a published model's folder, or a preset: {', '.join(presets.PRESETS)}"
    parser.add_argument("--model", required=True, help=named)
    parser.add_argument("--mesh", default="data=1", help="devices an axis: data=2,fsdp=4,tensor=1")
    pieces = bounds.argument(Vocabulary)
    parser.add_argument("--vocabulary-size", **pieces, help="of a preset; T5's unless given")
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
    choices = ("full", *sections.TUNE_SECTIONS)
    parser.add_argument("--tune", choices=choices, default="full", help="what learns")
    choices = ("float32", "bfloat16", "int8")
    parser.add_argument("--base-dtype", choices=choices, default="float32", help="beside --tune")
    rank = bounds.argument(config_lib.LoraConfig.__annotations__["rank"])
    parser.add_argument("--lora.rank", dest="lora_rank", **rank, help="of --tune lora")
    kernels = (*quantized.KERNELS, sections.ALL_LINEAR)
    parser.add_argument("--lora.targets", dest="lora_targets", nargs="+", choices=kernels)
    parser.add_argument("--lora.dora", dest="lora_dora", action="store_true", default=None)
    parser.add_argument("--json", action="store_true", help="bytes and FLOPs, as one object")
    return parser
