"""The shape of a model and how it computes."""

from dataclasses import dataclass
from typing import Literal

from flanlike import errors

ACTIVATIONS = ("silu", "gelu", "relu")


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """One transformer of either family. Sizes carry the letter of the tensor axis they set."""

    family: Literal["decoder", "encoder_decoder"]
    # As config.json of published models of this shape says it: "t5"; "" where there are none.
    model_type: str = ""
    model_size: int  # D
    layers: int  # of the decoder, and of a decoder-only model
    query_heads: int  # N
    key_value_heads: int  # K; each serves N / K query heads
    head_size: int  # H
    hidden_size: int  # F, of each half of a gated feed-forward
    vocab_size: int = 0  # V; a preset leaves it open: replace it by Vocabulary.size before build
    encoder_layers: int = 0  # encoder_decoder only
    attention: Literal["causal", "prefix"] = "causal"  # prefix: inputs see each other both ways
    activation: Literal["silu", "gelu", "relu"] = "silu"  # gelu: by tanh, "gelu_new" elsewhere
    is_gated: bool = True  # activation(x gate) * (x up), else activation(x up)
    # One table for input and output saves V*D parameters.
    tied_embeddings: bool = False
    # Divide the stream by sqrt(D) before the head: the first T5's, whose table is tied and large.
    scale_head: bool = False
    # Multiply embeddings by sqrt(D) at the input: with Adam, what makes a tied table learn fast.
    scale_embeddings: bool = False
    # Divide attention logits by sqrt(H). T5 folds this into the initial query projection instead.
    scale_attention: bool = True
    # depth_scaled: fan-in, with projections into the residual stream divided by sqrt(2 * layers).
    init: Literal["depth_scaled", "t5"] = "depth_scaled"
    rope_theta: float = 10_000.0  # decoder only: base of the rotary wavelengths
    relative_buckets: int = 32  # encoder_decoder only: learned biases a head and stack
    relative_max_distance: int = 128  # farther tokens share the last bucket
    relative_per_layer: bool = False  # a table for every layer, umT5's, not one for a stack
    dropout: float = 0.0  # share of activations dropped, when the caller passes rngs
    dtype: Literal["float32", "bfloat16"] = "float32"  # of activations; parameters stay float32
    # What the backward pass recomputes: nothing, all of a layer, or all but matrix products.
    remat: Literal["none", "full", "dots"] = "none"
    # Compile every layer on its own: faster to run, compile time grows with depth.
    unroll_layers: bool = False

    def __post_init__(self) -> None:
        if self.query_heads % self.key_value_heads:
            raise errors.UserError(
                f"query_heads {self.query_heads!r} must be a multiple of "
                f"key_value_heads {self.key_value_heads!r}"
            )
        if self.family == "decoder" and self.head_size % 2:
            raise errors.UserError(
                f"head_size {self.head_size!r} must be even: rotary positions turn pairs"
            )
        if (self.family == "encoder_decoder") != (self.encoder_layers > 0):
            raise errors.UserError(
                f"family {self.family!r} with encoder_layers {self.encoder_layers!r}: "
                "an encoder_decoder needs at least one, a decoder has none"
            )
        if self.family == "encoder_decoder" and self.attention == "prefix":
            raise errors.UserError(
                "attention 'prefix' is for family 'decoder': an encoder sees its inputs both ways"
            )
        if self.activation not in ACTIVATIONS:
            raise errors.did_you_mean("activation", self.activation, ACTIVATIONS)
        if not 0.0 <= self.dropout < 1.0:
            raise errors.UserError(f"dropout {self.dropout!r} must be at least 0 and below 1")
