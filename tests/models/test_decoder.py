"""What a layer reads and adds, as the configuration says it; and learned positions."""

import dataclasses

import jax
import jax.numpy as jnp
import model_toys
import numpy as np
import pytest
from flax import nnx

from flanlike.models import config as model_config
from flanlike.models import decoder, embeddings, layers, views

X_BTD = jax.random.normal(jax.random.key(0), (1, 3, 16))
MASK_BTS = jnp.tril(jnp.ones((3, 3), bool))[None]


def _config(**changes) -> model_config.ModelConfig:
    return dataclasses.replace(model_toys.DECODER, rotary_share=0.0, **changes)


def _layer(config: model_config.ModelConfig) -> decoder.Block:
    """Returns a block of one layer as a layer's code sees it, its norms and biases drawn."""
    block = decoder.Block(dataclasses.replace(config, layers=1), rngs=nnx.Rngs(params=1))
    state = nnx.state(block)
    rng = np.random.default_rng(2)
    nnx.update(
        block,
        jax.tree.map(lambda leaf: leaf[0] + 0.3 * rng.standard_normal(leaf.shape[1:]), state),
    )
    return block


def _parts(block: decoder.Block, read_BTD: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Returns what attention and feed-forward make of that, without norms."""
    q_BTNH = block.attention.queries(read_BTD)
    own = block.attention.keys_values(read_BTD)
    return block.attention.attend(q_BTNH, *own, MASK_BTS), block.hidden(read_BTD, None)


def _called(block: decoder.Block) -> jax.Array:
    return block(X_BTD, view=views.View(None, MASK_BTS))[0]


def test_both_parts_may_read_the_layers_own_input():
    block = _layer(_config(is_parallel=True, norm="layer", out_biases=True, hidden_biases=True))
    attended_BTD, _ = _parts(block, block.attention_norm(X_BTD))
    _, hidden_BTD = _parts(block, block.hidden_norm(X_BTD))
    np.testing.assert_allclose(_called(block), X_BTD + attended_BTD + hidden_BTD, atol=1e-5)


def test_norms_may_be_after_the_parts_alone():
    block = _layer(_config(norms_before=False, norms_after=True))
    assert not hasattr(block, "attention_norm") and not hasattr(block, "hidden_norm")
    after_BTD = X_BTD + block.attention_after_norm(_parts(block, X_BTD)[0])
    expected_BTD = after_BTD + block.hidden_after_norm(_parts(block, after_BTD)[1])
    np.testing.assert_allclose(_called(block), expected_BTD, atol=1e-5)


def test_what_the_parts_add_may_be_multiplied():
    block = _layer(_config(residual_multiplier=0.25))
    after_BTD = X_BTD + 0.25 * _parts(block, block.attention_norm(X_BTD))[0]
    expected_BTD = after_BTD + 0.25 * _parts(block, block.hidden_norm(after_BTD))[1]
    np.testing.assert_allclose(_called(block), expected_BTD, atol=1e-5)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({}, 8**-0.5), ({"query_scalar": 4}, 0.5), ({"attention_multiplier": 0.125}, 0.125)],
)
def test_queries_carry_the_scale_of_attention(changes, expected):
    block = _layer(_config(**changes))
    q_BTNH = layers.project(X_BTD, block.attention.q, "float32")
    np.testing.assert_allclose(block.attention.queries(X_BTD), expected * q_BTNH, atol=1e-6)


def test_biases_are_added_to_every_projection():
    names = ("query_key_value_biases", "out_biases", "hidden_biases")
    block = _layer(_config(**dict.fromkeys(names, True)))
    for part, kernel in (
        *((block.attention, name) for name in "qkv"),
        *((block.hidden, name) for name in ("gate", "up")),
    ):
        plain = layers.project(X_BTD, getattr(part, kernel), "float32")
        biased = plain + getattr(part, f"{kernel}_bias")[...]
        np.testing.assert_allclose(part.project(X_BTD, kernel), biased, atol=1e-6)
    assert {"out_bias"} < set(vars(block.attention)) and "down_bias" in vars(block.hidden)


def test_embeddings_and_logits_may_be_multiplied():
    plain, scaled = (
        embeddings.Embedding(config, rngs=nnx.Rngs(params=0))
        for config in (_config(), _config(embedding_multiplier=3.0, logit_divisor=4.0))
    )
    np.testing.assert_allclose(scaled(jnp.array([[5]])), 3 * plain(jnp.array([[5]])), rtol=1e-6)
    np.testing.assert_allclose(scaled.logits(X_BTD), plain.logits(X_BTD) / 4, rtol=1e-5)


def test_learned_positions_are_rows_of_a_table():
    config = _config(learned_positions=True, max_positions=6)
    table = embeddings.PositionEmbedding(config, rngs=nnx.Rngs(params=0))
    found_BTD = table(jnp.array([[0, 1, 0], [5, 2, 2]]))
    np.testing.assert_array_equal(found_BTD, table.table[...][jnp.array([[0, 1, 0], [5, 2, 2]])])
