"""How fast an export is written, by this machine's processes and by Apache Beam's DirectRunner.

    python bench/export.py [--prompts 200000]

Each is one command in a process of its own, from its start to its data card, on the micro-world's
rows. CPU is of the process and its workers together: on a busy machine it says what the wall clock
cannot. The goal is that two of Beam's workers are 1.6 times as fast as one.
"""

import argparse
import hashlib
import pathlib
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

_ROOT = pathlib.Path(__file__).resolve().parent.parent
_CASES = {
    "1 process": ("--processes", "1"),
    "2 processes": ("--processes", "2"),
    "Beam, 1 worker": ("--runner", "DirectRunner", "--processes", "1"),
    "Beam, 2 workers": ("--runner", "DirectRunner", "--processes", "2"),
}


@dataclass(frozen=True, kw_only=True)
class _Run:
    wall_s: float
    cpu_s: float
    size: int  # bytes of its files
    content: str  # a hash of them


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=int, default=200_000)
    parser.add_argument("--mixture", default="flan_core")
    options = parser.parse_args()
    print(f"{options.prompts:,} prompts of {options.mixture}, Parquet")
    print("written by          seconds   CPU seconds   prompts a second   a CPU second   as fast")
    first: _Run | None = None
    alone: dict[str, float] = {}
    for name, flags in _CASES.items():
        run = _run(options, flags)
        first = first or run
        if run.content != first.content:
            raise SystemExit(f"{name}: other bytes than those of 1 process")
        kind = "Beam" if name.startswith("Beam") else "processes"
        ratio = alone.setdefault(kind, run.wall_s) / run.wall_s
        print(
            f"{name:18s} {run.wall_s:8.1f} {run.cpu_s:13.1f} {options.prompts / run.wall_s:18,.0f} "
            f"{options.prompts / run.cpu_s:14,.0f} {ratio:8.2f}x"
        )
    print(f"the same bytes in all: {first.size / options.prompts:,.0f} a prompt")


def _run(options: argparse.Namespace, flags: tuple[str, ...]) -> _Run:
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder, "out")
        command = [sys.executable, "-m", "task_registry", "export", "--mixture", options.mixture]
        command += ["--hold-out", "--examples", str(options.prompts), "--out", str(out), *flags]
        command += ["--shard-size", str(max(1, options.prompts // 20))]
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
        wall_s, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            raise SystemExit(done.stderr)
        files = sorted(out.glob("train-*"))
        hashed = hashlib.blake2b(digest_size=16)
        for path in files:
            hashed.update(path.read_bytes())
        return _Run(
            wall_s=wall_s,
            cpu_s=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
            size=sum(path.stat().st_size for path in files),
            content=hashed.hexdigest(),
        )


if __name__ == "__main__":
    main()
