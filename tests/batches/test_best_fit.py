"""Sizes are packed into few rows, each within its capacity."""

import hypothesis
import pytest
from hypothesis import strategies

from flanlike.batches import best_fit


def test_best_fit_takes_the_tightest_row():
    assert best_fit.pack([(0, 6), (0, 3), (0, 4), (0, 7)], (0, 10)) == [[3, 1], [0, 2]]


def test_best_fit_of_source_and_decoder():
    sizes = [(6, 1), (6, 9), (4, 9), (4, 1)]
    assert best_fit.pack(sizes, (10, 10)) == [[1, 3], [2, 0]]


def test_too_long_an_example_is_an_error():
    with pytest.raises(ValueError, match=r"\(0, 11\).*longer than a row.*to_example"):
        best_fit.pack([(0, 11)], (0, 10))
    with pytest.raises(ValueError, match=r"\(3, 11\).*longer than a row"):
        best_fit.pack([(3, 11)], (10, 10))


@hypothesis.given(
    strategies.lists(strategies.tuples(strategies.integers(0, 9), strategies.integers(1, 20))),
    strategies.booleans(),
)
def test_every_example_is_packed_once_and_fits(sizes, is_decoder):
    sizes = [(0 if is_decoder else source, decoder) for source, decoder in sizes]
    capacity = (0 if is_decoder else 9, 20)
    rows = best_fit.pack(sizes, capacity)
    assert sorted(i for row in rows for i in row) == list(range(len(sizes)))
    for row in rows:
        assert sum(sizes[i][0] for i in row) <= capacity[0]
        assert sum(sizes[i][1] for i in row) <= capacity[1]
