"""Time and memory from process start to the first batch: `python bench/startup.py`.

Each case runs in a fresh process: flan_core on embedded data, and 2,000 synthetic tasks, each with
a template file of ten of its own. Time counts from before the interpreter starts.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

_ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(_ROOT), str(_ROOT / "bench")]

_LIMITS = {"flan_core": (3.0, None), "synthetic": (10.0, 1.0)}  # seconds, GB


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=2000, help="synthetic tasks")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--case", choices=sorted(_LIMITS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    parser.add_argument("--started", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        _first_batch(options)
        return
    import synthetic

    with tempfile.TemporaryDirectory() as folder:
        synthetic.write_vocabulary(folder)
        synthetic.write_templates(folder, options.tasks)
        print("case         seconds (each run)        best   peak RSS   limit")
        for case in ("flan_core", "synthetic"):
            runs = [_run(case, folder, options.tasks) for _ in range(options.repeats)]
            seconds = [run["seconds"] for run in runs]
            memory = max(run["rss_gb"] for run in runs)
            limit = f"{_LIMITS[case][0]:g} s" + (", 1 GB" if _LIMITS[case][1] else "")
            each = " ".join(f"{s:.2f}" for s in seconds)
            print(f"{case:12s} {each:24s} {min(seconds):6.2f}   {memory:5.2f} GB   {limit}")


def _run(case: str, folder: str, tasks: int) -> dict[str, float]:
    started = time.time()
    arguments = ["--case", case, "--folder", folder, "--tasks", str(tasks)]
    done = subprocess.run(
        [sys.executable, __file__, *arguments, "--started", repr(started)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def _first_batch(options: argparse.Namespace) -> None:
    """Builds the registry and the mixture, makes one batch, and prints what it took."""
    import resource

    import synthetic

    from flanlike import pipeline, vocabulary

    if options.case == "flan_core":
        import task_registry

        found = task_registry.registry()
    else:
        found = synthetic.build_registry(options.tasks, options.folder)
    composition = synthetic.compose(found, options.case, "embedded")
    batch = next(
        pipeline.batches(
            composition,
            found,
            vocabulary.Vocabulary.load(pathlib.Path(options.folder)),
            data="embedded",
            seed=0,
            family="decoder",
            rows=32,
            max_input_tokens=448,
            max_target_tokens=64,
        )
    )
    assert batch.tokens_BT.shape == (32, 512)
    seconds = time.time() - options.started
    rss_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps({"seconds": seconds, "rss_gb": rss_gb, "tasks": len(composition.tasks)}))


if __name__ == "__main__":
    main()
