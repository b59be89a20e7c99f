"""Training on eight devices is training on one, on every mesh, in a process that has as many."""

import dataclasses
import os
import pathlib
import subprocess
import sys

import jax
import numpy as np
import pytest
import training_toys

from flanlike import config, models
from flanlike.batches import features
from flanlike.models import config as model_config
from flanlike.training import loop, optim

SCRIPT = """
import dataclasses, jax, numpy as np, optax, tempfile, training_toys
from flanlike.training import averaging, checkpoint, optim, loop
from flanlike import config, models
from flanlike.models import sharding

def train(mesh, name, micro_batches, folder=None, dropout=0.0, **kept):
    settings = config.OptimConfig(name=name, warmup_steps=1, peak_lr=1e-2, **kept)
    optimizer = optim.build(settings, 4)
    shape = dataclasses.replace(training_toys.MODEL, dropout=dropout)
    model = models.build(shape, seed=0, mesh=mesh)
    step = loop.make_train_step(model, optimizer, optim.schedule(settings, 4), dropout_keys="rbg",
                                    micro_batches=micro_batches, mesh=mesh)
    state, losses = loop.init_state(model, optimizer, mesh=mesh), []
    places = jax.tree.map(lambda leaf: leaf.sharding, state)
    batches = training_toys.stream(rows=8)
    for _ in range(3):
        state, metrics = step(state, next(batches))
        losses.append(float(metrics.loss))
    assert jax.tree.map(lambda leaf: leaf.sharding, state) == places
    if folder:
        checkpoints = checkpoint.Checkpoints(folder, keep=1)
        checkpoints.save(3, state, batches, {})
        checkpoints.wait()
        again = checkpoints.restore_latest(state)
        assert jax.tree.map(lambda leaf: leaf.sharding, again) == places
        jax.tree.map(np.testing.assert_array_equal, again, state)
    return losses, jax.device_get(state.params), places

assert jax.device_count() == 8
mesh = sharding.mesh(data=2, fsdp=2, tensor=2)
for name, micro_batches, kept in (("adamw", 2, {}), ("adafactor", 1, {"dropout": 0.3, "ema": 0.5})):
    one_losses, one, _ = train(None, name, 1, **kept)
    with tempfile.TemporaryDirectory() as folder:
        losses, many, places = train(mesh, name, micro_batches, folder, **kept)
    np.testing.assert_allclose(losses, one_losses, rtol=1e-5)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=2e-4), many, one)
    if kept:  # an average lies where its weights do
        assert averaging.of_state(places.optimizer).average == places.params
    assert "tensor" in str(places.params["embedding"]["table"].spec)
    if name == "adamw":
        for moment in ("mu", "nu"):  # born where their parameters are
            there = optax.tree_utils.tree_get(places.optimizer, moment)
            assert there == places.params, there
print("same")
"""


