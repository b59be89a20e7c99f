"""Instruction-tunes a model and measures what it learned on tasks it never saw.

    python train.py --mixture flan_core                      # embedded data, held-out report
    python train.py --mixture flan_core --data ../rows --hold-out nli

Reads top-down as the story of a run: registry and mixture, vocabulary and model, batches, training
with its evaluations, report. The only module that knows all parts. Called again with the same flags
it goes on where it stopped. Several processes may run it together (docs/scale_out.md): all do the
same, and the first writes.
"""

import dataclasses
import functools
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
from flax import nnx

import task_registry
from eval import closing, measuring, questions
from flanlike import config as config_lib
from flanlike import errors
from flanlike import flags as flags_lib
from flanlike.batches import chat, input_shards, pipeline, tokenizer, validation
from flanlike.mixtures import mixture
from flanlike.models import compile_cache, sharding, tuning
from flanlike.prompts import manifest, recipe
from flanlike.prompts import stream as prompt_stream
from flanlike.runs import course, loading, resuming, starts
from flanlike.runs import folder as run_folder
from flanlike.tasks import registry
from flanlike.training import distributed, progress, room, wandb_log

VOCABULARY_PROMPTS = 20_000
say = progress.say


@errors.exits_with_one_line
def main(arguments: Sequence[str] | None = None, *, command: str = "python train.py") -> None:
    config = recipe.in_chat(flags_lib.parse(arguments, command=command))
    given = sys.argv[1:] if arguments is None else arguments
    distributed.join(config.distributed)
    compile_cache.keep()
    run(config, command=shlex.join([*command.split(), *given]))


def run(config: config_lib.RunConfig, *, command: str) -> None:
    """Trains, evaluates and reports; leaves everything in the run's folder."""
    plan = make_plan(config)
    out = plan.out
    run_folder.agree_on(out, plan.resolved, manifest=plan.read)
    with run_folder.held(out) as lock:
        if closing.is_finished(out, plan.resolved, config.eval):
            say(f"{out} holds this run, finished: writing its report again")
        else:
            say(*recipe.told(config, plan.composition, out), *starts.told(plan.start, config))
            parts = prepare(plan)
            files = {manifest.FILE: plan.read}
            run_folder.begin(out, plan.resolved, parts.words, files, plan.tasks.user_files, lock)
            write_composition(plan, parts)
            with wandb_log.board(config.wandb, out, plan.resolved) as board:
                stopped_by = train(plan, parts, board)
            write_composition(plan, parts)
            if stopped_by:
                say(f"stopped and saved in {out}; to go on, run again:  {command}")
                raise SystemExit(128 + stopped_by)
        closing.conclude(out, command=command)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run is to do, known before anything large is read or written."""

    config: config_lib.RunConfig
    tasks: registry.Registry
    composition: mixture.Composition
    start: starts.Start
    out: Path
    resolved: dict[str, Any]  # config.json
    read: manifest.Manifest  # manifest.json


@distributed.together()
def make_plan(config: config_lib.RunConfig) -> Plan:
    """Finds the tasks, mixes those that are not held out, and says what the run starts from."""
    wandb_log.expect(config.wandb)
    tasks = task_registry.registry(config.tasks, format=config.format).at(config.data)
    asked = recipe.of_run(config)
    start = starts.of_run(config)
    resolved = starts.resolve(config, start, recipe.mixture_of(asked, tasks))
    out = Path(config.out or run_folder.default_folder(config.mixture, resolved))
    run_folder.check(out, resolved)
    resuming.check(config, resolved, out)
    for began in (config.manifest, config.continued[0], out):  # the hub as it was then
        tasks = tasks.pinned(manifest.commits_in(began))
    say(*recipe.waits(config))
    composition = recipe.compose(asked, tasks)
    read = manifest.of_run(config, composition, tasks, out)
    return Plan(
        config=config,
        tasks=tasks.pinned(manifest.commits(read)),  # for every process that opens rows later
        composition=composition,
        start=start,
        out=out,
        resolved=resolved,
        read=read,
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parts:
    """All that training and evaluation work on."""

    words: chat.Words
    mesh: jax.sharding.Mesh | None  # None: one device
    model: nnx.Module
    batches: input_shards.ShardedBatches
    validation: validation.ValidationSet | None  # None: no look at it is asked for
    asked: questions.Questions


@distributed.together()
def prepare(plan: Plan) -> Parts:
    """Makes vocabulary and model, the stream of training batches and the evaluation's questions."""
    config = plan.config
    words = words_for(plan)
    mesh = sharding.of_run(config.mesh, config.batch)
    room.expect(loading.with_vocabulary(plan.start.shape, words), config, mesh)
    model, base = starts.model(plan.start, config, words, mesh=mesh, out=plan.out)
    plan.resolved.update({} if base is None else {"base": base.record()})
    words = chat.spoken(words, config.chat)
    say(*chat.told(words))
    return Parts(
        words=words,
        mesh=mesh,
        model=model,
        batches=make_batches(plan, words, model, mesh),
        validation=validation_set(plan, words, model),
        asked=questions.collect(
            plan.composition.evaluated,
            plan.tasks,
            words,
            data=config.data,
            family=model.config.family,
            settings=config.eval,
            style=config.prompts,
            skip_bad_rows=config.skip_bad_rows,
        ),
    )


