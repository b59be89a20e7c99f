"""How often an answer stays what it is where only the question's form changes.

Consistency is the share of rows whose answer in another form is the plain form's, of the rows whose
prompt that form changes. Intervals resample clusters of rows (`statistics`), all forms of a row
together.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eval import perturbations, predictions, statistics
from flanlike import seeding


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A share or a difference of shares, with its 95 % interval, of `n` answers."""

    value: float
    ci95: tuple[float, float]
    n: int


@dataclass(frozen=True, kw_only=True)
class Form:
    """One form's own figures; consistency is None where it changes no prompt."""

    name: str
    accuracy: float
    consistency: float | None
    changed: int  # rows
    unfit: int  # rows that were asked as they were, for want of room


@dataclass(frozen=True, kw_only=True)
class OfKind:
    """What one kind of change does to a task: means over its forms.

    `change` is the accuracy's, from the same rows in the plain form. `of_right` is the consistency
    of rows that were right there; None where none was.
    """

    kind: str
    accuracy: Estimate
    change: Estimate
    consistency: Estimate
    of_right: Estimate | None
    forms: tuple[Form, ...]


@dataclass(frozen=True, kw_only=True)
class OfTask:
    """A task's figures; `everywhere` is the share of rows right in every form that was asked."""

    task: str
    template: str
    rows: int
    plain: Estimate
    everywhere: Estimate
    kinds: tuple[OfKind, ...]


@dataclass(frozen=True, kw_only=True)
class Answers:
    """One kind's answers: in the form they are compared with, and in each other form."""

    kind: str
    reference: predictions.Predictions
    forms: tuple[tuple[perturbations.Perturbed, predictions.Predictions], ...]


def of_task(plain: predictions.Predictions, answers: Sequence[Answers]) -> OfTask:
    """Returns the figures of one task from its answers in all forms, on the same rows."""
    rate = _Rate(plain)
    right = _right(plain)
    every = [right, *(_right(found) for each in answers for _, found in each.forms)]
    ones = np.ones(len(right))
    return OfTask(
        task=plain.task,
        template=plain.template,
        rows=len(right),
        plain=rate.of(right, ones),
        everywhere=rate.of(np.min(every, axis=0), ones),
        kinds=tuple(_of_kind(rate, each) for each in answers),
    )


def mean(estimates: Sequence[Estimate]) -> Estimate:
    """Returns the mean over tasks, whose rows were drawn independently."""
    values = np.asarray([one.value for one in estimates])
    bounds = [statistics.Interval(low=one.ci95[0], high=one.ci95[1]) for one in estimates]
    found = statistics.interval_of_mean(values, bounds)
    n = sum(one.n for one in estimates)
    return Estimate(value=float(values.mean()), ci95=(found.low, found.high), n=n)


def _of_kind(rate: "_Rate", answers: Answers) -> OfKind:
    reference = np.asarray(answers.reference.answered.predicted)
    was_right = _right(answers.reference)
    right = np.asarray([_right(found) for _, found in answers.forms])  # (forms, rows)
    same = np.asarray([reference == found.answered.predicted for _, found in answers.forms])
    changed = np.asarray([form.changed for form, _ in answers.forms], np.float64)
    forms = [
        Form(
            name=form.name,
            accuracy=float(right[i].mean()),
            consistency=float((same[i] * changed[i]).sum() / changed[i].sum())
            if changed[i].any()
            else None,
            changed=int(changed[i].sum()),
            unfit=form.unfit,
        )
        for i, (form, _) in enumerate(answers.forms)
    ]
    every = np.full(right.shape[1], len(right), np.float64)
    of_right = changed * was_right
    return OfKind(
        kind=answers.kind,
        accuracy=rate.of(right.sum(axis=0), every),
        change=rate.of((right - was_right).sum(axis=0), every, bounded=False),
        consistency=rate.of((same * changed).sum(axis=0), changed.sum(axis=0)),
        of_right=rate.of((same * of_right).sum(axis=0), of_right.sum(axis=0))
        if of_right.any()
        else None,
        forms=tuple(forms),
    )


class _Rate:
    """Shares of one task's answers, all with the same draws of its rows."""

    def __init__(self, cell: predictions.Predictions) -> None:
        self._inputs = np.asarray(cell.inputs)
        seed = seeding.key("robustness", cell.task, *cell.rows)
        self._drawn = statistics.draws(self._inputs, seed=seed)

    def of(self, counted: np.ndarray, of: np.ndarray, *, bounded: bool = True) -> Estimate:
        """Returns sum(counted) / sum(of), both a number a row: answers that count, and answers.

        Draws without any are left out.
        """
        below = self._drawn @ of
        samples = (self._drawn @ counted)[below > 0] / below[below > 0]
        value = float(counted.sum() / of.sum())
        distinct = len(set(self._inputs[of > 0].tolist()))
        found = statistics.interval(samples, value=value, distinct=distinct, bounded=bounded)
        return Estimate(value=value, ci95=(found.low, found.high), n=int(of.sum()))


def _right(cell: predictions.Predictions) -> np.ndarray:
    answered = cell.answered
    return (np.asarray(answered.predicted) == np.asarray(answered.judged)).astype(np.float64)
