"""Training rows that say again what an earlier row of the mixture says.

A row is what it asks and what is right: its record's fields, a rationale too, its options in
alphabetical order, and its answer (the name of a label, the text of an option, the first
reference). Two rows with as many texts are duplicates where these are the same, white space and
case apart, or nearly: where the product of the similarities of their texts, one by one, is .8 or
more. The similarity of two texts is Jaccard's, of their runs of five words (of the whole text,
where it has fewer): how many both have, of all that one of them has (Broder 1997, "On the
resemblance and containment of documents"). So two questions on one passage are no duplicates,
however long the passage is, nor is one text with two answers.

    "The cat sat on the mat all day.", "Who sat?", "the cat"
    "The  cat sat on the mat all day!", "Who sat?", "The cat"     1 * 1 * 1: nearly the same
    "The cat sat on the mat all day.", "Where?", "the mat"        1 * 0 * 0: another row

Of each text a MinHash signature is made (by rensa), and of a row's signatures one, whose entries
are equal as often as the product says. It is cut into 16 bands of 8 entries: rows that share a
band are compared, and so of pairs at .8 95 % are seen, of those at .9 all but 1 in 10,000
(1 - (1 - s^8)^16). What is told is always compared by the texts themselves.
"""

import array
import bisect
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from flanlike import errors
from flanlike.mixtures import compose, drawing, mixture
from flanlike.prompts import overlap
from flanlike.sources import opening
from flanlike.sources import rows as rows_module
from flanlike.tasks import registry as registry_module
from flanlike.tasks import task as task_module

SHINGLE = 5  # words
LEAST_SIMILARITY = 0.8
EXAMPLES = 3
EXAMPLE_CHARACTERS = 500

Row = tuple[str, ...]  # texts, as they are compared

_BANDS, _ENTRIES = 16, 8
_SEED = 13
# Signs of arithmetic count as words: "x < 0" asks something else than "x > 0".
_WORD = re.compile(rf"[{overlap.LETTERS}]+|[<>=+*/^|\u00d7\u00f7]|(?<!\w)[-\u2212](?=\w)")
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, kw_only=True)
class Example:
    """A row and the earlier one that it repeats, by their ids, and the beginning of its text."""

    row: str
    earlier_row: str
    text: str
    is_exact: bool


@dataclass(kw_only=True)
class Pair:
    """How many rows of a task repeat an earlier row of a task, be it the same or another."""

    task: str
    earlier_task: str
    exact_rows: int = 0
    near_rows: int = 0
    examples: list[Example] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Duplicates:
    """`rows` has, for each task, the places in its sample (see `drawing`) that repeat others."""

    rows: Mapping[str, tuple[int, ...]]
    pairs: Sequence[Pair]


def find(
    composition: mixture.Composition, registry: registry_module.Registry, *, data: str
) -> Duplicates:
    """Returns which of the drawable training rows repeat an earlier one; reads each once or twice.

    Tasks are in the order of the mixture, rows in that of their sample. Needs the extra `lint`.
    Keeps 152 bytes a row.
    """
    collection = Collection()
    for share in composition.tasks:
        task = registry.task(share.name)
        records = opening.open_rows(task, data, "train", skip_bad_rows=composition.skip_bad_rows)
        part = collection.part(records)
        for place, number in sampled(share, records, composition.left_out(share.name)):
            part.add(place, number, records[number])
    return collection.duplicates()


def drop(
    composition: mixture.Composition, registry: registry_module.Registry, found: Duplicates
) -> mixture.Composition:
    """Returns the mixture without the rows that repeat others, its rates by what is left."""
    why = "all its rows repeat rows of tasks before it"
    return compose.without(composition, registry, found.rows, why=why, told_as="duplicated")


def sampled(
    share: mixture.TaskShare,
    records: rows_module.Records,
    left_out: Sequence[int] = (),
    most: int | None = None,
) -> Iterator[tuple[int, int]]:
    """Yields each place in a task's sample that is not left out, with the number of its record.

    `most` makes another sample, of so many rows, where there are more.
    """
    size = share.rows + len(left_out)
    rows = size if most is None else min(size, most)
    skipped = set(left_out)
    drawable = drawing.Drawable(task=share.name, rows=rows, total=len(records))
    for place, number in enumerate(drawable):
        if place not in skipped:
            yield place, number


