"""JSON lines by random access: the file stays on the disk, and so does where its lines begin.

A line ends with "\\n" and with nothing else. A byte order mark, a "\\r" before the end, and blank
lines are no part of any row; lines are counted with the blank ones, as an editor does.

    1   {"text": "a"}          row 0
    2
    3   {"text": "b"}          row 1
"""

import bisect
import functools
import json
import re
from collections.abc import Mapping
from typing import Any

from flanlike import jsonl
from flanlike.sources import kept, opened, utf8


class JsonLines:
    """The rows of one file, each read and parsed when it is asked for.

    8 bytes a line say where it begins, of a large file on the disk (see `kept`).
    """

    def __init__(self, path: str) -> None:
        self._file = opened.OpenedFile(path)
        self._bounds, self._blank = kept.numbers(
            self._file, ("lines", "blank lines"), functools.partial(_scanned, self._file)
        )

    def __len__(self) -> int:
        return len(self._bounds) - 1 - len(self._blank)

    def __getitem__(self, index: int) -> dict[str, Any]:
        if not 0 <= index < len(self):
            raise IndexError(index)
        try:
            return _parsed(self._bytes(index, index + 1))
        except ValueError:
            self._file.check_unchanged()
            raise

    def where(self, index: int) -> str:
        return f"{self._file.path}:{self._line(index) + 1}"

    def with_value(self, indices: range, values: Mapping[str, Any]) -> set[int]:
        """Returns those of `indices` whose row has one of the values in its column.

        Only lines that could hold one, however it is spelt, are parsed. A row that cannot be read
        is not among them. What is found in all rows of a large file is kept as its lines are.
        """
        if indices != range(len(self)):
            return self._with_value(indices, values)
        return kept.rows_with(self._file, values, lambda: self._with_value(indices, values))

    def _with_value(self, indices: range, values: Mapping[str, Any]) -> set[int]:
        patterns = [
            pattern for column, value in values.items() for pattern in spellings(column, value)
        ]
        found = set()
        for index in self._matching(indices, patterns):
            try:
                row = self[index]
            except ValueError:
                continue  # told when the row is read
            if any(column in row and _is(row[column], value) for column, value in values.items()):
                found.add(index)
        return found

    def _matching(self, indices: range, patterns: list[re.Pattern[bytes]]) -> list[int]:
        """Returns those of `indices` whose line has a match of one of the patterns."""
        import numpy as np

        lines: set[int] = set()
        first, last = indices.start, indices.stop
        while first < last:
            start = self._bounds[self._line(first)]
            line = int(np.searchsorted(self._bounds, start + opened.BLOCK, "right")) - 1
            row = line - int(np.searchsorted(self._blank, line))
            stop = min(max(row, first + 1), last)
            block = self._bytes(first, stop)
            places = [match.start() for pattern in patterns for match in pattern.finditer(block)]
            at = np.asarray(places, np.int64) + start
            lines.update((np.searchsorted(self._bounds, at, "right") - 1).tolist())
            first = stop
        found = np.asarray(sorted(lines), np.int64)
        return (found - np.searchsorted(self._blank, found)).tolist()

    def _line(self, index: int) -> int:
        if not len(self._blank):
            return index
        places = range(len(self._blank))
        return index + bisect.bisect_right(
            places, index, key=lambda place: self._blank.item(place) - place
        )

    def _bytes(self, first: int, stop: int) -> bytes:
        """Returns what the file has from the row `first` to before the row `stop`."""
        start = self._bounds.item(self._line(first))
        return self._file.read(start, self._bounds.item(self._line(stop - 1) + 1))


def spellings(column: str, value: Any) -> list[re.Pattern[bytes]]:
    r"""Returns patterns of which one matches every line that has the value in its column.

    JSON may have blanks or none between its parts, and any character as \uXXXX. Lines that match
    may still have another value, or the column deeper inside.

    "label", -1   ->   label"\s*:\s*-   and   \u006c (l), \u0061 (a), ... with letters of any case
    """
    key = re.escape(column.encode()) + rb'"\s*:\s*'  # without its first quote: a mark may precede
    patterns = [key + _beginning(value)]
    units = {column.encode("utf-16-be")[at : at + 2] for at in range(0, 2 * len(column), 2)}
    codes = ["".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in u.hex()) for u in units]
    patterns.append(rb"\\u(?:" + "|".join(sorted(codes)).encode() + rb")")
    if set(column) & set('"\\/\b\f\n\r\t'):
        patterns.append(rb'\\["\\/bfnrt]')
    return [re.compile(pattern) for pattern in patterns]


