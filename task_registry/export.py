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
from collections.abc import Iterator, Mapping
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
from flanlike.prompts import fitting, manifest, recipe, render
from flanlike.prompts import stream as prompt_stream
from flanlike.tasks import registry
from task_registry import data_card, export_limit

# What a number of each kind may be.
Examples = Annotated[int, bounds.Bounds(1, 10**9)]
Epochs = Annotated[float, bounds.Bounds(0, 1000, above=True)]
FileSize = Annotated[int, bounds.Bounds(1, 10**7)]  # a file is counted in memory
Processes = Annotated[int, bounds.Bounds(1, worker_module.MOST, why=worker_module.WHY_MOST)]
MOST_FILES = 99_999  # five digits in their names
COUNTED = ("task", "kind", "shots", "option_style")
CUT_TOKENS = "cut_tokens"  # a column of exports with a limit
Counts = dict[str, dict[str, int]]  # column -> value -> prompts


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which prompts go into which files."""

    out: Path
    format: prompt_files.Format
    prompts: int
    shard_size: int
    limit: export_limit.Limit | None = None  # None: prompts are as long as their rows

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
        plan = {name: getattr(self, name) for name in names} | {"files": self.files}
        return plan if self.limit is None else plan | self.limit.as_json()


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Adds the flags of the export, beside those that other commands have as well."""
    command.add_argument("--mixture", default="flan_core", help="a name (flan_core)")
    command.add_argument("--out", required=True, metavar="DIR", help="a new folder, or to go on")
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
    seed = bounds.argument(config_lib.Seed)
    command.add_argument("--seed", **seed, default=0, help="of data order and rendering (0)")
    export_limit.add_arguments(command)
    file_size = bounds.argument(FileSize)
    command.add_argument(
        "--shard-size", **file_size, default=20_000, help="prompts a file (20,000)"
    )
    processes = bounds.argument(Processes)
    command.add_argument("--processes", **processes, help="one a core by default")
    for one in dataclasses.fields(config_lib.MixConfig):
        flag = "--mix." + one.name.replace("_", "-")
        kind = {"nargs": "+"} if bounds.of(one.type) is None else bounds.argument(one.type)
        command.add_argument(flag, **kind, dest=one.name, help="as in train.py")


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
        limit=export_limit.of(options),
    )
    read = {**manifest.build(asked, composition, found), "export": plan.as_json()}
    read = claim(plan.out, read)
    prompts = Prompts(
        tasks_file=options.tasks,
        row_format=options.row_format,
        composition=composition,
        asked=asked,
        commits=manifest.commits(read),
        limit=plan.limit,
    )
    counts, cuts = write_shards(plan, prompts, options.processes)
    written = sum(counts["task"].values())
    content = {**composition.as_json(), "prompts": written, "counts": counts}
    if plan.limit is not None:
        content["cuts"] = cuts
    for line in composition.told_bad_rows:
        print(f"left out: {line}")
    text = json.dumps(content, indent=1) + "\n"
    (plan.out / "composition.json").write_text(text, encoding="utf-8")
    card = data_card.write(read, composition, counts, found, cuts)
    (plan.out / "README.md").write_text(card, encoding="utf-8")
    print(f"{written:,} prompts in {plan.files} files, with a data card: {plan.out}")


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
    row_format: str | None
    composition: mixture.Composition
    asked: recipe.Recipe
    commits: Mapping[str, str]
    limit: export_limit.Limit | None = None

    def open(self) -> prompt_stream.Prompts:
        registry = task_registry.registry(self.tasks_file, format=self.row_format)
        registry = registry.at(self.asked.data)
        registry.mixture(self.asked.mixture)  # makes the task of a file
        return prompt_stream.Prompts(
            self.composition,
            registry.pinned(self.commits),
            data=self.asked.data,
            seed=self.asked.seed,
            style=self.asked.prompts,
            room=self.limit.room(is_chat=self.asked.chat) if self.limit else None,
        )


