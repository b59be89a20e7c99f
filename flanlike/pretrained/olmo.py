"""OLMo 2 and OLMo 3: norms after the parts and none before, and over all heads' queries and keys.

```
olmo2   else a Llama
olmo3   three layers of four are local; only the others' rotation is stretched
```

Source: `modeling_olmo2.py` and `modeling_olmo3.py` of transformers 5.23.0.
"""

from pathlib import Path
from typing import Any

from flanlike.models import config as model_config
from flanlike.pretrained import decoders, tables

_CLASSES = {"olmo2": "Olmo2ForCausalLM", "olmo3": "Olmo3ForCausalLM"}
_TABLE = tables.Table(
    layer={
        **tables.LLAMA.layer,
        "post_attention_layernorm": "attention_after_norm",
        "post_feedforward_layernorm": "hidden_after_norm",
    }
)


def _to_ours(published: dict[str, Any], path: Path) -> model_config.ModelConfig:
    found = decoders.sizes(published, path, norm_eps=1e-5)
    if published["model_type"] == "olmo3":
        found |= _of_third(published, path)
    else:
        found |= decoders.rope(published, path)
    name = published.get("hidden_act", "silu")
    return model_config.ModelConfig(
        **found,
        activation=decoders.activation(name, decoders.ACTIVATIONS, path),
        tied_embeddings=published.get("tie_word_embeddings", False),
        norms_before=False,
        norms_after=True,
        query_key_norms=True,
        joins_query_key_norms=True,
    )


def _of_third(published: dict[str, Any], path: Path) -> dict[str, Any]:
    """Returns what OLMo 3 has besides: windows, and a rotation of its own for local layers."""
    types = published.get("layer_types") or [
        decoders.GLOBAL if (i + 1) % 4 == 0 else decoders.LOCAL
        for i in range(published["num_hidden_layers"])
    ]
    theta = published.get("rope_theta") or 500_000.0
    return {
        **decoders.windows(published, types, published.get("sliding_window", 4096), path),
        **decoders.two_ropes(published, path, theta=theta, local_theta=theta),
    }


def _to_published(config: model_config.ModelConfig) -> dict[str, Any]:
    content = {
        **decoders.to_published(config, _CLASSES[config.model_type]),
        "hidden_act": decoders.ACTIVATION_NAMES[config.activation],
    }
    if config.model_type == "olmo3":
        content |= {
            "sliding_window": config.window or config.max_positions,
            "layer_types": decoders.layer_types(config),
            "rope_parameters": decoders.to_two_ropes(config),
        }
    return decoders.check_round_trip(config, content, _to_ours)


OLMO = tables.architecture(_CLASSES, _to_ours, _to_published, _TABLE)
