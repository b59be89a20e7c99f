"""SmolLM 3: a Llama whose every fourth layer turns no positions.

Source: `modeling_smollm3.py` of transformers 5.23.0.
"""

from pathlib import Path
from typing import Any

from flanlike import errors
from flanlike.models import config as model_config
from flanlike.pretrained import decoders, tables

_CLASSES = {"smollm3": "SmolLM3ForCausalLM"}
_FIXED = {"use_sliding_window": (False,)}


def _to_ours(published: dict[str, Any], path: Path) -> model_config.ModelConfig:
    found = decoders.sizes(published, path, fixed=_FIXED)
    name = published.get("hidden_act", "silu")
    return model_config.ModelConfig(
        **found,
        **decoders.rope(published, path, theta=2_000_000.0),
        layer_pattern=_pattern(published, path),
        activation=decoders.activation(name, decoders.ACTIVATIONS, path),
        tied_embeddings=published.get("tie_word_embeddings", True),
    )


def _pattern(published: dict[str, Any], path: Path) -> str:
    layers, every = published["num_hidden_layers"], published.get("no_rope_layer_interval", 4)
    are_turned = published.get("no_rope_layers") or [(i + 1) % every != 0 for i in range(layers)]
    if len(are_turned) < layers:
        raise errors.UserError(
            f"{path}: no_rope_layers has {len(are_turned)!r} entries; expected {layers!r}, one a "
            "layer: 1 where it turns positions, 0 where not"
        )
    letters = "".join("g" if is_turned else "n" for is_turned in are_turned[:layers])
    return decoders.shortest(letters) if "n" in letters else ""


def _to_published(config: model_config.ModelConfig) -> dict[str, Any]:
    content = {
        **decoders.to_published(config, _CLASSES[config.model_type]),
        "hidden_act": decoders.ACTIVATION_NAMES[config.activation],
        "mlp_bias": False,
        "use_sliding_window": False,
        "sliding_window": None,
        "no_rope_layers": [int(kind != "n") for kind in config.layer_kinds],
        "layer_types": decoders.layer_types(config),
    }
    if config.layer_pattern.count("n") == 1 and config.layer_pattern.endswith("n"):
        content["no_rope_layer_interval"] = len(config.layer_pattern)
    return decoders.check_round_trip(config, content, _to_ours)


SMOLLM3 = tables.architecture(_CLASSES, _to_ours, _to_published)
