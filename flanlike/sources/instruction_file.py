"""Rows of one instruction file of a user's: JSON lines, a JSON array, CSV, TSV or Parquet.

The format is recognised from the columns of the first rows, unless the task says it. Validation and
test rows are drawn from the file at random, but the same in every run; the rest is for training.
"""

import contextlib
import functools
import hashlib
import os
import pathlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from flanlike import errors, seeding
from flanlike.sources import delimited, json_array, json_lines, kept, opened, parquet
from flanlike.sources import rows as rows_module
from flanlike.tasks import conversations, instruction_rows, records, texts
from flanlike.tasks import task as task_module

CARVED_ROWS = 200  # each for validation and test, or a tenth of a file of fewer than 2,000

_LOOKED_AT = 100  # rows


class _Reader(Protocol):
    """The rows of a file as it has them."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> dict[str, Any]: ...

    def where(self, index: int) -> str: ...

    def with_value(self, indices: range, values: Mapping[str, Any]) -> set[int]: ...


def availability(task: task_module.Task, data: str | None) -> str | None:
    """Returns None if the file is there, by itself or in the folder `data`, else the reason."""
    if task.file is None:
        return "its rows are in no file of instructions: give --data hub, tfds or a folder"
    return None if _found(task.file.path, data) else _missing(task.file.path, data)


def open_split(
    task: task_module.Task, data: str | None, split: str
) -> tuple["FileRows", Sequence[int], str]:
    """Returns the rows of the file, those that are of `split`, and "train": the file is one."""
    rows = _rows_of(task.file.path, task.file.format, data)
    return rows, rows.part(split), "train"


def holds_conversations(name: str, kind: str | None, data: str | None) -> bool:
    """Returns whether the rows of a file are conversations."""
    return instruction_rows.is_of_turns(_rows_of(name, kind, data).format)


def told(name: str, kind: str | None, data: str | None) -> str:
    """Returns one line on a file: its rows, their format and how that is known."""
    rows = _rows_of(name, kind, data)
    columns = ", ".join(instruction_rows.FORMATS[rows.format].needed)
    known = "as --format says" if kind else f"by its columns {columns}"
    empty = len(rows.unlabelled(range(len(rows))))
    without = f", {empty:,} of them without an answer and left out" if empty else ""
    return f"{rows.path}: {len(rows):,} rows of the format {rows.format} ({known}){without}"


class FileRows:
    """The rows of one file as four texts each; one is read when it is asked for.

    Pickles as its path alone, so that a worker process opens only the files it needs.
    """

    def __init__(self, path: str, kind: instruction_rows.Format | None) -> None:
        self.path, self._stamp = path, pathlib.Path(path).stat().st_mtime_ns
        self._opened: _Reader | None = None
        if not len(self._file()):
            raise errors.UserError(f"{path}: the file is empty; expected at least one row")
        self.format: instruction_rows.Format = kind or self._recognised()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_opened": None}

    def __len__(self) -> int:
        return len(self._file())

    def __getitem__(self, index: int) -> task_module.Row:
        return instruction_rows.plain(self._file()[index], self.format)

    def where(self, index: int) -> str:
        return self._file().where(index)

    def unlabelled(self, indices: Sequence[int]) -> set[int]:
        """Returns those of `indices` whose row has no answer."""
        form = instruction_rows.FORMATS[self.format]
        if isinstance(form, instruction_rows.Turns):
            return set()
        found = _unanswered(self.path, self._stamp, form.answer)
        return {index for index in found if index in indices}

    def part(self, split: str) -> Sequence[int]:
        """Returns the rows of a split, in their order.

        Those to evaluate on are drawn from all that have an answer: files are often sorted by
        what they ask. The rest is for training, with what is left out there and counted.
        """
        unanswered = self.unlabelled(range(len(self)))
        count = len(self) - len(unanswered)
        if count < 3:
            raise errors.UserError(
                f"{self.path}: the file has {count} rows with an answer; expected three or more: "
                "to train on, to choose by and to test on"
            )
        carved = CARVED_ROWS if count >= 10 * CARVED_ROWS else max(1, count // 10)
        rng = seeding.rng("rows of a file to evaluate on", count)
        every = range(len(self))
        drawn = rng.sample(rows_module.without(every, unanswered), 2 * carved)
        if split != "train":
            return sorted(drawn[:carved] if split == "test" else drawn[carved:])
        return rows_module.without(every, set(drawn))

    def kept(self, name: str, find: Callable[[], Iterable[int]]) -> list[int]:
        """Returns rows that `find` finds by what a row is read as; see the module `kept`."""
        file = opened.OpenedFile(self.path, is_unpacked=False)
        name = f"{name}, {self.format}, {_reading()}"
        [found] = kept.numbers(file, [name], lambda: iter([(list(find()),)]), is_parsed=True)
        return found.tolist()

    def content(self, indices: Iterable[int]) -> str:
        return opened.hash_of(self.path, self._stamp, self.format.encode())

    def revision(self) -> str:
        return ""

    def _recognised(self) -> instruction_rows.Format:
        columns: set[str] = set()
        for index in range(min(len(self), _LOOKED_AT)):
            with contextlib.suppress(ValueError):  # told when the row is read
                columns.update(self._file()[index])
        if not columns:
            try:
                self._file()[0]
            except ValueError as error:
                raise errors.UserError(f"{self.where(0)}: {error}") from error
        return instruction_rows.recognised(columns, self.path)

    def _file(self) -> _Reader:
        if self._opened is None:
            self._opened = _open(self.path, self._stamp)
        return self._opened


def _rows_of(name: str, kind: str | None, data: str | None) -> FileRows:
    path = _found(name, data)
    if path is None:
        raise errors.UserError(_missing(name, data))
    return FileRows(path, kind)


def _found(name: str, data: str | None) -> str | None:
    """Returns the file of that name, there or in the folder `data`; None if there is none."""
    places = [name]
    if data and os.path.isdir(data):
        places.append(os.path.join(data, name))
    return next((place for place in places if os.path.isfile(place)), None)


def _missing(name: str, data: str | None) -> str:
    beside = f", nor one in the folder {data!r}" if data and os.path.isdir(data) else ""
    return f"there is no file {name!r}{beside}"


@functools.lru_cache(maxsize=2)
def _unanswered(path: str, stamp: int, column: str) -> frozenset[int]:
    """Returns the rows of a file that have nothing in the column of the answer."""
    reader = _open(path, stamp)
    every = range(len(reader))
    return frozenset().union(*(reader.with_value(every, {column: no}) for no in ("", None)))


@functools.cache
def _reading() -> str:
    """Returns a hash of the code that makes records of a file's rows and looks at them."""
    modules = (conversations, instruction_rows, records, texts)
    code = b"".join(pathlib.Path(module.__file__).read_bytes() for module in modules)
    return hashlib.blake2b(code, digest_size=8).hexdigest()


# The splits are of one file, and opened one after the other.
@functools.lru_cache(maxsize=2)
def _open(path: str, stamp: int) -> _Reader:
    kind = pathlib.Path(path.lower().removesuffix(".gz")).suffix
    if kind == ".parquet":
        reader: _Reader = parquet.ParquetRows(path)
    elif kind in (".csv", ".tsv"):
        reader = delimited.Delimited(path)
    elif json_array.begins(opened.OpenedFile(path)):
        reader = json_array.JsonArray(path)
    else:
        reader = json_lines.JsonLines(path)
    if pathlib.Path(path).stat().st_mtime_ns != stamp:  # a worker opens later than its parent
        raise errors.UserError(
            f"{path}: the file was changed since it was first opened; leave it as it is, and run "
            "the same command again"
        )
    return reader
