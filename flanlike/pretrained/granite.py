"""Granite: a Llama with multipliers of embeddings, attention, residual stream and logits.

Source: `modeling_granite.py` of transformers 5.23.0.
"""

from pathlib import Path
from typing import Any

from flanlike.models import config as model_config
from flanlike.pretrained import decoders, tables

_CLASSES = {"granite": "GraniteForCausalLM"}
_MULTIPLIERS = {
    "embedding_multiplier": "embedding_multiplier",
    "attention_multiplier": "attention_multiplier",
    "residual_multiplier": "residual_multiplier",
    "logits_scaling": "logit_divisor",
}


def _to_ours(published: dict[str, Any], path: Path) -> model_config.ModelConfig:
    name = published.get("hidden_act", "silu")
    return model_config.ModelConfig(
        **decoders.sizes(published, path),
        **decoders.rope(published, path),
        **{ours: float(published.get(key, 1.0)) for key, ours in _MULTIPLIERS.items()},
        activation=decoders.activation(name, decoders.ACTIVATIONS, path),
        tied_embeddings=published.get("tie_word_embeddings", False),
    )


def _to_published(config: model_config.ModelConfig) -> dict[str, Any]:
    content = {
        **decoders.to_published(config, _CLASSES[config.model_type]),
        **{key: getattr(config, ours) for key, ours in _MULTIPLIERS.items()},
        "hidden_act": decoders.ACTIVATION_NAMES[config.activation],
        "mlp_bias": False,
    }
    return decoders.check_round_trip(config, content, _to_ours)


GRANITE = tables.architecture(_CLASSES, _to_ours, _to_published)
