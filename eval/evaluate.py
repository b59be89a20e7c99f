"""`python -m eval --run ... | --model ...`: asks runs or other models, and writes what they answer.

On several devices the prompts are shared out. Several processes may run it together, as
docs/scale_out.md says of train.py, with the variables in place of the flags.
"""

import argparse
import functools
import hashlib
import json
import logging
import pathlib
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import jax

from eval import (
    asking,
    evaluation,
    measuring,
    model_folder,
    pace,
    printed,
    questions,
    report,
    shots_curve,
)
from flanlike import atomic, bounds, errors, knobs
from flanlike import config as config_lib
from flanlike import flags as flags_lib
from flanlike.batches import chat, features
from flanlike.mixtures import compose, holdout
from flanlike.models import sharding
from flanlike.prompts import manifest
from flanlike.runs import folder as run_folder
from flanlike.runs import loading
from flanlike.tasks import registry as registries
from flanlike.training import distributed, wandb_log

_NO_NAME = re.compile(r"[^\w.+-]+")


def main(arguments: Sequence[str], registry: registries.Opener) -> None:
    flags, settings = _flags(arguments)
    wandb_log.expect(flags.wandb)
    logging.getLogger("absl").setLevel(logging.ERROR)  # Orbax tells that it reads only
    distributed.join(config_lib.DistributedConfig())
    if flags.model:
        for name in flags.model:
            _ask_model(flags, settings, name, registry)
    else:
        _ask_runs(flags, settings, registry)


def _ask_model(
    flags: argparse.Namespace, settings: dict[str, Any], name: str, registry: registries.Opener
) -> None:
    asked = model_folder.AskedModel(flags, name, registry)
    _by_shots(flags, settings, asked.evaluate, model=name, curve=model_folder.home(flags, name))


def _ask_runs(
    flags: argparse.Namespace, settings: dict[str, Any], registry: registries.Opener
) -> None:
    with distributed.together():
        for run in flags.run:
            if loading.is_bare(run):
                raise errors.UserError(
                    f"{str(run)!r} is a bare model and no run: python -m eval --model {run} "
                    "--mixture flan_core evaluates it"
                )
        configs = [run_folder.read_config(run) for run in flags.run]
        mesh = _mesh(configs[0])
        if distributed.is_first():
            for run in flags.run:
                atomic.expect_writable(run / "eval")
    each = loading.load_each(flags.run, base=flags.base, mesh=mesh, weights=flags.weights)
    for run, config in zip(flags.run, configs, strict=True):
        # No name here holds a model: the next one is read when this one's memory is free again.
        _ask_run(flags, settings, registry, run, config, _next(each, run, flags), mesh)


def _next(
    each: Iterator[loading.Loaded], run: pathlib.Path, flags: argparse.Namespace
) -> loading.Loaded:
    with _reporter(flags).waiting(f"loading {run}"):
        return next(each)


def _reporter(flags: argparse.Namespace) -> pace.Reporter:
    return pace.reporter(sys.stderr if flags.json else sys.stdout)


def _ask_run(
    flags: argparse.Namespace,
    settings: dict[str, Any],
    registry: registries.Opener,
    run: pathlib.Path,
    config: Mapping[str, Any],
    loaded: loading.Loaded,
    mesh: jax.sharding.Mesh | None,
) -> None:
    name = "-".join(filter(None, (_name(flags, settings, config), "by-shots")))
    _by_shots(
        flags,
        settings,
        functools.partial(
            _evaluate_run,
            flags,
            registry=registry,
            run=run,
            config=config,
            loaded=loaded,
            mesh=mesh,
        ),
        model=run.resolve().name,
        run=run,
        curve=evaluation.folder_of(run, loaded.step, name),
    )


def _by_shots(
    flags: argparse.Namespace,
    settings: dict[str, Any],
    ask: Callable[[dict[str, Any]], pathlib.Path],
    *,
    model: str,
    curve: pathlib.Path | None,
    run: pathlib.Path | None = None,
) -> None:
    """Asks once, or once for each of several --shots, and shows what is written.

    Of several the curve goes to the folder `curve`; None is beside the last one's answers. It is
    also shown on the page of the `run`, where that has an evaluation of its own.
    """
    each = [settings | {"shots": shots} for shots in flags.shots] or [settings]
    found = []
    for changed in each:
        folder = ask(changed)
        if distributed.is_first():
            found.append(evaluation.read(folder))
            if not (flags.json and len(each) > 1):
                printed.show(found[-1], folder, as_json=flags.json)
    if len(found) < 2:
        return
    curves = shots_curve.of(found)
    setting = found[0].setting
    curve = curve or folder.parent / f"{setting.step}-by-shots"
    where = shots_curve.write(curve, curves, model=model, data=setting.data)
    if run is not None and evaluation.steps(run):
        report.write(run)  # that shows the curve too
    if flags.json:
        print(json.dumps(shots_curve.as_json(curves), ensure_ascii=False))
    else:
        print(*shots_curve.lines(curves), f"written to {where}", sep="\n")


