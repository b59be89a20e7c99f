"""What shallow rules score on a task: they should score no better than chance.

Each rule looks at surfaces only: how often a label came in training, where an option stands, how
long it is, how many words it shares with the input. A rule that beats chance shows a leak in the
data, and a model that does not beat the rules has shown nothing.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from flanlike.tasks import task as tasks

Record = tasks.Record
_WORD = re.compile(r"[a-z0-9_]+")
_MIN_BIN = 5  # training records that a bin of the fitted rules needs


def accuracies(
    train_records: Sequence[Record], test_records: Sequence[Record], task: tasks.Task
) -> dict[str, float]:
    """Returns each rule's accuracy on the test records; what is fitted sees the training records.

    Where a rule finds several options equally good, it scores what guessing among them would.
    """
    if not train_records or not test_records:
        raise ValueError(f"task {task.name!r}: the rules need records to fit and to test")
    if isinstance(task.answers, tasks.FreeText):
        return _free_text(train_records, test_records, task)
    if isinstance(task.answers, tasks.Choices):
        return _choices(train_records, test_records, task)
    return _labels(train_records, test_records, task)


def written(
    train_records: Sequence[Record], task: tasks.Task
) -> dict[str, Callable[[Record], str]]:
    """Returns what each rule answers to a record of free text: the commonest reference of the
    training records, and pieces of the input."""
    most = Counter(record["references"][0] for record in train_records).most_common(1)[0][0]
    rules: dict[str, Callable[[Record], str]] = {"majority": lambda record: most}
    for field in task.fields:
        if field == "rationale":
            continue
        rules[f"first word of {field}"] = lambda record, field=field: _part(record[field], 0, " ")
        rules[f"last word of {field}"] = lambda record, field=field: _part(record[field], -1, " ")
        rules[f"first line of {field}"] = lambda record, field=field: _part(
            record[field], 0, "[.\n]"
        )
        rules[f"all of {field}"] = lambda record, field=field: record[field]
    return rules


def best(
    train_records: Sequence[Record], test_records: Sequence[Record], task: tasks.Task
) -> tuple[str, float]:
    """Returns the name and accuracy of the rule that does best on the test records."""
    scores = accuracies(train_records, test_records, task)
    return max(scores.items(), key=lambda item: item[1])


def chance(records: Sequence[Record], task: tasks.Task) -> float:
    """Returns the accuracy of guessing; 0 for free text."""
    if isinstance(task.answers, tasks.FreeText):
        return 0.0
    if isinstance(task.answers, tasks.Choices):
        return _mean([len(_rights(record)) / len(record["options"]) for record in records])
    right = [len(_rights(record)) for record in records] or [1]
    return _mean(right) / len(task.answers.names)


def commonest_answer(train_records: Sequence[Record], test_records: Sequence[Record]) -> float:
    """Returns the accuracy of picking the option that was right most often in training.

    It is not among `accuracies`: where the sort of the options is what a task asks for (a place or
    an object), knowing the right answers of its training records is knowing the task.
    """
    rights = Counter(_gold(record) for record in train_records)
    shown = Counter(option for record in train_records for option in record["options"])
    return _mean(
        [
            _picked(record, lambda option: rights[option] / max(1, shown[option]))
            for record in test_records
        ]
    )


def _labels(train: Sequence[Record], test: Sequence[Record], task: tasks.Task) -> dict[str, float]:
    words = task.answers.words
    most = Counter(record["label"] for record in train).most_common(1)[0][0]
    scores = {"majority": _mean([most in _rights(record) for record in test])}
    for index, word in enumerate(words):
        scores[f"always {word!r}"] = _mean([index in _rights(record) for record in test])
    scores |= _overlap_scores(test, task, lambda record: words)
    features = {"fitted length": lambda record: _bin(len(_words(_text(record, task))), 3)}
    if len(task.fields) > 1:
        features["fitted overlap"] = lambda record: _fields_overlap(record, task)
        features["fitted length difference"] = lambda record: _length_difference(record, task)
    for name, feature in features.items():
        scores[name] = _fitted(train, test, feature)
    return scores


def _choices(train: Sequence[Record], test: Sequence[Record], task: tasks.Task) -> dict[str, float]:
    width = max(len(record["options"]) for record in (*train, *test))
    scores = {
        "longest option": _mean([_picked(record, _length) for record in test]),
        "shortest option": _mean(
            [_picked(record, lambda option: -_length(option)) for record in test]
        ),
    }
    for index in range(width):
        scores[f"option {index + 1}"] = _mean([index in _rights(record) for record in test])
    scores |= _overlap_scores(test, task, lambda record: record["options"])
    scores["first mentioned"] = _mean([_picked(record, _mention(record, task)) for record in test])
    scores["last mentioned"] = _mean(
        [_picked(record, _mention(record, task, is_last=True)) for record in test]
    )
    return scores


def _free_text(
    train: Sequence[Record], test: Sequence[Record], task: tasks.Task
) -> dict[str, float]:
    """Returns exact matches of what the rules write.

    Case and marks are let go, except where they are what the task is about.
    """
    as_scored = str.strip if task.cluster == "text_formatting" else _words_or_marks
    return {
        name: _mean(
            [
                as_scored(rule(record)) in [as_scored(text) for text in record["references"]]
                for record in test
            ]
        )
        for name, rule in written(train, task).items()
    }


def _overlap_scores(
    test: Sequence[Record], task: tasks.Task, options_of: Callable[[Record], Sequence[str]]
) -> dict[str, float]:
    most, least = [], []
    for record in test:
        known = set(_words(_text(record, task)))
        shared = [_share(option, known) for option in options_of(record)]
        most.append(_guess(shared, record))
        least.append(_guess([-value for value in shared], record))
    return {"most overlap": _mean(most), "least overlap": _mean(least)}


def _fitted(
    train: Sequence[Record], test: Sequence[Record], feature: Callable[[Record], object]
) -> float:
    """Returns the accuracy of the commonest training label among records of the same feature."""
    counts: dict[object, Counter[int]] = defaultdict(Counter)
    overall: Counter[int] = Counter()
    for record in train:
        counts[feature(record)][record["label"]] += 1
        overall[record["label"]] += 1
    hits = []
    for record in test:
        seen = counts.get(feature(record), overall)
        if seen.total() < _MIN_BIN:
            seen = overall
        hits.append(seen.most_common(1)[0][0] in _rights(record))
    return _mean(hits)


def _fields_overlap(record: Record, task: tasks.Task) -> float:
    """Returns the largest share of the words of one field that another field holds, in tenths."""
    words = [set(_words(record[field])) for field in task.fields if field != "rationale"]
    words.sort(key=len)
    shorter, longer = words[-2:] if len(words) > 1 else (words[0], words[0])
    return _bin(10 * len(shorter & longer) / max(1, len(shorter)), 1)


def _length_difference(record: Record, task: tasks.Task) -> float:
    lengths = [len(_words(record[field])) for field in task.fields if field != "rationale"]
    return _bin(lengths[-1] - lengths[-2] if len(lengths) > 1 else lengths[0], 2)


def _mention(record: Record, task: tasks.Task, *, is_last: bool = False) -> Callable[[str], float]:
    text = f" {' '.join(_words(_text(record, task)))} "

    def place(option: str) -> float:
        found = text.find(f" {' '.join(_words(option))} ")
        if found < 0:
            return float("-inf")
        return found if is_last else -found

    return place


def _picked(record: Record, value: Callable[[str], float]) -> float:
    return _guess([value(option) for option in record["options"]], record)


def _guess(values: Sequence[float], record: Record) -> float:
    """Returns the chance of being right when guessing among the options of the highest value."""
    highest = max(values)
    hits = sum(values[label] == highest for label in _rights(record))
    return hits / sum(value == highest for value in values)


_rights = tasks.right_labels


def _gold(record: Record) -> str:
    return record["options"][record["label"]]


def _text(record: Record, task: tasks.Task) -> str:
    return " ".join(record[field] for field in task.fields if field != "rationale")


def _words_or_marks(text: str) -> list[str]:
    """Returns a text's words; brackets and the like, where it has no words."""
    return _words(text) or text.split()


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _length(option: str) -> int:
    return len(option)


def _share(option: str, known: set[str]) -> float:
    words = set(_words(option))
    return len(words & known) / max(1, len(words))


def _part(text: str, index: int, separator: str) -> str:
    parts = [part for part in re.split(separator, text) if part.strip()]
    return parts[index] if parts else ""


def _bin(value: float, width: int) -> float:
    return round(value / width) * width


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
