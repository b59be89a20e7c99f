"""The encoder-decoder: T5's with relative position biases, and T5Gemma's, whose positions turn.

T5Gemma's layers are Gemma 2's, with an attention over the source between the two parts of a
decoder's. T5Gemma 2's are Gemma 3's, and one attention sees the decoder's own tokens and the source
at once (`ModelConfig.merges_attention`). The source's keys are never turned.

Dropout acts where T5's does: on embeddings, attention weights, hidden units, on what each part adds
to the stream, and behind the final norms.
"""

import dataclasses
from collections.abc import Callable
from typing import Literal

import jax
import jax.numpy as jnp
from flax import nnx

from flanlike.batches import features
from flanlike.models import config as model_config
from flanlike.models import embeddings, layers, noise, norms, positions, views

# Of a decoder's stack: its own keys and values, and those of the encoded source with their mask.
DecoderCache = tuple[layers.KeysValues, layers.KeysValues, jax.Array]


class _Block(nnx.Module):
    """What the layers of both stacks share."""

    config: model_config.ModelConfig

    def _add_norms(self, config: model_config.ModelConfig, layers_: int, part: str) -> None:
        setattr(self, f"{part}_norm", norms.Norm(config, layers=layers_))
        if config.norms_after:
            setattr(self, f"{part}_after_norm", norms.Norm(config, layers=layers_))

    def _addend(self, part: str, x_BTD: jax.Array, key: jax.Array | None) -> jax.Array:
        """Returns what the part's output x adds to the stream."""
        norm = getattr(self, f"{part}_after_norm", None)
        return layers.dropout(x_BTD if norm is None else norm(x_BTD), self.config.dropout, key)


class EncoderBlock(_Block):
    """All encoder layers' parameters, stacked; one layer's code."""

    def __init__(self, config: model_config.ModelConfig, *, rngs: nnx.Rngs):
        n = config.encoder_layers
        config = self.config = config.of_encoder
        if config.relative_per_layer:
            self.bias = layers.RelativeBias(config, is_bidirectional=True, rngs=rngs, layers=n)
        self._add_norms(config, n, "attention")
        self.attention = layers.Attention(config, n, rngs=rngs)
        self._add_norms(config, n, "hidden")
        self.hidden = layers.FeedForward(config, n, rngs=rngs)

    def __call__(
        self, x_BSD: jax.Array, *, view: views.View, key: jax.Array | None = None
    ) -> jax.Array:
        keys = layers.split(key, 4)
        normed_BSD = self.attention_norm(x_BSD)
        k_BSKH, v_BSKH = self.attention.keys_values(normed_BSD, view.rotation)
        q_BSNH = self.attention.queries(normed_BSD, view.rotation)
        attended_BSD = self.attention.attend(
            q_BSNH, k_BSKH, v_BSKH, view.mask_BTS, bias_1NTS=view.bias_1NTS, key=keys[3]
        )
        x_BSD = x_BSD + self._addend("attention", attended_BSD, keys[0])
        hidden_BSD = self.hidden(self.hidden_norm(x_BSD), keys[1])
        return x_BSD + self._addend("hidden", hidden_BSD, keys[2])


