"""Saving and restoring whole runs, through Orbax; `bare_model` does it for models alone."""

import errno
import functools
import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

import grain
import jax
import jax.numpy as jnp
import orbax.checkpoint as ocp
from flax import nnx, traverse_util

from flanlike import errors
from flanlike.models import checksums, quantized, tuning
from flanlike.training import distributed, quiet

_T = TypeVar("_T")

Weights = Literal["average", "raw"]

_AVERAGED = re.compile(r"optimizer\.(\d+)\.average\.(.+)")  # a leaf of `averaging.Average`


class _Damaged(errors.UserError):
    """A checkpoint that cannot be read, or whose content is not what was saved."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"checkpoint {str(folder)!r} is damaged ({reason})")


class Checkpoints:
    """The checkpoints of one run: each holds model, optimizer, step, data iterator and config.

    Saving copies the arrays to the host and goes on writing in the background; a checkpoint that
    was cut short is never seen by `restore_latest`. The oldest beyond `keep` are deleted after a
    newer one is whole (None: all are kept).
    """

    def __init__(
        self, folder: str | os.PathLike[str], *, keep: int | None = None, read_only: bool = False
    ) -> None:
        self._folder = Path(folder).absolute()
        self._is_read_only = read_only
        with quiet.hushed():  # Orbax warns, in several lines, that it reads only
            options = ocp.CheckpointManagerOptions(
                max_to_keep=keep,
                cleanup_tmp_directories=not read_only,
                read_only=read_only,
                # Processes wait for each other by names: those of a run's other folder, which may
                # be written to at the same step, are not to be taken for these.
                multiprocessing_options=ocp.options.MultiprocessingOptions(
                    barrier_sync_key_prefix=self._folder.name
                ),
            )
            self._manager = ocp.CheckpointManager(self._folder, options=options)

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
        sums = _sums_of(state)
        data = batches.get_state()
        items = ocp.args.Composite(
            state=ocp.args.StandardSave(state),
            # One file, for all processes: it restores under any number of them.
            data=ocp.args.JsonSave(data),
            config=ocp.args.JsonSave(config),
            digests=ocp.args.JsonSave(
                {"state": sums, "data": _digest(data), "config": _digest(config)}
            ),
        )
        self._manager.save(step, args=items)

    def _check_space(self, state: Any) -> None:
        """Raises before a disk is full: what Orbax's threads say about it fills a screen."""
        wanted = sum(leaf.nbytes for leaf in jax.tree.leaves(state))
        free = shutil.disk_usage(self._folder).free
        if free < wanted:
            message = f"a checkpoint takes {wanted:,} bytes, {free:,} are free"
            raise OSError(errno.ENOSPC, message, str(self._folder))

    def restore_latest(
        self,
        state: Any,
        batches: grain.DatasetIterator | None = None,
        *,
        step: int | None = None,
    ) -> Any:
        """Returns the newest sound state, in the structure and shardings of `state`, or None.

        `batches`, where given, is set to where it stood when the state was saved. Checkpoints that
        are newer and damaged are moved aside, so that the run can write theirs again. With `step`
        it is that of the step, or an error.
        """
        if not self.steps:
            return None
        shapes = jax.tree.map(ocp.utils.to_shape_dtype_struct, state)

        def read(step: int) -> tuple[Any, Any]:
            by_grain = self._folder / str(step) / "data" / "process_0-of-1.json"
            is_by_grain = by_grain.is_file()  # as runs before this were saved
            items = {"state": ocp.args.StandardRestore(shapes), "config": ocp.args.JsonRestore()}
            if not is_by_grain:
                items["data"] = ocp.args.JsonRestore()
            restored = self._restore(step, items)
            data = json.loads(by_grain.read_text()) if is_by_grain else restored["data"]
            return restored["state"], data

        restored, data = self._try(step, read) if step is not None else self._newest_sound(read)[1]
        if batches is not None:
            batches.set_state(data)
        return restored

    def restore_params(
        self,
        model: nnx.Module,
        step: int | None = None,
        *,
        weights: Weights = "average",
        prints: checksums.Fingerprint | None = None,
    ) -> int:
        """Fills the model with what a step's run had trained; returns the step.

        Without `step` it is the newest sound one. `weights` says which: the average over the steps
        of all that has one (`averaging`), else as they were, or "raw", as they were in any case.
        The model may have shapes in place of arrays.
        Where they are of another type than float32, as was saved, one after another is read, taken
        up by `prints` and cast.
        """
        trained = nnx.to_flat_state(nnx.state(model, tuning.trained(model)))
        wanted = {path: variable.get_value() for path, variable in trained}
        is_cast = any(leaf.dtype != jnp.float32 for leaf in wanted.values())

        def read(step: int) -> dict[checksums.Path, nnx.Variable]:
            place, averaged = self._average(step) if weights == "average" else (None, set())
            kinds = [
                [p for p in wanted if (_name(p) in averaged) == kind] for kind in (True, False)
            ]
            groups = [[path] for path in wanted] if is_cast else [kind for kind in kinds if kind]
            found = dict(trained) | quantized.kept(model)
            for group in groups:
                part = {path: wanted[path] for path in group}
                of = place if _name(group[0]) in averaged else None
                for path, value in self._read_params(step, part, of).items():
                    if prints is not None:
                        prints.add(path, value)
                    quantized.keep(found, path, value)
            return found

        step, found = self._newest_sound(read) if step is None else (step, self._try(step, read))
        nnx.update(model, nnx.from_flat_state(found))
        return step

    def has_average(self, step: int) -> bool:
        """Returns whether that checkpoint has an average of the weights beside them."""
        return self._try(step, self._average)[0] is not None

    def _average(self, step: int) -> tuple[int | None, set[str]]:
        """Returns the optimizer's part that has the average, and the parameters that are in it."""
        path = self._folder / str(step) / "digests" / "metadata"
        if not path.is_file():  # of a run from before there were digests, and averages
            return None, set()
        names = json.loads(path.read_text(encoding="utf-8"))["state"]
        found = [match for match in map(_AVERAGED.fullmatch, names) if match]
        return (int(found[0][1]) if found else None), {match[2] for match in found}

    def _read_params(
        self, step: int, wanted: dict[checksums.Path, Any], part: int | None
    ) -> dict[checksums.Path, jax.Array]:
        """Returns those parameters, or with `part` what that part of the optimizer says of them."""
        shapes = traverse_util.unflatten_dict(
            {
                path: jax.ShapeDtypeStruct(leaf.shape, jnp.float32, sharding=leaf.sharding)
                for path, leaf in wanted.items()
            }
        )
        item = {"params": shapes}
        if part is not None:
            item = {"optimizer": [None] * part + [{"average": shapes}]}
        arguments = ocp.args.PyTreeRestore(
            item=item,
            restore_args=ocp.checkpoint_utils.construct_restore_args(item),
            partial_restore=True,
        )
        restored = self._restore(step, {"state": arguments})["state"]
        found = restored["params"] if part is None else restored["optimizer"][part]["average"]
        return traverse_util.flatten_dict(found)

    def _newest_sound(self, read: Callable[[int], _T]) -> tuple[int, _T]:
        """Returns the newest step that can be read, and what was read of it."""
        damaged: dict[int, str] = {}
        for step in reversed(self.steps):
            try:
                found = self._try(step, read)
            except _Damaged as error:
                damaged[step] = str(error)
                continue
            if damaged:
                self._pass_over(damaged, step)
            return step, found
        raise errors.UserError(
            f"no sound checkpoint is left ({'; '.join(damaged.values())}): bring one back from a "
            f"copy, or remove {str(self._folder.parent)!r} to begin anew"
        )

    def _pass_over(self, damaged: dict[int, str], sound: int) -> None:
        """Says in one line which steps are passed over; where it may, moves them out of the way."""
        is_moved = not self._is_read_only
        if is_moved and distributed.is_first():
            for step in damaged:
                aside = self._folder / f"{step}.damaged"
                shutil.rmtree(aside, ignore_errors=True)
                (self._folder / str(step)).rename(aside)
        if is_moved:
            distributed.wait("damaged checkpoints are aside")
            self._manager.reload()
        if distributed.is_first():
            kept = "; the damaged is kept as STEP.damaged" if is_moved else ""
            told = "; ".join(damaged.values())
            print(f"warning: {told}: taking that of step {sound}{kept}", file=sys.stderr)

    def _try(self, step: int, read: Callable[[int], _T]) -> _T:
        """Returns what `read` returns; whatever a library raises is a _Damaged of one line."""
        try:
            with quiet.hushed():
                return read(step)
        except (_Damaged, MemoryError):
            raise
        except Exception as error:
            if "RESOURCE_EXHAUSTED" in str(error):
                raise  # the device is too small, the checkpoint may be sound
            raise _Damaged(self._folder / str(step), quiet.in_short(error)) from error

    def _restore(self, step: int, items: dict[str, Any]) -> Any:
        """Returns those items of a checkpoint; raises unless they are what was saved.

        Those of runs from before there were digests are taken as they can be read.
        """
        folder = self._folder / str(step)
        about = folder / "_CHECKPOINT_METADATA"
        names = json.loads(about.read_text())["item_handlers"] if about.is_file() else []
        if "digests" in names or (folder / "digests").is_dir():
            items = {**items, "digests": ocp.args.JsonRestore()}
        with distributed.together():
            restored = self._manager.restore(step, args=ocp.args.Composite(**items))
        if "digests" not in items:
            return restored
        expected = restored["digests"]
        for name in items.keys() & {"data", "config"}:
            if _digest(restored[name]) != expected[name]:
                raise _Damaged(folder, f"{name} is not what was saved")
        there, here = expected["state"], _sums_of(restored["state"])
        if wrong := [name for name, text in here.items() if there.get(name) != text]:
            more = f" and {len(wrong) - 1} more" if wrong[1:] else ""
            raise _Damaged(folder, f"{wrong[0]}{more} is not what was saved")
        return restored

    def forget_after(self, step: int) -> None:
        """Deletes those of later steps, of a run that goes on from before them."""
        self.wait()
        for later in [one for one in self.steps if one > step]:
            self._manager.delete(later)

    def wait(self) -> None:
        """Returns when all is written; raises what went wrong in the background."""
        self._manager.wait_until_finished()
        self._manager.check_for_errors()

    def close(self) -> None:
        self._manager.close()


def _name(path: checksums.Path) -> str:
    return ".".join(map(str, path))


def _sums_of(state: Any) -> dict[str, str]:
    """Returns the digest of each leaf by its dotted name."""
    flat, _ = jax.tree_util.tree_flatten_with_path(state)
    name_of = functools.partial(jax.tree_util.keystr, simple=True, separator=".")
    sums = checksums.digests({name_of(path): leaf for path, leaf in flat})
    return {name: f"{total:08x}" for name, total in sums.items()}


def _digest(content: Any) -> str:
    """Returns the digest of JSON values, however they are written."""
    same = json.dumps(json.loads(json.dumps(content)), sort_keys=True)
    return hashlib.blake2b(same.encode(), digest_size=8).hexdigest()
