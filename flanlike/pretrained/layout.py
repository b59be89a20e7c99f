"""The configuration of a published folder, as ours and back; each architecture has its module."""

import json
from pathlib import Path
from typing import Any

from flanlike import errors
from flanlike.models import config as model_config
from flanlike.pretrained import (
    gemma,
    gpt2,
    gpt_neox,
    granite,
    llama,
    names,
    olmo,
    phi3,
    smollm3,
    t5,
    t5gemma,
)

CONFIG_FILE = "config.json"
_MOST_LAYERS = 10_000
# What readers of a value raise where it is of another kind than they expect.
_STUMBLES = (ArithmeticError, AttributeError, LookupError, StopIteration, TypeError, ValueError)

ARCHITECTURES = (
    t5.T5,
    llama.LLAMA,
    gemma.GEMMA,
    gemma.GEMMA2,
    gpt2.GPT2,
    gpt_neox.GPT_NEOX,
    olmo.OLMO,
    smollm3.SMOLLM3,
    phi3.PHI3,
    granite.GRANITE,
    t5gemma.T5GEMMA,
    t5gemma.T5GEMMA2,
)


def read(folder: Path) -> dict[str, Any] | None:
    """Returns the folder's config.json where it is a published model's, else None."""
    path = Path(folder) / CONFIG_FILE
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return None  # `runs.folder.read_config` says what is wrong with it
    return content if isinstance(content, dict) and "model_type" in content else None


def to_ours(published: dict[str, Any], where: Path) -> model_config.ModelConfig:
    """Returns the shape that config.json tells; `weights.shape_of` asks the files of the head too.

    `where` names its folder in errors.
    """
    path = Path(where) / CONFIG_FILE
    model_type = published["model_type"]
    if "text_config" in published:
        raise errors.UserError(
            f"{path}: model_type {model_type!r} reads more than text; expected a text model of its "
            "family, like gemma3_text"
        )
    if not isinstance(model_type, str) or model_type not in _BY_MODEL_TYPE:
        raise errors.UserError(
            f"{path}: model_type {model_type!r}; expected one of {tuple(_BY_MODEL_TYPE)!r}: no "
            "other architecture can be read"
        )
    for name, value in published.items():  # layers are listed one by one, before they are counted
        if name.endswith(("layers", "n_layer")) and type(value) is int and value > _MOST_LAYERS:
            raise errors.UserError(
                f"{path}: {name} is {value}; expected {_MOST_LAYERS} at most: bring the file back"
            )
    try:
        return _BY_MODEL_TYPE[model_type].to_ours(published, path)
    except errors.UserError as error:
        if str(path) in str(error):
            raise
        raise errors.UserError(f"{path}: {error}") from error
    except _STUMBLES as error:
        raise errors.UserError(
            f"{path}: a value is of no kind that transformers writes for a {model_type} "
            f"({errors.in_one_line(error)}): bring the file back"
        ) from error


def to_published(config: model_config.ModelConfig) -> dict[str, Any]:
    """Returns the config.json by which transformers builds the same model."""
    return architecture(config).to_published(config)


def architecture(config: model_config.ModelConfig) -> names.Architecture:
    """Returns how models of that shape are published; raises where none is."""
    if config.model_type not in _BY_MODEL_TYPE:
        raise errors.UserError(
            f"this model's shape is none that is published (model_type {config.model_type!r}): "
            f"expected one of {tuple(_BY_MODEL_TYPE)!r}: train a model from a preset that has "
            "one, like t5-1.1-small, or from a published model"
        )
    return _BY_MODEL_TYPE[config.model_type]


_BY_MODEL_TYPE = {name: one for one in ARCHITECTURES for name in one.model_types}
