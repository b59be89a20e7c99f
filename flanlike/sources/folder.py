"""Rows from a folder of JSON lines or Parquet: `<folder>/<task>/<split>.jsonl[.gz]|.parquet`.

The train split is the train file without its tail, validation is that tail (200 rows, or a tenth
of a file of fewer than 2,000), and test is the test file, or else the validation file. Where there
is no train file, validation is the validation file, and the task is evaluated and not trained on.
A task that asks the rows of another has them in that one's folder; its test rows may be all of the
train file, of which nothing may then be trained on.
A benchmark's own exemplars are in `exemplars.jsonl[.gz]|.parquet`, or in `exemplars.txt` as its
makers publish them.
Names of class labels come from `<folder>/manifest.json` where it has them, an entry a column:

    {"datasets": [{"name": "rte", "label_field": "label",
                   "label_names": ["entailment", "not_entailment"]}]}
"""

import contextlib
import functools
import json
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flanlike import errors, jsonl
from flanlike.sources import exemplar_text, json_lines, opened, parquet
from flanlike.sources import rows as rows_module
from flanlike.tasks import task as task_module

ENDINGS = (".jsonl", ".jsonl.gz", ".parquet")
CARVED_ROWS = 200
MANIFEST = "manifest.json"
EXEMPLARS_TEXT = f"{rows_module.EXEMPLARS}.txt"

_LOOKED_AT = 100  # rows


def availability(task: task_module.Task, folder: str) -> str | None:
    """Returns None if the folder has a file of the task's, of whichever split, else the reason."""
    root = pathlib.Path(folder)
    if not root.is_dir():
        return f"{folder!r} is not a folder; give embedded, hub, tfds or a folder of datasets"
    if not any(_file(root, task.owner, split) for split in rows_module.SPLITS):
        others = " or ".join(rows_module.SPLITS[1:])
        return f"its folder in {str(root)!r} has no {_files_of('train')}, nor one of {others}"
    return None


def lacks_training(task: task_module.Task, folder: str) -> str | None:
    """Returns None if the folder has the task's train file, else the reason."""
    root = pathlib.Path(folder)
    if _file(root, task.owner, "train") is None:
        return f"its folder in {str(root)!r} has no {_files_of('train')}"
    return None


def open_split(
    task: task_module.Task, folder: str, split: str
) -> tuple["FolderRows | exemplar_text.Rows", range, str]:
    """Returns the rows of the file that `split` is of, the part that it is, the file's split."""
    root = pathlib.Path(folder)
    known = (*rows_module.SPLITS, rows_module.EXEMPLARS)
    files = {official: _file(root, task.owner, official) for official in known}
    text = root / task.owner / EXEMPLARS_TEXT
    if split == rows_module.EXEMPLARS and task.read_exemplars and text.is_file():
        if there := files[split]:
            raise errors.UserError(
                f"{str(root / task.owner)!r} has {text.name} and {there.name}: expected one file "
                "of exemplars; remove one"
            )
        told = exemplar_text.Rows(task.read_exemplars, text)
        return told, range(len(told)), split
    # A file of test rows is never drawn from for training, nor is a model chosen on it.
    wanted = {
        "train": ("train",),
        "validation": ("train", "validation"),
        "test": ("test", "validation"),
        rows_module.EXEMPLARS: (rows_module.EXEMPLARS,),
    }[split]
    if task.rows_of and task.rows_of.file and split == "test":
        wanted = (task.rows_of.file,)
    official = next((each for each in wanted if files[each]), None)
    if official is None:
        has = ", ".join(path.name for path in files.values() if path) or "no file of a split"
        raise errors.UserError(
            f"{str(root / task.owner)!r} has no {' and no '.join(map(_files_of, wanted))}"
            f"{f' or {text.name}' if split == text.stem and task.read_exemplars else ''} that "
            f"{split!r} could be of (it has {has}): add such a file, or use another split"
        )
    given = label_names(task.owner, root)
    rows = FolderRows(task, files[official], dict(task.label_columns) | given)
    for column in given:
        rows.check_has(column, f"which {str(root / MANIFEST)!r} names as a 'label_field'")
    count = len(rows)
    if official != "train" or split == "test":
        return rows, range(count), official
    carved = CARVED_ROWS if count >= 10 * CARVED_ROWS else count // 10
    part = range(count - carved) if split == "train" else range(count - carved, count)
    return rows, part, official


