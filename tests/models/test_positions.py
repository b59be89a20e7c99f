"""Tests for flanlike/models/positions.py."""

import dataclasses
import math

import jax
import jax.numpy as jnp
import model_toys
import numpy as np
import pytest

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
    config = model_toys.DECODER
    q_BTNH, k_BTNH = jax.random.normal(jax.random.key(0), (2, 1, 2, 4, 8))
    products = []
    for places in ([3, 7], [13, 17]):
        rotation = positions.rotation(jnp.array([places]), config)
        q, k = positions.rotate(q_BTNH, rotation), positions.rotate(k_BTNH, rotation)
        products.append(np.asarray(jnp.einsum("BTNH,BSNH->BNTS", q, k)))
    np.testing.assert_allclose(products[0], products[1], atol=1e-5)


def test_near_is_by_position_and_the_last_by_slot() -> None:
    # Two options after a prompt of two tokens, each at position 2.
    near_BTS = positions.is_near(jnp.array([[0, 1, 2, 2]]), 2)
    assert near_BTS[0].astype(int).tolist() == [
        [1, 1, 0, 0],
        [1, 1, 1, 1],
        [0, 1, 1, 1],
        [0, 1, 1, 1],
    ]
    visible_B1S = jnp.array([[[1, 1, 1, 0, 1, 1, 0]]]).astype(bool)
    last_B1S = positions.is_among_last(visible_B1S, 3)
    assert last_B1S[0, 0].astype(int).tolist() == [0, 0, 1, 0, 1, 1, 0]


def _angles(**changes) -> list[float]:
    """Returns by what angle position 1 turns each of four pairs."""
    config = dataclasses.replace(model_toys.DECODER, rope_theta=16.0, **changes)
    cos, sin = positions.rotation(jnp.array([[1]]), config)[:, 0, 0, 0]
    return jnp.arctan2(sin, cos).tolist()


def test_stretched_rotations() -> None:
    plain = [1.0, 0.5, 0.25, 0.125]
    assert _angles() == pytest.approx(plain)
    assert _angles(rope_scaling="linear", rope_factor=4.0) == pytest.approx([a / 4 for a in plain])
    # All turns, half, a quarter and an eighth: kept, half way between, stretched, stretched.
    llama3 = {"rope_scaling": "llama3", "rope_factor": 4.0, "rope_original_tokens": 50}
    turns = 50 / (2 * math.pi)
    bands = {"rope_low_turns": turns / 4, "rope_high_turns": turns * 3 / 4}
    stretched = [1.0, 0.5 * (0.5 + 0.5 / 4), 0.25 / 4, 0.125 / 4]
    assert _angles(**llama3, **bands) == pytest.approx(stretched)
    # All its turns at index 0 and a quarter at index 2 of the 4: between them by index.
    yarn = {"rope_scaling": "yarn", "rope_factor": 4.0, "rope_original_tokens": 50}
    bands = {"rope_low_turns": turns / 4, "rope_high_turns": turns, "rope_magnitude": 2.0}
    assert _angles(**yarn, **bands) == pytest.approx(stretched)
    config = dataclasses.replace(model_toys.DECODER, **yarn, **bands)
    norm = jnp.linalg.norm(positions.rotation(jnp.array([[1]]), config), axis=0)
    assert norm.ravel().tolist() == pytest.approx([2.0] * 4)


LONGROPE = {
    **{"rope_scaling": "longrope", "rope_original_tokens": 3, "rope_magnitude": 2.0},
    **{"rope_short_factors": (1.0, 1.0, 2.0, 2.0), "rope_long_factors": (1.0, 2.0, 4.0, 8.0)},
}


def test_a_segment_that_reaches_beyond_the_original_length_has_long_factors() -> None:
    segments_BT = jnp.array([[1, 1, 1, 2, 2, 2, 2, 2, 0]])
    positions_BT = jnp.array([[0, 1, 2, 0, 1, 2, 3, 3, 0]])  # the second has two options
    reach_BT = positions.reach(positions_BT, segments_BT)
    assert reach_BT.tolist() == [[3, 3, 3, 4, 4, 4, 4, 4, 1]]
    config = dataclasses.replace(model_toys.DECODER, rope_theta=16.0, **LONGROPE)
    cos, sin = positions.rotation(positions_BT, config, reach_BT=reach_BT)[:, 0, :, 0]
    angles = jnp.arctan2(sin, cos)
    assert angles[1].tolist() == pytest.approx([1.0, 0.5, 0.25 / 2, 0.125 / 2])
    assert angles[4].tolist() == pytest.approx([1.0, 0.5 / 2, 0.25 / 4, 0.125 / 8])
    assert jnp.hypot(cos, sin).ravel().tolist() == pytest.approx([2.0] * 36)
    with pytest.raises(ValueError, match="longrope needs to know how far"):
        positions.rotation(positions_BT, config)


def test_local_layers_may_have_a_base_of_their_own() -> None:
    config = dataclasses.replace(
        model_toys.DECODER, rope_scaling="linear", rope_factor=4.0, rope_local_theta=16.0, window=8
    )
    local = positions.rotation(jnp.array([[1]]), config, kind="l")
    plain = positions.rotation(
        jnp.array([[1]]), dataclasses.replace(model_toys.DECODER, rope_theta=16.0)
    )
    np.testing.assert_array_equal(local, plain)


def test_part_of_a_head_turns_or_nothing() -> None:
    config = dataclasses.replace(model_toys.DECODER, rope_theta=16.0, rotary_share=0.5)
    rotation = positions.rotation(jnp.array([[1]]), config)
    x_BTNH = jnp.arange(1.0, 9.0).reshape(1, 1, 1, 8)
    first, second = np.cos([1.0, 0.25]), np.sin([1.0, 0.25])
    turned = [*(first * [1, 2] - second * [3, 4]), *(first * [3, 4] + second * [1, 2])]
    found = positions.rotate(x_BTNH, rotation)[0, 0, 0]
    np.testing.assert_allclose(found, [*turned, 5, 6, 7, 8], rtol=1e-5)
    stretched = dataclasses.replace(config, rope_scaling="linear", rope_factor=4, rope_magnitude=2)
    unturned = positions.rotate(x_BTNH, positions.rotation(jnp.array([[1]]), stretched, kind="n"))
    np.testing.assert_array_equal(unturned, x_BTNH)
    none = dataclasses.replace(config, rotary_share=0.0)
    assert positions.rotation(jnp.array([[1]]), none) is None
    assert positions.rotate(x_BTNH, None) is x_BTNH
