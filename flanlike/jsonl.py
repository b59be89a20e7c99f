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
                yield json.loads(line.decode("utf-8"))
