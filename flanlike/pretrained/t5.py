"""The T5 family: T5, T5 1.1, LM-adapted, Flan-T5, mT5, umT5, ByT5 and UL2, as they are published.

What `config.json` says of the head is not enough. transformers 4 scaled the head's input where
`tie_word_embeddings` was true; transformers 5 reads the same key as "scale", writes true whatever
the model, says `scale_decoder_outputs` besides, and ties what is equal in the files. So the files
decide whether the head is tied, and the two keys whether its input is scaled. An mT5 is never
scaled. umT5s were published with false, which transformers 5 reads as true and then scales.

Source: `modeling_t5.py` of transformers 5.23.0 and the published checkpoints' own names.
"""

from pathlib import Path
from typing import Any

from flanlike import errors
from flanlike.models import config as model_config
from flanlike.pretrained import names

_TABLE = "shared.weight"
_CLASSES = {
    "t5": "T5ForConditionalGeneration",
    "mt5": "MT5ForConditionalGeneration",
    "umt5": "UMT5ForConditionalGeneration",
}
# Of `feed_forward_proj`, after the word "gated-".
_ACTIVATIONS = {"gelu_new": "gelu", "silu": "silu", "swish": "silu", "relu": "relu"}
_PROJECTIONS = {"gelu": "gelu_new", "silu": "silu", "relu": "relu"}
_NEEDED = ("vocab_size", "d_model", "d_kv", "d_ff", "num_layers", "num_heads")
# What an example begins and ends with, here and in every model that is read; None says nothing.
_MARKS = {"pad_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0}
# What their code does whatever the configuration, and so a model that goes there has to.
_FIXED = {
    "family": "encoder_decoder",
    "attention": "causal",
    "scale_embeddings": False,
    "scale_attention": False,
}


def _to_ours(published: dict[str, Any], path: Path) -> model_config.ModelConfig:
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
    for key, expected in _MARKS.items():
        if published.get(key) not in (None, expected, [expected]):
            raise errors.UserError(
                f"{path}: {key} {published[key]!r}; expected {expected!r}, as T5 has: a model "
                "with other marks cannot be read"
            )
    activation, is_gated = _activation(published, path)
    return model_config.ModelConfig(
        family="encoder_decoder",
        model_type=published["model_type"],
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
        relative_per_layer=published["model_type"] == "umt5",
        dropout=published.get("dropout_rate", 0.1),
    )


def _to_published(config: model_config.ModelConfig) -> dict[str, Any]:
    fixed = {**_FIXED, "relative_per_layer": config.model_type == "umt5"}
    if config.model_type == "mt5":
        fixed["scale_head"] = False
    if wrong := {k: v for k, v in fixed.items() if getattr(config, k) != v}:
        listed = ", ".join(f"{k} is {getattr(config, k)!r}, not {v!r}" for k, v in wrong.items())
        raise errors.UserError(
            f"this model is no {config.model_type} and cannot be written as one ({listed}): train "
            "one from a preset t5-1.1-* or from a published T5"
        )
    if config.query_heads != config.key_value_heads:
        raise errors.UserError(
            f"this model shares keys and values ({config.key_value_heads!r} for "
            f"{config.query_heads!r} query heads), which no T5 does: it cannot be written as one"
        )
    gated = "gated-" if config.is_gated else ""
    scale = {"tie_word_embeddings": config.scale_head}
    if config.model_type == "t5":
        scale["scale_decoder_outputs"] = config.scale_head
    return {
        "architectures": [_CLASSES[config.model_type]],
        "model_type": config.model_type,
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
        **_MARKS,
        **scale,
        "dtype": "float32",
    }


def _writes_head(config: model_config.ModelConfig) -> bool:
    """Returns whether the files hold a head.

    They do where it is untied, and where it is tied but unscaled: `tie_word_embeddings` is then
    false, and transformers 4 makes up a head that the files lack.
    """
    return not (config.tied_embeddings and config.scale_head)


def _activation(published: dict[str, Any], path: Path) -> tuple[str, bool]:
    by_type = "relu" if published["model_type"] == "t5" else "gated-gelu"
    projection = published.get("feed_forward_proj") or by_type
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


def _places(config: model_config.ModelConfig) -> dict[str, names.Place]:
    """Returns the place of every tensor of a T5 of that shape, by its published name."""
    D, V, N = config.model_size, config.vocab_size, config.query_heads
    relative = (config.relative_buckets, N)
    bias = "layer.0.SelfAttention.relative_attention_bias.weight"
    places = {_TABLE: names.Place(path=("embedding", "table"), layer=None, shape=(V, D))}
    if not config.tied_embeddings:
        head = names.Place(path=("embedding", "head"), layer=None, shape=(D, V), inputs=1)
        places[T5.head] = head
    for stack, layers in (("encoder", config.encoder_layers), ("decoder", config.layers)):
        ours, norm = (f"{stack}_bias", "table"), (f"{stack}_norm", "scale")
        if not config.relative_per_layer:
            places[f"{stack}.block.0.{bias}"] = names.Place(path=ours, layer=None, shape=relative)
        places[f"{stack}.final_layer_norm.weight"] = names.Place(path=norm, layer=None, shape=(D,))
        for layer in range(layers):
            if config.relative_per_layer:
                places[f"{stack}.block.{layer}.{bias}"] = names.Place(
                    path=(stack, "bias", "table"), layer=layer, shape=relative
                )
            for name, path, shape, inputs in _block(config, stack):
                places[f"{stack}.block.{layer}.layer.{name}.weight"] = names.Place(
                    path=(stack, *path), layer=layer, shape=shape, inputs=inputs
                )
    return places


def _block(
    config: model_config.ModelConfig, stack: str
) -> list[tuple[str, names.Path, tuple[int, ...], int]]:
    """Returns one layer's tensors: their name, our path, our shape, the kernel's input axes."""
    D, F = config.model_size, config.hidden_size
    N, K, H = config.query_heads, config.key_value_heads, config.head_size
    parts = [("SelfAttention", "attention")]
    if stack == "decoder":
        parts.append(("EncDecAttention", "cross"))
    rows = []
    for i, (theirs, ours) in enumerate(parts):
        rows += [
            (f"{i}.layer_norm", (f"{ours}_norm", "scale"), (D,), 0),
            (f"{i}.{theirs}.q", (ours, "q"), (D, N, H), 1),
            (f"{i}.{theirs}.k", (ours, "k"), (D, K, H), 1),
            (f"{i}.{theirs}.v", (ours, "v"), (D, K, H), 1),
            (f"{i}.{theirs}.o", (ours, "out"), (N, H, D), 2),
        ]
    dense = f"{len(parts)}.DenseReluDense"
    rows.append((f"{len(parts)}.layer_norm", ("hidden_norm", "scale"), (D,), 0))
    if config.is_gated:
        rows.append((f"{dense}.wi_0", ("hidden", "gate"), (D, F), 1))
    rows.append(
        (f"{dense}.wi_1" if config.is_gated else f"{dense}.wi", ("hidden", "up"), (D, F), 1)
    )
    rows.append((f"{dense}.wo", ("hidden", "down"), (F, D), 1))
    return rows


T5 = names.Architecture(
    model_types=tuple(_CLASSES),
    to_ours=_to_ours,
    to_published=_to_published,
    places=_places,
    writes_head=_writes_head,
    table=_TABLE,
    copies=("encoder.embed_tokens.weight", "decoder.embed_tokens.weight"),
    # A table of the first T5's files.
    unused=r"decoder\.block\.0\.layer\.1\.EncDecAttention\.relative_attention_bias\.weight",
)
