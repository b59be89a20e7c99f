"""A run's model in Hugging Face layout: python -m flanlike.export RUN --out DIR [--step N]

transformers then computes what the run's model does, by the class that config.json names:
T5ForConditionalGeneration, LlamaForCausalLM and so on. Float32, as the parameters are, or rounded
to bfloat16; in files of at most 5 GB. The low-rank pairs of a run with --tune lora are merged into
them; with --peft they, or a soft prompt, are written alone, as a folder that
`peft.PeftModel.from_pretrained(base, DIR)` reads. A run's export has a model card, README.md, and
--push OWNER/NAME sends the folder to the Hugging Face hub.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from flanlike import atomic, bounds, errors, knobs
from flanlike import config as config_lib
from flanlike.batches import chat, features, tokenizer
from flanlike.models import tuning
from flanlike.pretrained import layout, pushing
from flanlike.pretrained import weights as published
from flanlike.runs import bases, card, loading, peft_folder
from flanlike.runs import folder as run_folder
from flanlike.training import checkpoint

# Of a file, in units of 10**9 bytes. The hub takes no file above 50 GB.
ShardSize = Annotated[float, bounds.Bounds(1e-6, 50)]
_SHARD_GB = 5.0


@errors.exits_with_one_line
def main(arguments: Sequence[str] | None = None) -> None:
    flags = _parser().parse_args(arguments)
    if flags.public and not flags.push:
        raise errors.UserError("--public is of --push OWNER/NAME: give that, or leave it out")
    if flags.peft and (flags.dtype != "float32" or flags.shard_gb != _SHARD_GB):
        raise errors.UserError(
            "--dtype and --shard-gb are of whole models: leave them out of --peft"
        )
    if flags.out.exists() and (not flags.out.is_dir() or any(flags.out.iterdir())):
        raise errors.UserError(f"--out {str(flags.out)!r} is there and not empty: give another")
    kind = tuned_kind(flags.run)
    if flags.base is not None and kind is None:
        raise errors.UserError(
            f"--base is of a run that tuned few parameters, and {str(flags.run)!r} holds all of "
            "its model: leave it out"
        )
    target = pushing.expect(flags.push, is_public=flags.public) if flags.push else None
    given = {"step": flags.step, "base": flags.base, "name": flags.push or ""}
    given["weights"] = flags.weights
    if flags.peft:
        export_peft(flags.run, flags.out, kind, **given)
    else:
        given |= {"dtype": flags.dtype, "max_shard_bytes": int(flags.shard_gb * 10**9)}
        export(flags.run, flags.out, kind, **given)
    if target is not None:
        seen = "public" if target.is_public else "private"
        print(f"sent to {target.repository}, {seen}: {pushing.send(flags.out, target)}")


def _parser() -> argparse.ArgumentParser:
    parser = errors.Parser(prog="python -m flanlike.export", description=__doc__)
    parser.add_argument("run", type=Path, help="a run's folder, or a published model's")
    parser.add_argument("--out", type=Path, required=True, help="a new folder")
    step = bounds.argument(knobs.StepsOrNone)
    parser.add_argument(
        "--step",
        **step,
        help="of the checkpoint; without it the newest, or the best of --validation.patience",
    )
    which = "of a run with --optim.ema: the average of its weights (default), or as they are"
    parser.add_argument("--weights", choices=("average", "raw"), help=which)
    parser.add_argument("--base", type=Path, help="where the base of a tuned run is now")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    size = bounds.argument(ShardSize)
    parser.add_argument(
        "--shard-gb", **size, default=_SHARD_GB, help="gigabytes a file at most (5)"
    )
    parser.add_argument("--peft", action="store_true", help="only what was tuned, for peft")
    parser.add_argument(
        "--push", metavar="OWNER/NAME", help="send it to the hub, into a private repository"
    )
    parser.add_argument("--public", action="store_true", help="of --push: everybody may read it")
    return parser


def tuned_kind(run: Path) -> config_lib.Tuning | None:
    """Returns what a run tuned beside its base; None for one that holds all of its model."""
    return config_lib.tuning_of(run_folder.read_config(run)) if loading.is_tuned(run) else None


def marks_of(run: Path, words: tokenizer.Tokenizer) -> features.Marks:
    """Returns the marks of a run's model: what was trained in a chat ends as its template says."""
    if loading.is_run(run) and run_folder.read_config(run).get("chat"):
        return words.marks._replace(eos_id=chat.Chat(words, str(run)).marks.eos_id)
    return words.marks


