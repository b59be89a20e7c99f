"""A run's model in Hugging Face layout: python -m flanlike.export RUN --out DIR [--step N]

transformers then computes what the run's model does, by the class that config.json names:
T5ForConditionalGeneration, LlamaForCausalLM and so on. Float32, as the parameters are; in files of
at most 5 GB. The low-rank pairs of a run with --tune lora are merged into them; with --peft they,
or a soft prompt, are written alone, as a folder that `peft.PeftModel.from_pretrained(base, DIR)`
reads.
"""

from collections.abc import Sequence
from pathlib import Path

from flanlike import atomic, bounds, errors
from flanlike import config as config_lib
from flanlike.batches import chat, features, tokenizer
from flanlike.models import tuning
from flanlike.pretrained import layout, weights
from flanlike.runs import bases, loading, peft_folder
from flanlike.runs import folder as run_folder


@errors.exits_with_one_line
def main(arguments: Sequence[str] | None = None) -> None:
    parser = errors.Parser(prog="python -m flanlike.export", description=__doc__)
    parser.add_argument("run", type=Path, help="a run's folder, or a published model's")
    parser.add_argument("--out", type=Path, required=True, help="a new folder")
    step = bounds.argument(config_lib.StepsOrNone)
    parser.add_argument("--step", **step, help="of the checkpoint; the newest without it")
    parser.add_argument("--base", type=Path, help="where the base of a tuned run is now")
    parser.add_argument("--peft", action="store_true", help="only what was tuned, for peft")
    flags = parser.parse_args(arguments)
    if flags.out.exists() and (not flags.out.is_dir() or any(flags.out.iterdir())):
        raise errors.UserError(f"--out {str(flags.out)!r} is there and not empty: give another")
    kind = tuned_kind(flags.run)
    if flags.peft:
        export_peft(flags.run, flags.out, kind, step=flags.step, base=flags.base)
    else:
        export(flags.run, flags.out, kind, step=flags.step, base=flags.base)


def tuned_kind(run: Path) -> config_lib.Tuning | None:
    """Returns what a run tuned beside its base; None for one that holds all of its model."""
    return config_lib.tuning_of(run_folder.read_config(run)) if loading.is_tuned(run) else None


def marks_of(run: Path, words: tokenizer.Tokenizer) -> features.Marks:
    """Returns the marks of a run's model: what was trained in a chat ends as its template says."""
    is_run = not loading.is_bare(run) and not weights.is_published(run)
    if is_run and run_folder.read_config(run).get("chat"):
        return words.marks._replace(eos_id=chat.Chat(words, str(run)).marks.eos_id)
    return words.marks


def export(
    run: Path,
    out: Path,
    tuned: config_lib.Tuning | None = None,
    *,
    step: int | None = None,
    base: Path | None = None,
) -> None:
    """Writes config.json, safetensors and the tokenizer of a run's model into `out`."""
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
    loaded = loading.load(run, step=step, base=base)
    tuning.merge(loaded.model)
    weights.save(out, loaded.model, marks=marks_of(run, loaded.words))
    loaded.words.save(out)
    from_step = "" if loaded.step is None else f", step {loaded.step}"
    print(f"{run}{from_step}: written into {out}")
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
) -> None:
    """Writes what a run tuned, without its base, into `out`."""
    layout.to_published(loading.shape_of(run))  # raises before gigabytes are read
    if tuned is None:
        raise errors.UserError(
            f"{str(run)!r} holds all of its model: --peft is for runs with --tune lora or prompt"
        )
    atomic.expect_writable(out)
    loaded = loading.load(run, step=step, base=base)
    config = run_folder.read_config(run)
    of = bases.folder_of(run, config, base)
    is_published = weights.is_published(of)
    repository, _, _ = (bases.repository_of(config) or "").partition("@")
    name = (repository or str(of)) if is_published else None
    peft_folder.save(out, loaded.model, tuned, base=name)
    print(f"{run}, step {loaded.step}: what it tuned is written into {out}")
    if not is_published:
        print(f"its base for transformers: python -m flanlike.export {of} --out ...")
