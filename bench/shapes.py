"""Shapes: those of smoke tests, and one that is no preset. For train_step.py and card.py."""

import dataclasses
from typing import Any

# Of config.json of google/gemma-3-270m; five layers of six are local.
GEMMA_3_270M = {
    "model_type": "gemma3_text",
    "vocab_size": 262_144,
    "hidden_size": 640,
    "intermediate_size": 2048,
    "num_hidden_layers": 18,
    "num_attention_heads": 4,
    "num_key_value_heads": 1,
    "head_dim": 256,
    "hidden_activation": "gelu_pytorch_tanh",
    "query_pre_attn_scalar": 256,
    "rms_norm_eps": 1e-6,
    "sliding_window": 512,
    "layer_types": [*["sliding_attention"] * 5, "full_attention"] * 3,
    "rope_parameters": {
        "full_attention": {"rope_theta": 1_000_000.0, "rope_type": "default"},
        "sliding_attention": {"rope_theta": 10_000.0, "rope_type": "default"},
    },
    "max_position_embeddings": 32_768,
    "tie_word_embeddings": True,
}


def narrow(shape: Any) -> Any:
    """Returns the shape with two layers of 48, and a vocabulary that the prompts' ids fit."""
    return dataclasses.replace(
        shape,
        model_size=48,
        layers=2,
        encoder_layers=min(shape.encoder_layers, 2),
        query_heads=3,
        key_value_heads=3 if shape.query_heads == shape.key_value_heads else 1,
        head_size=16,
        hidden_size=64,
        vocab_size=9_000,
    )
