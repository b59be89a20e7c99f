"""The T5 encoder-decoder: relative position biases; 1.1 is gated, with an untied head.

Dropout acts where T5's does: on embeddings, attention weights, hidden units, on what each part adds
to the stream, and behind the final norms.
"""

import functools
from collections.abc import Callable
from typing import Literal

import jax
import jax.numpy as jnp
from flax import nnx

from flanlike.batches import features
from flanlike.models import config as model_config
from flanlike.models import layers, noise, norms, positions

# Of a decoder's stack: its own keys and values, and those of the encoded source with their mask.
DecoderCache = tuple[layers.KeysValues, layers.KeysValues, jax.Array]


class EncoderBlock(nnx.Module):
    """All encoder layers' parameters, stacked; one layer's code."""

    def __init__(self, config: model_config.ModelConfig, *, rngs: nnx.Rngs):
        self.config = config
        n = config.encoder_layers
        if config.relative_per_layer:
            self.bias = layers.RelativeBias(config, is_bidirectional=True, rngs=rngs, layers=n)
        self.attention_norm = norms.Norm(config, layers=n)
        self.attention = layers.Attention(config, n, rngs=rngs)
        self.hidden_norm = norms.Norm(config, layers=n)
        self.hidden = layers.FeedForward(config, n, rngs=rngs)

    def __call__(
        self, x_BSD: jax.Array, *, bias_BNSS: jax.Array, key: jax.Array | None = None
    ) -> jax.Array:
        keys = layers.split(key, 4)
        drop = functools.partial(layers.dropout, rate=self.config.dropout)
        normed_BSD = self.attention_norm(x_BSD)
        k_BSKH, v_BSKH = self.attention.keys_values(normed_BSD)
        q_BSNH = self.attention.queries(normed_BSD)
        attended_BSD = self.attention.attend(q_BSNH, k_BSKH, v_BSKH, bias_BNSS, key=keys[3])
        x_BSD = x_BSD + drop(attended_BSD, key=keys[0])
        return x_BSD + drop(self.hidden(self.hidden_norm(x_BSD), keys[1]), key=keys[2])


class DecoderBlock(nnx.Module):
    """All decoder layers' parameters, stacked; one layer's code."""

    def __init__(self, config: model_config.ModelConfig, *, rngs: nnx.Rngs):
        self.config = config
        n = config.layers
        if config.relative_per_layer:
            self.bias = layers.RelativeBias(config, is_bidirectional=False, rngs=rngs, layers=n)
        self.attention_norm = norms.Norm(config, layers=n)
        self.attention = layers.Attention(config, n, rngs=rngs)
        self.cross_norm = norms.Norm(config, layers=n)
        self.cross = layers.Attention(config, n, rngs=rngs)
        self.hidden_norm = norms.Norm(config, layers=n)
        self.hidden = layers.FeedForward(config, n, rngs=rngs)

    def __call__(
        self,
        x_BTD: jax.Array,
        *,
        bias_BNTS: jax.Array,
        source: layers.KeysValues,
        source_bias_B1TS: jax.Array,
        cache: layers.Cache | None = None,
        key: jax.Array | None = None,
    ) -> tuple[jax.Array, layers.KeysValues]:
        """Returns the new stream and this call's own keys and values."""
        keys = layers.split(key, 6)
        drop = functools.partial(layers.dropout, rate=self.config.dropout)
        normed_BTD = self.attention_norm(x_BTD)
        own = self.attention.keys_values(normed_BTD)
        k_BSKH, v_BSKH = own if cache is None else layers.with_cache(cache, own)
        q_BTNH = self.attention.queries(normed_BTD)
        attended_BTD = self.attention.attend(q_BTNH, k_BSKH, v_BSKH, bias_BNTS, key=keys[4])
        x_BTD = x_BTD + drop(attended_BTD, key=keys[0])
        q_BTNH = self.cross.queries(self.cross_norm(x_BTD))
        attended_BTD = self.cross.attend(q_BTNH, *source, source_bias_B1TS, key=keys[5])
        x_BTD = x_BTD + drop(attended_BTD, key=keys[1])
        hidden_BTD = self.hidden(self.hidden_norm(x_BTD), keys[2])
        return x_BTD + drop(hidden_BTD, key=keys[3]), own


