"""What a model answered: one object per task, template and setting, as kept in predictions.jsonl.

Results, summaries and paired comparisons of two evaluations are all computed from these.
"""

import dataclasses
import functools
import json
import pathlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from eval import metrics, statistics
from eval import scoring as scorings
from flanlike import jsonl, seeding

# Resamples for metrics that are no mean over rows: each costs a whole evaluation of the metric.
RESAMPLES_BY_ROWS = 200


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """The answers of one model to one task under one template and setting.

    `rows` are row ids, in the same order for every template of a task and split; `inputs` number
    the rows' clusters, equal for rows that are no independent evidence (`sampling.clusters`).
    `prompts` is the style: "instructions" or one of the controls. `options` says whether options
    were shown, `option_counts` how many there were (empty for free text). `metrics` are the task's,
    the headline first.

    Ranked options have columns of their own, which an evaluation from before they were kept lacks.

    Written answers have columns of their own. `texts` are those whose answers count, `is_cut` says
    which of them `max_new_tokens` stopped. Where several were drawn for a row, `samples` and
    `is_sample_cut` are all of them, `votes` their answers as they are compared (None: none could be
    read) and `curve` the headline metric with 1, 2, ... of them (`self_consistency.curve`). `steps`
    are the smaller questions with their answers of least-to-most prompting.
    """

    task: str
    cluster: str
    template: str
    kind: str  # "forward", "cot" or "least_to_most"
    prompts: str
    shots: int
    options: bool
    # "rank", "rank_per_token", "rank_no_eos" ...; "generation" or "self_consistency"
    scoring: str
    split: str
    is_choosing: bool  # asked to choose a template by, and for no figure
    metrics: tuple[str, ...]
    rows: tuple[str, ...]
    inputs: tuple[int, ...]
    fixed_labels: bool  # one set of answers for all rows
    option_counts: tuple[int, ...]
    shown_gold: tuple[int, ...]  # the right option's place as shown (empty for free text)
    shown_choice: tuple[int, ...]  # the chosen option's place as shown
    answered: metrics.Answered
    prompt_hashes: tuple[str, ...] = ()  # of the ids of the inputs, as the model read them
    scored: tuple[scorings.Options, ...] = ()  # of ranked rows: what any scoring needs
    labels: tuple[tuple[int, ...], ...] = ()  # of each option as shown, its label's index
    label_numbers: tuple[float, ...] = ()  # what labels are worth, where they are numbers
    texts: tuple[str, ...] = ()
    is_cut: tuple[bool, ...] = ()
    samples: tuple[tuple[str, ...], ...] = ()
    is_sample_cut: tuple[tuple[bool, ...], ...] = ()
    votes: tuple[tuple[str | None, ...], ...] = ()
    curve: tuple[float, ...] = ()
    steps: tuple[tuple[tuple[str, str], ...], ...] = ()

    @property
    def metric(self) -> str:
        return self.metrics[0]

    @property
    def unparsed(self) -> float | None:
        """Returns the share of generated texts without an answer that can be read."""
        column = self.answered.unparsed
        return sum(column) / len(column) if column else None

    @property
    def cut(self) -> float | None:
        """Returns the share of generated texts, of all samples, that `max_new_tokens` stopped."""
        each = [cut for row in self.is_sample_cut for cut in row] or self.is_cut
        return sum(each) / len(each) if each else None

    @property
    def shown_right(self) -> tuple[tuple[int, ...], ...]:
        """Returns the places of each ranked row's right options as shown, the target's first."""
        if not self.answered.also_right or not self.labels:
            return tuple((place,) for place in self.shown_gold)
        columns = zip(self.shown_gold, self.labels, self.answered.also_right, strict=True)
        return tuple((gold, *map(labels.index, also)) for gold, labels, also in columns)

    def value(self, metric: str | None = None) -> float:
        return metrics.compute(metric or self.metric, self.answered)

    def count(self, metric: str | None = None) -> int:
        """Returns how many there are of what the metric counts: rows, or groups of rows."""
        is_of_groups = "groups" in metrics.known(metric or self.metric).needs
        return len(set(self.answered.groups)) if is_of_groups else len(self.rows)


