"""Few parameters that learn: where they begin, what moves, what the optimizer holds."""

import dataclasses
import functools
import os
import pathlib
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import training_toys
import tuning_toys as toys
from flax import nnx

from flanlike import config, errors, models
from flanlike.models import tuning
from flanlike.training import loop, loss, optim

SETTINGS = {
    "lora": toys.LORA,
    "adapter": config.AdapterConfig(size=3),
    "prompt": config.SoftPromptConfig(tokens=3),
}
BOTH_FAMILIES = pytest.mark.parametrize("family", toys.FAMILIES)


@functools.cache
def _base(family):
    return nnx.split(models.build(toys.FAMILIES[family], seed=0))


def base(family):
    """Returns a model of its own, whose arrays all the others share."""
    return nnx.merge(*_base(family), copy=True)  # of the variables, not of their arrays


def tuned(family, settings, *, seed=0):
    model = base(family)
    tuning.attach(model, settings, seed=seed)
    return model


def base_of(model):
    return jax.device_get(nnx.to_pure_dict(nnx.state(model, nnx.Param)))


def gradient(model, a_batch):
    """Returns the gradient with respect to what learns."""
    return nnx.to_pure_dict(_gradient(*nnx.split(model, tuning.trained(model), ...), a_batch))


@functools.partial(jax.jit, static_argnums=0)
def _gradient(graph, params, rest, a_batch):
    def loss_of(params):
        return loss.loss_sums(nnx.merge(graph, params, rest), a_batch).loss_sum

    return jax.grad(loss_of)(params)


@BOTH_FAMILIES
@pytest.mark.parametrize("kind", ["lora", "adapter"])
def test_the_start_is_the_base_exactly(family, kind):
    model = tuned(family, SETTINGS[kind])
    expected = toys.logits_of(base(family), toys.batch(family))
    np.testing.assert_array_equal(toys.logits_of(model, toys.batch(family)), expected)
    assert np.abs(toys.logits_of(toys.shaken(model), toys.batch(family)) - expected).max() > 1e-2


def test_a_soft_prompt_starts_as_vectors_of_the_vocabulary():
    model = tuned("decoder", SETTINGS["prompt"])
    assert tuning.soft_prompt_ids(model) == (32, 33, 34)
    found = {row.tobytes() for row in np.asarray(model.embedding.soft_prompt.vectors[...])}
    assert len(found) == 3
    assert found < {row.tobytes() for row in np.asarray(model.embedding.table[...])}
    again, other = (tuned("decoder", SETTINGS["prompt"], seed=seed) for seed in (0, 1))
    vectors = model.embedding.soft_prompt.vectors[...]
    np.testing.assert_array_equal(again.embedding.soft_prompt.vectors[...], vectors)
    assert not np.array_equal(other.embedding.soft_prompt.vectors[...], vectors)


@BOTH_FAMILIES
def test_a_soft_prompt_is_read_like_tokens_of_those_vectors(family):
    """Vectors that are those of pieces 20, 21, 22 act as these pieces before the inputs do."""
    model = tuned(family, SETTINGS["prompt"])
    prompt = model.embedding.soft_prompt
    prompt.vectors = tuning.Tuned(model.embedding.table[...][20:23])
    with_prompt = toys.batch(family, model)
    array = with_prompt.tokens_BT if family == "decoder" else with_prompt.source_tokens_BS
    assert array[0, :5].tolist() == [32, 33, 34, 5, 6]
    assert with_prompt.targets_BT.max() < 32
    logits = toys.logits_of(model, with_prompt)
    array[array >= 32] -= 12
    np.testing.assert_array_equal(logits, toys.logits_of(model, with_prompt))


MOST = pytest.mark.parametrize(
    "family, settings",
    [*(("decoder", one) for one in SETTINGS.values()), ("encoder_decoder", SETTINGS["prompt"])],
    ids=[*SETTINGS, "encoder_decoder-prompt"],
)


