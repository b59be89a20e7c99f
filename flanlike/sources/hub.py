"""Rows from the Hugging Face hub through `datasets`, or from a folder laid out like it."""

import contextlib
import functools
import hashlib
import importlib.util
import itertools
import json
import pathlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from flanlike import atomic, cache, errors, seeding
from flanlike.sources import columns, utf8
from flanlike.sources import rows as rows_module
from flanlike.tasks import task as task_module

ROOT = "FLANLIKE_HUB_ROOT"  # folder that stands for the hub: <folder>/<repository>/...

_COMMIT = re.compile(r"[0-9a-f]{40}")
_HASHED_AT_ONCE = 1000
_PROBE_TIMEOUT_S = 10
# What a revision was when this process first read of it: a repository may move on in the meantime,
# and train and test rows, or two configurations, must be of one state.
_commits: dict[tuple[str, str | None], str] = {}
_SAID = 300  # characters of another library's error: some list all that they know


def availability(task: task_module.Task, hub_root: str | None) -> str | None:
    """Returns None if the task names a repository that could be read, else the reason."""
    if task.hub is None:
        return task.how_to_get or "no repository on the hub is known for it"
    if hub_root is not None and not (folder := pathlib.Path(hub_root) / task.hub.repo).is_dir():
        return f"the stand-in for the hub has no folder {str(folder)!r}"
    if importlib.util.find_spec("datasets") is None:
        return "the package `datasets` is not installed: pip install 'flanlike[hub]'"
    return None


def open_split(
    task: task_module.Task, hub_root: str | None, split: str
) -> tuple["HubRows", range, str]:
    """Returns the rows of the official split that `split` is of, the part that it is, its name."""
    official, part = rows_module.carved(task, split, data="hub")
    name = task.hub.split_names.get(official, official)
    if hub_root is None and (reason := _unreachable()):
        raise errors.UserError(reason)
    if hub_root is None:
        dataset, revision = _load_pinned(task.hub, name)
    else:
        dataset, revision = _load(task.hub, name, hub_root), ""
    rows = HubRows(task, dataset, name, revision)
    return rows, range(len(rows))[part], official


class HubRows:
    """The rows of one split, read from Arrow when asked for, ClassLabels decoded by name."""

    def __init__(self, task: task_module.Task, dataset: Any, split: str, revision: str) -> None:
        self._dataset = dataset
        self._repo = task.hub.repo
        self._revision = revision
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
        number = self._number(index)
        try:
            row = self._dataset[number]
        except UnicodeDecodeError:
            row = utf8.by_column(
                self._dataset.column_names,
                lambda column: self._dataset.select_columns([column])[number][column],
            )
        return row | {column: _named(row[column], names) for column, names in self._names.items()}

    def where(self, index: int) -> str:
        return f"split {self._split!r} of the hub's {self._repo}, row {self._number(index)}"

    def unlabelled(self, indices: range) -> set[int]:
        marked: set[int] = set()
        for column, value in self._unlabelled.items():
            if column in self._dataset.features:
                table = self._dataset.select_columns([column]).with_format("arrow")[:]
                marked |= columns.places_of(table.column(column), value)
        if self._order is None or not marked:
            return {number for number in marked if number in indices}
        return {index for index in indices if self._order[index] in marked}

    def content(self, indices: Iterable[int]) -> str:
        # Not the dataset's own fingerprint: that depends on the machine.
        table = self._dataset.with_format("arrow")
        numbers = map(self._number, indices)
        chunks = iter(lambda: list(itertools.islice(numbers, _HASHED_AT_ONCE)), [])
        rows = (row for chunk in chunks for row in table[chunk].to_pylist())
        return rows_module.hash_of_rows(rows, self._names)

    def revision(self) -> str:
        return self._revision

    def _number(self, index: int) -> int:
        return index if self._order is None else self._order[index]


@functools.cache
def _unreachable() -> str | None:
    """Returns why the hub cannot be reached, asked once: a client tries 23 s for each dataset."""
    import huggingface_hub
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return None
    try:
        huggingface_hub.get_session().head(constants.ENDPOINT, timeout=_PROBE_TIMEOUT_S)
    except Exception as error:  # whatever sockets, proxies or certificates raise
        return (
            f"the hub at {constants.ENDPOINT} cannot be reached ({_in_one_line(error)}): check the "
            "network, set HF_HUB_OFFLINE=1 to read what is cached, or use --data tfds or a folder"
        )
    return None


