"""Records of a task by random access, from the micro-world, the hub, TFDS or a folder.

    records = open_rows(task, "embedded", "train")
    records[0]          -> {"premise": "...", "hypothesis": "...", "label": 0}
    records.row_id(0)   -> "train/0"

A backend yields *rows* of one official split with their class labels as names; the task's
`preprocess` turns a row into a record. Nothing falls back from one backend to another.
"""

import dataclasses
import hashlib
import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from flanlike import errors
from flanlike.tasks import task as task_module

SPLITS = ("train", "validation", "test")
HUB_ROOT = "FLANLIKE_HUB_ROOT"  # folder that stands for the hub: <folder>/<repository>/...

_BACKENDS = ("embedded", "hub", "tfds")
_EXPRESSION = re.compile(r"(\w+)(?:\[(-?\d+)?:(-?\d+)?\])?")
_BROKEN_ROW = (KeyError, ValueError, TypeError, IndexError, AttributeError)


class BadRow(errors.UserError):
    """A row that gives no record."""


class Rows(Protocol):
    """Rows of one official split, class labels as names.

    A row that cannot be read raises ValueError on `rows[index]`, with what is wrong but not where;
    UserError is for more than a row.
    """

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> task_module.Row: ...

    def where(self, index: int) -> str:
        """Says where a row is, for an error: "FILE:LINE" or "split 'train' of REPO, row 3"."""

    def unlabelled(self, indices: range) -> set[int]:
        """Returns those of `indices` whose row has no gold answer."""

    def content(self, indices: Iterable[int]) -> str:
        """Returns a hash of what these rows are read from: of them, or of the whole file.

        It is "" where rows are made and not read.
        """

    def revision(self) -> str:
        """Returns the version of the dataset as its home calls it, "" where it tells none."""


@dataclass(frozen=True, kw_only=True)
class Records:
    """Records of one split of one task.

    `dropped` counts rows left out for want of an answer, `bad` those left out because they give no
    record, of which `first_bad` says where the first is and why.
    """

    task: task_module.Task
    source: str  # "embedded", "hub", "tfds", "folder" or "code"
    split: str
    official_split: str
    dropped: int
    bad: int = 0
    first_bad: str = ""
    _rows: Rows
    _indices: Sequence[int]  # of the official split's rows

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, index: int) -> task_module.Record:
        number = self._indices[index]
        if self.source == "embedded":
            return dict(self._rows[number])
        row: task_module.Row = {}
        try:
            row = self._rows[number]
            return self.task.preprocess(row)
        except errors.UserError as error:  # more than this row is wrong
            raise errors.UserError(f"task {self.task.name!r}: {error}") from error
        except _BROKEN_ROW as error:
            raise self._bad_row(number, row, error) from error

    def row_id(self, index: int) -> str:
        """Returns the row's name within the task: the same in whichever split it is used."""
        return f"{self.official_split}/{self._indices[index]}"

    def content(self, indices: Iterable[int]) -> str:
        """Returns a hash of what these records are read from: equal hashes, equal rows."""
        indices = list(indices)
        try:
            return self._rows.content(self._indices[index] for index in indices)
        except UnicodeDecodeError:
            for index in indices:  # the one that is not UTF-8 says so in its own words
                self[index]
            raise

    def revision(self) -> str:
        """Returns the version of the dataset as its home calls it, "" where it tells none."""
        return self._rows.revision()

    def _bad_row(self, number: int, row: task_module.Row, error: Exception) -> BadRow:
        """Words what reading a row raised so that the user can mend it."""
        has = f"the row has the columns {sorted(row)!r}"
        if isinstance(error, KeyError):
            wrong = f"missing column {error.args[0]!r}; {has}"
        elif isinstance(error, ValueError):
            wrong = str(error)
        else:
            wrong = f"cannot read the row ({type(error).__name__}: {error}); {has}"
        mend = "mend what it gives" if self.source == "code" else "use another --data"
        if self.source == "folder":
            mend = "rename yours to the hub's or TFDS's" if "missing column" in wrong else "mend it"
        return BadRow(
            f"task {self.task.name!r}: {self._rows.where(number)}: {wrong}; {mend}, or leave such "
            "rows out of training and exports with --skip-bad-rows"
        )


