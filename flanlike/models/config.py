"""The shape of a model and how it computes."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Literal

from flanlike import errors

ACTIVATIONS = ("silu", "gelu", "gelu_exact", "relu")
ROPE_SCALINGS = ("none", "linear", "llama3", "yarn", "longrope")
_MOST = 2**31 - 1  # of a size
# What has to be more than 0, where others may be it.
_SIZES = ("model_size", "layers", "query_heads", "key_value_heads", "head_size", "hidden_size")
_DIVISORS = ("rope_theta", "rope_factor", "logit_divisor")


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
    # Of an encoder whose layers have other sizes than the decoder's (T5Gemma 9b-2b's); 0: the same.
    encoder_model_size: int = 0
    encoder_query_heads: int = 0
    encoder_key_value_heads: int = 0
    encoder_hidden_size: int = 0
    # The encoder looks up its tokens in a table of its own: T5Gemma's.
    separate_tables: bool = False
    # One attention over a decoder's own tokens and the source, with the same kernels: T5Gemma 2's.
    merges_attention: bool = False
    start_id: int = 0  # what the decoder of an encoder_decoder reads first
    attention: Literal["causal", "prefix"] = "causal"  # prefix: inputs see each other both ways
    # gelu: by tanh, "gelu_new" elsewhere; gelu_exact: by the error function
    activation: Literal["silu", "gelu", "gelu_exact", "relu"] = "silu"
    is_gated: bool = True  # activation(x gate) * (x up), else activation(x up)
    # One table for input and output saves V*D parameters.
    tied_embeddings: bool = False
    # Divide the stream by sqrt(D) before the head: the first T5's, whose table is tied and large.
    scale_head: bool = False
    # Multiply embeddings by sqrt(D) at the input: with Adam, what makes a tied table learn fast.
    scale_embeddings: bool = False
    embedding_multiplier: float = 1.0  # times embeddings at the input: Granite's
    logit_divisor: float = 1.0  # the head's logits are divided by it: Granite's
    # Divide attention logits by sqrt(H). T5 folds this into the initial query projection instead.
    scale_attention: bool = True
    # depth_scaled: fan-in, with projections into the residual stream divided by sqrt(2 * layers).
    init: Literal["depth_scaled", "t5"] = "depth_scaled"
    norm: Literal["rms", "layer"] = "rms"  # layer: less the mean, and with a bias: GPT-2's
    norm_eps: float = 1e-6  # added to the mean square before its root is taken
    centered_norms: bool = False  # a norm's parameter is its scale less 1: Gemma's
    query_key_norms: bool = False  # of each query's and key's head, before they are turned
    joins_query_key_norms: bool = False  # over all heads of a token at once: OLMo 2's
    query_key_value_biases: bool = False
    out_biases: bool = False  # of the projection from the heads back
    hidden_biases: bool = False  # of the feed-forward
    query_scalar: int = 0  # attention logits are divided by its root; 0: by that of H
    attention_multiplier: float = 0.0  # or are multiplied by this: Granite's; 0: they are not
    attention_softcap: float = 0.0  # c: logits become c tanh(logits / c); 0: they stay
    logit_softcap: float = 0.0  # the same of the head's logits
    # All that follows up to the relative buckets is for decoders only, but for what layers do by
    # their kinds, norms_after and rotations: an encoder_decoder without relative buckets has them.
    norms_before: bool = True  # norms what attention and feed-forward read
    norms_after: bool = False  # norms what they add: Gemma 2 does both, OLMo 2 this alone
    # Both read the layer's own input, and both are added to it: GPT-NeoX's.
    is_parallel: bool = False
    residual_multiplier: float = 1.0  # times what each part adds to the stream: Granite's
    # Tokens that a published model is said to read; where positions are learned, all it can read.
    max_positions: int = 0
    learned_positions: bool = False  # a vector a position is added to the embeddings: GPT-2's
    window: int = 0  # a local layer's token sees the last so many, itself among them; 0: no layer's
    encoder_before: int = 0  # in an encoder's local layers, a token sees so many before it
    encoder_after: int = 0  # and so many after it
    # One letter a layer, repeated over the depth: l is local, g global, n global without rotation;
    # "": all alike.
    layer_pattern: str = ""
    rotary_share: float = 1.0  # of each head, from its first number on, turns by its position
    rope_theta: float = 10_000.0  # base of the rotary wavelengths
    rope_local_theta: float = 0.0  # of local layers, which are never stretched; 0: as the others
    # How wavelengths are stretched for longer inputs; see `positions.rotation`.
    rope_scaling: Literal["none", "linear", "llama3", "yarn", "longrope"] = "none"
    rope_factor: float = 1.0  # of the stretching
    # llama3, yarn and longrope: how far the model read before it.
    rope_original_tokens: int = 0
    rope_low_turns: float = 0.0  # llama3, yarn: pairs with fewer turns are stretched by the factor
    rope_high_turns: float = 0.0  # and pairs with more turns are not stretched
    rope_magnitude: float = 1.0  # yarn and longrope: times queries and keys
    # longrope, of decoders: the factor of each pair, in what stays within the original length and
    # in what goes on beyond it.
    rope_short_factors: tuple[float, ...] = ()
    rope_long_factors: tuple[float, ...] = ()
    # encoder_decoder only: learned biases a head and stack; 0: positions turn, as a decoder's.
    relative_buckets: int = 32
    relative_max_distance: int = 128  # farther tokens share the last bucket
    relative_per_layer: bool = False  # a table for every layer, umT5's, not one for a stack
    dropout: float = 0.0  # share of activations dropped, when the caller passes rngs
    dtype: Literal["float32", "bfloat16"] = "float32"  # of activations; parameters stay float32
    # What the backward pass recomputes: nothing, all of a layer, or all but matrix products.
    remat: Literal["none", "full", "dots"] = "none"
    # What attends over whole rows: XLA, or cuDNN's fused kernel; auto: that where it can be had.
    attention_kernel: Literal["auto", "xla", "cudnn"] = "auto"
    # Compile every layer on its own: faster to run, compile time grows with depth.
    unroll_layers: bool = False

    def __post_init__(self) -> None:
        for one in dataclasses.fields(self):
            value, is_more = getattr(self, one.name), one.name in (*_SIZES, *_DIVISORS)
            if (expected := _unlike(value, one.type, is_more=is_more)) is not None:
                raise errors.UserError(f"{one.name} {value!r} must be {expected}")
        if self.query_heads % self.key_value_heads:
            raise errors.UserError(
                f"query_heads {self.query_heads!r} must be a multiple of "
                f"key_value_heads {self.key_value_heads!r}"
            )
        if self.turns and (self.rotary_size % 2 or not 0 <= self.rotary_share <= 1):
            raise errors.UserError(
                f"head_size {self.head_size!r} times rotary_share {self.rotary_share!r} must be "
                "even, and the share between 0 and 1: rotary positions turn pairs"
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
        if self.family == "decoder" and (self.separate_tables or self.merges_attention):
            raise errors.UserError(
                "separate_tables and merges_attention are for family 'encoder_decoder': a decoder "
                "has no source"
            )
        if self.encoder_model_size not in (0, self.model_size) and (
            self.merges_attention or not self.separate_tables
        ):
            raise errors.UserError(
                f"encoder_model_size {self.encoder_model_size!r} with model_size "
                f"{self.model_size!r}: expected the same, or separate_tables and an attention over "
                "the source that has kernels of its own"
            )
        if self.rope_scaling not in ROPE_SCALINGS:
            raise errors.did_you_mean("rope_scaling", self.rope_scaling, ROPE_SCALINGS)
        self._check_longrope()
        letters = set(self.layer_pattern)
        if letters - {"l", "g", "n"} or ("l" in letters and not self.window):
            raise errors.UserError(
                f"layer_pattern {self.layer_pattern!r} with window {self.window!r}: expected the "
                "letters 'l' (local), 'g' (global) and 'n' (global without rotation) alone, and a "
                "window where layers are local"
            )
        if self.learned_positions and not self.max_positions:
            raise errors.UserError(
                "learned_positions with max_positions 0: expected the number of vectors there are"
            )
        if self.activation not in ACTIVATIONS:
            raise errors.did_you_mean("activation", self.activation, ACTIVATIONS)
        if not 0.0 <= self.dropout < 1.0:
            raise errors.UserError(f"dropout {self.dropout!r} must be at least 0 and below 1")

    def _check_longrope(self) -> None:
        both = (self.rope_short_factors, self.rope_long_factors)
        is_long = self.rope_scaling == "longrope"
        pairs = self.rotary_size // 2 if is_long else 0
        is_whole = all(len(one) == pairs and all(factor > 0 for factor in one) for one in both)
        if not is_whole or (
            is_long and (self.family != "decoder" or self.rope_original_tokens < 1)
        ):
            raise errors.UserError(
                f"rope_scaling {self.rope_scaling!r} of a {self.family!r} with "
                f"{' and '.join(str(len(one)) for one in both)} rope_short_factors and "
                f"rope_long_factors and rope_original_tokens {self.rope_original_tokens!r}: "
                "expected longrope for a decoder alone, with a number above 0 for each of "
                f"{self.rotary_size // 2} pairs and a length, and no factors without it"
            )

    def expect_positions(self, tokens: int, what: str) -> None:
        """Raises if the model has not learned so many positions; `what` says what takes them."""
        if self.learned_positions and tokens > self.max_positions:
            raise errors.UserError(
                f"{what} are {tokens} tokens: this model has learned {self.max_positions} "
                "positions and can read no more: give it less, or a model that turns positions"
            )

    @property
    def layer_kinds(self) -> str:
        """Returns the letter of each of a decoder's layers, as `layer_pattern` has them.

        With pattern "lg", layers are local and global in turn; with none, all are local where there
        is a window.
        """
        return self.kinds_of(self.layers)

    def kinds_of(self, layers: int) -> str:
        """Returns the letters of so many layers: an encoder has the pattern of its decoder."""
        pattern = self.layer_pattern or ("l" if self.window else "g")
        return "".join(pattern[i % len(pattern)] for i in range(layers))

    @property
    def turns(self) -> bool:
        """Returns whether positions turn queries and keys, so that there are no learned biases."""
        return self.family == "decoder" or not self.relative_buckets

    @property
    def of_encoder(self) -> "ModelConfig":
        """Returns the shape with the sizes that an encoder's layers have."""
        sizes = ("model_size", "query_heads", "key_value_heads", "hidden_size")
        own = {name: size for name in sizes if (size := getattr(self, f"encoder_{name}"))}
        if not own:
            return self
        none = dict.fromkeys((f"encoder_{name}" for name in own), 0)
        return dataclasses.replace(self, **own, **none)

    @property
    def is_local(self) -> tuple[bool, ...]:
        """Returns which of a decoder's layers see no farther than the window."""
        return tuple(kind == "l" for kind in self.layer_kinds)

    @property
    def rotary_size(self) -> int:
        """Returns how many numbers of each head turn."""
        return int(self.head_size * self.rotary_share)

    @property
    def attention_scale(self) -> float:
        """Returns what attention logits are multiplied by."""
        if not self.scale_attention:
            return 1.0
        return self.attention_multiplier or (self.query_scalar or self.head_size) ** -0.5


def _unlike(value: Any, kind: Any, *, is_more: bool) -> str | None:
    """Returns what a field of that type must be, where the value is no such thing.

    Values come of files that anybody may write. `is_more`: than 0, which a number may be else.
    """
    if kind is bool:
        return None if type(value) is bool else "true or false"
    if kind is int:
        is_right = type(value) is int and is_more <= value <= _MOST
        return None if is_right else f"a whole number from {int(is_more)} to {_MOST}"
    if kind is float:
        is_number = type(value) in (int, float) and math.isfinite(value)
        is_right = is_number and (value > 0 if is_more else value >= 0)
        return None if is_right else f"a number {'above 0' if is_more else 'of 0 or more'}"
    if kind is str:
        return None if isinstance(value, str) else "a text"
    return None
