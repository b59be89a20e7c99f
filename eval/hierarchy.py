"""Conditions made of several runs: a hierarchical bootstrap over runs, tasks and clusters of rows.

    runs = {"a-0": evaluation.read(...).cells, "a-1": ...}   # one configuration, other seeds
    found = hierarchy.estimate(runs)                          # value, interval, samples
    more = hierarchy.difference(runs, others)                 # of two conditions on the same rows

A resample draws runs, tasks, and for each drawn task clusters of its rows. All runs of a resample
have the same tasks and rows: they were asked the same, and a row that is easy is so for all of
them. docs/statistics.md has the formulas, and what they assume.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eval import pairs, predictions, results, statistics
from flanlike import errors, seeding

Runs = Mapping[str, results.Cells]  # by name

_NORMAL = 1.959964  # the 97.5 % quantile


def estimate(runs: Runs, *, draws_tasks: bool = True) -> predictions.Estimate:
    """Returns the mean over runs of the mean over tasks of the headline's mean over templates.

    Each run's headline is in its own style. With `draws_tasks` the interval is one for tasks such
    as these, else for these tasks. Runs that were not asked the same rows are a UserError. Of a
    single run it is unknown what other seeds would give, and the interval says nothing of it.
    """
    return _combined(_tables([runs]), draws_tasks=draws_tasks)


def difference(after: Runs, before: Runs, *, draws_tasks: bool = True) -> predictions.Estimate:
    """Returns after minus before, each counted as by `estimate`; its bounds are -1 and 1.

    Tasks and rows are drawn for both at once, runs for each by itself: equal seeds of two
    conditions are no pair. All runs of both must have been asked the same rows.
    """
    return _combined(_tables([after, before]), draws_tasks=draws_tasks)


def shared_tasks(*conditions: Runs) -> list[str]:
    """Returns the tasks that every run of the conditions was asked, on the same rows."""
    runs = [pairs.headlines(cells) for runs in conditions for cells in runs.values()]
    return [task for task in runs[0] if all(_is_shared(task, runs[0], run) for run in runs)]


@dataclass(frozen=True, kw_only=True)
class _Table:
    """One condition: values (runs, tasks), and samples (runs, tasks, resamples) of rows drawn.

    The samples are paired over runs and conditions: the same clusters were drawn for all.
    `of_tasks` are means over the runs, of which only the rows were drawn.
    """

    values: np.ndarray
    samples: np.ndarray
    of_tasks: list[predictions.Estimate]
    is_bounded: bool
    seed: int


def _tables(conditions: Sequence[Runs]) -> list[_Table]:
    if not all(conditions):
        raise errors.UserError("a condition has no run: expected one at least, give its folders")
    headlines = [
        {name: pairs.headlines(cells) for name, cells in runs.items()} for runs in conditions
    ]
    first_name, first = next(iter(headlines[0].items()))
    if not first:
        raise errors.UserError(f"run {first_name!r} has no answers: evaluate it first")
    for runs in headlines:
        for name, run in runs.items():
            for task in {**first, **run}:
                if not _is_shared(task, first, run):
                    raise errors.UserError(
                        f"runs {first_name!r} and {name!r} were not asked the same rows of task "
                        f"{task!r}: expected runs of one evaluation; evaluate them again with the "
                        "same tasks, data, split, rows and evaluation seed"
                    )
    return [_table(list(runs.values()), first) for runs in headlines]


def _is_shared(
    task: str, first: Mapping[str, results.Cells], run: Mapping[str, results.Cells]
) -> bool:
    if task not in first or task not in run:
        return False
    return len(pairs.on_rows_of(first[task], run[task])) == len(run[task])


def _table(
    runs: Sequence[Mapping[str, results.Cells]], first: Mapping[str, results.Cells]
) -> _Table:
    each = [
        [predictions.estimate(pairs.on_rows_of(cells, run[task])) for task, cells in first.items()]
        for run in runs
    ]
    are_bounded = [predictions.is_bounded(cells[0].metric) for cells in first.values()]
    return _Table(
        values=np.asarray([[item.value for item in run] for run in each]),
        samples=np.asarray([[item.samples for item in run] for run in each]),
        of_tasks=list(map(_mean_over_runs, zip(*each, strict=True), are_bounded)),
        is_bounded=all(are_bounded),
        seed=seeding.key("hierarchy", *((task, *cells[0].rows) for task, cells in first.items())),
    )


def _mean_over_runs(each: Sequence[predictions.Estimate], is_bounded: bool) -> predictions.Estimate:
    value = float(np.mean([item.value for item in each]))
    samples = np.mean([item.samples for item in each], axis=0)
    distinct = each[0].distinct
    return predictions.Estimate(
        value=value,
        standard_error=float(samples.std()),
        interval=statistics.interval(samples, value=value, distinct=distinct, bounded=is_bounded),
        samples=samples,
        distinct=distinct,
    )


def _combined(tables: Sequence[_Table], *, draws_tasks: bool) -> predictions.Estimate:
    """Returns the estimate of one condition, or of the first less the second."""
    rng = np.random.default_rng(tables[0].seed)
    count, resamples = tables[0].samples.shape[1:]
    tasks = _drawn(rng, count, resamples) if draws_tasks else np.arange(count)[None]
    rows = rng.integers(resamples, size=(resamples, tasks.shape[1]))  # each copy has its own
    samples = _samples(tables[0], tasks, rows, rng)
    of_tasks = tables[0].of_tasks
    if len(tables) > 1:
        samples = samples - _samples(tables[1], tasks, rows, rng)
        of_tasks = list(map(predictions.difference, of_tasks, tables[1].of_tasks))
    value = float(np.mean([item.value for item in of_tasks]))
    few = [table.values.mean(axis=1) for table in tables]
    if draws_tasks:
        few.append(np.asarray([item.value for item in of_tasks]))
    arm = _quantile(samples.var(), few) * samples.std()
    is_bounded = len(tables) == 1 and tables[0].is_bounded
    return predictions.Estimate(
        value=value,
        standard_error=float(samples.std()),
        interval=_interval(value, arm, of_tasks, least=0.0 if is_bounded else -1.0),
        samples=samples,
        distinct=sum(item.distinct for item in of_tasks),
    )


def _drawn(rng: np.random.Generator, count: int, resamples: int) -> np.ndarray:
    """Returns which units each resample draws: (resamples, count - 1), of one that one.

    One less than there are: with as many, the variance of a mean of few would come out too small,
    by the share of one in `count` (Rao and Wu 1988).
    """
    return rng.integers(count, size=(resamples, max(1, count - 1)))


def _samples(
    table: _Table, tasks: np.ndarray, rows: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Returns the condition's mean in each resample."""
    means = table.samples[:, tasks, rows].mean(axis=2)  # (runs, resamples)
    runs = _drawn(rng, *means.shape)
    return means[runs, np.arange(len(runs))[:, None]].mean(axis=1)


