"""Several processes as one run: how they find each other, and what they tell each other.

Every process runs the same program with the same flags, on its own devices; together these are one
mesh. One process, mostly the only one, is the *first*: it alone writes files and speaks.

    join             before anything touches a device
    is_first         who writes
    together         a mistake in one ends all
    wait             until all are here
    check_same       that all run the same
    Agreement        on when to stop
"""

import contextlib
import hashlib
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import jax
import numpy as np
from jax.experimental import multihost_utils

from flanlike import config as config_lib
from flanlike import errors

# What JAX names the address; the two others are named like it.
VARIABLES = {
    "coordinator": "JAX_COORDINATOR_ADDRESS",
    "processes": "JAX_NUM_PROCESSES",
    "process": "JAX_PROCESS_ID",
}

_SHUTDOWN_S = 30  # that a process which fails alone waits for the others
_VISIBLE_S = 60.0  # network file systems remember for so long that a file was not there


def join(settings: config_lib.DistributedConfig) -> None:
    """Joins the processes of the run; does nothing where there is but one.

    Flags go before environment variables (`VARIABLES`), and both before what JAX itself finds out
    on TPU pods, under SLURM's srun, Open MPI's mpirun and in a Kubernetes Job.
    """
    given = _given(settings, os.environ)
    cluster = None if len(given) == len(VARIABLES) else _cluster()
    if given and cluster is None and len(given) < len(VARIABLES):
        missing = [name for name in VARIABLES if name not in given]
        raise errors.UserError(
            f"{' and '.join(map(_flag, given))} came without {' and '.join(map(_flag, missing))}, "
            "and no SLURM, Open MPI, Kubernetes or TPU pod to tell: give all three or none"
        )
    count = given.get("processes", 1 if cluster is None else cluster.get_process_count())
    if count == 1:
        return
    # JAX's own answer to SIGTERM would take it away before training has begun to listen.
    jax.config.update("jax_enable_preemption_service", False)
    try:
        jax.distributed.initialize(
            given.get("coordinator"),
            given.get("processes"),
            given.get("process"),
            initialization_timeout=settings.timeout_s,
            shutdown_timeout_seconds=_SHUTDOWN_S,
        )
    except (RuntimeError, ValueError) as error:
        raise errors.UserError(
            f"this process did not find the {count} processes of its run within "
            f"{settings.timeout_s} s ({str(error).splitlines()[0]}): start all of them, with one "
            "--distributed.coordinator that every host reaches"
        ) from error
    if _is_alone_on_its_host(os.environ):
        # JAX shows each of SLURM's tasks one card: with one task a host, that leaves out the rest.
        jax.config.update("jax_cuda_visible_devices", "all")
        jax.config.update("jax_rocm_visible_devices", "all")


def count() -> int:
    """Returns the number of processes of the run."""
    return jax.process_count() if jax.distributed.is_initialized() else 1


def is_first() -> bool:
    """Returns whether this process is the one that writes files and speaks."""
    return not jax.distributed.is_initialized() or jax.process_index() == 0


def gather(array: np.ndarray) -> np.ndarray:
    """Returns the arrays of all processes, stacked; all have to call it, with equal shapes."""
    array = np.ascontiguousarray(array)
    if count() == 1:
        return array[None]
    # As bytes: JAX would make 32 bits of 64.
    stacked = multihost_utils.process_allgather(array.reshape(-1).view(np.uint8))
    return stacked.view(array.dtype).reshape(-1, *array.shape)


def of_first(is_so: bool) -> bool:
    """Returns what the first process says, for what each reads from files that change."""
    return bool(gather(np.array([is_so], np.uint8))[0, 0])


@contextlib.contextmanager
def together() -> Iterator[None]:
    """All processes leave this block, or none does: a mistake in one ends the others too.

    Nothing within may ask the other processes.
    """
    try:
        yield
    except Exception:
        gather(np.array([True]))
        raise
    failed = np.flatnonzero(gather(np.array([False]))).tolist()
    if failed:
        raise errors.UserError(
            f"processes {', '.join(map(str, failed))} ended with an error: see what they said"
        )


