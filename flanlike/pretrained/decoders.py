"""What the configurations of published decoder-only models have in common.

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
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from flanlike import errors
from flanlike.models import config as model_config

NEEDED = {
    "vocab_size": "vocab_size",
    "hidden_size": "model_size",
    "intermediate_size": "hidden_size",
    "num_hidden_layers": "layers",
    "num_attention_heads": "query_heads",
}
# What would make it another function; the first value is the one that most of ours have.
_FIXED = {
    "attention_bias": (False,),
    "mlp_bias": (False,),
    "use_bidirectional_attention": (False,),
    "quantization_config": (None,),
}
# As transformers means them; a family of old files may mean another by a name.
ACTIVATIONS = {
    "silu": "silu",
    "swish": "silu",
    "gelu": "gelu_exact",
    "gelu_new": "gelu",
    "gelu_fast": "gelu",
    "gelu_pytorch_tanh": "gelu",
    "relu": "relu",
}
ACTIVATION_NAMES = {"silu": "silu", "gelu": "gelu_new", "gelu_exact": "gelu", "relu": "relu"}
# Fields that say how a run trains and not what the model computes.
_OF_A_RUN = ("attention_kernel", "dropout", "dtype", "remat", "unroll_layers", "init")
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
    "longrope": (
        *("short_factor", "long_factor", "original_max_position_embeddings"),
        *("attention_factor", "factor"),
    ),
}
_SHOWN = 300  # characters of a rotation in an error: it may have hundreds of numbers
_ROPES = ("default", "linear", "llama3", "yarn")  # of all families but one


def sizes(
    published: dict[str, Any],
    path: Path,
    *,
    needed: Mapping[str, str] = NEEDED,
    fixed: Mapping[str, tuple[Any, ...]] = {},
    norm_eps: float = 1e-6,
) -> dict[str, Any]:
    """Returns the fields of `ModelConfig` that most families spell alike; raises for the rest.

    `needed` has a family's own spelling, `fixed` has what a key of its has to be (or no such key),
    and `norm_eps` is what it takes for granted.
    """
    if missing := [key for key in needed if type(published.get(key)) is not int]:
        raise errors.UserError(
            f"{path}: {', '.join(map(repr, missing))} missing or no whole number; expected the "
            f"config.json that transformers writes for a {published['model_type']}: bring it back"
        )
    _check_fixed(published, {**_FIXED, **fixed}, path)
    found = {ours: published[theirs] for theirs, ours in needed.items()}
    heads = found["query_heads"]
    return {
        "family": "decoder",
        "model_type": published["model_type"],
        "key_value_heads": published.get("num_key_value_heads") or heads,
        "head_size": published.get("head_dim") or found["model_size"] // heads,
        "norm_eps": published.get("rms_norm_eps", norm_eps),
        "max_positions": published.get("max_position_embeddings") or 2048,
        **found,
    }


def _check_fixed(
    published: dict[str, Any], fixed: Mapping[str, tuple[Any, ...]], path: Path
) -> None:
    for key, allowed in fixed.items():
        if published.get(key) not in (*allowed, None):
            raise errors.UserError(
                f"{path}: {key} {str(published[key])[:60]!r}; expected {allowed[0]!r} or no such "
                "key: a model that has it cannot be read"
            )


def activation(name: str, table: Mapping[str, str], path: Path) -> str:
    if name not in table:
        raise errors.UserError(
            f"{path}: the activation is {name!r}; expected one of {', '.join(map(repr, table))}"
        )
    return table[name]


def rope(
    published: dict[str, Any],
    path: Path,
    *,
    theta: float = 10_000.0,
    share: float | None = None,
    kinds: Sequence[str] = _ROPES,
    head_size: int = 0,
) -> dict[str, Any]:
    """Returns the fields of `ModelConfig` that say how positions turn.

    `theta` is the family's where the file does not say, and `share` the share of a head that turns;
    None is for a family that always turns all. `kinds` are the rope_types that the family has:
    "longrope" needs the size of a head too.
    """
    parameters = published.get("rope_scaling") or published.get("rope_parameters") or {}
    theta = parameters.get("rope_theta") or published.get("rope_theta") or theta
    kind = parameters.get("rope_type", parameters.get("type", "default"))
    known = {"rope_theta", "rope_type", "type", *_ROPE_KEYS.get(kind, ())}
    if share is None:
        _check_fixed(published, {"partial_rotary_factor": (1.0,)}, path)
    else:
        known.add("partial_rotary_factor")
        share = parameters.get("partial_rotary_factor") or share
    surplus = sorted(k for k, v in parameters.items() if k not in known and v is not None)
    if kind not in kinds or surplus or parameters.get("truncate") is False:
        raise errors.UserError(
            f"{path}: rotary positions of rope_type {kind!r} ({str(dict(parameters))[:_SHOWN]}); "
            "expected the rope_type to be one of "
            f"{', '.join(map(repr, kinds))}, with its own keys and truncate true: no other can be "
            "read"
        )
    found = {"rope_theta": float(theta), "rotary_share": 1.0 if share is None else float(share)}
    if kind == "default":
        return found
    try:
        if kind == "longrope":
            pairs = int(head_size * found["rotary_share"]) // 2
            return found | _longrope(parameters, published, pairs)
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
            f"{path}: rotary positions {str(parameters)[:_SHOWN]} lack a number ({error!r}); "
            f"expected {', '.join(_ROPE_KEYS[kind])}"
        ) from error


def _longrope(parameters: dict[str, Any], published: dict[str, Any], pairs: int) -> dict[str, Any]:
    """Returns the fields of a rotation with a factor for each pair; raises where one lacks.

    Queries and keys grow by sqrt(1 + ln(factor) / ln(original length)), where no attention_factor
    says otherwise; the factor is that of the two lengths, where it is not given.
    """
    original = int(parameters["original_max_position_embeddings"])
    if original < 2:
        raise ValueError("the original length needs to be 2 or more")
    factor = parameters.get("factor")
    if factor is None:
        factor = published["max_position_embeddings"] / original
    magnitude = parameters.get("attention_factor")
    if magnitude is None:
        magnitude = math.sqrt(1 + math.log(factor) / math.log(original)) if factor > 1 else 1.0
    if not 0 < magnitude < math.inf:
        raise ValueError("attention_factor needs to be above 0")
    lists = []
    for key in ("short_factor", "long_factor"):
        factors = parameters[key]
        if len(factors) != pairs or not all(0 < one < math.inf for one in factors):
            raise ValueError(f"{key} needs {pairs} numbers above 0, one for each pair of a head")
        lists.append(tuple(map(float, factors)))
    return {
        "rope_scaling": "longrope",
        "rope_original_tokens": original,
        "rope_magnitude": float(magnitude),
        "rope_short_factors": lists[0],
        "rope_long_factors": lists[1],
    }


def to_rope(config: model_config.ModelConfig) -> dict[str, Any]:
    """Returns a model's rope_parameters, without those of local layers."""
    kind = "default" if config.rope_scaling == "none" else config.rope_scaling
    values = {
        # longrope's is only for attention_factor, which is said.
        **({} if kind == "longrope" else {"factor": config.rope_factor}),
        "short_factor": list(config.rope_short_factors),
        "long_factor": list(config.rope_long_factors),
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
        **{key: values[key] for key in _ROPE_KEYS[kind] if key in values},
    }