def _quantile(variance: float, few: Sequence[np.ndarray]) -> float:
    """Returns what a standard error is multiplied by: Student's 97.5 % quantile, 1.96 at the least.

    `few` are the values of each kind of unit that there may be few of: a condition's runs, tasks.
    Their part of the variance is known to as many degrees of freedom as there are units less one,
    the rows' part to any number; together as Satterthwaite 1946 adds them.
    """
    import scipy.stats

    parts = [
        (float(np.var(units, ddof=1)) / len(units), len(units) - 1)
        for units in few
        if len(units) > 1
    ]
    doubt = sum(part**2 / freedom for part, freedom in parts)
    return float(scipy.stats.t.ppf(0.975, variance**2 / doubt if doubt else np.inf))


def _interval(
    value: float, arm: float, of_tasks: Sequence[predictions.Estimate], *, least: float
) -> statistics.Interval:
    """Returns value - arm to value + arm, wider by what tasks with little variance may hide.

    That is by how much more their own intervals reach (every row right in all runs) than their
    standard errors tell; arms are added as in `statistics.interval_of_mean`.
    """
    known = np.asarray([(_NORMAL * item.standard_error) ** 2 for item in of_tasks])
    below = np.asarray([(item.value - item.interval.low) ** 2 for item in of_tasks]) - known
    above = np.asarray([(item.interval.high - item.value) ** 2 for item in of_tasks]) - known
    more_below, more_above = (
        np.sqrt(np.maximum(more, 0).sum()) / len(of_tasks) for more in (below, above)
    )
    low, high = value - np.hypot(arm, more_below), value + np.hypot(arm, more_above)
    return statistics.Interval(low=float(max(least, low)), high=float(min(1.0, high)))