def words_for(plan: Plan) -> tokenizer.Tokenizer:
    """Returns the run's vocabulary: one that is there, or one trained on its own prompts."""
    config = plan.config
    prompts = prompt_stream.Prompts(
        plan.composition, plan.tasks, data=config.data, seed=config.seed, style=config.prompts
    )
    return starts.words(plan.start, config, plan.out, prompts.text, VOCABULARY_PROMPTS)


def make_batches(
    plan: Plan, words: chat.Words, model: nnx.Module, mesh: jax.sharding.Mesh | None
) -> input_shards.ShardedBatches:
    """Returns the endless stream of packed training batches, a function of seed and step."""
    config = plan.config
    first_ids = tuning.soft_prompt_ids(model)
    drawn = pipeline.drawn_of(config, family=model.config.family, first_ids=first_ids)
    say(*pipeline.told_of_losses(plan.composition, plan.tasks, words, **drawn))
    batches = pipeline.batches(
        plan.composition,
        plan.tasks,
        words,
        **drawn,
        rows=config.batch.rows,
        max_target_tokens=config.batch.max_target_tokens,
        answers=config.answers,
        workers=config.workers,
        shards=config.batch.input_shards,
        rows_here=None if mesh is None else sharding.rows_here(config.batch.rows, mesh),
        gather=distributed.gather,
    )
    say(*batches.advice(distributed.count()))
    return batches


def validation_set(
    plan: Plan, words: chat.Words, model: nnx.Module
) -> validation.ValidationSet | None:
    """Returns rows of trained tasks that training never draws, where they are to be looked at."""
    if not plan.config.validation.every or not plan.config.steps:
        return None
    shape = {"family": model.config.family, "first_ids": tuning.soft_prompt_ids(model)}
    found = validation.collect(plan.composition, plan.tasks, words, plan.config, **shape)
    say(found.told)
    return found


def write_composition(plan: Plan, parts: Parts) -> None:
    """Writes composition.json: what is trained on, and what was left out or cut, and why."""
    counted = parts.batches.as_json([task.name for task in plan.composition.tasks])
    counted |= {} if parts.validation is None else {"validation": parts.validation.as_json()}
    run_folder.write_composition(plan.out, {**plan.composition.as_json(), **counted})


def train(plan: Plan, parts: Parts, board: wandb_log.Board | None) -> int:
    """Evaluates, trains, evaluates; returns the signal that stopped it, 0 at its end."""
    measure = functools.partial(evaluate, plan, parts, board)
    if plan.config.steps == 0:  # a run that only evaluates
        measure(0)
        parts.batches.close()
        return 0
    return course.take(
        plan.config,
        parts.model,
        parts.batches,
        () if parts.validation is None else parts.validation.batches,
        evaluate=measure,
        out=plan.out,
        resolved=plan.resolved,
        mesh=parts.mesh,
        board=board,
    )


def evaluate(plan: Plan, parts: Parts, board: wandb_log.Board | None, steps: int) -> None:
    """Puts the questions to the model as it is now, and writes what it answered; once a step."""
    measuring.measure_once(
        parts.model,
        parts.words,
        parts.asked,
        out=plan.out,
        step=steps,
        config=plan.resolved,
        held_out=plan.composition.held_out,
        mesh=parts.mesh,
        board=board,
        weights="average" if plan.config.optim.ema else None,
    )


if __name__ == "__main__":
    main()