class EncoderDecoder(nnx.Module):
    """Predicts each next target token from the source and the targets before it."""

    def __init__(self, config: model_config.ModelConfig, *, rngs: nnx.Rngs):
        self.config = config
        self.embedding = layers.Embedding(config, rngs=rngs)
        if not config.relative_per_layer:
            self.encoder_bias = layers.RelativeBias(config, is_bidirectional=True, rngs=rngs)
        self.encoder = EncoderBlock(config, rngs=rngs)
        self.encoder_norm = norms.Norm(config)
        if not config.relative_per_layer:
            self.decoder_bias = layers.RelativeBias(config, is_bidirectional=False, rngs=rngs)
        self.decoder = DecoderBlock(config, rngs=rngs)
        self.decoder_norm = norms.Norm(config)

    def __call__(self, batch: features.Batch, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Returns float32 logits_BTV; dropout acts only if rngs are given."""
        return self.logits(self.hidden(batch, rngs=rngs))

    def hidden(
        self,
        batch: features.Batch,
        *,
        branch_ids_BT: jax.Array | None = None,
        rngs: nnx.Rngs | None = None,
        neftune_alpha: float = 0.0,
    ) -> jax.Array:
        """Returns the decoder's last normed stream x_BTD, from which `logits` predicts.

        With `neftune_alpha`, sources are embedded with noise (`noise.neftune`) by `rngs`.
        """
        key = rngs.dropout() if rngs is not None and self.config.dropout else None
        encoder_key, decoder_key = layers.split(key, 2)
        noise_BSD = None
        if rngs is not None and neftune_alpha:
            size, noise_key = self.config.model_size, rngs.noise()
            noise_BSD = noise.neftune(batch.source_segment_ids_BS, size, neftune_alpha, noise_key)
        encoded_BSD = self._encode(batch, encoder_key, noise_BSD)
        x_BTD, _ = self._decode(batch, encoded_BSD, branch_ids_BT=branch_ids_BT, key=decoder_key)
        return x_BTD

    def logits(self, x_BTD: jax.Array) -> jax.Array:
        """Returns float32 logits for any leading axes of the stream."""
        return self.embedding.logits(x_BTD)

    def prefill(self, batch: features.Batch, slots: int) -> tuple[jax.Array, DecoderCache]:
        """Returns x_BTD of the first target tokens, and a cache with room for `slots` of them."""
        encoded_BSD = self._encode(batch, None)
        x_BTD, (own, source) = self._decode(batch, encoded_BSD, keeps_cache=True)
        source_bias_B1TS = self._source_bias(batch)[:, :, :1]
        return x_BTD, (layers.with_room(own, slots), source, source_bias_B1TS)

    def step(
        self,
        tokens_B1: jax.Array,
        positions_B1: jax.Array,
        is_visible_B1S: jax.Array,
        slot: jax.Array,
        cache: DecoderCache,
    ) -> tuple[jax.Array, DecoderCache]:
        """Returns x_B1D of one more token a row, and the cache with it at that slot.

        All rows' target tokens start at slot 0: the slot is the position.
        """
        own, source, source_bias_B11S = cache
        places_S = jnp.arange(is_visible_B1S.shape[-1])
        bias_of = self._bias("decoder", jnp.asarray(slot)[None], places_S, is_visible_B1S)

        def layer(block: DecoderBlock, x_B1D: jax.Array, cached):
            own, source = cached
            return block(
                x_B1D,
                bias_BNTS=bias_of(block),
                source=source,
                source_bias_B1TS=source_bias_B11S,
                cache=layers.Cache(*own, slot),
            )

        x_B1D = self.embedding(tokens_B1)
        x_B1D, new = layers.scan(self.decoder, layer, x_B1D, (own, source), self.config)
        own = layers.write(own, new, slot)
        return self.decoder_norm(x_B1D), (own, source, source_bias_B11S)

    def rows_of_cache(self, cache: DecoderCache, rows_B: jax.Array) -> DecoderCache:
        """Returns the cache of these rows, in this order: some may come twice."""
        own, source, source_bias_B11S = cache
        own, source = jax.tree.map(lambda a: a[:, rows_B], (own, source))
        return own, source, source_bias_B11S[rows_B]

    def _encode(
        self,
        batch: features.Batch,
        key: jax.Array | None,
        noise_BSD: jax.Array | None = None,
    ) -> jax.Array:
        embedding_key, blocks_key, norm_key = layers.split(key, 3)
        segment_ids_BS = batch.source_segment_ids_BS
        S = segment_ids_BS.shape[1]
        # Padding sees itself, which keeps its softmax finite.
        mask_BSS = (
            positions.cross_mask(segment_ids_BS, segment_ids_BS) | jnp.eye(S, dtype=bool)[None]
        )
        places_S = jnp.arange(S)
        bias_of = self._bias("encoder", places_S, places_S, mask_BSS)

        def layer(block: EncoderBlock, x_BSD: jax.Array, key: jax.Array | None):
            return block(x_BSD, bias_BNSS=bias_of(block), key=key), None

        x_BSD = self.embedding(batch.source_tokens_BS, noise_BSD)
        x_BSD = layers.dropout(x_BSD, self.config.dropout, embedding_key)
        keys = layers.layer_keys(blocks_key, self.config.encoder_layers)
        x_BSD, _ = layers.scan(self.encoder, layer, x_BSD, keys, self.config)
        return layers.dropout(self.encoder_norm(x_BSD), self.config.dropout, norm_key)

    def _decode(
        self,
        batch: features.Batch,
        encoded_BSD: jax.Array,
        *,
        branch_ids_BT: jax.Array | None = None,
        key: jax.Array | None = None,
        keeps_cache: bool = False,
    ) -> tuple[jax.Array, tuple[layers.KeysValues, layers.KeysValues] | None]:
        embedding_key, blocks_key, norm_key = layers.split(key, 3)
        mask_BTS = positions.decoder_mask(batch.segment_ids_BT, branch_ids_BT=branch_ids_BT)
        places_T = jnp.arange(mask_BTS.shape[1])
        bias_of = self._bias("decoder", places_T, places_T, mask_BTS)
        source_bias_B1TS = self._source_bias(batch)

        def layer(block: DecoderBlock, x_BTD: jax.Array, key: jax.Array | None):
            source = block.cross.keys_values(encoded_BSD)
            x_BTD, own = block(
                x_BTD,
                bias_BNTS=bias_of(block),
                source=source,
                source_bias_B1TS=source_bias_B1TS,
                key=key,
            )
            return x_BTD, (own, source) if keeps_cache else None

        x_BTD = self.embedding(batch.tokens_BT)
        x_BTD = layers.dropout(x_BTD, self.config.dropout, embedding_key)
        keys = layers.layer_keys(blocks_key, self.config.layers)
        x_BTD, cache = layers.scan(self.decoder, layer, x_BTD, keys, self.config)
        x_BTD = layers.dropout(self.decoder_norm(x_BTD), self.config.dropout, norm_key)
        return x_BTD, cache

    def _bias(
        self,
        stack: Literal["encoder", "decoder"],
        queries_T: jax.Array,
        keys_S: jax.Array,
        is_visible_BTS: jax.Array,
    ) -> Callable[[EncoderBlock | DecoderBlock], jax.Array]:
        """Returns what gives a layer its bias BNTS: of its own table, or the stack's, made once."""
        mask_B1TS = positions.mask_bias(is_visible_BTS)
        if self.config.relative_per_layer:
            return lambda block: block.bias(queries_T, keys_S) + mask_B1TS
        of_stack = self.encoder_bias if stack == "encoder" else self.decoder_bias
        bias_BNTS = of_stack(queries_T, keys_S) + mask_B1TS
        return lambda block: bias_BNTS

    def _source_bias(self, batch: features.Batch) -> jax.Array:
        mask_BTS = positions.cross_mask(batch.segment_ids_BT, batch.source_segment_ids_BS)
        return positions.mask_bias(mask_BTS)
