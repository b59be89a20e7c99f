"""Two runs on the same rows: what changed from the first to the second by row, and tests of it.

Each run's headline of a task is compared, in the style that the run was asked in; and each template
that both were asked by itself.
"""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eval import metrics, predictions, results, significance
from flanlike import seeding

# Exchanges of two runs' answers, for metrics that are no mean over rows: of texts each is slow.
_EXCHANGES, _EXCHANGES_OF_TEXTS = 999, 199
_EDGE = 1e-9  # a row's mean over templates that changed by less has not changed


@dataclass(frozen=True, kw_only=True)
class OfTemplate:
    """One template of a task whose rows are right or wrong; `gained` are wrong, then right.

    `mcnemar` takes every row for independent evidence, `p` every cluster of rows.
    """

    template: str
    first: float
    second: float
    gained: int
    lost: int
    mcnemar: float
    p: significance.P


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A task's headline in two runs; `difference` is second less first, drawn in pairs.

    `better` counts rows whose mean over templates rose, `worse` those whose fell: None where the
    metric has no value for a single row. `p` is None where answers cannot be exchanged: a metric
    that is no mean over rows, and runs that were asked by other templates.
    """

    task: str
    cluster: str
    metric: str
    n: int
    distinct: int
    first: predictions.Estimate
    second: predictions.Estimate
    difference: predictions.Estimate
    better: int | None
    worse: int | None
    p: significance.P | None
    templates: tuple[OfTemplate, ...]


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """All tasks that both runs were asked on the same rows, and why others are not there."""

    tasks: tuple[Pair, ...]
    on_other_rows: tuple[str, ...]
    in_one_run: tuple[str, ...]

    def corrected(self) -> list[float | None]:
        """Returns each task's p-value by Holm's correction over all that have one."""
        adjusted = iter(significance.holm(item.p.value for item in self.tasks if item.p))
        return [next(adjusted) if item.p else None for item in self.tasks]


def of_runs(first: results.Cells, second: results.Cells) -> Pairs:
    """Returns the second run against the first; of each the headline of its own style."""
    earlier, later = (headlines(cells) for cells in (first, second))
    tasks, apart = [], []
    for name in (name for name in earlier if name in later):
        aligned = on_rows_of(later[name], earlier[name])
        if len(aligned) < len(earlier[name]):
            apart.append(name)
        else:
            tasks.append(_pair(aligned, later[name]))
    alone = [name for name in {**earlier, **later} if name not in earlier or name not in later]
    return Pairs(tasks=tuple(tasks), on_other_rows=tuple(apart), in_one_run=tuple(alone))


def headlines(cells: results.Cells) -> dict[str, list[predictions.Predictions]]:
    """Returns for each task of a run the cells of its headline, in the run's style."""
    return {
        task: found
        for task, group in results.grouped(cells, "task").items()
        if (found := predictions.headline(group, prompts=cells[0].prompts))
    }


def on_rows_of(
    later: Sequence[predictions.Predictions], earlier: Sequence[predictions.Predictions]
) -> list[predictions.Predictions]:
    """Returns those of `earlier` that were asked the rows of `later`, in the clusters of `later`.

    Rows of two sources may bear the same ids: what is right must be the same too. Clusters may have
    been found by older rules.
    """
    return [
        dataclasses.replace(cell, inputs=later[0].inputs)
        for cell in earlier
        if _asked(cell) == _asked(later[0])
    ]


def _asked(cell: predictions.Predictions) -> tuple[object, ...]:
    answered = cell.answered
    right = (
        answered.gold,
        answered.also_right,
        answered.references,
        answered.gold_numbers,
        answered.groups,
    )
    return cell.task, cell.metric, cell.rows, right


