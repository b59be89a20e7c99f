"""python -m task_registry export: a mixture's prompts as a dataset on disk.

Prompt k of an export is prompt k of a training run with the same flags: shards are ranges of the
stream, so that any number of processes writes the same files, in any order. What is missing in the
folder is written, and nothing else.
"""

import argparse
import collections
import contextlib
import dataclasses
import json
import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import process
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_args

import task_registry
from flanlike import bounds, errors
from flanlike import config as config_lib
from flanlike import worker as worker_module
from flanlike.mixtures import mixture
from flanlike.prompts import files as prompt_files
from flanlike.prompts import manifest, recipe, render
from flanlike.prompts import stream as prompt_stream
from flanlike.tasks import registry
from flanlike.tasks import task as task_module
from task_registry import data_card

# What a number of each kind may be.
Examples = Annotated[int, bounds.Bounds(1, 10**9)]
Epochs = Annotated[float, bounds.Bounds(0, 1000, above=True)]
FileSize = Annotated[int, bounds.Bounds(1, 10**7)]  # a file is counted in memory
Processes = Annotated[int, bounds.Bounds(1, worker_module.MOST, why=worker_module.WHY_MOST)]
MOST_FILES = 99_999  # five digits in their names
COUNTED = ("task", "kind", "shots", "option_style")
Counts = dict[str, dict[str, int]]  # column -> value -> prompts


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which prompts go into which files."""

    out: Path
    format: prompt_files.Format
    prompts: int
    shard_size: int

    def __post_init__(self) -> None:
        if self.files > MOST_FILES:
            raise errors.UserError(
                f"{self.prompts:,} prompts, {self.shard_size:,} a file, are {self.files:,} files, "
                f"of which {MOST_FILES:,} at most can be numbered: give a larger --shard-size"
            )

    @property
    def files(self) -> int:
        return -(-self.prompts // self.shard_size)

    def path(self, number: int) -> Path:
        return self.out / f"train-{number:05d}-of-{self.files:05d}.{self.format}"

    def indices(self, number: int) -> range:
        start = number * self.shard_size
        return range(start, min(start + self.shard_size, self.prompts))

    def as_json(self) -> dict[str, Any]:
        names = ("format", "prompts", "shard_size")
        return {name: getattr(self, name) for name in names} | {"files": self.files}


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Adds the flags of the export, beside those that other commands have as well."""
    command.add_argument("--mixture", default="flan_core", help="a name (flan_core)")
    command.add_argument("--out", required=True, metavar="DIR", help="a new folder, or to go on")
    command.add_argument(
        "--format", choices=prompt_files.FORMATS, default="parquet", help="(parquet)"
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
        "--prompts", choices=get_args(render.Style), default="instructions", help="(instructions)"
    )
    seed = bounds.argument(config_lib.Seed)
    command.add_argument("--seed", **seed, default=0, help="of data order and rendering (0)")
    file_size = bounds.argument(FileSize)
    command.add_argument(
        "--shard-size", **file_size, default=20_000, help="prompts a file (20,000)"
    )
    processes = bounds.argument(Processes)
    command.add_argument("--processes", **processes, help="one a core by default")
    for one in dataclasses.fields(config_lib.MixConfig):
        flag = "--mix." + one.name.replace("_", "-")
        command.add_argument(
            flag, **bounds.argument(one.type), dest=one.name, help="as in train.py"
        )


def export(found: registry.Registry, options: argparse.Namespace) -> None:
    """Writes shards, composition.json, manifest.json and a data card; goes on where it stopped."""
    prompt_files.check_installed(options.format)
    asked = asked_for(options)
    found = found.pinned(manifest.commits_in(Path(options.out)))
    composition = recipe.compose(asked, found)
    plan = Plan(
        out=Path(options.out),
        format=options.format,
        prompts=prompts_of(composition, options),
        shard_size=options.shard_size,
    )
    read = {**manifest.build(asked, composition, found), "export": plan.as_json()}
    read = claim(plan.out, read)
    prompts = Prompts(
        tasks_file=options.tasks,
        composition=composition,
        asked=asked,
        commits=manifest.commits(read),
    )
    counts = write_shards(plan, prompts, options.processes)
    content = {**composition.as_json(), "prompts": plan.prompts, "counts": counts}
    for line in composition.told_bad_rows:
        print(f"left out: {line}")
    text = json.dumps(content, indent=1) + "\n"
    (plan.out / "composition.json").write_text(text, encoding="utf-8")
    card = data_card.write(read, composition, counts, found)
    (plan.out / "README.md").write_text(card, encoding="utf-8")
    print(f"{plan.prompts:,} prompts in {plan.files} files, with a data card: {plan.out}")


