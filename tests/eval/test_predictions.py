"""Predictions on disk, and estimates over templates."""

import dataclasses

import eval_toys
import numpy as np
import pytest

from eval import metrics, predictions


def test_what_is_written_is_read_back(tmp_path):
    texts = metrics.Answered(predicted_texts=("a",), references=(("a", "b"),))
    cells = [
        eval_toys.cell([1, 0]),
        eval_toys.cell([0], template="other", answered=texts, option_counts=()),
    ]
    path = tmp_path / "predictions.jsonl"
    predictions.write(path, cells)
    assert predictions.read(path) == cells


def test_an_estimate_is_the_mean_over_templates():
    cells = [eval_toys.cell([1, 1, 0, 0]), eval_toys.cell([1, 0, 0, 0], template="other")]
    found = predictions.estimate(cells)
    assert found.value == 0.375
    # rows are right in 1, 1/2, 0, 0 of the templates
    rows = np.array([1, 0.5, 0, 0])
    assert found.standard_error == pytest.approx(rows.std(ddof=1) / 2)
    assert found.interval.low < 0.375 < found.interval.high


def test_equal_models_differ_by_nothing_and_better_ones_by_something():
    half, most = eval_toys.cell([1, 0] * 50), eval_toys.cell([1, 1, 1, 1, 0] * 20)
    same = predictions.difference(predictions.estimate([half]), predictions.estimate([half]))
    assert same.value == 0
    # No row of a hundred differs: of all rows, as many may as Clopper and Pearson allow.
    assert (same.interval.low, same.interval.high) == pytest.approx((-0.0362, 0.0362), abs=1e-4)
    more = predictions.difference(predictions.estimate([most]), predictions.estimate([half]))
    assert more.value == pytest.approx(0.3)
    assert 0 < more.interval.low < 0.3 < more.interval.high


def test_metrics_that_are_no_mean_over_rows_are_resampled_whole():
    found = predictions.estimate([eval_toys.cell([1, 0, 1, 0] * 10, [1, 0, 0, 1] * 10)], "f1")
    assert found.value == 0.5
    assert 0.05 < found.standard_error < 0.2
    assert len(found.samples) == 1000


def test_what_takes_long_is_computed_once(monkeypatch):
    cells = [eval_toys.cell([1, 0, 0, 1] * 5, [1, 0, 1, 1] * 5, metrics=("f1",))]
    first = predictions.estimate(cells)
    monkeypatch.setattr(predictions.statistics, "resampled", None)
    assert (predictions.estimate(cells).samples == first.samples).all()


def _in_groups(right, groups):
    answered = metrics.Answered(predicted=right, gold=(1,) * len(right), groups=groups)
    numbers = tuple(sorted(set(groups)).index(group) for group in groups)
    return eval_toys.cell(
        right, answered=answered, inputs=numbers, metrics=("accuracy", "multirc_em")
    )


def test_groups_are_resampled_whole_and_one_drawn_twice_is_two():
    """Ten questions of four candidates, five of them right: the interval is that of 5 in 10."""
    right = (1, 1, 1, 1, 1, 0, 1, 1) * 5
    cell = _in_groups(right, tuple(str(i // 4) for i in range(40)))
    found = predictions.estimate([cell], "multirc_em")
    assert found.value == 0.5
    assert found.interval.low < 0.5 < found.interval.high
    assert found.standard_error == pytest.approx((0.25 / 10) ** 0.5, rel=0.15)
    assert (cell.count("multirc_em"), cell.count()) == (10, 40)


def test_a_change_of_every_row_is_no_certainty():
    wrong, right = (predictions.estimate([eval_toys.cell([i] * 20)]) for i in (0, 1))
    found = predictions.difference(right, wrong)
    assert found.value == 1.0
    assert 0.5 < found.interval.low < 0.9


def test_templates_on_other_rows_are_refused():
    cells = [eval_toys.cell([1, 0]), eval_toys.cell([1, 0], rows=("x", "y"), template="other")]
    with pytest.raises(ValueError, match="'opinion' and 'other' of task 'sst2'.*other rows"):
        predictions.estimate(cells)


def test_the_headline_is_forward_templates_with_options_on_test_rows():
    shown, hidden = eval_toys.cell([1]), eval_toys.cell([1], options=False, template="bare")
    others = [
        eval_toys.cell([1], kind="cot"),
        eval_toys.cell([1], split="validation", is_choosing=True),
        eval_toys.cell([1], prompts="inputs-only"),
    ]
    assert predictions.headline([hidden, shown, *others], prompts="instructions") == [shown]
    assert predictions.headline([hidden, *others], prompts="instructions") == [hidden]
    assert predictions.headline(others, prompts="instructions") == others[:1]


def test_the_mean_of_tasks_is_narrower_than_each():
    first = predictions.estimate([eval_toys.cell([1, 0] * 50)])
    other = dataclasses.replace(eval_toys.cell([1, 0] * 50), task="imdb_reviews")
    both = predictions.mean([first, predictions.estimate([other])])
    assert both.value == 0.5
    width_of_both, width = (e.interval.high - e.interval.low for e in (both, first))
    assert width_of_both == pytest.approx(width / 2**0.5, rel=0.2)
