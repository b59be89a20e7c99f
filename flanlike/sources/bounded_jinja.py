"""Jinja templates of strangers, rendered in bounded time, memory and length.

    rendered("{{ premise }} So {{ choice(['yes', 'no']) }}?", {"premise": "It rains."}, seed=7)
        -> "It rains. So no?"

Jinja bounds what a template may reach, and neither time nor memory: nested loops run for years, and
a text that is doubled forty times fills any memory. So it runs in a process of its own
(`jinja_child`, where it is said what a template may do), which is ended when it takes too long.
What is drawn is a function of the seed.
"""

import atexit
import contextlib
import json
import os
import pathlib
import selectors
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

from flanlike import errors

SECONDS = 10.0  # a rendering takes some 50 microseconds
CHARACTERS = 4_000_000

_CHILD = pathlib.Path(__file__).with_name("jinja_child.py")
_MASK = (1 << 63) - 1
_children: dict[int, "_Child"] = {}  # by process: a forked one must not read its parent's answers


class BadTemplate(ValueError):
    """A template that cannot be rendered, or not with these values; says what is wrong."""


def rendered(source: str, values: Mapping[str, Any], *, seed: int, seconds: float = SECONDS) -> str:
    """Returns the text of a template for these values, or raises BadTemplate."""
    asked = {"source": source, "values": values, "seed": seed & _MASK, "limit": CHARACTERS}
    return _ask(asked, seconds)["text"]


def names(source: str) -> frozenset[str]:
    """Returns the names that a template reads and does not make, or raises BadTemplate."""
    return frozenset(_ask({"names": source}, SECONDS)["names"])


def _ask(asked: dict[str, Any], seconds: float) -> dict[str, Any]:
    child = _children.get(os.getpid())
    if child is None or child.has_ended:
        child = _children[os.getpid()] = _Child()
    said = child.ask(json.dumps(asked, default=str).encode(), seconds)
    if "error" in said:
        raise BadTemplate(said["error"])
    return said


class _Child:
    """The process, and the pipes to it."""

    def __init__(self) -> None:
        # Isolated: of the environment and of the working folder it takes nothing.
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(_CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONHASHSEED": "0"},
        )
        self._answers = selectors.DefaultSelector()
        self._answers.register(self._process.stdout, selectors.EVENT_READ)
        self._is_started = False
        atexit.register(self.end)

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def ask(self, line: bytes, seconds: float) -> dict[str, Any]:
        """Returns what it says to a request; it is ended where it says nothing in time."""
        until = time.monotonic() + seconds + (0 if self._is_started else 60)  # it imports Jinja
        said = b""
        try:
            self._process.stdin.write(line + b"\n")
            self._process.stdin.flush()
            while not said.endswith(b"\n"):
                if not self._answers.select(max(0.0, until - time.monotonic())):
                    self.end()
                    raise BadTemplate(f"it takes more than {seconds:g} seconds, and was stopped")
                got = os.read(self._process.stdout.fileno(), 1 << 20)
                if not got:
                    raise BrokenPipeError
                said += got
        except BrokenPipeError:
            self.end()
            if not self._is_started:
                raise errors.UserError(
                    "the process that renders Jinja templates does not start; expected the "
                    "package jinja2: pip install jinja2"
                ) from None
            raise BadTemplate("it needs more memory than a template gets") from None
        self._is_started = True
        return json.loads(said)

    def end(self) -> None:
        self._answers.close()
        with contextlib.suppress(OSError):
            self._process.kill()
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()
