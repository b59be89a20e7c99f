"""A file of instructions and answers as a task and a mixture of its own, without a module.

Or a repository of the hub that has such rows, hub:OWNER/NAME, in its train split.
"""

import functools
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flanlike import config as config_lib
from flanlike.mixtures import mixture
from flanlike.tasks import instruction_rows, task

# The rows say all that is asked, and as often as they are there.
_SHARES = mixture.Shares(few_shot=0.0, inverted=0.0)


@dataclass(frozen=True)
class Builder:
    """Builds the task of a file or repository: a builder as a registry wants one; it pickles."""

    name: str
    path: str
    format: instruction_rows.Format | None

    @property
    def __name__(self) -> str:
        return self.name

    def __call__(self) -> task.Task:
        source = self._hub() if self.path.startswith(config_lib.HUB_FILE) else self._file()
        return task.Task(
            name=self.name,
            cluster=self.name,
            fields=instruction_rows.FIELDS,
            optional=instruction_rows.OPTIONAL,
            cut={"system": "end", "instruction": "middle", "input": "middle"},
            answers=task.FreeText(),
            metrics=("rougeLsum", "exact_match"),
            templates="instruction_file",
            **source,
        )

    def _file(self) -> dict[str, Any]:
        return {
            "preprocess": instruction_rows.record,
            "unlabelled": {"output": ""},  # or null, in the column of the format
            "file": task.FileSource(path=self.path, format=self.format),
        }

    def _hub(self) -> dict[str, Any]:
        repo = self.path.removeprefix(config_lib.HUB_FILE)
        return {
            "preprocess": functools.partial(
                instruction_rows.record_of, format=self.format, where=repo
            ),
            "unlabelled": dict.fromkeys(("output", "response", "completion"), ""),
            "hub": task.HubSource(repo=repo, is_sorted=True),
            "splits": {
                "train": "train[:-400]",
                "validation": "train[-400:-200]",
                "test": "train[-200:]",
            },
        }


def builder(path: str, *, format: instruction_rows.Format | None = None) -> Builder:
    """Returns the builder of a file's task, for the TASKS of a module of your own.

    It has the file's name: that of "rows/My data.csv" is `my_data`.
    """
    return Builder(_task_name(path), path, instruction_rows.checked(format))


def of(
    name: str, taken: Collection[str], *, format: instruction_rows.Format | None
) -> tuple[Builder, mixture.Mixture] | None:
    """Returns the builder and the mixture of the file `name`, None where it names no file.

    `taken` are names that its task cannot have; the mixture is named as the file.
    """
    is_repository = name.startswith(config_lib.HUB_FILE)
    if not is_repository and not config_lib.names_file(name):
        return None
    task_name = _task_name(name)
    while task_name in taken or task_name in task.CLUSTERS:
        task_name += "_file"
    mixed = mixture.Mixture(
        name=name,
        entries=(task_name,),
        rate_cap=None,
        max_examples=None,
        shares=_SHARES,
        description="all rows of one " + ("repository" if is_repository else "file"),
    )
    return Builder(task_name, name, format), mixed


def _task_name(path: str) -> str:
    """Returns a file's name as a task's: "My data (2).jsonl.gz" -> "my_data_2"."""
    stem = Path(path).name.lower()
    for ending in (".gz", *config_lib.FILES):
        stem = stem.removesuffix(ending)
    return re.sub(r"[^a-z0-9]+", "_", stem).strip("_") or "file"
