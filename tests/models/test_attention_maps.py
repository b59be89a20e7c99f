"""Attention weights and direct effects, against what the layers themselves compute."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import model_toys
import numpy as np
import pytest
import tuning_toys
from flax import nnx

from flanlike import models
from flanlike.batches import features
from flanlike.models import attention_maps, tuning

GROUPED = model_toys.DECODER
WINDOW = dataclasses.replace(GROUPED, window=3, layer_pattern="lg", rope_local_theta=50.0)
SOFTCAP = dataclasses.replace(
    GROUPED, attention_softcap=0.3, query_key_norms=True, norms_after=True, tied_embeddings=True
)
BIASES = dataclasses.replace(GROUPED, query_key_value_biases=True, norm="layer")
KINDS = {"grouped": GROUPED, "window": WINDOW, "softcap": SOFTCAP, "biases": BIASES}


def _batch():
    """Returns two segments of five and three tokens, and padding."""
    batch = features.empty(1, (0, 10), family="decoder")
    batch.tokens_BT[0, :8] = [5, 6, 7, 8, 9, 21, 22, 23]
    batch.segment_ids_BT[0, :8] = [1] * 5 + [2] * 3
    batch.positions_BT[0, :8] = [0, 1, 2, 3, 4, 0, 1, 2]
    return batch


@functools.cache
def _model(kind):
    """Returns a model with all parameters drawn, so that no norm or bias is as it began."""
    if kind == "lora":
        model = models.build(GROUPED, seed=0)
        tuning.attach(model, tuning_toys.LORA, seed=1)
        return tuning_toys.shaken(model)
    model = models.build(KINDS[kind], seed=0)
    rng = np.random.default_rng(3)
    for norm in (model.final_norm, model.blocks.attention_norm):
        norm.scale[...] = norm.scale[...] + 0.3 * rng.standard_normal(norm.scale.shape, np.float32)
    return model


def _observed(model, look):
    graphdef, params = nnx.split(model)
    return jax.jit(lambda params: nnx.merge(graphdef, params).observe(_batch(), look))(params)


ALL = pytest.mark.parametrize("kind", [*KINDS, "lora"])


@ALL
def test_weights_bring_what_attention_brings(kind):
    def look(block, x_BTD, view):
        normed_BTD = block.attention_norm(x_BTD)
        q_BTNH = block.attention.queries(normed_BTD, view.rotation)
        k_BSKH, v_BSKH = block.attention.keys_values(normed_BTD, view.rotation)
        theirs = block.attention.attend(q_BTNH, k_BSKH, v_BSKH, view.mask_BTS)
        weights_BNTS = attention_maps.weights(block, x_BTD, view)
        v_BSNH = jnp.repeat(v_BSKH, 2, axis=2)
        mixed_BTNH = jnp.einsum("BNTS,BSNH->BTNH", weights_BNTS, v_BSNH)
        return theirs, block.attention.project(mixed_BTNH, "out", inputs=2), weights_BNTS

    theirs, ours, weights_LBNTS = _observed(_model(kind), look)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    np.testing.assert_allclose(weights_LBNTS.sum(-1), 1.0, atol=1e-5)
    sees = np.tril(np.ones((10, 10), bool))
    sees[5:8, :5] = sees[8:, :8] = sees[9, 8] = False
    assert (np.asarray(weights_LBNTS)[:, 0, :, ~sees] == 0).all()
    nearby = np.asarray(weights_LBNTS)[0, 0, :, 4, :2]  # three tokens back and more
    assert (nearby == 0).all() == (kind == "window")


@ALL
def test_effects_add_up_to_what_attention_adds_to_the_logits(kind):
    """Before the last norm, whose factor is the token's that looks, as is that of a norm after."""
    model = _model(kind)
    tokens_BM = jnp.asarray([[5, 9, 30]])
    readout_BMD = attention_maps.readout_of(model, tokens_BM)

    def look(block, x_BTD, view):
        normed_BTD = block.attention_norm(x_BTD)
        q_BTNH = block.attention.queries(normed_BTD, view.rotation)
        own = block.attention.keys_values(normed_BTD, view.rotation)
        added_BTD = block.attention.attend(q_BTNH, *own, view.mask_BTS)
        if model.config.norms_after:
            added_BTD = block.attention_after_norm(added_BTD)
        weights_BNTS = attention_maps.weights(block, x_BTD, view)
        effects_BNSM = attention_maps.effects(block, x_BTD, view, readout_BMD)
        ours_BTM = jnp.einsum("BNTS,BNSM->BTM", weights_BNTS, effects_BNSM)
        return ours_BTM, jnp.einsum("BTD,BMD->BTM", added_BTD, readout_BMD)

    ours, theirs = _observed(model, look)
    if model.config.norms_after:
        ours, theirs = (x / jnp.linalg.norm(x, axis=-1, keepdims=True) for x in (ours, theirs))
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_a_readout_is_what_the_head_reads():
    model = _model("softcap")
    x_BTD = jax.random.normal(jax.random.key(0), (1, 1, 16))
    unit_BTD = x_BTD / jnp.sqrt(jnp.mean(x_BTD**2) + model.config.norm_eps)
    logits = model.logits(model.final_norm(x_BTD))[0, 0, jnp.asarray([4, 7])]
    readout_MD = attention_maps.readout_of(model, jnp.asarray([[4, 7]]))[0]
    np.testing.assert_allclose(readout_MD @ unit_BTD[0, 0], logits, rtol=1e-4)


def test_looking_changes_nothing():
    model = _model("grouped")
    before = model.hidden(_batch())
    model.observe(_batch(), attention_maps.weights)
    np.testing.assert_array_equal(model.hidden(_batch()), before)
