"""The course of a run's steps: where they begin, what comes between two of them, how they end."""

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import grain
import jax
from flax import nnx

from flanlike import config as config_lib
from flanlike.batches import features
from flanlike.runs import kept, resuming, watching
from flanlike.training import (
    checkpoint,
    distributed,
    loop,
    profiling,
    progress,
    validating,
    wandb_log,
)


def take(
    config: config_lib.RunConfig,
    model: nnx.Module,
    batches: grain.DatasetIterator[features.Batch],
    looked_at: Sequence[features.Batch],
    *,
    evaluate: Callable[[int], None],
    out: Path,
    resolved: dict[str, Any],
    mesh: jax.sharding.Mesh | None,
    board: wandb_log.Board | None,
) -> int:
    """Takes the run's steps with all that comes between; returns the signal that stopped it, or 0.

    `looked_at` is the validation set, empty where there is none to look at, and `resolved` the
    configuration as config.json has it. What is evaluated at the end is the last
    state, or where --validation.patience judges the best. The batches are closed then.
    """
    state, step = loop.begin(config, model, mesh)
    checkpoints = checkpoint.Checkpoints(out / kept.CHECKPOINTS, keep=config.checkpoint.keep)
    state = resuming.restore(checkpoints, state, batches, config, before=evaluate)
    taken = int(state.step)
    with (
        contextlib.closing(batches),
        contextlib.closing(checkpoints),
        progress.log(out, total_steps=config.steps, steps_taken=taken, board=board) as log,
        resuming.lost_is_told(out, checkpoints),
        profiling.traced(step, config.profile, out) as step,
        watching.watch(
            config.validation,
            looked_at,
            model,
            batches,
            log,
            out=out,
            steps_taken=taken,
            config=resolved,
            mesh=mesh,
        ) as watch,
    ):
        _, stopped_by = loop.train(
            model,
            state,
            step,
            batches,
            total_steps=config.steps,
            evaluate=log.pausing(evaluate),
            evaluate_every=config.eval.every,
            evaluate_at_start=config.eval.at_start,
            evaluate_at_end=not kept.is_by_best(resolved),
            watch=watch,
            save=_saves(checkpoints, batches, resolved, watch),
            save_every=config.checkpoint.every,
            write=log.write,
            agree=distributed.Agreement() if distributed.count() > 1 else None,
        )
        checkpoints.wait()
    if kept.is_by_best(resolved) and not stopped_by:
        evaluate(watching.take_best(model, out))
    return stopped_by


def _saves(
    checkpoints: checkpoint.Checkpoints,
    batches: grain.DatasetIterator[features.Batch],
    resolved: dict[str, Any],
    watch: validating.Watch | None,
) -> Callable[[int, loop.TrainState], None]:
    """Returns what saves a state: when the best before it is on the disk.

    Cut off after that, the run goes on from this state and does not look at the best again.
    """

    def save(steps: int, state: loop.TrainState) -> None:
        if watch:
            watch.settle()
        checkpoints.save(steps, state, batches, resolved)

    return save
