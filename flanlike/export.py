"""A run's model in Hugging Face layout: python -m flanlike.export RUN --out DIR [--step N]

transformers then computes what the run's model does, by the class that config.json names:
T5ForConditionalGeneration, LlamaForCausalLM and so on. Float32, as the parameters are; in files of
at most 5 GB.
"""

from collections.abc import Sequence
from pathlib import Path

from flanlike import errors, runs, tokenizer
from flanlike.pretrained import layout, weights


@errors.exits_with_one_line
def main(arguments: Sequence[str] | None = None) -> None:
    parser = errors.Parser(prog="python -m flanlike.export", description=__doc__)
    parser.add_argument("run", type=Path, help="a run's folder, or a published model's")
    parser.add_argument("--out", type=Path, required=True, help="a new folder")
    parser.add_argument("--step", type=int, help="of the checkpoint; the newest without it")
    flags = parser.parse_args(arguments)
    if flags.out.exists() and (not flags.out.is_dir() or any(flags.out.iterdir())):
        raise errors.UserError(f"--out {str(flags.out)!r} is there and not empty: give another")
    with runs.no_space_is_a_user_error():
        export(flags.run, flags.out, step=flags.step)


def export(run: Path, out: Path, *, step: int | None = None) -> None:
    """Writes config.json, safetensors and the tokenizer of a run's model into `out`."""
    layout.to_published(runs.shape_of(run))  # raises before gigabytes are read
    loaded = runs.load(run, step=step)
    weights.save(out, loaded.model, marks=loaded.words.marks)
    loaded.words.save(out)
    from_step = "" if loaded.step is None else f", step {loaded.step}"
    print(f"{run}{from_step}: written into {out}")
    if not isinstance(loaded.words, tokenizer.Tokenizer):
        print(
            "its vocabulary is flanlike's own, which transformers has no tokenizer for: read it "
            "with flanlike.vocabulary.Vocabulary.load"
        )


if __name__ == "__main__":
    main()
