"""What the published decoder-only models have in common: config.json and the names of tensors.

Each family's module says what is its own. A configuration is written in the spelling of
transformers 4 and in that of 5, and both are read:

```
transformers 4   "rope_theta": 5e5, "rope_scaling": {"rope_type": "llama3", "factor": 32.0, ...}
transformers 5   "rope_parameters": {"rope_theta": 5e5, "rope_type": "llama3", ...}
```

Source: `modeling_llama.py`, `modeling_rope_utils.py` and their neighbours in transformers 5.23.0.
"""

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from flanlike import errors
from flanlike.models import config as model_config
from flanlike.pretrained import names

_TABLE, _HEAD = "model.embed_tokens.weight", "lm_head.weight"
# Buffers in the files of the first Llamas.
_UNUSED = r"model\.layers\.\d+\.self_attn\.rotary_emb\.inv_freq"

_NEEDED = {
    "vocab_size": "vocab_size",
    "hidden_size": "model_size",
    "intermediate_size": "hidden_size",
    "num_hidden_layers": "layers",
    "num_attention_heads": "query_heads",
}
# What would make it another function; the first value is the one that all of ours have.
_FIXED = {
    "attention_bias": (False, None),
    "mlp_bias": (False, None),
    "partial_rotary_factor": (1.0, None),
    "use_bidirectional_attention": (False, None),
    "quantization_config": (None,),
}
# Fields that say how a run trains and not what the model computes.
_OF_A_RUN = ("dropout", "dtype", "remat", "unroll_layers", "init")
LOCAL, GLOBAL = "sliding_attention", "full_attention"
_ROPE_KEYS = {  # besides rope_theta and rope_type
    "default": (),
    "linear": ("factor",),
    "llama3": (
        *("factor", "original_max_position_embeddings", "low_freq_factor", "high_freq_factor"),
    ),
    "yarn": (
        *("factor", "original_max_position_embeddings", "attention_factor"),
        *("beta_slow", "beta_fast", "truncate"),
    ),
}


def architecture(
    model_types: Iterable[str],
    to_ours: Callable[[dict[str, Any], Path], model_config.ModelConfig],
    to_published: Callable[[model_config.ModelConfig], dict[str, Any]],
) -> names.Architecture:
    """Returns what is to be known of a family whose tensors have the names below."""
    return names.Architecture(
        model_types=tuple(model_types),
        to_ours=to_ours,
        to_published=to_published,
        places=places,
        writes_head=lambda config: not config.tied_embeddings,
        table=_TABLE,
        head=_HEAD,
        says_tied=True,
        unused=_UNUSED,
    )


def sizes(published: dict[str, Any], path: Path) -> dict[str, Any]:
    """Returns the fields of `ModelConfig` that all families spell alike; raises for the rest."""
    if missing := [key for key in _NEEDED if type(published.get(key)) is not int]:
        raise errors.UserError(
            f"{path}: {', '.join(map(repr, missing))} missing or no whole number; expected the "
            f"config.json that transformers writes for a {published['model_type']}: bring it back"
        )
    for key, allowed in _FIXED.items():
        if published.get(key) not in allowed:
            raise errors.UserError(
                f"{path}: {key} {str(published[key])[:60]!r}; expected {allowed[0]!r} or no such "
                "key: a model that has it cannot be read"
            )
    heads = published["num_attention_heads"]
    return {
        "family": "decoder",
        "model_type": published["model_type"],
        **{ours: published[theirs] for theirs, ours in _NEEDED.items()},
        "key_value_heads": published.get("num_key_value_heads") or heads,
        "head_size": published.get("head_dim") or published["hidden_size"] // heads,
        "norm_eps": published.get("rms_norm_eps", 1e-6),
        "max_positions": published.get("max_position_embeddings") or 2048,
    }


def activation(name: str, table: Mapping[str, str], path: Path) -> str:
    if name not in table:
        raise errors.UserError(
            f"{path}: the activation is {name!r}; expected one of {', '.join(map(repr, table))}"
        )
    return table[name]


