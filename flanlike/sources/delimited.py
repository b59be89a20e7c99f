r"""The rows of a CSV or TSV file by random access: kept is where each row begins and ends.

The first row names the columns. A cell in quotes may hold delimiters, line breaks and, doubled,
quotes; blank lines are no rows. All cells are text.

    1   prompt,completion
    2   "Say it
    3   in two lines.","A ""line"", and one more."        row 0, line 2
"""

import array
import csv
import functools
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flanlike import errors
from flanlike.sources import kept, opened, utf8

DELIMITERS = (",", ";", "\t")  # of which a .csv file uses the one that its first line has most of
MOST = 1 << 26  # bytes of one cell: a longer one has lost its closing quote

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class Delimited:
    """The rows of one file, each read and parsed when it is asked for.

    24 bytes a row say where it is, of a large file on the disk (see `kept`).
    """

    def __init__(self, path: str) -> None:
        csv.field_size_limit(MOST)
        self._file = opened.OpenedFile(path)
        if next(self._file.blocks(), b"").startswith(_UTF_16):
            raise errors.UserError(f"{path}: the file is UTF-16; save it as UTF-8")
        is_tsv = path.lower().removesuffix(".gz").endswith(".tsv")
        self._delimiter = "\t" if is_tsv else _delimiter(self._file)
        self._begins, self._ends, self._lines = kept.numbers(
            self._file,
            ("begins of rows", "ends of rows", "lines of rows"),
            functools.partial(_scanned, self._file, self._delimiter),
            is_parsed=True,
        )
        self._columns = self._header()

    def __len__(self) -> int:
        return max(0, len(self._lines) - 1)

    def __getitem__(self, index: int) -> dict[str, str]:
        if not 0 <= index < len(self):
            raise IndexError(index)
        cells = self._cells(index + 1)
        if len(cells) != len(self._columns):
            raise ValueError(
                f"the row has {len(cells)} cells where the first line names {len(self._columns)} "
                f"columns, {self._columns!r}; a cell with {self._delimiter!r}, quotes or line "
                "breaks has to stand in quotes"
            )
        row = dict(zip(self._columns, cells, strict=True))
        return utf8.by_column(row, lambda column: _decoded(row[column]))

    def where(self, index: int) -> str:
        """Returns the file and the line on which the row begins."""
        return f"{self._file.path}:{self._lines[index + 1]}"

    def with_value(self, indices: range, values: Mapping[str, Any]) -> set[int]:
        """Returns those of `indices` whose row has one of the values in its column.

        All cells are text. What is found in all rows of a large file is kept as their places are.
        """
        values = {column: value for column, value in values.items() if isinstance(value, str)}
        if not values or indices != range(len(self)):
            return utf8.rows_with(self, indices, values) if values else set()
        find = functools.partial(utf8.rows_with, self, indices, values)
        return kept.rows_with(self._file, values, find, is_parsed=True)

    def _header(self) -> list[str]:
        if not len(self._lines):
            return []
        try:
            names = [_decoded(name.strip()) for name in self._cells(0)]
        except ValueError as error:
            raise errors.UserError(f"{self._file.path}:{self._lines[0]}: {error}") from error
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise errors.UserError(
                f"{self._file.path}:{self._lines[0]}: the columns {twice!r} are named twice; "
                "rename or remove one"
            )
        return names

    def _cells(self, number: int) -> list[str]:
        """Returns the cells of a row; the first row is that of the names."""
        content = self._file.read(self._begins.item(number), self._ends.item(number))
        if number == 0:
            content = content.removeprefix(utf8.BYTE_ORDER_MARK)
        try:
            return next(_reader(_texts(io.BytesIO(content)), self._delimiter))
        except csv.Error as error:
            self._file.check_unchanged()
            said = str(error).partition(" - ")[0]  # what follows is for programmers
            raise ValueError(f"not a row of cells ({said}): {content[:60]!r}") from error


def _scanned(file: opened.OpenedFile, delimiter: str) -> kept.Parts:
    """Yields begins and ends of the rows, and the lines that they begin on."""
    begins, ends, numbers = array.array("q"), array.array("q"), array.array("q")
    lines = _Lines(file)
    reader = _reader(_texts(lines), delimiter)
    while True:
        begin, number = lines.place, lines.count + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            if "end of data" in str(error) or "field limit" in str(error):
                raise errors.UserError(
                    f"{file.path}:{number}: a quote that opens in this row is never closed; close "
                    "or double it"
                ) from error
            cells = [""]  # told when the row is read
        if cells is None:
            break
        if cells:
            begins.append(begin)
            ends.append(lines.place)
            numbers.append(number)
    yield begins, ends, numbers


class _Lines:
    """The lines of a file in order, with the place behind the last one and how many there were."""

    def __init__(self, file: opened.OpenedFile) -> None:
        self.place, self.count = 0, 0
        self._file = file

    def __iter__(self) -> Iterator[bytes]:
        rest = b""
        for block in self._file.blocks():
            *whole, rest = (rest + block).split(b"\n")
            for line in whole:
                yield self._told(line + b"\n")
        if rest:
            yield self._told(rest)

    def _told(self, line: bytes) -> bytes:
        self.place += len(line)
        self.count += 1
        return line.removeprefix(utf8.BYTE_ORDER_MARK) if self.count == 1 else line


def _delimiter(file: opened.OpenedFile) -> str:
    """Returns what the names in the first line are divided by."""
    line = next(file.blocks(), b"").partition(b"\n")[0]
    return max(DELIMITERS, key=lambda each: line.count(each.encode()))


def _reader(lines: Iterator[str], delimiter: str) -> Any:
    return csv.reader(lines, delimiter=delimiter, strict=True)


def _texts(lines: Iterable[bytes]) -> Iterator[str]:
    """Yields lines of bytes as text; bytes that are not UTF-8 are kept, and told with their row."""
    for line in lines:
        yield line.decode("utf-8", "surrogateescape")


def _decoded(text: str) -> str:
    """Returns the text if it is UTF-8, and raises UnicodeDecodeError if not."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8")