def _pair(first: results.Cells, second: results.Cells) -> Pair:
    estimates = [predictions.estimate(cells) for cells in (first, second)]
    change = _changes(first, second)
    return Pair(
        task=second[0].task,
        cluster=second[0].cluster,
        metric=second[0].metric,
        n=second[0].count(),
        distinct=estimates[1].distinct,
        first=estimates[0],
        second=estimates[1],
        difference=predictions.difference(estimates[1], estimates[0]),
        better=None if change is None else int((change > _EDGE).sum()),
        worse=None if change is None else int((change < -_EDGE).sum()),
        p=_p(first, second, change),
        templates=tuple(_of_templates(first, second)),
    )


def _changes(first: results.Cells, second: results.Cells) -> np.ndarray | None:
    """Returns how the mean over templates of each row changed; None without values of rows.

    Times the common number of templates, so that right and wrong rows give whole numbers.
    """
    values = [[_of_rows(cell) for cell in cells] for cells in (first, second)]
    if any(row is None for rows in values for row in rows):
        return None
    common = math.lcm(len(first), len(second))
    before, after = (np.sum(rows, axis=0) * (common // len(rows)) for rows in values)
    return after - before


def _of_rows(cell: predictions.Predictions) -> np.ndarray | None:
    """Returns each row's part of the metric or, where it has none, whether its class is right."""
    rows = metrics.per_row(cell.metric, cell.answered)
    if rows is None and cell.answered.gold:
        return metrics.per_row("accuracy", cell.answered)
    return rows


def _p(
    first: results.Cells, second: results.Cells, change: np.ndarray | None
) -> significance.P | None:
    inputs, seed = np.asarray(second[0].inputs), _seed(second[0])
    if metrics.known(second[0].metric).per_row is not None:
        return significance.sign_flip(change, inputs, seed=seed)
    both = [sorted(cells, key=lambda cell: cell.template) for cells in (first, second)]
    if [cell.template for cell in both[0]] != [cell.template for cell in both[1]]:
        return None
    return _exchanged(list(zip(*both, strict=True)), inputs, seed)


def _exchanged(
    templates: Sequence[tuple[predictions.Predictions, predictions.Predictions]],
    inputs: np.ndarray,
    seed: int,
) -> significance.P:
    """Returns the p-value of a metric that is no mean over rows; all templates are exchanged."""
    name = templates[0][0].metric
    needs = metrics.known(name).needs
    joined = [
        metrics.Answered(
            **{
                column: getattr(a.answered, column) + getattr(b.answered, column)
                for column in (*needs, "also_right")
            }
        )
        for a, b in templates
    ]
    rows, n = np.arange(len(inputs)), len(inputs)

    def difference(is_exchanged: np.ndarray) -> float:
        is_swapped = is_exchanged[inputs]
        first, second = rows + n * is_swapped, rows + n * ~is_swapped
        return float(
            np.mean(
                [
                    metrics.compute(name, both.take(second))
                    - metrics.compute(name, both.take(first))
                    for both in joined
                ]
            )
        )

    draws = _EXCHANGES_OF_TEXTS if "predicted_texts" in needs else _EXCHANGES
    return significance.exchanged(difference, int(inputs.max()) + 1, draws=draws, seed=seed)


def _of_templates(first: results.Cells, second: results.Cells) -> list[OfTemplate]:
    """Returns the templates that both runs were asked, where rows are right or wrong."""
    earlier = {cell.template: cell for cell in first}
    found = []
    for cell in second:
        if cell.template not in earlier or metrics.known(cell.metric).per_row is None:
            continue
        before, after = (
            metrics.per_row(cell.metric, c.answered) for c in (earlier[cell.template], cell)
        )
        if not set(before.tolist()) | set(after.tolist()) <= {0.0, 1.0}:
            continue
        gained, lost = int((after > before).sum()), int((after < before).sum())
        found.append(
            OfTemplate(
                template=cell.template,
                first=float(before.mean()),
                second=float(after.mean()),
                gained=gained,
                lost=lost,
                mcnemar=significance.mcnemar(gained, lost),
                p=significance.sign_flip(after - before, np.asarray(cell.inputs), seed=_seed(cell)),
            )
        )
    return found


def _seed(cell: predictions.Predictions) -> int:
    return seeding.key("exchange", cell.task, *cell.rows)
