"""Where arrays live on many devices: a mesh of three axes and rules from names of axes to it.

    data      rows of a batch; parameters are copied
    fsdp      rows of a batch too; parameters are split, and gathered as a layer needs them
    tensor    heads, hidden units and vocabulary are split, and so is the work on one row

Every parameter names its axes (`flanlike.models.layers.param`); the rules place them. The
optimizer's state follows its parameters.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from flax import nnx
from jax.sharding import NamedSharding, PartitionSpec

from flanlike import config as config_lib
from flanlike import errors

AXES = ("data", "fsdp", "tensor")
# Axes without a rule are not split: layers, head, norm, buckets.
RULES = {
    "vocab": "tensor",
    "embed": "fsdp",
    "hidden": "tensor",
    "heads": "tensor",
    "key_value_heads": "tensor",
}

_ROW_AXES = ("data", "fsdp")
_ROWS = PartitionSpec(_ROW_AXES)  # of a batch's arrays


def mesh(*, data: int = 1, fsdp: int = 1, tensor: int = 1) -> jax.sharding.Mesh:
    """Returns the mesh of that shape over all devices; data -1 takes what the others leave."""
    devices = jax.device_count()
    if data == -1 and devices % (fsdp * tensor) == 0:
        data = devices // (fsdp * tensor)
    if data * fsdp * tensor != devices:
        raise errors.UserError(
            f"mesh data {data!r} x fsdp {fsdp!r} x tensor {tensor!r} must be the number of "
            f"devices, {devices!r}; data -1 takes what the others leave"
        )
    return jax.make_mesh(
        (data, fsdp, tensor), AXES, axis_types=(jax.sharding.AxisType.Auto,) * len(AXES)
    )


def of_run(
    settings: config_lib.MeshConfig, batch: config_lib.BatchConfig
) -> jax.sharding.Mesh | None:
    """Returns the mesh over all devices that these rows divide on; None where there is but one."""
    made = mesh(data=settings.data, fsdp=settings.fsdp, tensor=settings.tensor)
    check_rows(batch.rows, batch.micro_batches, made)
    return None if made.size == 1 else made


def check_rows(
    rows: int, micro_batches: int, mesh: jax.sharding.Mesh | jax.sharding.AbstractMesh
) -> None:
    """Raises unless every device gets as many rows of every micro-batch."""
    shares = mesh.shape["data"] * mesh.shape["fsdp"]
    if rows % (shares * micro_batches):
        raise errors.UserError(
            f"--batch.rows {rows} does not divide into {shares} devices x "
            f"{micro_batches} micro-batches: give a multiple"
        )


def of(state: Any, mesh: jax.sharding.Mesh | jax.sharding.AbstractMesh) -> Any:
    """Returns a tree of shardings for a state of variables: parameters or optimizer's.

    A variable without named axes, with other axes than its value's (a factored moment), or of a
    size that its mesh axis does not divide is copied to every device along that axis.
    """

    def place(variable: nnx.Variable) -> Any:
        value = variable.get_raw_value()
        axes = variable.get_metadata().get("axes", ())
        spec = _spec(axes, value.shape, mesh) if len(axes) == len(value.shape) else PartitionSpec()
        return variable.replace(NamedSharding(mesh, spec))

    return jax.tree.map(place, state, is_leaf=lambda x: isinstance(x, nnx.Variable))


def batch(arrays: Any, mesh: jax.sharding.Mesh) -> Any:
    """Returns a batch's arrays on the mesh, rows split over data and fsdp.

    With several processes, each brings those rows of the global batch that `rows_here` names.
    """
    rows = NamedSharding(mesh, _ROWS)
    return jax.tree.map(
        lambda a: jax.make_array_from_process_local_data(rows, np.asarray(a)), arrays
    )


def rows_here(rows: int, mesh: jax.sharding.Mesh) -> np.ndarray:
    """Returns which of a global batch's rows lie on devices of this process, in their order.

    Processes that the axis tensor spans have the same rows.
    """
    places = NamedSharding(mesh, _ROWS).addressable_devices_indices_map((rows,))
    return np.unique(np.concatenate([np.arange(rows)[index] for index in places.values()]))


def shares() -> int:
    """Returns into how many parts `jax.set_mesh`'s mesh splits the rows of a batch; else 1."""
    mesh = jax.sharding.get_abstract_mesh()
    return 1 if mesh.empty else mesh.shape["data"] * mesh.shape["fsdp"]


def spread(arrays: Any) -> Any:
    """Returns arrays that every process holds whole with their rows split, as a batch's are.

    Within `jax.set_mesh`; else it returns them as they are. Rows have to divide by `shares()`.
    """
    mesh = jax.sharding.get_mesh()
    if mesh.empty:
        return arrays
    rows = NamedSharding(mesh, _ROWS)
    return jax.tree.map(
        lambda a: jax.make_array_from_callback(a.shape, rows, a.__getitem__), arrays
    )


