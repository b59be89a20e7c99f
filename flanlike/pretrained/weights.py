"""Tensors of published files into a model's parameters, and back.

Reading goes file by file and tensor by tensor, and every device takes its own part of each. Besides
the system's cache of the files, which are mapped, the host holds a copy of one tensor: a model that
fits its devices needs no host that it fits into. `bench/load_memory.py` measures it.
"""

import dataclasses
import functools
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import safetensors
import safetensors.numpy
from flax import nnx

from flanlike import atomic, errors, models
from flanlike.batches import features
from flanlike.models import checksums, quantized
from flanlike.models import config as model_config
from flanlike.pretrained import layout, names

_INDEX_FILE = "model.safetensors.index.json"
_ONE_FILE = "model.safetensors"
ENTRIES = (_ONE_FILE, _INDEX_FILE)  # one of them is in every folder that can be read
PATTERNS = (*ENTRIES, "model-*.safetensors")  # of all files that are read
_DTYPES = {
    "F64": np.float64,
    "F32": np.float32,
    "F16": np.float16,
    "BF16": ml_dtypes.bfloat16,
}
_ROWS_AT_ONCE = 4096  # of tables that are compared
_LISTED = 12  # wrong tensors, of each kind, that an error names

_Places = Mapping[str, names.Place | names.Fused]  # by published name


def is_published(folder: Path) -> bool:
    """Returns whether the folder is a published model's, in Hugging Face layout."""
    return layout.read(folder) is not None


def shape_of(folder: Path) -> model_config.ModelConfig:
    """Returns the shape of a published model, from its config.json and its files' headers."""
    published = layout.read(folder)
    if published is None:
        raise errors.UserError(
            f"{str(folder)!r} is no published model's folder: expected a {layout.CONFIG_FILE} with "
            "'model_type'"
        )
    shape = layout.to_ours(published, folder)
    of = layout.architecture(shape)
    if of.says_tied and not shape.tied_embeddings:
        return shape
    files = _Files(folder, of)
    is_tied = of.head not in files.shapes or files.are_equal(of.table, of.head)
    return dataclasses.replace(shape, tied_embeddings=is_tied)


def load(
    folder: Path,
    *,
    mesh: jax.sharding.Mesh | None = None,
    params_dtype: str = "float32",
    prints: checksums.Fingerprint | None = None,
    **changes: Any,
) -> nnx.Module:
    """Returns the published model, with parameters of that type, each in its place on the mesh.

    A tensor at a time is widened to float32, taken up by `prints` and cast. `changes` are fields of
    `ModelConfig` that leave the parameters as they are.
    """
    shape = dataclasses.replace(shape_of(folder), **changes)
    of = layout.architecture(shape)
    places = of.places(shape)
    files = _Files(folder, of)
    _check(files, of, places, folder)
    model = models.shapes(shape, mesh=mesh, dtype=params_dtype)
    arrays = quantized.kept(model)
    for name, tensor in files.tensors(places):
        for place, theirs in zip(places[name].parts, places[name].apart(tensor), strict=True):
            _put(arrays, place, theirs, prints)
    nnx.update(model, nnx.from_flat_state(arrays))
    return model


def unread(folder: Path) -> str:
    """Returns what a published folder holds that reads no text, in one line; "" for nothing."""
    published = layout.read(folder)
    if published is None:
        return ""
    pattern = layout.architecture(layout.to_ours(published, folder)).unread
    sizes = [
        math.prod(entry["shape"])
        for file in (_paths(folder) if pattern else ())
        for name, entry in _header(file).items()
        if re.fullmatch(pattern, name)
    ]
    if not sizes:
        return ""
    return (
        f"{Path(folder).name}: tensors for images are not read, trained or exported: {len(sizes)} "
        f"with {sum(sizes):,} parameters"
    )


