"""The configuration of a published folder, as ours and back.

What `config.json` says of the head is not enough. transformers 4 scaled the head's input where
`tie_word_embeddings` was true; transformers 5 reads the same key as "scale", writes true whatever
the model, says `scale_decoder_outputs` besides, and ties what is equal in the files. So the files
decide whether the head is tied, and the two keys whether its input is scaled.
"""

import json
from pathlib import Path
from typing import Any

from flanlike import errors
from flanlike.models import config as model_config

CONFIG_FILE = "config.json"

MODEL_TYPES = ("t5", "mt5")

# Of `feed_forward_proj`, after the word "gated-".
_ACTIVATIONS = {"gelu_new": "gelu", "silu": "silu", "swish": "silu", "relu": "relu"}
_PROJECTIONS = {"gelu": "gelu_new", "silu": "silu", "relu": "relu"}
_NEEDED = ("vocab_size", "d_model", "d_kv", "d_ff", "num_layers", "num_heads")
# What their code does whatever the configuration, and so a model that goes there has to.
_FIXED = {
    "family": "encoder_decoder",
    "attention": "causal",
    "scale_embeddings": False,
    "scale_attention": False,
}


def read(folder: Path) -> dict[str, Any] | None:
    """Returns the folder's config.json where it is a published model's, else None."""
    path = Path(folder) / CONFIG_FILE
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return None  # `runs.read_config` says what is wrong with it
    return content if isinstance(content, dict) and "model_type" in content else None


def to_ours(published: dict[str, Any], where: Path) -> model_config.ModelConfig:
    """Returns the shape of a published model, its head untied until the files say otherwise.

    `where` names its folder in errors.
    """
    path = Path(where) / CONFIG_FILE
    if published["model_type"] not in MODEL_TYPES:
        raise errors.UserError(
            f"{path}: model_type {published['model_type']!r}; expected one of {MODEL_TYPES!r}: "
            "no other architecture can be read so far"
        )
    if missing := [key for key in _NEEDED if not isinstance(published.get(key), int)]:
        raise errors.UserError(
            f"{path}: {', '.join(map(repr, missing))} missing or no whole number; expected the "
            "config.json that transformers writes for a T5: bring it back"
        )
    if published.get("layer_norm_epsilon", 1e-6) != 1e-6:
        raise errors.UserError(
            f"{path}: layer_norm_epsilon {published['layer_norm_epsilon']!r}; expected 1e-06, "
            "which every published T5 has"
        )
    activation, is_gated = _activation(published, path)
    return model_config.ModelConfig(
        family="encoder_decoder",
        model_size=published["d_model"],
        layers=published.get("num_decoder_layers") or published["num_layers"],
        encoder_layers=published["num_layers"],
        query_heads=published["num_heads"],
        key_value_heads=published["num_heads"],
        head_size=published["d_kv"],
        hidden_size=published["d_ff"],
        vocab_size=published["vocab_size"],
        activation=activation,
        is_gated=is_gated,
        scale_head=_is_head_scaled(published),
        scale_attention=False,
        init="t5",
        relative_buckets=published.get("relative_attention_num_buckets", 32),
        relative_max_distance=published.get("relative_attention_max_distance", 128),
        dropout=published.get("dropout_rate", 0.1),
    )


def to_published(config: model_config.ModelConfig) -> dict[str, Any]:
    """Returns the config.json by which transformers builds the same model."""
    if wrong := {k: v for k, v in _FIXED.items() if getattr(config, k) != v}:
        listed = ", ".join(f"{k} is {getattr(config, k)!r}, not {v!r}" for k, v in wrong.items())
        raise errors.UserError(
            f"this model is no T5 and cannot be written as one ({listed}): train one from a "
            "preset t5-1.1-* or from a published T5"
        )
    if config.query_heads != config.key_value_heads:
        raise errors.UserError(
            f"this model shares keys and values ({config.key_value_heads!r} for "
            f"{config.query_heads!r} query heads), which no T5 does: it cannot be written as one"
        )
    gated = "gated-" if config.is_gated else ""
    return {
        "architectures": ["T5ForConditionalGeneration"],
        "model_type": "t5",
        "vocab_size": config.vocab_size,
        "d_model": config.model_size,
        "d_kv": config.head_size,
        "d_ff": config.hidden_size,
        "num_layers": config.encoder_layers,
        "num_decoder_layers": config.layers,
        "num_heads": config.query_heads,
        # "gated-gelu" is what everybody writes for gelu_new behind a gate.
        "feed_forward_proj": "gated-gelu"
        if (config.is_gated and config.activation == "gelu")
        else gated + _PROJECTIONS[config.activation],
        "relative_attention_num_buckets": config.relative_buckets,
        "relative_attention_max_distance": config.relative_max_distance,
        "dropout_rate": config.dropout,
        "layer_norm_epsilon": 1e-6,
        "initializer_factor": 1.0,
        "is_encoder_decoder": True,
        "pad_token_id": 0,
        "eos_token_id": 1,
        "decoder_start_token_id": 0,
        "tie_word_embeddings": config.scale_head,
        "scale_decoder_outputs": config.scale_head,
        "dtype": "float32",
    }


def writes_head(config: model_config.ModelConfig) -> bool:
    """Returns whether the published files hold a head of their own.

    They do where it is untied, and where it is tied but unscaled: `tie_word_embeddings` is then
    false, and transformers 4 makes up a head that the files lack.
    """
    return not (config.tied_embeddings and config.scale_head)


def _activation(published: dict[str, Any], path: Path) -> tuple[str, bool]:
    projection = published.get("feed_forward_proj", "relu")
    is_gated = projection.startswith("gated-")
    name = projection.removeprefix("gated-")
    if is_gated and name == "gelu":
        name = "gelu_new"  # transformers does so too: T5 1.1 was trained with it
    if name not in _ACTIVATIONS:
        raise errors.UserError(
            f"{path}: feed_forward_proj {projection!r}; expected 'gated-gelu', or one of "
            f"{', '.join(map(repr, _ACTIVATIONS))} with or without 'gated-'"
        )
    return _ACTIVATIONS[name], is_gated


def _is_head_scaled(published: dict[str, Any]) -> bool:
    if published["model_type"] == "mt5":
        return False
    by_tying = published.get("tie_word_embeddings", True) is not False
    return published.get("scale_decoder_outputs", by_tying)
