"""What an evaluation says while it runs: how far it is, how fast, and how long it still takes.

    with pace.reporter(sys.stderr).phase("scoring options", prompts=2400) as done:
        decode.scored_options(..., done=done)

On a terminal there is a bar that moves, elsewhere about ten plain lines, and one now and then
while nothing is done:

    scoring options 240/2,400 prompts  310 prompts/s  0:07 left
    loading models/large: 0:10 so far
"""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import IO, Protocol

import rich.console
import rich.progress

from flanlike.models import predicted
from flanlike.training import distributed, progress

COLLECTING = "reading rows and wording prompts"  # what is said while it lasts

_RECENT_BATCHES = 20  # that speed and time left are measured over
_LINES = 10
_APART_S = 2.0  # plain lines come no closer, but for the last,
_QUIET_S = 60.0  # and at least this often,
_FIRST_S = 10.0  # the first one sooner


class Reporter(Protocol):
    """Says how far the phases of an evaluation are."""

    def phase(self, what: str, prompts: int) -> contextlib.AbstractContextManager[predicted.Done]:
        """Returns a context for a phase of so many prompts, with what to call as some are done."""

    def waiting(self, what: str) -> contextlib.AbstractContextManager[None]:
        """Returns a context for what cannot tell how far it is: it is told that it goes on."""


def reporter(file: IO[str]) -> Reporter:
    """Returns what speaks to `file`, in the first process; in the others, what says nothing."""
    if not distributed.is_first():
        return Silent()
    return Spoken(rich.console.Console(file=file, highlight=False))


class Silent:
    """Says nothing."""

    def phase(self, what: str, prompts: int) -> contextlib.AbstractContextManager[predicted.Done]:
        return contextlib.nullcontext(lambda prompts, share: None)

    def waiting(self, what: str) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


class Spoken:
    """Says it on a console."""

    def __init__(self, console: rich.console.Console) -> None:
        self._console = console

    @contextlib.contextmanager
    def phase(self, what: str, prompts: int) -> Iterator[predicted.Done]:
        if not self._console.is_terminal:
            lines = _Lines(self._console, f"{what} 0/{prompts:,} prompts")
            with _ticking(lines.tick):
                yield _Phase(what, prompts, lines)
            return
        with rich.progress.Progress(
            rich.progress.SpinnerColumn("line", finished_text=" "),
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

    @contextlib.contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        if not self._console.is_terminal:
            with _ticking(_Lines(self._console, what).tick):
                yield
            return
        with rich.progress.Progress(
            rich.progress.SpinnerColumn("line"),
            rich.progress.TextColumn("{task.description}", markup=False),
            rich.progress.TimeElapsedColumn(),
            console=self._console,
            transient=True,
        ) as bar:
            bar.add_task(what, total=None)
            yield


@contextlib.contextmanager
def _ticking(tick: Callable[[float], None]) -> Iterator[None]:
    """Calls `tick` from a thread with the seconds so far, the first time soon, then now and then.

    For what the caller waits for: to compile, to read a file, to write a batch of long answers.
    """
    started_s, is_over = time.monotonic(), threading.Event()

    def run() -> None:
        wait_s = _FIRST_S
        while not is_over.wait(wait_s):
            # That nobody reads on is for the caller to find; rich makes a SystemExit of it.
            with contextlib.suppress(OSError, ValueError, SystemExit):
                tick(time.monotonic() - started_s)
            wait_s = _QUIET_S

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


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

    def __init__(self, console: rich.console.Console, first: str) -> None:
        self._console, self._text = console, first
        self._said_s, self._said_share = time.monotonic(), 0.0
        self._lock = threading.Lock()

    def __call__(self, text: str, share: float) -> None:
        with self._lock:
            self._text = text
            apart_s = time.monotonic() - self._said_s
            is_tenth = int(share * _LINES) > int(self._said_share * _LINES)
            if share == 1.0 or (is_tenth and apart_s > _APART_S) or apart_s > _QUIET_S:
                self._say(text)
                self._said_share = share

    def tick(self, seconds: float) -> None:
        """Says that it goes on, unless something was said just now."""
        with self._lock:
            if time.monotonic() - self._said_s >= _FIRST_S:
                self._say(f"{self._text}: {progress.clock(seconds)} so far")

    def _say(self, text: str) -> None:
        self._console.print(text, highlight=False, soft_wrap=True, markup=False)
        self._said_s = time.monotonic()