def write_shards(
    plan: Plan, prompts: Prompts, processes: int | None = None
) -> tuple[Counts, dict[str, dict[str, int]]]:
    """Writes the shards that are missing; returns the counts over all, and what was cut by task."""
    missing = sum(not plan.path(number).is_file() for number in range(plan.files))
    if missing < plan.files:
        print(f"{plan.files - missing} of {plan.files} files are there already")
    processes = min(processes or worker_module.CORES, worker_module.MOST, max(1, missing))
    totals = {column: collections.Counter() for column in COUNTED}
    cuts: dict[str, list[fitting.TaskCounts]] = {}
    with _mapped(_Worker(plan, prompts), range(plan.files), processes) as found:
        for number, shard in enumerate(found):
            print(f"{number + 1}/{plan.files} {plan.path(number).name}", flush=True)
            for column, counter in shard.counts.items():
                totals[column].update(counter)
            for task, counts in shard.by_task.items():
                cuts.setdefault(task, []).append(counts)
    counts = {column: dict(sorted(counter.items())) for column, counter in totals.items()}
    by_task = {task: fitting.added(each) for task, each in sorted(cuts.items())}
    return counts, fitting.as_json(by_task)


@dataclass(frozen=True, kw_only=True)
class _Shard:
    """What is in a file, and what became of each task's prompts on the way into it."""

    counts: Counts
    by_task: dict[str, fitting.TaskCounts]


class _Worker:
    """Writes shards in one process; the stream is opened with the first."""

    def __init__(self, plan: Plan, prompts: Prompts) -> None:
        self._plan = plan
        self._clusters = {task.name: task.cluster for task in prompts.composition.tasks}
        self._source = prompts
        self._opened: prompt_stream.Prompts | None = None

    def __call__(self, number: int) -> _Shard:
        """Returns what is in a shard, which is written first where it is missing."""
        path, indices = self._plan.path(number), self._plan.indices(number)
        left_out: collections.Counter[str] | None = None
        if not path.is_file():
            left_out = collections.Counter()
            prompt_files.write(path, self._rows(indices, left_out))
        counted = {column: collections.Counter() for column in COUNTED}
        cuts: dict[str, list[fitting.TaskCounts]] = {}
        for row in prompt_files.read(path):
            for column, counter in counted.items():
                counter[str(row[column])] += 1
            cut_tokens = row.get(CUT_TOKENS, 0)
            counts = fitting.TaskCounts(1, int(cut_tokens > 0), cut_tokens)
            cuts.setdefault(row["task"], []).append(counts)
        there = counted["task"].total()
        if left_out is None:  # of a file that was there: what it lacks may be what did not fit
            left_out = collections.Counter()
            if there != len(indices) and self._plan.limit is not None:
                collections.deque(self._rows(indices, left_out), maxlen=0)
        if there != (expected := len(indices) - left_out.total()):
            raise errors.UserError(
                f"{path}: has {there} prompts, expected {expected}; delete it and run the same "
                "command again"
            )
        for task, count in left_out.items():
            cuts.setdefault(task, []).append(fitting.TaskCounts(left_out=count))
        return _Shard(
            counts={column: dict(counter) for column, counter in counted.items()},
            by_task={task: fitting.added(each) for task, each in cuts.items()},
        )

    def _rows(
        self, indices: range, left_out: collections.Counter[str]
    ) -> Iterator[prompt_files.Row]:
        """Yields the rows of a shard; counts the prompts that do not fit, by task."""
        stream = self._opened = self._opened or self._source.open()
        for index in indices:
            drawn = stream.draw(index)
            if drawn.prompt is None:
                left_out[stream.task_names[drawn.task]] += 1
                continue
            told = drawn.prompt.provenance
            row = prompt_files.row_of(drawn.prompt, self._clusters[told.task])
            if self._source.asked.chat:
                row["messages"] = prompt_files.messages_of(drawn.prompt)
            yield row if self._plan.limit is None else row | {CUT_TOKENS: told.cut_tokens}
        if left_out.total() == len(indices):
            raise errors.UserError(
                f"none of {len(indices):,} prompts, one after the other, fits "
                f"--max-input-tokens {self._plan.limit.max_input_tokens}: give them more room"
            )


@contextlib.contextmanager
def _mapped(worker: _Worker, numbers: range, processes: int) -> Iterator[Iterator[_Shard]]:
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


def _write(number: int) -> _Shard:
    return _worker(number)