@MOST
def test_packed_examples_compute_what_they_do_alone(family, settings):
    model = toys.shaken(tuned(family, settings))
    alone, packed = (
        toys.batch(family, model),
        toys.batch(family, model, is_packed=True),
    )
    logits, packed_logits = (
        toys.logits_of(model, alone),
        toys.logits_of(model, packed)[0],
    )
    np.testing.assert_allclose(
        packed_logits[packed.loss_weights_BT[0] > 0],
        logits[alone.loss_weights_BT > 0],
        atol=2e-5,
    )
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, atol=1e-4, rtol=1e-4),
        gradient(model, packed),
        gradient(model, alone),
    )


@MOST
def test_only_what_was_added_moves_and_has_moments(family, settings):
    model = tuned(family, settings)
    before, count = base_of(model), tuning.count(model)
    optimizer = optim.build(config.OptimConfig(peak_lr=1e-2, warmup_steps=1), 4)
    step = loop.make_train_step(
        model, optimizer, lambda _: jnp.zeros(()), micro_batches=1 if family == "decoder" else 3
    )
    state = loop.init_state(model, optimizer)
    learning = jax.tree.leaves(state.params)
    moments = [leaf for leaf in jax.tree.leaves(state.optimizer) if leaf.ndim]
    sizes = [sum(leaf.size for leaf in leaves) for leaves in (learning, moments)]
    assert sizes == [count[0], 2 * count[0]] and count[0] < count[1] / 2
    first = jax.device_get(state.params)
    for _ in range(2):
        state, metrics = step(state, toys.batch(family, model))
    loop.write_params(model, state.params)
    jax.tree.map(np.testing.assert_array_equal, base_of(model), before)  # bit-equal, and alive
    # With B at 0 the gradient of A is 0 in the first step only: after two, all have moved.
    jax.tree.map(lambda a, b: assert_moved(a, b), first, jax.device_get(state.params))
    assert np.isfinite(metrics.loss) and metrics.gradient_norm > 0


def assert_moved(a, b):
    assert not np.array_equal(a, b)


def test_the_base_is_neither_donated_nor_a_constant_of_the_step():
    model = tuned("decoder", toys.LORA)
    optimizer = optax.sgd(0.1)
    step = loop.make_train_step(model, optimizer, lambda _: jnp.zeros(()))
    state = loop.init_state(model, optimizer)
    held = jax.tree.leaves(nnx.state(model, nnx.Param))
    new, _ = step(state, toys.batch("decoder"))
    assert all(leaf.is_deleted() for leaf in jax.tree.leaves(state.params))
    assert not any(leaf.is_deleted() for leaf in held)
    jaxpr = jax.make_jaxpr(step.func)(new, toys.batch("decoder"), **step.keywords)
    assert not jaxpr.consts
    given = sum(v.aval.size for v in jaxpr.jaxpr.invars)
    assert given > tuning.count(model)[1]


def test_no_gradient_of_the_base_is_computed():
    """No product of the step has the shape of a kernel, flattened or not."""
    from flanlike.training import plan

    def products(jaxpr):
        for equation in jaxpr.eqns:
            if equation.primitive.name == "dot_general":
                yield equation.outvars[0].aval.shape
            for inner in plan._inner(equation.params.values()):
                yield from products(inner)

    def of_step(model):
        optimizer = optax.sgd(0.1)
        step = loop.make_train_step(model, optimizer, lambda _: jnp.zeros(()))
        state = loop.init_state(model, optimizer)
        step = getattr(step, "func", step), getattr(step, "keywords", {})
        return set(products(jax.make_jaxpr(step[0])(state, toys.batch("decoder"), **step[1]).jaxpr))

    D, F = 16, 24
    assert {(D, F), (F, D)} <= of_step(base("decoder"))
    assert not {(D, F), (F, D)} & of_step(tuned("decoder", toys.LORA))


