"""Columns whose bytes may not be UTF-8."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

MARK = (
    "\ufeff"  # the byte order mark, as text: at the start of a file, or of its first column's name
)
BYTE_ORDER_MARK = MARK.encode()


def by_column(columns: Iterable[str], value: Callable[[str], Any]) -> dict[str, Any]:
    """Returns a row of these columns; an error names the one whose bytes are not UTF-8."""
    row = {}
    for column in columns:
        try:
            row[column] = value(column)
        except UnicodeDecodeError as error:
            raise error_of(column, error) from error
    return row


def error_of(column: str, error: UnicodeDecodeError) -> ValueError:
    """Returns the error for text that is not UTF-8."""
    byte = error.object[error.start]
    return ValueError(f"not UTF-8 in column {column!r} (byte 0x{byte:02x}: {error.reason})")


def unless_unreadable(value: Callable[[], Any]) -> Any:
    """Returns the value, or None where it is not UTF-8: that is told when its row is read."""
    try:
        return value()
    except UnicodeDecodeError:
        return None


def rows_with(rows: Any, indices: Iterable[int], values: Mapping[str, Any]) -> set[int]:
    """Returns those of `indices` whose row has one of the values in its column.

    A row that cannot be read is not among them: that is told when it is asked for.
    """
    found = set()
    for index in indices:
        try:
            row = rows[index]
        except ValueError:
            continue
        if any(column in row and row[column] == value for column, value in values.items()):
            found.add(index)
    return found
