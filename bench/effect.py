"""Does the instruction do it? All four kinds of prompts over several seeds, in one table.

    python bench/effect.py                      # 4 controls x 3 seeds; about an hour on 2 cores
    python bench/effect.py --seeds 11 12 --steps 100 --out runs/effect-short

Each run is `train.py --mixture flan_core --prompts P --seed S`, pinned to one core, as many at a
time as there are cores. A control is trained and asked in its own style. The page that compares
them is `OUT/comparison.html`; with `--readme README.md` the tables replace what stands there
between the marks `<!-- effect -->`, whichever way they come out. Runs that are finished are not run
again, so that an interrupted benchmark goes on where it stopped.
"""

import argparse
import os
import pathlib
import platform
import queue
import re
import subprocess
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from eval import compare  # noqa: E402

CONTROLS = ("instructions", "options-only", "task-name", "inputs-only")
_MARKED = re.compile(r"(<!-- effect -->\n).*?(<!-- /effect -->)", re.DOTALL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--controls", nargs="+", choices=CONTROLS, default=list(CONTROLS))
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("runs/effect"))
    parser.add_argument("--readme", type=pathlib.Path, help="file whose marked part to replace")
    options, flags = parser.parse_known_args()

    jobs = [(control, seed) for seed in options.seeds for control in options.controls]
    folders = run_all(jobs, options.out, flags)
    compare.write(folders, options.out)
    page = (options.out / "comparison.md").read_text()
    print(page)
    if options.readme:
        replace_marked(options.readme, page, flags)


def run_all(jobs: list[tuple[str, int]], out: pathlib.Path, flags: list[str]) -> list[pathlib.Path]:
    """Runs the jobs, one a core at a time; returns their folders. Stops at the first failure."""
    waiting: queue.Queue[tuple[str, int]] = queue.Queue()
    for job in jobs:
        waiting.put(job)
    failed: list[str] = []

    def work(core: int) -> None:
        while not failed:
            try:
                job = waiting.get_nowait()
            except queue.Empty:
                return
            if problem := _run(job, core, out, flags):
                failed.append(problem)

    cores = sorted(os.sched_getaffinity(0))
    workers = [threading.Thread(target=work, args=(core,)) for core in cores]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if failed:
        raise SystemExit("\n".join(failed))
    return [_folder(out, job) for job in jobs]


def replace_marked(path: pathlib.Path, page: str, flags: list[str]) -> None:
    """Puts the page's tables between the marks of a file, with how they were made."""
    text = path.read_text()
    if not _MARKED.search(text):
        raise SystemExit(f"error: {path} has no part between <!-- effect --> and <!-- /effect -->")
    tables = "\n\n".join(re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE)[:2])
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    made_by = " ".join(["python bench/effect.py", *flags])
    note = f"`{made_by}`, commit {commit}, {os.cpu_count()} cores ({platform.machine()}), CPU only."
    path.write_text(_MARKED.sub(lambda m: f"{m[1]}{tables}\n\n{note}\n{m[2]}", text))


def _run(job: tuple[str, int], core: int, out: pathlib.Path, flags: list[str]) -> str | None:
    """Runs one training on one core; returns what went wrong, if anything."""
    control, seed = job
    folder = _folder(out, job)
    folder.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, str(ROOT / "train.py"), "--mixture", "flan_core"]
    command += ["--prompts", control, "--seed", str(seed), "--out", str(folder), *flags]
    log = folder.with_suffix(".log")
    with log.open("w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, cwd=ROOT)
        os.sched_setaffinity(process.pid, {core})
        status = process.wait()
    print(f"{control}, seed {seed}: exit status {status}, log {log}", flush=True)
    return None if status == 0 else f"error: {control}, seed {seed} failed, see {log}"


def _folder(out: pathlib.Path, job: tuple[str, int]) -> pathlib.Path:
    return out.resolve() / f"{job[0]}-{job[1]}"


if __name__ == "__main__":
    main()