def rope(published: dict[str, Any], path: Path) -> dict[str, Any]:
    """Returns the fields of `ModelConfig` that say how positions turn."""
    parameters = published.get("rope_scaling") or published.get("rope_parameters") or {}
    theta = parameters.get("rope_theta") or published.get("rope_theta") or 10_000.0
    kind = parameters.get("rope_type", parameters.get("type", "default"))
    known = {"rope_theta", "rope_type", "type", *_ROPE_KEYS.get(kind, ())}
    surplus = sorted(k for k, v in parameters.items() if k not in known and v is not None)
    if kind not in _ROPE_KEYS or surplus or parameters.get("truncate") is False:
        raise errors.UserError(
            f"{path}: rotary positions {dict(parameters)!r}; expected the rope_type to be one of "
            f"{', '.join(map(repr, _ROPE_KEYS))}, with its own keys and truncate true: no other "
            "can be read"
        )
    found = {"rope_theta": float(theta)}
    if kind == "default":
        return found
    try:
        factor = float(parameters["factor"])
        found |= {"rope_scaling": kind, "rope_factor": factor}
        if kind == "linear":
            return found
        original = parameters.get("original_max_position_embeddings")
        found["rope_original_tokens"] = int(original or published["max_position_embeddings"])
        if kind == "llama3":
            low, high = parameters["low_freq_factor"], parameters["high_freq_factor"]
        else:
            low, high = parameters.get("beta_slow") or 1, parameters.get("beta_fast") or 32
            magnitude = parameters.get("attention_factor")
            usual = 0.1 * math.log(factor) + 1.0 if factor > 1 else 1.0
            found["rope_magnitude"] = usual if magnitude is None else float(magnitude)
        return found | {"rope_low_turns": float(low), "rope_high_turns": float(high)}
    except (KeyError, TypeError, ValueError) as error:
        raise errors.UserError(
            f"{path}: rotary positions {dict(parameters)!r} lack a number ({error!r}); expected "
            f"{', '.join(_ROPE_KEYS[kind])}"
        ) from error


def to_rope(config: model_config.ModelConfig) -> dict[str, Any]:
    """Returns a model's rope_parameters, without those of local layers."""
    kind = "default" if config.rope_scaling == "none" else config.rope_scaling
    values = {
        "factor": config.rope_factor,
        "original_max_position_embeddings": config.rope_original_tokens,
        "low_freq_factor": config.rope_low_turns,
        "high_freq_factor": config.rope_high_turns,
        "beta_slow": config.rope_low_turns,
        "beta_fast": config.rope_high_turns,
        "attention_factor": config.rope_magnitude,
        "truncate": True,
    }
    return {
        "rope_type": kind,
        "rope_theta": config.rope_theta,
        **{key: values[key] for key in _ROPE_KEYS[kind]},
    }


def pattern(layer_types: list[str], path: Path) -> str:
    """Returns the `layer_pattern` of a list of layer types: the shortest that repeats into it."""
    if unknown := sorted({str(one) for one in layer_types} - {LOCAL, GLOBAL}):
        raise errors.UserError(
            f"{path}: layer_types has {', '.join(map(repr, unknown))}; expected {LOCAL!r} and "
            f"{GLOBAL!r} alone"
        )
    letters = "".join("l" if one == LOCAL else "g" for one in layer_types)
    sizes = range(1, len(letters) + 1)
    return next(
        letters[:n] for n in sizes if letters == (letters[:n] * len(letters))[: len(letters)]
    )


def windows(
    published: dict[str, Any], layer_types: list[str], window: int | None, path: Path
) -> dict[str, Any]:
    """Returns `window` and `layer_pattern` for layers of those types."""
    if len(layer_types) != published["num_hidden_layers"]:
        raise errors.UserError(
            f"{path}: layer_types has {len(layer_types)!r} entries; expected "
            f"{published['num_hidden_layers']!r}, one a layer"
        )
    letters = pattern(layer_types, path)
    if "l" not in letters:
        return {}
    return {"window": window or 0, "layer_pattern": "" if letters == "l" else letters}


def layer_types(config: model_config.ModelConfig) -> list[str]:
    """Returns the type of every layer, as config.json lists them."""
    return [LOCAL if is_local else GLOBAL for is_local in config.is_local]


