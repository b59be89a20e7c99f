"""GPT-NeoX: Pythia, GPT-NeoX-20B, Dolly and what else has their layout.

Layer norms with biases, a rotation of part of each head, a plain feed-forward that reads the
layer's own input beside attention. Queries, keys and values are one tensor, head by head. Files
call the head "embed_out"; transformers 5 calls it "lm_head" and reads both.

Source: `modeling_gpt_neox.py` of transformers 5.23.0.
"""

from pathlib import Path
from typing import Any

from flanlike.models import config as model_config
from flanlike.pretrained import decoders, tables

_CLASSES = {"gpt_neox": "GPTNeoXForCausalLM"}
_NEEDED = {**decoders.NEEDED, "max_position_embeddings": "max_positions"}
_TABLE = tables.Table(
    prefix="gpt_neox.",
    outer={"embed_in": "embedding", "final_layer_norm": "final_norm"},
    layer={
        "input_layernorm": "attention_norm",
        "attention.query_key_value": ("attention.q", "attention.k", "attention.v"),
        "attention.dense": "attention.out",
        "post_attention_layernorm": "hidden_norm",
        "mlp.dense_h_to_4h": "hidden.up",
        "mlp.dense_4h_to_h": "hidden.down",
    },
    head="embed_out",
    joins_heads=True,
    unused=r"gpt_neox\.layers\.\d+\.attention\.((masked_)?bias|rotary_emb\.inv_freq)",
    spellings=((r"^lm_head\.", "embed_out."),),
)


def _to_ours(published: dict[str, Any], path: Path) -> model_config.ModelConfig:
    found = decoders.sizes(published, path, needed=_NEEDED, fixed={"attention_bias": (True, False)})
    theta, share = published.get("rotary_emb_base", 10_000.0), published.get("rotary_pct", 0.25)
    has_biases = published.get("attention_bias", True)
    return model_config.ModelConfig(
        **{**found, "norm_eps": published.get("layer_norm_eps", 1e-5)},
        **decoders.rope(published, path, theta=theta, share=share),
        activation=decoders.activation(
            published.get("hidden_act", "gelu"), decoders.ACTIVATIONS, path
        ),
        is_gated=False,
        tied_embeddings=published.get("tie_word_embeddings", False),
        norm="layer",
        is_parallel=published.get("use_parallel_residual", True),
        query_key_value_biases=has_biases,
        out_biases=has_biases,
        hidden_biases=True,
    )


def _to_published(config: model_config.ModelConfig) -> dict[str, Any]:
    content = {
        **decoders.to_head(config, _CLASSES[config.model_type], _NEEDED),
        "layer_norm_eps": config.norm_eps,
        "hidden_act": decoders.ACTIVATION_NAMES[config.activation],
        "use_parallel_residual": config.is_parallel,
        "attention_bias": config.out_biases,
        "rotary_emb_base": config.rope_theta,
        "rotary_pct": config.rotary_share,
        "rope_parameters": {
            **decoders.to_rope(config),
            "partial_rotary_factor": config.rotary_share,
        },
    }
    return decoders.check_round_trip(config, content, _to_ours)


GPT_NEOX = tables.architecture(_CLASSES, _to_ours, _to_published, _TABLE)