def _flags(arguments: Sequence[str]) -> tuple[argparse.Namespace, dict[str, Any]]:
    """Returns the flags, and those that change how the questions are asked, by setting."""
    parser = errors.Parser(
        prog="python -m eval",
        description="Evaluates runs' newest checkpoints, or any models. To compare what they gave: "
        "python -m eval report. All --eval.* flags of train.py are known too.",
    )
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument(
        "--run",
        nargs="+",
        type=pathlib.Path,
        metavar="DIR",
        help="folders of train.py --out; those tuned from one base read it once",
    )
    asked.add_argument(
        "--model",
        nargs="+",
        metavar="MODEL",
        help="folders of published or bare models or of runs, or ids on the hub (owner/model)",
    )
    parser.add_argument("--base", type=pathlib.Path, help="where the base of tuned runs is now")
    parser.add_argument(
        "--mixture", nargs="+", metavar="NAME", help="of --model: a mixture, or tasks and clusters"
    )
    parser.add_argument("--tasks", help="of --model: Python file with tasks of your own")
    parser.add_argument("--out", type=pathlib.Path, help="of --model: folder of what it answers")
    parser.add_argument("--hold-out", nargs="+", metavar="NAME", help="clusters or tasks to ask")
    parser.add_argument("--data", help="embedded | hub | tfds | a folder; default: the run's")
    shots, rows = bounds.argument(knobs.Shots), bounds.argument(knobs.Sample)
    parser.add_argument(
        "--shots",
        nargs="+",
        default=[],
        **shots,
        help="exemplars before each question; of several numbers each is asked, and a curve made",
    )
    parser.add_argument("--rows", **rows, help="rows a template; default: the run's")
    parser.add_argument("--split", choices=("test", "validation"), help="default: the run's")
    parser.add_argument(
        "--chat",
        action=argparse.BooleanOptionalAction,
        help="ask in the model's chat template; default: as the run was trained, and of --model "
        "only where --mixture is a file of conversations",
    )
    which = "of --run: the average where --optim.ema kept one (default), or the weights as they are"
    parser.add_argument("--weights", choices=("average", "raw"), help=which)
    parser.add_argument("--skip-missing", action="store_true", help="leave out what --data lacks")
    parser.add_argument("--wandb", metavar="PROJECT", help="of Weights & Biases that is told too")
    parser.add_argument("--json", action="store_true", help="print one JSON object, no table")
    flags, others = parser.parse_known_args(arguments)
    _check_of_whom(flags)
    settings = flags_lib.eval_flags(others, command="python -m eval")
    flags.shots = list(dict.fromkeys(flags.shots))
    flags.command = shlex.join(["python", "-m", "eval", *arguments])
    one = flags.shots[0] if len(flags.shots) == 1 else None
    short = {"shots": one, "rows_per_task": flags.rows, "split": flags.split}
    settings |= {name: value for name, value in short.items() if value is not None}
    return flags, settings


def _check_of_whom(flags: argparse.Namespace) -> None:
    """Raises where a flag of runs is given with models, or the other way round."""
    if flags.model and flags.weights:
        raise errors.UserError("--weights is of --run: leave it out of --model")
    if flags.run and (flags.mixture or flags.tasks or flags.out):
        raise errors.UserError(
            "--mixture, --tasks and --out are of --model; a run has its own mixture, tasks and "
            "folder: leave them out, or name what to ask with --hold-out"
        )


def _evaluate_run(
    flags: argparse.Namespace,
    settings: Mapping[str, Any],
    registry: registries.Opener,
    run: pathlib.Path,
    config: Mapping[str, Any],
    loaded: loading.Loaded,
    mesh: jax.sharding.Mesh | None,
) -> pathlib.Path:
    """Asks one run, and writes what it answers; returns the folder of the evaluation."""
    with distributed.together(), _reporter(flags).waiting(pace.COLLECTING):
        data = run_folder.place_of(flags.data or config["data"])
        name = _name(flags, settings, config)
        _expect_rows_of(evaluation.folder_of(run, loaded.step, name), data)
        opened = registry(run_folder.tasks_of(run, config), format=config.get("format")).at(data)
        tasks = opened.pinned(manifest.commits_in(run))
        is_chat = config.get("chat", False) if flags.chat is None else flags.chat
        words = chat.spoken(loaded.words, is_chat, str(run))
        asked = _questions(flags, settings, tasks, config, words, loaded.model.config.family)
    for line in asked.warnings if distributed.is_first() else ():
        print(line, file=sys.stderr)
    with wandb_log.board(flags.wandb, run, config) as board:
        measuring.measure(
            loaded.model,
            words,
            asked,
            out=run,
            step=loaded.step,
            config={**config, "data": data},
            held_out=_unseen(run, asked, flags.hold_out or config["hold_out"]),
            mesh=mesh,
            name=name,
            says_on=sys.stderr if flags.json else sys.stdout,
            board=board,
            weights=loaded.weights if _has_average(config) else None,
        )
    if distributed.is_first() and not name:
        report.write(run)
    distributed.wait("the evaluation is written")
    return evaluation.folder_of(run, loaded.step, name)


