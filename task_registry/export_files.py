"""The files of an export: each is a range of the stream, and is written whole by one process.

So any number of processes writes the same files, in any order. A file that is there is not written
again, but counted.
"""

import collections
import contextlib
import multiprocessing
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import process
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import task_registry
from flanlike import errors
from flanlike import worker as worker_module
from flanlike.mixtures import mixture
from flanlike.prompts import files as prompt_files
from flanlike.prompts import fitting, recipe
from flanlike.prompts import stream as prompt_stream
from flanlike.tasks import texts
from task_registry import export_limit

MOST_FILES = 99_999  # five digits in their names
COUNTED = ("task", "kind", "shots", "option_style")
CUT_TOKENS = "cut_tokens"  # a column of exports with a limit
AGAIN = "the same command goes on where it stopped"
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


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What is in some files, and what became of each task's prompts on the way into them."""

    counts: Counts
    by_task: Mapping[str, fitting.TaskCounts]

    @property
    def prompts(self) -> int:
        return sum(self.counts["task"].values())


def write(plan: Plan, prompts: Prompts, processes: int | None = None) -> Counted:
    """Writes the files that are missing, from so many processes; returns what is in all."""
    missing = told_missing(plan, {path.name for path in plan.out.iterdir()})
    processes = min(processes or worker_module.CORES, worker_module.MOST, max(1, missing))
    found = []
    with _mapped(Writer(plan, prompts), range(plan.files), processes) as counted:
        for number, each in enumerate(counted):
            print(f"{number + 1}/{plan.files} {plan.path(number).name}", flush=True)
            found.append(each)
    return added(found)


def told_missing(plan: Plan, names: set[str]) -> int:
    """Returns how many files are still to be written, and says so where some are there."""
    missing = sum(plan.path(number).name not in names for number in range(plan.files))
    if missing < plan.files:
        print(f"{plan.files - missing} of {plan.files} files are there already")
    return missing


def added(each: Iterable[Counted]) -> Counted:
    """Returns what is in all of the files, whichever order they come in."""
    counts = {column: collections.Counter() for column in COUNTED}
    by_task: dict[str, list[fitting.TaskCounts]] = {}
    for one in each:
        for column, counter in one.counts.items():
            counts[column].update(counter)
        for task, found in one.by_task.items():
            by_task.setdefault(task, []).append(found)
    return Counted(
        counts={column: dict(sorted(counter.items())) for column, counter in counts.items()},
        by_task={task: fitting.added(found) for task, found in sorted(by_task.items())},
    )


class Writer:
    """Writes files in one process; the stream is opened with the first."""

    def __init__(self, plan: Plan, prompts: Prompts) -> None:
        self.plan = plan
        self._clusters = {task.name: task.cluster for task in prompts.composition.tasks}
        self._source = prompts
        self._opened: prompt_stream.Prompts | None = None

    def __call__(self, number: int) -> Counted:
        """Returns what is in a file, which is written first where it is missing."""
        path, indices = self.plan.path(number), self.plan.indices(number)
        left_out: collections.Counter[str] | None = None
        if not path.is_file():
            left_out = collections.Counter()
            prompt_files.write(path, self._rows(indices, left_out))
        counted = {column: collections.Counter() for column in COUNTED}
        cuts: dict[str, list[fitting.TaskCounts]] = {}
        for row in prompt_files.read(path):
            _expect_prompt(row, path)
            for column, counter in counted.items():
                counter[str(row[column])] += 1
            cut_tokens = row.get(CUT_TOKENS, 0)
            counts = fitting.TaskCounts(1, int(cut_tokens > 0), cut_tokens)
            cuts.setdefault(row["task"], []).append(counts)
        there = counted["task"].total()
        if left_out is None:  # of a file that was there: what it lacks may be what did not fit
            left_out = collections.Counter()
            if there != len(indices) and self.plan.limit is not None:
                collections.deque(self._rows(indices, left_out), maxlen=0)
        if there != (expected := len(indices) - left_out.total()):
            raise errors.UserError(
                f"{path}: has {there} prompts, expected {expected}; delete it and run the same "
                "command again"
            )
        for task, count in left_out.items():
            cuts.setdefault(task, []).append(fitting.TaskCounts(left_out=count))
        return Counted(
            counts={column: dict(counter) for column, counter in counted.items()},
            by_task={task: fitting.added(each) for task, each in cuts.items()},
        )

    def _rows(
        self, indices: range, left_out: collections.Counter[str]
    ) -> Iterator[prompt_files.Row]:
        """Yields the rows of a file; counts the prompts that do not fit, by task."""
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
            yield row if self.plan.limit is None else row | {CUT_TOKENS: told.cut_tokens}
        if left_out.total() == len(indices):
            raise errors.UserError(
                f"none of {len(indices):,} prompts, one after the other, fits "
                f"--max-input-tokens {self.plan.limit.max_input_tokens}: give them more room"
            )


def _expect_prompt(row: Any, path: Path) -> None:
    """Raises unless what stands in a file, which may be of somebody else, is a prompt."""
    is_one = isinstance(row, dict) and set(COUNTED) <= row.keys() and isinstance(row["task"], str)
    if not is_one or type(row.get(CUT_TOKENS, 0)) is not int:
        raise errors.UserError(
            f"{path}: damaged (a row that is no prompt: {texts.shown(row)}); delete it and run the "
            "same command again"
        )


@contextlib.contextmanager
def _mapped(worker: Writer, numbers: range, processes: int) -> Iterator[Iterator[Counted]]:
    """Yields what the worker returns for each number, in order, from so many processes."""
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
        raise KeyboardInterrupt(f"interrupted: {AGAIN}") from None
    except process.BrokenProcessPool as error:
        raise errors.UserError(
            f"a process that writes files was killed (out of memory?): {AGAIN}; fewer "
            "--processes or a smaller --shard-size need less"
        ) from error
    finally:
        if pool is not None:
            pool.shutdown(cancel_futures=True)


_worker: Writer | None = None  # of this process


def _begin(worker: Writer) -> None:
    global _worker
    _worker = worker
    worker_module.begin()


def _write(number: int) -> Counted:
    return _worker(number)
