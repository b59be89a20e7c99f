"""What an evaluation says while it runs: how far it is, how fast, and how long it still takes.

    with pace.reporter(sys.stderr).phase("scoring options", prompts=2400) as done:
        decode.scored_options(..., done=done)

On a terminal there is a bar, elsewhere about ten plain lines:

    scoring options 240/2,400 prompts  310 prompts/s  0:07 left
"""

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import IO, Protocol

import rich.console
import rich.progress

from flanlike.models import predicted
from flanlike.training import distributed, progress

_RECENT_BATCHES = 20  # that speed and time left are measured over
_LINES = 10
_APART_S = 2.0  # plain lines come no closer, but for the last,
_QUIET_S = 60.0  # and at least this often


class Reporter(Protocol):
    """Says how far the phases of an evaluation are."""

    def phase(self, what: str, prompts: int) -> contextlib.AbstractContextManager[predicted.Done]:
        """Returns a context for a phase of so many prompts, with what to call as some are done."""


def reporter(file: IO[str]) -> Reporter:
    """Returns what speaks to `file`, in the first process; in the others, what says nothing."""
    if not distributed.is_first():
        return Silent()
    return Spoken(rich.console.Console(file=file, highlight=False))


class Silent:
    """Says nothing."""

    def phase(self, what: str, prompts: int) -> contextlib.AbstractContextManager[predicted.Done]:
        return contextlib.nullcontext(lambda prompts, share: None)


class Spoken:
    """Says it on a console."""

    def __init__(self, console: rich.console.Console) -> None:
        self._console = console

    @contextlib.contextmanager
    def phase(self, what: str, prompts: int) -> Iterator[predicted.Done]:
        if not self._console.is_terminal:
            yield _Phase(what, prompts, _Lines(self._console))
            return
        with rich.progress.Progress(
            rich.progress.BarColumn(bar_width=30),
            rich.progress.TextColumn("{task.description}"),
            console=self._console,
        ) as bar:
            task = bar.add_task(f"{what}: compiling", total=1.0)
            yield _Phase(
                what,
                prompts,
                lambda text, share: bar.update(task, completed=share, description=text),
            )


class _Phase:
    """Counts prompts and work, and words them.

    Long prompts take longer than short ones: the time left goes by the share of the work.
    """

    def __init__(self, what: str, prompts: int, say: Callable[[str, float], None]) -> None:
        self._what, self._total, self._say = what, prompts, say
        self._prompts, self._share = 0, 0.0
        self._recent: deque[tuple[float, int, float]] = deque(maxlen=_RECENT_BATCHES)
        self._start = (time.monotonic(), 0, 0.0)

    def __call__(self, prompts: int, share: float) -> None:
        self._prompts += prompts
        self._share = min(1.0, self._share + share)
        now = (time.monotonic(), self._prompts, self._share)
        # The first batch compiles: it says nothing about the speed of the others.
        since_s, since_prompts, since_share = self._recent[0] if self._recent else self._start
        self._recent.append(now)
        seconds = max(now[0] - since_s, 1e-9)
        speed = (self._prompts - since_prompts) / seconds
        left_s = (1 - self._share) * seconds / max(self._share - since_share, 1e-9)
        self._say(
            f"{self._what} {self._prompts:,}/{self._total:,} prompts  "
            f"{speed:,.{0 if speed >= 10 else 1}f} prompts/s  {progress.clock(left_s)} left",
            1.0 if self._prompts == self._total else self._share,
        )


class _Lines:
    """Prints some of what it is given: about ten lines, the last of all among them."""

    def __init__(self, console: rich.console.Console) -> None:
        self._console = console
        self._said_s, self._said_share = time.monotonic(), 0.0

    def __call__(self, text: str, share: float) -> None:
        now_s = time.monotonic()
        apart_s = now_s - self._said_s
        is_tenth = int(share * _LINES) > int(self._said_share * _LINES)
        if share == 1.0 or (is_tenth and apart_s > _APART_S) or apart_s > _QUIET_S:
            self._console.print(text, highlight=False, soft_wrap=True)
            self._said_s, self._said_share = now_s, share
