"""FLOP utilization of a train step on one accelerator: `python bench/train_step.py --gpu`.

T5-large and a 1B decoder, AdamW, float32 parameters, bfloat16 arithmetic, on synthetic prompts of
realistic lengths packed into rows. The peak is what the card reaches here in large bfloat16 matrix
products, not its data sheet's figure. PyTorch gets rows of the same size, with `torch.compile`,
autocast to bfloat16, fused AdamW and scaled-dot-product attention (which takes the flash kernel
where it can: a T5's biases keep it from that). Each side runs in a process of its own.

FLOPs are those of the matrix products of the model's step (`flanlike.training.plan`), without what
remat computes again. Ours count the head at targets alone, as it computes no other logits;
PyTorch's count it at every position, as it does. So the shares are of work really done; tokens a
second, which are of all positions, compare the two.
"""

import argparse
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

# Preset, published vocabulary, rows a step, most input and target tokens of an example.
CASES = {
    "t5": ("t5-1.1-large", 32_128, 64, 512, 128),
    "decoder": ("decoder-1b", 128_256, 16, 896, 128),
}
TINY = (2, 32, 16)  # rows and lengths of a smoke test
_WARM_UPS, _STEPS, _ROUNDS = 3, 5, 5


def main(options: argparse.Namespace) -> None:
    if options.side:
        result = {"ours": _ours, "torch": _torch}[options.side](options)
        print(json.dumps(result))
        return
    names = [name for name in CASES if name in options.only]
    for name in names:
        _report(options, name)


def _report(options: argparse.Namespace, name: str) -> None:
    print(f"\n{name}: {CASES[name][0]}, bfloat16" + (", tiny" if options.tiny else ""), flush=True)
    ours = _run(options, name, "ours")
    print(f"  {ours['device']}: peak {ours['peak'] / 1e12:.2f} TFLOP/s in bfloat16 products")
    _print(ours, ours["peak"])
    theirs = _run(options, name, "torch")
    if "missing" in theirs:
        print(f"  torch  skipped: {theirs['missing']} is not installed")
        return
    _print(theirs, ours["peak"])
    print(f"  ours / torch  {ours['tokens_per_s'] / theirs['tokens_per_s']:.2f}x tokens/s")


def _print(result: dict[str, Any], peak: float) -> None:
    share = result["flops"] * result["steps_per_s"] / peak
    print(
        f"  {result['side']:6} {result['tokens_per_s']:10,.0f} tokens/s  "
        f"{result['flops'] * result['steps_per_s'] / 1e12:7.2f} TFLOP/s  {share:6.1%} of the peak"
    )


def _run(options: argparse.Namespace, name: str, side: str) -> dict[str, Any]:
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "train_step.py")
    arguments = ["--gpu", "--side", side, "--shape", name, "--threads", str(options.threads)]
    arguments += ["--remat", options.remat, *(["--tiny"] if options.tiny else [])]
    arguments += ["--attention-kernel", options.attention_kernel]
    done = subprocess.run(
        [sys.executable, script, *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr[-4000:])
    return json.loads(done.stdout.splitlines()[-1])


def _case(options: argparse.Namespace) -> tuple[Any, int, tuple[int, int]]:
    """Returns the shape, the rows of a step, and the most tokens of inputs and targets."""
    import shapes

    from flanlike.models import presets

    preset, vocabulary, rows, *lengths = CASES[options.shape]
    shape = dataclasses.replace(
        presets.get(preset),
        vocab_size=vocabulary,
        dropout=0.0,
        remat=options.remat,
        attention_kernel=options.attention_kernel,
    )
    if options.tiny:
        shape, (rows, *lengths) = shapes.narrow(shape), TINY
    return shape, rows, tuple(lengths)


def _batch(shape: Any, rows: int, lengths: tuple[int, int]) -> Any:
    """Returns packed rows of random ids: log-normal lengths, a median of 120 inputs, 8 targets."""
    from flanlike.batches import features, packing

    limits = features.LengthLimits(max_input_tokens=lengths[0], max_target_tokens=lengths[1])
    most = lengths[0] - (shape.family != "decoder")  # an encoder's EOS
    draw = np.random.default_rng(0)
    examples = []
    while len(examples) < 40 * rows:
        inputs, targets = np.exp(draw.normal(np.log([120, 8]), 0.8)).astype(int) + 1
        ids = [draw.integers(2, shape.vocab_size, n).tolist() for n in (inputs, targets)]
        ids[0] = ids[0][-most:]
        examples.append(features.to_example(*ids, limits, family=shape.family))
    row_tokens = limits.row_tokens(shape.family)
    packed = packing.best_fit([one.size(shape.family) for one in examples], row_tokens)[:rows]
    chosen = [[examples[index] for index in row] for row in packed]
    return features.assemble(chosen, row_tokens, family=shape.family)


def _flops(shape: Any, batch: Any, targets: int) -> int:
    """Returns the FLOPs of a step on that batch with logits at so many positions."""
    import jax
    import jax.numpy as jnp

    from flanlike import config, models
    from flanlike.models import sharding
    from flanlike.training import loop, optim, plan

    bare = dataclasses.replace(shape, remat="none", attention_kernel="xla")  # with its products
    optimizer = optim.build(config.OptimConfig(), 10)
    auto = (jax.sharding.AxisType.Auto,) * len(sharding.AXES)
    one = jax.sharding.AbstractMesh((1,) * len(auto), sharding.AXES, axis_types=auto)
    state = jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype),
        plan.abstract_state(bare, optimizer, one),
    )
    step = loop.make_train_step(models.abstract(bare), optimizer, lambda _: jnp.zeros(()))
    everywhere = plan.flops(jax.make_jaxpr(step)(state, batch).jaxpr)
    return everywhere - _head_flops(shape, batch.tokens_BT.size - targets)


