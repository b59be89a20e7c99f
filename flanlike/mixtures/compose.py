"""Resolves a mixture for the rows that there are: opens and counts them, and holds tasks out."""

import dataclasses
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from flanlike import errors
from flanlike.mixtures import holdout, rates
from flanlike.mixtures import mixture as mixture_module
from flanlike.sources import availability
from flanlike.tasks import families, texts
from flanlike.tasks import task as task_module


def compose(
    mixture: mixture_module.Mixture,
    registry: availability.Tasks,
    data: str,
    held_out: Sequence[str] | None = None,
    *,
    rules: holdout.Rules | None = None,
    skip_missing: bool = False,
    skip_bad_rows: bool = False,
    evaluated_on: Sequence[str] = (),
    is_trained: bool = True,
    is_evaluated: bool = True,
) -> mixture_module.Composition:
    """Returns the mixture resolved for the rows that `data` has, which are opened and counted.

    `evaluated_on` names the splits that a task which is evaluated has to have besides train. A
    mixture of which nothing is left to train on, or to ask of what is held out, is an error, but
    where it is not trained on, or not evaluated.
    """
    split = split_tasks(mixture, registry, held_out, rules=rules)
    found = availability.of(
        [*split.train, *split.evaluation],
        registry,
        data,
        splits=dict.fromkeys(split.evaluation or split.train, evaluated_on),
        skip_missing=skip_missing,
        skip_bad_rows=skip_bad_rows,
    )
    counts = {name: found.rows[name] for name in split.train if name in found.rows}
    composition = resolve(
        mixture,
        registry,
        counts,
        held_out,
        rules=rules,
        unavailable=found.left_out(split.train),
        is_trained=is_trained,
        is_evaluated=is_evaluated,
    )
    return dataclasses.replace(
        composition,
        dropped_rows={name: found.dropped[name] for name in counts if found.dropped[name]},
        skip_bad_rows=skip_bad_rows,
        bad_rows={name: found.bad[name] for name in counts if found.bad[name]},
        first_bad={name: found.first_bad[name] for name in counts if found.bad[name]},
    )


def resolve(
    mixture: mixture_module.Mixture,
    registry: availability.Tasks,
    row_counts: Mapping[str, int],
    held_out: Sequence[str] | None = None,
    *,
    rules: holdout.Rules | None = None,
    unavailable: Mapping[str, str] | None = None,
    is_trained: bool = True,
    is_evaluated: bool = True,
) -> mixture_module.Composition:
    """Returns the mixture's tasks with their rates and expected shares of prompts.

    `row_counts` gives the training rows of each task that is to take part, `unavailable` the
    reason for each that cannot. `held_out` names clusters and tasks; None means the mixture's own.
    What is only evaluated, or of a family, may be held out of any mixture, be it in that or not.
    """
    unavailable = unavailable or {}
    held_out = _held_out(mixture, registry, held_out)
    rules = rules or mixture.rules
    clusters = _clusters(mixture, registry, held_out)
    names = list(itertools.chain(*clusters.values()))
    origins = {name: registry.task(name).origins for name in names}
    present = {n: registry.task(n).cluster for n in names if n not in unavailable}
    split = split_tasks(mixture, registry, held_out, rules=rules)
    training = [name for name in split.train if name in present]
    excluded = {n: split.dropped.get(n) or unavailable[n] for n in names
                if n in split.dropped or n in unavailable}  # fmt: skip
    if missing := [name for name in training if name not in row_counts]:
        raise KeyError(f"mixture {mixture.name!r}: no row counts for the tasks {missing!r}")
    if empty := [name for name in training if row_counts[name] < 1]:
        raise errors.UserError(f"mixture {mixture.name!r}: tasks {empty!r} have no training rows")
    if is_trained:
        _check_trained(mixture, registry, training, held_out, excluded)
    if is_trained and is_evaluated:
        check_evaluation(split, unavailable)
    evaluation = tuple(name for name in split.evaluation if name in present)
    asked = dataclasses.replace(split, train=tuple(training), evaluation=evaluation)
    return mixture_module.Composition(
        mixture=mixture,
        held_out=held_out,
        rules=rules,
        tasks=_shares(mixture, registry, {name: row_counts[name] for name in training}),
        evaluation=evaluation,
        excluded=excluded,
        missing={name: unavailable[name] for name in excluded if name not in split.dropped},
        leaks={leak.task: str(leak) for leak in holdout.leaks(clusters, asked, origins=origins)},
        origins={name: origins[name] for name in (*training, *evaluation) if origins[name]},
    )


def _counted(name: str, rule: Callable[[int], int], rows: int) -> int:
    """Returns as how many rows a task counts, by its own rule."""
    try:
        count = rule(rows)
    except Exception as error:  # of a function of the user's
        said = errors.in_one_line(error)
        raise errors.UserError(f"task {name!r}: counts_as({rows}) raises {said}") from error
    if type(count) is not int or count < 1:
        raise errors.UserError(
            f"task {name!r}: counts_as({rows}) is {texts.shown(count)}; expected 1 or more"
        )
    return count


def _check_trained(
    mixture: mixture_module.Mixture,
    registry: availability.Tasks,
    training: Sequence[str],
    held_out: Sequence[str],
    excluded: Mapping[str, str],
) -> None:
    """Raises where no task is left to train on."""
    if training:
        return
    if all(registry.task(name).is_evaluation_only for name in mixture.task_names):
        raise errors.UserError(
            f"mixture {mixture.name!r} is only evaluated, never trained on: train on another one "
            "and hold this one out, as in --mixture flan_core --hold-out "
            f"{' '.join(mixture.held_out or (mixture.name,))}"
        )
    listed = "; ".join(availability.by_reason(excluded)) or "none"
    raise errors.UserError(
        f"mixture {mixture.name!r} with {list(held_out)!r} held out has no task left to train "
        f"on; left out: {listed}; hold out fewer clusters"
    )