def row_of(task: task_module.Task, record: task_module.Record) -> Row:
    """Returns the texts of a record by which it is compared with others."""
    texts = [record[name] for name in task.fields]
    if isinstance(task.answers, task_module.Choices):
        texts.append(" / ".join(sorted(record["options"])))
    texts.append(answer_of(task, record))
    return tuple(" ".join(text.split()).casefold() for text in texts if text)


def answer_of(task: task_module.Task, record: task_module.Record) -> str:
    """Returns what is right: a label's name, an option or the first reference."""
    if isinstance(task.answers, task_module.Labels):
        return task.answers.names[record["label"]]
    if isinstance(task.answers, task_module.Choices):
        return record["options"][record["label"]]
    return record["references"][0]


def similarity(one: Row, other: Row) -> float:
    """Returns the product of the similarities of two rows' texts; 0 where one has more of them."""
    if len(one) != len(other):
        return 0.0
    product = 1.0
    for text, beside in sorted(zip(one, other, strict=True), key=lambda pair: len(pair[0])):
        if text != beside:
            has, other_has = set(shingles(text)), set(shingles(beside))
            product *= len(has & other_has) / len(has | other_has)
        if product < LEAST_SIMILARITY:
            return 0.0
    return product


def shingles(text: str) -> list[str]:
    """Returns the runs of five words of a text; of a shorter one all its words.

    "one two three four five six" -> ["one two three four five", "two three four five six"]
    """
    words = _WORD.findall(overlap.folded(text))
    if not words:  # signs alone
        return [text]
    last = max(1, len(words) - SHINGLE + 1)
    return [" ".join(words[start : start + SHINGLE]) for start in range(last)]


class Repeat(NamedTuple):
    """A row that repeats an earlier one, by their numbers in an index."""

    row: int
    earlier: int
    is_exact: bool


class Index:
    """What is kept of rows to find those that repeat others: 136 bytes each."""

    def __init__(self) -> None:
        self._minhash = _rensa().RMinHash
        self._wholes = array.array("Q")  # a hash of all texts
        self._bands = array.array("Q")

    def __len__(self) -> int:
        return len(self._wholes)

    def add(self, row: Row) -> None:
        whole = hashlib.blake2b("\n".join(row).encode("utf-8", "surrogatepass"), digest_size=8)
        self._wholes.frombytes(whole.digest())
        signature = np.zeros(_BANDS * _ENTRIES, np.uint64)
        for text in row:
            of_text = self._minhash(_BANDS * _ENTRIES, _SEED)
            of_text.update(shingles(text))
            signature = _mixed(signature) + np.array(of_text.digest(), np.uint64)
        bands = np.zeros(_BANDS, np.uint64)
        for entries in signature.reshape(_BANDS, _ENTRIES).T:
            bands = _mixed(bands) + entries
        self._bands.frombytes(bands.tobytes())

    def repeats(self, read: Callable[[int], Row]) -> Iterator[Repeat]:
        """Yields the rows that repeat an earlier one, in no order; `read` gives a row's texts.

        In a band's bucket each is compared with the first and with the one before it.
        """
        if not self._wholes:
            return
        first, _ = _earlier(np.frombuffer(self._wholes, np.uint64))
        numbers = np.arange(len(first))
        for number in np.flatnonzero(first != numbers):
            yield Repeat(int(number), int(first[number]), True)
        others = np.flatnonzero(first == numbers)
        bands = np.frombuffer(self._bands, np.uint64).reshape(-1, _BANDS)[others]
        last = -1
        for one, other in self._candidates(bands):
            row, earlier = int(others[one]), int(others[other])
            if row != last and similarity(read(row), read(earlier)) >= LEAST_SIMILARITY:
                yield Repeat(row, earlier, False)
                last = row

    @staticmethod
    def _candidates(bands: np.ndarray) -> Iterator[tuple[int, int]]:
        """Yields the pairs that are compared, those of a row one after the other."""
        found = []
        for band in bands.T:
            numbers = np.arange(len(band))
            for earlier in _earlier(band):
                has = earlier != numbers
                found.append(np.stack([numbers[has], earlier[has]], axis=1))
        yield from np.unique(np.concatenate(found), axis=0)


