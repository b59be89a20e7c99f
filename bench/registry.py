"""What the registry costs, in one run: `python bench/registry.py`.

First batch: time and memory from process start, each case in a fresh process: flan_core on embedded
data, 2,000 synthetic tasks, each with a template file of ten of its own, and flan2022 with 2,000
tasks, most of them made-up members of P3 and NIv2; of the two mixtures also real tokens a second,
one process. Rendering: prompts a
second on one core, records at hand, every task and template of flan_core; and with the micro-world
that makes the records. A file of instructions that is larger than memory should hold, `--gb` of
JSON lines: first batch of a process that has to look through it, and of the next one, and their
peak memory over that of the same file cut to 2,000 rows. Pipeline: against SeqIO on the same tasks
(`bench/pipeline.py`).
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

_ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(_ROOT), str(_ROOT / "bench")]

# Seconds and GB.
_LIMITS = {"flan_core": (3.0, None), "synthetic": (10.0, 1.0), "flan2022": (10.0, 1.0)}
_FILE_LIMITS = (10.0, 0.3)  # after the first process; over the small file's


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=2000, help="synthetic tasks")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0, help="of a pipeline measurement")
    parser.add_argument("--skip-seqio", action="store_true", help="where it is not installed")
    parser.add_argument("--gb", type=float, default=5.0, help="of JSON lines; 0 skips them")
    parser.add_argument("--only-file", action="store_true", help="the JSON lines and no more")
    cases = (*_LIMITS, "rendering", "file", "small_file")
    parser.add_argument("--case", choices=cases, help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    parser.add_argument("--started", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        _rendering() if options.case == "rendering" else _first_batch(options)
        return
    import synthetic
    import synthetic_collections

    with tempfile.TemporaryDirectory() as folder:
        synthetic.write_vocabulary(folder)
        if options.gb > 0:
            _large_file(options, folder)
        if options.only_file:
            return
        synthetic.write_templates(folder, options.tasks)
        synthetic_collections.write(folder, options.tasks)
        print("case         seconds (each run)        best   peak RSS   limit")
        rates = {}
        for case in _LIMITS:
            runs = [
                _run(case, folder, options.tasks, options.seconds) for _ in range(options.repeats)
            ]
            rates[case] = max(run["tokens_per_s"] for run in runs)
            seconds = [run["seconds"] for run in runs]
            memory = max(run["rss_gb"] for run in runs)
            limit = f"{_LIMITS[case][0]:g} s" + (", 1 GB" if _LIMITS[case][1] else "")
            each = " ".join(f"{s:.2f}" for s in seconds)
            print(f"{case:12s} {each:24s} {min(seconds):6.2f}   {memory:5.2f} GB   {limit}")
        ratio = rates["flan2022"] / rates["flan_core"]
        print("\nreal tokens a second, one process (goal: flan2022 at .9 of flan_core or more)")
        print(
            ", ".join(f"{case} {rate:,.0f}" for case, rate in rates.items()), f"ratio {ratio:.2f}"
        )
        print("\nrendering, one core          prompts a second (each run)   best   goal 20,000")
        runs = [_run("rendering", folder, options.tasks, 0) for _ in range(options.repeats)]
        for name in runs[0]:
            each = " ".join(f"{run[name]:,.0f}" for run in runs)
            print(f"{name:28s} {each:28s}  {max(run[name] for run in runs):,.0f}")
    print()
    pipeline = [sys.executable, str(_ROOT / "bench" / "pipeline.py"), "--tasks", "62"]
    pipeline += ["--seconds", str(options.seconds)]
    subprocess.run(pipeline + ["--skip-seqio"] * options.skip_seqio, check=True)


def _large_file(options: argparse.Namespace, folder: str) -> None:
    """Prints the row of the large file, which is written first."""
    import os

    size = _write_lines(pathlib.Path(folder), round(options.gb * 1e9))
    os.environ["XDG_CACHE_HOME"] = os.path.join(folder, "cache")
    small = _run("small_file", folder, options.tasks, 0)
    first, *later = [_run("file", folder, options.tasks, 0) for _ in range(1 + options.repeats)]
    over = max(run["rss_gb"] for run in (first, *later)) - small["rss_gb"]
    each = " ".join(f"{run['seconds']:.2f}" for run in later)
    print(
        "a file of JSON lines      first process   later ones (each)    best   over a small file's"
    )
    print(
        f"{size / 1e9:.2f} GB {first['seconds']:28.2f} s   {each:20s} "
        f"{min(run['seconds'] for run in later):5.2f}   {over:.2f} GB of memory, of CPU "
        f"{first['cpu_s']:.1f} s and then {min(run['cpu_s'] for run in later):.1f} s; "
        f"goals {_FILE_LIMITS[0]:g} s, {_FILE_LIMITS[1]:g} GB\n"
    )


def _write_lines(folder: pathlib.Path, size: int) -> int:
    """Writes file.jsonl, of so many bytes, and small_file.jsonl; returns the size."""
    block = "".join(
        json.dumps({"prompt": f"Count the birds: {n} " + "swan " * 80, "completion": f"There: {n}"})
        + "\n"
        for n in range(2000)
    )
    (folder / "small_file.jsonl").write_text(block)
    with (folder / "file.jsonl").open("w") as file:
        while file.tell() < size:
            file.write(block)
        return file.tell()


def _run(case: str, folder: str, tasks: int, seconds: float) -> dict[str, float]:
    started = time.time()
    arguments = ["--case", case, "--folder", folder, "--tasks", str(tasks)]
    arguments += ["--seconds", str(seconds)]
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

    from flanlike.batches import pipeline, vocabulary
    from flanlike.mixtures import compose

    name, found, data, held_out = _case(options)
    composition = compose.compose(found.mixture(name), found, data, held_out)
    batches = pipeline.batches(
        composition,
        found,
        vocabulary.Vocabulary.load(pathlib.Path(options.folder)),
        data=data,
        seed=0,
        family="decoder",
        rows=32,
        max_input_tokens=448,
        max_target_tokens=64,
    )
    assert next(batches).tokens_BT.shape == (32, 512)
    told = {"seconds": time.time() - options.started, "tasks": len(composition.tasks)}
    used = resource.getrusage(resource.RUSAGE_SELF)
    told |= {"cpu_s": used.ru_utime + used.ru_stime, "rss_gb": used.ru_maxrss / 2**20}
    print(json.dumps(told | {"tokens_per_s": _tokens_per_s(batches, options.seconds)}))


def _case(options: argparse.Namespace) -> tuple[str, Any, str, tuple[str, ...] | None]:
    """Returns a case's mixture, its registry, where its rows are, and what is held out."""
    import synthetic
    import synthetic_collections

    import task_registry

    if options.case.endswith("file"):
        name = f"{options.folder}/{options.case}.jsonl"
        return name, task_registry.registry().at("file"), "file", ()
    if options.case == "flan2022":
        return (
            options.case,
            synthetic_collections.build_registry().at(options.folder),
            options.folder,
            None,
        )
    if options.case == "flan_core":
        return options.case, task_registry.registry(), "embedded", ()
    found = synthetic.build_registry(options.tasks, options.folder)
    return options.case, found, "embedded", ()


