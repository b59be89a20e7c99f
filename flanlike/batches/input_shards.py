"""The global batch out of a fixed number of input shards, so that each process reads its part.

The stream's windows are dealt out: shard v of V has windows v, v + V, v + 2 V, ... and gives the
v-th part of every batch's rows. So a batch is a function of seed, step and V, whoever reads it:

```
batch of 8 rows, V = 4      shard 0: rows 0 1   shard 1: 2 3   shard 2: 4 5   shard 3: 6 7
process 0 of 2 has rows 0 to 3 and reads shards 0 and 1
process 2 of 8 has row 2 and reads shard 1, of which process 3 takes the other row
```
"""

from collections.abc import Callable, Sequence
from typing import Any

import grain
import numpy as np

from flanlike.batches import features, packing
from flanlike.prompts import fitting

# Returns the arrays of all processes, stacked; every process has to call it.
Gather = Callable[[np.ndarray], np.ndarray]

_NOT_HERE = -1


class ShardedBatches(grain.DatasetIterator[features.Batch]):
    """Endless batches: of `rows` packed rows, those in `rows_here` (None: all), in that order.

    The state is that of all shards, whoever reads them: it restores the stream under any number of
    processes and workers. `get_state` and `counts` ask the other processes through `gather`, so
    that all have to call them together. `workers` processes, and no more, are shared among the
    shards read here: with fewer than shards, the last ones are made in this process.
    """

    def __init__(
        self,
        windows: packing.Windows,
        *,
        rows: int,
        shards: int = 1,
        rows_here: Sequence[int] | None = None,
        workers: int = 0,
        gather: Gather | None = None,
        tasks: int = 1,
    ) -> None:
        super().__init__()
        self._shards: dict[int, packing.BatchIterator] = {}
        if shards < 1 or rows % shards:
            raise ValueError(f"{rows!r} rows do not divide into {shards!r} input shards")
        here = np.arange(rows) if rows_here is None else np.asarray(rows_here)
        own_rows = rows // shards
        read = np.unique(here // own_rows).tolist()
        self._count, self._tasks = shards, tasks
        self._rows = rows
        self._gather = gather
        each, more = divmod(workers, len(read))
        self._shards = {
            shard: packing.BatchIterator(
                windows if shards == 1 else windows[shard::shards],
                rows=own_rows,
                workers=each + (place < more),
                tasks=tasks,
            )
            for place, shard in enumerate(read)
        }
        self.rows_read, self.rows_kept = len(read) * own_rows, len(here)  # of each batch
        starts = {shard: place * own_rows for place, shard in enumerate(read)}
        taken = [starts[row // own_rows] + row % own_rows for row in here.tolist()]
        is_all = taken == list(range(len(read) * own_rows))
        self._taken = None if is_all else np.array(taken)

    @property
    def counts(self) -> packing.Counts:
        """Returns what went into the rows so far, over all shards and processes."""
        counted = [shard["counts"].values() for shard in self.get_state()["shards"]]
        return packing.Counts(*map(sum, zip(*counted, strict=True)))

    def as_json(self, task_names: Sequence[str]) -> dict[str, Any]:
        """Returns what was cut and dropped so far, as composition.json says it."""
        counts, by_task = self.counts, self.by_task  # of all processes: each is asked
        return {
            "dropped_exemplars": counts.exemplars_dropped,
            "truncated": {"inputs": counts.inputs_cut, "targets": counts.targets_cut},
            "cuts": fitting.as_json(dict(zip(task_names, by_task, strict=True))),
        }

    def advice(self, processes: int) -> list[str]:
        """Returns what would spare processes rows that they read and do not keep, if any."""
        if self.rows_read <= self.rows_kept:
            return []
        shards = self._rows // self.rows_kept
        return [
            f"each of {processes} processes makes {self.rows_read} rows a step and keeps "
            f"{self.rows_kept}: --batch.input-shards {shards} would share them out"
        ]

    @property
    def by_task(self) -> list[fitting.TaskCounts]:
        """Returns what became of each task's prompts so far, over all shards and processes."""
        counted = [shard["by_task"] for shard in self.get_state()["shards"]]
        return [fitting.TaskCounts(*counts) for counts in np.sum(counted, axis=0).tolist()]

    def __next__(self) -> features.Batch:
        self._assert_not_closed()
        parts = [next(shard) for shard in self._shards.values()]
        batch = parts[0] if len(parts) == 1 else packing.concatenate(parts)
        if self._taken is None:
            return batch
        return features.Batch(*[None if array is None else array[self._taken] for array in batch])

    def get_state(self) -> dict[str, object]:
        kinds, of_task = len(packing.Counts._fields), len(fitting.TaskCounts._fields)
        size = 2 + kinds + self._tasks * of_task
        states = np.full((self._count, size), _NOT_HERE, np.int64)
        for shard, batches in self._shards.items():
            state = batches.get_state()
            place = [state["window"], state["row"], *state["counts"].values()]
            states[shard] = np.concatenate([place, np.ravel(state["by_task"])])
        if self._gather is not None:
            states = self._gather(states).max(axis=0)  # who reads a shard is where the others are
        return {
            "shards": [
                {
                    "window": window,
                    "row": row,
                    "counts": packing.Counts(*counts[:kinds])._asdict(),
                    "by_task": np.reshape(counts[kinds:], (-1, of_task)).tolist(),
                }
                for window, row, *counts in states.tolist()
            ]
        }

    def set_state(self, state: dict[str, object]) -> None:
        # Of a run from before there were shards: the state of the one stream.
        states = state.get("shards", [state])
        if len(states) != self._count:
            raise ValueError(
                f"the state is of {len(states)!r} input shards, this stream has {self._count!r}"
            )
        for shard, batches in self._shards.items():
            batches.set_state(states[shard])

    def close(self) -> None:
        """Ends the worker processes, and the iterator with them."""
        for shard in self._shards.values():
            shard.close()
        super().close()
