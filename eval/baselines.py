"""What is right without reading: chance and the majority answer, shown beside every figure."""

import collections
from collections.abc import Callable, Mapping, Sequence
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
    """What a task gives without a model, by metric; the heuristic is the best trivial one.

    What a task has no baseline for is not there: no training rows, metrics that no heuristic knows,
    a commonest answer that is no option of most rows.
    """

    majority: Mapping[str, float]
    heuristic: Mapping[str, float]
    heuristic_name: str = ""


def of(task: tasks.Task, train: Sequence[tasks.Record], test: Sequence[tasks.Record]) -> Baselines:
    """Returns what the task gives without a model, by each of its metrics.

    Majority and heuristic are chosen on `train` alone: what does best on the test rows, of ten
    rules that know nothing, is above chance by its choice. Heuristics know accuracy and exact
    matches only.
    """
    heuristic, name = {}, ""
    if known := [metric for metric in task.metrics if metric in _OF_HEURISTICS]:
        name, heuristic = _heuristic(task, known, train, test)
    return Baselines(
        majority=_values(task, answered) if (answered := majority(task, train, test)) else {},
        heuristic=heuristic,
        heuristic_name=name,
    )


def chance(option_counts: Sequence[int], right_counts: Sequence[int] = ()) -> float | None:
    """Returns the accuracy of guessing blindly: [2, 4] -> 0.375; None without options.

    `right_counts` says how many options of each row are right, where that is not one of each.
    """
    if not option_counts or min(option_counts) == 0:
        return None
    right_counts = right_counts or [1] * len(option_counts)
    shares = [right / count for right, count in zip(right_counts, option_counts, strict=True)]
    return sum(shares) / len(shares)


def majority(
    task: tasks.Task, train: Sequence[tasks.Record], test: Sequence[tasks.Record]
) -> metrics.Answered | None:
    """Returns what answering with the train split's commonest answer gives on `test`.

    Where a record brings its own options and that answer is not among them, a guess by hash takes
    its place: the first option of a source may be the right one too often. Where that is so of
    most records there is no such answer, and the result is None.
    """
    if isinstance(task.answers, tasks.FreeText):
        seen = collections.Counter(record["references"][0] for record in train)
        return answers.from_texts(test, [_commonest(seen)] * len(test))
    seen = collections.Counter(
        answers.option_texts(task, record)[record["label"]] for record in train
    )
    commonest = _commonest(seen)
    labels, guesses = [], 0
    for row, record in enumerate(test):
        texts = answers.option_texts(task, record)
        is_offered = commonest in texts
        guess = seeding.key("majority", task.name, row) % len(texts)
        labels.append(texts.index(commonest) if is_offered else guess)
        guesses += not is_offered
    return answers.from_labels(task, test, labels) if 2 * guesses <= len(test) else None


def _heuristic(
    task: tasks.Task,
    known: Sequence[str],
    train: Sequence[tasks.Record],
    test: Sequence[tasks.Record],
) -> tuple[str, dict[str, float]]:
    """Returns the trivial heuristic that does best on the third of `train` it is not fitted on.

    With it its value on `test` by each metric in `known`, the first of which chooses. The majority
    stands on its own, and is none of them.
    """
    fitted = max(1, len(train) * 2 // 3)
    unseen = train[fitted:] or train
    if isinstance(task.answers, tasks.FreeText):
        rules = heuristics.written(train, task)  # of which the majority alone is fitted
        scores = {name: _of_texts(known[0], rule, unseen) for name, rule in rules.items()}
    else:
        scores = heuristics.accuracies(train[:fitted], unseen, task)
    scores.pop("majority", None)
    name = max(scores, key=scores.get)
    if isinstance(task.answers, tasks.FreeText):
        return name, {metric: _of_texts(metric, rules[name], test) for metric in known}
    return name, dict.fromkeys(known, heuristics.accuracies(train, test, task)[name])


def _of_texts(
    metric: str, rule: Callable[[tasks.Record], str], records: Sequence[tasks.Record]
) -> float:
    """Returns the metric itself of what a rule writes: a looser match would be another figure."""
    return metrics.compute(metric, answers.from_texts(records, list(map(rule, records))))


def _commonest(seen: collections.Counter[str]) -> str:
    return seen.most_common(1)[0][0] if seen else ""


def _values(task: tasks.Task, answered: metrics.Answered) -> dict[str, float]:
    return {
        name: metrics.compute(name, answered) for name in metrics.of_answers(task.metrics, answered)
    }