def wait(name: str) -> None:
    """Returns when all processes have come to this place."""
    if count() > 1:
        multihost_utils.sync_global_devices(name)


def check_same(parts: Mapping[str, str]) -> None:
    """Raises, in every process, unless all gave the same texts; the error names what differs."""
    if count() == 1:
        return
    digests = [hashlib.blake2b(text.encode(), digest_size=8).digest() for text in parts.values()]
    there = gather(np.frombuffer(b"".join(digests), np.uint8).reshape(len(digests), 8))
    for part, digests_P8 in zip(parts, there.swapaxes(0, 1), strict=True):
        other = [p for p, digest in enumerate(digests_P8) if (digest != digests_P8[0]).any()]
        if other:
            raise errors.UserError(
                f"processes {', '.join(map(str, other))} have another {part} than process 0: "
                "every process of a run needs the same command, code and data"
            )


def check_shared(path: Path, *, timeout_s: float = _VISIBLE_S) -> None:
    """Raises, in every process, unless all see what the first has written."""
    if count() == 1:
        return
    wait("the first has written")
    ends_s = time.monotonic() + timeout_s
    while not (is_seen := path.exists()) and time.monotonic() < ends_s:
        time.sleep(0.2)
    blind = np.flatnonzero(~gather(np.array([is_seen]))[:, 0]).tolist()
    if blind:
        raise errors.UserError(
            f"processes {', '.join(map(str, blind))} do not see {str(path)!r}, which process 0 "
            "wrote: give an --out on a file system that all hosts share"
        )


class Agreement:
    """Whether any process was asked to stop, told to all at the same call.

    What is asked in one call is answered in the next: the answer is there by then, and nobody
    waits for the device.
    """

    def __init__(self) -> None:
        mesh = jax.sharding.Mesh(np.array(jax.devices()), ("devices",))
        self._each = jax.NamedSharding(mesh, jax.P("devices"))
        self._any = jax.jit(
            lambda asked: asked.max(), out_shardings=jax.NamedSharding(mesh, jax.P())
        )
        self._pending: jax.Array | None = None

    def __call__(self, is_asked: bool) -> bool:
        answer = self._pending is not None and bool(self._pending)
        asked = jax.make_array_from_callback(
            (jax.device_count(),), self._each, lambda index: np.array([is_asked], np.int32)
        )
        self._pending = self._any(asked)
        return answer


def _given(
    settings: config_lib.DistributedConfig, environment: Mapping[str, str]
) -> dict[str, str | int]:
    """Returns what flags and variables say; raises where it cannot be."""
    given: dict[str, str | int] = {}
    for name, variable in VARIABLES.items():
        value, where = getattr(settings, name), _flag(name)
        if value is None and environment.get(variable):
            value, where = environment[variable], variable
        if value is None:
            continue
        if name != "coordinator":
            if not str(value).isdigit():
                raise errors.UserError(f"{where} is {value!r}: it must be a number, 0 or more")
            value = int(value)
        elif not value.rpartition(":")[2].isdigit():
            raise errors.UserError(f"{where} is {value!r}: it must be HOST:PORT of process 0")
        given[name] = value
    processes, process = given.get("processes"), given.get("process")
    if processes == 0:
        raise errors.UserError(f"{_flag('processes')} is 0: it must be 1 or more")
    if processes is not None and process is not None and process >= processes:
        raise errors.UserError(
            f"{_flag('process')} is {process!r}: of {processes!r} processes it must be 0 to "
            f"{processes - 1}"
        )
    return given


def _cluster() -> type | None:
    """Returns JAX's own description of the cluster that this process is in, or None."""
    from jax._src import clusters  # the public way is to join, also where there is but one process

    known = clusters.ClusterEnv._cluster_types
    return next((one for one in known if not one.opt_in_only_method and one.is_env_present()), None)


def _is_alone_on_its_host(environment: Mapping[str, str]) -> bool:
    """Returns whether SLURM runs one task on every host of this step: "1" or "1(x4)"."""
    return environment.get("SLURM_STEP_TASKS_PER_NODE", "").partition("(")[0] == "1"


def _flag(name: str) -> str:
    return f"--distributed.{name}"
