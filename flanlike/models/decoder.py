"""A decoder-only transformer: Llama's where `ModelConfig` says nothing else."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from flanlike.batches import features
from flanlike.models import config as model_config
from flanlike.models import embeddings, fused, layers, noise, norms, positions, views


class Block(nnx.Module):
    """All layers' parameters, stacked; one layer's code."""

    def __init__(self, config: model_config.ModelConfig, *, rngs: nnx.Rngs):
        self.config = config
        self.attention = layers.Attention(config, config.layers, rngs=rngs)
        self.hidden = layers.FeedForward(config, config.layers, rngs=rngs)
        if config.norms_before:
            self.attention_norm = norms.Norm(config, layers=config.layers)
            self.hidden_norm = norms.Norm(config, layers=config.layers)
        if config.norms_after:
            self.attention_after_norm = norms.Norm(config, layers=config.layers)
            self.hidden_after_norm = norms.Norm(config, layers=config.layers)

    def __call__(
        self,
        x_BTD: jax.Array,
        *,
        view: views.View,
        skips: fused.Skips | None = None,
        cache: layers.Cache | None = None,
        key: jax.Array | None = None,
    ) -> tuple[jax.Array, layers.KeysValues]:
        """Returns the new stream and this call's own keys and values; whole rows have `skips`."""
        attention_key, hidden_key, inner_key = layers.split(key, 3)
        normed_BTD = self.normed("attention", x_BTD)
        q_BTNH = self.attention.queries(normed_BTD, view.rotation)
        own = self.attention.keys_values(normed_BTD, view.rotation)
        k_BSKH, v_BSKH = own if cache is None else layers.with_cache(cache, own)
        attended_BTD = self.attention.attend(q_BTNH, k_BSKH, v_BSKH, view.mask_BTS, skips=skips)
        after_BTD = x_BTD + self._addend("attention", attended_BTD, attention_key)
        read_BTD = x_BTD if self.config.is_parallel else after_BTD
        hidden_BTD = self.hidden(self.normed("hidden", read_BTD), inner_key)
        return after_BTD + self._addend("hidden", hidden_BTD, hidden_key), own

    def normed(self, part: str, x_BTD: jax.Array) -> jax.Array:
        """Returns x through the norm `<part>_norm`, where layers have one."""
        norm = getattr(self, f"{part}_norm", None)
        return x_BTD if norm is None else norm(x_BTD)

    def _addend(self, part: str, x_BTD: jax.Array, key: jax.Array | None) -> jax.Array:
        """Returns what the part's output x adds to the stream."""
        x_BTD = self.normed(f"{part}_after", x_BTD) * self.config.residual_multiplier
        return layers.dropout(x_BTD, self.config.dropout, key)


