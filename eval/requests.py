"""What a model was asked before: answers by the model's fingerprint and the ids of the request.

An evaluation that is killed and called again asks only what is not there yet; several that share a
folder (`--eval.cache`) do not ask the same model the same twice: the base of a sweep, for one.

    with requests.opened(folder, model, eos_id=1) as kept:
        key = kept.key("options", prompt_ids, option_ids)
        kept.get([key])                 {} the first time
        kept.put({key: [...]})          written at once, whatever happens later

One SQLite file a folder; several processes may use it. What a request is worth depends on the
parameters, the shape and the numeric type of the model, on the ids, and on the settings that are
part of the key. A damaged file is told in one line, and nothing in it is overwritten.
"""

import contextlib
import dataclasses
import hashlib
import json
import pathlib
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from flanlike import errors
from flanlike.models import checksums
from flanlike.training import distributed

if TYPE_CHECKING:
    from flax import nnx

FILE = "requests.sqlite"

_VERSION = "2"  # raise it where what a model answers to the same ids changes
_AT_ONCE = 500  # keys of a question to the database
_WAIT_S = 60.0  # for another process that writes


class Kept(Protocol):
    """Answers by key."""

    def key(self, *parts: Any) -> bytes:
        """Returns the key of a request: its kind, ids and settings."""

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Any]:
        """Returns those answers that are there, as plain JSON values."""

    def put(self, answers: Mapping[bytes, Any]) -> None:
        """Keeps answers, given as plain JSON values."""


class Nothing:
    """Keeps nothing: of several processes each would keep its own."""

    def key(self, *parts: Any) -> bytes:
        return _digest(b"", parts)

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Any]:
        return {}

    def put(self, answers: Mapping[bytes, Any]) -> None:
        pass


class _Sqlite:
    def __init__(self, path: pathlib.Path, model: bytes) -> None:
        self._path, self._model = path, model
        self._database = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)
        with self._told():
            # Safe when the process dies, and not slowed by the disk at every batch.
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=NORMAL")
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS answers (key BLOB PRIMARY KEY, answer TEXT)"
                " WITHOUT ROWID"
            )

    def key(self, *parts: Any) -> bytes:
        return _digest(self._model, parts)

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Any]:
        found: dict[bytes, Any] = {}
        with self._told():
            for first in range(0, len(keys), _AT_ONCE):
                some = keys[first : first + _AT_ONCE]
                marks = ",".join("?" * len(some))
                rows = self._database.execute(
                    f"SELECT key, answer FROM answers WHERE key IN ({marks})", some
                )
                found.update((key, _read(key, answer)) for key, answer in rows)
        return found

    def put(self, answers: Mapping[bytes, Any]) -> None:
        with self._told():
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany(
                "INSERT OR IGNORE INTO answers VALUES (?, ?)",
                [(key, _written(key, answer)) for key, answer in answers.items()],
            )
            self._database.execute("COMMIT")

    def close(self) -> None:
        self._database.close()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, ValueError) as error:
            raise errors.UserError(
                f"{self._path}: cannot be read or written as a cache of answers ({error}): move it "
                "away, and run the same command again"
            ) from error


def _written(key: bytes, answer: Any) -> str:
    """Returns an answer after a checksum, for one with another digit would be JSON still."""
    text = json.dumps(answer)
    return f"{_checksum(key, text)} {text}"


def _read(key: bytes, written: str) -> Any:
    checksum, _, text = written.partition(" ")
    if checksum != _checksum(key, text):
        raise ValueError("an answer is not the one that was written")
    return json.loads(text)


def _checksum(key: bytes, text: str) -> str:
    return f"{zlib.crc32(text.encode(), zlib.crc32(key)):08x}"


@contextlib.contextmanager
def opened(
    folder: pathlib.Path | None, model: "nnx.Module", *, eos_id: int, ends_source: bool = True
) -> Iterator[Kept]:
    """Yields the answers kept in a folder, which is made where it is missing.

    None keeps nothing, and so do several processes that answer together. `ends_source` says whether
    EOS stands behind what an encoder reads: the ids of a request do not show it.
    """
    if folder is None or distributed.count() > 1:
        yield Nothing()
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        kept = _Sqlite(folder / FILE, _identity(model, eos_id, ends_source))
    except (OSError, sqlite3.Error) as error:
        raise errors.UserError(
            f"{str(folder)!r} cannot hold answers ({errors.in_one_line(error)}): give another "
            "--eval.cache"
        ) from error
    try:
        yield kept
    finally:
        kept.close()


def hash_of(ids: Sequence[int]) -> str:
    """Returns 16 hex digits that name a prompt by its ids."""
    return hashlib.blake2b(np.asarray(ids, np.int32).tobytes(), digest_size=8).hexdigest()


def _identity(model: "nnx.Module", eos_id: int, ends_source: bool) -> bytes:
    shape = dataclasses.asdict(model.config)
    said = [_VERSION, shape, eos_id, checksums.fingerprint(model)]
    # What was kept before this was part of it had the EOS, or no encoder.
    said += [] if ends_source or model.config.family == "decoder" else ["no EOS behind inputs"]
    said = json.dumps(said, sort_keys=True)
    return hashlib.blake2b(said.encode(), digest_size=16).digest()


def _digest(model: bytes, parts: Sequence[Any]) -> bytes:
    said = json.dumps(parts, default=list)  # arrays of ids
    return hashlib.blake2b(model + said.encode(), digest_size=16).digest()
