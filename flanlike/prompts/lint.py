"""What is wrong with the rows of a mixture, task by task: the rows, not the templates.

Of each task the same sample of its training rows is looked at, whatever else is in the mixture.
Duplicates are as `duplicates` has them, damage and language as `text_checks`. A target is *given
away* where what is asked holds it and it should not:

    whole field    it is all of a field (a translation that is none)
    verbatim       five words of it or more stand in a field
    word           a label's word stands in the text, and no other label's, so much more often than
                   a wrong one alone that it tells the label

The first two are not told of a task of which half of the targets stand in the text: these are spans
of a passage, and meant to be.
"""

import collections
from collections.abc import Sequence
from dataclasses import dataclass, field

from flanlike.mixtures import mixture
from flanlike.prompts import duplicates, fitting, overlap, text_checks
from flanlike.prompts import stream as prompt_stream
from flanlike.sources import opening
from flanlike.tasks import registry as registry_module
from flanlike.tasks import task as task_module

EXAMPLES = 3
LEAST_COMMON = 0.8  # of a task's answers: one that is more common leaves little to learn
LONG_TARGET = 5  # words
_EXTRACTED = 0.5  # of the targets, that stand in the text: they are meant to
_TOLD, _TIMES = 0.05, 4  # of the rows, that the word tells; as often as a wrong one by chance
_BEFORE, _AFTER = 40, 80  # characters that are shown around damage
_KEPT = 100  # characters of an answer
_LEAST_SEEN = 1000  # rows, or all there are, to say that a label never is
_LEAST_ROWS = 50  # to speak of shares

# Kinds of findings by the name of their count, as tables and examples call them.
KINDS = {
    "same": "same as an earlier row of the task",
    "near": "nearly the same as an earlier row of the task",
    "elsewhere": "the same, or nearly, as a row of an earlier task",
    "contradicting": "asks the same as an earlier row, with another answer",
    "empty": "nothing but punctuation is asked, or answered",
    "given_away": "the target stands in what is asked",
    "damaged": "damage from a wrong encoding",
    "in_tokens": "tokens with blanks between them, not text as it is printed",
    "not_english": "another language than English",
}


@dataclass(frozen=True, kw_only=True)
class Example:
    """A row by its id, what is found, and the beginning of the text in which it is."""

    row: str
    what: str
    text: str


@dataclass(kw_only=True)
class Findings:
    """What is found in a task; counts are rows of those looked at, but for the prompts."""

    task: str
    rows: int  # drawable
    looked_at: int = 0
    same: int = 0
    near: int = 0
    elsewhere: int = 0
    contradicting: int = 0  # of tasks with options
    empty: int = 0
    given_away: int = 0
    damaged: int = 0
    in_tokens: int = 0
    not_english: int = 0
    answers: int = 0  # different ones
    commonest_answer: str = ""
    commonest_share: float = 0.0
    unused_labels: list[str] = field(default_factory=list)
    prompts: fitting.TaskCounts | None = None  # None: no limit was given
    examples: dict[str, list[Example]] = field(default_factory=dict)

    @property
    def is_lopsided(self) -> bool:
        """Returns whether one answer is nearly all there is, or a label never is."""
        is_common = self.commonest_share >= LEAST_COMMON and self.looked_at >= _LEAST_ROWS
        return self.answers == 1 or is_common or bool(self.unused_labels)

    @property
    def is_clean(self) -> bool:
        prompts = self.prompts
        is_cut = prompts is not None and bool(prompts.cut or prompts.left_out)
        return not (self.is_lopsided or is_cut or any(getattr(self, kind) for kind in KINDS))

    def add(self, kind: str, row: str, what: str, text: str, rows: int = 1) -> None:
        setattr(self, kind, getattr(self, kind) + rows)
        examples = self.examples.setdefault(kind, [])
        if len(examples) < EXAMPLES:
            examples.append(Example(row=row, what=what, text=text[: duplicates.EXAMPLE_CHARACTERS]))


@dataclass(frozen=True, kw_only=True)
class Lint:
    tasks: list[Findings]
    pairs: list[duplicates.Pair]  # of tasks whose rows repeat each other


def find(
    composition: mixture.Composition,
    registry: registry_module.Registry,
    *,
    data: str,
    max_rows: int,
    room: fitting.Room | None = None,
) -> Lint:
    """Returns the findings of each task, in at most so many of its training rows and prompts.

    With a `room`, as many prompts as are looked at are drawn as training draws them, and those
    that it cuts are counted. Needs the extra `lint`.
    """
    collection = duplicates.Collection()
    found: dict[str, Findings] = {}
    prompts = prompt_stream.Prompts(composition, registry, data=data, seed=0, room=room)
    for number, share in enumerate(composition.tasks):
        task = registry.task(share.name)
        records = opening.open_rows(task, data, "train", skip_bad_rows=composition.skip_bad_rows)
        part = collection.part(records)
        task_found = found[share.name] = Findings(task=share.name, rows=share.rows)
        looker = _Looker(task, task_found)
        for place, at in duplicates.sampled(share, records, most=max_rows):
            record = records[at]
            part.add(place, at, record)
            looker.look(records.row_id(at), record)
        looker.close()
        if room is not None:
            drawn = (prompts.draw_of(number, nth) for nth in range(task_found.looked_at))
            task_found.prompts = fitting.added(fitting.counts_of(one.prompt) for one in drawn)
    repeated = collection.duplicates()
    for pair in repeated.pairs:
        _count(pair, found[pair.task])
    return Lint(tasks=list(found.values()), pairs=list(repeated.pairs))


