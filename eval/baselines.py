"""What is right without reading: chance and the majority answer, shown beside every figure."""

import collections
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval import answers, metrics
from flanlike import seeding
from flanlike.microworld import heuristics
from flanlike.tasks import task as tasks

_OF_HEURISTICS = (
    "accuracy", "squad_em", "trivia_qa_em", "nq_em", "drop_em", "number_match", "exact_match",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Baselines:
    """What a task gives without a model, by metric; the heuristic is the best trivial one."""

    majority: Mapping[str, float]
    heuristic: Mapping[str, float]
    heuristic_name: str = ""


def of(task: tasks.Task, train: Sequence[tasks.Record], test: Sequence[tasks.Record]) -> Baselines:
    """Returns what the task gives without a model, by each of its metrics.

    The trivial heuristics (fitted on `train`) know accuracy and exact matches only. The one that
    does best on `test` counts: so it is rather too good than too bad.
    """
    scores = heuristics.accuracies(train, test, task)
    scores.pop("majority", None)  # stands on its own
    name = max(scores, key=scores.get)
    heuristic = {metric: scores[name] for metric in task.metrics if metric in _OF_HEURISTICS}
    return Baselines(
        majority=_values(task, majority(task, train, test)),
        heuristic=heuristic,
        heuristic_name=name if heuristic else "",
    )


def chance(option_counts: Sequence[int]) -> float | None:
    """Returns the accuracy of guessing blindly: [2, 4] -> 0.375; None without options."""
    if not option_counts or min(option_counts) == 0:
        return None
    return sum(1 / count for count in option_counts) / len(option_counts)


def majority(
    task: tasks.Task, train: Sequence[tasks.Record], test: Sequence[tasks.Record]
) -> metrics.Answered:
    """Returns what answering with the train split's commonest answer gives on `test`.

    Where a record brings its own options and that answer is not among them, a guess by hash takes
    its place: the first option of a source may be the right one too often.
    """
    if isinstance(task.answers, tasks.FreeText):
        seen = collections.Counter(record["references"][0] for record in train)
        return answers.from_texts(test, [_commonest(seen)] * len(test))
    seen = collections.Counter(
        answers.option_texts(task, record)[record["label"]] for record in train
    )
    commonest = _commonest(seen)
    labels = []
    for row, record in enumerate(test):
        texts = answers.option_texts(task, record)
        guess = seeding.key("majority", task.name, row) % len(texts)
        labels.append(texts.index(commonest) if commonest in texts else guess)
    return answers.from_labels(task, test, labels)


def _commonest(seen: collections.Counter[str]) -> str:
    return seen.most_common(1)[0][0] if seen else ""


def _values(task: tasks.Task, answered: metrics.Answered) -> dict[str, float]:
    return {name: metrics.compute(name, answered) for name in task.metrics}
