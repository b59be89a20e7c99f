"""Where tokens stand and which of them see each other: rotations, distances and masks."""

import math

import jax
import jax.numpy as jnp

from flanlike.models import config as model_config

# Finite, so that the softmax of a fully masked row is finite too; exp of it is exactly 0.
MASKED = -1e30


def rotation(
    positions_BT: jax.Array,
    config: model_config.ModelConfig,
    *,
    kind: str = "g",
    reach_BT: jax.Array | None = None,
) -> jax.Array | None:
    """Returns cosines and sines (2, B, T, 1, P) by which rotary positions turn P pairs of a head.

    `kind` is the layers' letter in `ModelConfig.layer_pattern`; those of kind n turn by nothing.
    None is for a model that has no rotation at all.

    A model that is to read farther than it once did has its wavelengths stretched by a factor:
    "linear" all of them; "llama3" and "yarn" the long ones, which make few turns over the original
    length, while short ones stay and those between are mixed, by turns or by index. Wavelengths of
    layers with a window stay where those have a base of their own.

    "longrope" (Ding et al. 2024, arXiv:2402.13753) has a factor for each wavelength, in two lists:
    for texts within the original length, and for those that reach beyond it. Which list it is,
    `reach_BT` says: how far each token's segment reaches. So a segment is turned the same whatever
    is beside it in the row or in the batch, where transformers lets the longest row of a call
    decide for all.
    """
    half = config.rotary_size // 2
    if not half:
        return None
    if kind == "n":
        unturned = jnp.ones((*positions_BT.shape, 1, half), jnp.float32)
        return jnp.stack([unturned, jnp.zeros_like(unturned)])
    has_own_base = kind == "l" and config.rope_local_theta > 0
    theta = config.rope_local_theta if has_own_base else config.rope_theta
    wavelengths = theta ** (jnp.arange(half, dtype=jnp.float32) / half)
    if config.rope_scaling == "longrope" and not has_own_base:
        wavelengths = wavelengths * _factors(reach_BT, config)
    elif config.rope_scaling != "none" and not has_own_base:
        kept = _kept_share(wavelengths, config)
        wavelengths = wavelengths / (kept + (1.0 - kept) / config.rope_factor)
    angles = positions_BT[:, :, None, None].astype(jnp.float32) / wavelengths
    turned = jnp.stack([jnp.cos(angles), jnp.sin(angles)])
    return (
        turned if config.rope_magnitude == 1.0 or has_own_base else turned * config.rope_magnitude
    )


def _factors(reach_BT: jax.Array | None, config: model_config.ModelConfig) -> jax.Array:
    """Returns the factors BT1P of longrope: the long ones where a segment reaches so far."""
    if reach_BT is None:
        raise ValueError("longrope needs to know how far each token's segment reaches")
    short_P, long_P = jnp.array(config.rope_short_factors), jnp.array(config.rope_long_factors)
    is_long_BT = reach_BT > config.rope_original_tokens
    return jnp.where(is_long_BT[:, :, None, None], long_P, short_P)


def reach(positions_BT: jax.Array, segment_ids_BT: jax.Array) -> jax.Array:
    """Returns how far the segment of each token reaches: its last position, counted from 1.

    Options that follow one prompt are of its segment, and the longest of them counts.

    ```
    segments   [1 1 1 2 2 0]
    positions  [0 1 2 0 1 0]
    reach      [3 3 3 2 2 1]
    ```
    """
    is_own_BTS = segment_ids_BT[:, :, None] == segment_ids_BT[:, None, :]
    return jnp.max(jnp.where(is_own_BTS, positions_BT[:, None, :], 0), axis=2) + 1


