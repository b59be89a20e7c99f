"""Who may write where: a lock in a folder, that the operating system takes back from the dead."""

import contextlib
import errno
import json
import os
import socket
import sys
from pathlib import Path
from types import TracebackType

from flanlike import errors

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

FILE = ".lock"
_UNSUPPORTED = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)


class Lock:
    """The right to write into a folder, from `take` to the end of the block that it is entered for.

    The file stays when the lock is gone: to delete it would let two processes hold one each.
    """

    def __init__(self, folder: Path, *, name: str = FILE) -> None:
        self._path = Path(folder) / name
        self._held: int | None = None

    def take(self, *, wait: bool = False) -> None:
        """Takes the lock, if it is not held here; raises where another process has it.

        With `wait` that process is waited for. The folder has to be there.
        """
        if self._held is not None:
            return
        held = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            self._lock(held, wait)
        except BaseException:
            os.close(held)
            raise
        self._held = held

    def _lock(self, held: int, wait: bool) -> None:
        try:
            if fcntl is None:
                raise OSError(errno.ENOSYS, "no flock")
            fcntl.flock(held, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise errors.UserError(
                f"{str(self._path.parent)!r} is being written by another process "
                f"({_holder(self._path)}): wait for it, stop it, or give another folder"
            ) from None
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise
            print(
                f"note: {str(self._path.parent)!r} lies on a file system without locks: see to it "
                "that no other process writes there",
                file=sys.stderr,
            )
        os.ftruncate(held, 0)
        os.write(held, json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode())

    def __enter__(self) -> "Lock":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._held is None:
            return
        if fcntl is not None:
            with contextlib.suppress(OSError):  # a file system without locks
                # Not by closing alone: a worker process may have the file too.
                fcntl.flock(self._held, fcntl.LOCK_UN)
        os.close(self._held)
        self._held = None


def _holder(path: Path) -> str:
    """Returns who holds a lock, as the holder wrote it: "process 71 on host a"."""
    try:
        told = json.loads(path.read_text())
        return f"process {told['pid']} on {told['host']}"
    except (OSError, ValueError, TypeError, KeyError):
        return "it has not said which"
