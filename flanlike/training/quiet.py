"""What libraries say of files that they cannot read: kept off the screen, or told in short."""

import contextlib
import logging
import sys
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_READERS = ("orbax", "tensorstore", "asyncio")
_MOST_TOLD = 300  # characters of a library's error


def in_short(error: BaseException) -> str:
    """Returns what a library says of a damaged file, in one line that can be read."""
    while error.__cause__ is not None:
        error = error.__cause__
    text = str(error).partition(" [")[0]  # TensorStore: its specification, its source
    told = " ".join(text.split()) or type(error).__name__
    return told if len(told) <= _MOST_TOLD else f"{told[:_MOST_TOLD]} …"


@contextlib.contextmanager
def hushed() -> Iterator[None]:
    """Keeps off the screen what Orbax and TensorStore say besides their error, in many lines.

    When one array cannot be read, the reading of others ends later, in threads of its own and with
    errors that nobody waits for: these stay unsaid, then too, and no others do.
    """
    absl, hook = logging.getLogger("absl"), sys.unraisablehook
    level = absl.level
    absl.setLevel(logging.CRITICAL)
    sys.unraisablehook = lambda lost: None if _is_of_readers(lost) else hook(lost)
    try:
        yield
    except Exception:
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        warnings.filterwarnings("ignore", message="coroutine .* was never awaited")
        raise
    else:
        sys.unraisablehook = hook
    finally:
        absl.setLevel(level)


def _is_of_readers(lost: Any) -> bool:
    """Returns whether an error (`sys.UnraisableHookArgs`) is of those who read arrays."""
    places = [type(lost.object).__module__, getattr(lost.object, "__module__", None)]
    for frame, _ in traceback.walk_tb(lost.exc_traceback):
        places.append(frame.f_globals.get("__name__"))
    if code := getattr(lost.object, "cr_code", None):  # of a coroutine
        places += Path(code.co_filename).parts
    return any(str(place).partition(".")[0] in _READERS for place in places)