class DecoderBlock(_Block):
    """All decoder layers' parameters, stacked; one layer's code."""

    def __init__(self, config: model_config.ModelConfig, *, rngs: nnx.Rngs):
        self.config = config
        n, source_size = config.layers, config.of_encoder.model_size
        if config.relative_per_layer:
            self.bias = layers.RelativeBias(config, is_bidirectional=False, rngs=rngs, layers=n)
        self._add_norms(config, n, "attention")
        self.attention = layers.Attention(config, n, rngs=rngs)
        if not config.merges_attention:
            self._add_norms(config, n, "cross")
            self.cross = layers.Attention(config, n, rngs=rngs, source_size=source_size)
        self._add_norms(config, n, "hidden")
        self.hidden = layers.FeedForward(config, n, rngs=rngs)

    def of_source(self, encoded_BSD: jax.Array) -> layers.KeysValues:
        """Returns the keys and values of the encoded source."""
        attention = self.attention if self.config.merges_attention else self.cross
        return attention.keys_values(encoded_BSD)

    def __call__(
        self,
        x_BTD: jax.Array,
        *,
        view: views.View,
        source: layers.KeysValues,
        source_mask_BTS: jax.Array,
        cache: layers.Cache | None = None,
        key: jax.Array | None = None,
    ) -> tuple[jax.Array, layers.KeysValues]:
        """Returns the new stream and this call's own keys and values."""
        keys = layers.split(key, 6)
        normed_BTD = self.attention_norm(x_BTD)
        own = self.attention.keys_values(normed_BTD, view.rotation)
        seen, mask_BTS = own if cache is None else layers.with_cache(cache, own), view.mask_BTS
        if self.config.merges_attention:
            seen = jax.tree.map(lambda a, b: jnp.concatenate([a, b], axis=1), seen, source)
            mask_BTS = jnp.concatenate([mask_BTS, source_mask_BTS], axis=-1)
        q_BTNH = self.attention.queries(normed_BTD, view.rotation)
        attended_BTD = self.attention.attend(
            q_BTNH, *seen, mask_BTS, bias_1NTS=view.bias_1NTS, key=keys[4]
        )
        x_BTD = x_BTD + self._addend("attention", attended_BTD, keys[0])
        if not self.config.merges_attention:
            q_BTNH = self.cross.queries(self.cross_norm(x_BTD))
            attended_BTD = self.cross.attend(q_BTNH, *source, source_mask_BTS, key=keys[5])
            x_BTD = x_BTD + self._addend("cross", attended_BTD, keys[1])
        hidden_BTD = self.hidden(self.hidden_norm(x_BTD), keys[2])
        return x_BTD + self._addend("hidden", hidden_BTD, keys[3]), own


