"""Phi 3 and Phi 4: a Llama whose queries, keys and values are one tensor, as gate and up are.

Phi 3 mini and medium with 4k tokens, and Phi 4. Those that read 128k and Phi 4 mini stretch
positions by "longrope", which cannot be read; Phi 4 mini turns three quarters of each head besides.

Source: `modeling_phi3.py` of transformers 5.23.0.
"""

from pathlib import Path
from typing import Any

from flanlike import errors
from flanlike.models import config as model_config
from flanlike.pretrained import decoders, tables

_CLASSES = {"phi3": "Phi3ForCausalLM"}
_TABLE = tables.Table(
    layer={
        "input_layernorm": "attention_norm",
        "self_attn.qkv_proj": ("attention.q", "attention.k", "attention.v"),
        "self_attn.o_proj": "attention.out",
        "post_attention_layernorm": "hidden_norm",
        "mlp.gate_up_proj": ("hidden.gate", "hidden.up"),
        "mlp.down_proj": "hidden.down",
    }
)


def _to_ours(published: dict[str, Any], path: Path) -> model_config.ModelConfig:
    found = decoders.sizes(published, path, norm_eps=1e-5)
    found |= decoders.rope(published, path, share=published.get("partial_rotary_factor", 1.0))
    if "rope_scaling" in found:
        raise errors.UserError(
            f"{path}: rotary positions of rope_type {found['rope_scaling']!r}; expected 'default': "
            "no other that a phi3 has can be read"
        )
    name = published.get("hidden_act", "silu")
    return model_config.ModelConfig(
        **found,
        window=published.get("sliding_window") or 0,
        activation=decoders.activation(name, decoders.ACTIVATIONS, path),
        tied_embeddings=published.get("tie_word_embeddings", False),
    )


def _to_published(config: model_config.ModelConfig) -> dict[str, Any]:
    content = {
        **decoders.to_published(config, _CLASSES[config.model_type]),
        "hidden_act": decoders.ACTIVATION_NAMES[config.activation],
        "partial_rotary_factor": config.rotary_share,
        "rope_parameters": decoders.to_rope(config)
        | {"partial_rotary_factor": config.rotary_share},
        "sliding_window": config.window or None,
    }
    return decoders.check_round_trip(config, content, _to_ours)


PHI3 = tables.architecture(_CLASSES, _to_ours, _to_published, _TABLE)
