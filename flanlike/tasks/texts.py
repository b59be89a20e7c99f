"""What text is: told of values that have to be some, in the words of an error."""

from typing import Any

_SHOWN = 80  # characters of a value in an error


def problem(value: Any, *, may_be_empty: bool = False) -> str:
    """Returns what is wrong with a value that has to be text, "" where nothing is.

    Half of a surrogate pair, which JSON can say ("\\\\ud83d"), is no character: no file holds it.

        None  ->  "is None; expected text that is not empty"
    """
    if not isinstance(value, str) or not (may_be_empty or value.strip()):
        return f"is {shown(value)}; expected text{'' if may_be_empty else ' that is not empty'}"
    if value.isascii():
        return ""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        half, place = value[error.start], error.start + 1
        return f"has half of a surrogate pair, {half!r}, at character {place}; expected text"
    return ""


def shown(value: Any) -> str:
    """Returns a value as an error shows it: its beginning, in characters that can be printed."""
    try:
        text = repr(value)
    except Exception:  # of a class of the user's own
        text = f"of type {type(value).__name__}"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ..."


def counted(count: int, what: str) -> str:
    """Returns how many things there are: (1, "task") -> "1 task", (2, "task") -> "2 tasks"."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def printable(text: str) -> str:
    """Returns the text with what no file can hold spelt out."""
    return text.encode("utf-8", "backslashreplace").decode()
