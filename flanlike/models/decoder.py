"""A decoder-only transformer: RMSNorm before each part, rotary positions, gated feed-forward."""

import jax
import jax.numpy as jnp
from flax import nnx

from flanlike import features
from flanlike.models import config as model_config
from flanlike.models import layers


class Block(nnx.Module):
    """All layers' parameters, stacked; one layer's code."""

    def __init__(self, config: model_config.ModelConfig, *, rngs: nnx.Rngs):
        self.config = config
        self.attention_norm = layers.RMSNorm(config, layers=config.layers)
        self.attention = layers.Attention(config, config.layers, rngs=rngs)
        self.hidden_norm = layers.RMSNorm(config, layers=config.layers)
        self.hidden = layers.FeedForward(config, config.layers, rngs=rngs)

    def __call__(
        self,
        x_BTD: jax.Array,
        *,
        rotation: jax.Array,
        bias_BNTS: jax.Array,
        cache: layers.Cache | None = None,
        key: jax.Array | None = None,
    ) -> tuple[jax.Array, layers.KeysValues]:
        """Returns the new stream and this call's own keys and values."""
        attention_key, hidden_key, inner_key = layers.split(key, 3)
        rate = self.config.dropout
        normed_BTD = self.attention_norm(x_BTD)
        q_BTNH = self.attention.queries(normed_BTD, rotation)
        own = self.attention.keys_values(normed_BTD, rotation)
        k_BSKH, v_BSKH = own if cache is None else layers.with_cache(cache, own)
        attended_BTD = self.attention.attend(q_BTNH, k_BSKH, v_BSKH, bias_BNTS)
        x_BTD = x_BTD + layers.dropout(attended_BTD, rate, attention_key)
        hidden_BTD = self.hidden(self.hidden_norm(x_BTD), inner_key)
        return x_BTD + layers.dropout(hidden_BTD, rate, hidden_key), own


class Decoder(nnx.Module):
    """Predicts each next token of a row of packed examples."""

    def __init__(self, config: model_config.ModelConfig, *, rngs: nnx.Rngs):
        self.config = config
        self.embedding = layers.Embedding(config, rngs=rngs)
        self.blocks = Block(config, rngs=rngs)
        self.final_norm = layers.RMSNorm(config)

    def __call__(self, batch: features.Batch, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Returns float32 logits_BTV; dropout acts only if rngs are given."""
        return self.logits(self.hidden(batch, rngs=rngs))

    def hidden(
        self,
        batch: features.Batch,
        *,
        branch_ids_BT: jax.Array | None = None,
        rngs: nnx.Rngs | None = None,
    ) -> jax.Array:
        """Returns the last layer's normed stream x_BTD, from which `logits` predicts."""
        key = rngs.dropout() if rngs is not None and self.config.dropout else None
        bias_B1TS = self._bias(batch, branch_ids_BT)
        x_BTD, _ = self._run(batch, bias_B1TS, key=key, keeps_cache=False)
        return x_BTD

    def logits(self, x_BTD: jax.Array) -> jax.Array:
        """Returns float32 logits for any leading axes of the stream."""
        return self.embedding.logits(x_BTD)

    def prefill(self, batch: features.Batch, slots: int) -> tuple[jax.Array, layers.KeysValues]:
        """Returns x_BTD of the prompts, and their keys and values with room for `slots` tokens."""
        x_BTD, cache = self._run(batch, self._bias(batch), key=None, keeps_cache=True)
        return x_BTD, layers.with_room(cache, slots)

    def step(
        self,
        tokens_B1: jax.Array,
        positions_B1: jax.Array,
        is_visible_B1S: jax.Array,
        slot: jax.Array,
        cache: layers.KeysValues,
        blocks: list[Block] | None = None,
    ) -> tuple[jax.Array, layers.KeysValues]:
        """Returns x_B1D of one more token a row, and the cache with it at that slot.

        `blocks` are those of `unstacked_blocks`, where many steps are to come.
        """
        rotation = layers.rotation(positions_B1, self.config)
        bias_B11S = layers.mask_bias(is_visible_B1S)

        def layer(block: Block, x_B1D: jax.Array, cached: layers.KeysValues):
            cache = layers.Cache(*cached, slot)
            return block(x_B1D, rotation=rotation, bias_BNTS=bias_B11S, cache=cache)

        x_B1D = self.embedding(tokens_B1)
        x_B1D, own = layers.scan(blocks or self.blocks, layer, x_B1D, cache, self.config)
        return self.final_norm(x_B1D), layers.write(cache, own, slot)

    def unstacked_blocks(self) -> list[Block]:
        """Returns the layers one by one, for `step`."""
        return layers.unstacked(self.blocks, self.config.layers)

    def _bias(self, batch: features.Batch, branch_ids_BT: jax.Array | None = None) -> jax.Array:
        is_prefix_BT = batch.is_prefix_BT if self.config.attention == "prefix" else None
        return layers.mask_bias(
            layers.decoder_mask(
                batch.segment_ids_BT, is_prefix_BT=is_prefix_BT, branch_ids_BT=branch_ids_BT
            )
        )

    def _run(
        self,
        batch: features.Batch,
        bias_B1TS: jax.Array,
        *,
        key: jax.Array | None,
        keeps_cache: bool,
    ) -> tuple[jax.Array, layers.KeysValues | None]:
        embedding_key, blocks_key = layers.split(key, 2)
        x_BTD = layers.dropout(self.embedding(batch.tokens_BT), self.config.dropout, embedding_key)
        rotation = layers.rotation(jnp.asarray(batch.positions_BT), self.config)

        def layer(block: Block, x_BTD: jax.Array, key: jax.Array | None):
            x_BTD, own = block(x_BTD, rotation=rotation, bias_BNTS=bias_B1TS, key=key)
            return x_BTD, own if keeps_cache else None

        keys = layers.layer_keys(blocks_key, self.config.layers)
        x_BTD, cache = layers.scan(self.blocks, layer, x_BTD, keys, self.config)
        return self.final_norm(x_BTD), cache
