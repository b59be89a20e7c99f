"""Rows from TensorFlow Datasets through `tfds.data_source` (random access, no tf.data)."""

import functools
import importlib.util
from collections.abc import Iterable, Mapping
from typing import Any

from flanlike import errors
from flanlike.sources import rows as rows_module
from flanlike.sources import utf8
from flanlike.tasks import task as task_module


def availability(task: task_module.Task, _: str | None) -> str | None:
    """Returns None if the task names a TFDS builder that could be read, else the reason."""
    if task.tfds is None:
        return task.how_to_get or "TensorFlow Datasets has no builder for it"
    for package in ("tensorflow_datasets", "tensorflow"):
        if importlib.util.find_spec(package) is None:
            return f"the package `{package}` is not installed: pip install 'flanlike[tfds]'"
    return None


def open_split(task: task_module.Task, _: str | None, split: str) -> tuple["TfdsRows", range, str]:
    """Returns the rows of the official split that `split` is of, the part that it is, its name."""
    official, part = rows_module.carved(task, split, data="tfds")
    rows = _rows(task, official)
    return rows, range(len(rows))[part], official


def _rows(task: task_module.Task, official: str) -> "TfdsRows":
    import tensorflow_datasets as tfds

    split = task.tfds.split_names.get(official, official)
    try:
        source = tfds.data_source(task.tfds.name, split=split)
        info = tfds.builder(task.tfds.name).info
    except Exception as error:  # whatever a builder, a download or TensorFlow raise
        lines = str(error).strip().splitlines() or [""]
        mend = task.tfds.manual or "prepare it with `tfds build`"
        raise errors.UserError(
            f"TFDS {task.tfds.name!r} (split {split!r}) could not be loaded: "
            f"{type(error).__name__}: {lines[0]}; {mend}, or use --data hub or a folder"
        ) from error
    return TfdsRows(task, source, info, split)


class TfdsRows:
    """The rows of one split: bytes as text, arrays as lists, class ids as the builder's names."""

    def __init__(self, task: task_module.Task, source: Any, info: Any, split: str) -> None:
        self._source = source
        self._name = task.tfds.name
        self._split = split
        self._unlabelled = dict(task.unlabelled)
        self._names = _names(info.features) or {}
        self._revision = str(getattr(info, "version", ""))

    def __len__(self) -> int:
        return len(self._source)

    def __getitem__(self, index: int) -> task_module.Row:
        row = self._read(index)
        return utf8.by_column(row, lambda column: _plain(row[column], self._names.get(column)))

    def where(self, index: int) -> str:
        return f"split {self._split!r} of TFDS {self._name}, row {index}"

    def unlabelled(self, indices: range) -> set[int]:
        found = set()
        for index in indices:
            row = self._read(index)
            for column, mark in self._unlabelled.items():
                value = functools.partial(_plain, row.get(column), None)
                if column in row and utf8.unless_unreadable(value) == mark:
                    found.add(index)
        return found

    def content(self, indices: Iterable[int]) -> str:
        return rows_module.hash_of_rows(self[index] for index in indices)

    def revision(self) -> str:
        return self._revision

    def _read(self, index: int) -> Mapping[str, Any]:
        try:
            return self._source[index]
        except RuntimeError as error:  # of ArrayRecord, about its file
            raise errors.UserError(
                f"{self.where(index)}: a file of the dataset is damaged or gone ({error}); remove "
                "its folder and prepare it again with `tfds build`, or use --data hub or a folder"
            ) from error


def _names(feature: Any) -> Any:
    """Returns a ClassLabel's names, however deep it sits; None where there is none."""
    if hasattr(feature, "int2str"):
        return tuple(feature.int2str(index) for index in range(feature.num_classes))
    if hasattr(feature, "items"):  # FeaturesDict is no Mapping
        inner = {key: _names(value) for key, value in feature.items()}
        return inner if any(inner.values()) else None
    return _names(feature.feature) if hasattr(feature, "feature") else None


def _plain(value: Any, names: Any) -> Any:
    """Returns text for bytes, lists for arrays, Python numbers for NumPy's, names for class ids."""
    if isinstance(value, Mapping):
        inner = names if isinstance(names, Mapping) else {}
        return {key: _plain(item, inner.get(key)) for key, item in value.items()}
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if hasattr(value, "tolist"):
        value = value.tolist()
        return _plain(value, names) if isinstance(value, (bytes, list)) else _scalar(value, names)
    if isinstance(value, list | tuple):
        return [_plain(item, names) for item in value]
    return _scalar(value, names)


def _scalar(value: Any, names: Any) -> Any:
    return rows_module.named(value, names) if isinstance(names, tuple) else value
