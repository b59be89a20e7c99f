"""Training rows that share text with evaluation rows.

The text of a row is its record's fields without the rationale: what is asked. Options and answers
to choose from are none of it, since all rows have them; answers in free text are. Words are what
`words` says. Two rows overlap where a text of each has the same 13 words in a row, where all their
fields have the same words, in whichever order the fields stand (short rows have no 13), or where an
answer to the training row, of five words or more, is all that the evaluation row asks.

    training     "The quick brown fox, it is said, jumps over the lazy dog every single day."
    evaluation   "Why? THE QUICK BROWN FOX IT IS SAID JUMPS OVER THE LAZY DOG"        overlap
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from flanlike.mixtures import compose, drawing, mixture
from flanlike.sources import opening
from flanlike.sources import rows as rows_module
from flanlike.tasks import registry as registry_module
from flanlike.tasks import task as task_module

NGRAM = 13
LEAST_OUTPUT = 5  # words of an answer that is compared as a whole: fewer are given by chance
EXAMPLES = 3

Key = int | str  # what rows share: a gram's hash, or all words of an input

# Of words, for a regular expression: letters and digits, and the marks on them. Without these the
# words of Hindi or Thai would be without their vowels, and many of them the same.
_BLOCKS = ((0x300, 0x3100), (0xA600, 0xAC00), (0xFB00, 0xFE30), (0x10000, 0x12000))
_MARKS = (chr(code) for first, end in _BLOCKS for code in range(first, end))
LETTERS = r"\w" + "".join(mark for mark in _MARKS if unicodedata.category(mark)[0] == "M")

_WORD = re.compile(f"[{LETTERS}]+")


@dataclass(frozen=True, kw_only=True)
class Example:
    """A training row and an evaluation row, by their ids, and words that both have."""

    training_row: str
    evaluation_row: str
    text: str
    is_exact: bool  # the whole input
    is_output: bool = False  # of the training row, whose input has nothing of the other's


@dataclass(kw_only=True)
class Pair:
    """What the rows of a training task share with those of an evaluation task."""

    training_task: str
    evaluation_task: str
    training_rows: int = 0  # that overlap
    exact_rows: int = 0  # of these, the same in all fields
    output_rows: int = 0  # of these, by their outputs alone
    evaluation_rows: int = 0  # that overlap
    evaluation_share: float = 0.0  # of the task's evaluation rows
    examples: list[Example] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """`rows` has, for each training task, the places in its sample (see `drawing`) that overlap."""

    rows: Mapping[str, tuple[int, ...]]
    pairs: Sequence[Pair]  # those that share something
    training_rows: Mapping[str, int]  # looked at
    evaluation_rows: Mapping[str, int]


def words(text: str) -> list[str]:
    """Returns the words by which texts are compared: letters and digits, case folded.

    "It's 3 o'Clock!" -> ["it", "s", "3", "o", "clock"]
    """
    return _WORD.findall(folded(text))


def folded(text: str) -> str:
    """Returns the text without differences of case and of how characters are written (NFKC)."""
    return unicodedata.normalize("NFKC", text).casefold()


def find(
    composition: mixture.Composition,
    registry: registry_module.Registry,
    *,
    data: str,
    evaluated: Sequence[str],
    split: str = "test",
) -> Overlap:
    """Returns what the drawable training rows share with the rows of `split` of some tasks."""
    index = Index()
    skip = {"skip_bad_rows": composition.skip_bad_rows}
    counts: dict[str, int] = {}
    for name in evaluated:
        task = registry.task(name)
        records = opening.open_rows(task, data, split, **skip)
        counts[name] = len(records)
        for number in range(len(records)):
            record = records[number]
            index.add(name, records.row_id(number), texts(task, record), outputs(task, record))
    rows: dict[str, tuple[int, ...]] = {}
    pairs: list[Pair] = []
    for share in composition.tasks:
        task = registry.task(share.name)
        found = _Found(index, share.name)
        records = opening.open_rows(task, data, "train", **skip)
        for place, row_id, record in _drawable(records, share.rows):
            found.look(place, row_id, texts(task, record), outputs(task, record))
        rows[share.name] = tuple(found.places)
        pairs += found.pairs(counts)
    return Overlap(
        rows={name: places for name, places in rows.items() if places},
        pairs=pairs,
        training_rows={share.name: share.rows for share in composition.tasks},
        evaluation_rows=counts,
    )


def exclude(
    composition: mixture.Composition, registry: registry_module.Registry, found: Overlap
) -> mixture.Composition:
    """Returns the mixture without the rows that overlap, its rates by what is left."""
    why = "all its rows overlap with evaluation rows"
    return compose.without(composition, registry, found.rows, why=why, told_as="overlapping")


def texts(task: task_module.Task, record: task_module.Record) -> list[str]:
    """Returns what a record asks: its fields but the rationale and what all rows share."""
    unlike = (name for name in task.fields if name != "rationale" and name not in task.constant)
    return [record[name] for name in unlike]


def outputs(task: task_module.Task, record: task_module.Record) -> list[str]:
    """Returns what a record is answered with where that is text: none of it has nothing to say."""
    is_text = isinstance(task.answers, task_module.FreeText)
    return list(record["references"]) if is_text else []


class Index:
    """The evaluation rows by their 13-grams and by all their words.

    Words are numbered, so that a gram is a hash of small integers: 64 bits, the same in every
    process. A gram belongs to texts and a text to rows: many rows may share a passage.
    """

    def __init__(self) -> None:
        self.rows: list[tuple[str, str]] = []  # task, row id
        self._numbers: dict[str, int] = {}
        self._texts: dict[str, list[int]] = {}  # a field's words -> rows
        self._grams: dict[int, list[str]] = {}  # gram -> texts
        self._inputs: dict[str, list[int]] = {}  # all words -> rows

    def add(
        self, task: str, row_id: str, texts: Sequence[str], outputs: Sequence[str] = ()
    ) -> None:
        row = len(self.rows)
        self.rows.append((task, row_id))
        split = [words(text) for text in texts]
        if key := _whole(split):
            self._inputs.setdefault(key, []).append(row)
        for found in (*split, *map(words, outputs)):
            text = " ".join(found)
            if (rows := self._texts.get(text)) is not None:
                if rows[-1] != row:
                    rows.append(row)
                continue
            self._texts[text] = [row]
            ids = [self._numbers.setdefault(word, len(self._numbers) + 1) for word in found]
            for gram, _ in _grams(ids):
                at = self._grams.setdefault(gram, [])
                if not at or at[-1] is not text:
                    at.append(text)

    def shared(self, texts: Sequence[str]) -> dict[Key, str]:
        """Returns what evaluation rows have of an input, each with its words: the whole first."""
        split = [words(text) for text in texts]
        whole = _whole(split)
        shared: dict[Key, str] = {whole: whole} if whole in self._inputs else {}
        return shared | self._grams_of(split)

    def shared_output(self, texts: Sequence[str]) -> dict[Key, str]:
        """Returns the same of the answers to an input: any of them may be all that another asks."""
        split = [words(text) for text in texts]
        wholes = [_whole([found]) for found in split if len(found) >= LEAST_OUTPUT]
        return {each: each for each in wholes if each in self._inputs} | self._grams_of(split)

    def _grams_of(self, split: Sequence[Sequence[str]]) -> dict[Key, str]:
        shared: dict[Key, str] = {}
        for found in split:
            if len(found) < NGRAM:
                continue
            for gram, end in _grams([self._numbers.get(word, 0) for word in found]):
                if gram in self._grams and gram not in shared:
                    shared[gram] = " ".join(found[end - NGRAM : end])
        return shared

    def rows_of(self, key: Key) -> list[int]:
        """Returns the numbers of the rows that have it."""
        if isinstance(key, str):
            return self._inputs[key]
        return sorted({row for text in self._grams[key] for row in self._texts[text]})


class _Found:
    """What is found of one training task."""

    def __init__(self, index: Index, task: str) -> None:
        self.places: list[int] = []
        self._index = index
        self._task = task
        self._pairs: dict[str, Pair] = {}
        self._first: dict[Key, dict[str, int]] = {}  # what was met -> task -> its first row

    def look(
        self, place: int, row_id: str, texts: Sequence[str], outputs: Sequence[str] = ()
    ) -> None:
        shared = self._index.shared(texts)
        of_output = self._index.shared_output(outputs) if outputs else {}
        if not shared and not of_output:
            return
        self.places.append(place)
        counted: set[str] = set()
        for found, is_output in ((shared, False), (of_output, True)):
            for key, text in found.items():
                for task, row in self._rows(key).items():
                    if task not in counted:
                        counted.add(task)
                        is_exact = isinstance(key, str) and not is_output
                        self._count(task, row_id, row, text, is_exact, is_output)

    def pairs(self, evaluation_rows: Mapping[str, int]) -> list[Pair]:
        """Returns the pairs, with the evaluation rows counted."""
        hit: dict[str, set[int]] = {}
        for key in self._first:
            for row in self._index.rows_of(key):
                hit.setdefault(self._index.rows[row][0], set()).add(row)
        for task, pair in self._pairs.items():
            pair.evaluation_rows = len(hit[task])
            pair.evaluation_share = len(hit[task]) / evaluation_rows[task]
        return list(self._pairs.values())

    def _rows(self, key: Key) -> dict[str, int]:
        if key not in self._first:
            first: dict[str, int] = {}
            for row in self._index.rows_of(key):
                first.setdefault(self._index.rows[row][0], row)
            self._first[key] = first
        return self._first[key]

    def _count(
        self, task: str, row_id: str, row: int, text: str, is_exact: bool, is_output: bool
    ) -> None:
        pair = self._pairs.get(task)
        if pair is None:
            pair = self._pairs[task] = Pair(training_task=self._task, evaluation_task=task)
        pair.training_rows += 1
        pair.exact_rows += is_exact
        pair.output_rows += is_output
        if len(pair.examples) < EXAMPLES:
            pair.examples.append(
                Example(
                    training_row=row_id,
                    evaluation_row=self._index.rows[row][1],
                    text=text.replace("\n", " | "),
                    is_exact=is_exact,
                    is_output=is_output,
                )
            )


def _drawable(
    records: rows_module.Records, rows: int
) -> Iterator[tuple[int, str, task_module.Record]]:
    drawable = drawing.Drawable(task=records.task.name, rows=rows, total=len(records))
    for place, number in enumerate(drawable):
        yield place, records.row_id(number), records[number]


def _whole(split: Sequence[Sequence[str]]) -> str:
    """Returns all words, fields in alphabetical order; "" where there is none."""
    return "\n".join(sorted(" ".join(found) for found in split if found))


def _grams(ids: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yields the hash and the end of each 13 words in a row; 0 is a word that no other text has."""
    start = 0
    for end, word in enumerate(ids, 1):
        if not word:
            start = end
        elif end - start >= NGRAM:
            yield hash(tuple(ids[end - NGRAM : end])), end
