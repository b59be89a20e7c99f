"""Whether a run's training step fits into the memory there is: told before any of it is taken."""

import dataclasses
import os
from pathlib import Path

import jax

from flanlike import config as config_lib
from flanlike import errors
from flanlike.models import config as model_config
from flanlike.models import sharding, tuning
from flanlike.training import optim, plan

_GIB = 2**30
# With remat, `plan` says up to 1.5 times the gradients and activations that XLA needs on a CPU; it
# was compared with no accelerator. Who is refused is to have no chance.
_MARGIN = 2
_CGROUPS = tuple(  # limit, use and its parts of a container's memory, by either version
    tuple(f"/sys/fs/cgroup/{name}" for name in names)
    for names in (
        ("memory.max", "memory.current", "memory.stat"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat"),
    )
)
# What a container has read of files counts as used, and is given back when it is needed.
_GIVEN_BACK = ("inactive_file", "active_file")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Need:
    """Bytes of a step on one device."""

    state: int  # weights, and what the optimizer keeps
    passing: int  # gradients and activations: as `plan` estimates them, not less than XLA needs

    @property
    def total(self) -> int:
        return self.state + self.passing

    @property
    def least(self) -> float:
        """Returns what it cannot do with less than."""
        return self.state + self.passing / _MARGIN


def expect(
    shape: model_config.ModelConfig, config: config_lib.RunConfig, mesh: jax.sharding.Mesh | None
) -> None:
    """Raises if the run's step needs more memory than is free, on each device or on this machine.

    `shape` has the vocabulary's size. Where a system does not say what is free, all is taken to be.
    """
    needed, have = need(shape, config, mesh), free_bytes()
    is_host = jax.default_backend() == "cpu"
    devices = 1 if mesh is None or not is_host else len(mesh.local_devices)  # they share the host's
    if have is None or devices * needed.least <= have:
        return
    where = "" if is_host else " on each device"
    raise errors.UserError(
        f"a step of this model with --batch.rows {config.batch.rows} needs about "
        f"{devices * needed.total / _GIB:,.1f} GiB of memory{where}, {needed.state / _GIB:,.1f} of "
        f"them for weights and optimizer, and {have / _GIB:,.1f} GiB are free: give a smaller "
        "--model, fewer --batch.rows or shorter ones, more --batch.micro-batches, --remat full, "
        "--tune lora beside the model of --init, or --mesh.fsdp with more devices (python -m "
        "flanlike.plan tells what each needs)"
    )


def need(
    shape: model_config.ModelConfig, config: config_lib.RunConfig, mesh: jax.sharding.Mesh | None
) -> Need:
    """Returns the bytes of the run's step on one device."""
    if mesh is None:
        auto = (jax.sharding.AxisType.Auto,) * len(sharding.AXES)
        ones = (1,) * len(sharding.AXES)
        mesh = jax.sharding.AbstractMesh(ones, sharding.AXES, axis_types=auto)
    few = None
    if config.tuning is not None:
        few = plan.Few(settings=config.tuning, base_dtype=config.base_dtype)
    optimizer = optim.build(config.optim, config.steps)
    state = plan.abstract_state(shape, optimizer, mesh, config.freeze, few=few)
    weights = plan.local_bytes((state.params, plan.abstract_base(shape, mesh, few)))
    activations = sum(plan.activations(shape, mesh, config.batch, few=few))
    learning = plan.local_bytes(tuning.apart(state.params, "none" if few else config.freeze)[0])
    gradients = learning * (2 if config.batch.micro_batches > 1 else 1)
    return Need(state=weights + plan.local_bytes(state.optimizer), passing=gradients + activations)


def free_bytes() -> int | None:
    """Returns the memory that may still be taken: of an accelerator, or of this machine.

    None where the system does not say.
    """
    free = []
    for device in jax.local_devices():
        stats = device.memory_stats() or {}
        if "bytes_limit" in stats:
            free.append(stats["bytes_limit"] - stats.get("bytes_in_use", 0))
    if free or jax.default_backend() != "cpu":
        return min(free, default=None)
    free = [_of_machine(), *(_of_container(*files) for files in _CGROUPS)]
    return min((size for size in free if size is not None), default=None)


def _of_machine() -> int | None:
    meminfo = Path("/proc/meminfo")
    if meminfo.is_file():
        for line in meminfo.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    if "SC_PHYS_PAGES" in os.sysconf_names:  # without Linux: what there is, used or not
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _of_container(limit: str, used: str, parts: str) -> int | None:
    """Returns what a container may take besides what it has; None where it has no limit."""
    if not os.access(limit, os.R_OK) or not os.access(used, os.R_OK):
        return None
    most = Path(limit).read_text().strip()
    if not most.isdigit():
        return None
    free = int(most) - int(Path(used).read_text())
    if os.access(parts, os.R_OK):
        each = dict(line.split() for line in Path(parts).read_text().splitlines())
        free += sum(int(each.get(name, 0)) for name in _GIVEN_BACK)
    return free
