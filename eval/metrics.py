"""Metrics, by name: pure functions of what was predicted and what is right.

Every value lies on the scale of its definition divided so that a perfect prediction gives 1.0 (BLEU
and ROUGE too). Text metrics take for each row a list of references and the best one counts.
"""

import collections
import functools
import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flanlike import errors


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What a model answered on the rows of one task, column by column, with what is right.

    `predicted` and `gold` are class indices (-1: no answer that can be read); `predicted_texts` and
    `references` are for text metrics, `predicted_numbers` and `gold_numbers` for correlations,
    `groups` for metrics over groups. Columns that a task lacks are empty.
    """

    predicted: tuple[int, ...] = ()
    gold: tuple[int, ...] = ()
    predicted_texts: tuple[str, ...] = ()
    references: tuple[tuple[str, ...], ...] = ()
    predicted_numbers: tuple[float, ...] = ()
    gold_numbers: tuple[float, ...] = ()
    groups: tuple[str, ...] = ()

    def take(self, indices: Sequence[int]) -> "Answered":
        """Returns the same columns with only these rows, in this order."""
        columns = {
            name: tuple(column[i] for i in indices) for name, column in vars(self).items() if column
        }
        return Answered(**columns)


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A named metric: its value over all rows and, where it is a mean over rows, each row's part.

    `needs` names the columns of `Answered` that it reads.
    """

    needs: tuple[str, ...]
    value: Callable[..., float]
    per_row: Callable[..., list[float]] | None = None


def known(name: str) -> Metric:
    """Returns the metric of that name."""
    if name not in METRICS:
        raise errors.did_you_mean("metric", name, METRICS)
    return METRICS[name]


def compute(name: str, answered: Answered) -> float:
    """Returns the metric over all rows; its columns must be there."""
    metric = known(name)
    return metric.value(*_columns(name, metric, answered))


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


def f1(predicted: Sequence[int], gold: Sequence[int], *, positive: int = 1) -> float:
    """Returns the F1 of the positive class, 0.0 where it is neither predicted nor there."""
    hits = sum(p == g == positive for p, g in zip(predicted, gold, strict=True))
    named = sum(p == positive for p in predicted) + sum(g == positive for g in gold)
    return 2 * hits / named if named else 0.0


def mean_3class_f1(predicted: Sequence[int], gold: Sequence[int]) -> float:
    """Returns the unweighted mean of the F1 of the classes 0, 1 and 2."""
    return _mean([f1(predicted, gold, positive=label) for label in range(3)])


def macro_f1(predicted: Sequence[int], gold: Sequence[int]) -> float:
    """Returns the unweighted mean of the F1 of every class that is predicted or there."""
    named = sorted({*predicted, *gold} - {-1})
    return _mean([f1(predicted, gold, positive=label) for label in named])


def multirc_f1a(predicted: Sequence[int], gold: Sequence[int], groups: Sequence[str]) -> float:
    """Returns the F1 of the true candidates over all questions together."""
    return f1(predicted, gold)


def multirc_em(predicted: Sequence[int], gold: Sequence[int], groups: Sequence[str]) -> float:
    """Returns the share of groups of which every row is right."""
    is_right: dict[str, float] = {}
    for row, group in zip(right_answers(predicted, gold), groups, strict=True):
        is_right[group] = min(row, is_right.get(group, 1.0))
    return _mean(list(is_right.values()))


# Text.


