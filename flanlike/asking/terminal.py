"""The terminal: lines that are typed, with a history, and Ctrl-C while an answer is written."""

import contextlib
import json
import os
import signal
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import IO, Protocol

from flanlike import atomic, jsonl

PROMPT, MORE = "> ", ". "
BLOCK = '"""'  # begins and ends a question of several lines
_KEPT = 1000  # questions of former sessions


def history_file() -> Path:
    """Returns where questions are kept, in the user's folder of states (XDG_STATE_HOME)."""
    states = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(states).expanduser() / "flanlike" / "asked.jsonl"


class History:
    """What was asked, in this session and in former ones where a file is given.

    One JSON text a line, for a question may have several lines; nobody else may read the file.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._readline = _readline()
        self.note = ""  # why nothing is kept
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            former = [*jsonl.read(path)] if path.is_file() else []
            if len(former) > 2 * _KEPT:
                former = former[-_KEPT:]
                atomic.write(path, "".join(json.dumps(one) + "\n" for one in former))
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
            path.chmod(0o600)
        except (OSError, ValueError) as error:
            self.note = f"{path}: {error}: this session's questions are not kept"
            self._path = None
            return
        for one in former[-_KEPT:]:
            self._remember(str(one))

    def add(self, question: str) -> None:
        """Keeps a question, to be called back by the arrow keys."""
        self._remember(question)
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(question) + "\n")

    def _remember(self, question: str) -> None:
        if self._readline is not None and question:
            self._readline.add_history(question)


def read(history: History) -> str | None:
    """Returns what the user typed; None where they left by Ctrl-D.

    A line that ends in a backslash goes on in the next, and so do all between two lines of
    three quotes. Ctrl-C throws away what was typed so far.
    """
    while True:
        try:
            typed = _question()
        except EOFError:
            print()
            return None
        except KeyboardInterrupt:
            print()
            continue
        except UnicodeDecodeError as error:
            print(f"error: what was typed is no text ({error})", file=sys.stderr)
            continue
        if typed.strip():
            history.add(typed)
            return typed


def _question() -> str:
    line = input(PROMPT)
    if line.strip().startswith(BLOCK):
        lines = [line.strip().removeprefix(BLOCK)]
        while not lines[-1].rstrip().endswith(BLOCK):
            lines.append(input(MORE))
        lines[-1] = lines[-1].rstrip().removesuffix(BLOCK)
        return "\n".join(lines).strip("\n")
    while line.endswith("\\"):
        line = f"{line[:-1]}\n{input(MORE)}"
    return line


@contextlib.contextmanager
def noticing_interrupts() -> Iterator["Noticed"]:
    """Yields what knows whether Ctrl-C was pressed, which then ends nothing by itself.

    Pressed again it is the usual KeyboardInterrupt: while something compiles nobody asks.
    """
    noticed = Noticed()
    before = signal.signal(signal.SIGINT, noticed)
    try:
        yield noticed
    finally:
        signal.signal(signal.SIGINT, before)


class Noticed:
    """Whether Ctrl-C was pressed."""

    def __init__(self) -> None:
        self.is_pressed = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.is_pressed:
            raise KeyboardInterrupt
        self.is_pressed = True


class Waiting(Protocol):
    """Says that something goes on, as `eval.pace.Reporter` does."""

    def waiting(self, what: str) -> contextlib.AbstractContextManager[None]: ...


class Screen:
    """Where answers are shown: on a terminal notes are dim, and no answer moves its cursor."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._is_terminal = file.isatty()
        self._has_colours = self._is_terminal and not os.environ.get("NO_COLOR")

    def piece(self, text: str) -> None:
        """Shows a part of an answer, at once."""
        self._file.write(shown(text) if self._is_terminal else text)
        self._file.flush()

    def line(self, text: str = "") -> None:
        self.piece(f"{text}\n")

    def note(self, text: str) -> None:
        """Shows a line that is no part of an answer."""
        text = shown(text) if self._is_terminal else text
        self._file.write(f"\x1b[2m{text}\x1b[0m\n" if self._has_colours else f"{text}\n")
        self._file.flush()


def shown(text: str) -> str:
    """Returns a text with what would command a terminal spelt out: "\\x1b[2J" -> "\\\\x1b[2J"."""
    return "".join(
        repr(c)[1:-1] if unicodedata.category(c) == "Cc" and c not in "\n\t" else c for c in text
    )


def _readline():
    """Returns the module that edits lines; None where the system has none."""
    try:
        import readline
    except ImportError:
        return None
    readline.set_auto_history(False)  # a question of several lines is one entry
    return readline
