"""Instruction-tunes a model and measures what it learned on tasks it never saw.

    python train.py --mixture flan_core                      # embedded data, held-out report
    python train.py --mixture flan_core --data ../rows --hold-out nli
    python train.py --help

Reads top-down as the story of a run: configuration, registry, hold-out and mixture, vocabulary and
model, pipeline, evaluation of the held-out tasks, training, evaluation again, report. This is the
only module that knows all parts. Calling it again with the same flags goes on where it stopped.
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

import rich.console

import task_registry
from eval import evaluation, protocol, questions, report, results
from flanlike import (
    checkpoint,
    errors,
    mixture,
    models,
    optim,
    packing,
    pipeline,
    progress,
    registry,
    runs,
    sources,
    training,
    vocabulary,
)
from flanlike import config as config_lib
from flanlike.models import config as model_config
from flanlike.models import presets

BASE = Path(models.__file__).parent.parent / "microworld" / "base"
MICRO_WORLD = "All figures are the micro-world's: a small synthetic world, made by rule."
VOCABULARY_PROMPTS = 20_000


@errors.exits_with_one_line
def main(arguments: Sequence[str] | None = None) -> None:
    config = config_lib.parse(arguments)
    arguments = sys.argv[1:] if arguments is None else arguments
    command = shlex.join(["python", "train.py", *arguments])
    with runs.no_space_is_a_user_error():
        run(
            config,
            command=command,
            console=rich.console.Console(
                highlight=False, markup=False, emoji=False, soft_wrap=True
            ),
        )


def run(config: config_lib.RunConfig, *, command: str, console: rich.console.Console) -> None:
    """Trains, evaluates and reports; leaves everything in the run's folder."""
    tasks = task_registry.registry(config.tasks)
    mix = compose(config, tasks)
    start = starting_point(config)
    resolved = resolve(config, mix.composition, start.shape)
    out = Path(config.out) if config.out else runs.default_folder(config.mixture, resolved)
    runs.claim(out, resolved)
    if is_finished(out, config.steps):
        console.print(f"{out} holds this run, finished: writing its report again")
        finish(out, config, command, console)
        return
    tell(config, mix, out, console)

    words = words_for(config, mix.composition, tasks, start, out, console)
    model = build(config, start, words)
    batches = make_batches(config, mix.composition, tasks, words, model)
    asked = ask(config, mix.composition, tasks, words)
    write_composition(out, mix, batches)
    is_whole = fit(config, resolved, model, words, batches, asked, mix.composition, out, console)
    write_composition(out, mix, batches)
    if not is_whole:
        console.print(f"stopped and saved in {out}; to go on, run again:  {command}")
        return
    finish(out, config, command, console)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mix:
    """What is trained on and evaluated, and what could not be."""

    composition: mixture.Composition
    missing: dict[str, str]  # task -> why the backend lacks it
    dropped_rows: dict[str, int]  # task -> training rows without an answer