class Collection:
    """Rows of several tasks, of which some repeat others."""

    def __init__(self) -> None:
        self._index = Index()
        self._parts: list[Part] = []
        self._starts: list[int] = []

    def part(self, records: rows_module.Records) -> "Part":
        """Returns where the next task's rows are added."""
        self._parts.append(Part(self._index, records))
        self._starts.append(len(self._index))
        return self._parts[-1]

    def duplicates(self) -> Duplicates:
        """Returns what is found among all rows added."""
        places: dict[str, list[int]] = {}
        pairs: dict[tuple[str, str], Pair] = {}
        for repeat in sorted(self._index.repeats(lambda number: self._part(number).row(number))):
            part, earlier = self._part(repeat.row), self._part(repeat.earlier)
            names = (part.task.name, earlier.task.name)
            places.setdefault(names[0], []).append(part.place(repeat.row))
            pair = pairs.get(names)
            if pair is None:
                pair = pairs[names] = Pair(task=names[0], earlier_task=names[1])
            pair.exact_rows += repeat.is_exact
            pair.near_rows += not repeat.is_exact
            if len(pair.examples) < EXAMPLES:
                pair.examples.append(
                    Example(
                        row=part.row_id(repeat.row),
                        earlier_row=earlier.row_id(repeat.earlier),
                        text=" | ".join(part.row(repeat.row))[:EXAMPLE_CHARACTERS],
                        is_exact=repeat.is_exact,
                    )
                )
        rows = {name: tuple(sorted(found)) for name, found in places.items()}
        return Duplicates(rows=rows, pairs=list(pairs.values()))

    def _part(self, number: int) -> "Part":
        return self._parts[bisect.bisect_right(self._starts, number) - 1]


class Part:
    """The rows of one task in a collection."""

    def __init__(self, index: Index, records: rows_module.Records) -> None:
        self.task = records.task
        self.start = len(index)
        self._index = index
        self._records = records
        self._places = array.array("q")
        self._numbers = array.array("q")

    def add(self, place: int, number: int, record: task_module.Record) -> None:
        """Adds the record of that number, which stands at that place of the task's sample."""
        self._places.append(place)
        self._numbers.append(number)
        self._index.add(row_of(self.task, record))

    def place(self, number: int) -> int:
        """Returns the place of a row by its number in the index, as do the others."""
        return self._places[number - self.start]

    def row(self, number: int) -> Row:
        return row_of(self.task, self._records[self._numbers[number - self.start]])

    def row_id(self, number: int) -> str:
        return self._records.row_id(self._numbers[number - self.start])


def _earlier(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns for each value where it stands first, and where it stood last before; else itself.

    7 5 7 7  ->  0 1 0 0   and   0 1 0 2
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    begins = np.ones(len(values), bool)
    begins[1:] = ordered[1:] != ordered[:-1]
    starts = np.maximum.accumulate(np.where(begins, np.arange(len(values)), 0))
    first, before = np.empty_like(order), np.empty_like(order)
    first[order] = order[starts]
    before[order] = np.where(begins, order, np.roll(order, 1))
    return first, before


def _mixed(hashes: np.ndarray) -> np.ndarray:
    """Returns 64-bit hashes to which further ones can be added, so that their order counts."""
    return (hashes ^ (hashes >> np.uint64(29))) * _MULTIPLIER


def _rensa() -> Any:
    try:
        import rensa
    except ImportError as error:
        raise errors.UserError(
            f"duplicates are looked for with a package that is not installed ({error}): "
            "pip install 'flanlike[lint]'"
        ) from error
    return rensa
