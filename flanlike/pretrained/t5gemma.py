"""T5Gemma and T5Gemma 2: an encoder of Gemma's layers and a decoder that reads it.

```
t5gemma    Gemma 2's layers; a table for each side, the head tied to the decoder's; an attention
           over the source between a decoder's two parts; 9b-2b has an encoder of other sizes
t5gemma2   Gemma 3's layers; one table; a decoder's token sees its own side and the source in one
           attention; what reads images is left in the files
```

A local layer's window is a decoder's: so many tokens back, the reader among them. In T5Gemma's
encoder it is so far to either side, and in T5Gemma 2's the whole of what is seen:

```
window 4   decoder  . . x x x T        t5gemma  x x x x T x x x x        t5gemma2  x T x x
```

Inputs begin with BOS, which the decoder reads first, and end in no EOS, as their tokenizer has it.

Source: `modeling_t5gemma.py` and `modeling_t5gemma2.py` of transformers 5.23.0.
"""

import dataclasses
from pathlib import Path
from typing import Any

from flanlike import errors
from flanlike.models import config as model_config
from flanlike.pretrained import decoders, gemma, names, tables

_CLASSES = {
    "t5gemma": "T5GemmaForConditionalGeneration",
    "t5gemma2": "T5Gemma2ForConditionalGeneration",
}
_OF_A_SIDE = {"t5gemma": "gemma2", "t5gemma2": "gemma3_text"}  # what each side's settings say
# Sizes that the encoder may have for itself.
_SIZES = ("model_size", "query_heads", "key_value_heads", "hidden_size")
# Where the two sides may differ, besides.
_OWN = ("layers", "layer_pattern", "window", "max_positions", "tied_embeddings")
_BOS_ID = 2  # where config.json does not say
# The least that transformers can build: no tensor of it is written.
_NO_VISION = {
    **{"model_type": "siglip_vision_model", "hidden_size": 8, "intermediate_size": 8},
    **{"num_hidden_layers": 1, "num_attention_heads": 1, "image_size": 16, "patch_size": 16},
}


