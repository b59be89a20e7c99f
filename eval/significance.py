"""How easily chance alone would give as large a difference: exact tests, by clusters of rows.

If the two runs were alike, it would make no difference which of them gave which answer. Then the
answers of both may be exchanged, for all rows of a cluster at once, as those are no independent
evidence. docs/statistics.md has the formulas, and what they assume.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

# Up to so many clusters every exchange is tried: two to the power of that.
_TRIED = 16
# Sums of whole numbers are counted exactly up to so many additions: a second or so.
_MOST_ADDITIONS = 10**9
_DRAWS = 9999
_EDGE = 1e-9  # what rounding may take from a sum that equals the observed one


@dataclass(frozen=True, kw_only=True)
class P:
    """A two-sided p-value: the chance of a difference as large, if the runs were alike.

    `is_exact` says that every exchange counts; else as many as were drawn.
    """

    value: float
    is_exact: bool


def sign_flip(differences: np.ndarray, inputs: np.ndarray, *, seed: int = 0) -> P:
    """Returns the p-value of a sum of paired differences, whose sign a cluster changes as a whole.

    Fisher's randomization test (The Design of Experiments 1935, section 21) of matched pairs, a
    pair being a cluster. `differences` are one a row, `inputs` number the rows' clusters. Whole
    numbers are counted exactly however many there are, others up to 16 clusters that differ. Above
    that it is drawn by `seed`, and the observed exchange counts among those drawn (Phipson and
    Smyth 2010).

    [2 -1 0 1], clusters [0 0 1 2]  ->  sums [1 0 1]; 1 + 1 and -1 - 1 of four sums: p = .5
    """
    sums = np.bincount(inputs, weights=differences) if len(inputs) else np.zeros(0)
    sizes = np.abs(sums[np.abs(sums) > _EDGE])
    observed = abs(float(sums.sum())) - _EDGE
    if len(sizes) <= _TRIED:
        return P(value=_share(_all_totals(sizes), observed), is_exact=True)
    whole = np.round(sizes).astype(np.int64)
    if np.abs(sizes - whole).max() < _EDGE:
        whole = np.sort(whole // np.gcd.reduce(whole))
        scale = whole.sum() / sizes.sum()
        if len(whole) * int(whole.sum()) <= _MOST_ADDITIONS:
            return P(value=_share_of_whole(whole, observed * scale), is_exact=True)
    return P(value=_drawn_share(sizes, observed, seed), is_exact=False)


def exchanged(
    difference: Callable[[np.ndarray], float], distinct: int, *, draws: int, seed: int = 0
) -> P:
    """Returns the p-value of a difference that is no mean over rows.

    `difference` gets for each of `distinct` clusters whether its answers are exchanged (bool array)
    and returns the difference of the two runs then. All exchanges are tried where they are not more
    than `draws`, else so many are drawn.
    """
    observed = abs(difference(np.zeros(distinct, bool))) - _EDGE
    if 2**distinct <= draws:
        every = np.arange(2**distinct)[:, None] >> np.arange(distinct) & 1
        totals = np.asarray([difference(swaps.astype(bool)) for swaps in every])
        return P(value=_share(totals, observed), is_exact=True)
    rng = np.random.default_rng(seed)
    totals = np.asarray([difference(rng.random(distinct) < 0.5) for _ in range(draws)])
    return P(value=_with_observed(int((np.abs(totals) >= observed).sum()), draws), is_exact=False)


def mcnemar(gained: int, lost: int) -> float:
    """Returns McNemar's exact two-sided p-value: of so many rows that changed, each way.

    Of rows that changed each would be a gain with probability 1/2 (McNemar 1947; its exact form is
    the binomial test). It takes every row for independent evidence.

    gained 5, lost 0  ->  2 * (1/2)**5 = .0625
    """
    import scipy.stats

    less = min(gained, lost)
    return float(min(1.0, 2 * scipy.stats.binom.cdf(less, gained + lost, 0.5)))


def holm(values: Iterable[float]) -> list[float]:
    """Returns p-values that may be read together: below .05 with 5 % for any error among them.

    Holm 1979: the least times their number, the next times one less, none below one that
    comes before it.

    [.01, .04, .03]  ->  [.03, .06, .06]
    """
    values = np.asarray(list(values), np.float64)
    order = np.argsort(values, kind="stable")
    stepped = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted.tolist()


def _all_totals(sizes: Sequence[float]) -> np.ndarray:
    """Returns the sum of every choice of signs."""
    totals = np.zeros(1)
    for size in sizes:
        totals = np.concatenate([totals + size, totals - size])
    return totals


def _share(totals: np.ndarray, observed: float) -> float:
    return float((np.abs(totals) >= observed).mean())


def _share_of_whole(sizes: np.ndarray, observed: float) -> float:
    """Returns the share of choices of signs whose sum is as far from 0, for sorted whole numbers.

    What is positive makes up X of all S, and the sum is 2 X - S: the chance of every X is counted
    size by size. Both ends are equal, so that one is summed.
    """
    chances = np.ones(1)
    for size in sizes.tolist():
        grown = np.zeros(len(chances) + size)
        grown[: len(chances)] = chances / 2
        grown[size:] += chances / 2
        chances = grown
    far = int(np.floor((sizes.sum() - observed) / 2))  # the largest X at the lower end
    return float(min(1.0, 2 * chances[: far + 1].sum()))


def _drawn_share(sizes: np.ndarray, observed: float, seed: int) -> float:
    rng = np.random.default_rng(seed)
    found = 0
    for start in range(0, _DRAWS, 500):
        signs = rng.integers(2, size=(min(500, _DRAWS - start), len(sizes))) * 2 - 1
        found += int((np.abs(signs @ sizes) >= observed).sum())
    return _with_observed(found, _DRAWS)


def _with_observed(found: int, draws: int) -> float:
    return (found + 1) / (draws + 1)