def save(
    folder: Path,
    model: nnx.Module,
    *,
    marks: features.Marks | None = None,
    dtype: str = "float32",
    max_shard_bytes: int = 5_000_000_000,
) -> None:
    """Writes config.json and the model's parameters as `dtype`, in files of at most that size.

    "bfloat16" rounds to the nearest, to the even one of two. `marks` are those of its words: where
    generation is to stop. A parameter comes to the host layer by layer; a file's tensors are held
    until it is written.
    """
    config = model.config
    content = layout.to_published(config) | {"dtype": dtype}
    if marks is not None and config.turns:
        content = _with_eos(content, marks.eos_id)
    if marks is not None and config.family == "decoder":
        content["bos_token_id"] = marks.bos_id
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / layout.CONFIG_FILE).write_text(json.dumps(content, indent=2) + "\n")
    arrays = dict(nnx.to_flat_state(nnx.state(model, nnx.Param)))
    of = layout.architecture(config)
    places = of.places(config)
    if config.tied_embeddings and of.writes_head(config):
        places[of.head] = places[of.table]
    kind = jnp.dtype(dtype)
    sizes = {name: kind.itemsize * math.prod(place.their_shape) for name, place in places.items()}
    shards = _shards(sizes, max_shard_bytes)
    weight_map = {}
    for i, shard in enumerate(shards, start=1):
        file = _ONE_FILE if len(shards) == 1 else f"model-{i:05}-of-{len(shards):05}.safetensors"
        tensors = {}
        for name in shard:
            parts = [_published(place, arrays[place.path][...]) for place in places[name].parts]
            tensors[name] = places[name].joined(parts).astype(kind, copy=False)
            weight_map[name] = file
        safetensors.numpy.save_file(tensors, folder / file, metadata={"format": "pt"})
        atomic.as_others(folder / file)
    if len(shards) > 1:
        index = {"metadata": {"total_size": sum(sizes.values())}, "weight_map": weight_map}
        (folder / _INDEX_FILE).write_text(json.dumps(index, indent=2) + "\n")


def _with_eos(content: dict[str, Any], eos_id: int) -> dict[str, Any]:
    """Returns a config.json that says so, of each side where there are two."""
    sides = {k: _with_eos(v, eos_id) for k, v in content.items() if isinstance(v, dict)}
    own = {"eos_token_id": eos_id} if "eos_token_id" in content else {}
    return content | sides | own


def _published(place: names.Place, array: jax.Array) -> np.ndarray:
    """Returns the parameter in their layout, or its layer's slice, in float32."""
    ours = array if place.layer is None else array[place.layer]
    return place.to_theirs(np.asarray(jax.device_get(ours), np.float32))


class _Files:
    """The safetensors files of a folder, mapped: shapes by name, and tensors as asked for."""

    def __init__(self, folder: Path, of: names.Architecture) -> None:
        self._tensors: dict[str, np.ndarray] = {}
        for file in _paths(folder):
            self._tensors |= _mapped(file, of)
        # What leaves equal tensors out may keep the table under a copy's name.
        if of.table not in self._tensors and (kept := self._tensors.keys() & set(of.copies)):
            self._tensors[of.table] = self._tensors[min(kept)]
        self.shapes = {name: tensor.shape for name, tensor in self._tensors.items()}

    def tensors(self, wanted: Iterable[str]) -> Iterator[tuple[str, np.ndarray]]:
        """Yields the wanted tensors, one file after another; none is read yet."""
        for name, tensor in self._tensors.items():
            if name in wanted:
                yield name, tensor

    def are_equal(self, a: str, b: str) -> bool:
        """Returns whether two tensors of the files are the same; reads no more than it must."""
        if a not in self.shapes or self.shapes[a] != self.shapes.get(b):
            return False
        left, right = self._tensors[a], self._tensors[b]
        rows = self.shapes[a][0]
        ends = [
            (start, min(start + _ROWS_AT_ONCE, rows)) for start in range(0, rows, _ROWS_AT_ONCE)
        ]
        return all(np.array_equal(left[start:end], right[start:end]) for start, end in ends)


def _mapped(file: Path, of: names.Architecture) -> dict[str, np.ndarray]:
    """Returns the tensors of a file that code reads, whose bytes are read when they are asked for.

    The library's own reader copies each one.
    """
    try:
        with safetensors.safe_open(file, framework="numpy"):
            pass  # it checks the header against the file
    except safetensors.SafetensorError as error:
        raise errors.UserError(
            f"{file}: no whole safetensors file ({error}): fetch it again"
        ) from error
    content = np.memmap(file, np.uint8, mode="r")
    start = 8 + int.from_bytes(content[:8].tobytes(), "little")
    tensors = {}
    for name, entry in _header(file).items():
        if re.fullmatch(of.unused, name) or re.fullmatch(of.unread, name):
            continue
        for theirs, usual in of.spellings:
            name = re.sub(theirs, usual, name)
        if entry["dtype"] not in _DTYPES:
            raise errors.UserError(
                f"{file}: {name} is of type {entry['dtype']}; expected one of {tuple(_DTYPES)!r}: "
                "quantized weights have to be widened first"
            )
        first, last = entry["data_offsets"]
        tensor = content[start + first : start + last].view(_DTYPES[entry["dtype"]])
        tensors[name] = tensor.reshape(entry["shape"])
    return tensors


