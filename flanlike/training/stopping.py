"""How a signal asks a run to stop, and when it does."""

import signal
import threading
from collections.abc import Callable
from typing import Any


class Stop:
    """Notes SIGTERM and SIGINT while it is entered; a second signal acts as without it.

    `asked` is by which signal this process was or, with `agree`, what all of them heard at `look`;
    0 until then.
    """

    def __init__(self, agree: Callable[[int], int] | None = None) -> None:
        self.asked = 0
        self._agree = agree
        self._noted = 0
        self._is_calling = False
        self._previous: dict[signal.Signals, Any] = {}

    def look(self) -> None:
        """Asks the other processes, where there are any; all have to come here equally often."""
        if self._agree is not None:
            self.asked = self._agree(self._noted)

    def call(self, fn: Callable[[int], None], argument: int) -> None:
        """Calls fn, and cuts it short when a signal comes: it must leave nothing half done."""
        self._is_calling = True
        try:
            fn(argument)
        except _Stopped:
            pass
        finally:
            self._is_calling = False

    def __enter__(self) -> "Stop":
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                self._previous[number] = signal.signal(number, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _ask(self, number: int, *_: object) -> None:
        self._noted = int(number)
        self.__exit__()
        if self._agree is not None:
            return  # the others are in the midst of what this process would cut short
        self.asked = self._noted
        if self._is_calling:
            raise _Stopped


class _Stopped(Exception):
    """Raised by a signal inside `Stop.call`."""
