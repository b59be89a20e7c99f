"""Mistakes that a user can mend: one clear line, exit status 2."""

import argparse
import difflib
import errno
import functools
import io
import os
import re
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any, NoReturn


class UserError(ValueError):
    """A mistake in what the user gave: what was wrong, where, what was expected, how to mend it."""


class NotFinite(UserError):
    """A model computes what is no number: its run is lost from there on."""


class Parser(argparse.ArgumentParser):
    """A parser of command lines whose complaints are UserErrors."""

    def error(self, message: str) -> NoReturn:
        # Of a number out of its bounds: as configurations say it.
        message = re.sub("^argument (.*?): it is ", r"\1 is ", message)
        raise UserError(f"{message} (see {self.prog} --help)")

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        # --data "$UNSET" is no way to leave it out: nobody would be told what was taken instead.
        if arg_strings == [""] and action.option_strings and action.nargs is None:
            flag = "/".join(action.option_strings)
            self.error(f"argument {flag}: it is '': it must be a text that is not empty")
        return super()._get_values(action, arg_strings)


def did_you_mean(what: str, name: str, known: Iterable[str]) -> UserError:
    """Returns the error for an unknown name, with near matches and the whole list."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
    return UserError(f"unknown {what} {name!r}: {hint}known: {', '.join(names)}")


def in_one_line(error: BaseException) -> str:
    """Returns an error's type and what it says: "ZeroDivisionError: division by zero"."""
    said = " ".join(str(error).split())
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def line_of(error: BaseException, path: str | os.PathLike[str]) -> int | None:
    """Returns the last line of the file `path` on the way to an error; None if it is on none."""
    path = os.path.abspath(path)
    if isinstance(error, SyntaxError) and os.path.abspath(error.filename or "") == path:
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if os.path.abspath(frame.filename) == path]
    return lines[-1] if lines else None


def exits_with_one_line(main: Callable[..., None]) -> Callable[..., None]:
    """Wraps a command: a user's mistake is printed as one line on stderr and exits with status 2.

    That is a UserError, or a file that cannot be read or written (`of_files`). An interruption is
    one line too, with the status that shells know it by; where nobody reads on (`... | head`), it
    ends without a word. What a terminal has no letters for is written in escapes.
    """

    @functools.wraps(main)
    def wrapped(*args: object, **kwargs: object) -> None:
        _open_closed_streams()
        _write_any_letter()
        try:
            try:
                main(*args, **kwargs)
            finally:
                sys.stdout.flush()  # here, not at the exit, it is told that nobody reads on
        except BrokenPipeError as error:
            if error.filename is not None:
                raise
            _turn_away(sys.stdout)
            raise SystemExit(128 + signal.SIGPIPE) from None
        except SystemExit as stop:
            if isinstance(stop.__context__, BrokenPipeError):  # rich makes a status of 1 of it
                raise SystemExit(128 + signal.SIGPIPE) from None
            raise
        except KeyboardInterrupt as stop:
            _tell(*stop.args or ["interrupted"])
            raise SystemExit(128 + signal.SIGINT) from None
        except Exception as error:
            told = error if isinstance(error, UserError) else of_files(error)
            if told is None:
                raise
            _tell("error:", " ".join(str(told).splitlines()))
            raise SystemExit(2) from None

    return wrapped


def _open_closed_streams() -> None:
    """Opens what the command was started without (`... >&-`), lest files of ours take its place."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def _tell(*said: object) -> None:
    """Says how a command ends; that nobody can hear it changes nothing of its status."""
    try:
        print(*said, file=sys.stderr, flush=True)
    except OSError:
        _turn_away(sys.stderr)


def _write_any_letter() -> None:
    """Lets output of any encoding take any text: `\\u2588` in place of a full block, in ASCII."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _turn_away(stream: IO[str]) -> None:
    """Turns what is still to be written away, so that nothing is said of it at the exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def of_files(error: BaseException) -> UserError | None:
    """Returns the mistake behind an error of the file system; None where there is no such thing.

    A full disk is told by whichever library met it; anything else by the OSError that names a path.
    """
    for cause in _causes(error, with_context=True):
        is_full = isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT)
        if is_full or "No space left on device" in str(cause):
            return UserError(
                "no space left on the disk: what was saved is whole; make room and run the same "
                "command again to go on"
            )
    for cause in _causes(error, with_context=False):
        if isinstance(cause, OSError) and cause.errno is not None and cause.filename is not None:
            hint = _HINTS.get(cause.errno, "mend that, or give another place")
            return UserError(f"{os.fspath(cause.filename)!r}: {cause.strerror}: {hint}")
    return None


_HINTS = {
    errno.EISDIR: "a file was expected there",
    errno.ENOTDIR: "a folder was expected on the way there",
    errno.ENOENT: "it was expected to be there",
    errno.EROFS: "give a place that can be written",
}


def _causes(error: BaseException, *, with_context: bool) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or (cause.__context__ if with_context else None)
