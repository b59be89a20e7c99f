"""An evaluation of a run: its questions put to a model, and the answers left in its folder."""

import contextlib
import dataclasses
import pathlib
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

import jax

from eval import evaluation, pace, protocol, questions, results, tensorboard, wandb_tables
from flanlike.batches import tokenizer
from flanlike.training import distributed, progress, wandb_log

if TYPE_CHECKING:
    from flax import nnx


_AGAIN = {"torn": "was cut short", "other": "was made by other --eval settings"}


def measure_once(
    model: "nnx.Module",
    words: tokenizer.Tokenizer,
    asked: questions.Questions,
    *,
    out: pathlib.Path,
    step: int,
    **settings: Any,
) -> None:
    """Measures as below, unless the run has its evaluation at that step already."""
    found = evaluation.state(out, step, asked.settings)
    if distributed.of_first(found == "whole"):
        return
    if found in _AGAIN:
        progress.say(f"the evaluation after {step} steps {_AGAIN[found]}: it is made again")
    progress.say(f"evaluating after {step} steps: {asked.prompts:,} prompts", *asked.warnings)
    measure(model, words, asked, out=out, step=step, **settings)


def measure(
    model: "nnx.Module",
    words: tokenizer.Tokenizer,
    asked: questions.Questions,
    *,
    out: pathlib.Path,
    step: int,
    config: Mapping[str, Any],
    held_out: Sequence[str],
    mesh: jax.sharding.Mesh | None,
    name: str = "",
    says_on: IO[str] | None = None,
    board: wandb_log.Board | None = None,
    weights: str | None = None,
) -> evaluation.Evaluation:
    """Puts the questions to the model as it is after `step` steps; the first process writes.

    `config` is the run's, as config.json has it, with the data that is asked from. A `name` is for
    what is asked otherwise than by the run itself, and stays out of TensorBoard. How far it is goes
    to `says_on`, standard output by default. `weights` are which of a run that has two were asked,
    for its notes. Answers are kept as they come, so that an evaluation
    that is cut off goes on when it is called again: in the settings' `cache`, or in the run's
    folder until it is whole.
    """
    setting = results.Setting(
        run=out.resolve().name, step=step, data=config["data"], seed=config["seed"]
    )
    own_cache = out / "eval" / f".{step}{name and '-'}{name}.answers"
    with contextlib.nullcontext() if mesh is None else jax.set_mesh(mesh):
        found = protocol.evaluate(
            model,
            words,
            asked,
            setting=setting,
            held_out=held_out,
            reporter=pace.reporter(says_on or sys.stdout),
            cache=pathlib.Path(asked.settings.cache or own_cache),
        )
    if weights is not None:
        found = dataclasses.replace(found, notes={**found.notes, "weights": weights})
    if distributed.is_first():
        evaluation.write(out, found, name=name)
        shutil.rmtree(own_cache, ignore_errors=True)
        if not name:
            tensorboard.write(out, found)
        if board is not None:
            wandb_tables.write(board, found, name=name)
    return found
