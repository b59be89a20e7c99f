"""Best-fit packing of examples into rows, and batches of rows from a stream of windows.

The stream of examples is cut into windows of a fixed number of examples, and each is packed on its
own: longest first, each into the row that it fits best. So a window is a function of its index
alone: it can be made in any process, and where a stream stands is two numbers, the window and the
row in it. Grain's `BestFitPackIterDataset` packs in order of arrival and closes all its rows as
soon as one example fits none; it leaves up to 3 % more padding, and takes longer for an example
than rendering and tokenizing it, in the one process behind the workers (`bench/packing.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import grain
import numpy as np
from absl import flags

from flanlike import errors, seeding, worker
from flanlike.batches import best_fit, features
from flanlike.prompts import fitting

WINDOW_EXAMPLES = 1024

_ENDLESS = 1 << 40  # windows


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One example with what is counted about it beside its tokens; None: it was left out."""

    example: features.Example | None
    task: int = 0  # whose it is, by number
    counts: fitting.TaskCounts = fitting.WHOLE
    dropped_exemplars: int = 0


class Counts(NamedTuple):
    """What went into the rows that an iterator has returned so far."""

    rows: int = 0
    examples: int = 0
    tokens: int = 0  # that are no padding, of source and decoder
    row_tokens: int = 0  # of these rows, padding and all
    inputs_cut: int = 0
    targets_cut: int = 0
    exemplars_dropped: int = 0

    @property
    def fill(self) -> float:
        """Returns the share of the rows that is no padding."""
        return self.tokens / self.row_tokens if self.row_tokens else 0.0


class Window(NamedTuple):
    """The packed rows of one window, in random order, and the counts of each row."""

    rows: features.Batch
    counts: np.ndarray  # int64, a row of `Counts` for each packed row
    by_task: np.ndarray  # int64: packed row, task and its `fitting.TaskCounts`


class Windows(grain.MapDataset[Window]):
    """Packed windows by index: `item(i)` gives the stream's i-th example, from 0 without end."""

    def __init__(
        self,
        item: Callable[[int], Item],
        *,
        row_tokens: tuple[int, int],
        family: features.Family,
        seed: int,
        window_examples: int = WINDOW_EXAMPLES,
    ) -> None:
        super().__init__()
        self._item = item
        self._row_tokens = row_tokens
        self._family = family
        self._shuffle_seed = seed
        self._window_examples = window_examples

    def __len__(self) -> int:
        return _ENDLESS

    def __getitem__(self, index: int | slice) -> Window:
        if isinstance(index, slice):
            return self.slice(index)
        first = index * self._window_examples
        drawn = [self._item(i) for i in range(first, first + self._window_examples)]
        items = [item for item in drawn if item.example is not None]
        if not items:
            raise errors.UserError(
                f"none of {len(drawn):,} prompts, one after the other, fits the model's inputs: "
                "give them more room by --batch.max-input-tokens"
            )
        sizes = [item.example.size(self._family) for item in items]
        rows = best_fit.pack(sizes, self._row_tokens)
        # Rows come out longest example first: no batch should be all long ones.
        seeding.rng(self._shuffle_seed, "rows of window", index).shuffle(rows)
        packed = [[items[i] for i in row] for row in rows]
        return Window(
            rows=features.assemble(
                [[item.example for item in row] for row in packed],
                self._row_tokens,
                family=self._family,
            ),
            counts=np.array([self._count(row) for row in packed], np.int64),
            by_task=_by_task(packed, [item for item in drawn if item.example is None]),
        )

    def _count(self, row: Sequence[Item]) -> Counts:
        return Counts(
            rows=1,
            examples=len(row),
            tokens=sum(sum(item.example.size(self._family)) for item in row),
            row_tokens=sum(self._row_tokens),
            inputs_cut=sum(item.counts.cut for item in row),
            targets_cut=sum(item.example.is_target_cut for item in row),
            exemplars_dropped=sum(item.dropped_exemplars for item in row),
        )


