"""Our input pipeline against SeqIO's, in real tokens per second: `python bench/pipeline.py`.

Both read the same rows of the same tasks, choose among the same ten templates, tokenize by the same
SentencePiece model and pack to the same lengths, encoder-decoder, 32 rows a batch. SeqIO has its
rows in memory, its templates split beforehand and all cores; it shuffles no options. A token is
real where it is no padding. Each measurement is a fresh process; ours runs before and after SeqIO.
"""

import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

_ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(_ROOT), str(_ROOT / "bench")]

BATCH_ROWS = 32
LENGTHS = {"inputs": 512, "targets": 128}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, nargs="+", default=[62, 1])
    parser.add_argument("--seconds", type=float, default=15.0, help="of each measurement")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="our processes")
    parser.add_argument("--skip-seqio", action="store_true", help="where it is not installed")
    parser.add_argument("--case", choices=("ours", "seqio"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=pathlib.Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        result = {"ours": _ours, "seqio": _seqio}[options.case](options)
        print(json.dumps(result))
        return
    import synthetic

    for tasks in options.tasks:
        with tempfile.TemporaryDirectory() as folder:
            synthetic.write_vocabulary(folder)
            synthetic.write_templates(folder, tasks)
            synthetic.write_rows(folder, tasks)
            _compare(options, folder, tasks)


def _compare(options: argparse.Namespace, folder: str, tasks: int) -> None:
    def run(case: str, workers: int = 0) -> dict:
        arguments = ["--case", case, "--folder", folder, "--tasks", str(tasks)]
        arguments += ["--workers", str(workers), "--seconds", str(options.seconds)]
        done = subprocess.run(
            [sys.executable, __file__, *arguments], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        return json.loads(done.stdout.splitlines()[-1])

    print(f"{tasks} tasks of ten templates, {LENGTHS}, {os.cpu_count()} cores")
    runs = {
        "ours": [run("ours")],
        f"ours, {options.workers} workers": [run("ours", options.workers)],
    }
    if not options.skip_seqio:
        runs["SeqIO"] = [run("seqio")]
    runs["ours"].append(run("ours"))
    runs[f"ours, {options.workers} workers"].append(run("ours", options.workers))
    print("                  first batch  real tokens/s  tokens/example   fill   peak RSS   ratio")
    base = runs["SeqIO"][0]["tokens_per_s"] if "SeqIO" in runs else None
    for name, each in runs.items():
        mean = {key: sum(one[key] for one in each) / len(each) for key in each[0]}
        ratio = f"{mean['tokens_per_s'] / base:5.2f}x" if base else ""
        print(
            f"{name:16s} {mean['first_batch_s']:10.1f} s {mean['tokens_per_s']:14,.0f} "
            f"{mean['tokens_per_example']:15.1f} {mean['fill']:6.3f} {mean['rss_gb']:7.2f} GB "
            f"{ratio}"
        )


def _measure(batches, count, seconds: float, started: float) -> dict[str, float]:
    """Pulls batches for so many seconds after the first ones; `count(batch)` gives real tokens,
    places and examples."""
    next(batches)
    first_batch_s = time.perf_counter() - started
    until = time.perf_counter() + min(5.0, seconds)  # caches and thread pools get warm
    while time.perf_counter() < until:
        next(batches)
    tokens = places = examples = 0
    began = time.perf_counter()
    while time.perf_counter() < began + seconds:
        added = count(next(batches))
        tokens, places, examples = tokens + added[0], places + added[1], examples + added[2]
    elapsed = time.perf_counter() - began
    return {
        "first_batch_s": first_batch_s,
        "tokens_per_s": tokens / elapsed,
        "tokens_per_example": tokens / examples,
        "fill": tokens / places,
        "rss_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def _ours(options: argparse.Namespace) -> dict[str, float]:
    started = time.perf_counter()
    import synthetic

    from flanlike.batches import pipeline, vocabulary
    from flanlike.mixtures import mixture

    def count(batch) -> tuple[int, int, int]:
        tokens = int((batch.source_segment_ids_BS > 0).sum() + (batch.segment_ids_BT > 0).sum())
        return (
            tokens,
            batch.source_tokens_BS.size + batch.tokens_BT.size,
            _segments(batch.segment_ids_BT),
        )

    found = synthetic.build_registry(options.tasks[0], options.folder)
    batches = pipeline.batches(
        synthetic.compose(found, synthetic.MIXTURE, str(options.folder)),
        found,
        vocabulary.Vocabulary.load(options.folder),
        data=str(options.folder),
        seed=0,
        family="encoder_decoder",
        rows=BATCH_ROWS,
        max_input_tokens=LENGTHS["inputs"],
        max_target_tokens=LENGTHS["targets"],
        shares=mixture.Shares(few_shot=0.0, inverted=0.0, cot=0.0, no_options=0.3),
        workers=options.workers,
    )
    result = _measure(batches, count, options.seconds, started)
    batches.close()
    return result


def _seqio(options: argparse.Namespace) -> dict[str, float]:
    started = time.perf_counter()
    import seqio
    import seqio_tasks

    name = seqio_tasks.add(options.folder, options.tasks[0])
    dataset = seqio.get_dataset(
        name,
        task_feature_lengths=LENGTHS,
        dataset_split="train",
        shuffle=True,
        num_epochs=None,
        feature_converter=seqio.EncDecFeatureConverter(pack=True),
        seed=0,
        batch_size=BATCH_ROWS,
    )

    def count(batch) -> tuple[int, int, int]:
        kinds = ("encoder", "decoder")
        segments = {kind: batch[f"{kind}_segment_ids"] for kind in kinds}
        tokens = sum(int((segments[kind] > 0).sum()) for kind in kinds)
        return tokens, sum(segments[kind].size for kind in kinds), _segments(segments["decoder"])

    return _measure(dataset.prefetch(2).as_numpy_iterator(), count, options.seconds, started)


def _segments(segment_ids_BT) -> int:
    return int(segment_ids_BT.max(axis=1).sum())


if __name__ == "__main__":
    main()
