"""What rows and records are, wherever they come from; knows no backend.

A backend yields *rows* of one official split with their class labels as names; the task's
`preprocess` turns a row into a record.
"""

import array
import bisect
import functools
import hashlib
import json
import re
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from flanlike import errors
from flanlike.tasks import records as records_module
from flanlike.tasks import task as task_module
from flanlike.tasks import texts

SPLITS = ("train", "validation", "test")
EXEMPLARS = task_module.EXEMPLARS  # a further split, of tasks that have rows of that use alone

_EXPRESSION = re.compile(r"(\w+)(?:\[(-?\d+)?:(-?\d+)?\])?")


class BadRow(errors.UserError):
    """A row that gives no record: `what` is wrong, where, and how to mend it."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what, mend)  # both, so that it pickles
        self.what = what

    def __str__(self) -> str:
        return "; ".join(self.args)


class Rows(Protocol):
    """Rows of one official split, class labels as names.

    A row that cannot be read raises ValueError on `rows[index]`, with what is wrong but not where;
    UserError is for more than a row.
    """

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> task_module.Row: ...

    def where(self, index: int) -> str:
        """Says where a row is, for an error: "FILE:LINE" or "split 'train' of REPO, row 3"."""

    def unlabelled(self, indices: range) -> set[int]:
        """Returns those of `indices` whose row has no gold answer."""

    def content(self, indices: Iterable[int]) -> str:
        """Returns a hash of what these rows are read from: of them, or of the whole file.

        It is "" where rows are made and not read.
        """

    def revision(self) -> str:
        """Returns the version of the dataset as its home calls it, "" where it tells none."""


@dataclass(frozen=True, kw_only=True)
class Records:
    """Records of one split of one task.

    `dropped` counts rows left out for want of an answer, `bad` those left out because they give no
    record, of which `first_bad` says where the first is and why.
    """

    task: task_module.Task
    source: str  # "embedded", "hub", "tfds", "folder", "instruction_file" or "code"
    split: str
    official_split: str
    dropped: int
    is_made: bool = False  # its rows are records already
    bad: int = 0
    first_bad: str = ""
    _rows: Rows
    _indices: Sequence[int]  # of the official split's rows

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, index: int) -> task_module.Record:
        number = self._indices[index]
        if self.is_made:
            return dict(self._rows[number])
        record = self._asked(number, self.task.preprocess)
        if wrong := self._check.problem(record):
            raise self._bad_row(number, wrong)
        return record

    def is_unusable(self, index: int) -> bool:
        """Returns whether the task says of the row that no record can be made of it."""
        return bool(self._asked(self._indices[index], self.task.unusable))

    def row_id(self, index: int) -> str:
        """Returns the row's name within the task: the same in whichever split it is used."""
        return f"{self.official_split}/{self._indices[index]}"

    def content(self, indices: Sequence[int]) -> str:
        """Returns a hash of what these records are read from: equal hashes, equal rows."""
        try:
            return self._rows.content(self._indices[index] for index in indices)
        except UnicodeDecodeError:
            for index in indices:  # the one that is not UTF-8 says so in its own words
                self[index]
            raise

    def revision(self) -> str:
        """Returns the version of the dataset as its home calls it, "" where it tells none."""
        return self._rows.revision()

    @functools.cached_property
    def _check(self) -> records_module.Check:
        return records_module.Check(self.task)

    def _asked(self, number: int, function: Callable[[task_module.Row], Any]) -> Any:
        """Returns what a function of the task's says of a row, or raises BadRow."""
        try:
            row = self._rows[number]
        except MemoryError:
            raise
        except errors.UserError as error:  # more than this row is wrong
            raise errors.UserError(f"task {self.task.name!r}: {error}") from error
        except OSError as error:  # the same
            where, said = self._rows.where(number), errors.in_one_line(error)
            raise errors.UserError(f"task {self.task.name!r}: {where}: {said}") from error
        except Exception as error:
            said = str(error) if isinstance(error, ValueError) else errors.in_one_line(error)
            raise self._bad_row(number, said) from error
        if type(row) is not dict and not isinstance(row, Mapping):
            raise self._bad_row(number, f"the row is {texts.shown(row)}; expected its columns")
        try:
            return function(row)
        except MemoryError:
            raise
        except (Exception, SystemExit) as error:
            raise self._bad_row(number, _in_words(error, row)) from error

    def _bad_row(self, number: int, wrong: str) -> BadRow:
        """Words what is wrong with a row so that the user can mend it."""
        mend = "mend what it gives" if self.source == "code" else "use another --data"
        if self.source == "instruction_file":
            mend = "mend it"
        if self.source == "folder":
            mend = "rename yours to the hub's or TFDS's" if "missing column" in wrong else "mend it"
        return BadRow(
            f"task {self.task.name!r}: {self._rows.where(number)}: {texts.printable(wrong)}",
            f"{mend}, or leave such rows out of training and exports with --skip-bad-rows",
        )


