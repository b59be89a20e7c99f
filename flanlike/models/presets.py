"""Named model shapes, from one that trains in minutes on two cores to the published large ones.

A preset leaves `vocab_size` open: the vocabulary of the run sets it.
"""

import dataclasses
from typing import Literal

from flanlike import errors
from flanlike.models import config


def get(name: str) -> config.ModelConfig:
    """Returns the preset of that name; an unknown one is an error with near matches."""
    if name not in PRESETS:
        raise errors.did_you_mean("model preset", name, PRESETS)
    return PRESETS[name]


def _t5(
    model_size: int,
    hidden_size: int,
    heads: int,
    layers: int,
    remat: Literal["none", "dots"] = "dots",
) -> config.ModelConfig:
    """Returns a T5 1.1 of the published shape: heads of 64, untied head, T5's own initialization.

    The shapes are those of `config.json` of google/t5-v1_1-small, -base, -large, -xl and -xxl.
    T5's initialization goes with Adafactor; dropout 0.05 is what Flan-T5 was tuned with. From
    the large one up layers are recomputed: else it keeps 40 GiB for 16 rows of 512 + 128 tokens.
    """
    return config.ModelConfig(
        family="encoder_decoder",
        model_type="t5",
        model_size=model_size,
        layers=layers,
        encoder_layers=layers,
        query_heads=heads,
        key_value_heads=heads,
        head_size=64,
        hidden_size=hidden_size,
        activation="gelu",
        scale_attention=False,
        init="t5",
        dropout=0.05,
        dtype="bfloat16",
        remat=remat,
    )


_MICRO = config.ModelConfig(
    family="decoder",
    model_size=128,
    layers=6,
    query_heads=4,
    key_value_heads=4,
    head_size=32,
    hidden_size=352,
    tied_embeddings=True,
    scale_embeddings=True,
    unroll_layers=True,
)

PRESETS = {
    # 1.2 M parameters besides the embeddings: the default on a CPU.
    "micro": _MICRO,
    # 3.5 M besides the embeddings: with 2,048 pieces 3.9 M, below 8 MB in float16.
    "micro-4m": dataclasses.replace(
        _MICRO, model_size=192, layers=8, query_heads=6, key_value_heads=6, hidden_size=512
    ),
    # As many as micro, half of them in the encoder.
    "micro-encdec": dataclasses.replace(
        _MICRO,
        family="encoder_decoder",
        layers=4,
        encoder_layers=4,
        hidden_size=256,
        activation="gelu",
    ),
    "t5-1.1-small": _t5(512, 1024, heads=6, layers=8, remat="none"),
    "t5-1.1-base": _t5(768, 2048, heads=12, layers=12, remat="none"),
    "t5-1.1-large": _t5(1024, 2816, heads=16, layers=24),
    "t5-1.1-xl": _t5(2048, 5120, heads=32, layers=24),
    "t5-1.1-xxl": _t5(4096, 10240, heads=64, layers=24),
    # T5Gemma 2 270M-270M's sizes (vocabulary 262,144): Gemma 3 270M's on either side.
    "t5gemma-2-270m": config.ModelConfig(
        family="encoder_decoder",
        model_type="t5gemma2",
        model_size=640,
        layers=18,
        encoder_layers=18,
        query_heads=4,
        key_value_heads=1,
        head_size=256,
        hidden_size=2048,
        activation="gelu",
        tied_embeddings=True,
        scale_embeddings=True,
        centered_norms=True,
        norms_after=True,
        query_key_norms=True,
        query_scalar=256,
        merges_attention=True,
        max_positions=32_768,
        window=512,
        encoder_before=255,
        encoder_after=256,
        layer_pattern="lllllg",
        rope_theta=1_000_000.0,
        rope_local_theta=10_000.0,
        relative_buckets=0,
        dtype="bfloat16",
    ),
    # SmolLM-135M (vocabulary 49,152), Llama-3.2-1B and Llama-3-8B (128,256).
    "decoder-135m": config.ModelConfig(
        family="decoder",
        model_type="llama",
        model_size=576,
        layers=30,
        query_heads=9,
        key_value_heads=3,
        head_size=64,
        hidden_size=1536,
        tied_embeddings=True,
        norm_eps=1e-5,
        max_positions=2048,
        dtype="bfloat16",
    ),
    "decoder-1b": config.ModelConfig(
        family="decoder",
        model_type="llama",
        model_size=2048,
        layers=16,
        query_heads=32,
        key_value_heads=8,
        head_size=64,
        hidden_size=8192,
        tied_embeddings=True,
        norm_eps=1e-5,
        max_positions=131_072,
        rope_theta=500_000.0,
        rope_scaling="llama3",
        rope_factor=32.0,
        rope_original_tokens=8192,
        rope_low_turns=1.0,
        rope_high_turns=4.0,
        dtype="bfloat16",
        remat="dots",
    ),
    "decoder-8b": config.ModelConfig(
        family="decoder",
        model_type="llama",
        model_size=4096,
        layers=32,
        query_heads=32,
        key_value_heads=8,
        head_size=128,
        hidden_size=14336,
        norm_eps=1e-5,
        max_positions=8192,
        rope_theta=500_000.0,
        dtype="bfloat16",
        remat="full",
    ),
}