def _beginning(value: Any) -> bytes:
    """Returns a pattern of the first characters by which JSON may spell the value."""
    match value:
        case None:
            return rb"null"
        case bool():
            return rb"true" if value else rb"false"
        case int() | float():
            return rb"-" if value < 0 else rb"[-0-9I]"  # 1 is also 0.1e1, and 0 is -0
        case str():
            starts = [re.escape(value[:end].encode()) + rb"\\" for end in range(len(value) + 1)]
            return rb'"(?:' + rb"|".join([re.escape(value.encode()) + rb'"', *starts]) + rb")"
        case list():
            return rb"\[\s*" + (_beginning(value[0]) if value else rb"\]")
        case _:
            return rb""


def _is(value: Any, mark: Any) -> bool:
    return value == mark and isinstance(value, bool) == isinstance(mark, bool)


def _parsed(line: bytes) -> dict[str, Any]:
    line = line.removeprefix(utf8.BYTE_ORDER_MARK)
    try:
        row = jsonl.parsed(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise utf8.error_of(damaged_column(line), error) from error
    except json.JSONDecodeError as error:
        raise ValueError(
            f"invalid JSON ({error.msg} at column {error.colno}): {line[:60]!r}; expected one "
            "object a line"
        ) from error
    if not isinstance(row, dict):
        raise ValueError(f"expected one JSON object a line, got {line[:60]!r}")
    if next(iter(row), "").startswith(utf8.MARK):
        return {name.removeprefix(utf8.MARK): value for name, value in row.items()}
    return row


def damaged_column(line: bytes) -> str:
    """Returns the column of a line in which the first byte stands that is not UTF-8."""
    try:
        row = jsonl.parsed(line.decode("utf-8", "surrogateescape"))
        for column, value in row.items():
            json.dumps([column, value], ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return column
    except (ValueError, AttributeError):
        pass
    return "?"  # nothing to name: it is no object of columns


def _scanned(file: opened.OpenedFile) -> kept.Parts:
    """Yields where lines begin, with the end of the last one; and the lines that are no rows."""
    import numpy as np

    yield np.zeros(1, np.int64), np.zeros(0, np.int64)
    size = begin = count = 0  # of the file; of the line that is not yet at its end; lines
    first = b""  # byte of that line
    for block in file.blocks():
        content = np.frombuffer(block, np.uint8)
        first = first or block[:1]
        after = np.flatnonzero(content == ord("\n")) + 1
        if len(after):
            firsts = np.concatenate([np.frombuffer(first, np.uint8), content[after[:-1]]])
            ends = after + size
            yield ends, count + _blank(file, np.concatenate([[begin], ends]), firsts)
            begin, count = int(ends[-1]), count + len(ends)
            first = block[after[-1] : after[-1] + 1]
        size += len(block)
    if begin < size:
        yield (
            np.array([size]),
            count + _blank(file, np.array([begin, size]), np.frombuffer(first, np.uint8)),
        )


def _blank(file: opened.OpenedFile, bounds: Any, firsts: Any) -> Any:
    """Returns the numbers of those lines that hold nothing but white space and marks."""
    import numpy as np

    lengths = np.diff(bounds)
    is_blank = (lengths == 1) & (firsts == ord("\n")) | (lengths == 2) & (firsts == ord("\r"))
    may_be = ~is_blank & ((firsts <= ord(" ")) | (firsts == utf8.BYTE_ORDER_MARK[0]))
    for line in np.flatnonzero(may_be):
        content = file.read(int(bounds[line]), int(bounds[line + 1]))
        is_blank[line] = not content.removeprefix(utf8.BYTE_ORDER_MARK).strip()
    return np.flatnonzero(is_blank)
