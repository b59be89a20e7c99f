"""Does the instruction do it? All four kinds of prompts over several seeds, in the README's tables.

    python bench/effect.py                      # 4 controls x 3 seeds; about an hour on 2 cores
    python bench/effect.py --seeds 11 12 --steps 100 --out runs/effect-short

The runs are those of `python -m eval sweep instructions`, one a core; what is finished is not run
again. A control is trained and asked in its own style. The page that compares them is
`OUT/comparison.html`; with `--readme README.md` the tables replace what stands there between the
marks `<!-- effect -->`, whichever way they come out.
"""

import argparse
import dataclasses
import os
import pathlib
import platform
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import task_registry  # noqa: E402
from eval import compare, sweep, sweep_runs  # noqa: E402
from flanlike import errors  # noqa: E402

CONTROLS = ("instructions", "options-only", "task-name", "inputs-only")
_MARKED = re.compile(r"(<!-- effect -->\n).*?(<!-- /effect -->)", re.DOTALL)


@errors.exits_with_one_line
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--controls", nargs="+", choices=CONTROLS, default=list(CONTROLS))
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("runs/effect"))
    parser.add_argument("--readme", type=pathlib.Path, help="file whose marked part to replace")
    options, flags = parser.parse_known_args()

    found = sweep.load("instructions", task_registry.registry, flags)
    chosen = {name: found.flags[name] for name in options.controls}
    found = dataclasses.replace(found, seeds=tuple(options.seeds), flags=chosen)
    sweep_runs.claim(found, options.out)
    waiting = sweep_runs.missing(found.runs, options.out)
    cores = len(os.sched_getaffinity(0))
    if failed := sweep_runs.run_all(waiting, options.out, at_once=cores):
        raise errors.UserError("; ".join(map(str, failed)))
    compare.write([options.out / run.name for run in found.runs], options.out)
    page = (options.out / "comparison.md").read_text()
    print(page)
    if options.readme:
        asked = ["--seeds", *map(str, options.seeds)]
        if set(options.controls) != set(CONTROLS):
            asked += ["--controls", *options.controls]
        replace_marked(options.readme, page, [*asked, *flags])


def replace_marked(path: pathlib.Path, page: str, flags: list[str]) -> None:
    """Puts the page's tables between the marks of a file, with how they were made."""
    text = path.read_text()
    if not _MARKED.search(text):
        raise errors.UserError(f"{path} has no part between <!-- effect --> and <!-- /effect -->")
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


if __name__ == "__main__":
    main()
