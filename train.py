"""Instruction-tunes a model and measures what it learned on tasks it never saw.

    python train.py --mixture flan_core                      # embedded data, held-out report
    python train.py --mixture flan_core --data ../rows --hold-out nli
    python train.py --help

Reads top-down as the story of a run: configuration, registry, hold-out and mixture, vocabulary and
model, pipeline, evaluation of the held-out tasks, training, evaluation again, report. This is the
only module that knows all parts. Calling it again with the same flags goes on where it stopped.

Several processes may run it together (docs/scale_out.md): all do the same, and the first writes.
"""

import contextlib
import dataclasses
import json
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import rich.console
from flax import nnx

import task_registry
from eval import evaluation, protocol, questions, report, results
from flanlike import config as config_lib
from flanlike import errors
from flanlike.batches import features, input_shards, pipeline, tokenizer, vocabulary
from flanlike.mixtures import mixture
from flanlike.models import sharding, tuning
from flanlike.prompts import fitting, manifest, recipe
from flanlike.prompts import stream as prompt_stream
from flanlike.runs import bases, loading, starts
from flanlike.runs import folder as run_folder
from flanlike.sources import availability
from flanlike.tasks import registry
from flanlike.training import checkpoint, distributed, loop, optim, progress

MICRO_WORLD = "All figures are the micro-world's: a small synthetic world, made by rule."
VOCABULARY_PROMPTS = 20_000


def say(line: str) -> None:
    if distributed.is_first():
        print(line, flush=True)


@errors.exits_with_one_line
def main(arguments: Sequence[str] | None = None) -> None:
    config = config_lib.parse(arguments)
    arguments = sys.argv[1:] if arguments is None else arguments
    command = shlex.join(["python", "train.py", *arguments])
    distributed.join(config.distributed)
    with run_folder.no_space_is_a_user_error():
        run(config, command=command)


def run(config: config_lib.RunConfig, *, command: str) -> None:
    """Trains, evaluates and reports; leaves everything in the run's folder."""
    with distributed.together():
        tasks = task_registry.registry(config.tasks)
        if config.exclude_overlap:
            say("looking for training rows that overlap with evaluation rows")
        composition = recipe.compose(recipe_of(config), tasks)
        start = starts.starting_point(
            starts.init_of(config.init, config.out),
            config.model,
            is_embedded=config.data == "embedded",
            tune=config.tune,
            attention=config.attention,
            dropout=config.dropout,
            dtype=config.dtype,
            remat=config.remat,
        )
        resolved = resolve(config, composition, start)
        out = (
            Path(config.out) if config.out else run_folder.default_folder(config.mixture, resolved)
        )
        run_folder.check(out, resolved)
        read = verify(config, composition, tasks, out)
        is_kept = (out / "checkpoints" / str(config.steps)).is_dir()
        is_finished = is_evaluated(out, config.steps) and is_kept
    run_folder.agree_on(out, resolved, manifest=read)
    if distributed.of_first(is_finished):
        say(f"{out} holds this run, finished: writing its report again")
        finish(out, config, command)
        return
    tell(config, composition, out)
    if reason := starts.why_no_export(start):
        say(f"this run will not be exported: {reason}")

    with distributed.together():
        ready = prepare(config, tasks, composition, start, out)
    distributed.check_same({"vocabulary": ready.words.fingerprint})
    if ready.base is not None:
        distributed.check_same({"base": ready.base.fingerprint})
        resolved["base"] = ready.base.record()
        say("learning {:,} of {:,} parameters".format(*tuning.count(ready.model)))
    with distributed.together():
        claim(out, resolved, read, ready.words)
    distributed.check_shared(out / "vocabulary")
    write_composition(out, composition, ready.batches)
    is_whole = fit(config, resolved, ready, out)
    write_composition(out, composition, ready.batches)
    if not is_whole:
        say(f"stopped and saved in {out}; to go on, run again:  {command}")
        return
    finish(out, config, command)