@BOTH_FAMILIES
def test_the_gradient_is_that_of_the_merged_matrix_by_the_chain_rule(family):
    """W' = W + s A B: dA = s dW' B^T and dB = s A^T dW', for every kernel and layer."""
    model = toys.shaken(tuned(family, toys.LORA))
    found = gradient(model, toys.batch(family))
    merged = toys.shaken(tuned(family, toys.LORA))
    tuning.merge(merged)
    logits, merged_logits = (toys.logits_of(one, toys.batch(family)) for one in (model, merged))
    np.testing.assert_allclose(merged_logits, logits, atol=1e-4)
    of_kernels = gradient(merged, toys.batch(family))
    learning = loop.params_of(model)
    checked = 0
    for stack in ("blocks", "encoder", "decoder"):
        for part, of_part in found.get(stack, {}).items():
            for name, pair in of_part.items():
                kernel = of_kernels[stack][part][name.removeprefix("lora_")]
                a, b = (learning[stack][part][name][k] for k in "ab")
                L, R = b.shape[:2]
                a, b = a.reshape(L, -1, R), b.reshape(L, R, -1)
                d_kernel = kernel.reshape(L, a.shape[1], b.shape[2])
                d_a, d_b = 3 * d_kernel @ b.mT, 3 * a.mT @ d_kernel
                np.testing.assert_allclose(pair["a"].reshape(a.shape), d_a, atol=1e-4, rtol=1e-4)
                np.testing.assert_allclose(pair["b"].reshape(b.shape), d_b, atol=1e-4, rtol=1e-4)
                checked += 1
    assert checked == {"decoder": 7, "encoder_decoder": 7 + 11}[family]


def test_merging_leaves_a_plain_model():
    model = toys.shaken(tuned("decoder", toys.LORA))
    tuning.merge(model)
    assert tuning.trained(model) is nnx.Param
    assert nnx.split(model)[0] == _base("decoder")[0]


@pytest.mark.parametrize("kind, expected", [("adapter", "bottleneck adapters"), ("prompt", "soft")])
def test_what_cannot_be_merged_is_told(kind, expected):
    with pytest.raises(errors.UserError, match=f"{expected}.* cannot be merged"):
        tuning.merge(tuned("decoder", SETTINGS[kind]))


def test_a_target_that_the_model_lacks_is_told():
    model = models.build(dataclasses.replace(toys.FAMILIES["decoder"], is_gated=False), seed=0)
    with pytest.raises(errors.UserError, match="--lora.targets names gate, which"):
        tuning.attach(model, toys.LORA, seed=0)


def test_remat_changes_nothing():
    model = toys.shaken(tuned("decoder", toys.LORA))
    expected = gradient(model, toys.batch("decoder"))
    recomputed = models.build(dataclasses.replace(toys.FAMILIES["decoder"], remat="full"), seed=0)
    tuning.attach(recomputed, toys.LORA, seed=0)
    found = gradient(toys.shaken(recomputed), toys.batch("decoder"))
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, atol=1e-4, rtol=1e-4), found, expected
    )


@pytest.mark.parametrize(
    "name, kind", [*(("adamw", kind) for kind in SETTINGS), ("adafactor", "lora")]
)
def test_it_learns_with_dropout_on_a_bfloat16_base(name, kind):
    model = models.build(dataclasses.replace(toys.FAMILIES["decoder"], dropout=0.1), seed=0)
    tuning.attach(model, SETTINGS[kind], seed=0)
    tuning.cast_base(model, "bfloat16")
    lr = {"adamw": 2e-2, "adafactor": 5e-1}[name]
    optimizer = optim.build(
        config.OptimConfig(name=name, peak_lr=lr, warmup_steps=1, schedule="constant"), 30
    )
    step = loop.make_train_step(model, optimizer, lambda _: jnp.zeros(()))
    state, losses = loop.init_state(model, optimizer), []
    a_batch = toys.batch("decoder", model)
    for _ in range(30):
        state, metrics = step(state, a_batch)
        losses.append(float(metrics.loss))
    assert {leaf.dtype for leaf in jax.tree.leaves(nnx.state(model, nnx.Param))} == {
        jnp.dtype("bfloat16")
    }
    assert {leaf.dtype for leaf in jax.tree.leaves(state.params)} == {jnp.dtype("float32")}
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) - 0.1