# Columns in line with `rows`, where they are not empty.
_BY_ROW = (
    *("inputs", "option_counts", "shown_gold", "shown_choice", "prompt_hashes", "scored", "labels"),
    *("texts", "is_cut", "samples", "is_sample_cut", "votes", "steps"),
)
# Columns of written answers, which other cells lack.
_WRITTEN = [f.name for f in dataclasses.fields(Predictions) if f.default == ()]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A value with its doubt: `samples` are bootstrap values that make it comparable.

    `distinct` is the number of clusters that were drawn.
    """

    value: float
    standard_error: float
    interval: statistics.Interval
    samples: np.ndarray
    distinct: int


def rescored(cell: Predictions, scoring: scorings.Scoring, *, eos: bool = True) -> Predictions:
    """Returns a ranked cell's predictions as another way of scoring would choose.

    Raises UserError where that way needs what was not asked (see `scoring.available`).
    """
    chosen = [score.choice for score in scorings.scores(cell.scored, scoring, eos=eos)]
    predicted = tuple(labels[choice] for labels, choice in zip(cell.labels, chosen, strict=True))
    numbers = tuple(cell.label_numbers[label] for label in predicted if cell.label_numbers)
    return dataclasses.replace(
        cell,
        scoring=scorings.name_of(scoring, eos=eos),
        shown_choice=tuple(chosen),
        answered=dataclasses.replace(cell.answered, predicted=predicted, predicted_numbers=numbers),
    )


def estimate(cells: Sequence[Predictions], metric: str | None = None) -> Estimate:
    """Returns the mean over templates of a metric (the headline), rows resampled for all at once.

    The draws depend on the rows alone, so that two models' samples on the same rows are paired.
    """
    first = cells[0]
    metric = metric or first.metric
    for cell in cells:
        if (cell.task, cell.rows) != (first.task, first.rows):
            raise ValueError(
                f"templates {first.template!r} and {cell.template!r} of task {first.task!r} were "
                "evaluated on other rows: evaluate all templates of a task together"
            )
    inputs = np.asarray(first.inputs)
    seed = _seed(first)
    drawn = _drawn(first.inputs, seed)
    rows = [metrics.per_row(metric, cell.answered) for cell in cells]
    if any(row is None for row in rows):
        value = float(np.mean([cell.value(metric) for cell in cells]))
        by_template = [_by_rows(cell.answered, metric, first.inputs, seed) for cell in cells]
        samples = np.resize(np.mean(by_template, axis=0), len(drawn))
        error = float(samples.std())
    else:
        means = np.mean(rows, axis=0)
        value = float(means.mean())
        samples = statistics.means(means, drawn)
        error = statistics.standard_error(means, inputs)
    bounded = is_bounded(metric)
    distinct = int(inputs.max()) + 1
    return Estimate(
        value=value,
        standard_error=error,
        interval=statistics.interval(samples, value=value, distinct=distinct, bounded=bounded),
        samples=samples,
        distinct=distinct,
    )


def is_bounded(metric: str) -> bool:
    """Returns whether a metric is at least 0, as all are but correlations."""
    return metric not in ("pearson", "spearman")


def draws(cell: Predictions) -> np.ndarray:
    """Returns how often each row is drawn in each sample of `estimate([cell])`: (samples, rows).

    So that what else is known of the rows can be drawn in pairs with it.
    """
    drawn = _drawn(cell.inputs, _seed(cell))
    is_mean = metrics.per_row(cell.metric, cell.answered) is not None
    return drawn if is_mean else np.resize(drawn[:RESAMPLES_BY_ROWS], drawn.shape)


def mean(estimates: Sequence[Estimate]) -> Estimate:
    """Returns the mean of estimates on different tasks, whose rows were drawn independently."""
    errors = np.asarray([item.standard_error for item in estimates])
    values = np.asarray([item.value for item in estimates])
    return Estimate(
        value=float(values.mean()),
        standard_error=float(np.sqrt((errors**2).sum()) / len(errors)),
        interval=statistics.interval_of_mean(values, [item.interval for item in estimates]),
        samples=np.mean([item.samples for item in estimates], axis=0),
        distinct=sum(item.distinct for item in estimates),
    )


def difference(after: Estimate, before: Estimate) -> Estimate:
    """Returns after minus before for two models on the same rows of a task, drawn in pairs."""
    samples = after.samples - before.samples
    value = after.value - before.value
    return Estimate(
        value=value,
        standard_error=float(samples.std()),
        interval=statistics.interval(samples, value=value, distinct=after.distinct, bounded=False),
        samples=samples,
        distinct=after.distinct,
    )


def headline(cells: Iterable[Predictions], *, prompts: str) -> list[Predictions]:
    """Returns the cells that a task's headline is the mean of: those of forward templates.

    A task without forward templates has those of chain of thought. Where some templates show
    options, only those count; the others are reported apart.
    """
    asked = [cell for cell in cells if not cell.is_choosing and cell.prompts == prompts]
    kinds = {cell.kind for cell in asked}
    kind = "forward" if "forward" in kinds else "cot"
    chosen = [cell for cell in asked if cell.kind == kind]
    with_options = [cell for cell in chosen if cell.options]
    return with_options or chosen


def write(path: pathlib.Path, cells: Iterable[Predictions]) -> None:
    """Writes one JSON object a line."""
    with path.open("w", encoding="utf-8") as file:
        for cell in cells:
            columns = {name: column for name, column in vars(cell.answered).items() if column}
            line = {**vars(cell), "answered": columns, "scored": scorings.columns(cell.scored)}
            line = {name: value for name, value in line.items() if value or name not in _WRITTEN}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def read(path: pathlib.Path) -> list[Predictions]:
    """Returns what `write` wrote; raises ValueError and the like where somebody changed it."""
    cells = []
    names = {field.name for field in dataclasses.fields(Predictions)} - {"answered", "scored"}
    for fields in jsonl.read(path):
        answered = {name: _tuple(column) for name, column in fields["answered"].items()}
        scored = scorings.from_columns(fields.get("scored", {}))
        fields = {name: _tuple(fields[name]) for name in names if name in fields}
        cells.append(
            Predictions(**fields, answered=metrics.Answered(**answered), scored=tuple(scored))
        )
        _expect_in_line(cells[-1])
    return cells


def expect_figures(cell: Predictions) -> None:
    """Raises ValueError unless the cell has what its metrics are made of."""
    for metric in cell.metrics:
        for name in metrics.known(metric).needs:
            if not getattr(cell.answered, name):
                raise ValueError(f"task {cell.task!r}, template {cell.template!r} has no {name}")


def _expect_in_line(cell: Predictions) -> None:
    """Raises ValueError unless each column has something for each row."""
    columns = {name: getattr(cell, name) for name in _BY_ROW} | vars(cell.answered)
    for name, column in columns.items():
        if column and len(column) != len(cell.rows):
            raise ValueError(
                f"task {cell.task!r}, template {cell.template!r} has {len(cell.rows)} rows and "
                f"{len(column)} of {name}"
            )


def _seed(cell: Predictions) -> int:
    return seeding.key("bootstrap", cell.task, *cell.rows)


@functools.lru_cache(maxsize=64)
def _drawn(inputs: tuple[int, ...], seed: int) -> np.ndarray:
    """Returns the draws of a task's rows: kept, for every template and summary asks for them."""
    return statistics.draws(np.asarray(inputs), seed=seed)


@functools.lru_cache(maxsize=4096)
def _by_rows(
    answered: metrics.Answered, metric: str, inputs: tuple[int, ...], seed: int
) -> np.ndarray:
    """Returns a metric that is no mean over rows in some resamples: kept, for each takes long."""
    drawn = _drawn(inputs, seed)[:RESAMPLES_BY_ROWS]
    return statistics.resampled(
        lambda rows, copies: metrics.compute(metric, _drawn_rows(answered, rows, copies)), drawn
    )


def _drawn_rows(
    answered: metrics.Answered, rows: np.ndarray, copies: np.ndarray
) -> metrics.Answered:
    """Returns the answers on rows as drawn: each copy of a group is a group of its own."""
    taken = answered.take(rows)
    groups = zip(taken.groups, copies.tolist(), strict=bool(taken.groups))
    return dataclasses.replace(taken, groups=tuple(f"{group} {copy}" for group, copy in groups))


def _tuple(value: object) -> object:
    return tuple(map(_tuple, value)) if isinstance(value, list) else value
