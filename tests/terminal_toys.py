"""Somebody who types at a program, and reads what it shows."""

import contextlib
import os
import pty
import select
import subprocess
import sys
import time

CTRL_C, CTRL_D = "\x03", "\x04"

# The terminal becomes the program's own, so that what Ctrl-C does it does to the program.
# Processes that run tests, and shells in the background, ignore SIGINT or block it.
_ATTACH = """
import fcntl, signal, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
"""


class Typist:
    """A Python program on a pseudo-terminal of its own, with somebody who types."""

    def __init__(self, code: str, *arguments: str, **environment: str) -> None:
        self._mine, its = pty.openpty()
        env = {**os.environ, "TERM": "xterm", "INPUTRC": "/dev/null", **environment}
        command = [sys.executable, "-c", _ATTACH + code, *arguments]
        self._process = subprocess.Popen(
            command, stdin=its, stdout=its, stderr=its, env=env, start_new_session=True
        )
        os.close(its)
        self._seen = ""

    def type(self, text: str) -> None:
        os.write(self._mine, text.encode())

    def until(self, text: str, timeout_s: float = 60) -> str:
        """Returns all that is shown up to a text, from where the last one ended."""
        deadline_s = time.monotonic() + timeout_s
        while text not in self._seen:
            ready, _, _ = select.select([self._mine], [], [], deadline_s - time.monotonic())
            assert ready, f"{text!r} is not in {self._seen!r}"
            try:
                self._seen += os.read(self._mine, 4096).decode(errors="replace")
            except OSError:  # the program is gone
                raise AssertionError(f"{text!r} is not in {self._seen!r}") from None
        before, _, self._seen = self._seen.partition(text)
        return before

    def insist(self, key: str, text: str) -> str:
        """Returns what is shown up to a text, typing the key until it is.

        Ctrl-C is lost to Python's readline where it comes just before that waits for a key.
        """
        for _ in range(30):
            self.type(key)
            with contextlib.suppress(AssertionError):
                return self.until(text, timeout_s=2)
        raise AssertionError(f"{text!r} is not shown, however often {key!r} is typed")

    def leave(self) -> int:
        """Returns the exit status after Ctrl-D, which has to be typed at a prompt."""
        self.type(CTRL_D)
        return self.ended()

    def ended(self) -> int:
        """Returns the exit status once the program has ended."""
        code = self._process.wait(timeout=60)
        os.close(self._mine)
        return code