def _to_ours(published: dict[str, Any], path: Path) -> model_config.ModelConfig:
    kind = published["model_type"]
    is_second = kind == "t5gemma2"
    of_encoder = published.get("encoder")
    if is_second and isinstance(of_encoder, dict):
        of_encoder = of_encoder.get("text_config")
    encoder = _side(of_encoder, published, "encoder", path)
    decoder = _side(published.get("decoder"), published, "decoder", path)
    _check_alike(encoder, decoder, path)
    start_id = published.get("decoder_start_token_id")
    if start_id is None:
        start_id = published["decoder"].get("bos_token_id", _BOS_ID)
    if type(start_id) is not int:
        raise errors.UserError(
            f"{path}: decoder.bos_token_id {start_id!r}; expected the id that a decoder reads first"
        )
    reach = (encoder.window, encoder.window)
    if is_second and encoder.window:
        reach = ((encoder.window + 1) // 2 - 1, encoder.window // 2)
    return dataclasses.replace(
        decoder,
        family="encoder_decoder",
        model_type=kind,
        encoder_layers=encoder.layers,
        **{f"encoder_{name}": _own_size(encoder, decoder, name) for name in _SIZES},
        separate_tables=not is_second,
        merges_attention=is_second,
        start_id=start_id,
        layer_pattern=_pattern(encoder, decoder, path),
        max_positions=min(encoder.max_positions, decoder.max_positions),
        encoder_before=reach[0],
        encoder_after=reach[1],
        relative_buckets=0,
        dropout=published.get("dropout_rate", 0.0),
    )


def _side(
    settings: Any, published: dict[str, Any], side: str, path: Path
) -> model_config.ModelConfig:
    """Returns the shape of one side, as if it were a Gemma of its own."""
    kind = published["model_type"]
    if not isinstance(settings, dict):
        raise errors.UserError(
            f"{path}: {side!r} has no settings of its text; expected the config.json that "
            f"transformers writes for a {kind}: bring it back"
        )
    is_tied = published.get("tie_word_embeddings", True)
    own = {**settings, "model_type": _OF_A_SIDE[kind], "tie_word_embeddings": is_tied}
    return gemma.to_ours(own, Path(f"{path} ({side})"))


def _check_alike(
    encoder: model_config.ModelConfig, decoder: model_config.ModelConfig, path: Path
) -> None:
    fields = [field.name for field in dataclasses.fields(decoder)]
    differing = [
        f"{name} is {getattr(encoder, name)!r} and {getattr(decoder, name)!r}"
        for name in fields
        if name not in (*_SIZES, *_OWN) and getattr(encoder, name) != getattr(decoder, name)
    ]
    if differing:
        raise errors.UserError(
            f"{path}: encoder and decoder differ in more than size ({', '.join(differing)}); "
            "expected the same on both sides, as every published one has: it cannot be read"
        )


def _own_size(
    encoder: model_config.ModelConfig, decoder: model_config.ModelConfig, name: str
) -> int:
    """Returns the encoder's size where it is another than the decoder's, else 0."""
    own = getattr(encoder, name)
    return 0 if own == getattr(decoder, name) else own


def _pattern(
    encoder: model_config.ModelConfig, decoder: model_config.ModelConfig, path: Path
) -> str:
    """Returns the pattern that gives both sides their kinds of layers."""
    letters = decoders.shortest(max(encoder.layer_kinds, decoder.layer_kinds, key=len))
    for one in (encoder, decoder):
        if one.layer_kinds != (letters * one.layers)[: one.layers]:
            raise errors.UserError(
                f"{path}: layer_types of encoder and decoder follow no common pattern "
                f"({encoder.layer_kinds!r} and {decoder.layer_kinds!r}); expected that of a "
                "published one: it cannot be read"
            )
    return letters


def _to_published(config: model_config.ModelConfig) -> dict[str, Any]:
    kind = config.model_type
    is_second = kind == "t5gemma2"
    window = config.encoder_before
    if is_second and "l" in config.layer_pattern:
        window += config.encoder_after + 1
    encoder = dataclasses.replace(config.of_encoder, layers=config.encoder_layers, window=window)
    sides = [
        gemma.described(
            dataclasses.replace(
                side, family="decoder", model_type=_OF_A_SIDE[kind], encoder_layers=0, **_NEITHER
            )
        )
        for side in (encoder, config)
    ]
    marks = {"pad_token_id": 0, "eos_token_id": 1, "bos_token_id": config.start_id}
    for side in sides:
        del side["architectures"]
        side |= marks
    content = {
        "architectures": [_CLASSES[kind]],
        "model_type": kind,
        "is_encoder_decoder": True,
        "vocab_size": config.vocab_size,
        "encoder": sides[0] | {"model_type": "t5_gemma_module"},
        "decoder": sides[1] | {"model_type": "t5_gemma_module"},
        "tie_word_embeddings": config.tied_embeddings,
        "dropout_rate": config.dropout,
        "attention_dropout": config.dropout,
        "decoder_start_token_id": config.start_id,
        **marks,
        "dtype": "float32",
    }
    if is_second:
        content["encoder"] = {
            "model_type": "t5gemma2_encoder",
            "text_config": sides[0] | {"model_type": "t5gemma2_text"},
            "vision_config": _NO_VISION,
            "mm_tokens_per_image": 1,
        }
        content["decoder"] = sides[1] | {"model_type": "t5gemma2_decoder"}
    return decoders.check_round_trip(config, content, _to_ours)


# What makes of a shape one of a decoder alone, whose fields they are not.
_NEITHER = {
    **{"separate_tables": False, "merges_attention": False, "start_id": 0},
    **{"encoder_before": 0, "encoder_after": 0, "relative_buckets": 32},
    **{f"encoder_{name}": 0 for name in _SIZES},
}
_ATTENTION = {
    f"self_attn.{theirs}_proj": f"attention.{ours}"
    for theirs, ours in {"q": "q", "k": "k", "v": "v", "o": "out"}.items()
}
_LAYER = {
    **_ATTENTION,
    "self_attn.q_norm": "attention.q_norm",
    "self_attn.k_norm": "attention.k_norm",
    "pre_self_attn_layernorm": "attention_norm",
    "post_self_attn_layernorm": "attention_after_norm",
    "pre_feedforward_layernorm": "hidden_norm",
    "post_feedforward_layernorm": "hidden_after_norm",
    "mlp.gate_proj": "hidden.gate",
    "mlp.up_proj": "hidden.up",
    "mlp.down_proj": "hidden.down",
}
_CROSS = {
    **{
        theirs.replace("self", "cross"): ours.replace("attention.", "cross.")
        for theirs, ours in _ATTENTION.items()
    },
    "pre_cross_attn_layernorm": "cross_norm",
    "post_cross_attn_layernorm": "cross_after_norm",
}
_HEAD = "lm_head.out_proj"


def _architecture(
    kind: str, encoder: tables.Table, decoder: tables.Table, **more: Any
) -> names.Architecture:
    return names.Architecture(
        model_types=(kind,),
        to_ours=_to_ours,
        to_published=_to_published,
        places=lambda config: tables.places(config, encoder) | tables.places(config, decoder),
        writes_head=lambda config: not config.tied_embeddings,
        head=f"{_HEAD}.weight",
        says_tied=True,
        **more,
    )


T5GEMMA = _architecture(
    "t5gemma",
    tables.Table(
        layer=_LAYER,
        outer={"embed_tokens": "encoder_embedding", "norm": "encoder_norm"},
        stack="encoder",
        prefix="model.encoder.",
        head=_HEAD,
    ),
    tables.Table(
        layer=_LAYER | _CROSS,
        outer={"embed_tokens": "embedding", "norm": "decoder_norm"},
        stack="decoder",
        prefix="model.decoder.",
        head=_HEAD,
    ),
    table="model.decoder.embed_tokens.weight",
)
T5GEMMA2 = _architecture(
    "t5gemma2",
    tables.Table(
        layer=_LAYER,
        outer={"embed_tokens": "embedding", "norm": "encoder_norm"},
        stack="encoder",
        prefix="model.encoder.text_model.",
        head=_HEAD,
    ),
    tables.Table(
        layer=_LAYER,
        outer={"norm": "decoder_norm"},
        stack="decoder",
        prefix="model.decoder.",
        head=_HEAD,
    ),
    table="model.encoder.text_model.embed_tokens.weight",
    copies=("model.decoder.embed_tokens.weight",),
    # What reads images, and the vector that stands where one ends.
    unread=r"model\.encoder\.(vision_tower|multi_modal_projector)\..+|.+\.eoi_embedding",
    # As the first release has them.
    spellings=(
        (r"^model\.encoder\.(embed_tokens|layers|norm)\.", r"model.encoder.text_model.\1."),
    ),
)