class Without(Sequence[int]):
    """Numbers of a range without some of them; in memory are those that are left out.

    Without(range(2, 9), {3, 7, 20})   ->   2 4 5 6 8
    """

    def __init__(self, numbers: range, left_out: Iterable[int]) -> None:
        self._numbers = numbers
        self._left_out = array.array("q", sorted({one for one in left_out if one in numbers}))
        places = map(numbers.index, self._left_out)
        self._gaps = array.array("q", (place - before for before, place in enumerate(places)))

    def __len__(self) -> int:
        return len(self._numbers) - len(self._gaps)

    def __getitem__(self, place: int) -> int:
        if not 0 <= place < len(self):
            raise IndexError(place)
        return self._numbers[place + bisect.bisect_right(self._gaps, place)]

    def __contains__(self, number: object) -> bool:
        at = bisect.bisect_left(self._left_out, number)
        return number in self._numbers and self._left_out[at : at + 1] != array.array("q", [number])


def without(numbers: Sequence[int], left_out: set[int]) -> Sequence[int]:
    """Returns ascending numbers without some of them, in as little memory as they allow."""
    if not left_out:
        return numbers
    if isinstance(numbers, range):
        return Without(numbers, left_out)
    if isinstance(numbers, Without):
        return Without(numbers._numbers, left_out.union(numbers._left_out))
    return array.array("q", (number for number in numbers if number not in left_out))


def carve(expression: str, *, what: str) -> tuple[str, slice]:
    """Returns the official split and the slice that an expression like "train[:-200]" names."""
    match = _EXPRESSION.fullmatch(expression)
    if not match:
        raise errors.UserError(
            f"{what}: cannot read the split {expression!r}; "
            "expected a name with an optional slice, like 'train[:-200]'"
        )
    name, start, stop = match.groups()
    return name, slice(int(start) if start else None, int(stop) if stop else None)


def carved(task: task_module.Task, split: str, *, data: str) -> tuple[str, slice]:
    """Returns the official split that the task takes `split` from, and which part of it."""
    if split not in task.splits:
        raise errors.UserError(
            f"it declares no split {split!r} for --data {data}; it declares "
            f"{sorted(task.splits)!r} (Task.splits)"
        )
    return carve(task.splits[split], what=f"Task.splits[{split!r}]")


def named(value: Any, names: Sequence[str] | None) -> Any:
    """Returns the name of a class id; -1, an id out of range and all else stay as they are.

    named(1, ("no", "yes")) -> "yes"        named("yes", ("no", "yes")) -> "yes"
    """
    if names is None or isinstance(value, (bool, str)) or not hasattr(value, "__index__"):
        return value
    index = int(value)
    return names[index] if 0 <= index < len(names) else index


def hash_of_rows(rows: Iterable[task_module.Row], *names: Any) -> str:
    """Returns a hash of the rows in order, and of what names their labels."""
    hashed = hashlib.blake2b(json.dumps(names, sort_keys=True).encode(), digest_size=16)
    for row in rows:
        hashed.update(as_text(row).encode())
    return hashed.hexdigest()


def as_text(row: Mapping[Any, Any]) -> str:
    """Returns what a row or a record says, whatever it is made of, the same for the same."""
    try:
        return json.dumps(row, sort_keys=True, default=repr)
    except (TypeError, ValueError):  # keys of several kinds, which have no order, or a circle
        return repr(sorted(map(repr, row.items())))


def _in_words(error: BaseException, row: task_module.Row) -> str:
    """Words what a function of a task raised for a row, with its line in that function's file.

    Helpers of other files that raise ValueError have said what is wrong with the row.
    """
    has = f"the row has the columns {sorted(map(str, row))!r}"
    if isinstance(error, KeyError) and error.args and error.args[0] not in row.values():
        return f"missing column {error.args[0]!r}; {has}"
    frames = traceback.extract_tb(error.__traceback__)[1:]
    path = frames[0].filename if frames else ""
    if isinstance(error, ValueError) and path != frames[-1].filename:
        return str(error)
    place = f", {path}, line {errors.line_of(error, path)}" if path else ""
    return f"cannot read the row ({errors.in_one_line(error)}{place}); {has}"