def _load_pinned(source: task_module.HubSource, split: str) -> tuple[Any, str]:
    """Returns the split and its commit: the source's own, or the first that the process met."""
    place = (source.repo, source.revision)
    revision = source.commit or _commits.get(place, source.revision)
    if source.slices:
        dataset, commit = _load_slice(source, split, revision)
    else:
        dataset = _load(source, split, None, revision)
        commit = _commit_of(dataset)
    if source.commit and commit not in (source.commit, ""):  # offline, whatever is asked for
        raise errors.UserError(
            f"the hub's {source.repo} is cached at the commit {commit}, and this run reads "
            f"{source.commit}: go on without HF_HUB_OFFLINE, or begin another run"
        )
    if commit and not source.commit:
        _commits.setdefault(place, commit)
    return dataset, commit or revision or ""


def _load_slice(source: task_module.HubSource, split: str, revision: str | None) -> tuple[Any, str]:
    """Returns as many of a split's files as have the rows that are enough of it, and the commit."""
    import datasets
    import huggingface_hub
    from huggingface_hub import constants

    # What was chosen is kept: without a network nobody knows which files a repository has.
    told = f"{source.repo}\n{source.config}\n{split}\n{source.slices.get(split)}"
    folder = cache.folder("slices") / hashlib.blake2b(told.encode(), digest_size=16).hexdigest()
    kept = folder / f"{revision or 'main'}.json".replace("/", "_")
    try:
        if constants.HF_HUB_OFFLINE:
            commit, paths = json.loads(kept.read_text("utf-8"))
        else:
            commit, paths = _chosen(source, split, revision)
            with contextlib.suppress(OSError):
                folder.mkdir(parents=True, exist_ok=True)
                for name in (kept, folder / f"{commit}.json"):
                    atomic.write_json(name, [commit, paths])
        local = [
            huggingface_hub.hf_hub_download(source.repo, path, repo_type="dataset", revision=commit)
            for path in paths
        ]
        return datasets.load_dataset("parquet", data_files={split: local}, split=split), commit
    except Exception as error:  # whatever datasets, pyarrow or the network raise
        raise _not_loaded(source, split, error) from error


def _chosen(
    source: task_module.HubSource, split: str, revision: str | None
) -> tuple[str, list[str]]:
    """Returns the commit and the files, in their order, drawn from all that the split has.

    How many rows a file has stands at its end, which is all that is fetched of it here.
    """
    import datasets
    import fsspec
    from pyarrow import parquet

    builder = datasets.load_dataset_builder(source.repo, source.config, revision=revision)
    files = [str(file) for file in (builder.config.data_files or {}).get(split, ())]
    if not files or not all(file.endswith(".parquet") for file in files):
        raise ValueError(f"expected Parquet files of the split, to read a part; it has {files!r}")
    wanted, rows, chosen = source.slices.get(split), 0, list(range(len(files)))
    if wanted is not None:
        order = seeding.rng("files of a sliced split", source.repo, split)
        order.shuffle(chosen)  # corpora of several sources have them one after the other
        for count, place in enumerate(chosen, 1):
            with fsspec.open(files[place], "rb") as file:
                rows += parquet.read_metadata(file).num_rows
            if rows >= wanted:
                chosen = sorted(chosen[:count])
                break
    # hf://datasets/REPOSITORY@COMMIT/PATH
    names = [files[place].partition("@")[2].partition("/") for place in sorted(chosen)]
    return names[0][0], [path for _, _, path in names]


def _commit_of(dataset: Any) -> str:
    """Returns the commit, which `datasets` tells by the name of a folder in its cache."""
    for file in dataset.cache_files:
        if _COMMIT.fullmatch(commit := pathlib.Path(file["filename"]).parent.name):
            return commit
    return ""


def _load(
    source: task_module.HubSource,
    split: str,
    hub_root: str | None,
    revision: str | None = None,
) -> Any:
    import datasets

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
            revision=revision,
            data_dir=data_dir,
            data_files=data_files,
            split=split,
        )
    except Exception as error:  # whatever datasets, pyarrow or the network raise
        raise _not_loaded(source, split, error) from error


def _not_loaded(
    source: task_module.HubSource, split: str, error: BaseException
) -> errors.UserError:
    return errors.UserError(
        f"the hub's {source.repo} (config {source.config!r}, split {split!r}) could not be "
        f"loaded: {_in_one_line(error)}; look at the repository (a gated one wants "
        "`hf auth login`, a damaged file may be in your cache, HF_HOME), or use --data tfds or "
        "a folder"
    )


def _in_one_line(error: BaseException) -> str:
    """Returns an error's type and the beginning of what it says."""
    if type(error).__name__.startswith("DatasetGeneration") and error.__cause__:
        error = error.__cause__  # that something failed is all that the error itself says
    said = error.details() if type(error).__name__ == "CastError" else " ".join(str(error).split())
    if "BatchSize must be greater than 0" in said:
        return "a Parquet file of it has no rows"
    return f"{type(error).__name__}: {said[:_SAID]}"


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
    return rows_module.named(value, names)
