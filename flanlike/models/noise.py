"""Noise on embeddings in training: NEFTune (Jain et al. 2023)."""

import jax
import jax.numpy as jnp


def neftune(segment_ids_BT: jax.Array, size: int, alpha: float, key: jax.Array) -> jax.Array:
    """Returns noise BTD for embeddings: uniform, at most alpha / sqrt(L D), and 0 on padding.

    L is the number of tokens of the token's own example, which is a segment of its row, and D the
    size of the model: algorithm 1 of the paper, example by example.
    """
    segment_ids_BT = jnp.asarray(segment_ids_BT)
    same_BTT = segment_ids_BT[:, :, None] == segment_ids_BT[:, None, :]
    most_BT = alpha * jax.lax.rsqrt(size * same_BTT.sum(axis=-1, dtype=jnp.float32))
    most_BT = jnp.where(segment_ids_BT > 0, most_BT, 0)
    shape = (*segment_ids_BT.shape, size)
    return most_BT[..., None] * jax.random.uniform(key, shape, minval=-1, maxval=1)
