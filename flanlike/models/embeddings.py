"""Tables of vectors: of tokens, with the output head, and of learned positions."""

import functools
import math

import jax
import jax.numpy as jnp
from flax import nnx

from flanlike.models import config as model_config
from flanlike.models import layers, quantized, sharding


class Embedding(nnx.Module):
    """The table of token vectors and the output head, which may be the same."""

    def __init__(self, config: model_config.ModelConfig, *, rngs: nnx.Rngs):
        self.config = config
        V, D = config.vocab_size, config.model_size
        if V <= 0:
            raise ValueError(f"vocab_size {V!r} must be set from the vocabulary before build")
        std = 1.0 if config.init == "t5" else D**-0.5
        self.table = layers.param(rngs, (V, D), ("vocab", "embed"), std=std)
        if not config.tied_embeddings:
            self.head = layers.param(rngs, (D, V), ("embed", "vocab"), std=D**-0.5)

    def __call__(self, tokens_BT: jax.Array, noise_BTD: jax.Array | None = None) -> jax.Array:
        """Returns the stream's beginning x_BTD; the noise is added to the table's own vectors."""
        x_BTD = self.vectors(tokens_BT)
        if hasattr(self, "soft_prompt"):  # by `tuning`: vectors of the ids from V on
            x_BTD = self.soft_prompt(tokens_BT, x_BTD)
        x_BTD = (x_BTD if noise_BTD is None else x_BTD + noise_BTD).astype(self.config.dtype)
        if self.config.scale_embeddings:
            # By the root as the dtype has it: in bfloat16, Gemma has learned with that.
            x_BTD = x_BTD * jnp.asarray(math.sqrt(self.config.model_size), self.config.dtype)
        return sharding.split_rows(x_BTD * self.config.embedding_multiplier)

    def vectors(self, tokens: jax.Array) -> jax.Array:
        """Returns the tokens' vectors as the table has them."""
        table_VD = sharding.gathered(self.table[...], ("vocab", "embed"))
        x, scale = _looked_up(table_VD, tokens), getattr(self, "table_scale", None)
        return x if scale is None else x * jnp.take(scale[...], tokens, axis=0)[..., None]

    def logits(self, x_BTD: jax.Array) -> jax.Array:
        """Returns float32 logits over the vocabulary, for x of any leading axes."""
        if self.config.scale_head:
            x_BTD = x_BTD * self.config.model_size**-0.5
        head, dtype = "table" if self.config.tied_embeddings else "head", self.config.dtype
        if head == "table":
            head_DV = sharding.gathered(self.table[...], ("vocab", "embed")).T
        else:
            head_DV = self.head[...]
        x_MD = x_BTD.reshape(-1, x_BTD.shape[-1])
        if (scale := getattr(self, f"{head}_scale", None)) is not None:
            axes = () if head == "table" else ("embed", "vocab")  # a table has come together
            logits = quantized.product(x_MD, head_DV, scale[...], dtype, 1, axes)
        else:
            logits = jnp.matmul(x_MD, head_DV.astype(dtype), preferred_element_type=jnp.float32)
        logits = logits.reshape(*x_BTD.shape[:-1], -1) / self.config.logit_divisor
        return layers.capped(logits, self.config.logit_softcap)


class PositionEmbedding(nnx.Module):
    """The table of vectors that learned positions add to the embeddings."""

    def __init__(self, config: model_config.ModelConfig, *, rngs: nnx.Rngs):
        self.config = config
        shape = (config.max_positions, config.model_size)
        self.table = layers.param(rngs, shape, ("positions", "embed"), std=config.model_size**-0.5)

    def __call__(self, positions_BT: jax.Array) -> jax.Array:
        table_PD = sharding.gathered(self.table[...], ("positions", "embed"))
        x_BTD = jnp.take(table_PD, positions_BT, axis=0).astype(self.config.dtype)
        return sharding.split_rows(x_BTD)


def _looked_up(table_VD: jax.Array, tokens: jax.Array) -> jax.Array:
    # On one device XLA adds to a gradient that the table has as the head already.
    if sharding.shares() == 1:
        return jnp.take(table_VD, tokens, axis=0)
    return _rows_of(table_VD, tokens, len(table_VD))


@functools.partial(jax.custom_vjp, nondiff_argnums=(2,))
def _rows_of(table_VD: jax.Array, tokens: jax.Array, vocab_size: int) -> jax.Array:
    """Returns the tokens' rows; the gradient's first zeros wait for what is added to them.

    By themselves, XLA makes them at the start of a step and keeps them through all of it, beside
    the table's gradient as the head: one more array of the largest size there is.
    """
    return jnp.take(table_VD, tokens, axis=0)


def _rows_forward(table_VD, tokens, vocab_size):
    return _rows_of(table_VD, tokens, vocab_size), tokens


def _rows_backward(vocab_size, tokens, of_rows):
    zero = 0 * of_rows.reshape(-1)[0]  # which XLA cannot know: it might be no number
    zeros_VD = jnp.full((vocab_size, of_rows.shape[-1]), zero)
    return zeros_VD.at[tokens].add(of_rows, mode="drop"), None


_rows_of.defvjp(_rows_forward, _rows_backward)
