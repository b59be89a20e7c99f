"""Tests for flanlike/models/positions.py."""

import jax
import jax.numpy as jnp
import numpy as np

from flanlike.models import config as model_config
from flanlike.models import positions


def test_decoder_mask_separates_segments_and_branches() -> None:
    segment_ids_BT = jnp.array([[1, 1, 1, 1, 2, 0]])
    branch_ids_BT = jnp.array([[0, 0, 1, 2, 0, 0]])
    mask_BTS = positions.decoder_mask(segment_ids_BT, branch_ids_BT=branch_ids_BT)
    assert mask_BTS[0].astype(int).tolist() == [
        [1, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0],
        [1, 1, 0, 1, 0, 0],
        [0, 0, 0, 0, 1, 0],
        [0, 0, 0, 0, 0, 1],
    ]


def test_prefix_sees_itself_both_ways_within_its_segment() -> None:
    mask_BTS = positions.decoder_mask(
        jnp.array([[1, 1, 1, 2, 2]]), is_prefix_BT=jnp.array([[True, True, False, True, True]])
    )
    assert mask_BTS[0].astype(int).tolist() == [
        [1, 1, 0, 0, 0],
        [1, 1, 0, 0, 0],
        [1, 1, 1, 0, 0],
        [0, 0, 0, 1, 1],
        [0, 0, 0, 1, 1],
    ]


def test_cross_mask_pairs_equal_segments_without_padding() -> None:
    mask_BTS = positions.cross_mask(jnp.array([[1, 2, 0]]), jnp.array([[1, 1, 2, 0]]))
    assert mask_BTS[0].astype(int).tolist() == [[1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]


def test_relative_buckets_are_those_of_t5() -> None:
    """32 buckets up to distance 128: exact up to 15 looking back, up to 7 a side both ways."""
    distances = jnp.array([-200, -127, -64, -16, -15, -1, 0, 1, 7, 8, 127, 200])
    back = positions.relative_buckets(
        distances, is_bidirectional=False, buckets=32, max_distance=128
    )
    assert back.tolist() == [31, 31, 26, 16, 15, 1, 0, 0, 0, 0, 0, 0]
    both = positions.relative_buckets(
        distances, is_bidirectional=True, buckets=32, max_distance=128
    )
    assert both.tolist() == [15, 15, 14, 10, 9, 1, 0, 17, 23, 24, 31, 31]


def test_rotary_products_depend_on_the_distance_alone() -> None:
    config = _config()
    q_BTNH, k_BTNH = jax.random.normal(jax.random.key(0), (2, 1, 2, 4, 8))
    products = []
    for places in ([3, 7], [13, 17]):
        rotation = positions.rotation(jnp.array([places]), config)
        q, k = positions.rotate(q_BTNH, rotation), positions.rotate(k_BTNH, rotation)
        products.append(np.asarray(jnp.einsum("BTNH,BSNH->BNTS", q, k)))
    np.testing.assert_allclose(products[0], products[1], atol=1e-5)


def _config() -> model_config.ModelConfig:
    return model_config.ModelConfig(
        family="decoder",
        model_size=16,
        layers=2,
        query_heads=4,
        key_value_heads=2,
        head_size=8,
        hidden_size=24,
    )