def normalised(text: str) -> str:
    """Returns SQuAD's normal form: lower case, no punctuation, no articles, single blanks.

    Before: "The  Owl, and an eel." After: "owl and eel".
    """
    text = "".join(c for c in text.lower() if c not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def squad_em_rows(texts: Sequence[str], references: Sequence[Sequence[str]]) -> list[float]:
    return _best(lambda a, b: float(normalised(a) == normalised(b)), texts, references)


def squad_f1_rows(texts: Sequence[str], references: Sequence[Sequence[str]]) -> list[float]:
    return _best(_token_f1, texts, references)


def exact_match_rows(texts: Sequence[str], references: Sequence[Sequence[str]]) -> list[float]:
    """Returns 1.0 where the text is a reference, blanks at both ends aside."""
    return _best(lambda a, b: float(a.strip() == b.strip()), texts, references)


def rouge_rows(name: str, texts: Sequence[str], references: Sequence[Sequence[str]]) -> list[float]:
    """Returns each row's ROUGE F-measure; rougeLsum reads one sentence a line."""
    scorer = _rouge_scorer(name)
    return _best(lambda a, b: scorer.score(b, a)[name].fmeasure, texts, references)


def edit_similarity_rows(texts: Sequence[str], references: Sequence[Sequence[str]]) -> list[float]:
    """Returns 1 - (Levenshtein distance / length of the longer text), in characters.

    Blanks at both ends aside; case, marks and blanks inside count: ("cat", "Cats") -> 0.5.
    """
    return _best(_edit_similarity, texts, references)


def bleu(texts: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Returns sacreBLEU's corpus BLEU with its default tokenizer, divided by 100.

    It is computed from the counts of each sentence, which are kept: a bootstrap asks for many
    corpora of the same sentences.
    """
    from sacrebleu.metrics import bleu as library

    counts = [_bleu_counts(text, tuple(row)) for text, row in zip(texts, references, strict=True)]
    matches, totals, lengths = (np.sum(column, axis=0) for column in zip(*counts, strict=True))
    found = library.BLEU.compute_bleu(
        matches.tolist(), totals.tolist(), int(lengths[0]), int(lengths[1])
    )
    return found.score / 100


# Numbers.


def pearson(predicted: Sequence[float], gold: Sequence[float]) -> float:
    """Returns Pearson's correlation; 0.0 where one side is constant, as it then says nothing."""
    return _correlation("pearsonr", predicted, gold)


def spearman(predicted: Sequence[float], gold: Sequence[float]) -> float:
    """Returns the correlation of ranks; 0.0 where one side is constant."""
    return _correlation("spearmanr", predicted, gold)


def _columns(name: str, metric: Metric, answered: Answered) -> list[Sequence]:
    columns = [getattr(answered, column) for column in metric.needs]
    for column_name, column in zip(metric.needs, columns, strict=True):
        if not column:
            raise ValueError(
                f"metric {name!r} needs the column {column_name!r}, which is empty: "
                "no rows, or a task whose answers are of another kind"
            )
    return columns


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else 0.0


def _best(
    score: Callable[[str, str], float], texts: Sequence[str], references: Sequence[Sequence[str]]
) -> list[float]:
    return [
        max((score(text, reference) for reference in row), default=0.0)
        for text, row in zip(texts, references, strict=True)
    ]


def _token_f1(text: str, reference: str) -> float:
    predicted, gold = normalised(text).split(), normalised(reference).split()
    if not predicted or not gold:
        return float(predicted == gold)
    hits = (collections.Counter(predicted) & collections.Counter(gold)).total()
    return 2 * hits / (len(predicted) + len(gold))


def _edit_similarity(text: str, reference: str) -> float:
    text, reference = text.strip(), reference.strip()
    longer = max(len(text), len(reference))
    return 1.0 - _edit_distance(text, reference) / longer if longer else 1.0


def _edit_distance(one: str, two: str) -> int:
    """Returns the least number of characters to insert, delete or replace."""
    if one == two:
        return 0
    codes = np.array([ord(char) for char in two], np.int64)
    places = np.arange(len(two) + 1)
    distances = places  # from the part of `one` read so far to each beginning of `two`
    for char in one:
        longer = distances + 1
        replaced = distances[:-1] + (codes != ord(char))
        longer[1:] = np.minimum(longer[1:], replaced)
        # Inserting adds one a place: a running minimum of what is left without that.
        distances = np.minimum.accumulate(longer - places) + places
    return int(distances[-1])


@functools.cache
def _rouge_scorer(name: str) -> Any:
    from rouge_score import rouge_scorer

    return rouge_scorer.RougeScorer([name], use_stemmer=True)


@functools.lru_cache(maxsize=65536)
def _bleu_counts(text: str, references: tuple[str, ...]) -> tuple[list[int], list[int], list[int]]:
    """Returns n-gram matches, n-gram totals, and the lengths of text and nearest reference."""
    import sacrebleu

    found = sacrebleu.sentence_bleu(text, list(references))
    return found.counts, found.totals, [found.sys_len, found.ref_len]


def _correlation(function: str, predicted: Sequence[float], gold: Sequence[float]) -> float:
    import scipy.stats

    if len(set(predicted)) < 2 or len(set(gold)) < 2:
        return 0.0
    return float(getattr(scipy.stats, function)(predicted, gold).statistic)


_CLASSES = ("predicted", "gold")
_TEXTS = ("predicted_texts", "references")
_NUMBERS = ("predicted_numbers", "gold_numbers")


def _mean_of(rows: Callable[..., list[float]], needs: tuple[str, ...]) -> Metric:
    return Metric(needs=needs, value=lambda *columns: _mean(rows(*columns)), per_row=rows)


METRICS: Mapping[str, Metric] = {
    "accuracy": _mean_of(right_answers, _CLASSES),
    "balanced_accuracy": Metric(needs=_CLASSES, value=balanced_accuracy),
    "f1": Metric(needs=_CLASSES, value=f1),
    "mean_3class_f1": Metric(needs=_CLASSES, value=mean_3class_f1),
    "macro_f1": Metric(needs=_CLASSES, value=macro_f1),
    "multirc_f1a": Metric(needs=(*_CLASSES, "groups"), value=multirc_f1a),
    "multirc_em": Metric(needs=(*_CLASSES, "groups"), value=multirc_em),
    "squad_em": _mean_of(squad_em_rows, _TEXTS),
    "squad_f1": _mean_of(squad_f1_rows, _TEXTS),
    "exact_match": _mean_of(exact_match_rows, _TEXTS),
    "edit_similarity": _mean_of(edit_similarity_rows, _TEXTS),
    "rouge1": _mean_of(functools.partial(rouge_rows, "rouge1"), _TEXTS),
    "rouge2": _mean_of(functools.partial(rouge_rows, "rouge2"), _TEXTS),
    "rougeLsum": _mean_of(functools.partial(rouge_rows, "rougeLsum"), _TEXTS),
    "bleu": Metric(needs=_TEXTS, value=bleu),
    "pearson": Metric(needs=_NUMBERS, value=pearson),
    "spearman": Metric(needs=_NUMBERS, value=spearman),
}
