"""A run's looks at its validation set: what they keep in its folder, and the best of them again."""

import contextlib
import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import grain
import jax
from flax import nnx

from flanlike import config as config_lib
from flanlike.batches import features
from flanlike.runs import kept
from flanlike.training import checkpoint, loop, progress, validating


@contextlib.contextmanager
def watch(
    settings: config_lib.ValidationConfig,
    looked_at: Sequence[features.Batch],
    model: nnx.Module,
    batches: grain.DatasetIterator,
    log: progress.Log | progress.Silent,
    *,
    out: Path,
    steps_taken: int,
    config: dict[str, Any],
    mesh: jax.sharding.Mesh | None,
) -> Iterator[validating.Watch | None]:
    """Yields what looks at the set while the run in `out` trains; None without one.

    `config` is the run's, as config.json has it. On the way out the best state is on the disk.
    """
    if not looked_at:
        yield None
        return
    lowest = kept.best_loss(out)  # also of steps that a run which was cut off takes again
    measure = validating.measure(model, mesh=mesh)
    with contextlib.closing(checkpoint.Checkpoints(out / kept.BEST, keep=1)) as best:

        def keep(steps: int, state: loop.TrainState, loss: float) -> None:
            if loss < lowest:
                best.forget_after(steps)
                best.save(steps, state, batches, kept.with_loss(config, loss))

        yield validating.Watch(
            lambda params: measure(params, looked_at),
            every=settings.every,
            looks=progress.looks(out, steps_taken),
            judge=functools.partial(kept.is_over, patience=settings.patience),
            write=log.write_look,
            keep=keep,
            settle=best.wait,
        )
        best.wait()


def take_best(model: nnx.Module, out: Path) -> int:
    """Fills the model with what was best by validation loss; returns the step."""
    folder = out / kept.BEST
    with contextlib.closing(checkpoint.Checkpoints(folder, read_only=True)) as checkpoints:
        return checkpoints.restore_params(model)
