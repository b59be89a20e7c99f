"""Where a run goes on: from its own newest checkpoint, or from that of --continue-from."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grain
import jax

from flanlike import config as config_lib
from flanlike import errors
from flanlike.runs import folder as run_folder
from flanlike.training import checkpoint, loop, optim, progress

# What a run may do otherwise than the one that it continues: neither the parameters' shapes nor the
# order of the data hang on it.
_FREE = (
    *("continue_from", "steps", "eval", "loss", "batch.micro_batches"),
    *(f"optim.{one.name}" for one in dataclasses.fields(config_lib.OptimConfig)),
    *("attention", "dropout", "neftune_alpha", "lora.dropout", "dtype", "remat"),
    *("shape.attention", "shape.dropout", "shape.dtype", "shape.remat"),
)
_OPTIMIZER = "optim.name"  # each keeps something else of the gradients


def check(config: config_lib.RunConfig, resolved: dict[str, Any], out: Path) -> None:
    """Raises unless the run of --continue-from, where it is given, can be gone on with."""
    if config.continue_from is None or checkpoints_in(out):
        return
    there = Path(config.continue_from)
    if there.resolve() == out.resolve():
        raise errors.UserError(
            f"--continue-from and --out are both {str(out)!r}: give another --out, or leave out "
            "--continue-from to go on with that run as it is"
        )
    free = [name for name in _FREE if name != _OPTIMIZER]
    if lines := run_folder.differences(run_folder.read_config(there), resolved, free=free):
        raise errors.UserError(
            f"--continue-from {str(there)!r} is a run of other parameters or data ({lines}): give "
            "the flags that it had, but for the learning rate and its like, --steps and --eval"
        )
    if not (steps := checkpoints_in(there)):
        raise errors.UserError(
            f"--continue-from {str(there)!r} has no checkpoint: leave it out, to begin anew"
        )
    if config.steps <= steps[-1]:
        raise errors.UserError(
            f"--steps is {config.steps}, and --continue-from {str(there)!r} has taken {steps[-1]}: "
            "it must be more"
        )


def checkpoints_in(folder: Path) -> list[int]:
    """Returns the steps whose states lie in a run's folder, earliest first."""
    found = (folder / "checkpoints").glob("*")
    return sorted(int(path.name) for path in found if path.name.isdigit())


def restore(
    checkpoints: checkpoint.Checkpoints,
    state: loop.TrainState,
    batches: grain.DatasetIterator,
    config: config_lib.RunConfig,
    *,
    before: Callable[[int], None],
) -> loop.TrainState:
    """Returns the state to go on from, with the batches set to it; the one given where there is no
    other.

    `before(0)` is called while the model is as it was before its first step, for an evaluation that
    may not be there yet, or by other settings.
    """
    is_going_on = checkpoints.latest_step is not None
    if not is_going_on and config.continue_from is None:
        return state
    if config.eval.at_start:
        before(0)
    if is_going_on:
        restored = checkpoints.restore_latest(state, batches)
    else:
        restored = _of_other(Path(config.continue_from), state, batches)
    if restored is None:
        return state
    where = "" if is_going_on else f" of {config.continue_from}"
    progress.say(f"going on from step {int(restored.step)}{where}")
    return restored


def _of_other(
    there: Path, state: loop.TrainState, batches: grain.DatasetIterator
) -> loop.TrainState | None:
    """Returns the newest state of another run, in the structure of this run's optimizer.

    What the optimizers keep is the same; which steps stand around it, like clipping, may not be.
    """
    began = run_folder.read_config(there)
    optimizer = optim.build(config_lib.OptimConfig(**began["optim"]), began["steps"])
    structure = jax.tree.structure(jax.eval_shape(optimizer.init, state.params))
    own, own_structure = jax.tree.flatten(state.optimizer)
    checkpoints = checkpoint.Checkpoints(there / "checkpoints", read_only=True)
    with contextlib.closing(checkpoints):
        like = state._replace(optimizer=jax.tree.unflatten(structure, own))
        restored = checkpoints.restore_latest(like, batches)
    if restored is None:
        return None
    kept = jax.tree.leaves(restored.optimizer)
    return restored._replace(optimizer=jax.tree.unflatten(own_structure, kept))


@contextlib.contextmanager
def lost_is_told(out: Path, checkpoints: checkpoint.Checkpoints) -> Iterator[None]:
    """Says of a run that is lost, in the block, how to go on with it."""
    try:
        yield
    except errors.NotFinite as error:
        checkpoints.wait()
        advice = "lower --optim.peak-lr or lengthen --optim.warmup-steps"
        if checkpoints.latest_step is None:
            advice += ", and give another --out"
        else:
            advice += (
                f"; with --continue-from {out} and another --out it goes on from step "
                f"{checkpoints.latest_step}, which was saved"
            )
        raise errors.UserError(f"{error}: {advice}") from error
