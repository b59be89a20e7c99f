"""How sure a figure is: standard errors and bootstrap intervals over distinct inputs.

A closed world repeats its inputs, and rows of equal input are no independent evidence. So whatever
shares an input is drawn together: `inputs` gives for each row the number of its input.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

RESAMPLES = 1000


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A 95 % interval."""

    low: float
    high: float


def numbered(inputs: Iterable[object]) -> np.ndarray:
    """Returns a number for each row, equal where the inputs are: ["a", "b", "a"] -> [0, 1, 0]."""
    numbers: dict[object, int] = {}
    return np.asarray([numbers.setdefault(value, len(numbers)) for value in inputs], np.int64)


def standard_error(values: np.ndarray, inputs: np.ndarray) -> float:
    """Returns the standard error of the mean of `values`, rows of one input counted as one draw."""
    n, distinct = len(values), int(inputs.max()) + 1 if len(inputs) else 0
    if distinct < 2:
        return 0.0
    sums = np.bincount(inputs, weights=values - values.mean(), minlength=distinct)
    return float(np.sqrt((sums**2).sum() * distinct / (distinct - 1)) / n)


def draws(inputs: np.ndarray, *, seed: int, resamples: int = RESAMPLES) -> np.ndarray:
    """Returns how often each row is drawn in each resample: int array (resamples, rows).

    Inputs are drawn with replacement, as many as there are, and bring all their rows.
    """
    distinct = int(inputs.max()) + 1
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(distinct, np.full(distinct, 1 / distinct), size=resamples)
    return counts[:, inputs]


def means(values: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Returns the mean of `values` in each resample."""
    return (drawn @ values) / drawn.sum(axis=1)


def resampled(statistic: Callable[[np.ndarray], float], drawn: np.ndarray) -> np.ndarray:
    """Returns a statistic of row indices in each resample, for what is no mean over rows."""
    rows = np.arange(drawn.shape[1])
    return np.asarray([statistic(np.repeat(rows, counts)) for counts in drawn])


def interval(samples: np.ndarray, *, value: float, distinct: int, bounded: bool = True) -> Interval:
    """Returns the 2.5 and 97.5 percentiles of resampled values.

    Where nothing varies (all rows right or all wrong) resampling knows no doubt: then the rule of
    three says how far off the truth may be, 3 / distinct inputs, cut to [0, 1] if `bounded`.
    """
    low, high = np.percentile(samples, (2.5, 97.5))
    if high - low < 1e-12 and distinct:
        doubt = min(1.0, 3 / distinct)
        low, high = value - doubt, value + doubt
    if bounded:
        low, high = max(0.0, low), min(1.0, high)
    return Interval(low=float(low), high=float(high))