SHAPES = [
    (8 // (fsdp * tensor), fsdp, tensor)
    for tensor in (1, 2, 4, 8)
    for fsdp in (1, 2, 4, 8)
    if fsdp * tensor <= 8
]
DECODER = model_config.ModelConfig(
    family="decoder",
    model_size=16,
    layers=2,
    query_heads=8,
    key_value_heads=4,  # eight devices cannot share four: copied
    head_size=4,
    hidden_size=16,
    vocab_size=32,
)
FAMILIES = {
    "decoder": DECODER,
    "encoder_decoder": dataclasses.replace(
        DECODER,
        family="encoder_decoder",
        encoder_layers=2,
        key_value_heads=8,
        tied_embeddings=False,
    ),
}

# A loss curve for every shape of mesh, with micro-batches, remat and chunks of logits in turn,
# against one device's.
EVERY_SHAPE = """
import dataclasses, sys
import jax, numpy as np, optax
from flax import nnx
import decode_toys
from flanlike.models import generate, sampling, sharding
from flanlike import models
from flanlike.training import loop, loss
import test_loop_mesh as toys

shape = toys.FAMILIES[sys.argv[1]]
optimizer = optax.sgd(0.3, momentum=0.9)
params = jax.device_get(nnx.state(models.build(shape, seed=0)))  # a step gives its state up
batches = [toys.batch_of(shape, index) for index in range(3)]

def model_on(mesh, **changes):
    graph, _ = nnx.split(models.abstract(dataclasses.replace(shape, **changes)))
    places = None if mesh is None else sharding.of(params, mesh)
    return nnx.merge(graph, jax.device_put(params, places))

def curve(mesh, micro_batches=1, **changes):
    model = model_on(mesh, **changes)
    step = loop.make_train_step(
        model, optimizer, optax.constant_schedule(0.3), micro_batches=micro_batches, mesh=mesh)
    state, losses = loop.init_state(model, optimizer, mesh=mesh), []
    for batch in batches:
        state, metrics = step(state, batch)
        losses.append(float(metrics.loss))
    return losses

def answers(mesh):
    model = model_on(mesh)
    prompts = [[5 + i, 9, 20 + i][: 1 + i % 3] for i in range(11)]
    scores = decode_toys.option_scores(model, prompts, [[[3], [4, 5], [6, 7, 8]]] * 11)
    drawn = sampling.Decoding(temperature=1.0, top_p=0.9)
    ways = (
        {}, {"stops": lambda ids: 7 in ids}, {"decoding": drawn, "seeds": range(11)},
        {"decoding": sampling.Decoding(beams=2)})
    written = [
        generate.generate(model, prompts, max_new_tokens=4, batch_size=4, **way) for way in ways]
    return np.array(scores), written

assert jax.device_count() == 8
one = curve(None)
assert one[2] < one[0] - 0.1, one
loss._MIN_CHUNK = 32  # devices that have all rows have 160 positions
for index, (data, fsdp, tensor) in enumerate(toys.SHAPES):
    mesh = sharding.mesh(data=data, fsdp=fsdp, tensor=tensor)
    remat, micro_batches = ("none", "full", "dots")[index % 3], 1 + index % 2
    loss.LARGE_LOGITS = (1, 1 << 24)[index // 2 % 2]  # at targets alone, a chunk at a time, or not
    losses = curve(mesh, micro_batches, remat=remat)
    np.testing.assert_allclose(losses, one, rtol=1e-5, err_msg=str(mesh.shape))

mesh = sharding.mesh(data=2, fsdp=2, tensor=2)
np.testing.assert_allclose(curve(mesh, dtype="bfloat16"), one, rtol=0.02)
scores, written = answers(None)
with jax.set_mesh(mesh):
    assert sharding.shares() == 4
    on_mesh, written_on_mesh = answers(mesh)
np.testing.assert_allclose(on_mesh, scores, rtol=1e-5)
assert written_on_mesh == written, (written_on_mesh, written)
assert all(any(one.ids for one in way) for way in written) and written[2] != written[0], written
print("same")
"""


def batch_of(shape: model_config.ModelConfig, seed: int) -> features.Batch:
    """Returns 16 rows of random tokens, two segments each, of which half count in the loss."""
    rng = np.random.default_rng(seed)
    S, T = 0 if shape.family == "decoder" else 8, 10
    batch = features.empty(16, (S, T), family=shape.family)
    batch.tokens_BT[:] = rng.integers(2, 32, (16, T))
    batch.targets_BT[:] = (batch.tokens_BT * 7 + 3) % 32
    batch.loss_weights_BT[:] = rng.integers(0, 2, (16, T))
    batch.segment_ids_BT[:] = 1 + (np.arange(T) >= 4)
    batch.positions_BT[:] = [*range(4), *range(6)]
    if S:
        batch.source_tokens_BS[:] = rng.integers(2, 32, (16, S))
        batch.source_segment_ids_BS[:] = 1 + (np.arange(S) >= 5)
        batch.source_positions_BS[:] = [*range(5), *range(3)]
    return batch


def run_on_eight(script: str, *arguments: str) -> subprocess.CompletedProcess:
    here = pathlib.Path(__file__).resolve().parent
    environment = os.environ | {
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": f"--xla_force_host_platform_device_count=8 {training_toys.QUICK_COMPILE}",
        "PYTHONPATH": os.pathsep.join(map(str, (here.parents[1], here.parent, here))),
        "TF_CPP_MIN_LOG_LEVEL": "0",  # warnings too
    }
    return subprocess.run(
        [sys.executable, "-c", script, *arguments], env=environment, capture_output=True, text=True
    )


def test_a_step_on_a_mesh_equals_the_step_on_one_device():
    done = run_on_eight(SCRIPT)
    assert done.stdout.endswith("same\n"), done.stderr


@pytest.mark.parametrize("family", FAMILIES)
def test_every_mesh_gives_the_losses_and_answers_of_one_device(family):
    assert len(SHAPES) == 10
    done = run_on_eight(EVERY_SHAPE, family)
    assert done.stdout.endswith("same\n"), done.stderr
    # XLA's word for bringing an array to every device, because it cannot go from place to place.
    assert "full rematerialization" not in done.stderr, done.stderr


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("remat", ["none", "full", "dots"])
def test_the_program_of_a_step_does_not_grow_with_depth(family, remat):
    def lines(layers: int) -> int:
        depth = {"layers": layers, "encoder_layers": layers if family != "decoder" else 0}
        shape = dataclasses.replace(FAMILIES[family], remat=remat, **depth)
        model = models.abstract(shape)
        optimizer = optim.build(config.OptimConfig(name="adafactor"), 4)
        step = loop.make_train_step(model, optimizer, lambda count: count * 0.1)
        state = jax.eval_shape(lambda: loop.init_state(models.build(shape, seed=0), optimizer))
        return step.lower(state, batch_of(shape, 0)).as_text().count("\n")

    assert lines(12) == lines(2)
