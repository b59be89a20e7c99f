"""Tests for flanlike/models/layers.py."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import model_toys
import numpy as np
import pytest
from flax import nnx

from flanlike.models import embeddings, layers


@pytest.mark.parametrize("has_bias", [False, True])
def test_grouped_attention_equals_repeated_heads(has_bias: bool) -> None:
    keys = jax.random.split(jax.random.key(0), 5)
    q_BTNH = jax.random.normal(keys[0], (2, 3, 4, 8))
    k_BSKH, v_BSKH = (jax.random.normal(key, (2, 5, 2, 8)) for key in keys[1:3])
    bias_1NTS = jax.random.normal(keys[3], (1, 4, 3, 5)) if has_bias else None
    mask_BTS = jax.random.bernoulli(keys[4], 0.6, (2, 3, 5)).at[:, :, 1].set(True)
    k_BSNH, v_BSNH = jnp.repeat(k_BSKH, 2, axis=2), jnp.repeat(v_BSKH, 2, axis=2)
    logits_BNTS = jnp.einsum("BTNH,BSNH->BNTS", q_BTNH, k_BSNH) + (bias_1NTS if has_bias else 0)
    weights_BNTS = jax.nn.softmax(jnp.where(mask_BTS[:, None], logits_BNTS, -jnp.inf))
    expected = jnp.einsum("BNTS,BSNH->BTNH", weights_BNTS, v_BSNH)
    for k, v in [(k_BSKH, v_BSKH), (k_BSNH, v_BSNH)]:
        found = layers.attention(q_BTNH, k, v, mask_BTS, bias_1NTS)
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_who_sees_nothing_has_a_finite_output_and_gradient() -> None:
    q_BTNH, k_BSNH, v_BSNH = jax.random.normal(jax.random.key(0), (3, 1, 2, 4, 8))
    mask_BTS = jnp.array([[[True, False], [False, False]]])

    def total(*arrays: jax.Array) -> jax.Array:
        return jnp.square(layers.attention(*arrays, mask_BTS, softcap=5.0)).sum()

    found = layers.attention(q_BTNH, k_BSNH, v_BSNH, mask_BTS)
    np.testing.assert_allclose(found[0, 0], v_BSNH[0, 0], atol=1e-6)
    np.testing.assert_allclose(found[0, 1], v_BSNH[0].mean(axis=0), atol=1e-6)
    for gradient in jax.grad(total, (0, 1, 2))(q_BTNH, k_BSNH, v_BSNH):
        assert np.isfinite(gradient).all()


def test_a_mask_is_of_booleans() -> None:
    x = jnp.ones((1, 2, 1, 8))
    with pytest.raises(TypeError, match="a mask of float32 says not who sees whom"):
        layers.attention(x, x, x, jnp.zeros((1, 2, 2)))


def test_project_equals_the_einsum() -> None:
    x_BTNH = jax.random.normal(jax.random.key(0), (2, 3, 4, 5))
    kernel = nnx.Param(jax.random.normal(jax.random.key(1), (4, 5, 6)))
    np.testing.assert_allclose(
        layers.project(x_BTNH, kernel, "float32", inputs=2),
        jnp.einsum("BTNH,NHD->BTD", x_BTNH, kernel[...]),
        rtol=1e-5,
    )


def test_dropout_keeps_the_mean_and_needs_a_key() -> None:
    x = jnp.ones((1000,))
    dropped = layers.dropout(x, 0.25, jax.random.key(0))
    assert sorted(set(dropped.tolist())) == [0.0, pytest.approx(4 / 3)]
    assert float(dropped.mean()) == pytest.approx(1.0, abs=0.1)
    assert layers.dropout(x, 0.25, None) is x


def test_dropped_attention_weights_keep_their_mean() -> None:
    """With values of one, what comes out is the sum of the weights that stay."""
    q_BTNH, k_BSNH = jax.random.normal(jax.random.key(0), (2, 1, 64, 4, 8))
    v_BSNH, mask_BTS = jnp.ones((1, 64, 4, 8)), jnp.ones((1, 64, 64), bool)
    of = functools.partial(layers.attention, q_BTNH, k_BSNH * 1e-3, v_BSNH, mask_BTS, rate=0.25)
    np.testing.assert_array_equal(of(), layers.attention(q_BTNH, k_BSNH * 1e-3, v_BSNH, mask_BTS))
    sums = np.stack([of(key=jax.random.key(seed)) for seed in range(20)])[..., 0]
    # Nearly equal weights: 64 of 1/64, each dropped or 4/3 of itself.
    kept = np.rint(sums * 64 * 3 / 4)
    np.testing.assert_allclose(sums, kept * 4 / 3 / 64, atol=1e-3)
    assert kept.mean() / 64 == pytest.approx(0.75, abs=0.03)
    assert sums.mean() == pytest.approx(1.0, abs=0.03)
    assert (kept == kept[:, :, :1]).all()  # the same keys for all queries ...
    assert (kept != kept[:, :, :, :1]).any() and (kept != kept[:1]).any()  # ... of one head
    np.testing.assert_array_equal(of(key=jax.random.key(3)), of(key=jax.random.key(3)))


def test_a_plain_feed_forward_has_no_gate() -> None:
    config = dataclasses.replace(model_toys.DECODER, is_gated=False, activation="relu", layers=1)
    hidden = layers.FeedForward(config, 1, rngs=nnx.Rngs(params=0))
    assert sorted(dict(nnx.to_flat_state(nnx.state(hidden, nnx.Param)))) == [("down",), ("up",)]
    graphdef, params = nnx.split(hidden)
    one_layer = nnx.merge(graphdef, jax.tree.map(lambda leaf: leaf[0], params))
    x_BTD = jax.random.normal(jax.random.key(0), (1, 2, 16))
    up_DF, down_FD = params["up"][...][0], params["down"][...][0]
    expected_BTD = jnp.maximum(x_BTD @ up_DF, 0) @ down_FD
    np.testing.assert_allclose(one_layer(x_BTD, None), expected_BTD, atol=1e-5)


@pytest.mark.parametrize("is_tied", [True, False])
def test_a_scaled_head_divides_by_the_root_of_the_size(is_tied: bool) -> None:
    config = dataclasses.replace(model_toys.DECODER, vocab_size=5, tied_embeddings=is_tied)
    scaled = dataclasses.replace(config, scale_head=True)
    x_BTD = jax.random.normal(jax.random.key(0), (1, 2, 16))
    plain, divided = (
        embeddings.Embedding(c, rngs=nnx.Rngs(params=0)).logits(x_BTD) for c in (config, scaled)
    )
    np.testing.assert_allclose(divided, plain / 4, atol=1e-6)


def test_caps_bend_logits() -> None:
    x = jnp.array([0.01, 100.0, -100.0])
    np.testing.assert_allclose(layers.capped(x, 5.0), [0.01, 5.0, -5.0], rtol=1e-4)
    assert layers.capped(x, 0.0) is x


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"key_value_heads": 3}, "query_heads 4 must be a multiple of key_value_heads 3"),
        ({"head_size": 7}, "head_size 7 times rotary_share 1.0 must be even"),
        ({"rotary_share": 0.4}, "head_size 8 times rotary_share 0.4 must be even"),
        ({"rotary_share": 1.5}, "the share between 0 and 1"),
        ({"learned_positions": True}, "learned_positions with max_positions 0: expected"),
        ({"encoder_layers": 2}, "a decoder has none"),
        ({"family": "encoder_decoder"}, "an encoder_decoder needs at least one"),
        ({"layer_pattern": "lg"}, "layer_pattern 'lg' with window 0: expected"),
        ({"layer_pattern": "lx", "window": 4}, "letters 'l' .local., 'g' .global. and 'n'"),
        ({"rope_scaling": "lama3"}, "unknown rope_scaling 'lama3': did you mean 'llama3'"),
        ({"rope_scaling": "longrope"}, "with 0 and 0 rope_short_factors .* each of 4 pairs"),
        ({"rope_long_factors": (1.0,) * 4}, "and no factors without it"),
        ({"activation": "gelo"}, "unknown activation 'gelo': did you mean 'gelu'"),
        ({"layers": 0}, "layers 0 must be a whole number from 1 to 2147483647"),
        ({"key_value_heads": 0}, "key_value_heads 0 must be a whole number from 1"),
        ({"window": -1}, "window -1 must be a whole number from 0"),
        ({"norm_eps": float("nan")}, "norm_eps nan must be a number of 0 or more"),
        ({"rope_theta": 0.0}, "rope_theta 0.0 must be a number above 0"),
        ({"tied_embeddings": None}, "tied_embeddings None must be true or false"),
        ({"dropout": 1.0}, "dropout 1.0 must be at least 0 and below 1"),
        (
            {"family": "encoder_decoder", "encoder_layers": 2, "attention": "prefix"},
            "attention 'prefix' is for family 'decoder'",
        ),
    ],
)
def test_config_refuses(changes: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(model_toys.DECODER, **changes)
