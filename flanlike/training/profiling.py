"""A trace of some steps, by jax.profiler, for XProf and Perfetto: --profile N.

    RUN/profile/plugins/profile/<time>/*.xplane.pb              xprof --logdir RUN/profile
    RUN/profile/plugins/profile/<time>/perfetto_trace.json.gz   open it in https://ui.perfetto.dev

The steps are the first that this call of train.py takes after those that compile; an evaluation, a
look or a checkpoint that comes between two of them is in the trace too. In a run of several
processes it is the first one's.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax

from flanlike.batches import features
from flanlike.training import distributed, loop, progress

FOLDER = "profile"
_COMPILING = 2  # steps: the second may compile anew, for what the first gives lies elsewhere


@contextlib.contextmanager
def traced(step: loop.TrainStep, steps: int, out: Path) -> Iterator[loop.TrainStep]:
    """Yields the step, of which so many are traced into the run's folder; 0: none is."""
    if not steps or not distributed.is_first():
        yield step
        return
    profiled = _Profiled(step, steps, out / FOLDER)
    try:
        yield profiled
    finally:
        profiled.finish()


class _Profiled:
    def __init__(self, step: loop.TrainStep, steps: int, folder: Path) -> None:
        self._step = step
        self._last = _COMPILING + steps
        self._folder = folder
        self._taken = 0
        self._is_on = False

    def __call__(self, state: loop.TrainState, batch: features.Batch) -> tuple[Any, Any]:
        if self._taken == _COMPILING:
            jax.block_until_ready(state)  # else the trace begins within an earlier step
            jax.profiler.start_trace(self._folder, create_perfetto_trace=True)
            self._is_on = True
        self._taken += 1
        with jax.profiler.StepTraceAnnotation("train", step_num=self._taken):
            state, metrics = self._step(state, batch)
        if self._taken == self._last:
            jax.block_until_ready(state)
            self.finish()
        return state, metrics

    def finish(self) -> None:
        """Writes the trace and says where it is, or why there is none; once."""
        if self._is_on:
            self._is_on = False
            jax.profiler.stop_trace()
            steps = min(self._taken, self._last) - _COMPILING
            progress.say(
                f"a trace of {steps} steps is in {self._folder}: xprof --logdir {self._folder}, or "
                "open its perfetto_trace.json.gz in https://ui.perfetto.dev"
            )
        elif self._taken <= _COMPILING:
            progress.say(
                f"no trace: --profile begins after {_COMPILING} steps, and {self._taken} were taken"
            )
