"""Calibration against second implementations, written as plainly as can be, and closed forms."""

import eval_toys
import numpy as np
import pytest

from eval import baselines, calibration, results, scoring


def rows_of(seed, options=None, digits=None):
    """Returns random probabilities and right answers, skewed to the likelier ones."""
    rng = np.random.default_rng(seed)
    rows, gold = [], []
    for _ in range(int(rng.integers(1, 80))):
        row = rng.dirichlet(np.ones(options or rng.integers(2, 6)))
        if digits is not None:
            row = np.round(row, digits)
            row[-1] += 1 - row.sum()
            row = np.abs(row) / np.abs(row).sum()
        rows.append(tuple(row.tolist()))
        gold.append(int(rng.choice(len(row), p=row)) if rng.random() < 0.6 else 0)
    return rows, gold


@pytest.mark.parametrize("seed", range(20))
def test_brier_is_the_mean_squared_distance(seed):
    rows, gold = rows_of(seed, options=4)
    right = np.eye(4)[gold]
    expected = ((np.asarray(rows) - right) ** 2).sum(axis=1)
    assert calibration.brier_per_row(rows, gold) == pytest.approx(expected)
    assert calibration.of(rows, gold).brier == pytest.approx(expected.mean())


def test_brier_of_two_options_is_twice_the_binary_one():
    rows, gold = rows_of(3, options=2)
    binary = np.mean([(row[1] - g) ** 2 for row, g in zip(rows, gold, strict=True)])
    assert calibration.of(rows, gold).brier == pytest.approx(2 * binary)


@pytest.mark.parametrize(
    ("row", "right", "expected"),
    [((1.0, 0.0), 0, 0.0), ((1.0, 0.0), 1, 2.0), ((0.25,) * 4, 2, 0.75), ((1.0,), 0, 0.0)],
)
def test_brier_at_its_ends(row, right, expected):
    assert calibration.of([row] * 5, [right] * 5).brier == pytest.approx(expected)


def by_width(confidences, is_right, bins):
    total = 0.0
    for k in range(bins):
        inside = [
            (c, r)
            for c, r in zip(confidences, is_right, strict=True)
            if k / bins < c <= (k + 1) / bins
        ]
        if inside:
            gap = np.mean([r for _, r in inside]) - np.mean([c for c, _ in inside])
            total += len(inside) / len(confidences) * abs(gap)
    return total


@pytest.mark.parametrize("bins", [1, 5, 15])
@pytest.mark.parametrize("seed", range(8))
def test_equal_width_is_the_sum_over_bins(seed, bins):
    confidences, is_right = calibration.top(*rows_of(seed))
    found = calibration.reliability(confidences, is_right, bins=bins, scheme="equal_width")
    expected = by_width(confidences, is_right, bins)
    assert calibration.error(found) == pytest.approx(expected)


@pytest.mark.parametrize("bins", [1, 5, 15])
@pytest.mark.parametrize("seed", range(8))
def test_equal_mass_without_ties_is_the_sorted_rows_in_equal_parts(seed, bins):
    rng = np.random.default_rng(seed)
    n = bins * 6
    confidences, is_right = rng.random(n), rng.random(n) < 0.6
    parts = np.split(np.argsort(confidences), bins)
    expected = np.mean([abs(is_right[p].mean() - confidences[p].mean()) for p in parts])
    found = calibration.reliability(confidences, is_right, bins=bins)
    assert [item.count for item in found] == [6] * bins
    assert calibration.error(found) == pytest.approx(expected)


@pytest.mark.parametrize("n", [1, 4, 16, 47])
def test_equal_mass_of_other_numbers_of_rows_differs_by_one_at_most(n):
    found = calibration.reliability(np.linspace(0.1, 0.9, n), np.ones(n, bool))
    counts = [item.count for item in found]
    assert sum(counts) == n and max(counts) - min(counts) <= 1
    assert len(counts) == min(n, calibration.BINS)


@pytest.mark.parametrize("scheme", ["equal_mass", "equal_width"])
@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_rows_makes_no_difference_though_many_tie(seed, scheme):
    confidences, is_right = calibration.top(*rows_of(seed, options=3, digits=1))
    order = np.random.default_rng(seed).permutation(len(confidences))
    one, other = (
        calibration.reliability(c, r, bins=4, scheme=scheme)
        for c, r in ((confidences, is_right), (confidences[order], is_right[order]))
    )
    assert calibration.error(one) == pytest.approx(calibration.error(other))
    assert [item.count for item in one] == [item.count for item in other]


@pytest.mark.parametrize(("right", "expected"), [(0, 0.1), (1, 0.9)])
def test_equal_rows_are_one_bin(right, expected):
    """All right and all wrong, at one confidence of .9."""
    found = calibration.of([(0.9, 0.1)] * 30, [right] * 30)
    assert (found.equal_mass, found.equal_width) == (pytest.approx(expected),) * 2


