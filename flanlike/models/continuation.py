"""Tokens after prompts, one at a time, on a cache of keys and values: what all generation shares.

Prompts fill the slots up to P; new token i of every row goes to slot P + i, while its position
continues its own prompt: the slots between are masked.

```
slots        0  1  2  3  4  5        # P 4, room for 2 new tokens
tokens      p1 p2  .  . n0 n1        # a prompt of 2 tokens
positions    0  1       2  3
```
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from flanlike.batches import features


class Prompted(NamedTuple):
    """Prompts that were read: the stream x_B1D at each one's last token, and the cache."""

    x_B1D: jax.Array
    lengths_B: jax.Array  # 0 for rows of padding
    cache: Any


def read(model: nnx.Module, batch: features.Batch, max_new_tokens: int) -> Prompted:
    """Returns the batch's prompts read, with room for so many new tokens."""
    prompt_slots = batch.tokens_BT.shape[1]
    lengths_B = jnp.sum(batch.segment_ids_BT != 0, axis=1)
    x_BPD, cache = model.prefill(batch, prompt_slots + max_new_tokens)
    last_B11 = jnp.maximum(lengths_B - 1, 0)[:, None, None]
    return Prompted(jnp.take_along_axis(x_BPD, last_B11, axis=1), lengths_B, cache)


def one_more(
    model: nnx.Module,
    token_B: jax.Array,
    i: jax.Array,
    lengths_B: jax.Array,
    cache: Any,
    *,
    prompt_slots: int,
    max_new_tokens: int,
) -> tuple[jax.Array, Any]:
    """Returns x_B1D of new token i, which predicts the next, and the cache with it."""
    slots_S = jnp.arange(prompt_slots + max_new_tokens)
    slot = prompt_slots + i
    is_prompt_BS = slots_S[None, :] < lengths_B[:, None]
    is_new_S = (slots_S >= prompt_slots) & (slots_S <= slot)
    return model.step(
        token_B[:, None],
        (lengths_B + i)[:, None],
        (is_prompt_BS | is_new_S[None, :])[:, None, :],
        slot,
        cache,
    )
