"""`python -m eval export-lm-eval --out DIR ...`: the questions as lm-evaluation-harness's tasks.

python -m eval export-lm-eval --out DIR --mixture flan_core --hold-out nli sentiment
lm_eval --model hf --model_args pretrained=MODEL --include_path DIR --tasks flanlike_nli
"""

import pathlib
from collections.abc import Sequence

from eval import asking, figures, lm_eval_export, questions
from flanlike import bounds, errors, knobs
from flanlike import config as config_lib
from flanlike.mixtures import compose
from flanlike.runs import bases, loading, named
from flanlike.tasks import registry as registries


def main(arguments: Sequence[str], registry: registries.Opener) -> None:
    parser = errors.Parser(
        prog="python -m eval export-lm-eval",
        description="Writes held-out tasks, each template rendered, for lm-evaluation-harness.",
    )
    parser.add_argument("--out", type=pathlib.Path, required=True, help="a new folder")
    parser.add_argument("--mixture", default="flan_core", help="a name (flan_core)")
    parser.add_argument("--hold-out", nargs="+", metavar="NAME", help="clusters or tasks to write")
    parser.add_argument("--data", default="embedded", help="embedded | hub | tfds | a folder")
    parser.add_argument(
        "--like",
        default=str(bases.SHIPPED),
        metavar="FOLDER",
        help="a run or model: prompts are cut by its words, asked as its family reads them",
    )
    shots, rows = bounds.argument(knobs.Shots), bounds.argument(knobs.Sample)
    parser.add_argument("--shots", **shots, default=0, help="exemplars before each question (0)")
    parser.add_argument("--rows", **rows, default=60, help="rows a template (60)")
    parser.add_argument("--split", choices=("test", "validation"), default="test", help="(test)")
    parser.add_argument("--skip-missing", action="store_true", help="leave out what --data lacks")
    parser.add_argument("--tasks", metavar="FILE.py", help="a module of your own")
    flags = parser.parse_args(arguments)
    if flags.out.exists() and (not flags.out.is_dir() or any(flags.out.iterdir())):
        raise errors.UserError(f"--out {str(flags.out)!r} is there and not empty: give another")
    tasks = registry(flags.tasks).at(flags.data)
    split = compose.split_tasks(tasks.mixture(flags.mixture), tasks, flags.hold_out)
    settings = config_lib.EvalConfig(
        rows_per_task=flags.rows,
        generation_rows=flags.rows,
        validation_rows=0,
        split=flags.split,
        shots=flags.shots,
    )
    like = named.find(flags.like, flag="--like").folder
    words = loading.words_of(like)
    shape = loading.with_vocabulary(loading.shape_of(like), words, where=like)
    names = asking.with_rows(split, tasks, flags.data, settings, skip_missing=flags.skip_missing)
    asked = questions.collect(
        names,
        tasks,
        words,
        data=flags.data,
        family=shape.family,
        settings=settings,
    )
    written = lm_eval_export.write(flags.out, asked)
    print(*asked.warnings, sep="\n", end="\n" if asked.warnings else "")
    if written.left_out:
        print(f"left out, for no metric reads their answers: {', '.join(written.left_out)}")
    if flags.data == "embedded":
        print(figures.MICRO_WORLD)
    print(f"{len(written.names)} tasks written into {flags.out}; to run them:")
    print(f"lm_eval --model hf --model_args pretrained=MODEL --include_path {flags.out} ", end="")
    print(f"--tasks {lm_eval_export.PREFIX}")