def _kept_share(wavelengths: jax.Array, config: model_config.ModelConfig) -> jax.Array:
    """Returns how much of each pair's frequency is not divided by the factor, in [0, 1]."""
    low, high = config.rope_low_turns, config.rope_high_turns
    if config.rope_scaling == "linear":
        return jnp.zeros_like(wavelengths)
    if config.rope_scaling == "llama3":
        turns = config.rope_original_tokens / (2 * math.pi * wavelengths)
        return jnp.clip((turns - low) / (high - low), 0.0, 1.0)

    def index_at(turns: float) -> float:
        """Returns where among the pairs one makes so many turns."""
        wavelength = config.rope_original_tokens / (turns * 2 * math.pi)
        return config.rotary_size * math.log(wavelength) / (2 * math.log(config.rope_theta))

    first = max(math.floor(index_at(high)), 0)
    last = min(math.ceil(index_at(low)), config.rotary_size - 1)
    width = max(last - first, 0.001)
    return 1.0 - jnp.clip((jnp.arange(config.rotary_size // 2) - first) / width, 0.0, 1.0)


def rotate(x_BTNH: jax.Array, rotation: jax.Array | None) -> jax.Array:
    """Turns pair (i, i + P) of every head by its token's angle i; None turns nothing.

    What a head has beyond its P pairs stays.
    """
    if rotation is None:
        return x_BTNH
    cos, sin = rotation
    pairs = cos.shape[-1]
    a, b, rest = jnp.split(x_BTNH.astype(jnp.float32), [pairs, 2 * pairs], axis=-1)
    turned = jnp.concatenate([a * cos - b * sin, b * cos + a * sin, rest], axis=-1)
    return turned.astype(x_BTNH.dtype)


def decoder_mask(
    segment_ids_BT: jax.Array,
    *,
    is_prefix_BT: jax.Array | None = None,
    branch_ids_BT: jax.Array | None = None,
) -> jax.Array:
    """Returns which token (T) sees which (S), as booleans BTS.

    A token sees itself and the earlier ones of its segment; with `is_prefix_BT`, tokens of the
    inputs see each other both ways. A token of branch 3 sees branches 0 and 3 alone: so that
    several options continue one prompt (branch 0). Padding (segment 0) sees only itself, which
    keeps its softmax finite, and nothing sees padding.

    ```
    segments  [1 1 1 1 2 0]
    branches  [0 0 1 2 0 0]
    row 3 sees [1 1 0 1 0 0]
    ```
    """
    T = segment_ids_BT.shape[1]
    is_earlier_TS = jnp.arange(T)[:, None] >= jnp.arange(T)[None, :]
    is_visible_BTS = is_earlier_TS[None]
    if is_prefix_BT is not None:
        is_visible_BTS = is_visible_BTS | (is_prefix_BT[:, :, None] & is_prefix_BT[:, None, :])
    is_visible_BTS = is_visible_BTS & cross_mask(segment_ids_BT, segment_ids_BT)
    if branch_ids_BT is not None:
        source_BTS = branch_ids_BT[:, None, :]
        is_visible_BTS &= (source_BTS == 0) | (source_BTS == branch_ids_BT[:, :, None])
    return is_visible_BTS | jnp.eye(T, dtype=bool)[None]


def cross_mask(segment_ids_BT: jax.Array, source_segment_ids_BS: jax.Array) -> jax.Array:
    """Returns, as booleans BTS, which pairs lie in the same segment and are no padding."""
    source_BTS = source_segment_ids_BS[:, None, :]
    return (segment_ids_BT[:, :, None] == source_BTS) & (source_BTS != 0)


def is_near(positions_BT: jax.Array, window: int) -> jax.Array:
    """Returns, as booleans BTS, which positions are less than the window apart.

    By positions and not by places in the row: options that follow one prompt (`decode`)
    stand apart and are all next to its end.
    """
    return jnp.abs(positions_BT[:, :, None] - positions_BT[:, None, :]) < window


def is_within(positions_BT: jax.Array, *, before: int, after: int) -> jax.Array:
    """Returns, as booleans BTS, which positions S are in reach of T: so many before and after it.

    ```
    before 1, after 2   position 3 sees 2 3 4 5
    ```
    """
    ahead_BTS = positions_BT[:, None, :] - positions_BT[:, :, None]
    return (ahead_BTS >= -before) & (ahead_BTS <= after)


def is_among_last(is_visible_B1S: jax.Array, window: int) -> jax.Array:
    """Returns, as booleans B1S, the last so many of the slots that the newest token sees.

    ```
    window 3   visible [1 1 1 0 1 1 0]  ->  [0 0 1 0 1 1 0]
    ```
    """
    later_B1S = jnp.cumsum(is_visible_B1S[..., ::-1], axis=-1)[..., ::-1]
    return is_visible_B1S & (later_B1S <= window)


def addend(mask_BTS: jax.Array) -> jax.Array:
    """Returns what a boolean mask adds to attention logits, as float32 B1TS.

    Added, it takes no part in the gradient, for which a selection would keep the mask of every
    layer that has another.
    """
    if mask_BTS.dtype != bool:
        raise TypeError(f"a mask of {mask_BTS.dtype} says not who sees whom: give booleans")
    return jnp.where(mask_BTS, 0.0, MASKED)[:, None].astype(jnp.float32)


def relative_buckets(
    distances: jax.Array, *, is_bidirectional: bool, buckets: int, max_distance: int
) -> jax.Array:
    """Returns T5's bucket of each distance (key minus query).

    Half the buckets are for exact distances, half for logarithmic ranges up to `max_distance`;
    bidirectional, the upper half of all is for keys after the query.
    """
    offset = 0
    if is_bidirectional:
        buckets //= 2
        offset = jnp.where(distances > 0, buckets, 0)
        distances = jnp.abs(distances)
    else:
        distances = jnp.maximum(-distances, 0)
    exact = buckets // 2
    ratio = jnp.log(jnp.maximum(distances, 1) / exact) / math.log(max_distance / exact)
    far = exact + (ratio * (buckets - exact)).astype(jnp.int32)
    return offset + jnp.where(distances < exact, distances, jnp.minimum(far, buckets - 1))