def two_ropes(
    published: dict[str, Any], path: Path, *, theta: float, local_theta: float
) -> dict[str, Any]:
    """Returns the fields of both rotations, where local layers have their own.

    Both bases are the family's where the file does not say.
    """
    both = published.get("rope_parameters") or {}
    everywhere = {
        "rope_theta": published.get("rope_theta", theta),
        **(both.get(GLOBAL) or {}),
        **(published.get("rope_scaling") or {}),
    }
    nearby = {"rope_theta": local_theta, **(both.get(LOCAL) or {})}
    if nearby.get("rope_type", "default") != "default":
        raise errors.UserError(
            f"{path}: rotary positions {nearby!r} of local layers; expected the rope_type 'default'"
        )
    found = rope({**published, "rope_scaling": None, "rope_parameters": everywhere}, path)
    return {**found, "rope_local_theta": float(nearby["rope_theta"])}


def to_two_ropes(config: model_config.ModelConfig) -> dict[str, Any]:
    """Returns the `rope_parameters` of both rotations."""
    return {
        GLOBAL: to_rope(config),
        LOCAL: {"rope_type": "default", "rope_theta": config.rope_local_theta},
    }


def pattern(layer_types: list[str], path: Path) -> str:
    """Returns the `layer_pattern` of a list of layer types: the shortest that repeats into it."""
    if unknown := sorted({str(one) for one in layer_types} - {LOCAL, GLOBAL}):
        raise errors.UserError(
            f"{path}: layer_types has {', '.join(map(repr, unknown))}; expected {LOCAL!r} and "
            f"{GLOBAL!r} alone"
        )
    return shortest("".join("l" if one == LOCAL else "g" for one in layer_types))


def shortest(letters: str) -> str:
    """Returns the shortest pattern that, repeated, has those letters: "gngng" -> "gn"."""
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


def to_head(
    config: model_config.ModelConfig, architecture: str, needed: Mapping[str, str] = NEEDED
) -> dict[str, Any]:
    """Returns what all families write, the sizes in their own spelling."""
    return {
        "architectures": [architecture],
        "model_type": config.model_type,
        **{theirs: getattr(config, ours) for theirs, ours in needed.items()},
        "tie_word_embeddings": config.tied_embeddings,
        "initializer_range": 0.02,
        "bos_token_id": None,
        "eos_token_id": None,
        "pad_token_id": None,
        "dtype": "float32",
    }


def to_published(config: model_config.ModelConfig, architecture: str) -> dict[str, Any]:
    """Returns what the families write that are spelt as Llama is."""
    parameters = to_rope(config)
    return {
        **to_head(config, architecture),
        "num_key_value_heads": config.key_value_heads,
        "head_dim": config.head_size,
        "max_position_embeddings": config.max_positions,
        "rms_norm_eps": config.norm_eps,
        "rope_theta": config.rope_theta,
        "rope_scaling": None
        if config.rope_scaling == "none"
        else {key: value for key, value in parameters.items() if key != "rope_theta"},
        "rope_parameters": parameters,
        "attention_bias": False,
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
