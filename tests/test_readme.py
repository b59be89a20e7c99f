"""What the README and the guides count in the code is so."""

import pathlib
import re
import shutil
import subprocess

import pytest

import task_registry
from flanlike.tasks import task as task_module

ROOT = pathlib.Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def test_the_file_tree_has_every_module_and_no_other():
    tree = README.partition("## File tree")[2].partition("\n## ")[0]
    library = tree.partition("    flanlike/")[2].partition("\n    task_registry/")[0]
    told = sorted(re.findall(r"\w+[.]py", library))
    there = [p.name for p in (ROOT / "flanlike").rglob("*.py") if p.parent.name != "microworld"]
    assert told == sorted(name for name in there if name != "__init__.py")
    top = set(re.findall(r"^    (\w+)/? ", tree, re.MULTILINE))
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name in top}
    assert {"flanlike", "task_registry", "templates", "eval", "bench", "docs", "tests"} <= folders


@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
def test_make_train_takes_another_mixture():
    for given, expected in (
        ((), "flan_micro --steps 400 --eval.rows-per-task 120"),
        (("MIXTURE=flan_core",), "flan_core"),
    ):
        asked = ["make", "--dry-run", "train", "ARGS=--steps 5", *given]
        done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)
        said = " ".join(done.stdout.split())
        assert f"train.py --mixture {expected} --steps 5" in said


def test_the_counts_of_tasks_are_those_of_the_registry():
    registry = task_registry.registry()
    tasks = [registry.task(name) for name in registry.task_names]
    of_paper = [task for task in tasks if task.flan_dataset]
    alone = [task for task in tasks if task.is_microworld_only]
    asked = [task for task in tasks if task.cluster in task_module.BENCHMARKS]
    pairs = [task for task in tasks if task.cluster in task_module.OPEN_PAIRS]
    more = len(tasks) - len(of_paper) - len(alone) - len(asked) - len(pairs)
    datasets = len({task.flan_dataset for task in of_paper})
    said = " ".join(README.split())
    assert f"{len(tasks)} tasks: {len(of_paper)} of the FLAN 2021 paper's {datasets} data" in said
    assert f"{len(asked)} of MMLU and BIG-Bench Hard" in said
    assert f"{len(pairs)} that ask real rows of the others in two ways" in said
    assert f"{more} of further datasets" in said and f"and {len(alone)} that exist" in said
    hub, tfds = (sum(getattr(task, name) is not None for task in tasks) for name in ("hub", "tfds"))
    assert f"known to have {hub} of them and TFDS {tfds};" in said


def test_the_guide_to_real_data_counts_what_the_backends_lack():
    registry = task_registry.registry()
    tasks = [registry.task(name) for name in registry.mixture("flan_core").task_names]
    tasks = [task for task in tasks if not task.is_microworld_only]
    said = " ".join((ROOT / "docs" / "train_on_real_data.md").read_text("utf-8").split())
    assert f"{sum(task.hub is None for task in tasks)} of `flan_core` have none" in said
    assert f"{sum(task.tfds is None for task in tasks)} tasks of `flan_core` have no" in said
    by_hand = sum(task.tfds is not None and bool(task.tfds.manual) for task in tasks)
    assert f"and {by_hand} want a file" in said
    named = sum(registry.task(name).hub is not None for name in registry.task_names)
    assert f"{named} tasks name a repository" in said