def recipe_of(config: config_lib.RunConfig) -> recipe.Recipe:
    """Returns what of the configuration decides which prompts there are."""
    return recipe.Recipe(
        mixture=config.mixture,
        data=config.data,
        hold_out=config.hold_out,
        rules=config.hold_out_rules,
        mix=config.mix,
        skip_missing=config.skip_missing,
        skip_bad_rows=config.skip_bad_rows,
        exclude_overlap=config.exclude_overlap,
        evaluation_split=config.eval.split,
        evaluated_on=config.eval.splits,
        prompts=config.prompts,
        seed=config.seed,
    )


def verify(
    config: config_lib.RunConfig,
    composition: mixture.Composition,
    tasks: registry.Registry,
    out: Path,
) -> manifest.Manifest:
    """Returns the manifest of what the run reads; raises if it is not that of --manifest.

    Nor may it be another than the run in `out` began with: its code may have changed since.
    """
    evaluated = dict.fromkeys(composition.evaluated, config.eval.split)
    read = manifest.build(recipe_of(config), composition, tasks, evaluated=evaluated)
    if config.manifest is not None:
        manifest.expect(manifest.read(config.manifest), read, where=config.manifest)
    if (out / manifest.FILE).is_file():
        began = {**manifest.read(out), "code": read["code"]}
        manifest.expect(began, read, where=out / manifest.FILE)
    return read


def resolve(
    config: config_lib.RunConfig,
    composition: mixture.Composition,
    start: starts.Start,
) -> dict[str, Any]:
    """Returns the whole configuration with every default filled in, as plain JSON values."""
    filled = dataclasses.replace(
        config, hold_out=composition.held_out, hold_out_rules=composition.rules, init=start.init
    )
    shares = dataclasses.asdict(composition.shares)
    return {
        **run_folder.as_json(filled),
        "shares": shares,
        "shape": run_folder.as_json(start.shape),
    }


def is_evaluated(out: Path, steps: int) -> bool:
    return (out / "eval" / str(steps) / "summary.json").is_file()


def tell(config: config_lib.RunConfig, composition: mixture.Composition, out: Path) -> None:
    """Says what the run is about to do."""
    clusters = composition.cluster_shares
    say(
        f"{config.mixture} from {config.data}: {len(composition.tasks)} tasks of "
        f"{len(clusters)} clusters, {config.steps} steps, into {out}"
    )
    if config.data == "embedded":
        say(MICRO_WORLD)
    held_out = ", ".join(composition.held_out) or "nothing (trained tasks are evaluated)"
    say(f"held out: {held_out}")
    listed = [f"{name} {share:.0%}" for name, share in clusters.items()]
    say(f"trained on: {', '.join(listed)}")
    if config.exclude_overlap:
        count = sum(map(len, composition.overlapping.values()))
        say(f"left out: {count:,} training rows that overlap with evaluation rows")
    for line in availability.by_reason(composition.excluded):
        say(f"left out: {line}")
    for name, count in composition.bad_rows.items():
        say(f"left out: {count:,} rows of {name} that give no record (--skip-bad-rows)")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ready:
    """All that training and evaluation work on."""

    words: tokenizer.Tokenizer
    mesh: jax.sharding.Mesh | None  # None: one device
    model: nnx.Module
    base: bases.Base | None  # that few parameters learn beside; None: all learn
    batches: input_shards.ShardedBatches
    asked: questions.Questions
    held_out: tuple[str, ...]