def to_published(config: model_config.ModelConfig, architecture: str) -> dict[str, Any]:
    """Returns what all families write."""
    parameters = to_rope(config)
    return {
        "architectures": [architecture],
        "model_type": config.model_type,
        **{theirs: getattr(config, ours) for theirs, ours in _NEEDED.items()},
        "num_key_value_heads": config.key_value_heads,
        "head_dim": config.head_size,
        "max_position_embeddings": config.max_positions,
        "rms_norm_eps": config.norm_eps,
        "tie_word_embeddings": config.tied_embeddings,
        "rope_theta": config.rope_theta,
        "rope_scaling": None
        if config.rope_scaling == "none"
        else {key: value for key, value in parameters.items() if key != "rope_theta"},
        "rope_parameters": parameters,
        "attention_bias": False,
        "initializer_range": 0.02,
        "bos_token_id": None,
        "eos_token_id": None,
        "pad_token_id": None,
        "dtype": "float32",
    }


def check_round_trip(
    config: model_config.ModelConfig,
    content: dict[str, Any],
    to_ours: Callable[[dict[str, Any], Path], model_config.ModelConfig],
) -> dict[str, Any]:
    """Returns the content if it says all that the model computes; else raises and names it."""
    back = to_ours(content, Path("config.json"))
    differing = [
        f"{field.name} is {getattr(config, field.name)!r}, not {getattr(back, field.name)!r}"
        for field in dataclasses.fields(config)
        if field.name not in _OF_A_RUN and getattr(config, field.name) != getattr(back, field.name)
    ]
    if differing:
        raise errors.UserError(
            f"this model is no {config.model_type} and cannot be written as one "
            f"({', '.join(differing)}): train one without, from a published model or a preset"
        )
    return content


def places(config: model_config.ModelConfig) -> dict[str, names.Place]:
    """Returns the place of every tensor of a model of that shape, by its published name."""
    D, V = config.model_size, config.vocab_size
    found = {_TABLE: names.Place(path=("embedding", "table"), layer=None, shape=(V, D))}
    if not config.tied_embeddings:
        found[_HEAD] = names.Place(path=("embedding", "head"), layer=None, shape=(D, V), inputs=1)
    found["model.norm.weight"] = names.Place(path=("final_norm", "scale"), layer=None, shape=(D,))
    rows = _block(config)
    for layer in range(config.layers):
        for name, path, shape, inputs in rows:
            found[f"model.layers.{layer}.{name}"] = names.Place(
                path=("blocks", *path),
                layer=layer,
                shape=shape,
                inputs=inputs,
                is_bias=name.endswith(".bias"),
            )
    return found


def _block(
    config: model_config.ModelConfig,
) -> list[tuple[str, names.Path, tuple[int, ...], int]]:
    """Returns one layer's tensors: their name, our path, our shape, the kernel's input axes."""
    D, F = config.model_size, config.hidden_size
    N, K, H = config.query_heads, config.key_value_heads, config.head_size
    rows: list[tuple[str, names.Path, tuple[int, ...], int]] = [
        ("input_layernorm.weight", ("attention_norm", "scale"), (D,), 0)
    ]
    for letter, heads in (("q", N), ("k", K), ("v", K)):
        name = f"self_attn.{letter}_proj"
        rows.append((f"{name}.weight", ("attention", letter), (D, heads, H), 1))
        if config.query_key_value_biases:
            rows.append((f"{name}.bias", ("attention", f"{letter}_bias"), (heads, H), 0))
    rows.append(("self_attn.o_proj.weight", ("attention", "out"), (N, H, D), 2))
    if config.query_key_norms:
        for letter in "qk":
            path = ("attention", f"{letter}_norm", "scale")
            rows.append((f"self_attn.{letter}_norm.weight", path, (H,), 0))
    # With norms after the parts, the name that Llama gives to the one before the feed-forward
    # belongs to the one after attention.
    norms = {"post_attention_layernorm": "hidden_norm"}
    if config.norms_after:
        norms = {
            "post_attention_layernorm": "attention_after_norm",
            "pre_feedforward_layernorm": "hidden_norm",
            "post_feedforward_layernorm": "hidden_after_norm",
        }
    rows += [(f"{theirs}.weight", (ours, "scale"), (D,), 0) for theirs, ours in norms.items()]
    return rows + [
        ("mlp.gate_proj.weight", ("hidden", "gate"), (D, F), 1),
        ("mlp.up_proj.weight", ("hidden", "up"), (D, F), 1),
        ("mlp.down_proj.weight", ("hidden", "down"), (F, D), 1),
    ]
