"""`python -m eval`: evaluates runs' newest checkpoints again, or compares runs in one page.

python -m eval --run DIR [DIR ...] [--hold-out NAME ...] [--data ...] [--shots K] [--json]
python -m eval report RUN [RUN ...] [--out DIR]

On several devices the prompts are shared out. Several processes may run it together, as
docs/scale_out.md says of train.py, with the variables in place of the flags.
"""

import argparse
import json
import logging
import pathlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import jax

import task_registry
from eval import compare, evaluation, figures, measuring, questions, report, results
from flanlike import atomic, bounds, errors
from flanlike import config as config_lib
from flanlike.mixtures import compose
from flanlike.models import sharding
from flanlike.prompts import manifest
from flanlike.runs import folder as run_folder
from flanlike.runs import loading
from flanlike.sources import availability
from flanlike.training import distributed


@errors.exits_with_one_line
def main(arguments: Sequence[str] | None = None) -> None:
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments[:1] == ["report"]:
        _report(arguments[1:])
    else:
        _evaluate(arguments)


def _evaluate(arguments: Sequence[str]) -> None:
    parser = errors.Parser(
        prog="python -m eval",
        description="Evaluates runs' newest checkpoints. To compare runs: python -m eval report.",
    )
    parser.add_argument(
        "--run",
        required=True,
        nargs="+",
        type=pathlib.Path,
        metavar="DIR",
        help="folders of train.py --out; those tuned from one base read it once",
    )
    parser.add_argument("--base", type=pathlib.Path, help="where the base of tuned runs is now")
    parser.add_argument("--hold-out", nargs="+", metavar="NAME", help="clusters or tasks to ask")
    parser.add_argument("--data", help="embedded | hub | tfds | a folder; default: the run's")
    shots, rows = bounds.argument(config_lib.Shots), bounds.argument(config_lib.Sample)
    parser.add_argument("--shots", **shots, help="exemplars before each question")
    parser.add_argument("--rows", **rows, help="rows a template; default: the run's")
    parser.add_argument("--split", choices=("test", "validation"), help="default: the run's")
    parser.add_argument("--skip-missing", action="store_true", help="leave out what --data lacks")
    parser.add_argument("--json", action="store_true", help="print one JSON object, no table")
    flags = parser.parse_args(arguments)
    logging.getLogger("absl").setLevel(logging.ERROR)  # Orbax tells that it reads only
    for run in flags.run:
        if loading.is_bare(run):
            raise errors.UserError(
                f"{str(run)!r} is a bare model and no run: python train.py --init {run} "
                "evaluates it before its first step"
            )
    distributed.join(config_lib.DistributedConfig())
    with distributed.together():
        configs = [run_folder.read_config(run) for run in flags.run]
        mesh = _mesh(configs[0])
        if distributed.is_first():
            for run in flags.run:
                atomic.expect_writable(run / "eval")
    each = loading.load_each(flags.run, base=flags.base, mesh=mesh)
    for run, config, loaded in zip(flags.run, configs, each, strict=True):
        _evaluate_run(flags, run, config, loaded, mesh)


def _evaluate_run(
    flags: argparse.Namespace,
    run: pathlib.Path,
    config: Mapping[str, Any],
    loaded: loading.Loaded,
    mesh: jax.sharding.Mesh | None,
) -> None:
    with distributed.together():
        asked = _questions(flags, run, config, loaded)
    for line in asked.warnings if distributed.is_first() else ():
        print(line, file=sys.stderr)
    name = _name(flags, config)
    found = measuring.measure(
        loaded.model,
        loaded.words,
        asked,
        out=run,
        step=loaded.step,
        config={**config, "data": flags.data or config["data"]},
        held_out=_unseen(run, asked, flags.hold_out or config["hold_out"]),
        mesh=mesh,
        name=name,
        says_on=sys.stderr if flags.json else sys.stdout,
    )
    if distributed.is_first():
        if not name:
            report.write(run)
        _show(found, evaluation.folder_of(run, loaded.step, name), as_json=flags.json)
    distributed.wait("the evaluation is written")


def _mesh(config: Mapping[str, Any]) -> jax.sharding.Mesh | None:
    """Returns a mesh over all devices, the run's own where it fits; None where there is but one."""
    if jax.device_count() == 1:
        return None
    sizes = {axis: config["mesh"][axis] for axis in ("fsdp", "tensor")}
    is_fitting = jax.device_count() % (sizes["fsdp"] * sizes["tensor"]) == 0
    return sharding.mesh(data=-1, **(sizes if is_fitting else {}))