def prepare(
    config: config_lib.RunConfig,
    tasks: registry.Registry,
    composition: mixture.Composition,
    start: starts.Start,
    out: Path,
) -> Ready:
    """Returns vocabulary, model, the stream of training batches and the evaluation's questions."""
    words = words_for(config, composition, tasks, start, out)
    mesh = make_mesh(config)
    base = None
    if config.tuning is None:
        model = starts.build(start, words, seed=config.seed, mesh=mesh)
    else:
        model, base = starts.build_tuned(
            start, config.tuning, dtype=config.base_dtype, seed=config.seed, mesh=mesh, out=out
        )
    batches = pipeline.batches(
        composition,
        tasks,
        words,
        data=config.data,
        seed=config.seed,
        family=model.config.family,
        rows=config.batch.rows,
        max_input_tokens=config.batch.max_input_tokens,
        max_target_tokens=config.batch.max_target_tokens,
        style=config.prompts,
        workers=config.workers,
        first_ids=tuning.soft_prompt_ids(model),
        shards=config.batch.input_shards,
        rows_here=None if mesh is None else sharding.rows_here(config.batch.rows, mesh),
        gather=distributed.gather,
    )
    for line in pipeline.told_of_losses(
        composition,
        tasks,
        words,
        data=config.data,
        seed=config.seed,
        family=model.config.family,
        max_input_tokens=config.batch.max_input_tokens,
        style=config.prompts,
        first_ids=tuning.soft_prompt_ids(model),
    ):
        say(line)
    if batches.rows_read > batches.rows_kept:
        shards = config.batch.rows // batches.rows_kept
        say(
            f"each of {distributed.count()} processes makes {batches.rows_read} rows a step and "
            f"keeps {batches.rows_kept}: --batch.input-shards {shards} would share them out"
        )
    return Ready(
        words=words,
        mesh=mesh,
        model=model,
        base=base,
        batches=batches,
        asked=ask(config, composition, tasks, words, model.config.family),
        held_out=composition.held_out,
    )


def words_for(
    config: config_lib.RunConfig,
    composition: mixture.Composition,
    tasks: registry.Registry,
    start: starts.Start,
    out: Path,
) -> tokenizer.Tokenizer:
    """Returns the run's vocabulary: its own, that of --vocabulary or --init, or a trained one."""
    folder = out / "vocabulary"
    if folder.is_dir():
        return tokenizer.load(folder)
    inherited = start.folder and loading.words_of(start.folder)
    if config.vocabulary is not None:
        words = vocabulary.Vocabulary.load(config.vocabulary)
        if inherited and words.fingerprint != inherited.fingerprint:
            raise errors.UserError(
                f"--vocabulary {config.vocabulary!r} is not the one that the model of --init "
                f"{config.init!r} was trained with: leave out one of the two"
            )
    elif inherited:
        words = inherited
    else:
        say(f"training a vocabulary on {VOCABULARY_PROMPTS:,} training prompts")
        prompts = prompt_stream.Prompts(
            composition, tasks, data=config.data, seed=config.seed, style=config.prompts
        )
        texts = (prompts[i] for i in range(VOCABULARY_PROMPTS))
        words = vocabulary.Vocabulary.train(
            (f"{prompt.inputs}\n{prompt.targets}" for prompt in texts), config.vocabulary_size
        )
    return words


def make_mesh(config: config_lib.RunConfig) -> jax.sharding.Mesh | None:
    """Returns the mesh over all devices; None where there is but one."""
    mesh = sharding.mesh(**dataclasses.asdict(config.mesh))
    sharding.check_rows(config.batch.rows, config.batch.micro_batches, mesh)
    return None if mesh.size == 1 else mesh


def claim(
    out: Path, resolved: dict[str, Any], read: manifest.Manifest, words: tokenizer.Tokenizer
) -> None:
    """Makes the folder this run's."""
    if distributed.is_first():
        run_folder.claim(out, resolved)
        manifest.write(out, read)
        words.save(out / "vocabulary")


def ask(
    config: config_lib.RunConfig,
    composition: mixture.Composition,
    tasks: registry.Registry,
    words: tokenizer.Tokenizer,
    family: features.Family,
) -> questions.Questions:
    """Returns what is asked before and after."""
    return questions.collect(
        composition.evaluated,
        tasks,
        words,
        data=config.data,
        family=family,
        settings=config.eval,
        style=config.prompts,
        skip_bad_rows=config.skip_bad_rows,
    )


