"""Our evaluation against lm-evaluation-harness on PyTorch: `python bench/evaluate.py`.

    python bench/evaluate.py --smollm2 ../models/smollm2 --gemma3 ../models/gemma3
    python bench/evaluate.py --only t5 --rows 12 --rounds 2        # T5-small's shape, short

Both sides get the harness's own requests with the same weights in float32: ours by its
`--model flanlike`, the peer by its `hf` with the best batch size of a few. Each has a process of
its own, so that each has a peak of memory of its own; they take turns, one at work at a time,
window by window. Log-probabilities and texts are compared before anything is timed. Ratios are
medians over the rounds, of wall seconds and of CPU seconds. Compilation, loading and the choice of
the peer's batch size are not in the windows.

Options are the tasks' own two and four; with ten, six of other rows' stand beside the four.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

_ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(_ROOT), str(_ROOT / "bench")]

import train_step  # noqa: E402

SIDES = ("ours", "peer")
MODELS = ("smollm2", "gemma3", "t5")
WORKS = ("2", "4", "10", "write")
_MOST_DIFFERENCE = 2e-2  # of a log-probability, in nats: rounding of float32 in another order


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parser().parse_args(arguments)
    train_step.use_threads(options.threads)
    print(f"{options.threads} threads, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for name in options.only:
        with tempfile.TemporaryDirectory() as folder:
            _compare(options, name, pathlib.Path(folder))
    print(f"load at the end {os.getloadavg()[0]:.1f}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--smollm2", type=pathlib.Path, help="folder of SmolLM2-135M")
    parser.add_argument("--gemma3", type=pathlib.Path, help="folder of Gemma 3 270M")
    parser.add_argument("--works", nargs="+", choices=WORKS, default=list(WORKS))
    parser.add_argument("--data", default="embedded", help="where the prompts' rows come from")
    parser.add_argument("--rows", type=int, default=64, help="prompts of each work")
    parser.add_argument("--rounds", type=int, default=3, help="of taking turns")
    parser.add_argument("--new-tokens", type=int, default=32, help="written for each prompt")
    parser.add_argument("--batches", type=int, nargs="+", default=[4, 16], help="the peer's, tried")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="and cores, of both")
    parser.add_argument("--tiny", action="store_true", help="t5 narrow: a smoke test")
    return parser


def _compare(options: argparse.Namespace, name: str, folder: pathlib.Path) -> None:
    """Prints what one model's works take on both sides."""
    import evaluate_work

    model = getattr(options, name, None)
    if name == "t5":
        model = folder / "t5"
        evaluate_work.write_t5(model, is_tiny=options.tiny)
    if model is None:
        print(f"\n{name}: skipped, for no folder is given: --{name} FOLDER")
        return
    family = "encoder_decoder" if name == "t5" else "decoder"
    works = evaluate_work.works(
        options.works, options.data, family, rows=options.rows, new_tokens=options.new_tokens
    )
    (folder / "works.json").write_text(json.dumps(works))
    print(f"\n{name}: {model}, rows from {options.data}")
    sides = {side: _Side(side, model, folder / "works.json", options) for side in SIDES}
    try:
        for work in options.works:
            _one_work(options, sides, work, len(works[work]))
        for side in SIDES:
            peaks = sides[side].ask("memory")
            print(
                f"  {side} peak memory: {peaks['timed'] / 2**30:.2f} GiB in the windows, "
                f"{peaks['whole'] / 2**30:.2f} GiB with loading"
                f"{' and compiling' if side == 'ours' else ' and the tried batch sizes'}"
            )
    finally:
        for side in sides.values():
            side.close()


def _one_work(
    options: argparse.Namespace, sides: dict[str, "_Side"], work: str, requests: int
) -> None:
    for side in SIDES:
        sides[side].ask("warm up")
    batch = _best_batch(options, sides["peer"], work)
    first = {side: sides[side].ask("run", work, batch)["answers"] for side in SIDES}
    agreement = _agreement(first["ours"], first["peer"], is_written=work == "write")
    for side in SIDES:
        sides[side].ask("time from here")
    spent: dict[str, list[train_step.Spent]] = {side: [] for side in SIDES}
    for _ in range(options.rounds):
        for side in SIDES:
            found = sides[side].ask("run", work, batch)
            spent[side].append(train_step.Spent(found["wall"], found["cpu"]))
    what = "writing" if work == "write" else f"{work} options"
    print(f"  {what}: {options.rows} prompts, {requests} requests; {agreement}")
    for side in SIDES:
        seconds = statistics.median(one.wall for one in spent[side])
        of_peer = f", batches of {batch}" if side == "peer" else ""
        print(f"    {side} {options.rows / seconds:8.2f} prompts/s{of_peer}")
    print(f"    {train_step.ratio(spent['peer'], spent['ours'])}", flush=True)


def _best_batch(options: argparse.Namespace, peer: "_Side", work: str) -> int:
    """Returns the batch size that the peer is fastest with, the second time each."""
    seconds = {}
    for batch in options.batches:
        if len(options.batches) > 1:
            peer.ask("run", work, batch)
            seconds[batch] = peer.ask("run", work, batch)["wall"]
    return min(seconds, key=seconds.get, default=options.batches[0])


def _agreement(ours: list, peer: list, *, is_written: bool) -> str:
    """Returns in words how far the answers agree; stops where scores do not."""
    if is_written:
        same = sum(a == b for a, b in zip(ours, peer, strict=True))
        return f"{same} of {len(ours)} texts are the same"
    pairs = list(zip(ours, peer, strict=True))
    apart = max(abs(a[0] - b[0]) for a, b in pairs)
    if not apart < _MOST_DIFFERENCE:
        raise SystemExit(f"error: log-probabilities differ by up to {apart:.3g}")
    greedy = sum(a[1] == b[1] for a, b in pairs)
    return f"log-probabilities differ by {apart:.1g} at most, is_greedy is the same {greedy} times"


class _Side:
    """A process that holds one side's model and answers one question at a time."""

    def __init__(
        self, side: str, model: pathlib.Path, works: pathlib.Path, options: argparse.Namespace
    ) -> None:
        script = _ROOT / "bench" / "evaluate_work.py"
        command = [sys.executable, script, side, model, works, str(options.threads)]
        self._process = subprocess.Popen(
            list(map(str, command)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if not os.environ.get("BENCH_SAYS") else None,
            text=True,
        )

    def ask(self, *question: Any) -> dict[str, Any]:
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())
        except (ValueError, BrokenPipeError) as error:
            raise SystemExit(
                "error: a side has ended; set BENCH_SAYS=1 to see what it said"
            ) from error

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()


if __name__ == "__main__":
    main()
