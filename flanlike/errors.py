"""Mistakes that a user can mend: one clear line, exit status 2."""

import argparse
import difflib
import functools
import os
import sys
import traceback
from collections.abc import Callable, Iterable
from typing import NoReturn


class UserError(ValueError):
    """A mistake in what the user gave: what was wrong, where, what was expected, how to mend it."""


class Parser(argparse.ArgumentParser):
    """A parser of command lines whose complaints are UserErrors."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message} (see {self.prog} --help)")


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
    """Wraps a command: a UserError is printed as one line on stderr and exits with status 2."""

    @functools.wraps(main)
    def wrapped(*args: object, **kwargs: object) -> None:
        try:
            main(*args, **kwargs)
        except UserError as error:
            print("error:", " ".join(str(error).splitlines()), file=sys.stderr)
            raise SystemExit(2) from None

    return wrapped
