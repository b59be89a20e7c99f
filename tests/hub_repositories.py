"""Repositories of made-up rows in the schema that each task declares of its hub source.

A task's row is the `hub` row of `task_rows`; a file has as many as the task's splits carve, the
others with a number behind the text of one column where the task's `preprocess` lets it in.
"""

import collections
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

import source_toys
import task_rows

from flanlike.sources import rows as rows_module
from flanlike.tasks import task as task_module

# Repositories that hold JSON lines, which have no class names; the others are Parquet.
JSON_LINES = ("sh0416/ag_news", "amydeng2000/CREAK")

Rows = list[dict[str, Any]]
Files = dict[str, bytes]


def of(tasks: Iterable[task_module.Task]) -> tuple[dict[str, dict[str, Files]], dict[str, str]]:
    """Returns the repositories of all tasks, and what is wrong with each that could not be made.

    Tasks of the same files share them: with the rows of both, where those differ.
    """
    rows: dict[tuple[str, str, str], Rows] = {}
    repositories: dict[str, dict[str, Files]] = {}
    problems: dict[str, str] = {}
    for task in tasks:
        try:
            for path, own in tables(task).items():
                place = (task.hub.repo, task.hub.revision or "main", path)
                rows[place] = _merged(rows.get(place, []), own)
                files = repositories.setdefault(place[0], {}).setdefault(place[1], {})
                files[path] = _encoded(task, path, rows[place])
        except Exception as error:  # one task's row must not take the others' tests down
            problems[task.name] = f"{type(error).__name__}: {error}"
    for branches in repositories.values():
        for branch, files in branches.items():
            if not branch.startswith("refs/"):
                files["README.md"] = card(files)
    return repositories, problems


def tables(task: task_module.Task) -> dict[str, Rows]:
    """Returns the rows of each of a task's files: {"rte/train-00000-of-00001.parquet": [...]}."""
    hub = task.hub
    found = {}
    for official, count in source_toys.official_splits(task).items():
        split = hub.split_names.get(official, official)
        if hub.repo in JSON_LINES:
            name = f"{split}.jsonl"
        elif hub.revision and hub.data_dir:  # the layout of a converted branch
            name = f"{split}/0000.parquet"
        else:
            name = f"{split}-00000-of-00001.parquet"
        found[f"{hub.data_dir or hub.config or 'data'}/{name}"] = varied(task, count)
    return found


def varied(task: task_module.Task, count: int) -> Rows:
    """Returns the task's row, then others with a number behind the text of one column."""
    row = dict(task_rows.LAYOUTS[task.name].hub)
    column = next((name for name in row if _may_vary(task, row, name)), None)
    others = range(1, count)
    return [row, *(row if column is None else _numbered(row, column, n) for n in others)]


def _numbered(row: Mapping[str, Any], column: str, number: int) -> dict[str, Any]:
    return {**row, column: f"{row[column]} {number}"}


def _may_vary(task: task_module.Task, row: Mapping[str, Any], column: str) -> bool:
    if not isinstance(row[column], str):
        return False
    names = {**task_rows.LAYOUTS[task.name].names, **task.hub.labels}
    named = {key: rows_module.named(value, names.get(key)) for key, value in row.items()}
    try:
        return task.preprocess(named) != task.preprocess(_numbered(named, column, 1))
    except Exception:  # a letter or a number that has to be one of some
        return False


def _merged(there: Rows, own: Rows) -> Rows:
    longer, shorter = sorted((there, own), key=len, reverse=True)
    return longer if longer[: len(shorter)] == shorter else there + own


def _encoded(task: task_module.Task, path: str, rows: Rows) -> bytes:
    if path.endswith(".jsonl"):
        return b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    return parquet(rows, features(task, rows))


def parquet(rows: Rows, types: Mapping[str, Any]) -> bytes:
    """Returns a Parquet file with features, as `datasets` pushes it to the hub."""
    import datasets
    import pyarrow
    import pyarrow.parquet

    file = io.BytesIO()
    table = pyarrow.Table.from_pylist(rows, schema=datasets.Features(types).arrow_schema)
    pyarrow.parquet.write_table(table, file)
    return file.getvalue()


def features(task: task_module.Task, rows: Rows) -> dict[str, Any]:
    """Returns the features that the task declares."""

    declared = task.hub.columns
    if unknown := set(rows[0]) - set(declared):
        raise ValueError(f"its row has columns that HubSource.columns lacks: {unknown!r}")
    for row in rows:
        for column in declared:
            row.setdefault(column, _empty(declared[column]))
    return {column: _feature(task, column, spec) for column, spec in declared.items()}


def _feature(task: task_module.Task, column: str, spec: Any) -> Any:
    """Returns the feature for a type as `HubSource.columns` words it."""
    import datasets

    if isinstance(spec, Mapping):
        return {name: _feature(task, name, inner) for name, inner in spec.items()}
    if isinstance(spec, list):
        return datasets.List(_feature(task, column, spec[0]))
    if spec != "ClassLabel":
        return datasets.Value(spec)
    names = task_rows.LAYOUTS[task.name].names.get(column) or task.label_columns.get(column)
    # Of a class that no record has, the names are not declared either.
    return datasets.ClassLabel(names=list(names or map(str, range(100))))


def _empty(spec: Any) -> Any:
    """Returns a value of the type, for columns that the task's row leaves out."""
    if isinstance(spec, Mapping):
        return {name: _empty(inner) for name, inner in spec.items()}
    if isinstance(spec, list):
        return []
    return {"string": "", "large_string": "", "bool": False}.get(spec, 0)


def card(files: Files) -> bytes:
    """Returns a README that declares the configurations, from the paths of the data files."""
    by_config: dict[str, list[str]] = collections.defaultdict(list)
    for path in files:
        by_config[path.rpartition("/")[0]].append(path)
    lines = ["---", "configs:"]
    for folder, paths in by_config.items():
        lines.append(f"- config_name: {'default' if folder == 'data' else json.dumps(folder)}")
        lines.append("  data_files:")
        for path in paths:
            split = path.rpartition("/")[2].partition(".")[0].partition("-")[0]
            lines += [f"  - split: {split}", f"    path: {json.dumps(path)}"]
    return "\n".join([*lines, "---", "Made-up rows.", ""]).encode()
