"""From predictions to figures: one result per task, template, setting and metric; summaries.

A summary takes a task's mean over templates, and a cluster's mean over its datasets.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eval import baselines, calibration, metrics, predictions, scoring


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What all results of one evaluation share."""

    run: str
    step: int
    data: str
    seed: int


@dataclass(frozen=True, kw_only=True)
class Result:
    """One line of results.jsonl. `ci95` comes from resampling clusters of rows.

    `n` counts rows, or groups where the metric goes by groups, and `distinct_inputs` the clusters
    that were drawn: `sampling.clusters`. `unparsed` is the share of generated texts in which no
    answer could be read, `cut` the share that `max_new_tokens` stopped, both None where options
    were ranked. `curve` is the headline metric with the majority of 1, 2, ... samples a row, where
    several were drawn. `signature` tells the settings of a metric that depend on the rows. `brier`
    and the calibration errors are those of `calibration.Calibration` (None where answers were
    generated). `chance` is there for accuracy only; baselines that make no sense for a metric, or
    that the task lacks, are None.
    """

    run: str
    step: int
    data: str
    task: str
    cluster: str
    template: str
    kind: str
    prompts: str
    shots: int
    options: bool
    scoring: str
    split: str
    metric: str
    n: int
    distinct_inputs: int
    value: float
    standard_error: float
    ci95: tuple[float, float]
    chance: float | None
    majority: float | None
    heuristic: float | None
    heuristic_name: str
    balanced_accuracy: float | None
    brier: float | None
    calibration_error: float | None
    calibration_error_equal_width: float | None
    calibration_error_of_calibrated: float | None
    unparsed: float | None
    cut: float | None
    curve: tuple[float, ...]
    signature: str
    seed: int


@dataclass(frozen=True, kw_only=True)
class TaskSummary:
    """A task's headline metric over its templates (`predictions.headline` says which).

    `best_on_validation` is the test value of the template that was best on validation rows (None
    without such rows): unlike `best` it is no choice made on the test rows. Where several were
    equally good there, it is the mean of theirs, `template_on_validation` names all of them, and
    `tied_on_validation` says how many they are. `without_options` is
    the mean over templates that show no options, `with_rationale` over CoT templates, where
    those are not the headline, and `least_to_most` over the same by smaller questions. `brier` and
    the calibration errors are means of those of `Result` over the headline's templates. `unparsed`
    is the share of generated texts in which no answer could be read, `cut` of those that
    `max_new_tokens` stopped, of the headline's and of those with a rationale. `by_scoring` has the
    headline under every way of scoring for which enough was asked, with EOS and without
    (`scoring.name_of`).
    """

    task: str
    cluster: str
    prompts: str
    metric: str
    n: int
    distinct_inputs: int
    templates: int
    mean: float
    standard_error: float
    ci95: tuple[float, float]
    sd: float
    worst: float
    best: float
    best_on_validation: float | None
    template_on_validation: str
    tied_on_validation: int
    chance: float | None
    majority: float | None
    heuristic: float | None
    heuristic_name: str
    balanced_accuracy: float | None
    brier: float | None
    calibration_error: float | None
    calibration_error_equal_width: float | None
    calibration_error_of_calibrated: float | None
    without_options: float | None
    with_rationale: float | None
    least_to_most: float | None
    unparsed: float | None
    unparsed_with_rationale: float | None
    cut: float | None
    cut_with_rationale: float | None
    by_scoring: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class ClusterSummary:
    """The mean over a cluster's tasks; a baseline is None where one of its tasks has none.

    `unparsed` and `cut` are the means over those whose answers were generated.
    """

    cluster: str
    prompts: str
    tasks: tuple[str, ...]
    mean: float
    standard_error: float
    ci95: tuple[float, float]
    chance: float | None
    majority: float | None
    heuristic: float | None
    balanced_accuracy: float | None
    unparsed: float | None
    cut: float | None


Cells = Sequence[predictions.Predictions]


def of(cells: Cells, given: Mapping[str, baselines.Baselines], setting: Setting) -> list[Result]:
    """Returns the results of each cell, one per metric; not of those that choose a template."""
    return [
        _result(cell, metric, given[cell.task], setting)
        for cell in cells
        if not cell.is_choosing
        for metric in cell.metrics
    ]


