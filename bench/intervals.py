"""How often intervals hold what is true, and tests err: on made-up answers whose truth is known.

    python bench/intervals.py                # about two minutes on one core
    python bench/intervals.py --rounds 50

Three tables: intervals of a share of right rows (exact: over all numbers of right rows), paired
differences where nothing differs, and conditions of several runs. docs/statistics.md quotes it.
"""

import argparse
import pathlib
import sys
from collections.abc import Iterable

import numpy as np
import scipy.stats

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import eval_toys  # noqa: E402

from eval import hierarchy, significance, statistics  # noqa: E402

_SD_OF_TASKS, _SD_OF_ROWS = 0.6, 1.5  # in logits, as all that follow
_WORLDS = (  # runs, tasks, sd over runs, sd over runs of each task
    (3, 4, 0.15, 0.2),
    (5, 8, 0.15, 0.2),
    (3, 12, 0.15, 0.2),
    (3, 8, 0.5, 0.2),
    (5, 8, 0.5, 0.2),
)
_ROWS = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=400, help="made-up worlds of each kind")
    rounds = parser.parse_args().rounds
    for title, header, lines in (
        ("Shares of right rows", "rows  share  percentiles  ours", shares((60, 200))),
        ("Paired, nothing differs", "rows  changed  interval without 0  p < .05", pairs(rounds)),
        ("Conditions", "runs  tasks  sd  percentiles  ours  difference", conditions(rounds)),
    ):
        print(f"{title}\n{header}")
        for line in lines:
            print("  ".join(map(_cell, line)), flush=True)
        print()


def shares(sizes: Iterable[int]) -> Iterable[tuple[float, ...]]:
    """Yields how often percentiles, and ours, hold a share; the last of each size is the worst."""
    for n in sizes:
        right = np.arange(n + 1)
        ends = scipy.stats.binom.ppf([[0.025], [0.975]], n, right / n) / n  # endless resampling
        ends[:, [0, n]] = right[[0, n]] / n
        ours = []
        for k in right:
            samples = np.repeat(ends[:, k], 500)
            found = statistics.interval(samples, value=k / n, distinct=n)
            ours.append((found.low, found.high))

        def held(share, bounds, n=n, right=right):
            is_held = (bounds[0] - 1e-12 <= share) & (share <= bounds[1] + 1e-12)
            return float(scipy.stats.binom.pmf(right, n, share)[is_held].sum())

        both = (ends, np.asarray(ours).T)
        for share in (0.5, 0.8, 0.9, 0.95, 0.98, 0.99):
            yield (n, share, *(held(share, bounds) for bounds in both))
        grid = np.linspace(0.002, 0.998, 999)
        yield (n, np.nan, *(min(held(share, bounds) for share in grid) for bounds in both))


def pairs(rounds: int) -> Iterable[tuple[float, ...]]:
    """Yields how often two equal runs of so many changed rows are told apart."""
    rng = np.random.default_rng(0)
    for n, changed in ((200, 0.02), (200, 0.05), (200, 0.2), (60, 0.1), (60, 0.3)):
        inputs, apart = np.arange(n), np.zeros(2)
        for _ in range(rounds):
            change = rng.choice((-1.0, 0.0, 1.0), n, p=(changed / 2, 1 - changed, changed / 2))
            samples = statistics.means(change, statistics.draws(inputs, seed=rng.integers(2**32)))
            found = statistics.interval(samples, value=change.mean(), distinct=n, bounded=False)
            apart[0] += not found.low <= 0 <= found.high
            apart[1] += significance.sign_flip(change, inputs).value < 0.05
        yield n, changed, *(apart / rounds)


def conditions(rounds: int) -> Iterable[tuple[float, ...]]:
    """Yields how often a condition's interval holds its expectation, and a difference's 0."""
    for runs, tasks, sd, sd_of_each in _WORLDS:
        rng, held = np.random.default_rng(1), np.zeros(3)
        spread = np.sqrt(_SD_OF_TASKS**2 + _SD_OF_ROWS**2 + sd**2 + sd_of_each**2)
        truth = _share(np.random.default_rng(9).normal(0.5, spread, 10**6)).mean()
        for _ in range(rounds):
            one, other = np.split(_answers(rng, 2 * runs, tasks, sd, sd_of_each), 2)
            found = hierarchy.estimate(_runs(one))
            low, high = np.percentile(found.samples, (2.5, 97.5))
            held[0] += low <= truth <= high
            held[1] += found.interval.low <= truth <= found.interval.high
            less = hierarchy.difference(_runs(one), _runs(other), draws_tasks=False).interval
            held[2] += less.low <= 0 <= less.high
        yield runs, tasks, sd, *(held / rounds)


def _cell(value: float) -> str:
    return "least" if np.isnan(value) else f"{value:.3f}".rstrip("0").rstrip(".")


def _answers(
    rng: np.random.Generator, runs: int, tasks: int, sd: float, sd_of_each: float
) -> np.ndarray:
    """Returns right and wrong rows (runs, tasks, rows): tasks and rows are as hard for all runs."""
    logits = (
        0.5
        + rng.normal(0, _SD_OF_TASKS, (1, tasks, 1))
        + rng.normal(0, _SD_OF_ROWS, (1, tasks, _ROWS))
        + rng.normal(0, sd, (runs, 1, 1))
        + rng.normal(0, sd_of_each, (runs, tasks, 1))
    )
    return (rng.random(logits.shape) < _share(logits)).astype(int)


def _share(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))


def _runs(answers: np.ndarray) -> hierarchy.Runs:
    return {
        str(i): [eval_toys.cell(rows.tolist(), task=str(j)) for j, rows in enumerate(run)]
        for i, run in enumerate(answers)
    }


if __name__ == "__main__":
    main()
