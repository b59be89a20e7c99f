"""Metrics, by name: pure functions of what was predicted and what is right.

Every value lies on the scale of its definition divided so that a perfect prediction gives 1.0 (BLEU
and ROUGE too). Text metrics take for each row a list of references, and the best one counts. Where
a metric differs from its published script, its docstring says why.
"""

import collections
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from eval import normal_forms, text_metrics
from flanlike import errors

NO_ANSWER = -1  # the class index of a text that gives no answer that can be read


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What a model answered on the rows of one task, column by column, with what is right.

    `predicted` and `gold` are class indices (or NO_ANSWER); `also_right` are further classes that
    are right of each row, empty where no row of the task has any. `predicted_texts` and
    `references` are for text metrics, `predicted_numbers` and `gold_numbers` for correlations,
    `groups` for metrics over groups. `unparsed` says of generated texts whether no answer could be
    read from them. `passed` says of programs whether they passed their tests, where they were run.
    Columns that a task lacks are empty.
    """

    predicted: tuple[int, ...] = ()
    gold: tuple[int, ...] = ()
    predicted_texts: tuple[str, ...] = ()
    references: tuple[tuple[str, ...], ...] = ()
    predicted_numbers: tuple[float, ...] = ()
    gold_numbers: tuple[float, ...] = ()
    groups: tuple[str, ...] = ()
    unparsed: tuple[bool, ...] = ()
    also_right: tuple[tuple[int, ...], ...] = ()
    passed: tuple[bool, ...] = ()

    @property
    def judged(self) -> tuple[int, ...]:
        """Returns the right class of each row; of several the predicted one, or else the first.

        With these in place of `gold` every metric of classes takes any right answer for right.
        """
        if not self.also_right:
            return self.gold
        columns = zip(self.predicted, self.gold, self.also_right, strict=True)
        return tuple(said if said in also else gold for said, gold, also in columns)

    def take(self, indices: Sequence[int]) -> "Answered":
        """Returns the same columns with only these rows, in this order."""
        columns = {
            name: tuple(column[i] for i in indices) for name, column in vars(self).items() if column
        }
        return Answered(**columns)


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A named metric: its value over all rows and, where it is a mean over rows, each row's part.

    `needs` names the columns of `Answered` that it reads. `reads` is what a text metric looks for
    in what a model wrote: a number, a span of few words, a program, or the text as it is.
    `signature` tells the settings that depend on the rows.
    """

    needs: tuple[str, ...]
    value: Callable[..., float]
    per_row: Callable[..., list[float]] | None = None
    reads: Literal["number", "span", "text", "code"] = "text"
    signature: Callable[..., str] | None = None


def known(name: str) -> Metric:
    """Returns the metric of that name."""
    if name not in METRICS:
        raise errors.did_you_mean("metric", name, METRICS)
    return METRICS[name]


def compute(name: str, answered: Answered) -> float:
    """Returns the metric over all rows; its columns must be there."""
    metric = known(name)
    return metric.value(*_columns(name, metric, answered))


def of_answers(names: Sequence[str], answered: Answered) -> tuple[str, ...]:
    """Returns the metrics without those of programs, where these were not run."""
    return tuple(n for n in names if answered.passed or "passed" not in known(n).needs)


def signature(name: str, answered: Answered) -> str:
    """Returns what the metric was computed with, where that depends on the rows; else ""."""
    metric = known(name)
    if metric.signature is None:
        return ""
    return metric.signature(*_columns(name, metric, answered))


@functools.lru_cache(maxsize=4096)
def per_row(name: str, answered: Answered) -> np.ndarray | None:
    """Returns what each row contributes, if the metric is a mean over rows, else None.

    Kept, and not to be written to: summaries and comparisons ask for the same rows again.
    """
    metric = known(name)
    if metric.per_row is None:
        return None
    return np.asarray(metric.per_row(*_columns(name, metric, answered)), np.float64)


# Classes.


def right_answers(predicted: Sequence[int], gold: Sequence[int]) -> list[float]:
    """Returns 1.0 for each right row: ([0, 1], [0, 0]) -> [1.0, 0.0]."""
    return [float(p == g) for p, g in zip(predicted, gold, strict=True)]


def accuracy(predicted: Sequence[int], gold: Sequence[int]) -> float:
    """Returns the share of rows that are right."""
    return _mean(right_answers(predicted, gold))


def balanced_accuracy(predicted: Sequence[int], gold: Sequence[int]) -> float:
    """Returns the mean over the gold classes of the share of that class's rows that are right."""
    by_class = collections.defaultdict(list)
    for is_right, g in zip(right_answers(predicted, gold), gold, strict=True):
        by_class[g].append(is_right)
    return _mean([_mean(rows) for rows in by_class.values()])


def f1(predicted: Sequence[int], gold: Sequence[int]) -> float:
    """Returns the F1 of class 1, 0.0 where it is neither predicted nor there.

    An answer that cannot be read is the wrong one of the two, as in T5's evaluation: a class 1 that
    is not there, on a row of another class. Else silence would cost nothing on such rows, and the
    less a model says that can be read, the better would be its precision.
    """
    wrong = (int(g != 1) if p == NO_ANSWER else p for p, g in zip(predicted, gold, strict=True))
    return _f1_of(tuple(wrong), gold, 1)


def mean_3class_f1(predicted: Sequence[int], gold: Sequence[int]) -> float:
    """Returns the unweighted mean of the F1 of the classes 0, 1 and 2, whether there or not.

    An answer that cannot be read is a miss of its row's own class and no more: with three classes
    nothing says for which other one it should stand. T5's evaluation does the same.
    """
    return _mean([_f1_of(predicted, gold, label) for label in range(3)])


