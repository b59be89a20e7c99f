"""Whether a model is as sure as it is right: Brier score and calibration error.

`probabilities` are those of a row's options, normalised over them, in the order shown; rows may
have different numbers of options. `gold` is the place of the right one, or the places of all that
are right: then any of them is, and what they have together is the probability of being right.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from eval import predictions, scoring

Gold = Sequence[int] | Sequence[Sequence[int]]

BINS = 15  # as Guo et al. 2017, table 1
_DRAWS = 200
_EDGE = 1e-12  # what rounding may add to a confidence on a bin's edge
_TOLERANCE = 1e-6  # how far a row's probabilities may add up to more or less than one


@dataclass(frozen=True, kw_only=True)
class Bin:
    """Rows of about equal confidence: how many, how sure on average, and which share is right."""

    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """What a model's probabilities are worth on some rows.

    `brier` is from 0 (sure and right) to 2 (sure and wrong). The calibration errors are from 0 to
    1; `of_calibrated` is what a model as sure as this one would get by equal-mass bins on as many
    rows, were it right as often as it says: few rows alone give so much.
    """

    brier: float
    equal_mass: float
    equal_width: float
    of_calibrated: float


def of(
    probabilities: Sequence[Sequence[float]],
    gold: Gold,
    *,
    bins: int = BINS,
    seed: int = 0,
) -> Calibration:
    """Returns all of it; what is no probabilities of options, or no rows, is a ValueError."""
    confidences, is_right = top(probabilities, gold)
    return Calibration(
        brier=float(np.mean(brier_per_row(probabilities, gold))),
        equal_mass=error(reliability(confidences, is_right, bins=bins)),
        equal_width=error(reliability(confidences, is_right, bins=bins, scheme="equal_width")),
        of_calibrated=_of_calibrated(confidences, bins, seed),
    )


def of_cell(cell: predictions.Predictions, *, bins: int = BINS) -> Calibration | None:
    """Returns it for the probabilities that a ranked cell's options were chosen by.

    None where texts were generated, or log-probabilities not kept.
    """
    if not cell.scored:
        return None
    way, eos = scoring.WAYS[cell.scoring]
    scores = scoring.scores(cell.scored, way, eos=eos)
    return of([score.probabilities for score in scores], cell.shown_right, bins=bins)


def brier_per_row(probabilities: Sequence[Sequence[float]], gold: Gold) -> np.ndarray:
    """Returns for each row the squared distance of its probabilities from the right answer's.

    Brier 1950: the sum over options of (p - 1)**2 for the right one, p**2 for the
    others. Its mean over rows is the Brier score. Several right ones are one, with their sum.

    (.8, .2), the first is right             ->  .2**2 + .2**2 = .08
    (.5, .3, .2), the first two are right    ->  .2**2 + .2**2 = .08
    """
    gold = _places(gold)
    _check(probabilities, gold)
    return np.asarray(
        [
            (sum(row[place] for place in right) - 1) ** 2
            + sum(p**2 for place, p in enumerate(row) if place not in right)
            for row, right in zip(probabilities, gold, strict=True)
        ]
    )


def top(probabilities: Sequence[Sequence[float]], gold: Gold) -> tuple[np.ndarray, np.ndarray]:
    """Returns each row's largest probability, and whether the first option that has it is right."""
    gold = _places(gold)
    _check(probabilities, gold)
    choices = [max(range(len(row)), key=row.__getitem__) for row in probabilities]
    confidences = [row[choice] for row, choice in zip(probabilities, choices, strict=True)]
    is_right = [choice in right for choice, right in zip(choices, gold, strict=True)]
    return np.asarray(confidences, np.float64), np.asarray(is_right, bool)


def reliability(
    confidences: np.ndarray,
    is_right: np.ndarray,
    *,
    bins: int = BINS,
    scheme: Literal["equal_mass", "equal_width"] = "equal_mass",
) -> list[Bin]:
    """Returns the bins that hold rows, the least sure first.

    Equal width: (0, 1/bins], (1/bins, 2/bins], ... (Guo et al. 2017, section 2). Equal mass: as
    many rows in each as can be (Nixon et al. 2019, adaptive bins), but rows of one
    confidence stay together, so that the order of rows makes no difference: there may be fewer.
    """
    numbers = _numbers(confidences, bins, scheme)
    found = []
    for number in np.unique(numbers):
        rows = numbers == number
        found.append(
            Bin(
                count=int(rows.sum()),
                confidence=float(confidences[rows].mean()),
                accuracy=float(is_right[rows].mean()),
            )
        )
    return found


def error(found: Sequence[Bin]) -> float:
    """Returns the mean over rows of how far a bin's accuracy is from its confidence.

    Expected calibration error (Naeini et al. 2015; Guo et al. 2017, formula 3): the sum over bins
    of count / rows * |accuracy - confidence|.
    """
    rows = sum(item.count for item in found)
    return math.fsum(item.count * abs(item.accuracy - item.confidence) for item in found) / rows


def _numbers(confidences: np.ndarray, bins: int, scheme: str) -> np.ndarray:
    """Returns the number of each row's bin; not all numbers have rows."""
    values, ties = np.unique(confidences, return_inverse=True)
    if scheme == "equal_width":
        return np.ceil(values * bins - _EDGE).astype(int)[ties]
    counts = np.bincount(ties)
    middles = np.cumsum(counts) - counts / 2  # of the rows of one confidence, in order
    return np.floor(middles * bins / len(confidences)).astype(int)[ties]


def _of_calibrated(confidences: np.ndarray, bins: int, seed: int) -> float:
    """Returns the mean equal-mass error over draws of which rows are right."""
    rng = np.random.default_rng(seed)
    is_right = rng.random((_DRAWS, len(confidences))) < confidences
    is_in_bin = np.arange(bins) == _numbers(confidences, bins, "equal_mass")[:, None]
    gaps = (is_right - confidences) @ is_in_bin  # each bin's count times accuracy less confidence
    return float(np.abs(gaps).sum(axis=1).mean() / len(confidences))


def _places(gold: Gold) -> list[tuple[int, ...]]:
    """Returns the places of each row's right options, be they one or several."""
    return [tuple(np.atleast_1d(right).tolist()) for right in gold]


def _check(probabilities: Sequence[Sequence[float]], gold: Sequence[tuple[int, ...]]) -> None:
    if not len(gold) or len(probabilities) != len(gold):
        raise ValueError(
            f"{len(probabilities)} rows of probabilities and {len(gold)} right answers: expected "
            "one of each for every row, and a row at least"
        )
    for row, right in zip(probabilities, gold, strict=True):
        is_distribution = abs(sum(row) - 1) <= _TOLERANCE and min(row) >= 0
        if not is_distribution or not all(0 <= place < len(row) for place in right):
            raise ValueError(
                f"probabilities {tuple(row)!r} with the right one at {right!r}: expected numbers "
                "of 0 or more that add up to one, and a place among them"
            )
