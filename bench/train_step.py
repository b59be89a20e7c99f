"""Our train step and decoding against PyTorch's transformers: `python bench/train_step.py`.

    python bench/train_step.py                        # t5, decoder, compile, decode; CPU
    python bench/train_step.py --only decoder --threads 1
    python bench/train_step.py --gpu --json card.json # on a card, in 8 minutes: bench/card.py

Both models have the same weights, in float32 and without dropout; their losses and the tokens they
write are compared before anything is timed. The two take turns in one process, window by window;
ratios are medians over the rounds, of wall seconds and of CPU seconds: the latter hardly change
where other work shares the cores. The prompts are flan_core's. The peer is the plain loop: a batch
of as many examples as ours holds on average, padded to its longest, forward, backward, clip, fused
AdamW. "Padded-equal" gives both the same padded batch, one example a row.
"""

import argparse
import dataclasses
import os
import pathlib
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

_ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(_ROOT), str(_ROOT / "bench")]

import card  # noqa: E402
import shapes  # noqa: E402

ROWS = ("t5", "decoder", "compile", "decode")
# Preset and published size of the vocabulary.
SHAPES = {"t5": ("t5-1.1-small", 32_128), "decoder": ("decoder-135m", 49_152)}
DEPTHS = (4, 24)


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    options.only = options.only or [*(card.CASES if options.gpu else ROWS)]
    if unknown := [
        name for name in options.only if name not in (card.CASES if options.gpu else ROWS)
    ]:
        mode = "with" if options.gpu else "without"
        raise SystemExit(f"error: --only {unknown[0]} is no row {mode} --gpu")
    if not 0 < options.minutes <= 120:
        raise SystemExit(f"error: --minutes is {options.minutes:g}: it must be in (0, 120]")
    use_threads(options.threads)
    if options.gpu:
        card.main(options)
        return
    print(f"{options.threads} threads, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for row in options.only:
        {"compile": _compile, "decode": _decode}.get(row, _train)(options, row)
    print(f"load at the end {os.getloadavg()[0]:.1f}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=(*ROWS, "gemma"), help="gemma: on a card")
    parser.add_argument("--rounds", type=int, default=5, help="of taking turns")
    parser.add_argument("--steps", type=int, default=2, help="of each side in a round")
    parser.add_argument("--rows", type=int, default=4, help="packed rows of a step")
    parser.add_argument("--lengths", default="256/64", help="most inputs/targets of an example")
    parser.add_argument("--prompts", type=int, default=32, help="to generate from")
    parser.add_argument("--batch", type=int, default=8, help="prompts generated from at a time")
    parser.add_argument("--new-tokens", type=int, default=32, help="written for each prompt")
    parser.add_argument("--remat", default="dots", choices=("none", "full", "dots"))
    parser.add_argument("--attention-kernel", choices=("auto", "xla"), default="auto")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="and cores, of both")
    parser.add_argument("--tiny", action="store_true", help="two narrow layers: a smoke test")
    parser.add_argument("--gpu", action="store_true", help="t5, decoder, gemma in bfloat16")
    parser.add_argument("--minutes", type=float, default=8, help="of --gpu at most")
    parser.add_argument("--json", help="file that --gpu writes its results to")
    parser.add_argument("--side", choices=card.SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--shape", choices=card.CASES, help=argparse.SUPPRESS)
    parser.add_argument("--divide-rows", type=int, default=1, help=argparse.SUPPRESS)
    return parser


def use_threads(count: int) -> None:
    """Keeps the process to so many cores: XLA's threads follow them; call it before jax loads."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])
    os.environ["OMP_NUM_THREADS"] = str(count)


def shape_of(options: argparse.Namespace, name: str) -> Any:
    """Returns the model's shape, in float32 and without dropout."""
    from flanlike.models import presets

    preset, vocabulary = SHAPES[name]
    shape = dataclasses.replace(
        presets.get(preset),
        vocab_size=vocabulary,
        dtype="float32",
        dropout=0.0,
        remat=options.remat,
    )
    return shapes.narrow(shape) if options.tiny else shape


class Spent(NamedTuple):
    """Seconds of one window."""

    wall: float
    cpu: float


def spend(work: Callable[[], Any]) -> Spent:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu)


def take_turns(works: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[Spent]]:
    """Returns what each work spent in each round, after one round that is not counted."""
    spent: dict[str, list[Spent]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            one = spend(work)
            if number:
                spent[name].append(one)
    return spent


def ratio(theirs: list[Spent], ours: list[Spent]) -> str:
    """Returns how many times longer theirs took: medians over the rounds, and their range."""
    walls = sorted(t.wall / o.wall for t, o in zip(theirs, ours, strict=True))
    cpus = [t.cpu / o.cpu for t, o in zip(theirs, ours, strict=True)]
    return (
        f"{statistics.median(walls):5.2f}x wall [{walls[0]:.2f}, {walls[-1]:.2f}]"
        f"  {statistics.median(cpus):5.2f}x CPU"
    )


def seconds(spent: list[Spent]) -> float:
    return statistics.median(one.wall for one in spent)


def _torch() -> bool:
    """Returns whether PyTorch and transformers are there; says so where they are not."""
    try:
        import torch  # noqa: F401
        import transformers
    except ModuleNotFoundError as error:
        print(f"  skipped: {error.name} is not installed (pip install -e '.[parity]')")
        return False
    transformers.logging.set_verbosity_error()
    return True


def _train(options: argparse.Namespace, name: str) -> None:
    """Prints both rows of one family: useful tokens packed, and tokens on one padded batch."""
    print(f"\n{name}: train step, {SHAPES[name][0]}, lengths {options.lengths}")
    if not _torch():
        return
    import instructions
    import peer

    from flanlike import models
    from flanlike.batches import features

    shape = shape_of(options, name)
    inputs, targets = map(int, options.lengths.split("/"))
    limits = features.LengthLimits(max_input_tokens=inputs, max_target_tokens=targets)
    work = instructions.work(shape.family, steps=options.steps, rows=options.rows, limits=limits)
    ours = models.build(shape, seed=0)
    theirs = peer.model_of(ours)
    equal = instructions.one_a_row(work.padded[0], shape.family)
    collated = [peer.tensors(instructions.collated(batch, shape.family)) for batch in work.padded]
    compare_losses(ours, equal, peer.loss_of(theirs, collated[0]))
    run, trainer = _our_trainer(ours), peer.Trainer(theirs)
    spent = take_turns(
        {
            "packed": lambda: run(work.packed),
            "padded": lambda: [trainer.step(batch) for batch in collated],
            "ours equal": lambda: run([equal]),
            "theirs equal": lambda: trainer.step(collated[0]),
        },
        options.rounds,
    )
    useful = instructions.useful_tokens(work.examples, shape.family)
    print_fill(work, collated, useful)
    for side, row in (("ours", "packed"), ("torch", "padded")):
        print(f"  {side:6} {useful / seconds(spent[row]):8,.0f} useful tokens/s")
    print(f"  useful tokens       {ratio(spent['padded'], spent['packed'])}")
    print(f"  on padded-equal     {ratio(spent['theirs equal'], spent['ours equal'])}")


def compare_losses(ours: Any, batch: Any, theirs: float) -> None:
    """Prints both losses of the batch; stops where they are not the same."""
    import jax
    from flax import nnx

    from flanlike.training import loss

    graph, params = nnx.split(ours)
    sums = jax.jit(lambda params: loss.loss_sums(nnx.merge(graph, params), batch))(params)
    mine = float(sums.loss_sum / sums.weight_sum)
    print(f"  the same batch and weights: loss {mine:.5f} ours, {theirs:.5f} torch")
    if abs(mine - theirs) > 1e-4 * abs(theirs):
        raise SystemExit("error: the losses differ, so these are not the same model")


def _our_trainer(model: Any) -> Callable[[list], None]:
    """Returns a function that takes a step with each batch, as train.py does, and waits."""
    import jax

    from flanlike import config
    from flanlike.training import loop, optim

    settings = config.OptimConfig(peak_lr=1e-4)
    optimizer = optim.build(settings, 1000)
    step = loop.make_train_step(model, optimizer, optim.schedule(settings, 1000))
    held = [loop.init_state(model, optimizer)]

    def run(batches: list) -> None:
        for batch in batches:
            held[0], metrics = step(held[0], batch)
        jax.block_until_ready((held[0], metrics))

    return run


def print_fill(work: Any, collated: list, useful: int) -> None:
    packed = sum(
        batch.tokens_BT.size
        + (0 if batch.source_tokens_BS is None else batch.source_tokens_BS.size)
        for batch in work.packed
    )
    is_decoder = work.packed[0].source_tokens_BS is None
    padded = sum(
        batch["input_ids"].numel() + (0 if is_decoder else batch["labels"].numel())
        for batch in collated
    )
    share = sum((batch.loss_weights_BT > 0).sum() for batch in work.packed) / useful
    print(
        f"  {len(work.examples)} examples, {useful / len(work.examples):.0f} tokens each, "
        f"{share:.0%} targets; useful: {useful / packed:.0%} of our places, "
        f"{useful / padded:.0%} of theirs"
    )


def _compile(options: argparse.Namespace, _: str) -> None:
    """Prints the compile time of both families' steps by depth; every other size is small."""
    import jax

    jax.config.update("jax_enable_compilation_cache", False)
    print("\ncompile: train step, narrow, layers scanned; seconds to trace, lower and compile")
    for name in SHAPES:
        shape = dataclasses.replace(shapes.narrow(shape_of(options, name)), unroll_layers=False)
        depths = {
            depth: dataclasses.replace(
                shape, layers=depth, encoder_layers=depth if shape.encoder_layers else 0
            )
            for depth in DEPTHS
        }
        lowered = {depth: _lowering(depths[depth]) for depth in DEPTHS}
        works = {str(depth): lowered[depth] for depth in DEPTHS}
        spent = take_turns(works, 1 if options.tiny else options.rounds)
        few, many = (spent[str(depth)] for depth in DEPTHS)
        fastest = [min(one.wall for one in each) for each in (few, many)]
        print(
            f"  {name:8} {DEPTHS[0]} layers {fastest[0]:.2f} s, {DEPTHS[1]} layers "
            f"{fastest[1]:.2f} s: {ratio(many, few)}"
        )


def _lowering(shape: Any) -> Callable[[], None]:
    import jax

    from flanlike import config, models
    from flanlike.batches import features
    from flanlike.training import loop, optim

    model = models.build(shape, seed=0)
    settings = config.OptimConfig()
    optimizer = optim.build(settings, 10)
    state = loop.init_state(model, optimizer)
    row = (64, 32) if shape.encoder_layers else (0, 96)
    batch = features.empty(2, row, family=shape.family)

    def compile_anew() -> None:
        jax.clear_caches()
        step = loop.make_train_step(model, optimizer, optim.schedule(settings, 10))
        step.lower(state, batch).compile()

    return compile_anew


def _decode(options: argparse.Namespace, _: str) -> None:
    """Prints tokens written a second, greedily, with caches of keys and values on both sides."""
    print(
        f"\ndecode: {options.prompts} prompts, {options.new_tokens} new tokens each, "
        f"{options.batch} at a time; compilation is not in it"
    )
    if not _torch():
        return
    import instructions
    import peer

    from flanlike import models
    from flanlike.batches import features
    from flanlike.models import generate

    for name in SHAPES:
        shape = shape_of(options, name)
        limits = features.LengthLimits(max_input_tokens=256, max_target_tokens=64)
        work = instructions.work(shape.family, steps=1, rows=options.prompts, limits=limits)
        prompts = [list(example.inputs) for example in work.examples[: options.prompts]]
        bare = [ids[:-1] for ids in prompts] if shape.encoder_layers else prompts  # without EOS
        ours = models.build(shape, seed=0)
        theirs = peer.model_of(ours)
        written: dict[str, list] = {}

        def run_ours(ours=ours, bare=bare, written=written) -> None:
            found = generate.generate(
                ours, bare, max_new_tokens=options.new_tokens, batch_size=options.batch
            )
            written["ours"] = [one.ids for one in found]

        def run_theirs(theirs=theirs, prompts=prompts, shape=shape, written=written) -> None:
            written["torch"] = []
            for start in range(0, len(prompts), options.batch):
                chunk = prompts[start : start + options.batch]
                on_left = not shape.encoder_layers
                ids = instructions.padded(chunk, features.PAD_ID, on_left=on_left)
                mask = instructions.padded([[1] * len(p) for p in chunk], 0, on_left=on_left)
                written["torch"] += peer.generate(theirs, ids, mask, options.new_tokens)

        spent = take_turns({"ours": run_ours, "torch": run_theirs}, options.rounds)
        same = sum(a == b for a, b in zip(written["ours"], written["torch"], strict=True))
        print(f"  {name}: {same} of {len(prompts)} continuations are the same")
        for side in ("ours", "torch"):
            tokens = sum(map(len, written[side]))
            print(f"  {side:6} {tokens / seconds(spent[side]):8,.0f} tokens/s")
        print(f"  {name:8} {ratio(spent['torch'], spent['ours'])}")


if __name__ == "__main__":
    main()