def macro_f1(predicted: Sequence[int], gold: Sequence[int]) -> float:
    """Returns the unweighted mean of the F1 of every class that is predicted or there.

    What cannot be read is a miss of its row's own class, but no class of its own: scikit-learn
    would count a further class, of F1 0, for a single such row.
    """
    named = sorted({*predicted, *gold} - {NO_ANSWER})
    return _mean([_f1_of(predicted, gold, label) for label in named])


def multirc_f1a(predicted: Sequence[int], gold: Sequence[int], groups: Sequence[str]) -> float:
    """Returns the F1 of the true candidates over all questions together, as `f1` counts."""
    return f1(predicted, gold)


def multirc_em(predicted: Sequence[int], gold: Sequence[int], groups: Sequence[str]) -> float:
    """Returns the share of groups of which every row is right."""
    is_right: dict[str, float] = {}
    for row, group in zip(right_answers(predicted, gold), groups, strict=True):
        is_right[group] = min(row, is_right.get(group, 1.0))
    return _mean(list(is_right.values()))


# Numbers.


def pearson(predicted: Sequence[float], gold: Sequence[float]) -> float:
    """Returns Pearson's correlation; 0.0 where one side is constant, as it then says nothing."""
    return _correlation("pearsonr", predicted, gold)


def spearman(predicted: Sequence[float], gold: Sequence[float]) -> float:
    """Returns the correlation of ranks; 0.0 where one side is constant."""
    return _correlation("spearmanr", predicted, gold)


def _columns(name: str, metric: Metric, answered: Answered) -> list[Sequence]:
    columns = [
        answered.judged if column == "gold" else getattr(answered, column)
        for column in metric.needs
    ]
    for column_name, column in zip(metric.needs, columns, strict=True):
        if not column:
            raise ValueError(
                f"metric {name!r} needs the column {column_name!r}, which is empty: "
                "no rows, or a task whose answers are of another kind"
            )
    return columns


def _f1_of(predicted: Sequence[int], gold: Sequence[int], label: int) -> float:
    hits = sum(p == g == label for p, g in zip(predicted, gold, strict=True))
    named = sum(p == label for p in predicted) + sum(g == label for g in gold)
    return 2 * hits / named if named else 0.0


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else 0.0


def _correlation(function: str, predicted: Sequence[float], gold: Sequence[float]) -> float:
    import scipy.stats

    if len(set(predicted)) < 2 or len(set(gold)) < 2:
        return 0.0
    return float(getattr(scipy.stats, function)(predicted, gold).statistic)


def _shares(passed: Sequence[bool]) -> list[float]:
    return [float(each) for each in passed]


_CLASSES = ("predicted", "gold")
_TEXTS = ("predicted_texts", "references")
_NUMBERS = ("predicted_numbers", "gold_numbers")


def _mean_of(
    rows: Callable[..., list[float]], needs: tuple[str, ...], reads: str = "text"
) -> Metric:
    return Metric(
        needs=needs, value=lambda *columns: _mean(rows(*columns)), per_row=rows, reads=reads
    )


def _span(rows: Callable[..., list[float]], *form: Callable[[str], str]) -> Metric:
    return _mean_of(functools.partial(rows, *form), _TEXTS, "span")


METRICS: Mapping[str, Metric] = {
    "accuracy": _mean_of(right_answers, _CLASSES),
    "balanced_accuracy": Metric(needs=_CLASSES, value=balanced_accuracy),
    "f1": Metric(needs=_CLASSES, value=f1),
    "mean_3class_f1": Metric(needs=_CLASSES, value=mean_3class_f1),
    "macro_f1": Metric(needs=_CLASSES, value=macro_f1),
    "multirc_f1a": Metric(needs=(*_CLASSES, "groups"), value=multirc_f1a),
    "multirc_em": Metric(needs=(*_CLASSES, "groups"), value=multirc_em),
    "squad_em": _span(text_metrics.em, normal_forms.squad),
    "squad_f1": _span(text_metrics.token_f1, normal_forms.squad),
    "trivia_qa_em": _span(text_metrics.em, normal_forms.trivia_qa),
    "trivia_qa_f1": _span(text_metrics.token_f1, normal_forms.trivia_qa),
    "nq_em": _span(text_metrics.em, normal_forms.natural_questions),
    "nq_f1": _span(text_metrics.token_f1, normal_forms.natural_questions),
    "quac_f1": _span(text_metrics.quac_f1),
    "drop_em": _span(text_metrics.drop_em),
    "drop_f1": _span(text_metrics.drop_f1),
    "number_match": _mean_of(text_metrics.number_match, _TEXTS, "number"),
    "exact_match": _mean_of(text_metrics.exact_match, _TEXTS),
    "niv2_em": _mean_of(
        functools.partial(text_metrics.em, normal_forms.natural_instructions), _TEXTS
    ),
    "pass_at_1": _mean_of(_shares, ("passed",), "code"),
    "edit_similarity": _mean_of(text_metrics.edit_similarity, _TEXTS),
    "rouge1": _mean_of(functools.partial(text_metrics.rouge, "rouge1"), _TEXTS),
    "rouge2": _mean_of(functools.partial(text_metrics.rouge, "rouge2"), _TEXTS),
    "rougeL": _mean_of(functools.partial(text_metrics.rouge, "rougeL"), _TEXTS),
    "rougeLsum": _mean_of(functools.partial(text_metrics.rouge, "rougeLsum"), _TEXTS),
    "bleu": Metric(needs=_TEXTS, value=text_metrics.bleu, signature=text_metrics.bleu_signature),
    "pearson": Metric(needs=_NUMBERS, value=pearson),
    "spearman": Metric(needs=_NUMBERS, value=spearman),
}
