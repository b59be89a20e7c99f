"""A task's templates by how well a model knows their wording, and whether that tells the best.

After Gonen et al. 2022, "Demystifying Prompts in Language Models via Perplexity Estimation": the
lower the perplexity of a prompt, the better a model does with it, they find, so that a template can
be picked without a label. Here the pick stands beside the one that labelled validation rows make,
and beside what both are to beat, the mean over templates.
"""

import itertools
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eval import predictions, results, statistics
from flanlike import seeding

# All orders of so many templates are tried, of more some.
_MOST_PERMUTED = 7
_PERMUTATIONS = 20_000
# A correlation of fewer says nothing.
_FEWEST = 3


@dataclass(frozen=True, kw_only=True)
class Template:
    """One template: the perplexity of its inputs, its value on test and on validation rows."""

    name: str
    perplexity: float
    value: float
    ci95: tuple[float, float]
    on_validation: float | None  # None: there are no validation rows


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What choosing gives: the test value of the chosen template, or the mean of those that tie.

    `over_mean` is that less the mean over all templates, on the same rows.
    """

    templates: tuple[str, ...]
    value: float
    ci95: tuple[float, float]
    over_mean: float
    over_mean_ci95: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """A task's templates, lowest perplexity first, and what ranking by that is worth.

    `spearman` is the rank correlation of perplexity and value over templates, None of fewer than
    three; its interval is over other rows under the same templates, its p-value over templates.
    `left_aside` are templates that no headline counts: those that hide the options where others
    show them, and those with a rationale.
    """

    task: str
    metric: str
    n: int
    validation_n: int
    templates: tuple[Template, ...]
    left_aside: tuple[str, ...]
    spearman: float | None
    spearman_ci95: tuple[float, float] | None
    spearman_p: float | None
    mean: float
    mean_ci95: tuple[float, float]
    best: float  # on the test rows themselves: nobody could have chosen it
    by_perplexity: Choice
    by_validation: Choice | None  # None: there are no validation rows
    proposed: tuple[Template, ...] = ()  # by the model itself, and in none of the above
    # Of these, by validation rows; `over_mean` is over the mean of the other templates.
    by_search: Choice | None = None


Cells = Sequence[predictions.Predictions]


def perplexities(log_probs: Sequence[np.ndarray]) -> np.ndarray:
    """Returns exp(-mean ln p) over the predicted tokens of each prompt, in float64.

    A prompt of one token, before which nothing stands, has none predicted: its perplexity is 1.
    """
    return np.asarray([np.exp(-each.mean()) if len(each) else 1.0 for each in log_probs])


def rank(
    cells: Cells, perplexities_of: Sequence[np.ndarray], *, proposed: Container[str] = ()
) -> Ranking:
    """Returns the ranking of one task from its cells: those on validation rows, and the others.

    `perplexities_of` are those of each prompt, a column for each cell of the headline
    (`predictions.headline`), in their order. A template's perplexity is their mean, as Gonen et
    al.'s is. Templates in `proposed` are the model's own.
    """
    headline = predictions.headline(cells, prompts=cells[0].prompts)
    columns = dict(zip((cell.template for cell in headline), perplexities_of, strict=True))
    main = [cell for cell in headline if cell.template not in proposed]
    searched = [cell for cell in headline if cell.template in proposed]
    whole = predictions.estimate(main)
    estimates = [predictions.estimate([cell]) for cell in main]
    choosing = {cell.template: cell for cell in cells if cell.is_choosing}
    templates = [_template(cell, columns, choosing) for cell in main]
    means = [item.perplexity for item in templates]
    values = [item.value for item in templates]
    of_main = [columns[cell.template] for cell in main]
    names = {cell.template for cell in headline}
    others = [cell.template for cell in cells if not cell.is_choosing]
    return Ranking(
        task=main[0].task,
        metric=main[0].metric,
        n=main[0].count(),
        validation_n=max((cell.count() for cell in choosing.values()), default=0),
        templates=_by_perplexity(templates),
        left_aside=tuple(name for name in others if name not in names),
        **_correlation(main, means, values, of_main, estimates),
        mean=whole.value,
        mean_ci95=_ends(whole.interval),
        best=max(values),
        by_perplexity=_choice([main[int(np.argmin(means))]], whole),
        by_validation=_on_validation(main, choosing, whole),
        proposed=_by_perplexity([_template(cell, columns, choosing) for cell in searched]),
        by_search=_on_validation(searched, choosing, whole),
    )


def _template(
    cell: predictions.Predictions,
    columns: Mapping[str, np.ndarray],
    choosing: Mapping[str, predictions.Predictions],
) -> Template:
    found = predictions.estimate([cell])
    name = cell.template
    return Template(
        name=name,
        perplexity=float(columns[name].mean()),
        value=found.value,
        ci95=_ends(found.interval),
        on_validation=choosing[name].value() if name in choosing else None,
    )


def _by_perplexity(templates: Iterable[Template]) -> tuple[Template, ...]:
    return tuple(sorted(templates, key=lambda item: item.perplexity))


def _correlation(
    main: Cells,
    means: Sequence[float],
    values: Sequence[float],
    perplexities_of: Sequence[np.ndarray],
    estimates: Sequence[predictions.Estimate],
) -> dict[str, object]:
    if len(main) < _FEWEST:
        return {"spearman": None, "spearman_ci95": None, "spearman_p": None}
    found = float(_spearman(np.asarray([means]), np.asarray([values]))[0])
    drawn = predictions.draws(main[0])
    drawn_means = np.stack([statistics.means(one, drawn) for one in perplexities_of], 1)
    drawn_values = np.stack([one.samples for one in estimates], 1)
    interval = statistics.interval(
        _spearman(drawn_means, drawn_values),
        value=found,
        distinct=estimates[0].distinct,
        bounded=False,
    )
    return {
        "spearman": found,
        "spearman_ci95": _ends(interval),
        "spearman_p": permutation_p(means, values),
    }


def permutation_p(first: Sequence[float], second: Sequence[float]) -> float:
    """Returns how often a rank correlation is as far from 0 when one side is in any order.

    Two-sided. All orders of up to seven are tried; of more, 20,000 drawn ones, and the order that
    is there is counted among them (Phipson and Smyth 2010), so that none has p = 0.
    """
    n = len(first)
    if n <= _MOST_PERMUTED:
        orders = np.asarray(list(itertools.permutations(range(n))))
    else:
        rng = np.random.default_rng(seeding.key("permutations", n))
        drawn = rng.permuted(np.tile(np.arange(n), (_PERMUTATIONS, 1)), axis=1)
        orders = np.concatenate([np.arange(n)[None], drawn])
    fixed = np.broadcast_to(np.asarray(first, np.float64), orders.shape)
    found = np.abs(_spearman(fixed, np.asarray(second, np.float64)[orders]))
    observed = abs(float(_spearman(fixed[:1], np.asarray([second], np.float64))[0]))
    return float((found >= observed - 1e-9).mean())


def _spearman(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Returns the correlation of ranks of each row, equals sharing theirs; 0 of a constant row."""
    import scipy.stats

    ranks = [scipy.stats.rankdata(side, axis=1) for side in (first, second)]
    a, b = (side - side.mean(axis=1, keepdims=True) for side in ranks)
    scale = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return np.where(scale > 0, (a * b).sum(axis=1) / np.where(scale > 0, scale, 1.0), 0.0)


def _on_validation(
    main: Cells, choosing: Mapping[str, predictions.Predictions], whole: predictions.Estimate
) -> Choice | None:
    """Returns the choice that validation rows make, as `results.TaskSummary` says."""
    names = results.best_on_validation([*choosing.values()], main)
    return _choice([cell for cell in main if cell.template in names], whole) if names else None


def _choice(chosen: Cells, whole: predictions.Estimate) -> Choice:
    found = predictions.estimate(chosen)
    over = predictions.difference(found, whole)
    return Choice(
        templates=tuple(cell.template for cell in chosen),
        value=found.value,
        ci95=_ends(found.interval),
        over_mean=over.value,
        over_mean_ci95=_ends(over.interval),
    )


def _ends(interval: statistics.Interval) -> tuple[float, float]:
    return interval.low, interval.high
