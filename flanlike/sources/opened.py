"""A file that is read by place: it stays on the disk, and a change under the reader is told."""

import contextlib
import errno
import functools
import gzip
import hashlib
import os
import shutil
import tempfile
import weakref
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from flanlike import errors

BLOCK = 1 << 22  # bytes that are looked through at once

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class OpenedFile:
    """The bytes of one file by random access.

    Read and not mapped: a file that is cut off under a map kills the process. A gzip file is
    unpacked into a temporary file without a name, which goes with this object, unless its own
    bytes are wanted.
    """

    def __init__(self, path: str, *, is_unpacked: bool = True) -> None:
        self.path = path
        is_unpacked = is_unpacked and path.lower().endswith(".gz")
        with _opened(path, is_unpacked) as file:
            self._descriptor = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._descriptor)
        self.stamp = self._now()  # of its last change, ns; its size, bytes
        self.is_as_named = not is_unpacked  # and not what that unpacks to

    @property
    def size(self) -> int:
        return self.stamp[1]

    def read(self, start: int, stop: int) -> bytes:
        """Returns the bytes from `start` to before `stop`, all of which the file has to have."""
        content = os.pread(self._descriptor, stop - start, start)
        if len(content) != stop - start:
            self.check_unchanged(is_short=True)
        return content

    def blocks(self) -> Iterator[bytes]:
        """Yields the whole file, in pieces of BLOCK bytes at most."""
        place = 0
        while block := os.pread(self._descriptor, BLOCK, place):
            yield block
            place += len(block)

    def check_unchanged(self, *, is_short: bool = False) -> None:
        """Raises if the file is another one than when it was opened."""
        if is_short or self._now() != self.stamp:
            raise errors.UserError(
                f"{self.path}: the file was changed while it was read; leave it as it is, and "
                "run the same command again"
            )

    def _now(self) -> tuple[int, int]:
        status = os.fstat(self._descriptor)
        return status.st_mtime_ns, status.st_size


@functools.lru_cache(maxsize=256)
def hash_of(path: str, stamp: int, *names: bytes) -> str:
    """Returns a hash of a file's bytes behind those of `names`; each file is read for it once.

    `stamp` is when the file was changed, in ns.
    """
    del stamp
    hashed = hashlib.blake2b(b"".join(names), digest_size=16)
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            hashed.update(block)
    return hashed.hexdigest()


@contextlib.contextmanager
def _opened(path: str, is_unpacked: bool) -> Iterator[BinaryIO]:
    """Yields the file, or what a gzip file unpacks to."""
    try:
        if not is_unpacked:
            with open(path, "rb") as file:
                yield file
            return
        with gzip.open(path) as packed, tempfile.TemporaryFile() as unpacked:
            shutil.copyfileobj(packed, unpacked, BLOCK)
            unpacked.flush()
            yield unpacked
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise errors.UserError(
            f"{path}: truncated or damaged gzip file ({error}); copy or download it again"
        ) from error
    except OSError as error:
        told = no_room(path, error) if is_unpacked else None
        raise told or errors.UserError(
            f"{path}: cannot read the file ({error.strerror})"
        ) from error


def no_room(path: str, error: BaseException) -> errors.UserError | None:
    """Returns the mistake behind an error of unpacking a file, where the file itself is none."""
    if not isinstance(error, OSError) or error.errno not in _FULL:
        return None
    return errors.UserError(
        f"{path}: no room to unpack it in {tempfile.gettempdir()!r} ({os.strerror(error.errno)}): "
        "make some there, or name another folder by the environment's TMPDIR"
    )
