"""What is right without reading: chance and the majority answer, shown beside every figure."""

import collections
from collections.abc import Sequence

from eval import answers, metrics
from flanlike import seeding
from flanlike import task as tasks


def chance(option_counts: Sequence[int]) -> float | None:
    """Returns the accuracy of guessing blindly: [2, 4] -> 0.375; None without options."""
    if not option_counts or min(option_counts) == 0:
        return None
    return sum(1 / count for count in option_counts) / len(option_counts)


def majority(
    task: tasks.Task, train: Sequence[tasks.Record], test: Sequence[tasks.Record]
) -> metrics.Answered:
    """Returns what answering with the train split's commonest answer gives on `test`.

    With options of each record's own it is the option that was right most often in `train`; ties
    are broken by a hash, for the first option of a source may be the right one too often.
    """
    if isinstance(task.answers, tasks.FreeText):
        seen = collections.Counter(record["references"][0] for record in train)
        commonest = seen.most_common(1)[0][0] if seen else ""
        return answers.from_texts(task, test, [commonest] * len(test))
    seen = collections.Counter(
        answers.option_texts(task, record)[record["label"]] for record in train
    )
    labels = []
    for row, record in enumerate(test):
        texts = answers.option_texts(task, record)
        ranks = [(seen[text], seeding.key("majority", task.name, row, text)) for text in texts]
        labels.append(ranks.index(max(ranks)))
    return answers.from_labels(task, test, labels)
