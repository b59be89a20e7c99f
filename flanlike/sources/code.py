"""Rows that a task gives in code, by `Task.rows`: these are taken, whatever --data says."""

import traceback
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flanlike import errors
from flanlike.sources import rows as rows_module
from flanlike.tasks import families, texts
from flanlike.tasks import task as task_module


def availability(task: task_module.Task, _: str | None) -> str | None:
    """Returns None: what the task's function gives is asked for when a split is opened."""
    return None


def lacks_training(task: task_module.Task, _: str | None) -> str | None:
    """Returns why a member of a family is not trained on: none of its rows are left for that."""
    if families.family_of(task.name) and not len(_called(task, "train")):
        return "it has no training rows: all are kept to evaluate it by"
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
        rows = self._given()
        if hasattr(rows, "where"):  # read from a file
            return rows.where(index)
        return f"split {self._split!r} of Task.rows, row {index}"

    def unlabelled(self, indices: range) -> set[int]:
        return {index for index in indices if self._is_marked(index)}

    def content(self, indices: Iterable[int]) -> str:
        return rows_module.hash_of_rows(self[index] for index in indices)

    def revision(self) -> str:
        return ""

    def _is_marked(self, index: int) -> bool:
        try:
            row = self[index]
            return any(row.get(column) == v for column, v in self._task.unlabelled.items())
        except Exception:  # of the task's own rows: told when the row is asked for
            return False

    def _given(self) -> Sequence[task_module.Row]:
        if self._rows is None:
            self._rows = _called(self._task, self._split)
        return self._rows


def _called(task: task_module.Task, split: str) -> Sequence[task_module.Row]:
    """Returns what the task's function gives for a split; a mistake in it is told in one line."""
    try:
        given = task.rows(split)
    except (Exception, SystemExit) as error:
        called = traceback.extract_tb(error.__traceback__)[1:]  # the first is the line above
        place = f" ({called[-1].filename}, line {called[-1].lineno})" if called else ""
        raise errors.UserError(
            f"Task.rows({split!r}) raises {errors.in_one_line(error)}{place}; mend it"
        ) from error
    if isinstance(given, str | bytes | Mapping) or not hasattr(given, "__getitem__"):
        raise errors.UserError(
            f"Task.rows({split!r}) returns {texts.shown(given)}; expected a list of rows"
        )
    return given
