"""One side of card.py, in a process of its own: what `--side` names.

peak     the card, and what it reaches in large products of bfloat16 matrices
ours     our train step on packed rows
packed   PyTorch's on rows of the same size, with no mask that would keep examples apart: attention
         is then what `sdpa` has a flash kernel for (but a T5's, whose biases keep it from that)
padded   PyTorch's on a padded batch of as many places, with the mask that a collator gives
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

_WARM_UPS, _STEPS, _ROUNDS = 3, 5, 5
_MOST_S = 20.0  # of measuring
_GIB = 2**30


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """Returns what the side found."""
    if options.side == "peak":
        return _peak(options)
    return _ours(options) if options.side == "ours" else _torch(options)


def _peak(options: argparse.Namespace) -> dict[str, Any]:
    import jax
    import jax.numpy as jnp

    device = jax.devices()[0]
    product = jax.jit(lambda a, b: a @ b)
    reached = []
    for side in (256,) if options.tiny else (4096, 8192, 16384):
        a, b = (jax.random.normal(jax.random.key(i), (side, side), jnp.bfloat16) for i in (0, 1))
        spent = _spent(lambda a=a, b=b: product(a, b), jax.block_until_ready, options)
        reached.append(2 * side**3 / spent["step_s"])
    return {
        "device": device.device_kind,
        "memory_gib": (device.memory_stats() or {}).get("bytes_limit", 0) / _GIB,
        "version": f"jax {jax.__version__}",
        "peak": max(reached),
    }


def _ours(options: argparse.Namespace) -> dict[str, Any]:
    import card_cases
    import jax

    from flanlike import config, models
    from flanlike.training import loop, optim

    shape = card_cases.shape_of(options)
    batch = card_cases.packed(options, shape)
    settings = config.OptimConfig()
    optimizer = optim.build(settings, 1000)
    model = models.build(shape, seed=0)
    step = loop.make_train_step(model, optimizer, optim.schedule(settings, 1000))
    held = [loop.init_state(model, optimizer)]
    batch_there = jax.device_put(batch)

    def advance() -> Any:
        held[0], metrics = step(held[0], batch_there)
        return metrics

    spent = _spent(advance, jax.block_until_ready, options)
    targets = int((batch.loss_weights_BT > 0).sum())
    peak = (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use", 0)
    return _result(shape, batch, targets, spent, float(advance().loss)) | {
        "version": f"jax {jax.__version__}",
        "memory_gib": peak / _GIB,
    }


def _torch(options: argparse.Namespace) -> dict[str, Any]:
    try:
        import torch
        import transformers
    except ModuleNotFoundError as error:
        return {"skipped": f"{error.name} is not installed"}
    import card_cases
    import peer

    shape = card_cases.shape_of(options)
    make = card_cases.packed if options.side == "packed" else card_cases.padded
    batch = make(options, shape)
    is_cuda = torch.cuda.is_available()
    device = "cuda" if is_cuda else "cpu"
    is_decoder = shape.family == "decoder"
    auto = transformers.AutoModelForCausalLM if is_decoder else transformers.AutoModelForSeq2SeqLM
    torch.manual_seed(0)
    model = auto.from_config(peer.config_of(shape), attn_implementation="sdpa").to(device)
    trainer = peer.Trainer(model, compiled=not options.tiny, autocast=device)
    arrays = _arrays(batch, is_padded=options.side == "padded")
    there = {name: value.to(device) for name, value in peer.tensors(arrays).items()}
    wait = torch.cuda.synchronize if is_cuda else lambda: None
    spent = _spent(lambda: trainer.step(there), lambda _: wait(), options)
    peak = torch.cuda.max_memory_allocated() if is_cuda else 0
    found = _result(shape, batch, batch.tokens_BT.size, spent, float(trainer.step(there)))
    return found | {
        "version": f"torch {torch.__version__}, transformers {transformers.__version__}",
        "memory_gib": peak / _GIB,
    }


def _arrays(batch: Any, *, is_padded: bool) -> dict[str, np.ndarray]:
    """Returns what transformers reads. It shifts a decoder's labels itself, at no other cost."""
    is_encoded = batch.source_tokens_BS is not None
    ids = batch.source_tokens_BS if is_encoded else batch.tokens_BT
    labels = np.where(batch.loss_weights_BT > 0, batch.targets_BT, -100)
    arrays = {"input_ids": ids, "labels": labels}
    if is_padded:
        segments = batch.source_segment_ids_BS if is_encoded else batch.segment_ids_BT
        arrays["attention_mask"] = segments > 0
    return {name: value.astype(np.int64) for name, value in arrays.items()}


def _result(
    shape: Any, batch: Any, head_positions: int, spent: dict[str, float], loss: float
) -> dict[str, Any]:
    import card_cases

    if not np.isfinite(loss):
        raise SystemExit(f"error: the loss is {loss!r}")
    return {
        **spent,
        "rows": len(batch.tokens_BT),
        "tokens": card_cases.real_tokens(batch),
        "flops": card_cases.flops(shape, batch, head_positions),
        "loss": loss,
    }


def _spent(
    step: Callable[[], Any], wait: Callable[[Any], Any], options: argparse.Namespace
) -> dict[str, float]:
    """Returns the seconds of a step, the median over rounds, and of the first, which compiles."""
    began = time.perf_counter()
    wait(step())
    first_s = time.perf_counter() - began
    for _ in range(_WARM_UPS):
        last = step()
    wait(last)
    began, seconds = time.perf_counter(), []
    rounds = 1 if options.tiny else _ROUNDS
    while len(seconds) < rounds and time.perf_counter() - began < _MOST_S:
        round_began = time.perf_counter()
        for _ in range(_STEPS):
            last = step()
        wait(last)
        seconds.append((time.perf_counter() - round_began) / _STEPS)
    return {"step_s": statistics.median(seconds), "first_s": first_s}
