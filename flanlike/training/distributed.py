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
import socket
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import jax
import numpy as np
from jax.experimental import multihost_utils

from flanlike import bounds, errors
from flanlike import config as config_lib

# What JAX names the address; the two others are named like it.
VARIABLES = {
    "coordinator": "JAX_COORDINATOR_ADDRESS",
    "processes": "JAX_NUM_PROCESSES",
    "process": "JAX_PROCESS_ID",
}

_LAST_PORT = (1 << 16) - 1
_HELLO_S = 5.0  # that a caller has to say who it is
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
    if len(given) == len(VARIABLES):
        _meet(given["coordinator"], count, given["process"], settings.timeout_s)
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
        raise _not_found(count, settings.timeout_s, str(error).splitlines()[0]) from error
    if _is_alone_on_its_host(os.environ):
        # JAX shows each of SLURM's tasks one card: with one task a host, that leaves out the rest.
        jax.config.update("jax_cuda_visible_devices", "all")
        jax.config.update("jax_rocm_visible_devices", "all")


def _meet(coordinator: str, processes: int, process: int, timeout_s: float) -> None:
    """Returns when all processes are there; raises where some do not come in time.

    JAX ends a process that waits in vain by an abort signal. So process 0 listens at the address
    first, until each of the others has said its number; JAX then opens the same port.
    """
    host, _, port = coordinator.rpartition(":")
    ends_s = time.monotonic() + timeout_s
    if process:
        _call_first((host.strip("[]"), int(port)), processes, process, timeout_s, ends_s)
        return
    callers: dict[int, socket.socket] = {}
    try:
        with _listening(int(port)) as server:
            while len(callers) < processes - 1:
                server.settimeout(max(ends_s - time.monotonic(), 0.01))
                caller, _ = server.accept()
                caller.settimeout(_HELLO_S)
                said = _read_line(caller)
                if said.isdigit() and 0 < int(said) < processes:
                    callers[int(said)] = caller  # one that calls again has lost its first call
                else:
                    caller.close()
        for caller in callers.values():
            with contextlib.suppress(OSError):
                caller.sendall(b"all here\n")
    except TimeoutError:
        absent = [str(one) for one in range(1, processes) if one not in callers]
        reason = f"no word of {', '.join(absent)}"
        raise _not_found(processes, timeout_s, reason) from None
    except OSError as error:
        raise errors.UserError(
            f"process 0 cannot listen at --distributed.coordinator {coordinator!r} "
            f"({error.strerror}): give a port that is free on its host"
        ) from error
    finally:
        for caller in callers.values():
            caller.close()


def _call_first(
    address: tuple[str, int], processes: int, process: int, timeout_s: float, ends_s: float
) -> None:
    """Says this process's number to process 0, and returns when that has heard of all."""
    reason = ""
    while (left_s := ends_s - time.monotonic()) > 0:
        try:
            with socket.create_connection(address, timeout=left_s) as call:
                call.sendall(f"{process}\n".encode())
                if _read_line(call) == "all here":
                    return
                reason = "process 0 found not all of them"
        except OSError as error:
            reason = f"{address[0]}:{address[1]}: {error.strerror or error}"
        time.sleep(0.2)
    raise _not_found(processes, timeout_s, reason)


def _listening(port: int) -> socket.socket:
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", port))


def _read_line(call: socket.socket) -> str:
    """Returns what the other side says until it ends the line or the call; "" where it fails."""
    said = b""
    with contextlib.suppress(OSError):
        while not said.endswith(b"\n") and len(said) < 100:
            if not (more := call.recv(1)):
                break
            said += more
    return said.decode(errors="replace").strip()


def _not_found(processes: int, timeout_s: float, reason: str) -> errors.UserError:
    return errors.UserError(
        f"this process did not find the {processes} processes of its run within {timeout_s} s "
        f"({reason}): start all of them, with one --distributed.coordinator that every host reaches"
    )


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
    """By which signal any process was asked to stop (0: none was), told to all at the same call.

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

    def __call__(self, asked_here: int) -> int:
        answer = 0 if self._pending is None else int(self._pending)
        asked = jax.make_array_from_callback(
            (jax.device_count(),), self._each, lambda index: np.array([asked_here], np.int32)
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
            if not _is_number(str(value)):
                raise errors.UserError(f"{where} is {value!r}: it must be a number, 0 or more")
            value = int(value)
            bounds.declared(config_lib.DistributedConfig)[name].expect(where, value)
        elif not (_is_number(port := value.rpartition(":")[2]) and 0 < int(port) <= _LAST_PORT):
            raise errors.UserError(
                f"{where} is {value!r}: it must be HOST:PORT of process 0, the port from 1 to "
                f"{_LAST_PORT}"
            )
        given[name] = value
    processes, process = given.get("processes"), given.get("process")
    if processes is not None and process is not None and process >= processes:
        raise errors.UserError(
            f"{_flag('process')} is {process!r}: of {processes!r} processes it must be 0 to "
            f"{processes - 1}"
        )
    return given


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20


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
