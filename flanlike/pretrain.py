"""Pretrains the small base model on raw micro-world text: `python -m flanlike.pretrain --out DIR`.

    python -m flanlike.pretrain --out DIR            # two and a half to three hours on two cores;
                                                     # cut off, it goes on from its checkpoint
    python -m flanlike.pretrain --out DIR --steps 20 --rows 4       # does it run?

The folder it writes holds `config.json`, `params.npz` (float16), `vocabulary/` and
`pretraining.json`: the resolved configuration, the losses of the first steps (a test repeats them)
and the curve. Until then, all that is needed to go on lies beside it, in `DIR.work`.

The shipped base (`flanlike/microworld/base`) is an earlier and smaller one: docs/base_model.md has
its command, and why it is shipped.
"""

import contextlib
import dataclasses
import functools
import itertools
import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from flanlike import atomic, bounds, errors, jsonl, knobs, models
from flanlike import config as config_lib
from flanlike import flags as flags_lib
from flanlike.batches import packing, pipeline, vocabulary
from flanlike.microworld import corpus, generators
from flanlike.models import compile_cache, presets
from flanlike.runs import locks
from flanlike.tasks import template_files
from flanlike.training import bare_model, checkpoint, loop, optim, progress

# Documents for the vocabulary come from rows that pretraining never reaches.
_VOCABULARY_FIRST_ROW = 1 << 40
_PINNED_STEPS = 3
_CONFIG_FILE = "config.json"  # of the work


@dataclasses.dataclass(frozen=True, kw_only=True)
class PretrainConfig:
    """How a base is made: two and a half to three hours on two idle cores."""

    out: str  # folder to write
    templates: str | None = None  # folder whose wording the vocabulary covers; None: ours
    model: str = "micro-4m"  # preset
    vocabulary_size: knobs.Pieces = 2048  # pieces, bytes included
    # Of the corpus: 2 has all of 1, and more comparisons and wordings.
    edition: Annotated[int, bounds.Bounds(1, len(corpus.EDITIONS))] = corpus.EDITIONS[-1]
    steps: Annotated[int, bounds.Bounds(1, 2**31 - 1)] = 9000
    rows: knobs.Rows = 32  # packed rows a step
    max_tokens: knobs.Tokens = 128  # a row
    # Of the answers to what documents ask, in the loss.
    answer_weight: Annotated[float, bounds.Bounds(0, 1000)] = 5.0
    seed: knobs.Seed = 0  # of the initial parameters; the corpus is always that of seed 0
    save_every: Annotated[int, bounds.Bounds(1, 1_000_000)] = 100  # steps between checkpoints
    optim: config_lib.OptimConfig = config_lib.OptimConfig(
        peak_lr=2e-3, warmup_steps=100, final_lr_fraction=0.02
    )

    def __post_init__(self) -> None:
        bounds.check(self)


Curve = list[tuple[int, float]]


@errors.exits_with_one_line
def main() -> None:
    config = flags_lib.of(PretrainConfig, None, command="python -m flanlike.pretrain")
    out = Path(config.out)
    if out.name in ("", ".."):
        raise errors.UserError(f"--out {config.out!r} has no name of its own: name a new folder")
    if (out / bare_model.PARAMS_FILE).exists():
        raise errors.UserError(f"{config.out!r} already holds a base: name a new folder")
    work = out.with_name(out.name + ".work")
    atomic.expect_writable(work)
    with locks.Lock(work) as lock:
        lock.take()
        _begin(work, config)
        words = _words(work, config)
        compile_cache.keep()
        model, curve = run(config, words, work=work)
        words.save(out / "vocabulary")
        record = {
            "config": _as_json(config),
            "vocabulary_fingerprint": words.fingerprint,
            "seconds": round(sum(line["seconds"] for line in _metrics(work)), 1),
            "curve": curve,
        }
        atomic.write_json(out / "pretraining.json", record)
        bare_model.save(out, model, model.config, dtype="float16")  # last: then it is whole
    progress.say(f"{out} holds the base; {work} is no longer needed")


def run(
    config: PretrainConfig,
    words: vocabulary.Vocabulary,
    *,
    work: Path | None = None,
    stop_after: int | None = None,
):
    """Trains and returns (model, curve); the curve holds (step, loss) at 0, 1, 2 and every 50.

    With a folder for its work it says how it goes, saves there, and goes on from what is saved;
    where SIGTERM or SIGINT asked it to stop it raises SystemExit once it has saved. `stop_after`
    ends after so many steps of the same schedule.
    """
    shape = dataclasses.replace(presets.get(config.model), vocab_size=words.size)
    model = models.build(shape, seed=config.seed)
    optimizer = optim.build(config.optim, config.steps)
    schedule = optim.schedule(config.optim, config.steps)
    step = loop.make_train_step(model, optimizer, schedule, seed=config.seed)
    state = loop.init_state(model, optimizer)
    batches = pipeline.text_batches(
        functools.partial(corpus.document, edition=config.edition),
        words,
        family=shape.family,
        rows=config.rows,
        max_tokens=config.max_tokens,
        seed=0,
        answer_weight=config.answer_weight,
    )
    total = min(config.steps, stop_after or config.steps)
    train = functools.partial(
        loop.train,
        model,
        step=step,
        batches=batches,
        total_steps=total,
        evaluate=lambda steps_taken: None,
        evaluate_every=0,
        evaluate_at_start=False,
        save_every=config.save_every if work else 0,
    )
    if work is None:
        losses: Curve = []
        train(
            state=state,
            save=lambda steps_taken, state: None,
            write=lambda taken, metrics: losses.append((taken - 1, float(metrics.loss))),
        )
    else:
        losses = _in_folder(work, train, state, batches, total, _as_json(config))
    return model, _thinned(losses, total)


