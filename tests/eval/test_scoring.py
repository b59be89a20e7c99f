"""Scores from literal log-probabilities."""

import math

import pytest

from eval import scoring
from flanlike import errors


def options(log_probs, *, eos=None, tokens=None, **more):
    n = len(log_probs)
    return scoring.Options(
        log_probs=tuple(log_probs),
        eos=tuple(eos or (0.0,) * n),
        tokens=tuple(tokens or (1,) * n),
        bytes=tuple(more.pop("bytes", (1,) * n)),
        **more,
    )


def test_the_likeliest_option_is_chosen():
    score = scoring.score(options((-1.0, -3.0)))
    assert score.choice == 0
    assert score.margin == 2.0
    assert score.probabilities == pytest.approx((0.8808, 0.1192), abs=1e-4)


def test_eos_counts_or_not():
    likely = options((-1.0, -2.0), eos=(-5.0, -0.1))
    assert scoring.score(likely).choice == 1
    assert scoring.score(likely, eos=False).choice == 0


def test_length_normalisation_divides_by_tokens_or_bytes():
    of = options((-3.0, -4.0), tokens=(1, 3), bytes=(2, 18))
    assert scoring.score(of).choice == 0
    by_token = scoring.score(of, "per-token")
    assert by_token.choice == 1 and by_token.margin == pytest.approx(0.5)  # -3/2 against -4/4
    without_eos = scoring.score(of, "per-token", eos=False)
    assert without_eos.margin == pytest.approx(3 - 4 / 3)
    assert scoring.score(of, "per-byte").margin == pytest.approx(1.5 - 4 / 18)


def test_an_empty_option_is_divided_by_one():
    of = options((0.0, -1.0), tokens=(0, 1), bytes=(0, 1))
    for name in ("per-token", "per-byte"):
        assert scoring.score(of, name, eos=False).choice == 0


def test_pmi_takes_off_what_an_option_is_worth_without_a_question():
    of = options((-1.0, -2.0), premise=(-0.5, -4.0), premise_eos=(0.0, -1.0))
    assert scoring.score(of).choice == 0
    score = scoring.score(of, "pmi")
    assert score.choice == 1 and score.margin == pytest.approx((-2 + 5) - (-1 + 0.5))
    assert scoring.score(of, "pmi", eos=False).margin == pytest.approx((-2 + 4) - (-1 + 0.5))


def test_calibration_divides_by_the_mean_over_prompts_without_content():
    biased = (math.log(0.8), math.log(0.2))
    more = (math.log(0.6), math.log(0.4))
    of = options(
        (math.log(0.65), math.log(0.35)),
        content_free=(biased, more),
        content_free_eos=((0.0, 0.0), (0.0, 0.0)),
    )
    score = scoring.score(of, "calibrated")
    one, two = 0.65 / 0.7, 0.35 / 0.3
    assert score.choice == 1
    assert score.probabilities == pytest.approx((one / (one + two), two / (one + two)))


def test_calibration_knows_of_options_that_are_far_less_likely():
    of = options(
        (-1000.0, -2.0),
        content_free=((-1000.0, -2.0), (-1001.0, -2.0)),
        content_free_eos=((0.0, 0.0), (0.0, 0.0)),
    )
    score = scoring.score(of, "calibrated")
    mean = (1 + math.exp(-1)) / 2  # of the first option's shares without content, times e ** 998
    assert score.choice == 0 and score.margin == pytest.approx(-math.log(mean))
    assert score.probabilities == pytest.approx((1 / (1 + mean), mean / (1 + mean)))


def test_what_was_not_asked_is_no_scoring():
    plain = options((-1.0, -2.0))
    assert scoring.available([plain]) == ("sum", "per-token", "per-byte")
    with pytest.raises(errors.UserError, match="--eval.content-free"):
        scoring.score(plain, "calibrated")
    with pytest.raises(errors.UserError, match="did you mean"):
        scoring.score(plain, "per-tokens")


def test_of_equal_options_the_first_shown_wins():
    score = scoring.score(options((-5.0, -2.0, -2.0)))
    assert (score.choice, score.margin) == (1, 0.0)


def test_far_apart_and_impossible_options_stay_finite():
    score = scoring.score(options((-5000.0, float("-inf"))))
    assert score.probabilities == (1.0, 0.0)


def test_a_single_option_has_no_rival():
    assert scoring.score(options((-5.0,))).margin == float("inf")


def test_what_is_no_score_is_refused():
    with pytest.raises(errors.NotFinite, match="NaN"):
        scoring.score(options((-1.0, float("nan"))))
    with pytest.raises(ValueError, match="1 EOS for 2 options"):
        scoring.score(options((-1.0, -2.0), eos=(0.0,)))


def test_prompts_with_more_and_fewer_options_are_scored_together():
    each = [options((-1.0, -2.0)), options((-3.0, -2.0, -1.0)), options((-4.0,))]
    found = scoring.scores(each)
    assert found == [scoring.score(one) for one in each]
    assert [len(score.probabilities) for score in found] == [2, 3, 1]
    assert scoring.scores([]) == []


@pytest.mark.parametrize("name", scoring.SCORINGS)
def test_every_scoring_of_mixed_prompts_is_that_of_each(name):
    more = {
        n: dict(
            premise=(-1.0, -3.0, -2.0)[:n],
            premise_eos=(-0.5, -0.1, -0.2)[:n],
            content_free=((-1.0, -0.5, -2.0)[:n], (-2.0, -0.1, -1.0)[:n]),
            content_free_eos=((0.0, -0.5, 0.0)[:n], (0.0, 0.0, -1.0)[:n]),
        )
        for n in (2, 3)
    }
    two = options((-1.0, -1.5), eos=(-0.3, -0.2), tokens=(1, 2), bytes=(3, 9), **more[2])
    three = options((-4.0, -2.5, -3.0), tokens=(1, 2, 3), bytes=(3, 9, 2), **more[3])
    together = scoring.scores([two, three], name)
    for score, alone in zip(
        together, (scoring.score(two, name), scoring.score(three, name)), strict=True
    ):
        assert score.choice == alone.choice
        assert score.probabilities == pytest.approx(alone.probabilities)
        assert score.margin == pytest.approx(alone.margin)
