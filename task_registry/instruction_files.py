"""A file of instructions and answers as a task and a mixture of its own, without a module."""

import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from flanlike import config as config_lib
from flanlike.mixtures import mixture
from flanlike.tasks import instruction_rows, task

# The rows say all that is asked, and as often as they are there.
_SHARES = mixture.Shares(few_shot=0.0, inverted=0.0)


@dataclass(frozen=True)
class Builder:
    """Builds the task of one file: a builder as a registry wants one, and it pickles."""

    name: str
    path: str
    format: instruction_rows.Format | None

    @property
    def __name__(self) -> str:
        return self.name

    def __call__(self) -> task.Task:
        return task.Task(
            name=self.name,
            cluster=self.name,
            fields=instruction_rows.FIELDS,
            optional=instruction_rows.OPTIONAL,
            cut={"system": "end", "instruction": "middle", "input": "middle"},
            answers=task.FreeText(),
            metrics=("rougeLsum", "exact_match"),
            templates="instruction_file",
            preprocess=instruction_rows.record,
            # By the columns of its format, which the source knows.
            unlabelled={"output": ""},
            file=task.FileSource(path=self.path, format=self.format),
        )


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
    if not config_lib.names_file(name):
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
        description="all rows of one file",
    )
    return Builder(task_name, os.fspath(name), format), mixed


def _task_name(path: str) -> str:
    """Returns a file's name as a task's: "My data (2).jsonl.gz" -> "my_data_2"."""
    stem = Path(path).name.lower()
    for ending in (".gz", *config_lib.FILES):
        stem = stem.removesuffix(ending)
    return re.sub(r"[^a-z0-9]+", "_", stem).strip("_") or "file"
