"""JSON lines, as our own files have them: one object a line, ended by "\\n" and by nothing else.

`str.splitlines` is no way to read them: it also splits at U+2028, U+0085 and others that JSON
leaves in a text as they are.
"""

import json
import os
from collections.abc import Iterator
from typing import Any


def read(path: str | os.PathLike[str], *, is_growing: bool = False) -> Iterator[Any]:
    """Yields the value of each line of a file; blank lines have none.

    Of a file that `is_growing` a last line without its end is being written, or a kill cut it off:
    it has no value yet.
    """
    with open(path, "rb") as file:
        for line in file:  # a file of bytes is split at "\n" alone
            if line.strip() and not (is_growing and not line.endswith(b"\n")):
                yield parsed(line.decode("utf-8"))


def parsed(text: str) -> Any:
    """Returns the value of a JSON text that a user wrote; raises ValueError where it has none.

    Besides what is no JSON that is one nested too deep to be read, a number with more digits than
    Python reads, and an object that has a key twice: of its two values the first would be lost.
    """
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise ValueError("invalid JSON (nested too deep to be read)") from None
    except ValueError as error:
        if isinstance(error, json.JSONDecodeError | _TwiceError):
            raise
        raise ValueError("invalid JSON (a number of thousands of digits)") from None


class _TwiceError(ValueError):
    """An object has a key twice."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in found if keys.count(key) > 1)
        raise _TwiceError(f"invalid JSON (the key {twice!r} is there twice in one object)")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_object)
