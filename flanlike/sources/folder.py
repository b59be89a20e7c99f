"""Rows from a folder of JSON lines or Parquet: `<folder>/<task>/<split>.jsonl[.gz]|.parquet`.

The train split is the train file without its tail, validation is that tail (200 rows, or a tenth
of a file of fewer than 2,000), and test is the test file, or else the validation file. Names of
class labels come from `<folder>/manifest.json` where it has them:

    {"datasets": [{"name": "rte", "label_field": "label",
                   "label_names": ["entailment", "not_entailment"]}]}
"""

import functools
import gzip
import hashlib
import json
import pathlib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flanlike import errors
from flanlike.sources import columns, utf8
from flanlike.sources import rows as rows_module
from flanlike.tasks import task as task_module

ENDINGS = (".jsonl", ".jsonl.gz", ".parquet")
CARVED_ROWS = 200
MANIFEST = "manifest.json"


def availability(task: task_module.Task, folder: str) -> str | None:
    """Returns None if the folder has the file of the task's first split, else the reason."""
    root = pathlib.Path(folder)
    if not root.is_dir():
        return f"{folder!r} is not a folder; give embedded, hub, tfds or a folder of datasets"
    split = "test" if task.is_evaluation_only else "train"
    if _file(root, task.name, split) is None:
        return f"its folder in {str(root)!r} has no {_files_of(split)}"
    return None


def open_split(task: task_module.Task, folder: str, split: str) -> tuple["FolderRows", range, str]:
    """Returns the rows of the file that `split` is carved from, the carve, and the file's split."""
    root = pathlib.Path(folder)
    names = label_names(task, root)
    if split == "test":
        for official in ("test", "validation"):
            if path := _file(root, task.name, official):
                rows = FolderRows(task, path, names)
                return rows, range(len(rows)), official
        raise errors.UserError(
            f"{str(root / task.name)!r} has neither a test nor a validation "
            f"file to test on; expected test{ENDINGS[0]} or validation{ENDINGS[0]}"
        )
    path = _file(root, task.name, "train")
    if path is None:
        raise errors.UserError(
            f"{str(root / task.name)!r} has no {_files_of('train')} that {split!r} could be of: "
            "use its test rows, or add that file"
        )
    rows = FolderRows(task, path, names)
    count = len(rows)
    carved = CARVED_ROWS if count >= 10 * CARVED_ROWS else count // 10
    part = range(count - carved) if split == "train" else range(count - carved, count)
    return rows, part, "train"


def label_names(task: task_module.Task, root: pathlib.Path) -> dict[str, Sequence[str]]:
    """Returns the names of each label column: the manifest's, or else the task's own."""
    names = dict(task.label_columns)
    path = root / MANIFEST
    if path.is_file():
        names |= _manifest(str(path), path.stat().st_mtime_ns).get(task.name, {})
    return names


class FolderRows:
    """The rows of one file; a line is parsed when it is asked for.

    Pickles as its path alone, so that a worker process reads only the files it needs.
    """

    def __init__(
        self, task: task_module.Task, path: pathlib.Path, names: Mapping[str, Sequence[str]]
    ) -> None:
        self._path = str(path)
        self._stamp = path.stat().st_mtime_ns
        self._names = dict(names)
        self._unlabelled = dict(task.unlabelled)
        self._lines: Sequence[bytes] | _ParquetRows | None = None
        if not len(self):
            raise errors.UserError(f"{self._path}: the file is empty; expected at least one row")

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_lines": None}

    def __len__(self) -> int:
        return len(self._raw())

    def __getitem__(self, index: int) -> task_module.Row:
        row = self._parse(index)
        for column, names in self._names.items():
            if column in row:
                row[column] = rows_module.named(row[column], names)
        return row

    def where(self, index: int) -> str:
        if self._path.endswith(".parquet"):
            return f"{self._path}, row {index}"
        return f"{self._path}:{index + 1}"

    def unlabelled(self, indices: range) -> set[int]:
        raw = self._raw()
        if isinstance(raw, _ParquetRows):
            return raw.unlabelled(indices, self._unlabelled)
        # Few rows lack an answer: only lines that contain the mark at all are parsed.
        marks = tuple(json.dumps(value).encode() for value in self._unlabelled.values())
        found = set()
        for index in indices:
            if not any(mark in raw[index] for mark in marks):
                continue
            try:
                row = _parsed(raw[index])
            except ValueError:
                continue  # told when the row is read
            if any(c in row and row[c] == value for c, value in self._unlabelled.items()):
                found.add(index)
        return found

    def content(self, indices: Iterable[int]) -> str:
        hashed = hashlib.blake2b(json.dumps(self._names, sort_keys=True).encode(), digest_size=16)
        with open(self._path, "rb") as file:
            while block := file.read(1 << 20):
                hashed.update(block)
        return hashed.hexdigest()

    def revision(self) -> str:
        return ""

    def _raw(self) -> "Sequence[bytes] | _ParquetRows":
        if self._lines is None:
            self._lines = _read(self._path, self._stamp)
        return self._lines

    def _parse(self, index: int) -> dict[str, Any]:
        raw = self._raw()[index]
        return raw if isinstance(raw, dict) else _parsed(raw)


