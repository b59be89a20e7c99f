"""Saving and restoring: whole runs through Orbax, bare models as two small files."""

import dataclasses
import errno
import json
import logging
import os
import shutil
from pathlib import Path
from typing import Any

import grain
import jax
import numpy as np
import orbax.checkpoint as ocp
from flax import nnx

from flanlike import atomic, errors
from flanlike.models import tuning

_CONFIG_FILE = "config.json"
PARAMS_FILE = "params.npz"


class Checkpoints:
    """The checkpoints of one run: each holds model, optimizer, step, data iterator and config.

    Saving copies the arrays to the host and goes on writing in the background; a checkpoint that
    was cut short is never seen by `restore_latest`. The oldest beyond `keep` are deleted after a
    newer one is whole (None: all are kept).
    """

    def __init__(
        self, folder: str | os.PathLike[str], *, keep: int | None = None, read_only: bool = False
    ) -> None:
        absl = logging.getLogger("absl")
        level = absl.level
        if read_only:
            absl.setLevel(logging.ERROR)  # Orbax warns, in several lines, that it reads only
        options = ocp.CheckpointManagerOptions(
            max_to_keep=keep, cleanup_tmp_directories=not read_only, read_only=read_only
        )
        self._folder = Path(folder).absolute()
        self._manager = ocp.CheckpointManager(self._folder, options=options)
        absl.setLevel(level)

    @property
    def latest_step(self) -> int | None:
        return self._manager.latest_step()

    @property
    def steps(self) -> list[int]:
        return sorted(self._manager.all_steps())

    def save(
        self, step: int, state: Any, batches: grain.DatasetIterator, config: dict[str, Any]
    ) -> None:
        """Saves in the background; a step that is there already is left as it is."""
        if step == self.latest_step:
            return
        self.wait()
        self._check_space(state)
        items = ocp.args.Composite(
            state=ocp.args.StandardSave(state),
            # One file, for all processes: it restores under any number of them.
            data=ocp.args.JsonSave(batches.get_state()),
            config=ocp.args.JsonSave(config),
        )
        self._manager.save(step, args=items)

    def _check_space(self, state: Any) -> None:
        """Raises before a disk is full: what Orbax's threads say about it fills a screen."""
        wanted = sum(leaf.nbytes for leaf in jax.tree.leaves(state))
        free = shutil.disk_usage(self._folder).free
        if free < wanted:
            message = f"a checkpoint takes {wanted:,} bytes, {free:,} are free"
            raise OSError(errno.ENOSPC, message, str(self._folder))

    def restore_latest(self, state: Any, batches: grain.DatasetIterator | None = None) -> Any:
        """Returns the newest saved state, in the structure and shardings of `state`, or None.

        `batches`, where given, is set to where it stood when the state was saved.
        """
        step = self.latest_step
        if step is None:
            return None
        items = {
            "state": ocp.args.StandardRestore(jax.tree.map(ocp.utils.to_shape_dtype_struct, state))
        }
        by_grain = self._folder / str(step) / "data" / "process_0-of-1.json"
        is_by_grain = by_grain.is_file()  # as runs before this were saved
        if batches is not None and not is_by_grain:
            items["data"] = ocp.args.JsonRestore()
        restored = self._manager.restore(step, args=ocp.args.Composite(**items))
        if batches is not None:
            saved = json.loads(by_grain.read_text()) if is_by_grain else restored["data"]
            batches.set_state(saved)
        return restored["state"]

    def restore_params(self, model: nnx.Module, step: int) -> None:
        """Fills the model with what that step's run had trained and reads nothing else."""
        state = nnx.state(model, tuning.trained(model))
        shapes = jax.tree.map(ocp.utils.to_shape_dtype_struct, {"params": nnx.to_pure_dict(state)})
        arguments = ocp.args.PyTreeRestore(
            item=shapes,
            restore_args=ocp.checkpoint_utils.construct_restore_args(shapes),
            partial_restore=True,
        )
        restored = self._manager.restore(step, args=ocp.args.Composite(state=arguments))
        nnx.replace_by_pure_dict(state, restored["state"]["params"])
        nnx.update(model, state)

    def wait(self) -> None:
        """Returns when all is written; raises what went wrong in the background."""
        self._manager.wait_until_finished()
        self._manager.check_for_errors()

    def close(self) -> None:
        self._manager.close()


def save_params(
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


def load_model_config(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """Returns the fields of the model's configuration, from a bare model folder's config.json."""
    path = Path(folder) / _CONFIG_FILE
    if not path.is_file():
        raise errors.UserError(
            f"no {_CONFIG_FILE} in {str(folder)!r}: expected a model folder with "
            f"{_CONFIG_FILE} and {PARAMS_FILE}"
        )
    return json.loads(path.read_text())["model"]


def load_params(folder: str | os.PathLike[str], model: nnx.Module) -> None:
    """Fills a model of the same configuration with the parameters of a bare model folder."""
    path = Path(folder) / PARAMS_FILE
    if not path.is_file():
        raise errors.UserError(f"no {PARAMS_FILE} in {str(folder)!r}: it holds no bare model")
    state = nnx.state(model, nnx.Param)
    with np.load(path) as stored:
        missing = {name for name, _ in _named_params(model)} ^ set(stored.files)
        if missing:
            raise errors.UserError(
                f"{path} fits another model: {sorted(missing)[:4]!r} are in one of the two only; "
                "build the model from the folder's own config.json"
            )
        flat = {}
        for keys, old in nnx.to_flat_state(state):
            new = stored[".".join(map(str, keys))]
            if new.shape != old[...].shape:
                raise errors.UserError(
                    f"{path}: {'.'.join(map(str, keys))!r} has shape {new.shape}, "
                    f"the model wants {old[...].shape}"
                )
            value = np.asarray(new, old[...].dtype)
            flat[keys] = old.replace(
                jax.make_array_from_callback(value.shape, old[...].sharding, value.__getitem__)
            )
    nnx.update(model, nnx.from_flat_state(flat))


def _named_params(model: nnx.Module) -> list[tuple[str, jax.Array]]:
    flat = nnx.to_flat_state(nnx.state(model, nnx.Param))
    return [(".".join(map(str, keys)), value[...]) for keys, value in flat]
