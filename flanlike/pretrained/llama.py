"""The Llama family: Llama 2 and 3, SmolLM, Mistral, Qwen 2 and 2.5, Qwen 3.

```
llama      the plain one; 3.1 and later stretch the rotation
mistral    every layer may have a window
qwen2      biases of queries, keys and values; upper layers may have a window
qwen3      norms of each query's and key's head instead; upper layers may have a window
```
"""

from pathlib import Path
from typing import Any

from flanlike import errors
from flanlike.models import config as model_config
from flanlike.pretrained import decoders, tables

_ACTIVATIONS = {"silu": "silu", "swish": "silu", "gelu_pytorch_tanh": "gelu", "relu": "relu"}
_ACTIVATION_NAMES = {"silu": "silu", "gelu": "gelu_pytorch_tanh", "relu": "relu"}
_CLASSES = {
    "llama": "LlamaForCausalLM",
    "mistral": "MistralForCausalLM",
    "qwen2": "Qwen2ForCausalLM",
    "qwen3": "Qwen3ForCausalLM",
}


def _to_ours(published: dict[str, Any], path: Path) -> model_config.ModelConfig:
    kind = published["model_type"]
    found = decoders.sizes(published, path)
    if kind != "llama" and not isinstance(published.get("num_key_value_heads"), int):
        raise errors.UserError(
            f"{path}: 'num_key_value_heads' missing or no whole number; expected the config.json "
            f"that transformers writes for a {kind}: bring it back"
        )
    if kind == "qwen3":
        found["head_size"] = published.get("head_dim") or 128
    return model_config.ModelConfig(
        **found,
        **decoders.rope(published, path),
        **_windows(published, kind, path),
        activation=decoders.activation(published.get("hidden_act", "silu"), _ACTIVATIONS, path),
        tied_embeddings=published.get("tie_word_embeddings", False),
        query_key_value_biases=kind == "qwen2",
        query_key_norms=kind == "qwen3",
    )


def _windows(published: dict[str, Any], kind: str, path: Path) -> dict[str, Any]:
    """Returns `window` and `layer_pattern`."""
    if kind == "mistral":
        return {"window": published.get("sliding_window", 4096) or 0}
    if kind == "llama" or not published.get("use_sliding_window"):
        return {}
    layers, upper = published["num_hidden_layers"], published.get("max_window_layers", 28)
    types = published.get("layer_types") or [
        decoders.LOCAL if i >= upper else decoders.GLOBAL for i in range(layers)
    ]
    return decoders.windows(published, types, published.get("sliding_window", 4096), path)


def _to_published(config: model_config.ModelConfig) -> dict[str, Any]:
    kind = config.model_type
    content = {
        **decoders.to_published(config, _CLASSES[kind]),
        "hidden_act": _ACTIVATION_NAMES[config.activation],
    }
    if kind == "llama":
        content["mlp_bias"] = False
    if kind == "mistral":
        content["sliding_window"] = config.window or None
    if kind in ("qwen2", "qwen3"):
        types = decoders.layer_types(config)
        content |= {
            "use_sliding_window": config.window > 0,
            "sliding_window": config.window or None,
            # transformers 4 had this alone, which is enough where the upper layers are local.
            "max_window_layers": types.index(decoders.LOCAL) if config.window else len(types),
            "layer_types": types,
        }
    return decoders.check_round_trip(config, content, _to_ours)


LLAMA = tables.architecture(_CLASSES, _to_ours, _to_published)
