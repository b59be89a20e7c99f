import collections

import pytest

from flanlike import seeding
from flanlike.mixtures import drawing


def test_all_records_are_drawable_in_their_order():
    assert list(drawing.Drawable(task="rte", rows=4, total=4)) == [0, 1, 2, 3]


def test_a_cap_takes_a_sample_that_is_the_same_in_every_run():
    sample = list(drawing.Drawable(task="rte", rows=5, total=8))
    assert len(set(sample)) == 5 and set(sample) <= set(range(8))
    assert sample == list(drawing.Drawable(task="rte", rows=5, total=8))
    assert sample != list(drawing.Drawable(task="snli", rows=5, total=8))


@pytest.mark.parametrize("left_out", [(), (0,), (4,), (1, 2), (0, 2, 4), (0, 1, 2, 3)])
def test_rows_that_are_left_out_close_up(left_out):
    sample = list(drawing.Drawable(task="rte", rows=5, total=8))
    rest = drawing.Drawable(task="rte", rows=5 - len(left_out), total=8, left_out=left_out)
    assert list(rest) == [each for place, each in enumerate(sample) if place not in left_out]
    assert len(rest) == 5 - len(left_out)


@pytest.mark.parametrize("size", [1, 2, 3, 10, 97, 1000])
def test_shuffled_is_an_order(size):
    assert sorted(drawing.shuffled(i, size, 7) for i in range(size)) == list(range(size))


def test_shuffled_differs_by_seed_and_is_even():
    orders = {tuple(drawing.shuffled(i, 30, seed) for i in range(30)) for seed in range(50)}
    assert len(orders) == 50
    # Keys as the pipeline makes them: far apart.
    firsts = collections.Counter(
        drawing.shuffled(0, 10, seeding.key("even", seed)) for seed in range(5000)
    )
    assert len(firsts) == 10 and max(firsts.values()) < 600 and min(firsts.values()) > 400