def _expect_rows_of(folder: pathlib.Path, data: str) -> None:
    """Raises where an evaluation on other rows would be overwritten: two folders of one name."""
    there = evaluation.data_of(folder)
    if there is not None and run_folder.place_of(there) != data:
        raise errors.UserError(
            f"{str(folder)!r} holds what was asked on the rows of {there!r}, not of {data!r}: move "
            "it away, or give a folder of another name"
        )


def _mesh(config: Mapping[str, Any]) -> jax.sharding.Mesh | None:
    """Returns a mesh over all devices, the run's own where it fits; None where there is but one."""
    if jax.device_count() == 1:
        return None
    sizes = {axis: config["mesh"][axis] for axis in ("fsdp", "tensor")}
    is_fitting = jax.device_count() % (sizes["fsdp"] * sizes["tensor"]) == 0
    return sharding.mesh(data=-1, **(sizes if is_fitting else {}))


def _questions(
    flags: argparse.Namespace,
    changes: Mapping[str, Any],
    tasks: registries.Registry,
    config: Mapping[str, Any],
    words: chat.Words,
    family: features.Family,
) -> questions.Questions:
    """Returns what the run itself asks, but for what the flags change."""
    mix = tasks.mixture(config["mixture"])
    held_out = flags.hold_out or config["hold_out"]
    split = compose.split_tasks(mix, tasks, held_out, rules=config["hold_out_rules"])
    data = flags.data or config["data"]
    settings = config_lib.eval_of(config["eval"], **changes)
    skip_bad_rows = config.get("skip_bad_rows", False)
    names = asking.with_rows(
        split,
        tasks,
        data,
        settings,
        skip_missing=flags.skip_missing or config["skip_missing"],
        skip_bad_rows=skip_bad_rows,
    )
    return questions.collect(
        names,
        tasks,
        words,
        data=data,
        family=family,
        settings=settings,
        style=config["prompts"],
        skip_bad_rows=skip_bad_rows,
    )


def _unseen(
    run: pathlib.Path, asked: questions.Questions, held_out: Sequence[str]
) -> tuple[str, ...]:
    """Returns those of `held_out` that the run has not trained on, as far as its folder tells.

    A task whose material is in what the run trained on counts as trained on.
    """
    composition = evaluation.composition(run)
    trained = evaluation.trained(composition)
    clusters = {cell.task.name: cell.task.cluster for cell in asked.cells}
    origins = {cell.task.name: cell.task.origins for cell in asked.cells}
    origins = {**composition.get("origins", {}), **origins}
    seen = trained.keys() | holdout.shared(trained, clusters, origins=origins)
    of_name: dict[str, set[str]] = {}
    for name, cluster in clusters.items():
        of_name.setdefault(cluster, set()).add(name)
        of_name.setdefault(name, set()).add(name)
    return tuple(name for name in held_out if not of_name.get(name, set()) & seen)


def _has_average(config: Mapping[str, Any]) -> bool:
    return config.get("optim", {}).get("ema", 0.0) > 0


def _name(flags: argparse.Namespace, settings: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    """Returns what is asked otherwise than by the run itself: "" or "hub-shots3".

    Of names that differ only in what no folder's name may hold, a digest tells which is which.
    """
    parts = []
    if flags.data and run_folder.place_of(flags.data) != run_folder.place_of(config["data"]):
        parts.append(pathlib.Path(flags.data).resolve().name)
    if flags.hold_out and flags.hold_out != config["hold_out"]:
        parts += flags.hold_out
    if flags.chat not in (None, config.get("chat", False)):
        parts.append("chat" if flags.chat else "no-chat")
    if flags.weights == "raw" and _has_average(config):
        parts.append("raw-weights")
    its_own = vars(config_lib.eval_of(config["eval"]))
    short = {"rows_per_task": "rows", "split": "", "scoring": ""}
    for name, value in settings.items():
        if name not in config_lib.NOT_ASKED and value != its_own[name]:
            said = {True: "", False: "-off"}[value] if isinstance(value, bool) else value
            parts.append(f"{short.get(name, name.replace('_', '-'))}{said}")
    whole = "-".join(parts)
    name = _NO_NAME.sub("_", whole)  # a stop text may hold anything
    if name == whole:
        return name
    return f"{name}-{hashlib.blake2b(whole.encode(), digest_size=3).hexdigest()}"