def asked_for(options: argparse.Namespace) -> recipe.Recipe:
    """Returns what of the flags decides which prompts there are."""
    mix = {one.name: getattr(options, one.name) for one in dataclasses.fields(config_lib.MixConfig)}
    return recipe.Recipe(
        mixture=options.mixture,
        data=options.data,
        hold_out=None if options.hold_out is None else tuple(options.hold_out),
        rules=options.hold_out_rules,
        mix=config_lib.MixConfig(**mix),
        skip_missing=options.skip_missing,
        skip_bad_rows=options.skip_bad_rows,
        exclude_overlap=options.exclude_overlap,
        prompts=options.prompts,
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
        raise errors.UserError(
            f"{str(out)!r} is there already and holds no export (no {manifest.FILE}): give "
            "another --out"
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
        manifest.write(out, read)
    except OSError as error:
        raise errors.UserError(f"--out {str(out)!r} cannot be written ({error.strerror})") from None
    return read


@dataclass(frozen=True, kw_only=True)
class Prompts:
    """What a process opens the stream from: a user's tasks do not pickle, so their file goes."""

    tasks_file: str | None
    composition: mixture.Composition
    asked: recipe.Recipe
    commits: Mapping[str, str]

    def open(self) -> Callable[[int], task_module.Prompt]:
        """Returns the prompt of each index."""
        stream = prompt_stream.Prompts(
            self.composition,
            task_registry.registry(self.tasks_file).pinned(self.commits),
            data=self.asked.data,
            seed=self.asked.seed,
            style=self.asked.prompts,
        )
        return stream.__getitem__


def write_shards(plan: Plan, prompts: Prompts, processes: int | None = None) -> Counts:
    """Writes the shards that are missing, and returns the counts over all of them."""
    missing = sum(not plan.path(number).is_file() for number in range(plan.files))
    if missing < plan.files:
        print(f"{plan.files - missing} of {plan.files} files are there already")
    processes = min(processes or worker_module.CORES, worker_module.MOST, max(1, missing))
    totals = {column: collections.Counter() for column in COUNTED}
    with _mapped(_Worker(plan, prompts), range(plan.files), processes) as found:
        for number, counts in enumerate(found):
            print(f"{number + 1}/{plan.files} {plan.path(number).name}", flush=True)
            for column, counter in counts.items():
                totals[column].update(counter)
    return {column: dict(sorted(counter.items())) for column, counter in totals.items()}


class _Worker:
    """Writes shards in one process; the stream is opened with the first."""

    def __init__(self, plan: Plan, prompts: Prompts) -> None:
        self._plan = plan
        self._clusters = {task.name: task.cluster for task in prompts.composition.tasks}
        self._source = prompts
        self._prompt: Callable[[int], task_module.Prompt] | None = None

    def __call__(self, number: int) -> Counts:
        """Returns the counts of a shard, which is written first where it is missing."""
        path, indices = self._plan.path(number), self._plan.indices(number)
        if not path.is_file():
            self._prompt = self._prompt or self._source.open()
            prompts = map(self._prompt, indices)
            prompt_files.write(
                path, (prompt_files.row_of(p, self._clusters[p.provenance.task]) for p in prompts)
            )
        counted = {column: collections.Counter() for column in COUNTED}
        for row in prompt_files.read(path):
            for column, counter in counted.items():
                counter[str(row[column])] += 1
        if counted["task"].total() != len(indices):
            raise errors.UserError(
                f"{path}: has {counted['task'].total()} prompts, expected {len(indices)}; delete "
                "it and run the same command again"
            )
        return {column: dict(counter) for column, counter in counted.items()}


@contextlib.contextmanager
def _mapped(worker: _Worker, numbers: range, processes: int) -> Iterator[Iterator[Counts]]:
    """Yields what the worker returns for each number, in order, from so many processes."""
    again = "the same command goes on where it stopped"
    pool = None
    try:
        if processes == 1:
            yield map(worker, numbers)
            return
        pool = process.ProcessPoolExecutor(
            processes,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(worker,),
        )
        yield pool.map(_write, numbers)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"interrupted: {again}") from None
    except process.BrokenProcessPool as error:
        raise errors.UserError(
            f"a process that writes shards was killed (out of memory?): {again}; fewer "
            "--processes or a smaller --shard-size need less"
        ) from error
    finally:
        if pool is not None:
            pool.shutdown(cancel_futures=True)


_worker: _Worker | None = None  # of this process


def _begin(worker: _Worker) -> None:
    global _worker
    _worker = worker
    worker_module.begin()


def _write(number: int) -> Counts:
    return _worker(number)