class _ParquetRows:
    """The rows of a Parquet file; one is made of its Arrow table when it is asked for."""

    def __init__(self, table: Any) -> None:
        self._table = table

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return utf8.by_column(
            self._table.column_names, lambda column: self._table.column(column)[index].as_py()
        )

    def unlabelled(self, indices: range, marks: Mapping[str, Any]) -> set[int]:
        found: set[int] = set()
        for name in set(marks) & set(self._table.column_names):
            found |= columns.places_of(self._table.column(name), marks[name])
        return {index for index in found if index in indices}


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise utf8.error_of(_damaged_column(line), error) from error
    except json.JSONDecodeError as error:
        raise ValueError(
            f"invalid JSON ({error.msg} at column {error.colno}): {line[:60]!r}; expected one "
            "object a line"
        ) from error
    if not isinstance(row, dict):
        raise ValueError(f"expected one JSON object a line, got {line[:60]!r}")
    return row


def _damaged_column(line: bytes) -> str:
    """Returns the column of a line in which the first byte stands that is not UTF-8."""
    try:
        row = json.loads(line.decode("utf-8", "surrogateescape"))
        for column, value in row.items():
            json.dumps([column, value], ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return column
    except (json.JSONDecodeError, AttributeError):
        pass
    return "?"  # nothing to name: it is no object of columns


def _files_of(split: str) -> str:
    return " or ".join(f"{split}{ending}" for ending in ENDINGS)


def _file(root: pathlib.Path, task_name: str, split: str) -> pathlib.Path | None:
    paths = [root / task_name / f"{split}{ending}" for ending in ENDINGS]
    found = [path for path in paths if path.is_file()]
    if len(found) > 1:
        raise errors.UserError(
            f"{str(root / task_name)!r} has {' and '.join(path.name for path in found)}: "
            "expected one file a split; remove all but one"
        )
    return found[0] if found else None


# Train and validation are carved from one file and opened one after the other.
@functools.lru_cache(maxsize=2)
def _read(path: str, stamp: int) -> Sequence[bytes] | _ParquetRows:
    """Returns the lines of a file as bytes, or a Parquet file's rows."""
    del stamp  # part of the key: a changed file is read again
    if path.endswith(".parquet"):
        return _read_parquet(path)
    try:
        content = pathlib.Path(path).read_bytes()
        if path.endswith(".gz"):
            content = gzip.decompress(content)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise errors.UserError(
            f"{path}: truncated or damaged gzip file ({error}); copy or download it again"
        ) from error
    except OSError as error:
        raise errors.UserError(f"{path}: cannot read the file ({error.strerror})") from error
    return content.rstrip().split(b"\n") if content.strip() else []


def _read_parquet(path: str) -> _ParquetRows:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise errors.UserError(
            f"{path}: reading Parquet needs pyarrow: pip install 'flanlike[hub]'"
        ) from error
    try:
        return _ParquetRows(parquet.read_table(path))
    except (pyarrow.ArrowException, OSError) as error:
        first_line = str(error).partition("\n")[0]
        raise errors.UserError(
            f"{path}: not a readable Parquet file ({first_line}); copy or download it again"
        ) from error


@functools.lru_cache(maxsize=2)
def _manifest(path: str, stamp: int) -> dict[str, dict[str, tuple[str, ...]]]:
    """Returns task -> label column -> names, for labels that are given as integers."""
    del stamp
    try:
        datasets = json.loads(pathlib.Path(path).read_text("utf-8"))["datasets"]
        return {
            entry["name"]: {entry["label_field"]: tuple(entry["label_names"])}
            for entry in datasets
            if entry.get("label_names") and entry.get("label_kind", "index") == "index"
        }
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise errors.UserError(f"{path}: invalid JSON ({error}); mend or remove it") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise errors.UserError(
            f"{path}: expected {{'datasets': [{{'name', 'label_field', 'label_names'}}, ...]}}, "
            f"got something else ({type(error).__name__}: {error}); mend or remove it"
        ) from error