class FolderRows:
    """The rows of one file; one is read and parsed when it is asked for.

    Pickles as its path alone, so that a worker process opens only the files it needs.
    """

    def __init__(
        self, task: task_module.Task, path: pathlib.Path, names: Mapping[str, Sequence[str]]
    ) -> None:
        self._path = str(path)
        self._stamp = path.stat().st_mtime_ns
        self._names = dict(names)
        self._unlabelled = dict(task.unlabelled)
        self._opened: json_lines.JsonLines | parquet.ParquetRows | None = None
        if not len(self):
            raise errors.UserError(f"{self._path}: the file is empty; expected at least one row")

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_opened": None}

    def __len__(self) -> int:
        return len(self._file())

    def __getitem__(self, index: int) -> task_module.Row:
        row = self._file()[index]
        for column, names in self._names.items():
            if column in row:
                row[column] = rows_module.named(row[column], names)
        return row

    def where(self, index: int) -> str:
        return self._file().where(index)

    def unlabelled(self, indices: range) -> set[int]:
        every = range(len(self))  # of which train and validation are parts
        found = self._file().with_value(every, self._unlabelled)
        return {index for index in found if index in indices}

    def check_has(self, column: str, why: str) -> None:
        """Raises where none of the first rows has the column."""
        there: set[str] = set()
        for index in range(min(len(self), _LOOKED_AT)):
            with contextlib.suppress(ValueError):  # told when the row is read
                there.update(self[index])
            if column in there:
                return
        if there:
            raise errors.UserError(
                f"{self._path}: its rows have no column {column!r}, {why}; they have "
                f"{sorted(there)!r}: name one of those there"
            )

    def content(self, indices: Iterable[int]) -> str:
        names = json.dumps(self._names, sort_keys=True).encode()
        return opened.hash_of(self._path, self._stamp, names)

    def revision(self) -> str:
        return ""

    def _file(self) -> json_lines.JsonLines | parquet.ParquetRows:
        if self._opened is None:
            self._opened = _open(self._path, self._stamp)
        return self._opened


def label_names(name: str, root: pathlib.Path) -> dict[str, tuple[str, ...]]:
    """Returns what the folder's manifest says of a task: label column -> names."""
    path = root / MANIFEST
    return _manifest(str(path), path.stat().st_mtime_ns).get(name, {}) if path.is_file() else {}


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
def _open(path: str, stamp: int) -> json_lines.JsonLines | parquet.ParquetRows:
    found = (parquet.ParquetRows if path.endswith(".parquet") else json_lines.JsonLines)(path)
    if pathlib.Path(path).stat().st_mtime_ns != stamp:  # a worker opens later than its parent
        raise errors.UserError(
            f"{path}: the file was changed since it was first opened; leave it as it is, and run "
            "the same command again"
        )
    return found


@functools.lru_cache(maxsize=2)
def _manifest(path: str, stamp: int) -> dict[str, dict[str, tuple[str, ...]]]:
    """Returns task -> label column -> names, for labels that are given as integers."""
    del stamp
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    try:
        for entry in _parsed(path)["datasets"]:
            if not entry.get("label_names") or entry.get("label_kind", "index") != "index":
                continue
            name, column, names = (entry[key] for key in ("name", "label_field", "label_names"))
            if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
                raise TypeError(f"'label_names' of {name!r} is {names!r}, no list of texts")
            known = found.setdefault(name, {}).setdefault(column, tuple(names))
            if known != tuple(names):
                raise errors.UserError(
                    f"{path}: {name!r} has two entries for its column {column!r} with other "
                    f"names, {list(known)!r} and {names!r}; remove one"
                )
    except (KeyError, TypeError, AttributeError) as error:
        raise errors.UserError(
            f"{path}: expected {{'datasets': [{{'name', 'label_field', 'label_names'}}, ...]}}, "
            f"got something else ({type(error).__name__}: {error}); mend or remove it"
        ) from error
    return found


def _parsed(path: str) -> Any:
    try:
        return jsonl.parsed(pathlib.Path(path).read_text("utf-8-sig"))
    except ValueError as error:  # UnicodeDecodeError is one
        said = str(error).removeprefix("invalid JSON (").removesuffix(")")
        raise errors.UserError(f"{path}: invalid JSON ({said}); mend or remove it") from error
    except OSError as error:
        raise errors.UserError(f"{path}: cannot read the file ({error.strerror})") from error