def test_certainty_is_in_the_last_bin_and_half_in_its_own():
    confidences = np.array([0.5, 0.5, 1.0, 0.6])
    found = calibration.reliability(
        confidences, np.array([True, False, True, True]), bins=10, scheme="equal_width"
    )
    assert [(item.count, item.confidence, item.accuracy) for item in found] == [
        (2, 0.5, 0.5),
        (1, 0.6, 1.0),
        (1, 1.0, 1.0),
    ]


def test_a_calibrated_model_has_what_its_few_rows_give():
    """One confidence c is one bin: the mean of |k / n - c| over the binomial."""
    import scipy.stats

    found = calibration.of([(0.7, 0.3)] * 40, [0] * 40)
    k = np.arange(41)
    expected = (scipy.stats.binom.pmf(k, 40, 0.7) * abs(k / 40 - 0.7)).sum()
    assert found.of_calibrated == pytest.approx(expected, rel=0.15)
    rng = np.random.default_rng(1)
    rows = [(c, 1 - c) for c in rng.uniform(0.5, 1, 400)]
    gold = [int(rng.random() > row[0]) for row in rows]
    calibrated = calibration.of(rows, gold)
    assert calibrated.equal_mass == pytest.approx(calibrated.of_calibrated, abs=0.03)


def test_among_equal_options_the_first_is_the_choice():
    confidences, is_right = calibration.top([(0.5, 0.5), (0.5, 0.5)], [0, 1])
    assert (confidences.tolist(), is_right.tolist()) == ([0.5, 0.5], [True, False])


@pytest.mark.parametrize(
    ("rows", "gold"),
    [
        ([], []),
        ([(0.5, 0.5)], [0, 1]),
        ([(0.5, 0.4)], [0]),
        ([(1.5, -0.5)], [0]),
        ([(0.5, 0.5)], [2]),
        ([(0.5, 0.5)], [-1]),
        ([(float("nan"), 0.5)], [0]),
    ],
)
def test_what_is_no_probabilities_is_refused(rows, gold):
    with pytest.raises(ValueError, match="expected"):
        calibration.of(rows, gold)


def _options(*rows):
    return tuple(
        scoring.Options(log_probs=tuple(np.log(row)), eos=(-1.0, -9.0), tokens=(1, 1), bytes=(3, 2))
        for row in rows
    )


def test_a_cells_probabilities_are_those_that_it_was_scored_by():
    scored = _options((0.8, 0.2), (0.4, 0.6))
    cell = eval_toys.cell([0, 1], [0, 0], scored=scored, scoring="rank_no_eos")
    found = calibration.of_cell(cell)
    assert found.brier == pytest.approx((2 * 0.2**2 + 2 * 0.6**2) / 2)
    with_eos = calibration.of_cell(eval_toys.cell([0, 0], [0, 0], scored=scored))
    assert with_eos.brier < 0.01
    assert calibration.of_cell(eval_toys.cell([0, 1])) is None


def test_results_and_summaries_tell_calibration():
    given = {"sst2": baselines.Baselines(majority={}, heuristic={})}
    setting = results.Setting(run="toy", step=3, data="embedded", seed=0)
    cells = [
        eval_toys.cell(
            *([0], [0]),
            template=name,
            scored=_options(row),
            labels=((0, 1),),
            scoring="rank_no_eos",
        )
        for name, row in (("a", (0.8, 0.2)), ("b", (0.6, 0.4)))
    ]
    first, second = results.of(cells, given, setting)
    assert (first.brier, second.brier) == (pytest.approx(0.08), pytest.approx(0.32))
    assert first.calibration_error == first.calibration_error_equal_width == pytest.approx(0.2)
    (summary,) = results.task_summaries(cells, given)
    assert summary.brier == pytest.approx(0.2)
    assert summary.calibration_error == pytest.approx(0.3)
    bare = [*cells, eval_toys.cell([0], [0], template="c")]
    (summary,) = results.task_summaries(bare, given)
    assert summary.brier is None and summary.calibration_error_of_calibrated is None


def test_several_right_options_are_one_with_the_sum_of_their_probabilities():
    rows, gold = [(0.5, 0.3, 0.2), (0.6, 0.4)], [(1, 0), (1,)]
    assert calibration.brier_per_row(rows, gold) == pytest.approx([0.2**2 * 2, 0.6**2 * 2])
    confidences, is_right = calibration.top(rows, gold)
    assert confidences.tolist() == [0.5, 0.6] and is_right.tolist() == [True, False]
    with pytest.raises(ValueError, match="a place among them"):
        calibration.of(rows, [(1, 3), (1,)])
