"""The Gemma family's text models: Gemma, Gemma 2, Gemma 3.

All scale their embeddings by the root of the model's size and keep a norm's scale less one.

```
gemma         else a Llama with a gelu gate
gemma2        norms after the parts too; caps on logits; every other layer local
gemma3_text   norms after the parts, and of queries and keys; five layers of six local, whose
              rotation has a base of its own
```
"""

import functools
from pathlib import Path
from typing import Any

from flanlike import errors
from flanlike.models import config as model_config
from flanlike.pretrained import decoders, tables

# The first Gemma's files say "gelu" and mean the one by tanh.
_ACTIVATIONS = {"gelu_pytorch_tanh": "gelu", "gelu": "gelu", "silu": "silu", "relu": "relu"}
_ACTIVATION_NAMES = {"gelu": "gelu_pytorch_tanh", "silu": "silu", "relu": "relu"}
_FIRST = {"gemma": "GemmaForCausalLM"}
_LATER = {"gemma2": "Gemma2ForCausalLM", "gemma3_text": "Gemma3ForCausalLM"}
_CLASSES = _FIRST | _LATER
# What Llama calls the norm before the feed-forward is the one after attention.
_NORMS_AFTER = {
    "post_attention_layernorm": "attention_after_norm",
    "pre_feedforward_layernorm": "hidden_norm",
    "post_feedforward_layernorm": "hidden_after_norm",
}


def to_ours(published: dict[str, Any], path: Path) -> model_config.ModelConfig:
    """Returns the shape of a Gemma whose config.json that is; raises for what cannot be read."""
    kind = published["model_type"]
    found = decoders.sizes(published, path)
    found["head_size"] = published.get("head_dim") or 256
    name = published.get("hidden_activation") or published.get("hidden_act", "gelu_pytorch_tanh")
    table = _ACTIVATIONS
    if kind != "gemma":
        found |= _of_later(published, kind, path)
        table = {name: ours for name, ours in _ACTIVATIONS.items() if name != "gelu"}
    rope = decoders.rope
    if kind == "gemma3_text":
        local_theta = published.get("rope_local_base_freq", 10_000.0)
        rope = functools.partial(decoders.two_ropes, theta=1_000_000.0, local_theta=local_theta)
    return model_config.ModelConfig(
        **found,
        **rope(published, path),
        activation=decoders.activation(name, table, path),
        tied_embeddings=published.get("tie_word_embeddings", True),
        scale_embeddings=True,
        centered_norms=True,
    )


def _of_later(published: dict[str, Any], kind: str, path: Path) -> dict[str, Any]:
    """Returns what Gemma 2 and 3 have besides."""
    is_second = kind == "gemma2"
    capped = published.get("attn_logit_softcapping", 50.0 if is_second else None)
    if capped and not is_second:
        raise errors.UserError(
            f"{path}: attn_logit_softcapping {capped!r}; expected null: no Gemma 3 has a cap there"
        )
    every = 2 if is_second else published.get("sliding_window_pattern") or 6
    types = published.get("layer_types") or [
        decoders.GLOBAL if (i + 1) % every == 0 else decoders.LOCAL
        for i in range(published["num_hidden_layers"])
    ]
    return {
        "norms_after": True,
        "query_key_norms": not is_second,
        "query_scalar": published.get("query_pre_attn_scalar", 256),
        "attention_softcap": capped or 0.0,
        "logit_softcap": published.get("final_logit_softcapping", 30.0 if is_second else 0.0)
        or 0.0,
        **decoders.windows(published, types, published.get("sliding_window", 4096), path),
    }


def described(config: model_config.ModelConfig) -> dict[str, Any]:
    """Returns the config.json of a Gemma, without a look at what it cannot say."""
    kind = config.model_type
    content = decoders.to_published(config, _CLASSES[kind])
    name = _ACTIVATION_NAMES[config.activation]
    content |= {"hidden_act": name, "hidden_activation": name}
    if kind != "gemma":
        content |= {
            "query_pre_attn_scalar": config.query_scalar or config.head_size,
            "attn_logit_softcapping": config.attention_softcap or None,
            "final_logit_softcapping": config.logit_softcap or None,
            "sliding_window": config.window or config.max_positions,
            "layer_types": decoders.layer_types(config),
        }
    if kind == "gemma3_text":
        if config.layer_pattern.count("g") == 1 and config.layer_pattern.endswith("g"):
            # The first releases with Gemma 3 had this in place of the list.
            content["sliding_window_pattern"] = len(config.layer_pattern)
        content["rope_local_base_freq"] = config.rope_local_theta
        content["rope_parameters"] = decoders.to_two_ropes(config)
    return content


def _to_published(config: model_config.ModelConfig) -> dict[str, Any]:
    return decoders.check_round_trip(config, described(config), to_ours)


GEMMA = tables.architecture(_FIRST, to_ours, _to_published)
GEMMA2 = tables.architecture(
    _LATER,
    to_ours,
    _to_published,
    tables.Table(layer={**tables.LLAMA.layer, **_NORMS_AFTER}),
)