def _by_task(rows: Sequence[Sequence[Item]], left_out: Sequence[Item]) -> np.ndarray:
    """Returns row, task and counts of each prompt; those in no row count with the first."""
    items = [item for row in rows for item in row]
    items += left_out
    table = np.zeros((len(items), 2 + len(fitting.TaskCounts._fields)), np.int64)
    numbers = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    table[: len(numbers), 0] = numbers
    table[:, 1] = [item.task for item in items]
    table[:, 2] = 1
    for place, item in enumerate(items):
        if item.counts is not fitting.WHOLE:
            table[place, 2:] = item.counts
    return table


class BatchIterator(grain.DatasetIterator[features.Batch]):
    """Endless batches of `rows` packed rows, the same whatever the number of worker processes.

    The state is the window, the row in it, and the counts up to there: `counts` of all, and
    `by_task` of each of the `tasks` that examples are of.
    """

    def __init__(
        self,
        windows: grain.MapDataset[Window],
        *,
        rows: int,
        workers: int = 0,
        tasks: int = 1,
    ) -> None:
        super().__init__()
        self._stream: grain.DatasetIterator[Window] | None = None
        if rows < 1 or workers < 0:
            raise ValueError(f"rows is {rows!r} and workers {workers!r}; expected 1 and 0 or more")
        self._windows = windows
        self._batch_rows = rows
        self._workers = workers
        self._tasks = tasks
        self.set_state({"window": 0, "row": 0, "counts": Counts()._asdict()})

    def __next__(self) -> features.Batch:
        self._assert_not_closed()
        parts, wanted = [], self._batch_rows
        while wanted:
            if self._current is None:
                self._current = next(self._started())
            taken = self._take(wanted)
            wanted -= len(taken.tokens_BT)
            parts.append(taken)
        return parts[0] if len(parts) == 1 else concatenate(parts)

    def get_state(self) -> dict[str, object]:
        return {
            "window": self._window,
            "row": self._row,
            "counts": self.counts._asdict(),
            "by_task": self.by_task.tolist(),
        }

    def set_state(self, state: dict[str, object]) -> None:
        self._stop_workers()
        self._window, self._row = int(state["window"]), int(state["row"])
        self.counts = Counts(**state["counts"])
        self.by_task = np.zeros((self._tasks, len(fitting.TaskCounts._fields)), np.int64)
        if "by_task" in state:  # not of a run from before it was counted
            self.by_task += np.asarray(state["by_task"], np.int64)
        self._current: Window | None = None

    def close(self) -> None:
        """Ends the worker processes, and the iterator with them."""
        self._stop_workers()
        super().close()

    def _stop_workers(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _started(self) -> grain.DatasetIterator[Window]:
        if self._stream is None:
            # Sliced, not forwarded: a resumed stream may have another number of workers.
            remaining = self._windows[self._window :]
            no_threads = grain.ReadOptions(num_threads=0, prefetch_buffer_size=0)
            windows = remaining.to_iter_dataset(no_threads)
            if self._workers:
                flags.FLAGS.mark_as_parsed()  # Grain's workers read flags, which absl wants parsed
                options = grain.MultiprocessingOptions(num_workers=self._workers)
                windows = windows.mp_prefetch(options, worker_init_fn=worker.begin)
            self._stream = iter(windows)
        return self._stream

    def _take(self, wanted: int) -> features.Batch:
        """Returns at most `wanted` of the current window's rows and moves on behind them."""
        rows, counts = self._current.rows, self._current.counts
        taken = slice(self._row, self._row + wanted)
        part = features.Batch(*[None if array is None else array[taken] for array in rows])
        added = counts[taken].sum(axis=0).tolist()
        self.counts = Counts(*[a + b for a, b in zip(self.counts, added, strict=True)])
        its = self._current.by_task
        its = its[(its[:, 0] >= taken.start) & (its[:, 0] < taken.stop)]
        np.add.at(self.by_task, its[:, 1], its[:, 2:])
        self._row += len(part.tokens_BT)
        if self._row == len(counts):
            self._window, self._row, self._current = self._window + 1, 0, None
        return part


def concatenate(parts: Sequence[features.Batch]) -> features.Batch:
    """Returns one batch with the rows of all parts."""
    return features.Batch(
        *[
            None if arrays[0] is None else np.concatenate(arrays)
            for arrays in zip(*parts, strict=True)
        ]
    )