def open_rows(
    task: task_module.Task,
    data: str,
    split: str,
    *,
    hub_root: str | None = None,
    skip_bad_rows: bool = False,
) -> Records:
    """Returns the records of `split` (train, validation or test) from the backend `data`.

    `data` is "embedded", "hub", "tfds" or a folder. `hub_root` is a folder that stands for the
    hub, by default the environment's FLANLIKE_HUB_ROOT. With `skip_bad_rows` every row is read
    here once, and those that give no record are left out and counted; without, they raise.
    """
    if split not in SPLITS:
        raise errors.did_you_mean("split", split, SPLITS)
    if reason := availability(task, data, hub_root=hub_root):
        raise errors.UserError(f"task {task.name!r} is not in --data {data}: {reason}")
    is_made = data == "embedded" and task.rows is None
    try:
        rows, indices, official = _open(task, data, split, hub_root)
        dropped = rows.unlabelled(indices) if task.unlabelled else set()
        if task.unusable and not is_made:
            dropped |= {i for i in indices if i not in dropped and _holds(task, rows, i)}
    except errors.UserError as error:
        raise errors.UserError(f"task {task.name!r}: {error}") from error
    records = Records(
        task=task,
        source="code" if task.rows else data if data in _BACKENDS else "folder",
        split=split,
        official_split=official,
        dropped=len(dropped),
        _rows=rows,
        _indices=[index for index in indices if index not in dropped] if dropped else indices,
    )
    if skip_bad_rows and not is_made:
        records = _without_bad_rows(records)
    if not records:
        bad = f", {records.bad} cannot be read (the first: {records.first_bad})"
        raise errors.UserError(
            f"task {task.name!r}: split {split!r} of --data {data} is empty: official split "
            f"{official!r} has {len(rows)} rows, {len(indices)} of them for {split!r}, "
            f"{len(dropped)} of those without an answer{bad if records.bad else ''}; "
            "expected at least one"
        )
    records[0]  # a wrong column or label shows here, not after an hour of training
    return records


def availability(task: task_module.Task, data: str, *, hub_root: str | None = None) -> str | None:
    """Returns None where `data` should have the task's rows, else the reason why it has not.

    Reads no rows and asks no network: that a repository or a download is gone shows on opening.
    """
    if task.rows is not None:
        return None
    if data == "embedded":
        from flanlike.microworld import generators

        if not task.microworld:
            return "the micro-world has no rows of it: name another --data"
        known = task.microworld in generators.GENERATORS
        return None if known else f"the micro-world has no generator {task.microworld!r}"
    if task.is_microworld_only:
        return "it exists in the micro-world only (--data embedded)"
    if task.preprocess is None:
        return "it has no preprocess function for rows from outside the micro-world"
    if data == "hub":
        return _hub().availability(task, _hub_root(hub_root))
    if data == "tfds":
        return _tfds().availability(task)
    return _folder().availability(task, data)


def is_elsewhere(task: task_module.Task, data: str) -> bool:
    """Returns whether `data` is a folder that has no sub-folder for the task."""
    if data in _BACKENDS or task.rows is not None:
        return False
    return os.path.isdir(data) and not os.path.exists(os.path.join(data, task.name))


def carve(expression: str, *, what: str) -> tuple[str, slice]:
    """Returns the official split and the slice that an expression like "train[:-200]" names."""
    match = _EXPRESSION.fullmatch(expression)
    if not match:
        raise errors.UserError(
            f"{what}: cannot read the split {expression!r}; "
            "expected a name with an optional slice, like 'train[:-200]'"
        )
    name, start, stop = match.groups()
    return name, slice(int(start) if start else None, int(stop) if stop else None)


