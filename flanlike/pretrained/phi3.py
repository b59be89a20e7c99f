"""Phi 3 and Phi 4: a Llama whose queries, keys and values are one tensor, as gate and up are.

Those that read 128k and Phi 4 mini stretch positions by "longrope", from the length that
`original_max_position_embeddings` says; Phi 4 mini turns three quarters of each head besides.

Source: `modeling_phi3.py` and `configuration_phi3.py` of transformers 5.23.0.
"""

from pathlib import Path
from typing import Any

from flanlike.models import config as model_config
from flanlike.pretrained import decoders, tables

_CLASSES = {"phi3": "Phi3ForCausalLM"}
_LONGROPES = ("longrope", "su", "yarn")
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
    found |= decoders.rope(
        _spelt_as_others(published),
        path,
        share=published.get("partial_rotary_factor", 1.0),
        kinds=("default", "longrope"),
        head_size=found["head_size"],
    )
    name = published.get("hidden_act", "silu")
    return model_config.ModelConfig(
        **found,
        window=published.get("sliding_window") or 0,
        activation=decoders.activation(name, decoders.ACTIVATIONS, path),
        tied_embeddings=published.get("tie_word_embeddings", False),
    )


def _spelt_as_others(published: dict[str, Any]) -> dict[str, Any]:
    """Returns the configuration with longrope by its name, and its original length among its keys.

    Old files call it "su" or "yarn". The length beside the rotation counts before that within.
    """
    parameters = published.get("rope_scaling") or published.get("rope_parameters") or {}
    if parameters.get("rope_type", parameters.get("type")) not in _LONGROPES:
        return published
    original = published.get("original_max_position_embeddings", 4096)
    named = {"rope_type": "longrope", "original_max_position_embeddings": original}
    return {**published, "rope_scaling": {**parameters, **named}}


def _to_published(config: model_config.ModelConfig) -> dict[str, Any]:
    content = {
        **decoders.to_published(config, _CLASSES[config.model_type]),
        "hidden_act": decoders.ACTIVATION_NAMES[config.activation],
        "partial_rotary_factor": config.rotary_share,
        "rope_parameters": decoders.to_rope(config)
        | {"partial_rotary_factor": config.rotary_share},
        "sliding_window": config.window or None,
    }
    if config.rope_scaling == "longrope":
        content["original_max_position_embeddings"] = config.rope_original_tokens
    return decoders.check_round_trip(config, content, _to_ours)


PHI3 = tables.architecture(_CLASSES, _to_ours, _to_published, _TABLE)