def _count(pair: duplicates.Pair, found: Findings) -> None:
    """Adds a pair's rows to those of the task that repeats."""
    if pair.task == pair.earlier_task:
        found.same += pair.exact_rows
        found.near += pair.near_rows
    else:
        found.elsewhere += pair.exact_rows + pair.near_rows
    for example in pair.examples:
        kind = "elsewhere"
        if pair.task == pair.earlier_task:
            kind = "same" if example.is_exact else "near"
        what = f"{pair.earlier_task} {example.earlier_row}"
        found.add(kind, example.row, what, example.text, rows=0)


class _Looker:
    """Looks at a task's rows, one after the other."""

    def __init__(self, task: task_module.Task, found: Findings) -> None:
        self._task = task
        self._found = found
        # By hash, with their beginnings: summaries are long.
        self._answers: collections.Counter[tuple[int, str]] = collections.Counter()
        self._first_answer: dict[int, str] = {}  # what is asked -> the answer that came first
        self._given_away = _GivenAway(task)
        # Rows of translations are in two languages, and meant to be.
        self._is_english = task.cluster != "translation"

    def look(self, row: str, record: task_module.Record) -> None:
        found = self._found
        found.looked_at += 1
        asked, answer = overlap.texts(self._task, record), duplicates.answer_of(self._task, record)
        self._answers[hash(answer), answer[:_KEPT]] += 1
        if text_checks.is_blank(answer) or all(map(text_checks.is_blank, asked)):
            found.add("empty", row, "", " | ".join([*asked, answer]))
        for text in (*asked, *_options(self._task, record), answer):
            if damage := text_checks.damage(text):
                begin = max(0, damage.start - _BEFORE)
                found.add("damaged", row, damage.what, text[begin : damage.start + _AFTER])
                break
        if self._is_english:
            if tokens := next(filter(text_checks.is_in_tokens, (*asked, answer)), ""):
                found.add("in_tokens", row, "", tokens)
            for text in (*asked, answer):
                if what := text_checks.language(text):
                    found.add("not_english", row, what, text)
                    break
        if not isinstance(self._task.answers, task_module.FreeText):
            key = hash(duplicates.row_of(self._task, record)[:-1])
            if self._first_answer.setdefault(key, answer) != answer:
                what = f"here {answer!r}, before {self._first_answer[key]!r}"
                found.add("contradicting", row, what, " | ".join(asked))
        self._given_away.look(row, record, asked, answer)

    def close(self) -> None:
        """Adds what is known of the task when all its rows have been looked at."""
        found = self._found
        (((_, answer), count),) = self._answers.most_common(1)
        found.answers = len(self._answers)
        found.commonest_answer, found.commonest_share = answer, count / found.looked_at
        is_enough = found.looked_at >= min(_LEAST_SEEN, found.rows)
        if isinstance(self._task.answers, task_module.Labels) and is_enough:
            names = self._task.answers.names
            there = {answer for _, answer in self._answers}
            found.unused_labels = [name for name in names if name[:_KEPT] not in there]
        self._given_away.tell(found)


class _GivenAway:
    """Keeps which rows hold their target in what they ask, until it is known what that means."""

    def __init__(self, task: task_module.Task) -> None:
        self._answers = task.answers
        self._counts: collections.Counter[str] = collections.Counter()
        self._examples: dict[str, list[tuple[str, str]]] = {}  # row, text
        self._parts = 0  # targets of any length that are a part of a field
        self._by_chance = 0.0  # rows that would have the right label's word alone

    def look(self, row: str, record: task_module.Record, asked: list[str], answer: str) -> None:
        if isinstance(self._answers, task_module.Labels):
            self._look_for_words(row, self._answers.words, record["label"], asked)
        elif isinstance(self._answers, task_module.FreeText):
            self._look_for_target(row, " ".join(answer.split()), asked)

    def tell(self, found: Findings) -> None:
        """Adds the rows whose target is given away."""
        rows = found.looked_at
        told = ["whole field", "verbatim"] if self._parts < _EXTRACTED * rows else []
        by_word = self._counts["word"]
        if rows >= _LEAST_ROWS and by_word >= max(_TOLD * rows, _TIMES * self._by_chance):
            told.append("word")
        for what in told:
            found.given_away += self._counts[what]
            for row, text in self._examples.get(what, ()):
                found.add("given_away", row, what, text, rows=0)

    def _add(self, what: str, row: str, text: str) -> None:
        self._counts[what] += 1
        if self._counts[what] <= EXAMPLES:
            self._examples.setdefault(what, []).append((row, text))

    def _look_for_target(self, row: str, target: str, asked: list[str]) -> None:
        if any(target == " ".join(text.split()) for text in asked):
            self._add("whole field", row, target)
            return
        spaced = _spaced(target)
        if spaced.strip() and any(spaced in _spaced(text) for text in asked):
            self._parts += 1
            if len(spaced.split()) >= LONG_TARGET:
                self._add("verbatim", row, target)

    def _look_for_words(self, row: str, words: Sequence[str], label: int, asked: list[str]) -> None:
        texts = [_spaced(text) for text in asked]
        there = [any(_spaced(word) in text for text in texts) for word in words]
        if sum(there) != 1:
            return
        if there[label]:
            self._add("word", row, f"{words[label]}: {' | '.join(asked)}")
        elif len(words) > 1:
            self._by_chance += 1 / (len(words) - 1)


def _options(task: task_module.Task, record: task_module.Record) -> list[str]:
    if isinstance(task.answers, task_module.Labels):
        return list(task.answers.words)
    return record["options"] if isinstance(task.answers, task_module.Choices) else []


def _spaced(text: str) -> str:
    """Returns a text's words, so that one is in another only as whole words."""
    return f" {' '.join(overlap.words(text))} "
