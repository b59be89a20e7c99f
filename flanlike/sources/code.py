"""Rows that a task gives in code, by `Task.rows`: these are taken, whatever --data says."""

from collections.abc import Iterable, Sequence
from typing import Any

from flanlike.sources import rows as rows_module
from flanlike.tasks import task as task_module


def availability(task: task_module.Task, _: str | None) -> str | None:
    """Returns None: what the task's function gives is asked for when a split is opened."""
    return None


def open_split(task: task_module.Task, _: str | None, split: str) -> tuple["CodeRows", range, str]:
    """Returns the rows of a split, which is its own official split."""
    rows = CodeRows(task, split)
    return rows, range(len(rows)), split


class CodeRows:
    """The rows that a task's own function gives for one split, asked for once a process."""

    def __init__(self, task: task_module.Task, split: str) -> None:
        self._task, self._split = task, split
        self._rows: Sequence[task_module.Row] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_rows": None}

    def __len__(self) -> int:
        return len(self._given())

    def __getitem__(self, index: int) -> task_module.Row:
        return self._given()[index]

    def where(self, index: int) -> str:
        return f"split {self._split!r} of Task.rows, row {index}"

    def unlabelled(self, indices: range) -> set[int]:
        marks = self._task.unlabelled.items()
        return {i for i in indices if any(self[i].get(c) == v for c, v in marks)}

    def content(self, indices: Iterable[int]) -> str:
        return rows_module.hash_of_rows(self[index] for index in indices)

    def revision(self) -> str:
        return ""

    def _given(self) -> Sequence[task_module.Row]:
        if self._rows is None:
            self._rows = self._task.rows(self._split)
        return self._rows
