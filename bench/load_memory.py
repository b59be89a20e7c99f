"""Memory of the host while a published model is read: `python bench/load_memory.py`.

A process of its own reads a folder of random weights in float32, in shards, and another watches
it. What is watched is the memory of the process's own (RssAnon of /proc/PID/status): the files
are mapped, and their pages are the system's cache, which it takes back when it needs room; the peak
with them is told as well (VmHWM). On a CPU the parameters themselves lie in that memory, so that
the overhead of loading is what the peak has over the state afterwards.
"""

import argparse
import dataclasses
import pathlib
import subprocess
import sys
import tempfile
import time

_ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(_ROOT))

_EVERY_S = 0.001
_MIB = 2**20

_LOAD = """
import sys, jax
from flax import nnx
from flanlike.pretrained import weights
weights.shape_of(sys.argv[1])
jax.block_until_ready(jax.jit(lambda x: x + 1)(0))
print("ready", flush=True)
sys.stdin.readline()
model = weights.load(sys.argv[1])
jax.block_until_ready(jax.tree.leaves(nnx.state(model)))
print("loaded", flush=True)
sys.stdin.readline()
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="t5-1.1-base", help="a preset of T5's")
    parser.add_argument("--vocabulary", type=int, default=32_128, help="rows of the table")
    parser.add_argument("--shard-mib", type=int, default=100, help="most that a file holds")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _write(folder, options)
        _report(pathlib.Path(folder), options)


def _write(folder: str, options: argparse.Namespace) -> None:
    """Writes the folder in a process of its own: this one's children start small."""
    code = (
        "import dataclasses, sys; from flanlike import models; from flanlike.models import presets;"
        "from flanlike.pretrained import weights; _, folder, name, rows, shard = sys.argv;"
        "shape = dataclasses.replace(presets.get(name), vocab_size=int(rows));"
        "weights.save(folder, models.build(shape, seed=0), max_shard_bytes=int(shard) * 2**20)"
    )
    arguments = (folder, options.model, str(options.vocabulary), str(options.shard_mib))
    subprocess.run([sys.executable, "-c", code, *arguments], cwd=_ROOT, check=True)


@dataclasses.dataclass
class Seen:
    """Bytes of a process's own: before, the most while it loaded, and after."""

    before: int
    peak: int
    after: int
    peak_with_files: int


def _watch(folder: pathlib.Path) -> Seen:
    child = subprocess.Popen(
        [sys.executable, "-c", _LOAD, str(folder)],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        _expect(child, "ready")
        before = peak = _status(child.pid, "RssAnon")
        child.stdin.write("\n")
        child.stdin.flush()
        while _is_silent(child):
            peak = max(peak, _status(child.pid, "RssAnon"))
            time.sleep(_EVERY_S)
        _expect(child, "loaded")
        after = _status(child.pid, "RssAnon")
        return Seen(before, max(peak, after), after, _status(child.pid, "VmHWM"))
    finally:
        child.kill()
        child.wait()


def _report(folder: pathlib.Path, options: argparse.Namespace) -> None:
    import safetensors

    shards = sorted(folder.glob("*.safetensors"))
    largest, parameters = 0, 0
    for shard in shards:
        with safetensors.safe_open(shard, framework="numpy") as tensors:
            for name in tensors.keys():  # noqa: SIM118 (a handle is no mapping)
                size = tensors.get_tensor(name).nbytes
                largest, parameters = max(largest, size), parameters + size
    seen = _watch(folder)
    rows = {
        "parameters in float32": parameters,
        f"largest of {len(shards)} shards": max(shard.stat().st_size for shard in shards),
        "largest tensor": largest,
        "own memory before loading": seen.before,
        "own memory afterwards": seen.after,
        "own memory at its peak": seen.peak,
        "peak over the state afterwards": seen.peak - seen.after,
        "peak over parameters and before": seen.peak - seen.before - parameters,
        "peak with mapped files (VmHWM)": seen.peak_with_files,
    }
    print(f"{options.model}, {options.vocabulary:,} rows, shards of {options.shard_mib} MiB")
    for name, size in rows.items():
        print(f"{name:34s} {size / _MIB:8.1f} MiB")


def _status(pid: int, key: str) -> int:
    """Returns a figure of /proc/PID/status in bytes."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in text.splitlines() if line.startswith(f"{key}:"))
    return int(line.split()[1]) * 1024


def _is_silent(child: subprocess.Popen) -> bool:
    import select

    return not select.select([child.stdout], [], [], 0)[0]


def _expect(child: subprocess.Popen, word: str) -> None:
    if (said := child.stdout.readline().strip()) != word:
        raise RuntimeError(f"the process that loads said {said!r}; expected {word!r}")


if __name__ == "__main__":
    main()