def task_summaries(cells: Cells, given: Mapping[str, baselines.Baselines]) -> list[TaskSummary]:
    """Returns one summary per task and style of prompts, in order of appearance."""
    return [
        _task_summary(group, prompts, given[task])
        for (task, prompts), group in grouped(cells, "task", "prompts").items()
        if predictions.headline(group, prompts=prompts)
    ]


def cluster_summaries(cells: Cells, summaries: Iterable[TaskSummary]) -> list[ClusterSummary]:
    """Returns one summary per cluster and style of prompts."""
    found = []
    by_task = grouped(cells, "task", "prompts")
    for (cluster, prompts), tasks in grouped(summaries, "cluster", "prompts").items():
        estimates = [
            predictions.estimate(predictions.headline(by_task[item.task, prompts], prompts=prompts))
            for item in tasks
        ]
        whole = predictions.mean(estimates)
        found.append(
            ClusterSummary(
                cluster=cluster,
                prompts=prompts,
                tasks=tuple(item.task for item in tasks),
                mean=whole.value,
                standard_error=whole.standard_error,
                ci95=(whole.interval.low, whole.interval.high),
                chance=_mean_or_none(item.chance for item in tasks),
                majority=_mean_or_none(item.majority for item in tasks),
                heuristic=_mean_or_none(item.heuristic for item in tasks),
                balanced_accuracy=_mean_or_none(item.balanced_accuracy for item in tasks),
                unparsed=_mean_of_some(item.unparsed for item in tasks),
                cut=_mean_of_some(item.cut for item in tasks),
            )
        )
    return found


def best_on_validation(cells: Cells, main: Cells) -> list[str]:
    """Returns which templates of `main` are best on the validation rows among the cells.

    All that are equally good; none where there are no validation rows.
    """
    names = {cell.template for cell in main}
    values = {
        cell.template: cell.value() for cell in cells if cell.is_choosing and cell.template in names
    }
    best = max(values.values(), default=None)
    return [name for name, value in values.items() if value == best]


def is_below(high: float, chance: float | None) -> bool:
    """Returns whether an interval that ends at `high` lies below chance, where there is one."""
    return chance is not None and high < chance


def grouped(items: Iterable[Any], *names: str) -> dict[Any, list[Any]]:
    """Returns items by the values of these attributes, in order of first appearance."""
    groups: dict[Any, list[Any]] = {}
    for item in items:
        key = tuple(getattr(item, name) for name in names)
        groups.setdefault(key if len(names) > 1 else key[0], []).append(item)
    return groups


def as_json(item: Any) -> dict[str, Any]:
    """Returns a result or summary as plain values, numbers cut to six digits."""
    fields = dataclasses.asdict(item)
    return {name: _short(value) for name, value in fields.items()}


def _result(
    cell: predictions.Predictions, metric: str, given: baselines.Baselines, setting: Setting
) -> Result:
    found = predictions.estimate([cell], metric)
    return Result(
        **dataclasses.asdict(setting),
        task=cell.task,
        cluster=cell.cluster,
        template=cell.template,
        kind=cell.kind,
        prompts=cell.prompts,
        shots=cell.shots,
        options=cell.options,
        scoring=cell.scoring,
        split=cell.split,
        metric=metric,
        n=cell.count(metric),
        distinct_inputs=len(set(cell.inputs)),
        value=found.value,
        standard_error=found.standard_error,
        ci95=(found.interval.low, found.interval.high),
        chance=_chance(cell, metric),
        majority=given.majority.get(metric),
        heuristic=given.heuristic.get(metric),
        heuristic_name=given.heuristic_name,
        balanced_accuracy=_balanced_accuracy(cell),
        **_calibration([cell]),
        unparsed=cell.unparsed,
        cut=cell.cut,
        curve=cell.curve if metric == cell.metric else (),
        signature=metrics.signature(metric, cell.answered),
    )


