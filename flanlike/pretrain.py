"""Pretrains the small base model on raw micro-world text: `python -m flanlike.pretrain --out DIR`.

The shipped base (`flanlike/microworld/base`) was made by this command with its defaults. The
folder it writes holds `config.json`, `params.npz` (float16), `vocabulary/` and `pretraining.json`:
the resolved configuration, the losses of the first steps (a test repeats them) and the curve.
"""

import dataclasses
import itertools
import json
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tyro

from flanlike import config as config_lib
from flanlike import errors, models
from flanlike.batches import pipeline, vocabulary
from flanlike.microworld import corpus, generators
from flanlike.models import compile_cache, presets
from flanlike.tasks import template_files
from flanlike.training import bare_model, loop, optim

# Documents for the vocabulary come from rows that pretraining never reaches.
_VOCABULARY_FIRST_ROW = 1 << 40
_PINNED_STEPS = 3


@dataclasses.dataclass(frozen=True, kw_only=True)
class PretrainConfig:
    """How the base is made. Two idle cores take about 0.5 s a step."""

    out: str  # folder to write
    templates: str | None = None  # folder whose wording the vocabulary covers; None: ours
    model: str = "micro"  # preset
    vocabulary_size: int = 2048  # pieces, bytes included
    steps: int = 4000
    rows: int = 32  # packed rows a step
    max_tokens: int = 128  # a row
    answer_weight: float = 5.0  # of the answers to what documents ask, in the loss
    seed: int = 0  # of the initial parameters; the corpus is always that of seed 0
    optim: config_lib.OptimConfig = config_lib.OptimConfig(
        peak_lr=3e-3, warmup_steps=100, final_lr_fraction=0.02
    )


def run(config: PretrainConfig, words: vocabulary.Vocabulary, *, stop_after: int | None = None):
    """Trains and returns (model, curve); the curve holds (step, loss) at 0, 1, 2 and every 50.

    `stop_after` ends after so many steps of the same schedule.
    """
    shape = dataclasses.replace(presets.get(config.model), vocab_size=words.size)
    model = models.build(shape, seed=config.seed)
    optimizer = optim.build(config.optim, config.steps)
    schedule = optim.schedule(config.optim, config.steps)
    step = loop.make_train_step(model, optimizer, schedule, seed=config.seed)
    state = loop.init_state(model, optimizer)
    batches = pipeline.text_batches(
        corpus.document,
        words,
        family=shape.family,
        rows=config.rows,
        max_tokens=config.max_tokens,
        seed=0,
        answer_weight=config.answer_weight,
    )
    curve, started, pending = [], time.monotonic(), None
    total = min(config.steps, stop_after or config.steps)
    for index, batch in zip(range(total), batches, strict=False):
        state, metrics = step(state, batch)
        if pending is not None:  # the step before: reading it waits for nothing
            curve.append((pending[0], float(pending[1].loss)))
            if pending[0] % 50 == 0:
                seconds = time.monotonic() - started
                print(f"step {pending[0]:5d}  loss {curve[-1][1]:.4f}  {seconds:.0f} s", flush=True)
        is_logged = index < _PINNED_STEPS or index % 50 == 0 or index == total - 1
        pending = (index, metrics) if is_logged else None
    if pending is not None:
        curve.append((pending[0], float(pending[1].loss)))
    loop.write_params(model, state.params)
    return model, curve


def from_json(values: dict[str, Any]) -> PretrainConfig:
    """Returns the configuration that `pretraining.json` holds."""
    return PretrainConfig(**values | {"optim": config_lib.OptimConfig(**values["optim"])})


def vocabulary_texts(templates: Path) -> Iterator[str]:
    """Yields what the vocabulary is trained on: corpus text, template wording, words of records.

    The templates of every task are in it, so that no instruction falls apart into bytes; a
    vocabulary holds no knowledge of what its pieces mean.
    """
    for row in range(30_000):
        yield str(corpus.document(_VOCABULARY_FIRST_ROW + row))
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


@errors.exits_with_one_line
def main() -> None:
    config = tyro.cli(PretrainConfig, description=__doc__)
    out = Path(config.out)
    if (out / "params.npz").exists():
        raise errors.UserError(f"{config.out!r} already holds a base: name a new folder")
    templates = Path(config.templates or template_files.SHIPPED)
    words = vocabulary.Vocabulary.train(vocabulary_texts(templates), config.vocabulary_size)
    words.save(out / "vocabulary")
    compile_cache.keep()
    started = time.monotonic()
    model, curve = run(config, words)
    bare_model.save(out, model, model.config, dtype="float16")
    record = {
        "config": dataclasses.asdict(config) | {"out": ""},
        "vocabulary_fingerprint": words.fingerprint,
        "seconds": round(time.monotonic() - started, 1),
        "curve": curve,
    }
    (out / "pretraining.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
