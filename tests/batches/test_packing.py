import random

import numpy as np
import packing_toys as toys
import pytest

from flanlike import errors
from flanlike.batches import best_fit, features, packing
from flanlike.prompts import fitting


def test_a_window_packs_nearly_as_well_as_the_whole_stream():
    draw = random.Random(0)
    sizes = [(0, min(256, 8 + int(draw.lognormvariate(4, 0.8)))) for _ in range(8192)]
    rows = sum(
        len(best_fit.pack(sizes[w : w + packing.WINDOW_EXAMPLES], (0, 256)))
        for w in range(0, len(sizes), packing.WINDOW_EXAMPLES)
    )
    assert rows <= 1.05 * len(best_fit.pack(sizes, (0, 256)))


def _windows(**changes) -> packing.Windows:
    settings = {"row_tokens": (0, 8), "family": "decoder", "seed": 0, "window_examples": 16}
    return packing.Windows(toys.Counting(), **{**settings, **changes})


def _same(some: list[features.Batch], others: list[features.Batch]) -> bool:
    return all(
        np.array_equal(a, b)
        for one, other in zip(some, others, strict=True)
        for a, b in zip(one, other, strict=True)
        if a is not None
    )


def test_batches_hold_every_example_once():
    batches = packing.BatchIterator(_windows(), rows=4)
    seen = set()
    for _ in range(20):
        batch = next(batches)
        assert batch.tokens_BT.shape == (4, 8)
        for row in range(4):
            for segment in range(1, batch.segment_ids_BT[row].max() + 1):
                where = batch.segment_ids_BT[row] == segment
                example = int(batch.targets_BT[row][where][-1]) - 3
                assert where.sum() == example % 5 + 1
                assert example not in seen
                seen.add(example)
    complete = batches.get_state()["window"] * 16
    assert set(range(complete)) <= seen
    assert len(seen) == batches.counts.examples


def test_counts():
    batches = packing.BatchIterator(_windows(), rows=4)
    real = sum(int((next(batches).segment_ids_BT > 0).sum()) for _ in range(5))
    assert batches.counts.rows == 20
    assert batches.counts.tokens == real
    assert batches.counts.row_tokens == 160
    assert batches.counts.fill == real / 160
    assert batches.counts.exemplars_dropped > 0


def test_state_restores_the_stream():
    batches = packing.BatchIterator(_windows(), rows=3)
    for _ in range(4):
        next(batches)
    state = batches.get_state()
    assert sorted(state) == ["by_task", "counts", "row", "window"]
    expected = [next(batches) for _ in range(6)]
    counts = batches.counts
    fresh = packing.BatchIterator(_windows(), rows=3)
    fresh.set_state(state)
    assert _same([next(fresh) for _ in range(6)], expected)
    assert fresh.counts == counts
    assert fresh.by_task.tolist() == batches.by_task.tolist()
    batches.set_state(state)
    assert _same([next(batches) for _ in range(6)], expected)


def test_workers_change_nothing():
    expected = packing.BatchIterator(_windows(), rows=5)
    wanted = [next(expected) for _ in range(8)]
    with_workers = packing.BatchIterator(_windows(), rows=5, workers=2)
    assert _same([next(with_workers) for _ in range(4)], wanted[:4])
    state = with_workers.get_state()
    with_workers.close()
    resumed = packing.BatchIterator(_windows(), rows=5)
    resumed.set_state(state)
    assert _same([next(resumed) for _ in range(4)], wanted[4:])
    with pytest.raises(ValueError, match="closed iterator"):
        next(with_workers)


def test_rows_have_no_order_of_length():
    batch = next(packing.BatchIterator(_windows(window_examples=64), rows=20))
    segments = batch.segment_ids_BT.max(axis=1)
    assert sorted(segments) != segments.tolist()


def test_settings_are_checked():
    with pytest.raises(ValueError, match="rows is 0"):
        packing.BatchIterator(_windows(), rows=0)


def _of_two_tasks(index: int) -> packing.Item:
    """Every fourth prompt did not fit, every third of task 1 has lost 5 tokens."""
    if index % 4 == 0:
        return packing.Item(example=None, task=index % 2, counts=fitting.TaskCounts(left_out=1))
    example = features.Example(inputs=[2], targets=[index + 3] * (index % 5 + 1))
    is_cut = index % 6 == 1
    counts = fitting.TaskCounts(1, is_cut, 5 * is_cut, 0, index % 10 == 2)
    return packing.Item(example=example, task=index % 2, counts=counts)


def test_what_became_of_prompts_is_counted_by_task():
    settings = {"row_tokens": (0, 8), "family": "decoder", "seed": 0, "window_examples": 16}
    batches = packing.BatchIterator(packing.Windows(_of_two_tasks, **settings), rows=1, tasks=2)
    rows = 0
    while batches.get_state()["window"] < 2:
        next(batches)
        rows += 1
    prompts = range(32)
    there = [[i for i in prompts if i % 2 == task and i % 4] for task in (0, 1)]
    cut = [i for i in there[1] if i % 6 == 1]
    assert batches.by_task.tolist() == [
        [len(there[0]), 0, 0, 8, sum(i % 10 == 2 for i in there[0])],
        [len(there[1]), len(cut), 5 * len(cut), 0, 0],
    ]
    assert batches.counts.examples == 24 and batches.counts.inputs_cut == len(cut)
    old = batches.get_state()
    del old["by_task"]  # of a run from before it was counted
    batches.set_state(old)
    assert batches.by_task.sum() == 0


def test_a_window_of_prompts_that_do_not_fit_is_one_line():
    settings = {"row_tokens": (0, 8), "family": "decoder", "seed": 0, "window_examples": 16}
    windows = packing.Windows(lambda index: packing.Item(example=None), **settings)
    with pytest.raises(errors.UserError, match="none of 16 prompts.*--batch.max-input-tokens"):
        next(packing.BatchIterator(windows, rows=1))
