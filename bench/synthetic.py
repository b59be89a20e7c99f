"""Any number of made-up tasks with ten templates each: what the benchmarks of the pipeline feed on.

A task's rows are those of one micro-world generator, so they have the lengths and the answers of
real tasks; each task has a template file of its own and, where asked for, a file of rows.
"""

import dataclasses
import json
import pathlib
import shutil

import task_registry
from flanlike.batches import vocabulary
from flanlike.microworld import generators
from flanlike.mixtures import compose as compose_module
from flanlike.mixtures import mixture
from flanlike.prompts import stream as prompt_stream
from flanlike.tasks import registry
from flanlike.tasks import task as task_module

TEMPLATES = 10
MIXTURE = "synthetic"
ROWS = 2000  # of a task, in `write_rows`

_CARVED = 200  # rows at the end of a file that the folder backend keeps for validation


def name_of(number: int) -> str:
    return f"synthetic_{number}"


def build_registry(tasks: int, folder: str | pathlib.Path) -> registry.Registry:
    """Returns a registry of synthetic tasks whose templates `write_templates` has written."""
    originals = _originals()

    def builder_of(number: int) -> registry.Builder:
        def build() -> task_module.Task:
            name = name_of(number)
            return dataclasses.replace(
                originals[number % len(originals)],
                name=name,
                templates=name,
                is_microworld_only=False,
                splits={"train": "train"},
                preprocess=dict,
                label_columns={},
                unlabelled={},
                unusable=None,
            )

        build.__name__ = name_of(number)
        return build

    everything = mixture.Mixture(
        name=MIXTURE, entries=tuple(name_of(number) for number in range(tasks))
    )
    builders = [builder_of(number) for number in range(tasks)]
    return registry.Registry(builders, [everything], templates_folder=folder)


def write_templates(folder: str | pathlib.Path, tasks: int) -> None:
    """Writes a file of ten templates for each task: the first ten of the task it is made from."""
    folder, originals = pathlib.Path(folder), _originals()
    shutil.copy(task_registry.TEMPLATES / "_layout.toml", folder)
    for number in range(tasks):
        original = originals[number % len(originals)]
        text = (task_registry.TEMPLATES / f"{original.templates}.toml").read_text()
        head, *blocks = text.split("[[template]]")
        wanted = head + "".join(f"[[template]]{block}" for block in blocks[:TEMPLATES])
        (folder / f"{name_of(number)}.toml").write_text(wanted)


def write_rows(folder: str | pathlib.Path, tasks: int) -> None:
    """Writes ROWS training rows of each task, as the folder backend reads them."""
    originals = _originals()
    for number in range(tasks):
        original = originals[number % len(originals)]
        # Tasks of one generator get rows of their own as far as it has that many.
        last = generators.sizes(original.microworld)["train"] - 1
        first = (number // len(originals)) * ROWS
        file = pathlib.Path(folder) / name_of(number) / "train.jsonl"
        file.parent.mkdir(parents=True)
        with file.open("w") as lines:
            for row in range(first, first + ROWS + _CARVED):
                record = generators.generate(original.microworld, "train", min(row, last))
                lines.write(json.dumps(record) + "\n")


def write_vocabulary(folder: str | pathlib.Path) -> None:
    """Writes a vocabulary of 2,048 pieces, trained on prompts of flan_core."""
    found = task_registry.registry()
    composition = compose(found, "flan_core", "embedded")
    prompts = prompt_stream.Prompts(composition, found, data="embedded", seed=0)
    texts = (text for i in range(3000) for text in (prompts[i].inputs, prompts[i].targets))
    vocabulary.Vocabulary.train(texts, 2048, folder)


def compose(found: registry.Registry, name: str, data: str) -> mixture.Composition:
    """Returns the mixture with nothing held out."""
    return compose_module.compose(found.mixture(name), found, data, held_out=())


def _originals() -> list[task_module.Task]:
    builds = (build() for build in task_registry.TASKS)
    return [task for task in builds if task.microworld]  # the others ask real rows alone