def _task_summary(cells: Cells, prompts: str, given: baselines.Baselines) -> TaskSummary:
    main = predictions.headline(cells, prompts=prompts)
    first, metric = main[0], main[0].metric
    found = predictions.estimate(main)
    values = [cell.value() for cell in main]
    chosen = best_on_validation(cells, main)
    on_test = [cell for cell in cells if not cell.is_choosing]
    bare = [cell for cell in on_test if cell.kind == "forward" and not cell.options]
    reasoned = [cell for cell in on_test if cell.kind == "cot"]
    return TaskSummary(
        task=first.task,
        cluster=first.cluster,
        prompts=prompts,
        metric=metric,
        n=first.count(),
        distinct_inputs=len(set(first.inputs)),
        templates=len(main),
        mean=found.value,
        standard_error=found.standard_error,
        ci95=(found.interval.low, found.interval.high),
        sd=float(np.std(values, ddof=1)) if len(values) > 1 else 0.0,
        worst=min(values),
        best=max(values),
        best_on_validation=_mean_value([cell for cell in main if cell.template in chosen]),
        template_on_validation=", ".join(chosen),
        tied_on_validation=len(chosen),
        chance=_chance(first, metric),
        majority=given.majority.get(metric),
        heuristic=given.heuristic.get(metric),
        heuristic_name=given.heuristic_name,
        balanced_accuracy=_mean_or_none(map(_balanced_accuracy, main)),
        **_calibration(main),
        without_options=_mean_value(bare) if first.options else None,
        with_rationale=_mean_value(reasoned),
        least_to_most=_mean_value([cell for cell in on_test if cell.kind == "least_to_most"]),
        unparsed=_mean_of_some(cell.unparsed for cell in main),
        unparsed_with_rationale=_mean_of_some(cell.unparsed for cell in reasoned),
        cut=_mean_of_some(cell.cut for cell in main),
        cut_with_rationale=_mean_of_some(cell.cut for cell in reasoned),
        by_scoring=_by_scoring(main),
    )


def _by_scoring(main: Cells) -> dict[str, float]:
    if not all(cell.scored for cell in main):
        return {}  # written answers, or an evaluation that kept choices alone
    ways = scoring.available([options for cell in main for options in cell.scored])
    return {
        scoring.name_of(way, eos=eos): _mean_value(
            [predictions.rescored(cell, way, eos=eos) for cell in main]
        )
        for way in ways
        for eos in (True, False)
    }


def _chance(cell: predictions.Predictions, metric: str) -> float | None:
    if metric != "accuracy":
        return None
    right = [1 + len(also) for also in cell.answered.also_right]
    return baselines.chance(cell.option_counts, right)


def _balanced_accuracy(cell: predictions.Predictions) -> float | None:
    """Classes are the labels or, where options are each row's own, the places as shown."""
    if not cell.answered.gold:
        return None
    if cell.fixed_labels or not cell.shown_choice:
        return metrics.balanced_accuracy(cell.answered.predicted, cell.answered.judged)
    places = zip(cell.shown_choice, cell.shown_right, strict=True)
    judged = [choice if choice in right else right[0] for choice, right in places]
    return metrics.balanced_accuracy(cell.shown_choice, judged)


def _calibration(cells: Cells) -> dict[str, float | None]:
    """Returns the means over cells; None where one of them has no probabilities."""
    found = [calibration.of_cell(cell) for cell in cells]
    names = {
        "brier": "brier",
        "calibration_error": "equal_mass",
        "calibration_error_equal_width": "equal_width",
        "calibration_error_of_calibrated": "of_calibrated",
    }
    return {
        field: _mean_or_none(item and getattr(item, name) for item in found)
        for field, name in names.items()
    }


def _mean_value(cells: Cells) -> float | None:
    return float(np.mean([cell.value() for cell in cells])) if cells else None


def _mean_of_some(values: Iterable[float | None]) -> float | None:
    """Returns the mean of those that there are."""
    there = [value for value in values if value is not None]
    return float(np.mean(there)) if there else None


def _mean_or_none(values: Iterable[float | None]) -> float | None:
    values = list(values)
    return None if None in values else float(np.mean(values))


def _short(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, tuple):
        return [_short(item) for item in value]
    return value
