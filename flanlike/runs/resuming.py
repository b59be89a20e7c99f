"""Where a run goes on: from its own newest checkpoint, or from one of --continue-from."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grain
import jax
import optax

from flanlike import config as config_lib
from flanlike import errors
from flanlike.models import tuning
from flanlike.runs import folder as run_folder
from flanlike.runs import kept
from flanlike.training import averaging, checkpoint, loop, optim, progress

# What a run may do otherwise than the one that it continues: neither the parameters' shapes nor the
# order of the data hang on it.
_FREE = (
    *("continue_from", "steps", "eval", "loss", "batch.micro_batches"),
    *(f"optim.{one.name}" for one in dataclasses.fields(config_lib.OptimConfig)),
    *("attention", "dropout", "dropout_keys", "neftune_alpha", "lora.dropout"),
    *("dtype", "remat", "validation"),
    *("shape.attention", "shape.dropout", "shape.dtype", "shape.remat"),
)
_OPTIMIZER = "optim.name"  # each keeps something else of the gradients


def check(config: config_lib.RunConfig, resolved: dict[str, Any], out: Path) -> None:
    """Raises unless the run of --continue-from, where it is given, can be gone on with."""
    if config.continue_from is None or kept.newest(out) is not None:
        return
    there, step = Path(config.continued[0]), config.continued[1]
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
    newest = kept.newest(there)
    if newest is None and step is None:
        raise errors.UserError(
            f"--continue-from {str(there)!r} has no checkpoint: leave it out, to begin anew"
        )
    if step is not None and step not in (steps := kept.steps_in(there)):
        raise errors.UserError(
            f"--continue-from {config.continue_from!r}: that run has no checkpoint of step {step}: "
            f"it has {steps!r}"
        )
    if config.steps <= (taken := newest if step is None else step):
        has_taken = f"has taken {taken}" if step is None else f"is after {taken}"
        raise errors.UserError(
            f"--steps is {config.steps}, and --continue-from {config.continue_from!r} {has_taken}: "
            "it must be more"
        )


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
        restored = _of_other(config, state, batches)
    if restored is None:
        return state
    where = "" if is_going_on else f" of {config.continue_from}"
    progress.say(f"going on from step {int(restored.step)}{where}")
    return restored


def _of_other(
    config: config_lib.RunConfig, state: loop.TrainState, batches: grain.DatasetIterator
) -> loop.TrainState | None:
    """Returns a state of the run of --continue-from, as this run's optimizer keeps it.

    What it keeps of gradients is taken over; which steps stand around it, like clipping, may be
    others, and so may the type of the moments. An average goes on, begins with those weights where
    that run had none, or is left where this run keeps none.
    """
    there, step = Path(config.continued[0]), config.continued[1]
    began = run_folder.read_config(there)
    optimizer = optim.build(config_lib.OptimConfig(**began["optim"]), began["steps"])
    place = kept.of_step(there, {}, step)
    with contextlib.closing(checkpoint.Checkpoints(place.folder, read_only=True)) as checkpoints:
        like = state._replace(optimizer=_shapes(optimizer, state, config.freeze))
        restored = checkpoints.restore_latest(like, batches, step=place.step)
    if restored is None:
        return None
    kept_there = {type(part): part for part in restored.optimizer}
    own = []
    for part in state.optimizer:
        if isinstance(part, averaging.Average) and averaging.Average not in kept_there:
            learning, _ = tuning.apart(restored.params, config.freeze)
            own.append(part._replace(average=averaging.begun(learning).average))
        else:
            own.append(_taken(part, kept_there.get(type(part), part)))
    return restored._replace(optimizer=tuple(own))


def _shapes(optimizer: Any, state: loop.TrainState, freeze: str) -> Any:
    """Returns the shapes and places of what that optimizer keeps: a moment lies by its parameter.

    What is of no parameter lies where the count of steps does.
    """
    learning, _ = tuning.apart(state.params, freeze)

    def placed(leaf: Any, like: jax.Array) -> jax.ShapeDtypeStruct:
        is_same = leaf.shape == like.shape
        place = like.sharding if is_same else state.step.sharding
        return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=place)

    return optax.tree.map_params(
        optimizer,
        placed,
        jax.eval_shape(optimizer.init, learning),
        learning,
        transform_non_params=lambda leaf: placed(leaf, state.step),
    )


def _taken(own: Any, other: Any) -> Any:
    """Returns a part of an optimizer's state as another kept it, in this one's types."""
    return jax.tree.map(lambda mine, its: its.astype(mine.dtype), own, other)


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
