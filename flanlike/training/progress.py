"""What a run says while it trains: a bar or plain lines, metrics.jsonl, TensorBoard, W&B."""

import contextlib
import json
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import rich.console
import rich.progress
import tensorboardX

from flanlike import atomic
from flanlike.training import distributed, wandb_log

_METRICS_FILE = "metrics.jsonl"
_RECENT_STEPS = 20  # that speed and time left are measured over
_QUIET_S = 60.0  # plain lines come at least this often


class Look(NamedTuple):
    """A look at the validation set: nats a target token, and the share predicted greedily."""

    step: int
    loss: float
    accuracy: float


def say(*lines: str) -> None:
    """Prints lines, in the first process of the run."""
    if distributed.is_first():
        for line in lines:
            print(line, flush=True)


def log(
    out: Path, *, total_steps: int, steps_taken: int, board: wandb_log.Board | None = None
) -> "Log | Silent":
    """Returns the first process's `Log` on its terminal; the others stay silent."""
    if not distributed.is_first():
        return Silent()
    console = rich.console.Console(highlight=False)
    return Log(out, total_steps=total_steps, steps_taken=steps_taken, console=console, board=board)


class Log:
    """Writes each step's metrics. Entered around training; steps after `steps_taken` are new.

    A run that resumes drops the lines of steps that it will take again, so that no step is twice
    in metrics.jsonl; a look at the validation set has a line of its own there. On a terminal there
    is a bar, elsewhere about ten plain lines:

        step 25/250  loss 2.31  9,120 useful tokens/s  1:04 left
    """

    def __init__(
        self,
        out: Path,
        *,
        total_steps: int,
        steps_taken: int,
        console: rich.console.Console,
        board: wandb_log.Board | None = None,
    ) -> None:
        self._path = Path(out) / _METRICS_FILE
        self._total_steps = total_steps
        self._steps_taken = steps_taken
        self._console = console
        self._board = board
        self._recent: deque[tuple[float, int]] = deque(maxlen=_RECENT_STEPS)  # (seconds, tokens)
        self._line_every = max(total_steps // 10, 1)
        self._bar: rich.progress.Progress | None = None
        drop_steps_after(self._path, steps_taken)
        self._tensorboard = tensorboardX.SummaryWriter(
            str(Path(out) / "tensorboard"), purge_step=steps_taken + 1
        )

    def __enter__(self) -> "Log":
        self._file = self._path.open("a", encoding="utf-8")
        if self._console.is_terminal:
            self._bar = rich.progress.Progress(
                rich.progress.BarColumn(bar_width=30),
                rich.progress.TextColumn("{task.description}"),
                console=self._console,
            )
            self._bar.add_task("compiling", total=self._total_steps, completed=self._steps_taken)
            self._bar.start()
        self._written_s = self._said_s = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
        self._file.close()
        self._tensorboard.close()

    def write(self, step: int, metrics: Any) -> None:
        """Writes one step's metrics (`loop.StepMetrics`, on the host)."""
        now_s = time.monotonic()
        seconds = now_s - self._written_s
        self._written_s = now_s
        line = {
            "step": step,
            "loss": float(metrics.loss),
            "accuracy": float(metrics.accuracy),
            "learning_rate": float(metrics.learning_rate),
            "gradient_norm": float(metrics.gradient_norm),
            "target_tokens": int(metrics.target_tokens),
            "useful_tokens": int(metrics.useful_tokens),
            "useful_tokens_per_s": round(int(metrics.useful_tokens) / seconds, 1),
            "seconds": round(seconds, 4),
        }
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        scalars = {f"train/{name}": value for name, value in line.items() if name != "step"}
        for tag, value in scalars.items():
            self._tensorboard.add_scalar(tag, value, step)
        if self._board is not None:
            self._board.scalars(step, scalars)
        # The first step compiles: it says nothing about the speed of the others.
        if step > self._steps_taken + 1:
            self._recent.append((seconds, line["useful_tokens"]))
        self._say(step, line["loss"], now_s)

    def write_look(self, look: Look, *, best: Look | None) -> None:
        """Writes a look at the validation set; `best` is the best one so far, perhaps this."""
        line = {"step": look.step, "validation_loss": look.loss}
        self._file.write(json.dumps({**line, "validation_accuracy": look.accuracy}) + "\n")
        self._file.flush()
        scalars = {"validation/loss": look.loss, "validation/accuracy": look.accuracy}
        for tag, value in scalars.items():
            self._tensorboard.add_scalar(tag, value, look.step)
        if self._board is not None:
            self._board.scalars(look.step, scalars)
        text = f"step {look.step}/{self._total_steps}  validation loss {look.loss:.4g}"
        if best is not None and best.step != look.step:
            text += f"  (best: {best.loss:.4g} at step {best.step})"
        self._console.print(text, highlight=False)
        self._written_s = time.monotonic()  # no step's time

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Hides the bar and stops the clock, for evaluation between two steps."""
        if self._bar is not None:
            self._bar.stop()
        yield
        if self._bar is not None:
            self._bar.start()
        self._written_s = time.monotonic()

    def pausing(self, evaluate: Callable[[int], None]) -> Callable[[int], None]:
        """Returns the function, paused while it works."""

        def evaluated(steps_taken: int) -> None:
            with self.paused():
                evaluate(steps_taken)

        return evaluated

    def _say(self, step: int, loss: float, now_s: float) -> None:
        text = f"step {step}/{self._total_steps}  loss {loss:.3g}"
        if self._recent:
            recent_s = sum(seconds for seconds, _ in self._recent)
            tokens = sum(tokens for _, tokens in self._recent)
            left_s = (self._total_steps - step) * recent_s / len(self._recent)
            text += f"  {tokens / recent_s:,.0f} useful tokens/s  {clock(left_s)} left"
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=step, description=text)
        elif step % self._line_every == 0 or now_s - self._said_s > _QUIET_S:
            self._console.print(text, highlight=False)
            self._said_s = now_s


class Silent:
    """In place of a `Log`, in a process that is not the first: writes and says nothing."""

    def __enter__(self) -> "Silent":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, step: int, metrics: Any) -> None:
        pass

    def write_look(self, look: Look, *, best: Look | None) -> None:
        pass

    def pausing(self, evaluate: Callable[[int], None]) -> Callable[[int], None]:
        return evaluate


def looks(out: Path, last_step: int) -> list[Look]:
    """Returns the looks at the validation set that metrics.jsonl has, up to a step, in order."""
    path = Path(out) / _METRICS_FILE
    lines = map(_parsed, path.read_text(encoding="utf-8").split("\n")) if path.exists() else ()
    found = {
        line["step"]: Look(line["step"], line["validation_loss"], line["validation_accuracy"])
        for line in lines
        if "validation_loss" in line and line["step"] <= last_step
    }
    return [found[step] for step in sorted(found)]


def _parsed(line: str) -> dict[str, Any]:
    """Returns a line's values; none of one that was cut short."""
    with contextlib.suppress(json.JSONDecodeError):
        return json.loads(line)
    return {}


def clock(seconds: float) -> str:
    """Returns a duration to read: 65 is "1:05", 3725 is "1:02:05"."""
    minutes, seconds = divmod(int(round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def drop_steps_after(path: Path, step: int) -> None:
    """Rewrites a metrics.jsonl to end at `step`; a line that was cut short is dropped too."""
    if not path.exists():
        return
    kept = []
    for line in path.read_text(encoding="utf-8").split("\n")[:-1]:
        with contextlib.suppress(json.JSONDecodeError):
            if json.loads(line)["step"] <= step:
                kept.append(line + "\n")
    atomic.write(path, "".join(kept))