def _head_flops(shape: Any, positions: int) -> int:
    return 3 * 2 * positions * shape.model_size * shape.vocab_size


def _places(batch: Any) -> int:
    """Returns the positions of source and decoder, padding and all."""
    source = 0 if batch.source_tokens_BS is None else batch.source_tokens_BS.size
    return batch.tokens_BT.size + source


def _measure(step: Callable[[], Any], wait: Callable[[], Any]) -> float:
    """Returns steps a second: the median over rounds."""
    for _ in range(_WARM_UPS):
        step()
    wait()
    seconds = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        for _ in range(_STEPS):
            step()
        wait()
        seconds.append(time.perf_counter() - began)
    return _STEPS / statistics.median(seconds)


def _peak(options: argparse.Namespace) -> float:
    """Returns the FLOP/s of a large product of bfloat16 matrices."""
    import jax
    import jax.numpy as jnp

    side = 256 if options.tiny else 8192
    a, b = (jax.random.normal(jax.random.key(i), (side, side), jnp.bfloat16) for i in (0, 1))
    product = jax.jit(lambda a, b: a @ b)
    last = [a]

    def multiply() -> None:
        last[0] = product(a, b)

    return 2 * side**3 * _measure(multiply, lambda: last[0].block_until_ready())


def _ours(options: argparse.Namespace) -> dict[str, Any]:
    import jax

    from flanlike import config, models
    from flanlike.training import loop, optim

    shape, rows, lengths = _case(options)
    batch = _batch(shape, rows, lengths)
    targets = int((batch.loss_weights_BT > 0).sum())
    peak = _peak(options)
    settings = config.OptimConfig()
    optimizer = optim.build(settings, 1000)
    model = models.build(shape, seed=0)
    step = loop.make_train_step(model, optimizer, optim.schedule(settings, 1000))
    held = [loop.init_state(model, optimizer), None]
    batch_there = jax.device_put(batch)

    def advance() -> None:
        held[0], held[1] = step(held[0], batch_there)

    steps_per_s = _measure(advance, lambda: jax.block_until_ready(held[1]))
    if not np.isfinite(float(held[1].loss)):
        raise SystemExit("error: the loss is not finite")
    return {
        "side": "ours",
        "device": jax.devices()[0].device_kind,
        "peak": peak,
        "flops": _flops(shape, batch, targets),
        "steps_per_s": steps_per_s,
        "tokens_per_s": steps_per_s * _places(batch),
    }


def _torch(options: argparse.Namespace) -> dict[str, Any]:
    try:
        import torch
        import transformers
    except ModuleNotFoundError as error:
        return {"missing": error.name}
    import peer

    shape, rows, lengths = _case(options)
    batch = _batch(shape, rows, lengths)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    auto = (
        transformers.AutoModelForSeq2SeqLM
        if shape.encoder_layers
        else transformers.AutoModelForCausalLM
    )
    model = auto.from_config(peer.config_of(shape), attn_implementation="sdpa").to(device)
    trainer = peer.Trainer(model, compiled=not options.tiny, autocast=device)
    counts = batch.loss_weights_BT > 0
    labels = torch.as_tensor(np.where(counts, batch.targets_BT, -100)).long().to(device)
    # transformers shifts a decoder's labels itself; which tokens they are takes no other time.
    ids = batch.source_tokens_BS if shape.encoder_layers else batch.tokens_BT
    arrays = {"input_ids": torch.as_tensor(ids).long().to(device), "labels": labels}
    steps_per_s = _measure(lambda: trainer.step(arrays), wait)
    return {
        "side": "torch",
        "flops": _flops(shape, batch, batch.tokens_BT.size),
        "steps_per_s": steps_per_s,
        "tokens_per_s": steps_per_s * _places(batch),
    }
