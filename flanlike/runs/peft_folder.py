"""What a run tuned, as a folder that the package `peft` loads onto the base's transformers model.

adapter_config.json        kind, rank, alpha, target modules; or the number of virtual tokens
adapter_model.safetensors  float32; beside each kernel A is (rank, inputs) and B (outputs, rank),
                           and with DoRA the magnitudes (outputs,)

Source of the names: `peft` 0.21.2, `utils/save_and_load.py`.
"""

import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from flax import nnx

from flanlike import atomic, errors
from flanlike import config as config_lib
from flanlike.models import config as model_config
from flanlike.models import tuning
from flanlike.pretrained import layout, names
from flanlike.training import loop

_PREFIX = "base_model.model."


def save(
    out: Path, model: nnx.Module, settings: config_lib.Tuning, *, base: str | None = None
) -> None:
    """Writes the folder of a model with low-rank pairs or a soft prompt.

    `base` names the base's published folder in it, where there is one.
    """
    if isinstance(settings, config_lib.LoraConfig):
        of = layout.architecture(model.config)
        places = of.places(model.config)
        # What is left in the files may have modules of the same names: peft is to leave them alone.
        parts = _WHOLE if of.unread else 1
        content, tensors = _lora(model, settings, places, parts=parts)
    elif isinstance(settings, config_lib.SoftPromptConfig):
        content, tensors = _soft_prompt(model, settings)
    else:
        raise errors.UserError(
            "this run has bottleneck adapters, which peft does not know: only --tune lora and "
            "--tune prompt can be written for it"
        )
    content |= {
        "task_type": _TASK_TYPES[model.config.family],
        "base_model_name_or_path": base,
        "inference_mode": True,
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / "adapter_config.json").write_text(json.dumps(content, indent=2) + "\n")
    file = out / "adapter_model.safetensors"
    safetensors.numpy.save_file(tensors, file, metadata={"format": "pt"})
    atomic.as_others(file)


_WHOLE = None  # in place of a number of parts of a module's name: all of them
_TASK_TYPES = {"decoder": "CAUSAL_LM", "encoder_decoder": "SEQ_2_SEQ_LM"}


def _lora(
    model: nnx.Module,
    settings: config_lib.LoraConfig,
    places: Mapping[str, names.Place | names.Fused],
    *,
    parts: int | None,
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Returns what a folder of low-rank pairs holds.

    It tells the last so many parts of a module's name, or one more where that is another's too.
    """
    tensors, ranks, others = {}, {}, []
    learned = loop.params_of(model)
    for name, place in places.items():
        module = name.removesuffix(".weight")
        pairs = [_pair(learned, part) for part in place.parts]
        if any(pairs):
            a, b = _joined(place, pairs)
            tensors[f"{_PREFIX}{module}.lora_A.weight"] = np.ascontiguousarray(a)
            tensors[f"{_PREFIX}{module}.lora_B.weight"] = np.ascontiguousarray(b)
            if settings.dora:
                sizes = _magnitudes(model, learned, place)
                tensors[f"{_PREFIX}{module}.lora_magnitude_vector"] = sizes
            ranks[module] = len(a)
        else:
            others.append(module)
    if _last(ranks, parts) & _last(others, parts):
        parts = 2
    assert not _last(ranks, parts) & _last(others, parts), "a module's name says if it has a pair"
    larger = {_end(module, parts): rank for module, rank in ranks.items() if rank > settings.rank}
    content = {
        "peft_type": "LORA",
        "r": settings.rank,
        "lora_alpha": settings.alpha,
        "target_modules": sorted(_last(ranks, parts)),
        "rank_pattern": larger,
        "alpha_pattern": {  # by which the scale stays what it is
            end: settings.scale * (rank**0.5 if settings.rank_stabilized else rank)
            for end, rank in larger.items()
        },
        "use_rslora": settings.rank_stabilized,
        "use_dora": settings.dora,
        "lora_dropout": settings.dropout,
        "bias": "none",
        "fan_in_fan_out": any(place.inputs_first for place in places.values()),
    }
    return content, tensors


def _learned(learned: dict[str, Any], place: names.Place) -> dict[str, Any]:
    """Returns what learned beside a kernel; nothing where nothing did."""
    *where, kernel = place.path
    part: Any = learned
    for key in (*where, f"lora_{kernel}"):
        part = part.get(key, {}) if isinstance(part, dict) else {}
    return part


def _pair(learned: dict[str, Any], place: names.Place) -> tuple[np.ndarray, np.ndarray] | None:
    """Returns A (rank, inputs) and B (outputs, rank) beside a kernel, or None."""
    part = _learned(learned, place)
    if not part:
        return None
    a, b = (np.asarray(part[key][place.layer], np.float32) for key in "ab")
    rank = a.shape[-1]
    return a.reshape(-1, rank).T, b.reshape(rank, -1).T


def _magnitudes(
    model: nnx.Module, learned: dict[str, Any], place: names.Place | names.Fused
) -> np.ndarray:
    """Returns the sizes of a tensor's outputs: of a part without a pair, those of its kernel."""
    parts = []
    for part in place.parts:
        if pair := _learned(learned, part):
            sizes = pair["magnitude"]
        else:
            *where, kernel = part.path
            sizes = tuning.magnitudes(functools.reduce(getattr, where, model), kernel)
        flat = np.asarray(sizes[part.layer], np.float32).reshape(-1)
        parts.append(flat[None] if place.inputs_first else flat[:, None])
    return np.ascontiguousarray(place.joined(parts).reshape(-1))


def _joined(
    place: names.Place | names.Fused, pairs: Sequence[tuple[np.ndarray, np.ndarray] | None]
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the one pair that adds to a tensor what the pairs add to its parts.

    Its rank is the sum of theirs, and each part's B is zero for the others' A.
    """
    a = np.concatenate([pair[0] for pair in pairs if pair])
    parts, start = [], 0
    for part, pair in zip(place.parts, pairs, strict=True):
        b = np.zeros((part.their_shape[part.outputs_axis], len(a)), np.float32)
        if pair:
            end = start + len(pair[0])
            b[:, start:end], start = pair[1], end
        parts.append(b.T if place.inputs_first else b)
    b = place.joined(parts)
    return a, b.T if place.inputs_first else b


def _last(modules: Iterable[str], parts: int | None) -> set[str]:
    return {_end(module, parts) for module in modules}


def _end(module: str, parts: int | None) -> str:
    """Returns the last so many parts of a module's name, by which peft finds it in every layer.

    The whole name is one layer's.
    """
    if parts is _WHOLE:
        return module
    return ".".join(module.split(".")[-parts:])


def _soft_prompt(
    model: nnx.Module, settings: config_lib.SoftPromptConfig
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    config: model_config.ModelConfig = model.config
    if config.family == "encoder_decoder" and config.turns:
        raise errors.UserError(
            f"a soft prompt of a {config.model_type} is not written for peft, which reads such a "
            "model's embeddings in its own way: only --tune lora can be"
        )
    vectors_PD = np.asarray(loop.params_of(model)["embedding"]["soft_prompt"]["vectors"])
    if config.scale_embeddings:  # theirs come after that factor
        vectors_PD = vectors_PD * np.float32(config.model_size**0.5)
    content = {
        "peft_type": "PROMPT_TUNING",
        "num_virtual_tokens": settings.tokens,
        "token_dim": config.model_size,
        "num_transformer_submodules": 1,  # before an encoder's inputs alone
        "num_attention_heads": config.query_heads,
        "num_layers": config.encoder_layers or config.layers,
    }
    return content, {"prompt_embeddings": np.ascontiguousarray(vectors_PD, np.float32)}
