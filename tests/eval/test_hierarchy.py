"""Conditions of several runs against closed forms and scipy."""

import dataclasses

import eval_toys
import numpy as np
import pytest
import scipy.stats

from eval import hierarchy, metrics, predictions
from flanlike import errors


def condition(rights, name="run", **changes):
    """Returns runs by name; `rights` has a list of right and wrong rows for each run and task."""
    return {
        f"{name}-{i}": [
            eval_toys.cell(rows, task=f"task_{j}", **changes) for j, rows in enumerate(tasks)
        ]
        for i, tasks in enumerate(rights)
    }


def random_rights(seed, runs, tasks, rows):
    rng = np.random.default_rng(seed)
    ease = rng.random((tasks, rows))
    skill = rng.normal(0, 0.1, (runs, tasks, 1))
    return (rng.random((runs, tasks, rows)) < ease + skill).astype(int).tolist()


def test_the_variance_over_runs_and_rows_is_the_closed_form():
    """Runs and rows are crossed: both vary, and the rest between them is in both draws."""
    rights = random_rights(0, runs=5, tasks=1, rows=60)
    found = hierarchy.estimate(condition(rights))
    x = np.asarray(rights)[:, 0].astype(float)
    runs, rows = x.shape
    assert found.value == pytest.approx(x.mean())
    of_runs = x.mean(axis=1).var(ddof=1) / runs
    rest = (x - x.mean(axis=1, keepdims=True)).var(axis=0, ddof=1).mean() / runs
    expected = of_runs + (x.mean(axis=0).var() + rest) / rows
    assert found.standard_error**2 == pytest.approx(expected, rel=0.12)


def test_a_single_run_on_given_tasks_is_the_mean_of_its_tasks():
    rights = random_rights(1, runs=1, tasks=4, rows=80)
    found = hierarchy.estimate(condition(rights), draws_tasks=False)
    (cells,) = condition(rights).values()
    expected = predictions.mean([predictions.estimate([cell]) for cell in cells])
    assert found.value == pytest.approx(expected.value)
    assert found.standard_error == pytest.approx(expected.standard_error, rel=0.1)
    assert found.interval.low == pytest.approx(expected.interval.low, abs=0.01)
    assert found.distinct == expected.distinct == 320


def test_drawn_tasks_are_more_doubt_than_given_ones():
    shares = np.array([0.2, 0.5, 0.6, 0.9])
    rights = [[[1] * int(100 * p) + [0] * (100 - int(100 * p)) for p in shares]]
    given = hierarchy.estimate(condition(rights), draws_tasks=False)
    drawn = hierarchy.estimate(condition(rights))
    of_tasks = shares.var(ddof=1) / 4
    of_rows = (shares * (1 - shares)).mean() / 100
    assert given.standard_error**2 == pytest.approx(of_rows / 4, rel=0.15)
    assert drawn.standard_error**2 == pytest.approx(of_tasks + of_rows / 3, rel=0.12)


def constant(shares, rows=1500):
    """Returns runs that are right in a share of their twenty templates, on every row alike."""
    return {
        f"run-{i}": [
            eval_toys.cell([int(t < round(20 * share))] * rows, template=str(t)) for t in range(20)
        ]
        for i, share in enumerate(shares)
    }


def test_where_only_runs_differ_the_interval_is_welchs():
    """But for what 1,500 equal rows may hide."""
    one, other = (0.8, 0.85, 0.95, 0.9), (0.4, 0.6, 0.5)
    found = hierarchy.difference(constant(one), constant(other))
    theirs = scipy.stats.ttest_ind(one, other, equal_var=False).confidence_interval()
    assert found.value == pytest.approx(0.375)
    assert (found.interval.low, found.interval.high) == (
        pytest.approx(theirs.low, abs=0.012),
        pytest.approx(theirs.high, abs=0.012),
    )
    alone = hierarchy.estimate(constant(other))
    arm = scipy.stats.t.ppf(0.975, 2) * np.std(other, ddof=1) / 3**0.5
    assert alone.interval.low == pytest.approx(0.5 - arm, abs=0.012)


