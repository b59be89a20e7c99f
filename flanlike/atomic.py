"""Files that are whole or not there: written beside their place, then moved into it.

A process that is killed, or a disk that is full, leaves a file of the suffix `.partial` at most.
"""

import contextlib
import json
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from flanlike import errors

SUFFIX = ".partial"


def write(path: str | os.PathLike[str], text: str) -> None:
    """Writes a text file, in place of one that is there."""
    with writing(path) as file:
        file.write(text)


def write_json(path: str | os.PathLike[str], content: Any, **options: Any) -> None:
    """Writes a value as JSON; `options` are of json.dumps."""
    write(path, json.dumps(content, **{"indent": 1, **options}) + "\n")


@contextlib.contextmanager
def writing(path: str | os.PathLike[str], mode: str = "w") -> Iterator[IO[Any]]:
    """Yields a file to write; it comes to `path` when the block ends, and not if it raises.

    Of several processes that write one file at once, each writes its own, and the last stands.
    """
    partial = _beside(Path(path))
    try:
        with partial.open(mode, encoding=None if "b" in mode else "utf-8") as file:
            yield file
        partial.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise


@contextlib.contextmanager
def folder(path: str | os.PathLike[str], *, last: str = "") -> Iterator[Path]:
    """Yields an empty folder to fill; its files come to the folder `path` when the block ends.

    Files of other names that are there stay. `last` names the file that says of the others that
    they are whole: an old one goes before any of them is replaced, the new one comes after all.
    """
    path = Path(path)
    # Its own name: what is called so by chance is somebody's. "." has one by its whole path alone.
    partial = _beside(Path(os.path.abspath(path)))
    try:
        partial.mkdir(parents=True)
        yield partial
        path.mkdir(exist_ok=True)
        if last:
            (path / last).unlink(missing_ok=True)
        for made in sorted(partial.iterdir(), key=lambda made: (made.name == last, made.name)):
            made.replace(path / made.name)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def as_others(path: str | os.PathLike[str]) -> None:
    """Gives a file the permissions that a new file beside it has, by the umask.

    It is for files that came from a temporary one, which is for its owner alone: `tempfile` makes
    them so, and safetensors writes by way of one.
    """
    path = Path(path)
    new = _beside(path)
    try:
        with new.open("w") as file:
            mode = os.fstat(file.fileno()).st_mode
    finally:
        new.unlink(missing_ok=True)
    path.chmod(stat.S_IMODE(mode))


def make_folder(path: str | os.PathLike[str], *, what: str) -> None:
    """Makes the folder that --out names; raises UserError where it cannot be `what` it is for."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise errors.UserError(
            f"--out {os.fspath(path)!r} cannot be {what} ({error.strerror}): give another"
        ) from error


def expect_writable(path: str | os.PathLike[str]) -> None:
    """Makes the folder, and raises where no file can be made in it: better now than after hours."""
    Path(path).mkdir(parents=True, exist_ok=True)
    try:
        tempfile.TemporaryFile(dir=path).close()
    except OSError as error:
        error.filename = os.fspath(path)  # not of the file that was tried
        raise


def is_left_over(path: Path) -> bool:
    """Returns whether a file is what a process that was cut short left behind."""
    return path.name.endswith(SUFFIX)


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.{secrets.token_hex(4)}{SUFFIX}")
