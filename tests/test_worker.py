"""Processes that make batches: they end when the process they work for does."""

import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from flanlike import worker

_TESTS = pathlib.Path(__file__).resolve().parent
_PARENT = """
import multiprocessing, time
import packing_toys
from flanlike.batches import packing

if __name__ == "__main__":
    windows = packing.Windows(
        packing_toys.Counting(), row_tokens=(0, 8), family="decoder", seed=0, window_examples=8
    )
    batches = packing.BatchIterator(windows, rows=1, workers=1)
    next(batches)
    print(*[child.pid for child in multiprocessing.active_children()], flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(not pathlib.Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_a_worker_ends_when_its_parent_is_killed(tmp_path):
    (tmp_path / "parent.py").write_text(_PARENT)
    path = os.pathsep.join(map(str, (_TESTS.parent, _TESTS)))
    parent = subprocess.Popen(
        [sys.executable, str(tmp_path / "parent.py")],
        env=os.environ | {"PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        children = [pathlib.Path("/proc", pid) for pid in parent.stdout.readline().split()]
        were_there = [child.is_dir() for child in children]
        parent.send_signal(signal.SIGKILL)
    assert were_there == [True]
    until = time.monotonic() + 10
    while any(child.is_dir() for child in children) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(child.is_dir() for child in children)


def test_there_are_not_many_more_than_cores():
    assert 4 <= worker.MOST <= min(4 * (os.cpu_count() or 1), 256)
