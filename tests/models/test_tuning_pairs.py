"""Low-rank pairs as people use them: rank-stabilized, with DoRA's magnitudes, with dropout."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import tuning_toys as toys
from flax import nnx

from flanlike import config, errors, models
from flanlike.models import attention_maps, layers, quantized, tuning
from flanlike.training import loop, optim

DORA = dataclasses.replace(toys.LORA, dora=True)
DROPPING = dataclasses.replace(toys.LORA, dropout=0.5)


def tuned(settings, family="decoder", *, base_dtype="float32"):
    model = models.build(toys.FAMILIES[family], seed=0)
    quantized.cast(model, base_dtype)
    tuning.attach(model, settings, seed=0)
    return model


def test_the_scale_of_a_pair():
    settings = config.LoraConfig(rank=16, alpha=8)
    assert settings.scale == 0.5
    assert dataclasses.replace(settings, rank_stabilized=True).scale == 2.0
    model = tuned(dataclasses.replace(toys.LORA, rank=4, rank_stabilized=True))
    assert model.blocks.attention.lora_q.scale == 3.0


@pytest.mark.parametrize(
    "family, base_dtype", [("decoder", "float32"), ("encoder_decoder", "int8")]
)
def test_dora_starts_as_the_base_and_computes_its_merged_kernels(family, base_dtype):
    batch = toys.batch(family)
    base = models.build(toys.FAMILIES[family], seed=0)
    quantized.cast(base, base_dtype)
    expected = toys.logits_of(base, batch)
    model = tuned(DORA, family, base_dtype=base_dtype)
    np.testing.assert_allclose(toys.logits_of(model, batch), expected, atol=1e-5)
    stack = model.blocks if family == "decoder" else model.decoder
    pair, kernel = stack.hidden.lora_up, quantized.whole(stack.hidden, ("up",))
    sizes_LF = np.linalg.norm(kernel, axis=1)
    np.testing.assert_allclose(pair.magnitude[...], sizes_LF, rtol=1e-5)

    found = toys.logits_of(toys.shaken(model), batch)
    assert np.abs(found - expected).max() > 1e-2
    # m V / |V|, by hand.
    changed = np.asarray(kernel) + 3 * np.einsum("LDR,LRF->LDF", pair.a[...], pair.b[...])
    by_hand = changed * (pair.magnitude[...] / np.linalg.norm(changed, axis=1))[:, None]
    tuning.merge(model)
    np.testing.assert_allclose(stack.hidden.up[...], by_hand, atol=1e-5)
    np.testing.assert_allclose(toys.logits_of(model, batch), found, atol=1e-4, rtol=1e-4)
    assert nnx.split(model)[0] == nnx.split(models.build(toys.FAMILIES[family], seed=0))[0]


def test_the_gradient_takes_the_size_of_the_changed_kernel_as_a_constant():
    """d/dm = sum(x (y V/|V|)) and dB = m/|V| s A^T dW, for y = x m V/|V|."""
    model = toys.shaken(tuned(DORA))
    sublayer = nnx.merge(*nnx.split(model.blocks.hidden))
    sublayer = jax.tree.map(lambda leaf: leaf[0], sublayer)  # of the first layer
    x_MD = jax.random.normal(jax.random.key(0), (5, 16))
    graph, moved, rest = nnx.split(sublayer, tuning.Tuned, ...)

    def total(moved):
        return nnx.merge(graph, moved, rest).project(x_MD, "up").sum()

    found = nnx.to_pure_dict(jax.grad(total)(moved))["lora_up"]
    pair = sublayer.lora_up
    a, b, m = (np.asarray(one[...]) for one in (pair.a, pair.b, pair.magnitude))
    changed = np.asarray(sublayer.up[...]) + 3 * a @ b
    sizes_F = np.linalg.norm(changed, axis=0)
    of_kernel = np.repeat(np.asarray(x_MD).sum(axis=0)[:, None], len(m), axis=1)  # DF
    np.testing.assert_allclose(
        found["magnitude"], (of_kernel * changed / sizes_F).sum(axis=0), rtol=1e-3, atol=1e-4
    )
    np.testing.assert_allclose(
        found["b"], 3 * a.T @ (of_kernel * m / sizes_F), rtol=1e-3, atol=1e-4
    )


def test_a_channel_of_zeros_stays_finite():
    model = models.build(toys.FAMILIES["decoder"], seed=0)
    up = model.blocks.hidden.up
    up.set_value(up[...].at[:, :, 3].set(0))
    tuning.attach(model, DORA, seed=0)
    assert np.isfinite(toys.logits_of(model, toys.batch("decoder"))).all()


@pytest.mark.parametrize("is_dora", [False, True])
def test_dropout_is_on_what_the_pair_reads(is_dora):
    """With DoRA so too on the kernel's own part in its new size, as peft has it."""
    model = toys.shaken(tuned(dataclasses.replace(DROPPING, dora=is_dora)))
    tuning.begin_dropout(model, jax.random.key(7))
    sublayer = jax.tree.map(lambda leaf: leaf[1], nnx.merge(*nnx.split(model.blocks.hidden)))
    pair, x_MD = sublayer.lora_up, jax.random.normal(jax.random.key(0), (5, 16))
    dropped = layers.dropout(x_MD, 0.5, pair.keys[...])
    assert 0.2 < (dropped == 0).mean() < 0.8
    kernel, change = sublayer.up[...], pair.change()
    expected = x_MD @ kernel + dropped @ change
    if is_dora:
        gain = pair.magnitude[...] / np.linalg.norm(kernel + change, axis=0)
        expected = x_MD @ kernel + (gain - 1) * (dropped @ kernel) + gain * (dropped @ change)
    np.testing.assert_allclose(sublayer.project(x_MD, "up"), expected, atol=1e-4)
    others = [one.keys[...] for one in (sublayer.lora_gate, sublayer.lora_down)]
    others.append(model.blocks.hidden.lora_up.keys[...][0])
    drawn = {np.asarray(jax.random.key_data(key)).tobytes() for key in (*others, pair.keys[...])}
    assert len(drawn) == 4  # each pair and layer drops others