def _shares(
    mixture: mixture_module.Mixture, registry: availability.Tasks, rows: Mapping[str, int]
) -> tuple[mixture_module.TaskShare, ...]:
    """Returns the tasks that are trained on, with their rates, by the rows that each has."""
    if not rows:
        return ()
    tasks = {name: registry.task(name) for name in rows}
    counted = {
        name: _counted(name, task.counts_as, rows[name])
        for name, task in tasks.items()
        if task.counts_as
    }
    parts = rates.divide(mixture, rows, 1.0, counted=counted)
    return tuple(
        mixture_module.TaskShare(
            name=name, cluster=tasks[name].cluster, dataset=_dataset(tasks[name]), **vars(part)
        )
        for name, part in parts.items()
    )


def _dataset(task: task_module.Task) -> mixture_module.Dataset:
    return mixture_module.Dataset(
        licence=task.licence,
        homepage=task.homepage,
        repository=task.hub.repo if task.hub else "",
        is_own=task.rows is not None or task.file is not None,
    )


def without(
    composition: mixture_module.Composition,
    registry: availability.Tasks,
    rows: Mapping[str, tuple[int, ...]],
    *,
    why: str,
    told_as: Literal["overlapping", "duplicated"],
) -> mixture_module.Composition:
    """Returns the mixture without those places in its tasks' samples, its rates by what is left.

    A task of which nothing is left is left out, for the reason `why`.
    """
    left = {task.name: task.rows - len(rows.get(task.name, ())) for task in composition.tasks}
    empty = {name: why for name, count in left.items() if not count}
    resolved = resolve(
        composition.mixture,
        registry,
        {name: count for name, count in left.items() if count},
        composition.held_out,
        rules=composition.rules,
        unavailable={**composition.missing, **empty},
        is_evaluated=False,  # what is asked is as it was
    )
    counted = ("dropped_rows", "skip_bad_rows", "bad_rows", "first_bad", *mixture_module.LEFT_OUT)
    kept = {name: getattr(composition, name) for name in counted}
    return dataclasses.replace(resolved, **{**kept, told_as: rows})


def check_evaluation(split: holdout.Split, unavailable: Mapping[str, str]) -> None:
    """Raises where tasks are held out and not one of them has rows to be asked."""
    if split.evaluation and all(name in unavailable for name in split.evaluation):
        reasons = {name: unavailable[name] for name in split.evaluation}
        listed = "; ".join(availability.by_reason(reasons))
        raise errors.UserError(
            f"no held-out task has rows to evaluate ({listed}): hold out others with --hold-out"
        )


def split_tasks(
    mixture: mixture_module.Mixture,
    registry: availability.Tasks,
    held_out: Sequence[str] | None = None,
    *,
    rules: holdout.Rules | None = None,
) -> holdout.Split:
    """Returns which of the mixture's tasks are trained on, evaluated and dropped."""
    held_out = _held_out(mixture, registry, held_out)
    clusters = _clusters(mixture, registry, held_out)
    origins = {name: registry.task(name).origins for name in itertools.chain(*clusters.values())}
    split = holdout.apply(clusters, held_out, rules=rules or mixture.rules, origins=origins)
    untrainable = {
        name: "it has no training split; it is asked where it is held out, and never trained on"
        for name in split.train
        if registry.task(name).is_evaluation_only
    }
    not_asked = _outside(mixture, clusters)
    dropped = {name: why for name, why in not_asked.items() if name in split.train} | untrainable
    return dataclasses.replace(
        split,
        train=tuple(name for name in split.train if name not in dropped),
        dropped={**split.dropped, **dropped},
    )


def _held_out(
    mixture: mixture_module.Mixture, registry: availability.Tasks, names: Sequence[str] | None
) -> tuple[str, ...]:
    """Returns what is held out, with tasks in place of what selects them of a family."""
    names = mixture.held_out if names is None else names
    return tuple(itertools.chain.from_iterable(map(registry.select, names)))


def _outside(
    mixture: mixture_module.Mixture, clusters: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Returns why tasks of clusters that are not to be trained on are left out.

    Each mixture says so of its own tasks, and of those of the mixtures in it.
    """
    found: dict[str, str] = {}
    for entry, _ in mixture.weighted():
        if not isinstance(entry, str):
            found |= _outside(entry, clusters)
    for name in mixture.clusters or ():
        if name not in clusters:
            raise errors.did_you_mean("cluster to train on", name, clusters)
    if mixture.clusters is not None:
        there = set(mixture.task_names)
        found |= {
            name: "its cluster is not among those to train on (--mix.clusters)"
            for cluster, names in clusters.items()
            for name in names
            if cluster not in mixture.clusters and name in there
        }
    return found


def _clusters(
    mixture: mixture_module.Mixture, registry: availability.Tasks, held_out: Sequence[str]
) -> dict[str, list[str]]:
    """Returns the mixture's tasks by their clusters, with those held out of it that it may lack."""
    clusters: dict[str, list[str]] = {}
    for name in mixture.task_names:
        clusters.setdefault(registry.task(name).cluster, []).append(name)
    there = set(mixture.task_names)
    for name in held_out:
        if families.family_of(name) and name not in there:
            clusters.setdefault(registry.task(name).cluster, []).append(name)
    for cluster in (*task_module.BENCHMARKS, *task_module.OPEN_PAIRS):
        if not any(name == cluster or name.startswith(f"{cluster}_") for name in held_out):
            continue
        for name in registry.clusters.get(cluster, ()):
            if name not in there and not {name, cluster}.isdisjoint(held_out):
                clusters.setdefault(cluster, []).append(name)
    return clusters
