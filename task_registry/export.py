"""python -m task_registry export: a mixture's prompts as a dataset on disk.

Prompt k of an export is prompt k of a training run with the same flags: shards are ranges of the
stream, so that any number of processes writes the same files, in any order. What is missing in the
folder is written, and nothing else.
"""

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Annotated, get_args

from flanlike import bounds, errors, knobs
from flanlike import config as config_lib
from flanlike import worker as worker_module
from flanlike.mixtures import mixture
from flanlike.prompts import files as prompt_files
from flanlike.prompts import fitting, manifest, recipe, render
from flanlike.tasks import registry
from task_registry import data_card, export_beam, export_files, export_limit, export_place

# What a number of each kind may be.
Examples = Annotated[int, bounds.Bounds(1, 10**9)]
Epochs = Annotated[float, bounds.Bounds(0, 1000, above=True)]
FileSize = Annotated[int, bounds.Bounds(1, 10**7)]  # a file is counted in memory
Processes = Annotated[int, bounds.Bounds(1, worker_module.MOST, why=worker_module.WHY_MOST)]


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Adds the flags of the export, beside those that other commands have as well."""
    command.add_argument("--mixture", default="flan_core", help="a name (flan_core)")
    command.add_argument(
        "--out",
        required=True,
        metavar="DIR",
        help="a new folder, or to go on; with --runner also as gs://BUCKET/NAME",
    )
    command.add_argument(
        "--format", choices=prompt_files.FORMATS, default="parquet", help="(parquet)"
    )
    command.add_argument(
        "--row-format", metavar="F", help="of a --mixture that is a file; default: by its columns"
    )
    size = command.add_mutually_exclusive_group()
    size.add_argument("--examples", **bounds.argument(Examples), help="prompts to write")
    size.add_argument(
        "--epochs", **bounds.argument(Epochs), help="times as many as there are drawable rows (1)"
    )
    command.add_argument(
        "--exclude-overlap",
        action="store_true",
        help="leave out rows that share text with test rows of the held-out tasks",
    )
    command.add_argument(
        "--drop-duplicates",
        action="store_true",
        help="leave out rows that say again what an earlier one says",
    )
    command.add_argument(
        "--prompts", choices=get_args(render.Style), default="instructions", help="(instructions)"
    )
    command.add_argument(
        "--chat",
        action="store_true",
        help="write prompts as the messages of a chat, too; of a file of conversations always",
    )
    seed = bounds.argument(knobs.Seed)
    command.add_argument("--seed", **seed, default=0, help="of data order and rendering (0)")
    export_limit.add_arguments(command)
    file_size = bounds.argument(FileSize)
    command.add_argument(
        "--shard-size", **file_size, default=20_000, help="prompts a file (20,000)"
    )
    processes = bounds.argument(Processes)
    command.add_argument("--processes", **processes, help="one a core by default")
    export_beam.add_arguments(command)
    for one in dataclasses.fields(config_lib.MixConfig):
        flag = "--mix." + one.name.replace("_", "-")
        kind = {"nargs": "+"} if bounds.of(one.type) is None else bounds.argument(one.type)
        command.add_argument(flag, **kind, dest=one.name, help="as in train.py")


def export(found: registry.Registry, options: argparse.Namespace) -> None:
    """Writes shards, composition.json, manifest.json and a data card; goes on where it stopped."""
    engine = export_beam.of(options)
    prompt_files.check_installed(options.format)
    with export_place.of(options.out, with_beam=engine is not None) as place:
        _export(found, options, engine, place)


def _export(
    found: registry.Registry,
    options: argparse.Namespace,
    engine: export_beam.Engine | None,
    place: export_place.Place,
) -> None:
    asked = asked_for(options)
    has_manifest = place.fetch(manifest.FILE)
    if place.address and not has_manifest and place.names():
        raise errors.UserError(_holds_none(place))
    found = found.pinned(manifest.commits_in(place.folder))
    composition = recipe.compose(asked, found, is_evaluated=False)
    plan = export_files.Plan(
        out=place.folder,
        format=options.format,
        prompts=prompts_of(composition, options),
        shard_size=options.shard_size,
        limit=export_limit.of(options),
    )
    read = {**manifest.build(asked, composition, found), "export": plan.as_json()}
    read = claim(plan.out, read)
    place.send(manifest.FILE)
    prompts = export_files.Prompts(
        tasks_file=options.tasks,
        row_format=options.row_format,
        composition=composition,
        asked=asked,
        commits=manifest.commits(read),
        limit=plan.limit,
    )
    if engine is None:
        counted = export_files.write(plan, prompts, options.processes)
    else:
        counted = export_beam.write(plan, prompts, engine, place)
    cuts = fitting.as_json(counted.by_task)
    content = {**composition.as_json(), "prompts": counted.prompts, "counts": counted.counts}
    if plan.limit is not None:
        content["cuts"] = cuts
    for line in composition.told_bad_rows:
        print(f"left out: {line}")
    text = json.dumps(content, indent=1) + "\n"
    (plan.out / "composition.json").write_text(text, encoding="utf-8")
    card = data_card.write(read, composition, counted.counts, found, cuts)
    (plan.out / "README.md").write_text(card, encoding="utf-8")
    for name in ("composition.json", "README.md"):
        place.send(name)
    files = "1 file" if plan.files == 1 else f"{plan.files:,} files"
    print(f"{counted.prompts:,} prompts in {files}, with a data card: {place}")


def asked_for(options: argparse.Namespace) -> recipe.Recipe:
    """Returns what of the flags decides which prompts there are."""
    mix = {one.name: getattr(options, one.name) for one in dataclasses.fields(config_lib.MixConfig)}
    return recipe.of_flags(
        options,
        mix=config_lib.MixConfig(**mix),
        exclude_overlap=options.exclude_overlap,
        drop_duplicates=options.drop_duplicates,
        prompts=options.prompts,
        chat=options.chat
        or recipe.holds_conversations(options.mixture, options.row_format, options.data),
        seed=options.seed,
    )


def prompts_of(composition: mixture.Composition, options: argparse.Namespace) -> int:
    """Returns how many prompts are asked for: an epoch has as many as there are drawable rows."""
    if options.examples is not None:
        return options.examples
    epochs = 1.0 if options.epochs is None else options.epochs
    return max(1, round(epochs * sum(task.rows for task in composition.tasks)))


def claim(out: Path, read: manifest.Manifest) -> manifest.Manifest:
    """Makes the folder this export's by writing manifest.json; raises if it is another's.

    Returns the manifest that it has: an export that goes on keeps its first.
    """
    path = out / manifest.FILE
    if path.is_file():
        there = manifest.read(path)
        if "export" not in there:
            raise errors.UserError(f"{str(out)!r} holds a run, not an export: give another --out")
        differing = manifest.compare(there, read).differences
        for key, value in read["export"].items():
            if there["export"].get(key) != value:
                was = there["export"].get(key)
                differing.append(f"{key} is {value!r}, in the manifest {was!r}")
        if differing:
            more = f"; and {len(differing) - 5} more" if len(differing) > 5 else ""
            raise errors.UserError(
                f"{str(out)!r} holds another export ({'; '.join(differing[:5])}{more}): give "
                "another --out, or the same flags to go on with that one"
            )
        return there
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise errors.UserError(_holds_none(out))
    try:
        out.mkdir(parents=True, exist_ok=True)
        manifest.write(out, read)
    except OSError as error:
        raise errors.UserError(f"--out {str(out)!r} cannot be written ({error.strerror})") from None
    return read


def _holds_none(out: Path | export_place.Place) -> str:
    return (
        f"{str(out)!r} is there already and holds no export (no {manifest.FILE}): give "
        "another --out"
    )
