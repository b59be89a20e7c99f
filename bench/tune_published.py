"""Tuning of published models against PyTorch's transformers and peft.

    python bench/tune_published.py --model gemma3=../models/gemma3 --data ../rows
    python bench/tune_published.py --model smollm2=../models/smollm2 --tune lora --rows 4

Both sides have the published weights in float32; the loss of a batch is compared before anything is
timed. They take turns as in train_step.py, on the prompts of flan_core in the model's own words:
packed rows against as many examples padded to the longest, and the same padded batch on both sides.
`lora` is on queries and values, by peft there; `embeddings` is --freeze embeddings, there
`requires_grad = False`. The peak of memory is that of a process which does nothing else.
"""

import argparse
import os
import pathlib
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

_ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(_ROOT), str(_ROOT / "bench")]

import train_step  # noqa: E402

SIDES = ("ours", "torch")
TUNES = ("full", "embeddings", "lora")


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    train_step.use_threads(options.threads)
    if options.side:
        _measure_peak(options)
        return
    print(f"{options.threads} threads, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for named in options.model:
        name, _, folder = named.partition("=")
        for tune in options.tune:
            print(f"\n{name}, {tune}: {options.rows} rows a step, lengths {options.lengths}")
            if "time" in options.what:
                _compare(options, pathlib.Path(folder), tune)
            if "memory" in options.what:
                for side in SIDES:
                    print(f"  {side:6} peak memory {_peak(options, named, tune, side):.2f} GiB")
    print(f"load at the end {os.getloadavg()[0]:.1f}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", nargs="+", required=True, help="NAME=FOLDER, each a decoder")
    parser.add_argument("--tune", nargs="+", choices=TUNES, default=list(TUNES))
    parser.add_argument("--what", nargs="+", choices=("time", "memory"), default=["time", "memory"])
    parser.add_argument("--data", default="embedded", help="where the prompts' rows come from")
    parser.add_argument("--rounds", type=int, default=3, help="of taking turns")
    parser.add_argument("--steps", type=int, default=1, help="of each side in a round")
    parser.add_argument("--rows", type=int, default=4, help="packed rows of a step")
    parser.add_argument("--lengths", default="256/64", help="most inputs/targets of an example")
    parser.add_argument("--rank", type=int, default=8, help="of lora's pairs")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="and cores, of both")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    return parser


def _work(options: argparse.Namespace, folder: pathlib.Path) -> Any:
    """Returns the batches of both sides."""
    import instructions

    from flanlike.batches import features
    from flanlike.runs import loading

    inputs, targets = map(int, options.lengths.split("/"))
    return instructions.work(
        "decoder",
        steps=options.steps,
        rows=options.rows,
        limits=features.LengthLimits(max_input_tokens=inputs, max_target_tokens=targets),
        words=loading.words_of(folder),
        data=options.data,
    )


def _compare(options: argparse.Namespace, folder: pathlib.Path, tune: str) -> None:
    import instructions
    import peer

    work = _work(options, folder)
    equal = instructions.one_a_row(work.padded[0], "decoder")
    collated = [peer.tensors(instructions.collated(batch, "decoder")) for batch in work.padded]
    ours, run = _ours(folder, tune, options.rank)
    theirs = _theirs(folder, tune, options.rank)
    train_step.compare_losses(ours, equal, peer.loss_of(theirs, collated[0]))
    trainer = peer.Trainer(theirs)
    spent = train_step.take_turns(
        {
            "packed": lambda: run(work.packed),
            "padded": lambda: [trainer.step(batch) for batch in collated],
            "ours equal": lambda: run([equal]),
            "theirs equal": lambda: trainer.step(collated[0]),
        },
        options.rounds,
    )
    useful = instructions.useful_tokens(work.examples, "decoder")
    train_step.print_fill(work, collated, useful)
    for side, row in zip(SIDES, ("packed", "padded"), strict=True):
        print(f"  {side:6} {useful / train_step.seconds(spent[row]):8,.0f} useful tokens/s")
    print(f"  useful tokens       {train_step.ratio(spent['padded'], spent['packed'])}")
    print(f"  on padded-equal     {train_step.ratio(spent['theirs equal'], spent['ours equal'])}")


def _ours(folder: pathlib.Path, tune: str, rank: int) -> tuple[Any, Callable[[list], None]]:
    """Returns our model, and what takes a step with each of a list of batches."""
    import jax

    from flanlike import config
    from flanlike.models import tuning
    from flanlike.runs import loading
    from flanlike.training import loop

    model = loading.load(folder, dtype="float32").model
    if tune == "lora":
        lora = config.LoraConfig(rank=rank, alpha=2 * rank, targets=("q", "v"))
        tuning.attach(model, lora, seed=0)
    settings = config.RunConfig(
        freeze=tune if tune == "embeddings" else "none",
        optim=config.OptimConfig(peak_lr=1e-4),
        steps=1000,
    )
    state, step = loop.begin(settings, model, None)
    held = [state]

    def run(batches: list) -> None:
        for batch in batches:
            held[0], metrics = step(held[0], batch)
        jax.block_until_ready((held[0], metrics))

    return model, run


def _theirs(folder: pathlib.Path, tune: str, rank: int) -> Any:
    """Returns transformers' model, of which that learns which is tuned."""
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    if tune == "embeddings":
        model.get_input_embeddings().weight.requires_grad = False
    if tune == "lora":
        import peft

        lora = peft.LoraConfig(
            r=rank, lora_alpha=2 * rank, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM"
        )
        model = peft.get_peft_model(model, lora)
    return model


def _peak(options: argparse.Namespace, named: str, tune: str, side: str) -> float:
    """Returns the GiB that a process had at most which trains on that side alone."""
    given = {name: value for name, value in vars(options).items() if name not in ("side", "what")}
    given |= {"model": [named], "tune": [tune], "side": side}
    flags = []
    for name, value in given.items():
        values = value if isinstance(value, list) else [value]
        flags += [f"--{name}", *map(str, values)]
    command = [sys.executable, __file__, *flags]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def _measure_peak(options: argparse.Namespace) -> None:
    """Takes the steps of one side, and prints the GiB that this process had at most."""
    folder, tune = pathlib.Path(options.model[0].partition("=")[2]), options.tune[0]
    work = _work(options, folder)
    if options.side == "ours":
        _, run = _ours(folder, tune, options.rank)
        run(work.packed)
        run(work.packed)
    else:
        import instructions
        import peer

        trainer = peer.Trainer(_theirs(folder, tune, options.rank))
        for batch in [*work.padded, *work.padded]:
            trainer.step(peer.tensors(instructions.collated(batch, "decoder")))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)


if __name__ == "__main__":
    main()
