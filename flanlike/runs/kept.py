"""Which checkpoints a run's folder has: the newest, and the best by validation loss.

    checkpoints/200   the newest few (--checkpoint.keep)
    best/140          the one that was best whenever it was looked at (--validation.every)

Which of them is the run's model where no step is named: the best, where --validation.patience had
training stop by it, else the newest.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flanlike import errors
from flanlike.training import progress

CHECKPOINTS, BEST = "checkpoints", "best"

_LOSS = "validation_loss"  # in a best checkpoint's copy of the configuration


@dataclass(frozen=True, kw_only=True)
class Place:
    """A checkpoint: the folder that it lies in with others, and its step; None: the newest."""

    folder: Path
    step: int | None


def steps_in(folder: Path) -> list[int]:
    """Returns the steps whose states lie in a run's folder, earliest first."""
    return sorted({*_steps(folder / CHECKPOINTS), *_steps(folder / BEST)})


def newest(folder: Path) -> int | None:
    """Returns the newest step that a run goes on from."""
    return max(_steps(folder / CHECKPOINTS), default=None)


def best(folder: Path) -> int | None:
    """Returns the step that was best by validation loss; None where none was looked at."""
    return max(_steps(folder / BEST), default=None)


def best_loss(folder: Path) -> float:
    """Returns the validation loss of the best checkpoint, infinite where there is none."""
    step = best(folder)
    if step is None:
        return float("inf")
    path = folder / BEST / str(step) / "config" / "metadata"
    try:
        return float(json.loads(path.read_text(encoding="utf-8"))[_LOSS])
    except (OSError, ValueError, KeyError) as error:
        raise errors.UserError(
            f"{path}: damaged ({errors.in_one_line(error)}): bring it back from a copy, or remove "
            f"{str(folder / BEST / str(step))!r}"
        ) from error


def with_loss(config: Mapping[str, Any], loss: float) -> dict[str, Any]:
    """Returns the configuration as a best checkpoint holds it."""
    return {**config, _LOSS: loss}


def of_step(folder: Path, config: Mapping[str, Any], step: int | None) -> Place:
    """Returns where the checkpoint of a step is; without a step, that of the run's model.

    `config` is the run's, as config.json has it.
    """
    found = steps_in(folder)
    if not found:
        raise errors.UserError(
            f"run {str(folder)!r} has no checkpoint: let train.py go on until it saves one"
        )
    if step is None and is_by_best(config):
        step = best(folder)
    if step is not None and step not in found:
        raise errors.UserError(
            f"run {str(folder)!r} has no checkpoint of step {step!r}: it has {found!r}"
        )
    is_newer = step is None or step in _steps(folder / CHECKPOINTS)
    return Place(folder=folder / (CHECKPOINTS if is_newer else BEST), step=step)


def is_by_best(config: Mapping[str, Any]) -> bool:
    """Returns whether a run's model is its best checkpoint, for --validation.patience was given."""
    return config.get("validation", {}).get("patience", 0) > 0


def chosen(folder: Path) -> int | None:
    """Returns the step of a run's model where it is the best one; None where it is the newest."""
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return best(folder) if is_by_best(config) else None


def is_over(looks: Sequence[progress.Look], patience: int) -> bool:
    """Returns whether the loss was not lower than ever before for so many looks; 0: never.

    The look before the first step is none that counts.
    """
    losses = [look.loss for look in looks if look.step > 0]
    return 0 < patience <= len(losses) - 1 - losses.index(min(losses)) if losses else False


def ending(folder: Path, config: Mapping[str, Any]) -> tuple[int, int | None]:
    """Returns the step that a run ends at, and that of its model; None: it has none so far.

    It ends at --steps, or where its validation loss had not sunk --validation.patience times.
    """
    steps = config["steps"]
    if not is_by_best(config) or not steps:
        return steps, steps
    looks, patience = progress.looks(folder, steps), config["validation"]["patience"]
    for count in range(1, len(looks) + 1):
        if is_over(looks[:count], patience):
            return looks[count - 1].step, best(folder)
    return steps, best(folder)


def _steps(folder: Path) -> list[int]:
    return [int(path.name) for path in folder.glob("*") if path.name.isdigit()]
