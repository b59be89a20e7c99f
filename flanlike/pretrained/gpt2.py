"""GPT-2, DistilGPT-2 and what else has their layout.

Layer norms with biases, learned positions and no rotation, a plain feed-forward, biases everywhere.
Queries, keys and values are one tensor, and kernels are (inputs, outputs). The first files have no
"transformer." before their names, and the masks of attention as buffers.

Source: `modeling_gpt2.py` of transformers 5.23.0.
"""

from pathlib import Path
from typing import Any

from flanlike.models import config as model_config
from flanlike.pretrained import decoders, tables

_CLASSES = {"gpt2": "GPT2LMHeadModel"}
_NEEDED = {
    "vocab_size": "vocab_size",
    "n_embd": "model_size",
    "n_inner": "hidden_size",
    "n_layer": "layers",
    "n_head": "query_heads",
    "n_positions": "max_positions",
}
_FIXED = {
    "scale_attn_weights": (True,),
    "scale_attn_by_inverse_layer_idx": (False,),
    "add_cross_attention": (False,),
}
_TABLE = tables.Table(
    prefix="transformer.",
    outer={"wte": "embedding", "wpe": "position_embedding", "ln_f": "final_norm"},
    layers="h",
    layer={
        "ln_1": "attention_norm",
        "attn.c_attn": ("attention.q", "attention.k", "attention.v"),
        "attn.c_proj": "attention.out",
        "ln_2": "hidden_norm",
        "mlp.c_fc": "hidden.up",
        "mlp.c_proj": "hidden.down",
    },
    inputs_first=True,
    unused=r"(transformer\.)?h\.\d+\.attn\.(masked_)?bias",
    spellings=((r"^(wte|wpe|h|ln_f)\.", r"transformer.\1."),),
)


def _to_ours(published: dict[str, Any], path: Path) -> model_config.ModelConfig:
    inner = published.get("n_inner") or 4 * (published.get("n_embd") or 0)
    found = decoders.sizes({**published, "n_inner": inner}, path, needed=_NEEDED, fixed=_FIXED)
    name = published.get("activation_function", "gelu_new")
    return model_config.ModelConfig(
        **{**found, "norm_eps": published.get("layer_norm_epsilon", 1e-5)},
        activation=decoders.activation(name, decoders.ACTIVATIONS, path),
        is_gated=False,
        tied_embeddings=published.get("tie_word_embeddings", True),
        norm="layer",
        learned_positions=True,
        rotary_share=0.0,
        query_key_value_biases=True,
        out_biases=True,
        hidden_biases=True,
    )


def _to_published(config: model_config.ModelConfig) -> dict[str, Any]:
    is_usual = config.hidden_size == 4 * config.model_size
    content = {
        **decoders.to_head(config, _CLASSES[config.model_type], _NEEDED),
        "n_inner": None if is_usual else config.hidden_size,
        "layer_norm_epsilon": config.norm_eps,
        "activation_function": decoders.ACTIVATION_NAMES[config.activation],
    }
    return decoders.check_round_trip(config, content, _to_ours)


GPT2 = tables.architecture(_CLASSES, _to_ours, _to_published, _TABLE)
