"""One process writes into a run's folder; the others are told which."""

import errno
import fcntl
import os
import signal
import subprocess
import sys

import pytest

from flanlike import errors
from flanlike.runs import locks

HOLDER = """
import sys, time
from flanlike.runs import locks
with locks.Lock(sys.argv[1]) as lock:
    lock.take()
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_process_is_told_of_the_first_until_that_dies(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout.readline() == "held\n"
        with (
            locks.Lock(tmp_path) as lock,
            pytest.raises(errors.UserError, match=rf"another process \(process {holder.pid} on "),
        ):
            lock.take()
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        holder.stdout.close()
    with locks.Lock(tmp_path) as lock:
        lock.take()
        lock.take()  # it is held already


def test_a_lock_is_given_back_with_its_block(tmp_path):
    for _ in range(2):
        with locks.Lock(tmp_path, name=".one.lock") as lock:
            lock.take()
            with locks.Lock(tmp_path, name=".other.lock") as other:
                other.take()
            with locks.Lock(tmp_path, name=".one.lock") as same, pytest.raises(errors.UserError):
                same.take()


def test_a_file_system_without_locks_is_told_and_used(tmp_path, monkeypatch, capsys):
    def refuse(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with locks.Lock(tmp_path) as lock:
        lock.take()
    assert "lies on a file system without locks" in capsys.readouterr().err
