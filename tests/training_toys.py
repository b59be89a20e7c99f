"""A tiny decoder, literal batches and a short run for tests of loss, checkpoint and training."""

import contextlib
import dataclasses
import os
import pathlib
import signal

import grain
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from flanlike import models
from flanlike.batches import features
from flanlike.models import config as model_config
from flanlike.training import bare_model, loop, progress

MODEL = model_config.ModelConfig(
    family="decoder",
    model_size=16,
    layers=1,
    query_heads=2,
    key_value_heads=2,
    head_size=8,
    hidden_size=24,
    vocab_size=32,
    tied_embeddings=True,
)

# XLA_FLAGS for tests that compile much and compute little: a fifth of the time.
QUICK_COMPILE = "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false"

# Two steps of train.py, from prompts to report, with the preset "tiny" and `some_mixture`.
FLAGS = (
    "--mixture some --model tiny --init none --steps 2 --vocabulary-size 600 --batch.rows 2 "
    "--eval.rows-per-task 2 --eval.validation-rows 2 --eval.generation-rows 2"
)


def some_mixture(folder: pathlib.Path, *names: str) -> list[str]:
    """Returns the flags of train.py that bring the mixture "some" of these tasks."""
    module = folder / "some_mixture.py"
    module.write_text(
        "from flanlike.mixtures import mixture\n"
        "TASKS = []\n"
        f"MIXTURES = [mixture.Mixture(name='some', entries={names!r})]\n"
    )
    return [*FLAGS.split(), "--tasks", str(module)]


def model(seed: int = 0, **changes):
    return models.build(dataclasses.replace(MODEL, **changes), seed=seed)


def batch(rows: list[list[tuple[list[int], list[int]]]], length: int) -> features.Batch:
    """Returns packed rows; each row is a list of examples (inputs, targets without EOS)."""
    shape = (len(rows), length)
    made = features.Batch(
        tokens_BT=np.zeros(shape, np.int32),
        targets_BT=np.zeros(shape, np.int32),
        loss_weights_BT=np.zeros(shape, np.float32),
        segment_ids_BT=np.zeros(shape, np.int32),
        positions_BT=np.zeros(shape, np.int32),
        is_prefix_BT=np.zeros(shape, bool),
    )
    for b, examples in enumerate(rows):
        start = 0
        for segment, (inputs, targets) in enumerate(examples, start=1):
            ids = [*inputs, *targets, features.EOS_ID]
            here = slice(start, start + len(ids) - 1)
            made.tokens_BT[b, here] = ids[:-1]
            made.targets_BT[b, here] = ids[1:]
            made.loss_weights_BT[b, start + len(inputs) - 1 : here.stop] = 1.0
            made.segment_ids_BT[b, here] = segment
            made.positions_BT[b, here] = np.arange(len(ids) - 1)
            made.is_prefix_BT[b, start : start + len(inputs)] = True
            start = here.stop
    return made


def stream(count: int = 8, rows: int = 2) -> grain.DatasetIterator:
    """Returns an endless, checkpointable iterator over `count` different batches."""
    generator = np.random.default_rng(0)

    def example():
        ids = generator.integers(2, MODEL.vocab_size, 8).tolist()
        return ids[:5], ids[5:]

    batches = [batch([[example()] for _ in range(rows)], length=10) for _ in range(count)]
    return iter(grain.MapDataset.source(batches).repeat(None).to_iter_dataset())


def gradient_of_step(a_model, a_batch: features.Batch, micro_batches: int = 1):
    """Returns the gradient that a train step hands to its optimizer, and the step's metrics."""
    keeps_gradient = optax.GradientTransformation(
        init=lambda params: jax.tree.map(jnp.zeros_like, params),
        update=lambda gradient, _, params: (jax.tree.map(jnp.zeros_like, params), gradient),
    )
    step = loop.make_train_step(
        a_model, keeps_gradient, lambda count: jnp.zeros(()), micro_batches=micro_batches
    )
    state, metrics = step(loop.init_state(a_model, keeps_gradient), a_batch)
    loop.write_params(a_model, state.params)
    return jax.device_get(state.optimizer), jax.device_get(metrics)


@contextlib.contextmanager
def stopped_after(step: int):
    """Has a training asked to stop, as by SIGTERM, once so many steps are written down.

    Yields what says with which status it has ended.
    """
    write = progress.Log.write

    def write_and_stop(log, taken, metrics):
        write(log, taken, metrics)
        if taken == step:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.MonkeyPatch.context() as patched, pytest.raises(SystemExit) as stopped:
        patched.setattr(progress.Log, "write", write_and_stop)
        yield stopped


def write_bare(folder, words):
    """Writes a bare model and its vocabulary; returns it with its shape."""
    shape = dataclasses.replace(MODEL, vocab_size=words.size)
    made = model(3, vocab_size=words.size)
    bare_model.save(folder, made, shape)
    words.save(folder / "vocabulary")
    return made, shape