def test_all_right_and_all_wrong_have_the_doubt_of_their_rows():
    for right in (0, 1):
        found = hierarchy.estimate(condition([[[right] * 60]] * 3))
        (cell,) = condition([[[right] * 60]])["run-0"]
        assert found.interval == predictions.estimate([cell]).interval
    more = hierarchy.difference(
        condition([[[1] * 60]] * 2, "a"), condition([[[0] * 60]] * 2, "b"), draws_tasks=False
    )
    assert (more.value, more.interval.high) == (1.0, 1.0)
    assert 0.8 < more.interval.low < 0.95


def test_one_cluster_of_rows_is_one_draw():
    rights = [[[1, 1, 0, 1]], [[1, 0, 0, 1]]]
    found = hierarchy.estimate(condition(rights, inputs=(0,) * 4))
    assert (found.value, found.distinct) == (0.625, 1)
    assert (found.interval.low, found.interval.high) == (0.0, 1.0)


def test_equal_conditions_differ_by_nothing():
    rights = random_rights(2, runs=3, tasks=3, rows=50)
    found = hierarchy.difference(condition(rights, "a"), condition(rights, "b"))
    assert found.value == 0
    assert found.interval.low < 0 < found.interval.high
    again = hierarchy.difference(condition(rights, "a"), condition(rights, "b"))
    assert (found.samples == again.samples).all()


def test_rows_are_drawn_for_both_conditions_at_once():
    """Hard rows are hard for both: the difference of one run each has the paired doubt."""
    one, other = [1, 0] * 100, [1, 0] * 98 + [1, 1, 1, 1]
    found = hierarchy.difference(condition([[other]], "a"), condition([[one]], "b"))
    cells = condition([[one], [other]]).values()
    before, after = (predictions.estimate(run) for run in cells)
    paired = predictions.difference(after, before)
    assert found.standard_error == pytest.approx(paired.standard_error, rel=0.15)


def test_metrics_that_are_no_mean_over_rows_and_correlations_have_their_bounds():
    gold = tuple(map(float, range(30)))
    runs = {
        name: [
            eval_toys.cell(
                [0] * 30,
                answered=metrics.Answered(predicted_numbers=told, gold_numbers=gold),
                metrics=("pearson",),
            )
        ]
        for name, told in (("a", tuple(reversed(gold))), ("b", tuple(-g * g for g in gold)))
    }
    found = hierarchy.estimate(runs)
    assert -1.0 <= found.interval.low < found.value < found.interval.high < -0.5


def test_runs_on_other_rows_or_tasks_are_refused_in_one_line():
    same = condition([[[1, 0]]])
    moved = condition([[[1, 0]]], "moved", rows=("x", "y"))
    for others in (moved, condition([[[1, 0], [1, 1]]], "more")):
        with pytest.raises(errors.UserError, match="'run-0' and '.*-0' were not asked the same"):
            hierarchy.difference(same, others)
    with pytest.raises(errors.UserError, match="rows of task 'task_0'.*evaluate them again"):
        hierarchy.estimate({**same, **moved})
    for empty in ({}, {"a": []}):
        with pytest.raises(errors.UserError, match="has no"):
            hierarchy.estimate(empty)


def test_tasks_that_all_runs_were_asked_are_told():
    both = condition([[[1, 0], [1, 1]]] * 2)
    less = condition([[[1, 0]]], "less")
    other = {"o": [dataclasses.replace(both["run-0"][1], rows=("x", "y")), *less["less-0"]]}
    assert hierarchy.shared_tasks(both) == ["task_0", "task_1"]
    assert hierarchy.shared_tasks(both, less) == hierarchy.shared_tasks(both, other) == ["task_0"]
