"""Self-consistency: of several chains of thought to one prompt, the answer that most of them reach.

After Wang et al. 2022, "Self-Consistency Improves Chain of Thought Reasoning in Language Models",
section 2: the reasoning is set aside, and the answers that can be read vote, each once.
"""

import itertools
import math
from collections.abc import Sequence

import numpy as np

from eval import metrics, normal_forms, numerals
from flanlike import seeding
from flanlike.tasks import task as tasks

Vote = str | None  # None: no answer could be read

_MOST_SUBSETS = 200


def votes(task: tasks.Task, answered: Sequence[metrics.Answered]) -> list[tuple[Vote, ...]]:
    """Returns how each row's samples vote, given what each sample answered to all rows.

    Labels by their index; numbers, spans and texts with what makes no difference set aside:
    "$1,200.00" and "1200", "The moon." and "moon".
    """
    columns = [_column(task, one) for one in answered]
    return list(zip(*columns, strict=True))


def winner(votes: Sequence[Vote]) -> int:
    """Returns the first sample with the answer of most votes; 0 where there are none.

    Of answers with equally many votes, the one that was the first to have so many:
    a b b a c -> 1, for b had two votes before a had.
    """
    counts: dict[str, int] = {}
    best, most = 0, 0
    for vote in votes:
        if vote is not None:
            counts[vote] = counts.get(vote, 0) + 1
            if counts[vote] > most:
                best, most = votes.index(vote), counts[vote]
    return best


def picked(answered: Sequence[metrics.Answered], samples: Sequence[int]) -> metrics.Answered:
    """Returns the columns in which row r is what sample samples[r] answered."""
    columns = {
        name: tuple(getattr(answered[sample], name)[row] for row, sample in enumerate(samples))
        for name, column in vars(answered[0]).items()
        if column
    }
    return metrics.Answered(**columns)


def curve(
    metric: str, votes: Sequence[Sequence[Vote]], answered: Sequence[metrics.Answered]
) -> tuple[float, ...]:
    """Returns the metric with 1, 2, ... all of the samples: the mean over subsets of that size.

    A subset is the same samples for every row, in the order in which they were drawn, and so the
    last point is the figure of all samples. Where there are more than 200 subsets it is the mean
    over that many random ones. Empty for a metric that is no mean over rows.
    """
    rows = [metrics.per_row(metric, one) for one in answered]
    if any(row is None for row in rows):
        return ()
    values_RK = np.stack(rows, axis=1)
    samples = len(answered)
    points = []
    for size in range(1, samples + 1):
        means = []
        for subset in _subsets(samples, size):
            chosen = [subset[winner([vote[i] for i in subset])] for vote in votes]
            means.append(values_RK[np.arange(len(chosen)), chosen].mean())
        points.append(float(np.mean(means)))
    return tuple(points)


def _subsets(samples: int, size: int) -> list[tuple[int, ...]]:
    if math.comb(samples, size) <= _MOST_SUBSETS:
        return list(itertools.combinations(range(samples), size))
    rng = seeding.rng("self-consistency", samples, size)
    return [tuple(sorted(rng.sample(range(samples), size))) for _ in range(_MOST_SUBSETS)]


def _column(task: tasks.Task, answered: metrics.Answered) -> list[Vote]:
    if not isinstance(task.answers, tasks.FreeText):
        said = map(str, answered.predicted)
    else:
        reads = metrics.known(task.metrics[0]).reads
        forms = {"number": numerals.form, "span": normal_forms.squad}
        said = map(forms.get(reads, _plain), answered.predicted_texts)
    return [
        None if is_unparsed else one
        for one, is_unparsed in zip(said, answered.unparsed, strict=True)
    ]


def _plain(text: str) -> str:
    return " ".join(text.split())
