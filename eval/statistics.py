"""How sure a figure is: standard errors and bootstrap intervals over clusters of rows.

Questions on one passage, candidates of one question and repeated inputs are no independent
evidence. So what belongs together is drawn together: `inputs` gives for each row the number of its
cluster (`eval.sampling` says which rows those are).
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

import numpy as np

RESAMPLES = 1000


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A 95 % interval."""

    low: float
    high: float


def clusters(keys: Iterable[Iterable[Hashable]]) -> np.ndarray:
    """Returns a number for each row, equal for rows that share a key, if only through others.

    [("a",), ("b",), ("a", "c"), ("c",)]  ->  [0, 1, 0, 0]
    """
    parents: list[int] = []  # of each row: an earlier one of its cluster, or itself
    first_with: dict[Hashable, int] = {}

    def root(row: int) -> int:
        while parents[row] != row:
            parents[row] = row = parents[parents[row]]
        return row

    for row, its_keys in enumerate(keys):
        parents.append(row)
        for key in its_keys:
            one, other = root(first_with.setdefault(key, row)), root(row)
            parents[max(one, other)] = min(one, other)
    numbers: dict[int, int] = {}
    return np.asarray([numbers.setdefault(root(r), len(numbers)) for r in parents], np.int64)


def standard_error(values: np.ndarray, inputs: np.ndarray) -> float:
    """Returns the standard error of the mean of `values`, each cluster counted as one draw."""
    n, distinct = len(values), int(inputs.max()) + 1 if len(inputs) else 0
    if distinct < 2:
        return 0.0
    sums = np.bincount(inputs, weights=values - values.mean(), minlength=distinct)
    return float(np.sqrt((sums**2).sum() * distinct / (distinct - 1)) / n)


def draws(inputs: np.ndarray, *, seed: int, resamples: int = RESAMPLES) -> np.ndarray:
    """Returns how often each row is drawn in each resample: int array (resamples, rows).

    Clusters are drawn with replacement, as many as there are, and bring all their rows.
    """
    distinct = int(inputs.max()) + 1
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(distinct, np.full(distinct, 1 / distinct), size=resamples)
    return counts[:, inputs]


def means(values: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Returns the mean of `values` in each resample."""
    return (drawn @ values) / drawn.sum(axis=1)


def resampled(
    statistic: Callable[[np.ndarray, np.ndarray], float], drawn: np.ndarray
) -> np.ndarray:
    """Returns a statistic in each resample, for what is no mean over rows.

    It gets row indices and, for each, which copy of its row it is: what is drawn twice counts as
    two, also where a statistic goes by groups of rows.

    drawn [2 0 1]  ->  rows [0 0 2], copies [0 1 0]
    """
    rows = np.arange(drawn.shape[1])
    values = []
    for counts in drawn:
        starts = np.repeat(np.cumsum(counts) - counts, counts)
        values.append(statistic(np.repeat(rows, counts), np.arange(len(starts)) - starts))
    return np.asarray(values)


def interval(samples: np.ndarray, *, value: float, distinct: int, bounded: bool = True) -> Interval:
    """Returns the 2.5 and 97.5 percentiles of resampled values of `distinct` clusters.

    Where nothing varies, or little does (all rows right, or all but one), resampling knows no
    doubt. But clusters unlike all of those seen may be a share of up to 1 - .025 ** (1 / distinct),
    and at worst give the least or the most that there is (0 and 1, or -1 and 1 for differences and
    correlations, which are not `bounded`). The interval is never narrower than that: where all is
    right or all wrong it is Clopper and Pearson's, and where four clusters or more differ from the
    rest it makes no difference.
    """
    low, high = np.percentile(samples, (2.5, 97.5))
    least, most = (0.0 if bounded else -1.0), 1.0
    if distinct:
        unseen = 1 - 0.025 ** (1 / distinct)
        low = min(low, value - unseen * (value - least))
        high = max(high, value + unseen * (most - value))
    return Interval(low=float(max(least, low)), high=float(min(most, high)))


def interval_of_mean(values: np.ndarray, intervals: Iterable[Interval]) -> Interval:
    """Returns the interval of the mean of independent values from their own intervals.

    The arms are added as standard errors are, each side by itself (Zou and Donner 2008): so an
    interval that is no bootstrap's, as that of a task with every row right, counts in full.
    """
    bounds = [(item.low, item.high) for item in intervals]
    lows, highs = np.asarray(bounds, np.float64).T
    value, n = float(values.mean()), len(values)
    below = np.sqrt((np.maximum(values - lows, 0) ** 2).sum()) / n
    above = np.sqrt((np.maximum(highs - values, 0) ** 2).sum()) / n
    return Interval(low=float(value - below), high=float(value + above))