def fit(
    config: config_lib.RunConfig,
    resolved: dict[str, Any],
    ready: Ready,
    out: Path,
) -> bool:
    """Evaluates, trains, evaluates; returns False where a signal stopped it before the end."""
    optimizer = optim.build(config.optim, config.steps)
    step = loop.make_train_step(
        ready.model,
        optimizer,
        optim.schedule(config.optim, config.steps),
        loss_config=config.loss,
        micro_batches=config.batch.micro_batches,
        seed=config.seed,
        mesh=ready.mesh,
    )
    checkpoints = checkpoint.Checkpoints(out / "checkpoints", keep=config.checkpoint.keep)
    state = loop.init_state(ready.model, optimizer, mesh=ready.mesh)
    restored = checkpoints.restore_latest(state, ready.batches)
    if restored is not None:
        state = restored
        say(f"going on from step {int(state.step)}")

    def evaluate(steps_taken: int) -> None:
        if not distributed.of_first(is_evaluated(out, steps_taken)):
            with log.paused():
                measure(config, ready, out, steps_taken)

    with (
        contextlib.closing(ready.batches),
        contextlib.closing(checkpoints),
        progress.Log(
            out,
            total_steps=config.steps,
            steps_taken=int(state.step),
            console=rich.console.Console(highlight=False),
        )
        if distributed.is_first()
        else progress.Silent() as log,
    ):
        _, is_whole = loop.train(
            ready.model,
            state,
            step,
            ready.batches,
            total_steps=config.steps,
            evaluate=evaluate,
            evaluate_every=config.eval.every,
            save=lambda steps, state: checkpoints.save(steps, state, ready.batches, resolved),
            save_every=config.checkpoint.every,
            write=log.write,
            agree=distributed.Agreement() if distributed.count() > 1 else None,
        )
        checkpoints.wait()
    return is_whole


def measure(config: config_lib.RunConfig, ready: Ready, out: Path, steps_taken: int) -> None:
    """Puts the questions to the model as it is now, and writes what it answered."""
    count = sum(len(cell.prompts) for cell in ready.asked.cells)
    say(f"evaluating after {steps_taken} steps: {count:,} prompts")
    for line in ready.asked.warnings:
        say(line)
    setting = results.Setting(
        run=out.resolve().name, step=steps_taken, data=config.data, seed=config.seed
    )
    with contextlib.nullcontext() if ready.mesh is None else jax.set_mesh(ready.mesh):
        found = protocol.evaluate(
            ready.model, ready.words, ready.asked, setting=setting, held_out=ready.held_out
        )
    if distributed.is_first():
        evaluation.write(out, found)


def write_composition(
    out: Path, composition: mixture.Composition, batches: input_shards.ShardedBatches
) -> None:
    """Writes composition.json: what was trained on, and what was left out and why."""
    counts, by_task = batches.counts, batches.by_task  # of all processes: each is asked
    if not distributed.is_first():
        return
    content = {
        **composition.as_json(),
        "dropped_exemplars": counts.exemplars_dropped,
        "truncated": {"inputs": counts.inputs_cut, "targets": counts.targets_cut},
        "cuts": fitting.as_json(
            {task.name: of_task for task, of_task in zip(composition.tasks, by_task, strict=True)}
        ),
    }
    (out / "composition.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def finish(out: Path, config: config_lib.RunConfig, command: str) -> None:
    """Writes the report and says the held-out figures in a few lines; the others wait for it."""
    if distributed.is_first():
        conclude(out, config, command)
    distributed.wait("the report is written")


def conclude(out: Path, config: config_lib.RunConfig, command: str) -> None:
    """Does it."""
    pages = report.write(out, command=command)
    before, after = evaluation.first_and_last(out)
    if config.data == "embedded":
        say(MICRO_WORLD)
    untuned = {item.cluster: item for item in before.clusters()} if before else {}
    for item in after.clusters():
        first = f"{untuned[item.cluster].mean:.3f} -> " if item.cluster in untuned else ""
        low, high = item.ci95
        chance = "" if item.chance is None else f"  chance {item.chance:.3f}"
        say(f"{item.cluster:32} {first}{item.mean:.3f}  [{low:.3f}, {high:.3f}]{chance}")
    say(f"report: {' and '.join(str(path) for path in pages)}")


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `train.py --help | head` ends in silence
    main()