class EncoderDecoder(nnx.Module):
    """Predicts each next target token from the source and the targets before it."""

    def __init__(self, config: model_config.ModelConfig, *, rngs: nnx.Rngs):
        self.config = config
        self.embedding = embeddings.Embedding(config, rngs=rngs)
        if config.separate_tables:
            table = dataclasses.replace(config.of_encoder, tied_embeddings=True)  # it has no head
            self.encoder_embedding = embeddings.Embedding(table, rngs=rngs)
        has_bias = not config.relative_per_layer and not config.turns
        if has_bias:
            self.encoder_bias = layers.RelativeBias(config, is_bidirectional=True, rngs=rngs)
        self.encoder = EncoderBlock(config, rngs=rngs)
        self.encoder_norm = norms.Norm(config.of_encoder)
        if has_bias:
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
            size, noise_key = self.config.of_encoder.model_size, rngs.noise()
            noise_BSD = noise.neftune(batch.source_segment_ids_BS, size, neftune_alpha, noise_key)
        encoded_BSD = self._encode(batch, encoder_key, noise_BSD)
        x_BTD, _ = self._decode(batch, encoded_BSD, branch_ids_BT=branch_ids_BT, key=decoder_key)
        return x_BTD

    @property
    def input_embedding(self) -> embeddings.Embedding:
        """What looks up an example's inputs."""
        return self.encoder_embedding if self.config.separate_tables else self.embedding

    def logits(self, x_BTD: jax.Array) -> jax.Array:
        """Returns float32 logits for any leading axes of the stream."""
        return self.embedding.logits(x_BTD)

    def prefill(self, batch: features.Batch, slots: int) -> tuple[jax.Array, DecoderCache]:
        """Returns x_BTD of the first target tokens, and a cache with room for `slots` of them."""
        encoded_BSD = self._encode(batch, None)
        x_BTD, (own, source) = self._decode(batch, encoded_BSD, keeps_cache=True)
        source_mask_B1S = _source_mask(batch)[:, :1]
        return x_BTD, (layers.with_room(own, slots), source, source_mask_B1S)

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
        own, source, source_mask_B1S = cache
        view_of, kinds = self._views(
            "decoder",
            positions_B1,
            is_visible_B1S,
            lambda: positions.is_among_last(is_visible_B1S, self.config.window),
            place=jnp.asarray(slot),
        )

        def layer(block: DecoderBlock, x_B1D: jax.Array, of_layer):
            (own, source), kind = of_layer
            return block(
                x_B1D,
                view=view_of(block, kind),
                source=source,
                source_mask_BTS=source_mask_B1S,
                cache=layers.Cache(*own, slot),
            )

        x_B1D = self.embedding(tokens_B1)
        x_B1D, new = layers.scan(self.decoder, layer, x_B1D, ((own, source), kinds), self.config)
        own = layers.write(own, new, slot)
        return self.decoder_norm(x_B1D), (own, source, source_mask_B1S)

    def rows_of_cache(self, cache: DecoderCache, rows_B: jax.Array) -> DecoderCache:
        """Returns the cache of these rows, in this order: some may come twice."""
        own, source, source_mask_B1S = cache
        own, source = jax.tree.map(lambda a: a[:, rows_B], (own, source))
        return own, source, source_mask_B1S[rows_B]

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
        positions_BS = jnp.asarray(batch.source_positions_BS)
        before, after = self.config.encoder_before, self.config.encoder_after
        view_of, kinds = self._views(
            "encoder",
            positions_BS,
            mask_BSS,
            lambda: mask_BSS & positions.is_within(positions_BS, before=before, after=after),
        )

        def layer(block: EncoderBlock, x_BSD: jax.Array, of_layer):
            key, kind = of_layer
            return block(x_BSD, view=view_of(block, kind), key=key), None

        x_BSD = self.input_embedding(batch.source_tokens_BS, noise_BSD)
        x_BSD = layers.dropout(x_BSD, self.config.dropout, embedding_key)
        keys = layers.layer_keys(blocks_key, self.config.encoder_layers)
        x_BSD, _ = layers.scan(self.encoder, layer, x_BSD, (keys, kinds), self.config)
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
        positions_BT = jnp.asarray(batch.positions_BT)
        view_of, kinds = self._views(
            "decoder",
            positions_BT,
            mask_BTS,
            lambda: mask_BTS & positions.is_near(positions_BT, self.config.window),
        )
        source_mask_BTS = _source_mask(batch)

        def layer(block: DecoderBlock, x_BTD: jax.Array, of_layer):
            key, kind = of_layer
            source = block.of_source(encoded_BSD)
            x_BTD, own = block(
                x_BTD,
                view=view_of(block, kind),
                source=source,
                source_mask_BTS=source_mask_BTS,
                key=key,
            )
            return x_BTD, (own, source) if keeps_cache else None

        x_BTD = self.embedding(self._read(batch.tokens_BT, positions_BT))
        x_BTD = layers.dropout(x_BTD, self.config.dropout, embedding_key)
        keys = layers.layer_keys(blocks_key, self.config.layers)
        x_BTD, cache = layers.scan(self.decoder, layer, x_BTD, (keys, kinds), self.config)
        x_BTD = layers.dropout(self.decoder_norm(x_BTD), self.config.dropout, norm_key)
        return x_BTD, cache

    def _read(self, tokens_BT: jax.Array, positions_BT: jax.Array) -> jax.Array:
        """Returns what the decoder reads: its own start token where a batch has PAD for that."""
        start_id = self.config.start_id
        if start_id == features.PAD_ID:
            return tokens_BT
        return jnp.where(positions_BT == 0, start_id, tokens_BT)

    def _views(
        self,
        stack: Literal["encoder", "decoder"],
        positions_BT: jax.Array,
        is_visible_BTS: jax.Array,
        is_visible_nearby: Callable[[], jax.Array],
        *,
        place: jax.Array | None = None,
    ) -> tuple[
        Callable[[EncoderBlock | DecoderBlock, jax.Array | None], views.View], jax.Array | None
    ]:
        """Returns what gives a layer its view, by its kind, and the kinds to be scanned.

        Biases are of a layer's own table, or of the stack's, and then made once. `place` is that of
        the only token, where there is but one.
        """
        if self.config.turns:
            count = self.config.encoder_layers if stack == "encoder" else self.config.layers
            letters = self.config.kinds_of(count)
            made = views.of_kinds(
                self.config, letters, positions_BT, is_visible_BTS, is_visible_nearby
            )
            return lambda _, kind: views.pick(made, kind), views.places(letters)
        keys_S = jnp.arange(is_visible_BTS.shape[-1])
        queries_T = keys_S if place is None else place[None]
        if self.config.relative_per_layer:
            return lambda block, _: views.View(
                None, is_visible_BTS, block.bias(queries_T, keys_S)
            ), None
        of_stack = self.encoder_bias if stack == "encoder" else self.decoder_bias
        view = views.View(None, is_visible_BTS, of_stack(queries_T, keys_S))
        return lambda _, __: view, None


def _source_mask(batch: features.Batch) -> jax.Array:
    """Returns which tokens of the source each target token sees, as booleans BTS."""
    return positions.cross_mask(batch.segment_ids_BT, batch.source_segment_ids_BS)