@pytest.mark.parametrize("remat", ["none", "full"])
def test_only_training_drops_and_step_and_seed_say_what(remat):
    shape = dataclasses.replace(toys.FAMILIES["decoder"], remat=remat)
    model = models.build(shape, seed=0)
    tuning.attach(model, DROPPING, seed=0)
    toys.shaken(model)
    batch, sgd = toys.batch("decoder"), optax.sgd(0.0)
    logits = toys.logits_of(model, batch)

    def losses(seed, micro_batches):
        step = loop.make_train_step(
            model, sgd, lambda _: jnp.zeros(()), seed=seed, micro_batches=micro_batches
        )
        state, found = jax.tree.map(jnp.copy, loop.init_state(model, sgd)), []
        for _ in range(2):
            state, metrics = step(state, batch)
            found.append(float(metrics.loss))
        return found

    first = losses(0, 3)
    assert losses(0, 3) == first and len({*first, *losses(1, 3), *losses(0, 1)}) == 6
    np.testing.assert_array_equal(toys.logits_of(model, batch), logits)
    assert not hasattr(model.blocks.attention.lora_q, "keys")


def test_it_learns_on_a_base_in_8_bits():
    settings = dataclasses.replace(DORA, dropout=0.1, rank_stabilized=True)
    model = tuned(settings, base_dtype="int8")
    before = {path: v.get_value() for path, v in quantized.kept(model).items()}
    optimizer = optim.build(
        config.OptimConfig(peak_lr=2e-2, warmup_steps=1, schedule="constant", weight_decay=0.1), 20
    )
    step = loop.make_train_step(model, optimizer, lambda _: jnp.zeros(()))
    state, losses = loop.init_state(model, optimizer), []
    for _ in range(20):
        state, metrics = step(state, toys.batch("decoder"))
        losses.append(float(metrics.loss))
    assert np.mean(losses[-5:]) < np.mean(losses[:5]) - 0.1
    for path, variable in quantized.kept(model).items():
        assert variable.get_value() is before[path]
    assert not optim.decay_mask(state.params)["blocks"]["hidden"]["lora_up"]["magnitude"]


def test_all_linear_is_every_kernel_that_the_model_has():
    settings = config.LoraConfig(targets=("all-linear",))
    shapes = (
        toys.FAMILIES["decoder"],
        dataclasses.replace(toys.FAMILIES["decoder"], is_gated=False),
    )
    for shape, count in zip(shapes, (7, 6), strict=True):
        model = models.build(shape, seed=0)
        tuning.attach(model, dataclasses.replace(settings, rank=2), seed=0)
        pairs = [one for _, one in nnx.iter_modules(model) if isinstance(one, tuning.LowRank)]
        assert len(pairs) == count
    for wrong in (("all-linear", "q"), ("all-linear", "all-linear")):
        with pytest.raises(errors.UserError, match="--lora.targets is .*all-linear"):
            config.LoraConfig(targets=wrong)


def test_what_was_added_can_be_taken_away():
    model = tuned(DORA, base_dtype="int8")
    base = models.build(toys.FAMILIES["decoder"], seed=0)
    quantized.cast(base, "int8")
    tuning.detach(model)
    assert nnx.split(model)[0] == nnx.split(base)[0]


def test_effects_of_heads_are_those_of_the_merged_projection():
    """The maps of attention read kernels in 8 bits, and with DoRA, as they are computed with."""
    model = toys.shaken(tuned(DORA, base_dtype="int8"))
    batch, tokens_BM = toys.batch("decoder"), jnp.array([[5, 9]] * 3)

    def effects(model):
        readout = attention_maps.readout_of(model, tokens_BM)
        return model.observe(batch, lambda *one: attention_maps.effects(*one, readout))

    found = jax.jit(lambda state: effects(nnx.merge(nnx.split(model)[0], state)))(
        nnx.split(model)[1]
    )
    assert np.abs(found).max() > 1e-3
    merged = toys.shaken(tuned(DORA, base_dtype="int8"))
    tuning.merge(merged)
    np.testing.assert_allclose(effects(merged), found, atol=1e-3, rtol=1e-3)
