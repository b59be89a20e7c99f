"""Rows from the Hugging Face hub through `datasets`, or from a folder laid out like it."""

import hashlib
import importlib.util
import itertools
import json
import pathlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from flanlike import errors, seeding, sources
from flanlike import task as task_module

_COMMIT = re.compile(r"[0-9a-f]{40}")
_HASHED_AT_ONCE = 1000


def availability(task: task_module.Task, hub_root: str | None) -> str | None:
    """Returns None if the task names a repository that could be read, else the reason."""
    if task.hub is None:
        return task.how_to_get or "no repository on the hub is known for it"
    if hub_root is not None and not (folder := pathlib.Path(hub_root) / task.hub.repo).is_dir():
        return f"the stand-in for the hub has no folder {str(folder)!r}"
    if importlib.util.find_spec("datasets") is None:
        return "the package `datasets` is not installed: pip install 'flanlike[hub]'"
    return None


def open_split(task: task_module.Task, official: str, hub_root: str | None) -> "HubRows":
    """Returns the rows of an official split of the task's repository."""
    split = task.hub.split_names.get(official, official)
    dataset = _load(task.hub, split, hub_root, task.name)
    return HubRows(task, dataset, split)


class HubRows:
    """The rows of one split, read from Arrow when asked for, ClassLabels decoded by name."""

    def __init__(self, task: task_module.Task, dataset: Any, split: str) -> None:
        self._dataset = dataset
        self._repo = task.hub.repo
        self._revision = task.hub.revision or ""
        self._split = split
        self._unlabelled = dict(task.unlabelled)
        self._names = _names_by_column(task, dataset.features)
        self._order: list[int] | None = None
        if task.hub.is_sorted:
            self._order = list(range(len(dataset)))
            seeding.rng("order of a sorted repository", self._repo, split).shuffle(self._order)

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, index: int) -> task_module.Row:
        row = self._dataset[self._number(index)]
        return row | {column: _named(row[column], names) for column, names in self._names.items()}

    def where(self, index: int) -> str:
        return f"split {self._split!r} of the hub's {self._repo}, row {self._number(index)}"

    def unlabelled(self, indices: range) -> set[int]:
        found = set()
        for column, value in self._unlabelled.items():
            if column in self._dataset.features:
                values = self._dataset[column][:]  # one column, not whole rows
                found |= {index for index in indices if values[self._number(index)] == value}
        return found

    def content(self, indices: Iterable[int]) -> str:
        # Not the dataset's own fingerprint: that depends on the machine.
        hashed = hashlib.blake2b(json.dumps(self._names, sort_keys=True).encode(), digest_size=16)
        rows = self._dataset.with_format("arrow")
        numbers = map(self._number, indices)
        while some := list(itertools.islice(numbers, _HASHED_AT_ONCE)):
            for row in rows[some].to_pylist():
                hashed.update(json.dumps(row, sort_keys=True, default=repr).encode())
        return hashed.hexdigest()

    def revision(self) -> str:
        """Returns the commit, which `datasets` tells by the name of a folder in its cache."""
        for file in self._dataset.cache_files:
            if _COMMIT.fullmatch(commit := pathlib.Path(file["filename"]).parent.name):
                return commit
        return self._revision

    def _number(self, index: int) -> int:
        return index if self._order is None else self._order[index]


def _load(source: task_module.HubSource, split: str, hub_root: str | None, name: str) -> Any:
    import datasets

    where = f"task {name!r}: the hub's {source.repo}"
    config, data_dir, repo = source.config, source.data_dir, source.repo
    if hub_root is not None:
        repo = str(pathlib.Path(hub_root) / source.repo)
        config = None
        data_dir = data_dir or source.config
        if data_dir and not (pathlib.Path(repo) / data_dir).is_dir():
            data_dir = None
    data_files = None
    if source.revision is not None and data_dir:
        # A converted branch knows no split names but train, validation and test, and would put
        # challenge_train_sample into train: name the one folder that is meant.
        data_files, data_dir = {split: f"{data_dir}/{split}/*.parquet"}, None
    try:
        return datasets.load_dataset(
            repo,
            config,
            revision=source.revision if hub_root is None else None,
            data_dir=data_dir,
            data_files=data_files,
            split=split,
        )
    except Exception as error:  # whatever datasets, pyarrow or the network raise
        lines = str(error).strip().splitlines() or [""]
        raise errors.UserError(
            f"{where} (config {source.config!r}, split {split!r}) could not be loaded: "
            f"{type(error).__name__}: {lines[0]}; check the network and the repository, or use "
            "--data tfds or a folder"
        ) from error


def _names_by_column(task: task_module.Task, features: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the label names of each column that has some, in the shape of its feature."""
    names = {}
    for column, feature in features.items():
        if own := _names(feature):
            names[column] = own
        elif declared := task.hub.labels.get(column) or task.label_columns.get(column):
            names[column] = tuple(declared)
    return names


def _names(feature: Any) -> Any:
    """Returns a ClassLabel's names, however deep it sits; None where there is none."""
    if type(feature).__name__ == "ClassLabel":
        return tuple(feature.names)
    if isinstance(feature, Mapping):
        inner = {key: _names(value) for key, value in feature.items()}
        return inner if any(inner.values()) else None
    if isinstance(feature, list):
        return _names(feature[0])
    return _names(feature.feature) if hasattr(feature, "feature") else None


def _named(value: Any, names: Any) -> Any:
    if isinstance(value, list):
        return [_named(item, names) for item in value]
    if isinstance(names, Mapping):
        return {key: _named(value[key], names[key]) if names[key] else value[key] for key in value}
    return sources.named(value, names)
