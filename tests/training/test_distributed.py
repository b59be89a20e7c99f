"""Who a process's companions are: by flags, by variables, by the cluster; mistakes are one line.

What several processes do together is tested in test_scale_out.py.
"""

import contextlib
import socket
import time
from concurrent import futures

import jax
import numpy as np
import pytest

from flanlike import config, errors
from flanlike.training import distributed

SRUN = {
    "SLURM_JOB_ID": "7",
    "SLURM_STEP_NODELIST": "node[001-004]",
    "SLURM_STEP_TASKS_PER_NODE": "1(x4)",
    "SLURM_NTASKS": "4",
    "SLURM_PROCID": "2",
    "SLURM_LOCALID": "0",
}


@pytest.fixture
def joined(monkeypatch):
    """Returns what jax.distributed.initialize is called with; nothing is joined."""
    calls = []
    monkeypatch.setattr(jax.distributed, "initialize", lambda *a, **k: calls.append((a, k)))
    monkeypatch.setattr(distributed, "_meet", lambda *_: None)
    for name in (*distributed.VARIABLES.values(), *SRUN, "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    return calls


@pytest.fixture(autouse=True)
def updates(monkeypatch):
    """Returns the settings of JAX that are changed; none is."""
    changed = {}
    monkeypatch.setattr(jax.config, "update", changed.__setitem__)
    return changed


def join(**settings) -> None:
    distributed.join(config.DistributedConfig(**settings))


def set_all(monkeypatch, variables) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_one_process_joins_nothing(joined, monkeypatch):
    join()
    join(coordinator="localhost:1234", processes=1, process=0)
    set_all(monkeypatch, SRUN | {"SLURM_NTASKS": "1"})  # a laptop's shell in an allocation
    join()
    assert joined == []
    assert distributed.count() == 1 and distributed.is_first()
    distributed.wait("here")
    distributed.check_same({"configuration": "any"})
    assert distributed.of_first(True) and not distributed.of_first(False)
    np.testing.assert_array_equal(distributed.gather(np.array([1 << 40])), [[1 << 40]])


def test_flags_go_before_variables(joined, updates, monkeypatch):
    variables = {"JAX_NUM_PROCESSES": "4", "JAX_PROCESS_ID": "3"}
    set_all(monkeypatch, variables | {"JAX_COORDINATOR_ADDRESS": "host:1"})
    join(process=2, timeout_s=9)
    [(arguments, options)] = joined
    assert arguments == ("host:1", 4, 2)
    assert options["initialization_timeout"] == 9
    assert updates == {"jax_enable_preemption_service": False}


def test_a_cluster_tells_what_is_not_given(joined, updates, monkeypatch):
    set_all(monkeypatch, SRUN)
    join()
    assert joined.pop()[0] == (None, None, None)
    assert updates["jax_cuda_visible_devices"] == "all"  # the only task of its host has all cards
    updates.clear()
    monkeypatch.setenv("SLURM_STEP_TASKS_PER_NODE", "8(x4)")
    join(coordinator="node001:5000")
    assert joined.pop()[0] == ("node001:5000", None, None)
    assert "jax_cuda_visible_devices" not in updates


@pytest.mark.parametrize(
    "settings, variables, expected",
    [
        (
            {"coordinator": "host:1"},
            {},
            "--distributed.coordinator came without --distributed.processes and "
            "--distributed.process, and no SLURM",
        ),
        (
            {"process": 1},
            {"JAX_NUM_PROCESSES": "2"},
            "--distributed.processes and --distributed.process came without "
            "--distributed.coordinator",
        ),
        (
            {"coordinator": "host", "processes": 2, "process": 0},
            {},
            "--distributed.coordinator is 'host': it must be HOST:PORT",
        ),
        (
            {"coordinator": "host:65536", "processes": 2, "process": 0},
            {},
            "is 'host:65536': it must be HOST:PORT of process 0, the port from 1 to 65535",
        ),
        ({"coordinator": "host:0"}, {}, "is 'host:0': it must be HOST:PORT"),
        ({}, {"JAX_COORDINATOR_ADDRESS": "host:²"}, "JAX_COORDINATOR_ADDRESS is 'host:²': it"),
        ({}, {"JAX_PROCESS_ID": "²"}, "JAX_PROCESS_ID is '²': it must be a number"),
        ({}, {"JAX_NUM_PROCESSES": "9999999"}, "JAX_NUM_PROCESSES is 9999999: it must be 1 or"),
        ({}, {"JAX_NUM_PROCESSES": "four"}, "JAX_NUM_PROCESSES is 'four': it must be a number"),
        ({"processes": 0}, {}, "--distributed.processes is 0: it must be 1 or more"),
        ({"process": -1}, {}, "--distributed.process is -1: it must be 0 or more"),
        (
            {"coordinator": "host:1", "processes": 2, "process": 2},
            {},
            "--distributed.process is 2: of 2 processes it must be 0 to 1",
        ),
    ],
)
def test_mistakes_are_one_line(joined, monkeypatch, settings, variables, expected):
    set_all(monkeypatch, variables)
    with pytest.raises(errors.UserError) as raised:
        join(**settings)
    assert expected in str(raised.value) and "\n" not in str(raised.value)
    assert joined == []


def test_companions_that_do_not_come_are_a_clear_error(joined, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("DEADLINE_EXCEEDED: Barrier timed out.\nMore.")

    monkeypatch.setattr(jax.distributed, "initialize", fail)
    with pytest.raises(
        errors.UserError, match="did not find the 2 processes of its run within 5 s"
    ):
        join(coordinator="localhost:1", processes=2, process=0, timeout_s=5)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("localhost", 0))
        return found.getsockname()[1]


def test_a_first_process_that_waits_in_vain_says_who_is_missing():
    with pytest.raises(errors.UserError, match=r"within 0\.2 s \(no word of 1, 2\): start all"):
        distributed._meet(f"localhost:{free_port()}", 3, 0, 0.2)


def test_another_process_that_finds_no_first_says_where_it_looked():
    port = free_port()
    with pytest.raises(errors.UserError, match=rf"did not find the 2 .*\(localhost:{port}: Conn"):
        distributed._meet(f"localhost:{port}", 2, 1, 0.3)


def test_a_port_that_is_taken_is_told():
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(errors.UserError, match="cannot listen .*give a port that is free"):
            distributed._meet(f"localhost:{port}", 2, 0, 1)


def test_processes_meet_whoever_comes_first_and_whatever_else_calls():
    port = free_port()
    address = f"localhost:{port}"

    def stranger():
        for _ in range(50):
            with contextlib.suppress(ConnectionError):
                with socket.create_connection(("localhost", port)) as call:
                    call.sendall(b"GET / HTTP/1.0\n")
                return
            time.sleep(0.02)

    with futures.ThreadPoolExecutor() as pool:
        met = [pool.submit(distributed._meet, address, 3, process, 10) for process in (2, 1, 0)]
        pool.submit(stranger)
        assert [one.result() for one in met] == [None] * 3