def _questions(
    flags: argparse.Namespace,
    run: pathlib.Path,
    config: Mapping[str, Any],
    loaded: loading.Loaded,
) -> questions.Questions:
    """Returns what the run itself asks, but for what the flags change."""
    tasks_file = run_folder.tasks_of(run, config)
    registry = task_registry.registry(tasks_file).pinned(manifest.commits_in(run))
    mix = registry.mixture(config["mixture"])
    held_out = flags.hold_out or config["hold_out"]
    split = compose.split_tasks(mix, registry, held_out, rules=config["hold_out_rules"])
    names = split.evaluation or split.train
    data = flags.data or config["data"]
    changes = {"shots": flags.shots, "rows_per_task": flags.rows, "split": flags.split}
    changes = {name: value for name, value in changes.items() if value is not None}
    settings = config_lib.EvalConfig(**{**config["eval"], **changes})
    skip_bad_rows = config.get("skip_bad_rows", False)
    found = availability.of(
        names,
        registry,
        data,
        splits=dict.fromkeys(names, settings.splits),
        skip_missing=flags.skip_missing or config["skip_missing"],
        skip_bad_rows=skip_bad_rows,
    )
    missing = found.left_out(() if split.evaluation else names)  # as the run itself leaves out
    compose.check_evaluation(split, missing)
    return questions.collect(
        [name for name in names if name not in missing],
        registry,
        loaded.words,
        data=data,
        family=loaded.model.config.family,
        settings=settings,
        style=config["prompts"],
        skip_bad_rows=skip_bad_rows,
    )


def _unseen(
    run: pathlib.Path, asked: questions.Questions, held_out: Sequence[str]
) -> tuple[str, ...]:
    """Returns those of `held_out` that the run has not trained on, as far as its folder tells."""
    path = run / "composition.json"
    tasks = json.loads(path.read_text("utf-8"))["tasks"] if path.is_file() else []
    trained = {task["task"] for task in tasks}
    of_name: dict[str, set[str]] = {}
    for cell in asked.cells:
        for name in (cell.task.cluster, cell.task.name):
            of_name.setdefault(name, set()).add(cell.task.name)
    return tuple(name for name in held_out if not of_name.get(name, set()) & trained)


def _name(flags: argparse.Namespace, config: Mapping[str, Any]) -> str:
    """Returns what is asked otherwise than by the run itself: "" or "hub-shots3"."""
    parts = []
    if flags.data and run_folder.place_of(flags.data) != run_folder.place_of(config["data"]):
        parts.append(pathlib.Path(flags.data).resolve().name)
    if flags.hold_out and flags.hold_out != config["hold_out"]:
        parts += flags.hold_out
    for flag, key in (("shots", "shots"), ("rows", "rows_per_task"), ("split", "split")):
        value = getattr(flags, flag)
        if value is not None and value != config["eval"][key]:
            parts.append(f"{flag}{value}" if isinstance(value, int) else value)
    return "-".join(parts)


def _show(found: evaluation.Evaluation, folder: pathlib.Path, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(evaluation.as_json(found), ensure_ascii=False))
        return
    if found.setting.data == "embedded":
        print(figures.MICRO_WORLD)
    tasks = found.tasks()
    lines = [
        *((item.task, item) for item in tasks),
        *((f"= {item.cluster}", item) for item in results.cluster_summaries(found.cells, tasks)),
    ]
    width = max(len(name) for name, _ in lines)
    print(f"{'':{width}}  value  95 %          chance  majority  heuristic  unparsed  cut")
    for name, item in lines:
        print(
            f"{name:{width}}  {figures.number(item.mean):>5}  {figures.ends_of(item.ci95):12}"
            f"  {figures.number(item.chance):>6}  {figures.number(item.majority):>8}"
            f"  {figures.number(item.heuristic):>9}  {figures.number(item.unparsed):>8}"
            f"  {figures.number(item.cut):>3} "
            f"{figures.below_chance(item.ci95[1], item.chance)}".rstrip()
        )
    print(f"written to {folder}")


def _report(arguments: Sequence[str]) -> None:
    parser = errors.Parser(prog="python -m eval report", description="Compares runs in one page.")
    parser.add_argument("runs", nargs="+", type=pathlib.Path, metavar="RUN")
    parser.add_argument("--out", type=pathlib.Path, help="folder of the page; default: comparison")
    flags = parser.parse_args(arguments)
    if len(flags.runs) == 1 and flags.out is None:
        pages = report.write(flags.runs[0])
    else:
        pages = compare.write(flags.runs, flags.out or pathlib.Path("comparison"))
    print("\n".join(map(str, pages)))


if __name__ == "__main__":
    main()
