"""A bare model's folder: its configuration and its parameters, as two small files."""

import contextlib
import dataclasses
import json
import os
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
from flax import nnx

from flanlike import atomic, errors
from flanlike.models import checksums, quantized
from flanlike.training import quiet

PARAMS_FILE = "params.npz"

_CONFIG_FILE = "config.json"


def save(
    folder: str | os.PathLike[str], model: nnx.Module, model_config: Any, *, dtype: str = "float32"
) -> None:
    """Writes a bare model folder: config.json ({"model": {...}}) and params.npz.

    "float16" halves the file, for small bases that ship with the code.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {
        name: np.asarray(jax.device_get(value), dtype) for name, value in _named_params(model)
    }
    with atomic.writing(folder / PARAMS_FILE, "wb") as file:
        np.savez_compressed(file, **arrays)
    content = {"model": dataclasses.asdict(model_config)}
    atomic.write_json(folder / _CONFIG_FILE, content, indent=2)


def load_config(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """Returns the fields of the model's configuration, from a bare model folder's config.json."""
    path = Path(folder) / _CONFIG_FILE
    if not path.is_file():
        raise errors.UserError(
            f"no {_CONFIG_FILE} in {str(folder)!r}: expected a model folder with "
            f"{_CONFIG_FILE} and {PARAMS_FILE}"
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise errors.UserError(
            f"{path}: not JSON ({error}): bring the file back, or give another folder"
        ) from error
    if not isinstance(content, dict) or not isinstance(content.get("model"), dict):
        raise errors.UserError(
            f"{path}: not a bare model's configuration (it has no 'model'): give another folder"
        )
    return content["model"]


def load(
    folder: str | os.PathLike[str],
    model: nnx.Module,
    *,
    prints: checksums.Fingerprint | None = None,
) -> None:
    """Fills a model of the same configuration with the parameters of a bare model folder.

    The model may have shapes in place of arrays. One parameter after another is read, taken up by
    `prints` and cast to the model's type.
    """
    path = Path(folder) / PARAMS_FILE
    if not path.is_file():
        raise errors.UserError(f"no {PARAMS_FILE} in {str(folder)!r}: it holds no bare model")
    state, flat = nnx.state(model, nnx.Param), quantized.kept(model)
    with _told_if_damaged(path), np.load(path) as stored:
        missing = {name for name, _ in _named_params(model)} ^ set(stored.files)
        if missing:
            raise errors.UserError(
                f"{path} fits another model: {sorted(missing)[:4]!r} are in one of the two only; "
                "build the model from the folder's own config.json"
            )
        for keys, old in nnx.to_flat_state(state):
            name, leaf = ".".join(map(str, keys)), old.get_value()
            new = stored[name]  # against the sum of its bytes in the file
            if new.shape != leaf.shape:
                raise errors.UserError(
                    f"{path}: {name!r} has shape {new.shape}, the model wants {leaf.shape}"
                )
            whole = np.asarray(new, np.float32)
            value = jax.make_array_from_callback(leaf.shape, leaf.sharding, whole.__getitem__)
            if prints is not None:
                prints.add(keys, value)
            quantized.keep(flat, keys, value)
    nnx.update(model, nnx.from_flat_state(flat))


@contextlib.contextmanager
def _told_if_damaged(path: Path) -> Iterator[None]:
    """Makes one line of what NumPy and zlib say about a damaged archive, each in its own way."""
    try:
        yield
    except errors.UserError:
        raise
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise errors.UserError(
            f"{path} is damaged ({quiet.in_short(error)}): bring it back from a copy"
        ) from error


def _named_params(model: nnx.Module) -> list[tuple[str, jax.Array]]:
    flat = nnx.to_flat_state(nnx.state(model, nnx.Param))
    return [(".".join(map(str, keys)), value.get_value()) for keys, value in flat]
