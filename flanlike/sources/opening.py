"""Records of a task by random access, from the micro-world, the hub, TFDS or a folder.

    records = open_rows(task, "embedded", "train")
    records[0]          -> {"premise": "...", "hypothesis": "...", "label": 0}
    records.row_id(0)   -> "train/0"

A backend yields *rows* of one official split with their class labels as names; the task's
`preprocess` turns a row into a record. Nothing falls back from one backend to another.
"""

import array
import dataclasses
import os
from collections.abc import Iterator
from types import ModuleType

from flanlike import config as config_lib
from flanlike import errors
from flanlike.sources import code, embedded, folder, hub, instruction_file, tfds
from flanlike.sources import rows as rows_module
from flanlike.tasks import task as task_module

# A backend has two functions: `availability(task, where)` says why it cannot have the task's rows,
# `open_split(task, where, split)` returns rows, the indices of the split's, and the official split.
# A folder may lack single splits, and so may code: `lacks_training(task, where)` says why it has no
# train rows.
# `where` is the folder of the rows or the stand-in for the hub, and nothing to the others.
# Any other --data is a folder. A task that has rows of its own takes them whatever --data says.
_BACKENDS = {
    "embedded": embedded,
    "hub": hub,
    "tfds": tfds,
    config_lib.FILE_DATA: instruction_file,
}


def open_rows(
    task: task_module.Task,
    data: str,
    split: str,
    *,
    hub_root: str | None = None,
    skip_bad_rows: bool = False,
) -> rows_module.Records:
    """Returns the records of `split` from the backend `data`.

    `split` is train, validation, test or, for a task that has its own, exemplars.

    `data` is "embedded", "hub", "tfds" or a folder. `hub_root` is a folder that stands for the
    hub, by default the environment's FLANLIKE_HUB_ROOT. With `skip_bad_rows` every row is read
    here once, and those that give no record are left out and counted; without, they raise.
    """
    if split not in (*rows_module.SPLITS, rows_module.EXEMPLARS):
        raise errors.did_you_mean("split", split, rows_module.SPLITS)
    if reason := availability(task, data, hub_root=hub_root):
        raise errors.UserError(f"task {task.name!r} is not in --data {data}: {reason}")
    backend, where = _backend(task, data, hub_root)
    is_text = task.read_exemplars is not None and split not in task.splits
    if split == rows_module.EXEMPLARS and is_text and backend in (hub, tfds):
        raise errors.UserError(
            f"task {task.name!r}: --data {data} has none of its exemplars: save "
            f"{task.exemplars_from} as FOLDER/{task.name}/{folder.EXEMPLARS_TEXT} beside a file "
            "of its test rows and give --data FOLDER, or ask without exemplars"
        )
    try:
        rows, indices, official = backend.open_split(task, where, split)
        dropped = rows.unlabelled(indices) if task.unlabelled else set()
    except errors.UserError as error:
        raise errors.UserError(f"task {task.name!r}: {error}") from error
    records = rows_module.Records(
        task=task,
        source=backend.__name__.rpartition(".")[2],
        split=split,
        official_split=official,
        dropped=len(dropped),
        is_made=backend is embedded,
        _rows=rows,
        _indices=rows_module.without(indices, dropped),
    )
    if (task.unusable or skip_bad_rows) and not records.is_made:
        records = _sifted(records, skip_bad_rows)
    if not records:
        bad = f", {records.bad} cannot be read (the first: {records.first_bad})"
        raise errors.UserError(
            f"task {task.name!r}: split {split!r} of --data {data} is empty: official split "
            f"{official!r} has {len(rows)} rows, {len(indices)} of them for {split!r}, "
            f"{records.dropped} of those without an answer{bad if records.bad else ''}; "
            "expected at least one"
        )
    records[0]  # a wrong column or label shows here, not after an hour of training
    return records


def availability(task: task_module.Task, data: str, *, hub_root: str | None = None) -> str | None:
    """Returns None where `data` should have the task's rows, else the reason why it has not.

    Reads no rows and asks no network: that a repository or a download is gone shows on opening.
    """
    if task.absent:
        return task.absent
    backend, where = _backend(task, data, hub_root)
    if backend in (hub, tfds, folder) and task.is_microworld_only:
        return "it exists in the micro-world only (--data embedded)"
    if backend is not embedded and task.preprocess is None:
        return "it has no preprocess function for rows from outside the micro-world"
    return backend.availability(task, where)


def lacks_training(task: task_module.Task, data: str) -> str | None:
    """Returns why `data` has no training rows of the task while it may have others, else None."""
    if task.is_evaluation_only:
        return "it has no training split"
    backend, where = _backend(task, data)
    return backend.lacks_training(task, where) if backend in (folder, code) else None


def is_elsewhere(task: task_module.Task, data: str) -> bool:
    """Returns whether `data` is a folder that has no sub-folder for the task."""
    if task.absent:
        return os.path.isdir(data)
    if _backend(task, data)[0] is not folder:
        return False
    return os.path.isdir(data) and not os.path.exists(os.path.join(data, task.owner))


def _sifted(records: rows_module.Records, skip_bad_rows: bool) -> rows_module.Records:
    """Returns the records without unusable rows and, if so asked, without those that raise.

    Reads each row once, or twice; of a file of instructions it is kept which are good.
    """
    if isinstance(records._rows, instruction_file.FileRows):
        return _without_bad_rows(records, records._rows)
    good = array.array("q")  # 8 bytes each
    unusable, first_bad = 0, ""
    for place, number in enumerate(records._indices):
        try:
            if records.task.unusable and records.is_unusable(place):
                unusable += 1
                continue
            if skip_bad_rows:
                records[place]
            good.append(number)
        except rows_module.BadRow as error:
            if not skip_bad_rows:
                raise
            first_bad = first_bad or error.what
    return dataclasses.replace(
        records,
        dropped=records.dropped + unusable,
        bad=len(records) - unusable - len(good),
        first_bad=first_bad,
        _indices=good if len(good) < len(records) else records._indices,
    )


def _without_bad_rows(
    records: rows_module.Records, file: instruction_file.FileRows
) -> rows_module.Records:
    """Returns the records of a file without those that raise."""

    def raising() -> Iterator[int]:
        for place, number in enumerate(records._indices):
            try:
                records[place]
            except rows_module.BadRow:
                yield number

    bad, first_bad = file.kept(f"bad rows of {records.split}", raising), ""
    if bad:
        try:
            dataclasses.replace(records, _indices=bad)[0]
        except rows_module.BadRow as error:
            first_bad = error.what
    return dataclasses.replace(
        records,
        bad=len(bad),
        first_bad=first_bad,
        _indices=rows_module.without(records._indices, set(bad)),
    )


def _backend(
    task: task_module.Task, data: str, hub_root: str | None = None
) -> tuple[ModuleType, str | None]:
    """Returns the backend that has the task's rows, and where they are."""
    if task.file is not None:
        return instruction_file, data
    if task.rows is not None:
        return code, None
    if data == "hub":
        return hub, hub_root if hub_root is not None else os.environ.get(hub.ROOT)
    return _BACKENDS.get(data, folder), data