def _in_folder(
    work: Path,
    train: Callable[..., tuple[loop.TrainState, int]],
    state: loop.TrainState,
    batches: packing.BatchIterator,
    total: int,
    kept: Mapping[str, Any],
) -> Curve:
    """Trains on from what is saved, and returns all losses; raises SystemExit where it is stopped.

    `kept` is the configuration that lies beside the checkpoints.
    """
    with contextlib.closing(checkpoint.Checkpoints(work / "checkpoints", keep=2)) as checkpoints:
        state = checkpoints.restore_latest(state, batches) or state
        with progress.log(work, total_steps=total, steps_taken=int(state.step)) as log:
            _, stopped_by = train(
                state=state,
                save=lambda steps, state: checkpoints.save(steps, state, batches, kept),
                write=log.write,
            )
        checkpoints.wait()
    if stopped_by:
        progress.say(f"stopped and saved in {work}; to go on, give the same command again")
        raise SystemExit(128 + stopped_by)
    return [(line["step"] - 1, line["loss"]) for line in _metrics(work)]


def _metrics(work: Path) -> list[dict[str, Any]]:
    return list(jsonl.read(work / "metrics.jsonl"))


def _thinned(losses: Curve, total: int) -> Curve:
    return [
        (index, loss)
        for index, loss in losses
        if index < _PINNED_STEPS or index % 50 == 0 or index == total - 1
    ]


def _begin(work: Path, config: PretrainConfig) -> None:
    """Makes the folder this pretraining's; raises UserError where it is another one's."""
    path, here = work / _CONFIG_FILE, _as_json(config)
    if not path.exists():
        atomic.write_json(path, here)
        return
    try:
        there = {**jsonl.parsed(path.read_text(encoding="utf-8"))}
    except (ValueError, TypeError) as error:
        raise errors.UserError(
            f"{path}: damaged ({errors.in_one_line(error)}): give another --out, or remove "
            f"{str(work)!r} to begin anew"
        ) from error
    here = json.loads(json.dumps(here))
    differing = sorted(name for name in here if here[name] != there.get(name))
    if differing:
        raise errors.UserError(
            f"{str(work)!r} holds a pretraining with another {', '.join(differing)}: give the "
            "flags that it had, another --out, or remove that folder to begin anew"
        )
    progress.say(f"going on with what lies in {work}")


def _words(work: Path, config: PretrainConfig) -> vocabulary.Vocabulary:
    """Returns the vocabulary: what was made before, or one that is trained now."""
    folder = work / "vocabulary"
    if (folder / vocabulary.FILE_NAME).exists():
        return vocabulary.Vocabulary.load(folder)
    progress.say("training the vocabulary")
    texts = vocabulary_texts(Path(config.templates or template_files.SHIPPED), config.edition)
    words = vocabulary.Vocabulary.train(texts, config.vocabulary_size)
    words.save(folder)
    return words


def _as_json(config: PretrainConfig) -> dict[str, Any]:
    return dataclasses.asdict(config) | {"out": ""}


def from_json(values: Mapping[str, Any]) -> PretrainConfig:
    """Returns the configuration that `pretraining.json` holds, also one from before editions."""
    values = {"edition": 1, **values, "out": "."}  # where it was written is not recorded
    return PretrainConfig(**values | {"optim": config_lib.OptimConfig(**values["optim"])})


def vocabulary_texts(templates: Path, edition: int) -> Iterator[str]:
    """Yields what the vocabulary is trained on: corpus text, template wording, words of records.

    The templates of every task are in it, so that no instruction falls apart into bytes; a
    vocabulary holds no knowledge of what its pieces mean.
    """
    for row in range(30_000):
        yield str(corpus.document(_VOCABULARY_FIRST_ROW + row, edition=edition))
    for name in generators.GENERATORS:
        for row in range(300):
            record = generators.generate(name, "train", row)
            yield "\n".join(value for value in record.values() if isinstance(value, str))
    for wording in template_texts(templates):
        yield from itertools.repeat(wording, 20)


def template_texts(templates: Path) -> Iterator[str]:
    """Yields the wording of each template's input, without braces."""
    files = sorted(path for path in templates.glob("*.toml") if not path.name.startswith("_"))
    if not files:
        raise errors.UserError(f"no template files in {str(templates)!r}: name the folder")
    for path in files:
        for template in tomllib.loads(path.read_text())["template"]:
            yield template["input"].translate({ord("{"): None, ord("}"): None})


if __name__ == "__main__":
    main()
