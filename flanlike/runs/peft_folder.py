"""What a run tuned, as a folder that the package `peft` loads onto the base's transformers model.

adapter_config.json        kind, rank, alpha, target modules; or the number of virtual tokens
adapter_model.safetensors  float32; beside each kernel A is (rank, inputs) and B (outputs, rank)

Source of the names: `peft` 0.21.2, `utils/save_and_load.py`.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from flax import nnx

from flanlike import config as config_lib
from flanlike import errors
from flanlike.models import config as model_config
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
        places = layout.architecture(model.config).places(model.config)
        content, tensors = _lora(loop.params_of(model), settings, places)
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
    safetensors.numpy.save_file(
        tensors, out / "adapter_model.safetensors", metadata={"format": "pt"}
    )


_TASK_TYPES = {"decoder": "CAUSAL_LM", "encoder_decoder": "SEQ_2_SEQ_LM"}


def _lora(
    learned: dict[str, Any], settings: config_lib.LoraConfig, places: dict[str, names.Place]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    tensors, modules, others = {}, set(), set()
    for name, place in places.items():
        module = name.removesuffix(".weight")
        *where, kernel = place.path
        part: Any = learned
        for key in (*where, f"lora_{kernel}"):
            part = part.get(key, {}) if isinstance(part, dict) else {}
        if not part:
            others.add(module.rpartition(".")[2])
            continue
        modules.add(module.rpartition(".")[2])
        a, b = (np.asarray(part[key][place.layer], np.float32) for key in "ab")
        a = a.reshape(-1, settings.rank).T
        b = b.reshape(settings.rank, -1).T
        tensors[f"{_PREFIX}{module}.lora_A.weight"] = np.ascontiguousarray(a)
        tensors[f"{_PREFIX}{module}.lora_B.weight"] = np.ascontiguousarray(b)
    assert not modules & others, "a module's last name says whether it has a pair"
    content = {
        "peft_type": "LORA",
        "r": settings.rank,
        "lora_alpha": settings.alpha,
        "target_modules": sorted(modules),
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": False,
    }
    return content, tensors


def _soft_prompt(
    model: nnx.Module, settings: config_lib.SoftPromptConfig
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    config: model_config.ModelConfig = model.config
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