def compose(config: config_lib.RunConfig, tasks: registry.Registry) -> Mix:
    """Returns the mixture with the held-out tasks taken out of it, and its rates."""
    named = tasks.mixture(config.mixture)
    changes = config_lib.given(config.mix)
    shares = {name: value for name, value in changes.items() if hasattr(named.shares, name)}
    rates = {name: value for name, value in changes.items() if name not in shares}
    named = dataclasses.replace(named, shares=dataclasses.replace(named.shares, **shares), **rates)
    rules = config.hold_out_rules
    split = mixture.split_tasks(named, tasks, config.hold_out, rules=rules)
    missing = mixture.missing(
        [*split.train, *split.evaluation], tasks, config.data, skip_missing=config.skip_missing
    )
    rows = {
        name: sources.open_rows(tasks.task(name), config.data, "train")
        for name in split.train
        if name not in missing
    }
    composition = mixture.resolve(
        named,
        tasks,
        {name: len(records) for name, records in rows.items()},
        config.hold_out,
        rules=rules,
        unavailable=missing,
    )
    return Mix(
        composition=composition,
        missing=missing,
        dropped_rows={name: records.dropped for name, records in rows.items() if records.dropped},
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Start:
    """Where the model comes from: a folder, or None for random parameters."""

    folder: Path | None
    shape: model_config.ModelConfig


def starting_point(config: config_lib.RunConfig) -> Start:
    """Returns the folder to start from, and the shape of the model with the flags' changes."""
    folder = None
    if config.init == "default":
        if config.data == "embedded" and config.model in (None, "micro"):
            folder = BASE
    elif config.init != "none":
        folder = Path(config.init)
        if not folder.is_dir():
            raise errors.UserError(
                f"--init {config.init!r} is no folder: expected a run's folder, a bare model's "
                "(config.json, params.npz, vocabulary/), 'default' or 'none'"
            )
    preset = presets.get(config.model or "micro")
    shape = preset if folder is None else runs.shape_of(folder)
    if config.model is not None and folder is not None:
        same = dataclasses.replace(preset, vocab_size=shape.vocab_size)
        if differing := sorted(k for k, v in vars(same).items() if v != getattr(shape, k)):
            raise errors.UserError(
                f"--model {config.model!r} has another shape than --init {config.init!r} "
                f"({', '.join(differing)} differ): leave out one of the two"
            )
    changes = {name: getattr(config, name) for name in ("attention", "dropout", "dtype", "remat")}
    changes = {name: value for name, value in changes.items() if value is not None}
    return Start(folder=folder, shape=dataclasses.replace(shape, **changes))


def resolve(
    config: config_lib.RunConfig,
    composition: mixture.Composition,
    shape: model_config.ModelConfig,
) -> dict[str, Any]:
    """Returns the whole configuration with every default filled in, as plain JSON values."""
    filled = dataclasses.replace(config, hold_out=composition.held_out)
    shares = dataclasses.asdict(composition.shares)
    return {**runs.as_json(filled), "shares": shares, "shape": runs.as_json(shape)}


def is_finished(out: Path, steps: int) -> bool:
    return (out / "eval" / str(steps) / "summary.json").is_file()


def tell(config: config_lib.RunConfig, mix: Mix, out: Path, console: rich.console.Console) -> None:
    """Says what the run is about to do."""
    composition = mix.composition
    clusters = composition.cluster_shares
    console.print(
        f"{config.mixture} from {config.data}: {len(composition.tasks)} tasks of "
        f"{len(clusters)} clusters, {config.steps} steps, into {out}"
    )
    if config.data == "embedded":
        console.print(MICRO_WORLD)
    held_out = ", ".join(composition.held_out) or "nothing (trained tasks are evaluated)"
    console.print(f"held out: {held_out}")
    listed = [f"{name} {share:.0%}" for name, share in clusters.items()]
    console.print(f"trained on: {', '.join(listed)}")
    by_reason: dict[str, list[str]] = {}
    for name, reason in composition.excluded.items():
        by_reason.setdefault(reason, []).append(name)
    for reason, names in by_reason.items():
        console.print(f"left out: {', '.join(names)}: {reason}")


def words_for(
    config: config_lib.RunConfig,
    composition: mixture.Composition,
    tasks: registry.Registry,
    start: Start,
    out: Path,
    console: rich.console.Console,
) -> vocabulary.Vocabulary:
    """Returns the run's vocabulary: its own, that of --vocabulary or --init, or a trained one."""
    folder = out / "vocabulary"
    if folder.is_dir():
        return vocabulary.Vocabulary.load(folder)
    inherited = start.folder and vocabulary.Vocabulary.load(start.folder / "vocabulary")
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
        console.print(f"training a vocabulary on {VOCABULARY_PROMPTS:,} training prompts")
        prompts = pipeline.Prompts(
            composition, tasks, data=config.data, seed=config.seed, style=config.prompts
        )
        texts = (prompts[i] for i in range(VOCABULARY_PROMPTS))
        words = vocabulary.Vocabulary.train(
            (f"{prompt.inputs}\n{prompt.targets}" for prompt in texts), config.vocabulary_size
        )
    words.save(folder)
    return words


def build(config: config_lib.RunConfig, start: Start, words: vocabulary.Vocabulary):
    """Returns the model with its first parameters: random ones, or those of --init."""
    if start.folder is not None:
        names = ("attention", "dropout", "dtype", "remat")
        return runs.load(start.folder, **{name: getattr(start.shape, name) for name in names}).model
    return models.build(dataclasses.replace(start.shape, vocab_size=words.size), seed=config.seed)


def make_batches(
    config: config_lib.RunConfig,
    composition: mixture.Composition,
    tasks: registry.Registry,
    words: vocabulary.Vocabulary,
    model: Any,
) -> packing.BatchIterator:
    """Returns the endless stream of packed training batches."""
    return pipeline.batches(
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
    )


def ask(
    config: config_lib.RunConfig,
    composition: mixture.Composition,
    tasks: registry.Registry,
    words: vocabulary.Vocabulary,
) -> questions.Questions:
    """Returns what is asked before and after: of the held-out tasks, or of all if none is."""
    options = dataclasses.asdict(config.eval)
    del options["every"]
    return questions.collect(
        composition.evaluation or [task.name for task in composition.tasks],
        tasks,
        data=config.data,
        settings=questions.Settings(styles=(config.prompts,), **options),
        count_tokens=lambda text: len(words.encode(text)),
    )


def fit(
    config: config_lib.RunConfig,
    resolved: dict[str, Any],
    model: Any,
    words: vocabulary.Vocabulary,
    batches: packing.BatchIterator,
    asked: questions.Questions,
    composition: mixture.Composition,
    out: Path,
    console: rich.console.Console,
) -> bool:
    """Evaluates, trains, evaluates; returns False where a signal stopped it before the end."""
    optimizer = optim.build(config.optim, config.steps)
    step = training.make_train_step(
        model,
        optimizer,
        optim.schedule(config.optim, config.steps),
        loss_config=config.loss,
        micro_batches=config.batch.micro_batches,
        seed=config.seed,
    )
    checkpoints = checkpoint.Checkpoints(out / "checkpoints", keep=config.checkpoint.keep)
    state = training.init_state(model, optimizer)
    restored = checkpoints.restore_latest(state, batches)
    if restored is not None:
        state = restored
        console.print(f"going on from step {int(state.step)}")

    def evaluate(steps_taken: int) -> None:
        if is_finished(out, steps_taken):
            return
        with log.paused():
            count = sum(len(cell.prompts) for cell in asked.cells)
            console.print(f"evaluating after {steps_taken} steps: {count:,} prompts")
            setting = results.Setting(
                run=out.resolve().name, step=steps_taken, data=config.data, seed=config.seed
            )
            found = protocol.evaluate(
                model, words, asked, setting=setting, held_out=composition.held_out
            )
            evaluation.write(out, found)

    with (
        contextlib.closing(batches),
        contextlib.closing(checkpoints),
        progress.Log(
            out, total_steps=config.steps, steps_taken=int(state.step), console=console
        ) as log,
    ):
        _, is_whole = training.train(
            model,
            state,
            step,
            batches,
            total_steps=config.steps,
            evaluate=evaluate,
            evaluate_every=config.eval.every,
            save=lambda steps, state: checkpoints.save(steps, state, batches, resolved),
            save_every=config.checkpoint.every,
            write=log.write,
        )
        checkpoints.wait()
    return is_whole


def write_composition(out: Path, mix: Mix, batches: packing.BatchIterator) -> None:
    """Writes composition.json: what was trained on, and what was left out and why."""
    composition = mix.composition
    excluded = {k: v for k, v in composition.excluded.items() if k not in mix.missing}
    content = {
        "mixture": composition.mixture.name,
        "held_out": list(composition.held_out),
        "tasks": [{"task": task.name, **dataclasses.asdict(task)} for task in composition.tasks],
        "excluded": [{"task": name, "reason": reason} for name, reason in excluded.items()],
        "missing": [{"task": name, "reason": reason} for name, reason in mix.missing.items()],
        "dropped_rows": mix.dropped_rows,
        "truncated": {"inputs": batches.counts.inputs_cut, "targets": batches.counts.targets_cut},
    }
    (out / "composition.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def finish(
    out: Path, config: config_lib.RunConfig, command: str, console: rich.console.Console
) -> None:
    """Writes the report and says the held-out figures in a few lines."""
    pages = report.write(out, command=command)
    before, after = evaluation.first_and_last(out)
    if config.data == "embedded":
        console.print(MICRO_WORLD)
    untuned = {item.cluster: item for item in before.clusters()} if before else {}
    for item in after.clusters():
        first = f"{untuned[item.cluster].mean:.3f} -> " if item.cluster in untuned else ""
        low, high = item.ci95
        chance = "" if item.chance is None else f"  chance {item.chance:.3f}"
        console.print(f"{item.cluster:32} {first}{item.mean:.3f}  [{low:.3f}, {high:.3f}]{chance}")
    console.print(f"report: {' and '.join(str(path) for path in pages)}")


def _plain_console() -> rich.console.Console:
    """Returns a console that prints paths and names as they are."""
    return rich.console.Console(highlight=False, markup=False, emoji=False, soft_wrap=True)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `train.py --help | head` ends in silence
    main()
