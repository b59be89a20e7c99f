"""Two runs on the same rows, against scipy and against what is plain to see."""

import dataclasses
import itertools

import eval_toys
import numpy as np
import pytest
import scipy.stats

from eval import metrics, pairs


def test_rows_that_changed_are_counted_each_way():
    first, second = eval_toys.cell([1, 1, 0, 0, 0, 0]), eval_toys.cell([1, 0, 1, 1, 1, 0])
    (found,) = pairs.of_runs([first], [second]).tasks
    assert (found.better, found.worse) == (3, 1)
    assert found.difference.value == pytest.approx(1 / 3)
    expected = scipy.stats.binomtest(3, 4).pvalue
    assert (found.p.value, found.p.is_exact) == (pytest.approx(expected), True)
    (template,) = found.templates
    assert (template.gained, template.lost, template.mcnemar) == (3, 1, pytest.approx(expected))
    assert (template.first, template.second) == (pytest.approx(1 / 3), pytest.approx(2 / 3))


def test_a_row_changes_by_its_mean_over_templates_though_these_be_other_ones():
    first = [eval_toys.cell(rows, template=t) for t, rows in (("a", [1, 0, 0]), ("b", [0, 0, 1]))]
    second = [
        eval_toys.cell(rows, template=t, prompts="inputs-only")
        for t, rows in (("b", [1, 0, 0]), ("c", [0, 0, 1]), ("d", [0, 1, 0]))
    ]
    (found,) = pairs.of_runs(first, second).tasks
    assert (found.better, found.worse) == (1, 2)  # from 1/2 to 1/3, 0 to 1/3 and 1/2 to 1/3
    assert found.difference.value == pytest.approx(0)
    assert [item.template for item in found.templates] == ["b"]
    assert found.p.value == 1.0


def test_rows_of_a_cluster_are_exchanged_together():
    rows = dict(inputs=(0, 0, 0, 1, 1, 1))
    (found,) = pairs.of_runs([eval_toys.cell([0] * 6, **rows)], [eval_toys.cell([1] * 6)]).tasks
    assert found.p.value == pytest.approx(2 * 0.5**6)  # clusters are those of the second
    (found,) = pairs.of_runs([eval_toys.cell([0] * 6)], [eval_toys.cell([1] * 6, **rows)]).tasks
    assert (found.distinct, found.p.value) == (2, 0.5)
    (template,) = found.templates
    assert (template.mcnemar, template.p.value) == (pytest.approx(2 * 0.5**6), 0.5)


@pytest.mark.parametrize(("before", "after"), [(0, 0), (1, 1), (0, 1), (1, 0)])
def test_all_right_and_all_wrong(before, after):
    (found,) = pairs.of_runs([eval_toys.cell([before] * 8)], [eval_toys.cell([after] * 8)]).tasks
    assert found.difference.value == after - before
    assert (found.better, found.worse) == (8 * (after > before), 8 * (after < before))
    assert found.p.value == (1.0 if before == after else 2 * 0.5**8)


def _f1(predicted, gold, **changes):
    answered = metrics.Answered(predicted=tuple(predicted), gold=tuple(gold))
    return eval_toys.cell(predicted, answered=answered, metrics=("f1",), **changes)


def test_a_metric_that_is_no_mean_over_rows_is_tested_by_exchanging_answers():
    gold = (1, 0, 1, 1, 0, 1, 1)
    first, second = (1, 1, 0, 0, 1, 0, 1), (1, 0, 1, 1, 0, 0, 0)
    (found,) = pairs.of_runs([_f1(first, gold)], [_f1(second, gold)]).tasks
    differences = []
    for swaps in itertools.product((False, True), repeat=7):
        chosen = [(b, a) if s else (a, b) for a, b, s in zip(first, second, swaps, strict=True)]
        one, other = zip(*chosen, strict=True)
        differences.append(metrics.f1(other, gold) - metrics.f1(one, gold))
    expected = np.mean(np.abs(differences) >= abs(differences[0]) - 1e-9)
    assert (found.p.value, found.p.is_exact) == (pytest.approx(expected), True)
    assert (found.better, found.worse) == (4, 1)
    assert found.templates == ()


def test_templates_are_exchanged_by_name_or_not_at_all():
    gold = (1, 0, 1, 1)
    first = [_f1((1, 1, 0, 0), gold, template=name) for name in "ab"]
    second = [_f1((1, 0, 1, 1), gold, template=name) for name in "ba"]
    (found,) = pairs.of_runs(first, second).tasks
    assert found.p.is_exact and found.p.value < 1
    (found,) = pairs.of_runs(first, second[:1]).tasks
    assert found.p is None


def test_correlations_and_groups_are_exchanged_too():
    gold = tuple(map(float, range(12)))
    told = [(0.0,) * 12, tuple(reversed(gold))]
    cells = [
        eval_toys.cell(
            [0] * 12,
            answered=metrics.Answered(predicted_numbers=numbers, gold_numbers=gold),
            metrics=("pearson",),
        )
        for numbers in told
    ]
    (found,) = pairs.of_runs(cells[:1], cells[1:]).tasks
    assert found.difference.value == pytest.approx(-1.0)
    assert (found.better, found.worse) == (None, None)
    assert 0 < found.p.value < 0.05 and not found.p.is_exact
    groups = tuple(str(i // 2) for i in range(12))
    cells = [
        eval_toys.cell(
            right,
            answered=metrics.Answered(predicted=tuple(right), gold=(1,) * 12, groups=groups),
            metrics=("multirc_em",),
            inputs=tuple(i // 2 for i in range(12)),
        )
        for right in ([0, 1] * 6, [1] * 12)
    ]
    (found,) = pairs.of_runs(cells[:1], cells[1:]).tasks
    assert (found.difference.value, found.p.value) == (1.0, pytest.approx(2 * 0.5**6))


def test_tasks_that_cannot_be_compared_are_named():
    alike, right = eval_toys.cell([1, 0]), metrics.Answered(predicted=(1, 0), gold=(0, 1))
    first = [
        alike,
        eval_toys.cell([1, 0], task="moved"),
        eval_toys.cell([1, 0], task="other_source"),
        eval_toys.cell([1, 0], task="first_only"),
    ]
    second = [
        alike,
        eval_toys.cell([1, 0], task="moved", rows=("x", "y")),
        eval_toys.cell([1, 0], task="other_source", answered=right),
        eval_toys.cell([1, 0], task="second_only"),
        dataclasses.replace(alike, task="only_choosing", is_choosing=True),
    ]
    found = pairs.of_runs(first, second)
    assert [item.task for item in found.tasks] == ["sst2"]
    assert found.on_other_rows == ("moved", "other_source")
    assert found.in_one_run == ("first_only", "second_only")


def test_p_values_are_corrected_over_the_tasks_that_have_one():
    def cells(right, **changes):
        return eval_toys.cell(right, **changes)

    gold = (1, 0, 1, 1)
    first = [
        cells([0] * 8, task="a"),
        _f1((1, 1, 0, 0), gold, task="b"),
        cells([0] * 6, task="c"),
    ]
    second = [
        cells([1] * 8, task="a"),
        _f1((1, 0, 1, 1), gold, task="b", template="another"),
        cells([1] * 6, task="c"),
    ]
    found = pairs.of_runs(first, second)
    assert found.corrected() == [2 * 2 * 0.5**8, None, 2 * 0.5**6]