def named(value: Any, names: Sequence[str] | None) -> Any:
    """Returns the name of a class id; -1, an id out of range and all else stay as they are.

    named(1, ("no", "yes")) -> "yes"        named("yes", ("no", "yes")) -> "yes"
    """
    if names is None or isinstance(value, (bool, str)) or not hasattr(value, "__index__"):
        return value
    index = int(value)
    return names[index] if 0 <= index < len(names) else index


def hash_of_rows(rows: Iterable[task_module.Row], *names: Any) -> str:
    """Returns a hash of the rows in order, and of what names their labels."""
    hashed = hashlib.blake2b(json.dumps(names, sort_keys=True).encode(), digest_size=16)
    for row in rows:
        hashed.update(json.dumps(row, sort_keys=True, default=repr).encode())
    return hashed.hexdigest()


def _without_bad_rows(records: Records) -> Records:
    """Returns the records without those that raise; reads each once."""
    good: list[int] = []
    first_bad = ""
    for place, number in enumerate(records._indices):
        try:
            records[place]
            good.append(number)
        except BadRow as error:
            first_bad = first_bad or str(error)
    if not first_bad:
        return records
    bad = len(records) - len(good)
    return dataclasses.replace(records, bad=bad, first_bad=first_bad, _indices=good)


def _open(
    task: task_module.Task, data: str, split: str, hub_root: str | None
) -> tuple[Rows, range, str]:
    if task.rows is not None:
        rows = _CodeRows(task, split)
        return rows, range(len(rows)), split
    if data == "embedded":
        rows = _EmbeddedRows(task.microworld, split)
        return rows, range(len(rows)), split
    if data not in ("hub", "tfds"):
        return _folder().open_split(task, data, split)
    if split not in task.splits:
        raise errors.UserError(
            f"it declares no split {split!r} for --data {data}; it declares "
            f"{sorted(task.splits)!r} (Task.splits)"
        )
    official, part = carve(task.splits[split], what=f"Task.splits[{split!r}]")
    if data == "hub":
        rows = _hub().open_split(task, official, _hub_root(hub_root))
    else:
        rows = _tfds().open_split(task, official)
    return rows, range(len(rows))[part], official


@dataclass(frozen=True)
class _EmbeddedRows:
    """The micro-world's records of one split, made on demand."""

    generator: str
    split: str

    def __len__(self) -> int:
        from flanlike.microworld import generators

        return generators.sizes(self.generator)[self.split]

    def __getitem__(self, index: int) -> task_module.Record:
        from flanlike.microworld import generators

        return generators.generate(self.generator, self.split, int(index))

    def where(self, index: int) -> str:
        return f"split {self.split!r} of the micro-world, row {index}"

    def unlabelled(self, indices: range) -> set[int]:
        return set()

    def content(self, indices: Iterable[int]) -> str:
        return ""  # its rows are a pure function of its code

    def revision(self) -> str:
        return ""


class _CodeRows:
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
        return hash_of_rows(self[index] for index in indices)

    def revision(self) -> str:
        return ""

    def _given(self) -> Sequence[task_module.Row]:
        if self._rows is None:
            self._rows = self._task.rows(self._split)
        return self._rows


def _holds(task: task_module.Task, rows: Rows, index: int) -> bool:
    try:
        return task.unusable(rows[index])
    except _BROKEN_ROW:  # that it cannot be read is told when it is asked for
        return False


def _hub_root(hub_root: str | None) -> str | None:
    return hub_root if hub_root is not None else os.environ.get(HUB_ROOT)


# Backends are imported when first used: they import this module, and none is needed by all.
def _folder():
    from flanlike.sources import folder

    return folder


def _hub():
    from flanlike.sources import hub

    return hub


def _tfds():
    from flanlike.sources import tfds

    return tfds
