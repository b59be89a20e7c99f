"""Tests of differences against enumeration, closed forms and scipy."""

import itertools

import numpy as np
import pytest
import scipy.stats

from eval import significance


def every_sign(differences, inputs):
    """Returns the p-value by trying every choice of signs of clusters, as plainly as can be."""
    sums = [sum(d for d, c in zip(differences, inputs, strict=True) if c == k) for k in set(inputs)]
    totals = [
        abs(sum(sign * size for sign, size in zip(signs, sums, strict=True)))
        for signs in itertools.product((1, -1), repeat=len(sums))
    ]
    return np.mean([total >= abs(sum(sums)) - 1e-9 for total in totals])


@pytest.mark.parametrize("seed", range(30))
def test_signs_of_clusters_are_all_tried(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 16))
    inputs = np.unique(rng.integers(0, 9, n), return_inverse=True)[1]
    values = rng.integers(-3, 4, n) if seed % 2 else rng.normal(size=n)
    found = significance.sign_flip(values.astype(float), inputs)
    assert found.is_exact
    assert found.value == pytest.approx(every_sign(values.tolist(), inputs.tolist()))


@pytest.mark.parametrize("seed", range(6))
def test_whole_numbers_of_many_clusters_are_counted_as_if_all_were_tried(seed, monkeypatch):
    monkeypatch.setattr(significance, "_TRIED", 3)
    rng = np.random.default_rng(seed)
    values = rng.integers(-4, 6, 13) * 3.0  # a common factor makes no difference
    found = significance.sign_flip(values, np.arange(13))
    assert found.is_exact
    assert found.value == pytest.approx(every_sign(values.tolist(), range(13)))


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (1, 0), (5, 0), (3, 3), (40, 21), (0, 900)])
def test_one_templates_rows_give_mcnemars_test(gained, lost):
    """Each row a cluster, right or wrong: flipping signs is the binomial test of those changed."""
    expected = scipy.stats.binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    assert significance.mcnemar(gained, lost) == pytest.approx(expected)
    values = np.array([1.0] * gained + [-1.0] * lost + [0.0] * 7)
    found = significance.sign_flip(values, np.arange(len(values)))
    assert (found.value, found.is_exact) == (pytest.approx(expected), True)


def test_other_numbers_of_many_clusters_are_drawn():
    values = np.random.default_rng(5).normal(0.25, 1, 80)
    found = significance.sign_flip(values, np.arange(80), seed=3)
    assert not found.is_exact
    theirs = scipy.stats.permutation_test(
        (values,), np.sum, permutation_type="samples", n_resamples=9999, rng=1
    )
    assert found.value == pytest.approx(theirs.pvalue, abs=0.01)
    assert found == significance.sign_flip(values, np.arange(80), seed=3)
    sure = significance.sign_flip(np.abs(values), np.arange(80))
    assert sure.value == pytest.approx(1 / 10_000)  # the observed exchange is one of them


def test_a_large_evaluation_is_drawn_rather_than_counted_for_minutes(monkeypatch):
    monkeypatch.setattr(significance, "_MOST_ADDITIONS", 100)
    values = np.array([1.0] * 30 + [-1.0] * 15)
    found = significance.sign_flip(values, np.arange(45))
    assert not found.is_exact
    assert found.value == pytest.approx(significance.mcnemar(30, 15), abs=0.01)


def test_equal_runs_one_cluster_and_no_rows_say_nothing():
    none = np.zeros(0)
    for values, inputs in (
        (np.zeros(40), np.arange(40)),
        (np.ones(40), np.zeros(40, int)),
        (none, none.astype(int)),
    ):
        assert significance.sign_flip(values, inputs) == significance.P(value=1.0, is_exact=True)


def test_rows_of_a_cluster_are_no_more_evidence():
    values, inputs = np.array([1.0, 1, 1, -1, 1, 1, 1]), np.arange(7)
    once = significance.sign_flip(values, inputs)
    assert significance.sign_flip(np.tile(values, 3), np.tile(inputs, 3)) == once


@pytest.mark.parametrize("distinct", [1, 4, 9])
def test_exchanges_are_all_tried_where_they_are_few(distinct):
    values = np.random.default_rng(distinct).normal(size=distinct)
    found = significance.exchanged(
        lambda swaps: float(np.where(swaps, -values, values).sum()), distinct, draws=999
    )
    assert found.is_exact
    assert found.value == pytest.approx(every_sign(values.tolist(), range(distinct)))


def test_exchanges_of_many_clusters_are_drawn():
    values = np.array([1.0] * 22 + [-1.0] * 10)
    found = significance.exchanged(
        lambda swaps: float(np.where(swaps, -values, values).sum()), 32, draws=999, seed=2
    )
    assert not found.is_exact
    assert found.value == pytest.approx(significance.mcnemar(22, 10), abs=0.03)


def rejected_step_by_step(values, level):
    """Returns what Holm's procedure rejects, as it is told: the least first, until one is kept."""
    left, rejected = list(range(len(values))), set()
    while left:
        least = min(left, key=lambda i: values[i])
        if values[least] > level / len(left):
            break
        rejected.add(least)
        left.remove(least)
    return rejected


def test_holm_rejects_what_the_procedure_rejects_step_by_step():
    assert significance.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert significance.holm([]) == []
    assert significance.holm([0.7, 0.7, 1.0]) == [1.0, 1.0, 1.0]
    rng = np.random.default_rng(0)
    for _ in range(200):
        values = np.round(rng.random(rng.integers(1, 8)) ** 3, 3).tolist()
        adjusted = significance.holm(values)
        for level in (0.01, 0.05, 0.2):
            found = {i for i, p in enumerate(adjusted) if p <= level + 1e-12}
            assert found == rejected_step_by_step(values, level + 1e-12)
