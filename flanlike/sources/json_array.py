"""The rows of a JSON array by random access: kept is where each begins and ends.

[{"text": "a"},            row 0
 {"text": "b"}]            row 1
"""

import array
import functools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from flanlike import errors, jsonl
from flanlike.sources import json_lines, kept, opened, utf8

MOST = 1 << 26  # bytes of one text in a file: a longer one has lost its closing quote

# A text, a bracket, anything else that is no blank, or the quote of a text that goes on further.
_PART = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[][{}]|[^][{}",:\s]+|"', re.DOTALL)


class JsonArray:
    """The rows of one file, each read and parsed when it is asked for.

    16 bytes a row say where it is, of a large file on the disk (see `kept`).
    """

    def __init__(self, path: str) -> None:
        self._file = opened.OpenedFile(path)
        self._begins, self._ends = kept.numbers(
            self._file,
            ("begins of elements", "ends of elements"),
            functools.partial(_scanned, self._file),
            is_parsed=True,
        )

    def __len__(self) -> int:
        return len(self._begins)

    def __getitem__(self, index: int) -> dict[str, Any]:
        if not 0 <= index < len(self):
            raise IndexError(index)
        content = self._file.read(self._begins.item(index), self._ends.item(index))
        try:
            row = jsonl.parsed(content.decode("utf-8"))
        except UnicodeDecodeError as error:
            self._file.check_unchanged()
            raise utf8.error_of(json_lines.damaged_column(content), error) from error
        except json.JSONDecodeError as error:
            self._file.check_unchanged()
            raise ValueError(
                f"invalid JSON ({error.msg} at line {error.lineno}, column {error.colno} of the "
                f"row): {content[:60]!r}; expected an array of objects"
            ) from error
        if not isinstance(row, dict):
            raise ValueError(f"expected an array of JSON objects, got {content[:60]!r}")
        return row

    def where(self, index: int) -> str:
        """Returns the file and the line on which the row begins."""
        begin, place, lines = self._begins.item(index), 0, 1
        for block in self._file.blocks():
            lines += block.count(b"\n", 0, max(begin - place, 0))
            place += len(block)
            if place >= begin:
                break
        return f"{self._file.path}:{lines}"

    def with_value(self, indices: range, values: Mapping[str, Any]) -> set[int]:
        """Returns those of `indices` whose row has one of the values in its column.

        What is found in all rows of a large file is kept as their places are.
        """
        if indices != range(len(self)):
            return utf8.rows_with(self, indices, values)
        find = functools.partial(utf8.rows_with, self, indices, values)
        return kept.rows_with(self._file, values, find, is_parsed=True)


def begins(file: opened.OpenedFile) -> bool:
    """Returns whether the first character of a file that is no blank opens an array."""
    for block in file.blocks():
        if content := block.removeprefix(utf8.BYTE_ORDER_MARK).lstrip():
            return content.startswith(b"[")
    return False


def _scanned(file: opened.OpenedFile) -> kept.Parts:
    """Yields the begins of the array's elements, and their ends."""
    bounds = array.array("q")  # of an element the begin, then the end
    depth = 0
    for part, place in _parts(file):
        if part == utf8.BYTE_ORDER_MARK and place == 0:
            continue
        if depth == 0 and (bounds or part != b"["):
            raise errors.UserError(
                f"{file.path}: {part[:20]!r} at byte {place}; expected one array of objects and "
                "nothing else"
            )
        if part in (b"{", b"["):
            if depth == 1:
                bounds.append(place)
            depth += 1
        elif part in (b"}", b"]"):
            depth -= 1
            if depth == 1:
                bounds.append(place + 1)
        elif depth == 1:
            bounds.extend((place, place + len(part)))
    if depth:
        raise errors.UserError(
            f"{file.path}: the file ends within its array ({len(bounds) // 2} rows before that); "
            "copy or download it again"
        )
    yield bounds[::2], bounds[1::2]


def _parts(file: opened.OpenedFile) -> Iterator[tuple[bytes, int]]:
    """Yields texts, brackets and other words, with their places in the file."""
    rest, place = b"", 0  # what is not yet told of, and where it begins
    for block in file.blocks():
        content, done = rest + block, 0
        for match in _PART.finditer(content):
            # What reaches the end of a block may go on in the next.
            if match.group() == b'"' or match.end() == len(content) and match.group() not in _ENDS:
                done = match.start()
                break
            done = match.end()
            yield match.group(), place + match.start()
        else:
            done = len(content)
        rest, place = content[done:], place + done
        if len(rest) > MOST:
            raise errors.UserError(
                f"{file.path}: at byte {place} begins a text that does not end within {MOST:,} "
                "bytes; mend its quotes"
            )
    for match in _PART.finditer(rest):
        yield match.group(), place + match.start()


_ENDS = (b"[", b"]", b"{", b"}")