def export(
    run: Path,
    out: Path,
    tuned: config_lib.Tuning | None = None,
    *,
    step: int | None = None,
    base: Path | None = None,
    dtype: str = "float32",
    max_shard_bytes: int = int(_SHARD_GB * 10**9),
    name: str = "",
    weights: checkpoint.Weights | None = None,
) -> None:
    """Writes config.json, safetensors, the tokenizer and the card of a run's model into `out`.

    The card calls it `name`: "" is as the folder is called.
    """
    layout.to_published(loading.shape_of(run))  # raises before gigabytes are read
    if isinstance(tuned, config_lib.AdapterConfig):
        raise errors.UserError(
            f"{str(run)!r} has bottleneck adapters, which transformers has no place for: only "
            "--tune full and lora can be exported"
        )
    if isinstance(tuned, config_lib.SoftPromptConfig):
        raise errors.UserError(
            f"{str(run)!r} has a soft prompt, which is no part of a transformers model: give --peft"
        )
    atomic.expect_writable(out)
    loaded = loading.load(run, step=step, base=base, weights=weights)
    tuning.merge(loaded.model)
    published.save(
        out,
        loaded.model,
        marks=marks_of(run, loaded.words),
        dtype=dtype,
        max_shard_bytes=max_shard_bytes,
    )
    loaded.words.save(out)
    if loaded.step is not None:  # a run's
        family = loaded.model.config.family
        _write_card(run, out, step=loaded.step, family=family, name=name)
    print(f"{run}{_told(loaded)}: written into {out}")
    if not isinstance(loaded.words, tokenizer.PublishedTokenizer):
        print(
            "its vocabulary is flanlike's own, which transformers has no tokenizer for: read it "
            "with flanlike.batches.vocabulary.Vocabulary.load"
        )


def export_peft(
    run: Path,
    out: Path,
    tuned: config_lib.Tuning | None,
    *,
    step: int | None = None,
    base: Path | None = None,
    name: str = "",
    weights: checkpoint.Weights | None = None,
) -> None:
    """Writes what a run tuned, without its base, and the card into `out`."""
    layout.to_published(loading.shape_of(run))  # raises before gigabytes are read
    if tuned is None:
        raise errors.UserError(
            f"{str(run)!r} holds all of its model: --peft is for runs with --tune lora or prompt"
        )
    atomic.expect_writable(out)
    loaded = loading.load(run, step=step, base=base, weights=weights)
    config = run_folder.read_config(run)
    of = bases.folder_of(run, config, base)
    is_published = published.is_published(of)
    repository, _, _ = (bases.repository_of(config) or "").partition("@")
    named = (repository or str(of)) if is_published else None
    peft_folder.save(out, loaded.model, tuned, base=named)
    family, beside = loaded.model.config.family, repository or of.name
    _write_card(run, out, step=loaded.step, family=family, name=name, beside=beside)
    print(f"{run}{_told(loaded)}: what it tuned is written into {out}")
    if not is_published:
        print(f"its base for transformers: python -m flanlike.export {of} --out ...")


def _told(loaded: loading.Loaded) -> str:
    """Returns which weights of a run were taken: ", step 200, the average of its weights"."""
    step = "" if loaded.step is None else f", step {loaded.step}"
    return step + (", the average of its weights" if loaded.weights == "average" else "")


def _write_card(run: Path, out: Path, *, name: str, **known: Any) -> None:
    text = card.of_run(run, name=name or out.resolve().name, **known)
    (out / card.FILE).write_text(text, encoding="utf-8")
