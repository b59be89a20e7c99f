"""Made-up collections and a registry of the mixture flan2022 on them, with as many tasks as wanted.

The tasks that are no members of families take the micro-world's records, whatever --data says; P3
has its 193 prompts, and NIv2 as many tasks as are left.
"""

import dataclasses
import functools
import json
import pathlib
from collections.abc import Sequence

import task_registry
from flanlike.microworld import generators
from flanlike.mixtures import mixture
from flanlike.tasks import registry
from flanlike.tasks import task as task_module
from task_registry import mixtures, niv2, p3

P3_PROMPTS = 193
ROWS = 20  # of a member

_DATASETS = ("adversarial_qa_dbert", "dream", "qasc", "quoref", "ropes", "sciq", "wiki_bio", "wiqa")


def write(folder: str | pathlib.Path, tasks: int) -> None:
    """Writes P3 and NIv2, so that the mixture has `tasks` tasks to train on and one held out."""
    folder = pathlib.Path(folder)
    alone = [name for name in _mixture().task_names if ":" not in name]
    prompts = [f"{_DATASETS[n % len(_DATASETS)]}_number_{n}" for n in range(P3_PROMPTS)]
    lines = [
        {"template": name, **_pair("t0_sf", f"{name}-{row}", "prompt", "completion")}
        for name in prompts
        for row in range(ROWS)
    ]
    _write(folder / "p3" / "train.jsonl", lines)
    names = [f"task{n}_made_up" for n in range(tasks - len(alone) - len(prompts) + 1)]
    told = [
        {
            "task": name,
            "definition": f"Answer the question as task {name} of this collection asks for.",
            "categories": ["Text Completion" if name == names[0] else f"Kind {name[-9:-8]}"],
            "source": [name],
            "positive_examples": [{"input": "a", "output": "b", "explanation": "So."}] * 2,
        }
        for name in names
    ]
    rows = [
        {"task": name, "id": f"{name}-{row}", **_pair("t0_sf", f"{name}-{row}", "input", "output")}
        for name in names
        for row in range(ROWS)
    ]
    _write(folder / "niv2" / "tasks.jsonl", told)
    _write(folder / "niv2" / "train.jsonl", rows)
    _write(folder / "niv2" / "validation.jsonl", rows[:1])


def build_registry() -> registry.Registry:
    """Returns the registry in which flan2022 has all its parts."""
    made = [_made(build) for build in task_registry.TASKS]
    return registry.Registry(
        made,
        [_mixture()],
        templates_folder=task_registry.TEMPLATES,
        its_families=[niv2.FAMILY, p3.FAMILY],
        mixture_of=mixture.Mixture,
    )


def _mixture() -> mixture.Mixture:
    every = mixtures.build(task_registry.TASKS, {})
    return next(each for each in every if each.name == "flan2022")


def _made(build: registry.Builder) -> registry.Builder:
    def built() -> task_module.Task:
        task = build()
        return dataclasses.replace(
            task,
            rows=functools.partial(_Records, task.microworld),
            preprocess=dict,
            label_columns={},
            unlabelled={},
            unusable=None,
        )

    built.__name__ = build.__name__
    return built


class _Records(Sequence[task_module.Row]):
    """The records of one generator as rows."""

    def __init__(self, generator: str, split: str) -> None:
        self._generator, self._split = generator, split

    def __len__(self) -> int:
        return generators.sizes(self._generator)[self._split]

    def __getitem__(self, index: int) -> task_module.Row:
        if not 0 <= index < len(self):
            raise IndexError(index)
        return generators.generate(self._generator, self._split, index)


def _pair(generator: str, name: str, inputs: str, target: str) -> dict[str, str]:
    record = generators.generate(generator, "train", sum(name.encode()) * 7 % 20_000)
    return {inputs: record["instruction"], target: record["references"][0]}


def _write(path: pathlib.Path, rows: list[dict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
