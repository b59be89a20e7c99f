"""Tests for flanlike/sharding.py, on eight virtual CPU devices in a process of their own."""

import os
import pathlib
import subprocess
import sys

import jax
import model_toys
import pytest
from flax import nnx

from flanlike import models
from flanlike.models import sharding


def test_one_device_is_a_mesh_too() -> None:
    mesh = sharding.mesh(data=-1)
    assert dict(mesh.shape) == {"data": 1, "fsdp": 1, "tensor": 1}
    on_mesh = jax.tree.leaves(nnx.state(models.build(model_toys.DECODER, seed=0, mesh=mesh)))
    plain = jax.tree.leaves(nnx.state(models.build(model_toys.DECODER, seed=0)))
    assert all((a == b).all() for a, b in zip(on_mesh, plain, strict=True))


def test_mesh_must_use_every_device() -> None:
    with pytest.raises(ValueError, match="data 1 x fsdp 3 x tensor 1 must be the number of dev"):
        sharding.mesh(fsdp=3)


# Prints nothing if all holds.
EIGHT_DEVICES = """
import jax, numpy as np, optax
from flax import nnx
from jax.sharding import PartitionSpec as P
import decode_toys
from flanlike.models import sharding
from flanlike.batches import features
from flanlike import models
import model_toys

def placed(params):
    return {"/".join(map(str, path)): leaf.get_raw_value().sharding.spec
            for path, leaf in nnx.to_flat_state(params)}

mesh = sharding.mesh(data=-1, fsdp=2, tensor=2)
assert dict(mesh.shape) == {"data": 2, "fsdp": 2, "tensor": 2}
model = models.build(model_toys.DECODER, seed=0, mesh=mesh)
specs = placed(nnx.state(model))
assert specs["blocks/attention/q"] == P(None, "fsdp", "tensor", None), specs
assert specs["blocks/hidden/down"] == P(None, "tensor", "fsdp"), specs
assert specs["embedding/table"] == P("tensor", "fsdp"), specs
assert specs["final_norm/scale"] == P(None), specs
shard = model.blocks.hidden.down[...].addressable_shards[0].data
assert shard.shape == (2, 12, 8), shard.shape

T = 6
rng = np.random.default_rng(0)
tokens_BT = rng.integers(2, 40, (8, T)).astype(np.int32)
batch = features.Batch(
    tokens_BT=tokens_BT, targets_BT=np.roll(tokens_BT, -1, 1),
    loss_weights_BT=np.ones((8, T), np.float32), segment_ids_BT=np.ones((8, T), np.int32),
    positions_BT=np.tile(np.arange(T, dtype=np.int32), (8, 1)),
    is_prefix_BT=np.zeros((8, T), bool),
)

def step(model, batch):
    graphdef, params = nnx.split(model)
    tx = optax.adamw(1e-2)
    @jax.jit
    def update(params, opt_state, batch):
        def loss(params):
            logits_BTV = nnx.merge(graphdef, params)(batch)
            return optax.softmax_cross_entropy_with_integer_labels(
                logits_BTV, batch.targets_BT).mean()
        grads = jax.grad(loss)(params)
        updates, opt_state = tx.update(grads, opt_state, params)
        return optax.apply_updates(params, updates)
    return update(params, tx.init(params), batch)

one = models.build(model_toys.DECODER, seed=0)
on_mesh = step(model, sharding.batch(batch, mesh))
alone = step(one, batch)
for a, b in zip(jax.tree.leaves(on_mesh), jax.tree.leaves(alone), strict=True):
    np.testing.assert_allclose(a, b, atol=2e-4)
assert placed(on_mesh)["blocks/hidden/down"] == P(None, "tensor", "fsdp")

# Activations are split by rows, and not along the model axis as the embedding's table is.
graphdef, params = nnx.split(model)
with jax.set_mesh(mesh):
    x_BTD = jax.jit(lambda params, batch: nnx.merge(graphdef, params).hidden(batch))(
        params, sharding.batch(batch, mesh))
rows = jax.NamedSharding(mesh, P(("data", "fsdp")))
assert x_BTD.sharding.is_equivalent_to(rows, 3), x_BTD.sharding

prompts, options = [[5, 6, 7], [8, 9]], [[[3], [4, 5]], [[6], [7]]]
for a, b in zip(decode_toys.option_scores(model, prompts, options),
                decode_toys.option_scores(one, prompts, options), strict=True):
    np.testing.assert_allclose(a, b, atol=1e-4)

# The optimizer's state follows: moments like their parameters, factored ones and counts copied.
optimizer = nnx.Optimizer(model, optax.adafactor(1e-3, min_dim_size_to_factor=8), wrt=nnx.Param)
sharding.of(nnx.state(optimizer), mesh)
optimizer = nnx.Optimizer(model, optax.adamw(1e-3), wrt=nnx.Param)
placement = sharding.of(nnx.state(optimizer, nnx.optimizer.OptState), mesh)
found = {str(s.get_raw_value().spec) for _, s in nnx.to_flat_state(placement)}
assert str(P(None, "fsdp", "tensor", None)) in found and str(P()) in found, found

# In generation, a table that is the head too comes together once, and not in every step.
import dataclasses
from flanlike.models import generate, sampling
wide = dataclasses.replace(model_toys.DECODER, vocab_size=1 << 15, tied_embeddings=True)
split = sharding.mesh(fsdp=8)
graphdef, params = nnx.split(models.abstract(wide))
params = jax.tree.map(lambda leaf, place: jax.ShapeDtypeStruct(
    leaf.shape, leaf.dtype, sharding=place), params, sharding.of(params, split))
how = generate._How(8, 4, sampling.GREEDY, 1)
with jax.set_mesh(split):
    rows = sharding.batch(features.empty(8, (0, 8), family="decoder"), split)
    state = generate._begin.eval_shape(graphdef, params, rows, None, how, None)
    compiled = generate._go_on.lower(graphdef, params, state, 4, how).compile()
lines = compiled.as_text().splitlines()
gathers = [i for i, line in enumerate(lines) if " all-gather(" in line and "32768" in line]
[main] = [i for i, line in enumerate(lines) if line.startswith("ENTRY")]
assert len(gathers) == 1 and gathers[0] > main, [lines[i] for i in gathers]

# Three key-value heads cannot be split in two: copied along that axis alone.
odd = dataclasses.replace(model_toys.DECODER, query_heads=3, key_value_heads=3)
specs = placed(nnx.state(models.build(odd, seed=0, mesh=mesh)))
assert specs["blocks/attention/q"] == P(None, "fsdp", None, None), specs
"""


def test_eight_devices_compute_what_one_does() -> None:
    here = pathlib.Path(__file__).resolve().parent
    done = subprocess.run(
        [sys.executable, "-c", EIGHT_DEVICES],
        env={
            **os.environ,
            "JAX_PLATFORMS": "cpu",
            "XLA_FLAGS": "--xla_force_host_platform_device_count=8",
            "PYTHONPATH": os.pathsep.join(map(str, (here.parents[1], here.parent))),
        },
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