def _header(file: Path) -> dict[str, Any]:
    """Returns the dtype, shape and place of each of a file's tensors.

    A safetensors file is the length of its header (8 bytes), the header (JSON) and the tensors.
    """
    with open(file, "rb") as opened:
        size = int.from_bytes(opened.read(8), "little")
        header = json.loads(opened.read(size))
    header.pop("__metadata__", None)
    return header


def _paths(folder: Path) -> list[Path]:
    """Returns the folder's safetensors files, each of them there."""
    folder = Path(folder)
    if (folder / _ONE_FILE).is_file():
        return [folder / _ONE_FILE]
    index = folder / _INDEX_FILE
    if not index.is_file():
        raise errors.UserError(
            f"{str(folder)!r} has neither {_ONE_FILE} nor {_INDEX_FILE}: weights in another "
            "format (pytorch_model.bin, flax_model.msgpack) have to be written as safetensors first"
        )
    try:
        weight_map = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        files = sorted({folder / file for file in weight_map.values()})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise errors.UserError(
            f"{index}: no index of safetensors files ({error!r}): fetch it again"
        ) from error
    if missing := [file.name for file in files if not file.is_file()]:
        raise errors.UserError(
            f"{str(folder)!r} lacks {', '.join(missing)}, which {index.name} names"
        )
    return files


def _check(files: _Files, of: names.Architecture, places: _Places, folder: Path) -> None:
    """Raises one error that names every missing, surplus and misshapen tensor."""
    there = files.shapes
    known = {*places, *of.copies, of.head}
    problems = {
        "missing": [name for name in places if name not in there],
        "of no place in this model": sorted(set(there) - known),
        "misshapen": [
            f"{name} is {list(there[name])}, expected {list(place.their_shape)}"
            for name, place in places.items()
            if name in there and there[name] != place.their_shape
        ],
        f"unequal to {of.table}": [
            name
            for name in of.copies
            if name in there and of.table in there and not files.are_equal(of.table, name)
        ],
    }
    if any(problems.values()):
        told = []
        for kind, listed in problems.items():
            more = f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
            told += [f"{kind}: {', '.join(listed[:_LISTED])}{more}"] if listed else []
        raise errors.UserError(
            f"the tensors in {str(folder)!r} are not those of its {layout.CONFIG_FILE} "
            f"({'; '.join(told)}): give the folder as it was published"
        )


def _put(
    arrays: dict[names.Path, nnx.Variable],
    place: names.Place,
    theirs: np.ndarray,
    prints: checksums.Fingerprint | None,
) -> None:
    """Puts the tensor in its place among the parameters; the old one is given up.

    That is a shape until its first tensor comes.
    """
    ours = place.to_ours(theirs)
    there = arrays[place.path].get_value().sharding
    if place.layer is not None and isinstance(there, jax.sharding.NamedSharding):
        there = jax.sharding.NamedSharding(there.mesh, jax.sharding.PartitionSpec(*there.spec[1:]))
    value = jax.make_array_from_callback(
        place.shape, there, lambda index: np.array(ours[index], np.float32, order="C")
    )
    if prints is not None:
        prints.add(place.path, value, layer=place.layer)
    write = None if place.layer is None else functools.partial(_with_layer, place.layer)
    quantized.keep(arrays, place.path, value, write=write)


def _with_layer(layer: int, array: jax.Array | jax.ShapeDtypeStruct, value: jax.Array) -> jax.Array:
    if isinstance(array, jax.ShapeDtypeStruct):
        array = jnp.zeros(array.shape, array.dtype, device=array.sharding)
    return _set_layer(array.sharding)(array, value, layer)


@functools.cache
def _set_layer(there: jax.sharding.Sharding) -> Any:
    """Returns the compiled write of one layer, whose result lies where the parameter lay."""
    return jax.jit(
        lambda array, value, layer: jax.lax.dynamic_update_index_in_dim(array, value, layer, 0),
        donate_argnums=0,
        out_shardings=there,
    )


def _shards(sizes: dict[str, int], max_bytes: int) -> list[list[str]]:
    """Returns the names of the tensors of each file, in order; a large tensor has its own."""
    shards: list[list[str]] = [[]]
    held = 0
    for name, size in sizes.items():
        if shards[-1] and held + size > max_bytes:
            shards.append([])
            held = 0
        shards[-1].append(name)
        held += size
    return shards