SCRIPT = """
import tempfile
import jax, numpy as np, training_toys, tuning_toys
from flax import nnx
from flanlike import config, models
from flanlike.training import averaging, checkpoint, optim, loop, loss
from flanlike.models import checksums, sharding, tuning

def train(mesh, settings, dtype, **kept):
    loss.LARGE_LOGITS = 1 << 24 if mesh is None else 1  # on the mesh, at targets alone
    shape = tuning_toys.FAMILIES["decoder"]
    model = models.build(shape, seed=0, mesh=mesh)
    fingerprint = checksums.fingerprint(model)
    tuning.cast_base(model, dtype)
    tuning.attach(model, settings, seed=0, mesh=mesh)
    held = nnx.split(model, tuning.trained(model), ...)[2]
    optimizer = optim.build(config.OptimConfig(warmup_steps=1, peak_lr=1e-2, **kept), 4)
    step = loop.make_train_step(model, optimizer, lambda _: jax.numpy.zeros(()), mesh=mesh,
                                    micro_batches=1 if mesh is None else 2)
    state, losses = loop.init_state(model, optimizer, mesh=mesh), []
    places = jax.tree.map(lambda leaf: leaf.sharding, state)
    batches = training_toys.stream(rows=8)
    for _ in range(3):
        state, metrics = step(state, next(batches))
        losses.append(float(metrics.loss))
    assert jax.tree.map(lambda leaf: leaf.sharding, state) == places
    assert not any(leaf.is_deleted() for leaf in jax.tree.leaves(held))
    return losses, state, batches, places, held, fingerprint

def restored(saved, other):
    # What one mesh saved, read into the places of another.
    with tempfile.TemporaryDirectory() as folder:
        checkpoints = checkpoint.Checkpoints(folder, keep=1)
        checkpoints.save(3, saved[1], saved[2], {})
        checkpoints.wait()
        again = checkpoints.restore_latest(other[1])
    assert jax.tree.map(lambda leaf: leaf.sharding, again) == other[3]
    jax.tree.map(np.testing.assert_array_equal, *map(jax.device_get, (again, saved[1])))

mesh = sharding.mesh(data=2, fsdp=2, tensor=2)
MORE = config.LoraConfig(
    rank=2, alpha=6, targets=("q", "out", "down"), dora=True, rank_stabilized=True)
for settings, dtype, kept in (
    (config.AdapterConfig(size=4), "bfloat16", {}),
    (MORE, "int8", {"ema": 0.5, "moments_dtype": "bfloat16"}),
):
    one, many = (train(place, settings, dtype, **kept) for place in (None, mesh))
    places, held = many[3].params, nnx.to_pure_dict(many[4])
    assert many[5] == one[5]
    np.testing.assert_allclose(many[0], one[0], rtol=1e-5)
    both = (jax.device_get(state.params) for state in (many[1], one[1]))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=2e-4), *both)
    kernels, base = places["blocks"]["attention"], held["blocks"]["attention"]
    assert "tensor" in str(base["q"].sharding.spec)
    if kept:
        assert "fsdp" in str(kernels["lora_q"]["a"].spec)
        assert "tensor" in str(kernels["lora_q"]["b"].spec)
        assert "tensor" in str(kernels["lora_q"]["magnitude"].spec)
        assert base["q"].dtype == "int8" and "tensor" in str(base["q_scale"].sharding.spec)
        assert averaging.of_state(many[3].optimizer).average == places
        restored(many, one)
        restored(one, many)
leaf = held["blocks"]["attention"]["q"]  # 200 times, it would hang if all were under way at once
sums = checksums.digests({str(index): leaf for index in range(200)})
assert set(sums.values()) == {int(checksums.digest(leaf))}
print("same")
"""


def test_a_step_on_a_mesh_equals_the_step_on_one_device():
    here = pathlib.Path(__file__).resolve().parent
    environment = os.environ | {
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": f"--xla_force_host_platform_device_count=8 {training_toys.QUICK_COMPILE}",
        "PYTHONPATH": os.pathsep.join(map(str, (here.parents[1], here.parent, here))),
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.endswith("same\n"), done.stderr