def copied(x: jax.Array) -> jax.Array:
    """Brings all of x to every device, within `jax.set_mesh`, so that every process can read it."""
    if jax.sharding.get_abstract_mesh().empty:
        return x
    return jax.lax.with_sharding_constraint(x, PartitionSpec())


def gathered(table: jax.Array, axes: tuple[str, ...]) -> jax.Array:
    """Returns a parameter whole along fsdp, within `jax.set_mesh`; else it returns it as it is.

    Rows looked up in a table that fsdp splits come out split along the model axis: to split them by
    rows of the batch instead, XLA brings all of them to every device. A table that is the head too
    comes together once for both: else there is a second copy, the other way round.
    """
    mesh = jax.sharding.get_abstract_mesh()
    if mesh.empty or "fsdp" in mesh.manual_axes:  # within `over_rows` it is whole
        return table
    spec = [None if name == "fsdp" else name for name in _spec(axes, table.shape, mesh)]
    return jax.lax.with_sharding_constraint(table, PartitionSpec(*spec))


def split_rows(x: jax.Array) -> jax.Array:
    """Keeps an activation's rows split over data and fsdp, within `jax.set_mesh`; else returns x.

    Left to itself, XLA spreads the model axis over fsdp, as the embedding's table is, and every
    device holds the activations of every row.
    """
    if jax.sharding.get_abstract_mesh().empty:
        return x
    return jax.lax.with_sharding_constraint(x, _ROWS)


class Parts(NamedTuple):
    """What a function of some rows found: to be summed over all rows, or one for each of them."""

    sums: Any
    of_whole: Any = ()  # sums in the shape of parameters, to lie where these do
    of_rows: Any = ()


def over_rows(fn: Callable[[Any, Any], Parts], whole: Any, rows: Any, *, by: Any = ()) -> Parts:
    """Returns fn(whole, rows), within `jax.set_mesh` by every device for the rows that it has.

    There each device has all of `whole` but for what the axis tensor splits, and what they found is
    put together: `sums` and `of_whole` added up, the latter split over fsdp as the variables `by`,
    whose structure it has. Within fn devices that share rows out meet at `most` alone.
    """
    mesh = jax.sharding.get_abstract_mesh()
    if shares() == 1:
        return fn(whole, rows)

    def place(variable: NamedSharding) -> PartitionSpec:
        is_split = mesh.shape["fsdp"] > 1
        return PartitionSpec(
            *(name if name == "fsdp" and is_split else None for name in variable.spec)
        )

    places = jax.tree.map(place, of(by, mesh), is_leaf=lambda x: isinstance(x, NamedSharding))

    def here(whole: Any, rows: Any) -> Parts:
        found = fn(whole, rows)
        sums = jax.lax.psum(found.sums, _ROW_AXES)
        return Parts(sums, jax.tree.map(_added_up, found.of_whole, places), found.of_rows)

    mapped = jax.shard_map(
        here,
        in_specs=(PartitionSpec(), _ROWS),
        out_specs=Parts(PartitionSpec(), places, _ROWS),
        # Where tensor has no more to split, XLA takes sums only if all axes are named.
        axis_names=set(_ROW_AXES if mesh.shape["tensor"] > 1 else AXES),
        check_vma=False,  # a gradient by what all have is to be that of this device's rows alone
    )
    return mapped(whole, rows)


def most(count: jax.Array) -> jax.Array:
    """Returns the largest count of any device, within `over_rows` on a mesh; else it."""
    return count if shares() == 1 else jax.lax.pmax(count, _ROW_AXES)


def part(axis: str, length: int) -> int:
    """Returns how many of a parameter's axis a device has, within `jax.set_mesh`; else all."""
    mesh = jax.sharding.get_abstract_mesh()
    [name] = _spec((axis,), (length,), mesh) if not mesh.empty else [None]
    return length if name is None else length // mesh.shape[name]


def _added_up(sums: jax.Array, place: PartitionSpec) -> jax.Array:
    """Returns the sum over all devices, within `over_rows`: each has its part of it along fsdp."""
    if "fsdp" not in place:
        return jax.lax.psum(sums, _ROW_AXES)
    axis = list(place).index("fsdp")
    own = jax.lax.psum_scatter(sums, "fsdp", scatter_dimension=axis, tiled=True)
    is_alone = jax.sharding.get_abstract_mesh().shape["data"] == 1
    return own if is_alone else jax.lax.psum(own, "data")


def _spec(
    axes: tuple[str, ...],
    shape: tuple[int, ...],
    mesh: jax.sharding.Mesh | jax.sharding.AbstractMesh,
) -> PartitionSpec:
    names = [RULES.get(axis) for axis in axes]
    sizes = [mesh.shape[name] if name else 1 for name in names]
    return PartitionSpec(
        *(
            name if length % size == 0 else None
            for name, length, size in zip(names, shape, sizes, strict=True)
        )
    )
