"""The global batch is the same however many processes read its input shards."""

import threading
import types

import numpy as np
import packing_toys
import pytest

from flanlike.batches import features, input_shards, packing


def windows() -> packing.Windows:
    return packing.Windows(
        packing_toys.Counting(), row_tokens=(0, 8), family="decoder", seed=0, window_examples=16
    )


def batches(**settings) -> input_shards.ShardedBatches:
    return input_shards.ShardedBatches(windows(), **{"rows": 8, **settings})


def take(some, count: int) -> list[features.Batch]:
    return [next(some) for _ in range(count)]


def assert_same(some, others):
    for one, other in zip(some, others, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)


def rows_of(batch: features.Batch, rows) -> features.Batch:
    return features.Batch(*[None if array is None else array[rows] for array in batch])


def test_one_shard_is_the_stream_itself():
    assert_same(take(batches(), 6), take(packing.BatchIterator(windows(), rows=8), 6))


def test_shard_v_has_every_window_from_v_on():
    whole = take(batches(shards=4), 12)
    for shard in range(4):
        own = packing.BatchIterator(windows()[shard::4], rows=2)
        rows = slice(2 * shard, 2 * shard + 2)
        assert_same([rows_of(batch, rows) for batch in whole], take(own, 12))


# Of two processes, of eight, of three that share shards, and of two that tensor spans.
@pytest.mark.parametrize("shards", [1, 2, 4, 8])
@pytest.mark.parametrize(
    "parts",
    [
        [[0, 1, 2, 3], [4, 5, 6, 7]],
        [[row] for row in range(8)],
        [[0, 1, 2], [3, 4, 5], [6, 7]],
        [[0, 1, 4, 5], [2, 3, 6, 7]],
        [[0, 1, 2, 3, 4, 5, 6, 7]] * 2,
    ],
)
def test_each_process_has_its_rows_of_the_same_batch(shards, parts):
    whole = take(batches(shards=shards), 5)
    for rows in parts:
        here = batches(shards=shards, rows_here=rows)
        assert_same(take(here, 5), [rows_of(batch, rows) for batch in whole])


def test_a_process_reads_only_the_shards_of_its_rows():
    own = batches(shards=4, rows_here=[4, 5, 6])
    assert (own.rows_read, own.rows_kept) == (4, 3)
    whole = batches(rows_here=[4, 5])
    assert (whole.rows_read, whole.rows_kept) == (8, 2)


class Together:
    """Calls a function in as many threads as there are processes, with a gather between them."""

    def __init__(self, count: int) -> None:
        self._arrays = [None] * count
        self._barrier = threading.Barrier(count)

    def gather(self, process: int):
        def gather(array):
            self._arrays[process] = array
            self._barrier.wait()
            stacked = np.stack(self._arrays)
            self._barrier.wait()
            return stacked

        return gather

    def call(self, functions):
        found = [None] * len(functions)

        def call(process):
            found[process] = functions[process]()

        threads = [threading.Thread(target=call, args=(p,)) for p in range(len(functions))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return found


@pytest.mark.parametrize("shards", [1, 4])
def test_a_state_restores_under_another_number_of_processes(shards):
    together = Together(4)
    four = [
        batches(shards=shards, rows_here=[2 * p, 2 * p + 1], gather=together.gather(p))
        for p in range(4)
    ]
    for process in four:
        take(process, 7)
    states = together.call([process.get_state for process in four])
    assert states[1:] == states[:-1]
    whole = batches(shards=shards)
    before = take(whole, 7)
    assert states[0] == whole.get_state()
    counts = together.call([lambda process=process: process.counts for process in four])
    assert counts == [whole.counts] * 4
    assert whole.counts.rows == 56
    assert whole.counts.tokens == sum(int((b.segment_ids_BT > 0).sum()) for b in before)

    expected = take(whole, 5)
    resumed = batches(shards=shards)
    resumed.set_state(states[0])
    assert_same(take(resumed, 5), expected)
    half = batches(shards=shards, rows_here=[4, 5, 6, 7])
    half.set_state(states[0])
    assert_same(take(half, 5), [rows_of(batch, slice(4, 8)) for batch in expected])


def test_the_state_of_a_stream_without_shards_is_read():
    plain = packing.BatchIterator(windows(), rows=8)
    take(plain, 5)
    resumed = batches()
    resumed.set_state(plain.get_state())
    assert_same(take(resumed, 3), take(plain, 3))


def test_another_number_of_shards_is_refused():
    state = batches(shards=2).get_state()
    with pytest.raises(ValueError, match="the state is of 2 input shards, this stream has 4"):
        batches(shards=4).set_state(state)
    with pytest.raises(ValueError, match="8 rows do not divide into 3 input shards"):
        batches(shards=3)


def test_workers_change_nothing():
    some = batches(shards=2, workers=2)
    assert_same(take(some, 4), take(batches(shards=2), 4))
    some.close()
    with pytest.raises(ValueError, match="closed iterator"):
        next(some)


@pytest.mark.parametrize(
    "shards, workers, expected", [(4, 3, [1, 1, 1, 0]), (4, 6, [2, 2, 1, 1]), (1, 3, [3])]
)
def test_there_are_as_many_workers_as_were_asked_for(shards, workers, expected, monkeypatch):
    """A run of many shards may go on in one process: no shard brings a process of its own."""
    given = []

    def iterator(_, *, rows, workers, tasks):
        given.append(workers)
        return types.SimpleNamespace(close=lambda: None)

    monkeypatch.setattr(packing, "BatchIterator", iterator)
    batches(shards=shards, workers=workers)
    assert given == expected