class Decoder(nnx.Module):
    """Predicts each next token of a row of packed examples."""

    def __init__(self, config: model_config.ModelConfig, *, rngs: nnx.Rngs):
        self.config = config
        self.embedding = embeddings.Embedding(config, rngs=rngs)
        if config.learned_positions:
            self.position_embedding = embeddings.PositionEmbedding(config, rngs=rngs)
        self.blocks = Block(config, rngs=rngs)
        self.final_norm = norms.Norm(config)

    def __call__(self, batch: features.Batch, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Returns float32 logits_BTV; dropout acts only if rngs are given."""
        return self.logits(self.hidden(batch, rngs=rngs))

    @property
    def input_embedding(self) -> embeddings.Embedding:
        """What looks up an example's inputs."""
        return self.embedding

    def hidden(
        self,
        batch: features.Batch,
        *,
        branch_ids_BT: jax.Array | None = None,
        rngs: nnx.Rngs | None = None,
        neftune_alpha: float = 0.0,
    ) -> jax.Array:
        """Returns the last layer's normed stream x_BTD, from which `logits` predicts.

        With `neftune_alpha`, examples are embedded with noise (`noise.neftune`) by `rngs`.
        """
        key = rngs.dropout() if rngs is not None and self.config.dropout else None
        noise_BTD = None
        if rngs is not None and neftune_alpha:
            size, noise_key = self.config.model_size, rngs.noise()
            noise_BTD = noise.neftune(batch.segment_ids_BT, size, neftune_alpha, noise_key)
        x_BTD, _ = self._run(batch, branch_ids_BT, key=key, noise_BTD=noise_BTD)
        return x_BTD

    def logits(self, x_BTD: jax.Array) -> jax.Array:
        """Returns float32 logits for any leading axes of the stream."""
        return self.embedding.logits(x_BTD)

    def prefill(self, batch: features.Batch, slots: int) -> tuple[jax.Array, layers.KeysValues]:
        """Returns x_BTD of the prompts, and their keys and values with room for `slots` tokens.

        How positions turn may hang on how far a text reaches ("longrope"): that is here, and in
        each `step`, to the last token that would be read if all of that room were taken. So what
        is in the cache is turned as what comes is, whatever the prompt is padded to; transformers
        reads the whole text anew when it grows beyond the original length.
        """
        room = slots - batch.tokens_BT.shape[1] - 1  # of the last new token nothing is asked
        x_BTD, cache = self._run(batch, None, room=room, gives=lambda _block, _x, _view, own: own)
        return x_BTD, layers.with_room(cache, slots)

    def observe(
        self, batch: features.Batch, look: Callable[[Block, jax.Array, views.View], Any]
    ) -> Any:
        """Returns what `look` makes of every layer, stacked: of its block, stream and view.

        The stream x_BTD is the one that comes to the layer. What is looked at is computed here
        alone: the other passes are as they were.
        """
        return self._run(batch, None, gives=lambda block, x, view, _own: look(block, x, view))[1]

    def step(
        self,
        tokens_B1: jax.Array,
        positions_B1: jax.Array,
        is_visible_B1S: jax.Array,
        slot: jax.Array,
        cache: layers.KeysValues,
    ) -> tuple[jax.Array, layers.KeysValues]:
        """Returns x_B1D of one more token a row, and the cache with it at that slot."""
        its_views = views.of_kinds(
            self.config,
            self.config.layer_kinds,
            positions_B1,
            is_visible_B1S,
            lambda: positions.is_among_last(is_visible_B1S, self.config.window),
            reach_BT=positions_B1 + is_visible_B1S.shape[-1] - slot - 1,  # as in `prefill`
        )

        def layer(block: Block, x_B1D: jax.Array, of_layer):
            cached, kind = of_layer
            cache = layers.Cache(*cached, slot)
            return block(x_B1D, view=views.pick(its_views, kind), cache=cache)

        x_B1D = self._embedded(tokens_B1, positions_B1)
        per_layer = (cache, views.places(self.config.layer_kinds))
        x_B1D, own = layers.scan(self.blocks, layer, x_B1D, per_layer, self.config)
        return self.final_norm(x_B1D), layers.write(cache, own, slot)

    def rows_of_cache(self, cache: layers.KeysValues, rows_B: jax.Array) -> layers.KeysValues:
        """Returns the cache of these rows, in this order: some may come twice."""
        return jax.tree.map(lambda a: a[:, rows_B], cache)

    def _run(
        self,
        batch: features.Batch,
        branch_ids_BT: jax.Array | None,
        *,
        key: jax.Array | None = None,
        noise_BTD: jax.Array | None = None,
        room: int = 0,
        gives: Callable[[Block, jax.Array, views.View, layers.KeysValues], Any] | None = None,
    ) -> tuple[jax.Array, Any]:
        """Returns the last layer's normed stream, and what is given of each layer, stacked.

        Each row's text may go on for `room` tokens.
        """
        embedding_key, blocks_key = layers.split(key, 2)
        positions_BT = jnp.asarray(batch.positions_BT)
        x_BTD = self._embedded(batch.tokens_BT, positions_BT, noise_BTD)
        x_BTD = layers.dropout(x_BTD, self.config.dropout, embedding_key)
        is_visible_BTS = positions.decoder_mask(
            batch.segment_ids_BT,
            is_prefix_BT=batch.is_prefix_BT if self.config.attention == "prefix" else None,
            branch_ids_BT=branch_ids_BT,
        )
        reach_BT = None
        if self.config.rope_scaling == "longrope":
            reach_BT = positions.reach(positions_BT, batch.segment_ids_BT) + room
        its_views = views.of_kinds(
            self.config,
            self.config.layer_kinds,
            positions_BT,
            is_visible_BTS,
            lambda: is_visible_BTS & positions.is_near(positions_BT, self.config.window),
            reach_BT=reach_BT,
        )
        skips = self._skips(has_branches=branch_ids_BT is not None)

        def layer(block: Block, x_BTD: jax.Array, of_layer):
            key, kind = of_layer
            view = views.pick(its_views, kind)
            after_BTD, own = block(x_BTD, view=view, skips=skips, key=key)
            return after_BTD, None if gives is None else gives(block, x_BTD, view, own)

        kinds = views.places(self.config.layer_kinds)
        per_layer = (layers.layer_keys(blocks_key, self.config.layers), kinds)
        x_BTD, given = layers.scan(self.blocks, layer, x_BTD, per_layer, self.config)
        return self.final_norm(x_BTD), given

    def _embedded(
        self, tokens_BT: jax.Array, positions_BT: jax.Array, noise_BTD: jax.Array | None = None
    ) -> jax.Array:
        x_BTD = self.embedding(tokens_BT, noise_BTD)
        if self.config.learned_positions:
            x_BTD = x_BTD + self.position_embedding(positions_BT)
        return x_BTD

    def _skips(self, *, has_branches: bool) -> fused.Skips:
        """Returns what no token of a row sees in any layer.

        A window is of positions: only without branches are places in the row as far apart.
        """
        is_local = all(self.config.is_local) and not has_branches
        window = self.config.window if is_local else 0
        return fused.Skips(is_causal=self.config.attention == "causal", window=window)
