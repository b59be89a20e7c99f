"""Scoring: from the log-probabilities of a prompt's options to the model's choice. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flanlike import errors


@dataclass(frozen=True, kw_only=True)
class Score:
    """A model's choice among a prompt's options.

    `choice` indexes the options in the order shown. `probabilities` are normalised over the
    options. `margin` is the best option's score less the second's, in nats (infinite for a single
    option).
    """

    choice: int
    probabilities: tuple[float, ...]
    margin: float


def score(
    options: Sequence[str],
    log_probs: Sequence[float],
    *,
    token_counts: Sequence[int] | None = None,
) -> Score:
    """Returns the Score of options with these summed log-probabilities.

    With `token_counts` each sum is divided by its count first (length normalisation). Among equal
    scores the first option wins: option order is shuffled by seed, so that this favours no label.

    Before: ("yes", "no"), (-1.0, -3.0). After: choice 0, probabilities (.88, .12), margin 2.0.
    """
    scores = np.asarray(log_probs, np.float64)
    if len(options) == 0 or scores.shape != (len(options),):
        raise ValueError(
            f"options {options!r} need one log-probability each, got shape {scores.shape!r}"
        )
    if np.isnan(scores).any():
        raise errors.NotFinite(
            f"a log-probability of options {tuple(options)!r} is NaN: the model's parameters are "
            "none to compute with"
        )
    if token_counts is not None:
        scores = scores / np.asarray(token_counts)
    choice = int(np.argmax(scores))
    others = np.delete(scores, choice)
    return Score(
        choice=choice,
        probabilities=tuple(_softmax(scores).tolist()),
        margin=float(scores[choice] - others.max()) if len(others) else float("inf"),
    )


def _softmax(scores: np.ndarray) -> np.ndarray:
    shifted = np.exp(scores - scores.max())
    return shifted / shifted.sum()
