"""Sweeps whose runs are made up: a stand-in for train.py that copies what was prepared."""

import json
import pathlib

import eval_toys

import task_registry
from eval import baselines, evaluation, results, sweep, sweep_runs

STEPS = 9

# Copies PREPARED/<condition>-<seed> to --out, and notes the call; fails as it is told.
_STAND_IN = """
import os, pathlib, shutil, sys, time
here = pathlib.Path(__file__).parent
out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
with (here / "calls").open("a") as file:
    file.write(out.name + "\\n")
(here / "tunables").write_text(os.environ["GLIBC_TUNABLES"])
if (here / (out.name + ".fails")).exists():
    print("error: no such row")
    raise SystemExit(2)
if (here / (out.name + ".waits")).exists():
    (here / "waiting").touch()
    time.sleep(60)
shutil.copytree(here / "prepared" / out.name, out)
"""


def declared(**changes):
    """Returns a sweep of two conditions and two seeds, as a file declares it."""
    given = dict(
        question="Do instructions matter?",
        predicted="Yes.",
        seeds=[1, 2],
        flags=f"--mixture flan_core --steps {STEPS}",
        baseline="with",
        conditions={"with": "--prompts instructions", "without": "--prompts inputs-only"},
    )
    return {key: value for key, value in {**given, **changes}.items() if value is not None}


def made(**changes):
    """Returns the same as a Sweep."""
    given = declared(**changes)
    return sweep.of(given, task_registry.registry, name="toy", where="toy.toml")


def make_run(folder, *, right, before=100, rows=200, tasks=("sst2",), clusters=("sentiment",)):
    """Writes a finished run in which so many rows of each task are right at the end."""
    (folder / "checkpoints" / str(STEPS)).mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"seed": 0, "shape": {}}))
    for step, count in ((0, before), (STEPS, right)):
        if count is None:
            continue
        cells = [
            eval_toys.cell([1] * count + [0] * (rows - count), task=task, cluster=cluster)
            for task, cluster in zip(tasks, clusters, strict=True)
        ]
        evaluation.write(
            folder,
            evaluation.Evaluation(
                setting=results.Setting(run=folder.name, step=step, data="embedded", seed=0),
                held_out=clusters,
                options={},
                cells=cells,
                given={task: baselines.Baselines(majority={}, heuristic={}) for task in tasks},
            ),
        )


def stand_in(folder, monkeypatch, right):
    """Puts a stand-in for train.py into the folder; `right` says what each run is to get right.

    Returns what gives the names of the runs that it was called for, in order.
    """
    folder.mkdir()
    for name, count in right.items():
        make_run(folder / "prepared" / name, right=count)
    (folder / "train.py").write_text(_STAND_IN)
    monkeypatch.setattr(sweep_runs, "TRAIN", folder / "train.py")
    calls = pathlib.Path(folder / "calls")
    return lambda: calls.read_text().split() if calls.exists() else []
