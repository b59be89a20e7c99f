"""Errors and intervals on cases whose answer is known."""

import numpy as np
import pytest
import scipy.stats

from eval import statistics


def test_rows_that_share_a_key_are_one_cluster_if_only_through_others():
    assert statistics.clusters([("a",), ("b",), ("a",)]).tolist() == [0, 1, 0]
    assert statistics.clusters([("a",), ("b",), ("a", "c"), ("c",)]).tolist() == [0, 1, 0, 0]
    assert statistics.clusters([("a",), ("b",), ("c",), ("c", "b", "a")]).tolist() == [0, 0, 0, 0]


def test_standard_error_is_the_usual_one_when_all_inputs_differ():
    values = np.array([1.0, 0.0, 1.0, 1.0])
    expected = values.std(ddof=1) / 2
    assert statistics.standard_error(values, np.arange(4)) == pytest.approx(expected)


def test_repeated_inputs_are_no_more_evidence():
    values, inputs = np.array([1.0, 0.0, 1.0, 1.0]), np.arange(4)
    once = statistics.standard_error(values, inputs)
    thrice = statistics.standard_error(np.tile(values, 3), np.tile(inputs, 3))
    assert thrice == pytest.approx(once)


def test_one_distinct_input_or_none_has_no_error():
    assert statistics.standard_error(np.array([1.0, 0.0]), np.array([0, 0])) == 0.0
    assert statistics.standard_error(np.array([]), np.array([], np.int64)) == 0.0


def test_rows_of_one_input_are_drawn_together():
    drawn = statistics.draws(np.array([0, 1, 0, 2]), seed=0, resamples=50)
    assert drawn.shape == (50, 4)
    assert (drawn[:, 0] == drawn[:, 2]).all()
    assert (drawn[:, [0, 1, 3]].sum(axis=1) == 3).all()
    again = statistics.draws(np.array([0, 1, 0, 2]), seed=0, resamples=50)
    assert (again == drawn).all()


def test_bootstrap_agrees_with_the_binomial():
    values = np.array([1.0] * 140 + [0.0] * 60)
    drawn = statistics.draws(np.arange(200), seed=1)
    bounds = statistics.interval(statistics.means(values, drawn), value=0.7, distinct=200)
    width = bounds.high - bounds.low
    assert width == pytest.approx(2 * 1.96 * (0.7 * 0.3 / 200) ** 0.5, rel=0.15)
    assert bounds.low < 0.7 < bounds.high


def test_a_statistic_of_rows_is_resampled_like_a_mean():
    values = np.array([1.0, 0.0, 1.0, 1.0, 0.0])
    drawn = statistics.draws(np.arange(5), seed=2, resamples=20)
    by_rows = statistics.resampled(lambda rows, copies: values[rows].mean(), drawn)
    assert by_rows == pytest.approx(statistics.means(values, drawn))


def test_what_is_drawn_twice_is_two():
    seen = []
    statistics.resampled(lambda *drawn: seen.append(drawn) or 0.0, np.array([[2, 0, 1]]))
    ((rows, copies),) = seen
    assert (rows.tolist(), copies.tolist()) == ([0, 0, 2], [0, 1, 0])


@pytest.mark.parametrize("n", [1, 5, 60])
def test_all_right_and_all_wrong_have_the_exact_interval(n):
    """Clopper and Pearson's: with all of n right, the truth p has p**n = .025 at its least."""
    right = statistics.interval(np.ones(10), value=1.0, distinct=n)
    assert (right.low**n, right.high) == (pytest.approx(0.025), 1.0)
    wrong = statistics.interval(np.zeros(10), value=0.0, distinct=n)
    assert (wrong.low, (1 - wrong.high) ** n) == (0.0, pytest.approx(0.025))


@pytest.mark.parametrize("wrong", [0.0, 0.1, 1.0])
def test_little_variation_is_no_more_certainty_than_none(wrong):
    """One row that is wrong under one template of ten, or under all, hides as much as none."""
    values = np.ones(200)
    values[0] -= wrong
    samples = statistics.means(values, statistics.draws(np.arange(200), seed=0))
    found = statistics.interval(samples, value=values.mean(), distinct=200)
    assert found.low <= 0.025 ** (1 / 200) and found.high == 1.0
    exact = scipy.stats.binomtest(round(200 - wrong), 200).proportion_ci()
    assert found.low == pytest.approx(exact.low, abs=0.006)


def test_right_and_wrong_rows_are_covered_as_often_as_said():
    """At worst over all true shares nine times in ten, where percentiles alone fall below .86."""
    n, unseen = 60, 1 - 0.025 ** (1 / 60)
    bounds = []
    for k in range(n + 1):  # what endless resampling gives
        ends = scipy.stats.binom.ppf((0.025, 0.975), n, k / n) / n
        found = statistics.interval(np.repeat(ends, 500), value=k / n, distinct=n)
        assert found.low <= k / n * (1 - unseen)
        bounds.append((found.low, found.high))
    low, high = np.array(bounds).T
    for share in np.linspace(0.005, 0.995, 200):
        is_covered = (low - 1e-12 <= share) & (share <= high + 1e-12)
        assert scipy.stats.binom.pmf(np.arange(n + 1), n, share)[is_covered].sum() > 0.9


def test_one_value_in_every_row_may_be_another_elsewhere():
    bounds = statistics.interval(np.full(10, 0.5), value=0.5, distinct=4)
    assert (bounds.low, bounds.high) == (
        pytest.approx(0.199, abs=1e-3),
        pytest.approx(0.801, abs=1e-3),
    )


def test_differences_are_not_cut_to_zero_and_one():
    bounds = statistics.interval(np.linspace(-0.2, 0.1, 101), value=0, distinct=900, bounded=False)
    assert bounds.low == pytest.approx(-0.1925)


def test_a_mean_keeps_the_doubt_of_a_task_with_every_row_right():
    sure = statistics.Interval(low=0.94, high=1.0)
    found = statistics.interval_of_mean(
        np.array([1.0, 0.5]), [sure, statistics.Interval(low=0.42, high=0.58)]
    )
    assert found.low == pytest.approx(0.75 - 0.05)  # half of the root of .06**2 + .08**2
    assert found.high == pytest.approx(0.75 + 0.04)
