"""Scores from literal log-probabilities."""

import numpy as np
import pytest

from eval import scoring


def test_the_likeliest_option_is_chosen():
    score = scoring.score(("yes", "no"), (-1.0, -3.0))
    assert score.choice == 0
    assert score.margin == 2.0
    assert score.probabilities == pytest.approx((0.8808, 0.1192), abs=1e-4)


def test_length_normalisation_divides_by_token_counts():
    log_probs = np.array([-3.0, -4.0])
    assert scoring.score(("no", "impossible to tell"), log_probs).choice == 0
    normalised = scoring.score(("no", "impossible to tell"), log_probs, token_counts=(2, 4))
    assert normalised.choice == 1  # -1.5 against -1.0
    assert normalised.margin == pytest.approx(0.5)


def test_of_equal_options_the_first_shown_wins():
    score = scoring.score(("a", "b", "c"), (-5.0, -2.0, -2.0))
    assert (score.choice, score.margin) == (1, 0.0)


def test_far_apart_and_impossible_options_stay_finite():
    score = scoring.score(("a", "b"), (-5000.0, float("-inf")))
    assert score.probabilities == (1.0, 0.0)


def test_a_single_option_has_no_rival():
    assert scoring.score(("a",), (-5.0,)).margin == float("inf")


def test_what_is_no_score_is_refused():
    with pytest.raises(ValueError, match="NaN"):
        scoring.score(("a", "b"), (-1.0, float("nan")))
    with pytest.raises(ValueError, match="one log-probability each"):
        scoring.score(("a", "b"), (-1.0,))
