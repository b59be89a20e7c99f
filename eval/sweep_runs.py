"""The runs of a sweep, each a process of train.py on cores of its own; what is done stays done."""

import contextlib
import dataclasses
import json
import os
import pathlib
import queue
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent import futures
from dataclasses import dataclass
from typing import Any

from eval import closing, sweep
from flanlike import atomic, errors
from flanlike.runs import folder as run_folder

TRAIN = pathlib.Path(__file__).resolve().parent.parent / "train.py"
_CACHE = "cache"  # of answers: the base is asked once, not once a run
_DECLARED = "sweep.json"
# A step's large arrays come and go: handing them out in small pages is a sixth of the CPU time.
_HUGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A run that ended otherwise than by being finished."""

    run: sweep.Run
    status: int
    log: pathlib.Path

    def __str__(self) -> str:
        said = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        last = f": {said[-1]}" if said else ""
        return f"{self.run.name} ended with status {self.status}, see {self.log}{last}"


def part(runs: Sequence[sweep.Run], which: tuple[int, int]) -> list[sweep.Run]:
    """Returns the i-th of n parts, (i, n) from (1, n): run number k is in part k mod n."""
    index, count = which
    return list(runs[index - 1 :: count])


def claim(found: sweep.Sweep, out: pathlib.Path) -> None:
    """Makes the folder this sweep's: it may have more conditions and seeds than before, no others.

    A folder that holds another sweep, or none and is not empty, is a UserError, and stays as it is.
    """
    path = out / _DECLARED
    there = _declared(path)
    if there and there.get("name") != found.name:
        raise errors.UserError(
            f"{str(out)!r} holds the sweep {there.get('name')!r}, not {found.name!r}, whose table "
            "would take the place of its own: give another --out"
        )
    for name, flags in there.get("flags", {}).items():
        here = found.flags.get(name)
        if here is not None and list(here) != flags:
            raise errors.UserError(
                f"{str(out)!r} holds a sweep whose condition {name!r} has other flags "
                f"({shlex.join(flags)!r}, here {shlex.join(here)!r}): give another --out, or the "
                "same flags to go on"
            )
    if not there and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise errors.UserError(
            f"--out {str(out)!r} is not empty and holds no sweep (no {_DECLARED}): give another"
        )
    atomic.make_folder(out, what="a sweep's folder")
    content = {
        "name": found.name,
        "question": found.question,
        "predicted": found.predicted,
        "flags": {**there.get("flags", {}), **{k: list(v) for k, v in found.flags.items()}},
    }
    if content != there:
        atomic.write_json(path, content, ensure_ascii=False)


def state(run: sweep.Run, out: pathlib.Path) -> str:
    """Returns "finished", "begun" or "not begun": whether the run is trained and evaluated."""
    config = sweep.parse(run.settings)
    folder = out / run.name
    if not run_folder.has_config(folder):
        return "not begun"
    return (
        "finished"
        if closing.is_finished(folder, dataclasses.asdict(config), config.eval)
        else "begun"
    )


def missing(runs: Sequence[sweep.Run], out: pathlib.Path) -> list[sweep.Run]:
    """Returns the runs that are not finished."""
    return [run for run in runs if state(run, out) != "finished"]


def command(run: sweep.Run, out: pathlib.Path) -> list[str]:
    """Returns what is run: train.py, in the working directory, into the sweep's folder."""
    places = ["--out", str(out / run.name), "--eval.cache", str(out / _CACHE)]
    return [sys.executable, str(TRAIN), *run.flags, *places]


def run_all(runs: Sequence[sweep.Run], out: pathlib.Path, *, at_once: int) -> list[Failure]:
    """Runs what is given, `at_once` at a time, and returns what failed; the others go on.

    The cores are shared out evenly. Interrupted, it stops the runs that are under way, which save,
    and starts no more.
    """
    workers = _Workers(runs, out)
    with futures.ThreadPoolExecutor(at_once) as pool:  # whose end waits for all
        at_work = [pool.submit(workers.work, cores) for cores in _shares(at_once)]
        try:
            for one in at_work:
                one.result()
        finally:  # an interruption, or a disk without room: else none is under way
            workers.stop()
    return workers.failed


class _Workers:
    """The runs that wait, that are under way, and that failed."""

    def __init__(self, runs: Sequence[sweep.Run], out: pathlib.Path) -> None:
        self.failed: list[Failure] = []
        self._out = out
        self._total = len(runs)
        self._waiting: queue.SimpleQueue[tuple[int, sweep.Run]] = queue.SimpleQueue()
        for numbered in enumerate(runs, start=1):
            self._waiting.put(numbered)
        self._processes: set[subprocess.Popen] = set()
        self._lock = threading.Lock()
        self._is_stopped = False

    def work(self, cores: Sequence[int]) -> None:
        """Runs one after the other on these cores, until none waits."""
        while True:
            try:
                number, run = self._waiting.get_nowait()
            except queue.Empty:
                return
            log = self._out / f"{run.name}.log"
            started = time.monotonic()
            with log.open("a") as file:
                with self._lock:  # so that `stop` misses none
                    if self._is_stopped:
                        return
                    process = subprocess.Popen(
                        command(run, self._out),
                        stdout=file,
                        stderr=subprocess.STDOUT,
                        env=_HUGE_PAGES | os.environ,
                        start_new_session=True,  # Ctrl-C comes to them as a signal to save
                    )
                    self._processes.add(process)
                    _pin(process.pid, cores)
                status = process.wait()
            with self._lock:
                self._processes.discard(process)
                if status:
                    self.failed.append(Failure(run=run, status=status, log=log))
                is_stopped = self._is_stopped
            took = f"{time.monotonic() - started:,.0f} s"
            ended = "stopped" if is_stopped else f"FAILED with status {status}"
            ended = ended if status else "finished"
            print(f"{number}/{self._total} {run.name}: {ended} after {took}, log {log}", flush=True)

    def stop(self) -> None:
        with self._lock:
            self._is_stopped = True
            for process in self._processes:
                process.terminate()


def _shares(at_once: int) -> list[list[int]]:
    """Returns the cores of each run under way; with more runs than cores they share them."""
    if not hasattr(os, "sched_getaffinity"):
        return [[] for _ in range(at_once)]
    cores = sorted(os.sched_getaffinity(0))
    return [cores[i::at_once] or cores for i in range(at_once)]


def _pin(pid: int, cores: Sequence[int]) -> None:
    if cores:
        with contextlib.suppress(ProcessLookupError):  # it has ended already
            os.sched_setaffinity(pid, cores)


def _declared(path: pathlib.Path) -> dict[str, Any]:
    """Returns what the folder's sweep was declared as; {} where there is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (ValueError, NotADirectoryError) as error:
        raise errors.UserError(f"{path}: not what a sweep wrote: give another --out") from error
    if not isinstance(found, dict) or not isinstance(found.get("flags"), dict):
        raise errors.UserError(f"{path}: not what a sweep wrote: give another --out")
    return found