def _tokens_per_s(batches: Iterator[Any], seconds: float) -> float:
    """Returns the tokens that are no padding a second, once every task may have been opened."""
    if not seconds:
        return 0.0
    until = time.perf_counter() + seconds / 2
    while time.perf_counter() < until:
        next(batches)
    tokens, began = 0, time.perf_counter()
    while time.perf_counter() < began + seconds:
        tokens += int((next(batches).segment_ids_BT > 0).sum())
    return tokens / (time.perf_counter() - began)


def _rendering() -> None:
    """Prints prompts a second: rendered from records at hand, and drawn from the micro-world."""
    import task_registry
    from flanlike.mixtures import compose, mixture
    from flanlike.prompts import render
    from flanlike.prompts import stream as prompt_stream
    from flanlike.sources import opening

    found = task_registry.registry()
    composition = compose.compose(found.mixture("flan_core"), found, "embedded", held_out=())
    cases = []
    for share in composition.tasks:
        task, templates = found.task(share.name), found.templates(share.name)
        rows = opening.open_rows(task, "embedded", "train")
        cases += [
            (task, template, rows[row], templates.layout)
            for row, template in enumerate(templates.templates)
        ]

    def rendered(index: int) -> None:
        task, template, record, layout = cases[index % len(cases)]
        styles = layout.option_styles
        render.render(
            task,
            template,
            record,
            layout=layout,
            source="embedded",
            split="train",
            row_id="0",
            seed=index,
            option_style=styles[index % len(styles)].name,
        )

    shares = mixture.Shares(few_shot=0.0)
    drawn = prompt_stream.Prompts(composition, found, data="embedded", seed=0, shares=shares)
    rates = {}
    for name, call in (("rendered", rendered), ("drawn and rendered", drawn.__getitem__)):
        for index in range(len(cases)):
            call(index)
        start, count = time.process_time(), 40_000
        for index in range(count):
            call(index)
        rates[name] = count / (time.process_time() - start)
    print(json.dumps(rates))


if __name__ == "__main__":
    main()
