"""Prompts in files: Parquet, JSON lines or ArrayRecord, with the same columns.

    {"inputs": "It rains.\\nIs this true? ...", "targets": "no", "options": ["no", "yes"],
     "gold": 0, "references": ["no"], "task": "rte", "cluster": "nli", "source": "embedded",
     "split": "train", "row_id": "train/7", "template": "is_this_true", "kind": "forward",
     "shots": 0, "shows_options": true, "option_style": "dashes",
     "seed": "10057708863982677556"}

A line of JSON and a record of ArrayRecord are this object. The seed is text, since it has 64 bits
and readers of JSON round such numbers. `gold` is null where there are no options. Where prompts
were cut to a length, `cut_tokens` says how much of each was. With `--chat`, and of conversations,
`messages` has the prompt and its answer as a chat, for a template to be applied to:

    "messages": [{"role": "user", "content": "It rains. ..."},
                 {"role": "assistant", "content": "no"}]
"""

import contextlib
import glob
import json
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args

from flanlike import errors, jsonl
from flanlike.tasks import task as task_module

Format = Literal["parquet", "jsonl", "arrayrecord"]
FORMATS = get_args(Format)

Row = dict[str, Any]


def row_of(prompt: task_module.Prompt, cluster: str) -> Row:
    """Returns the columns of a prompt."""
    told = prompt.provenance
    return {
        "inputs": prompt.inputs,
        "targets": prompt.targets,
        "options": list(prompt.options),
        "gold": prompt.gold,
        "references": list(prompt.references),
        "task": told.task,
        "cluster": cluster,
        "source": told.source,
        "split": told.split,
        "row_id": told.row_id,
        "template": told.template,
        "kind": told.kind,
        "shots": told.shots,
        "shows_options": told.shows_options,
        "option_style": told.option_style,
        "seed": str(told.seed),
    }


def messages_of(prompt: task_module.Prompt) -> list[dict[str, str]]:
    """Returns a prompt and its answer as a conversation's turns."""
    turns = prompt.turns or (("user", prompt.inputs), ("assistant", prompt.targets))
    return [{"role": role, "content": content} for role, content in turns]


def write(path: Path, rows: Iterable[Row]) -> None:
    """Writes a file of the format that the name's ending says, whole or not at all.

    Several processes may write the same one: who is first has written it, for all write the same.
    """
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        _WRITERS[path.suffix[1:]](partial, rows)
        _moved(partial, path)
    except OSError as error:
        raise errors.UserError(
            f"{path}: cannot be written ({error.strerror or error}): make room or mend that, and "
            "run the same command again to go on"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def read(path: Path) -> Iterator[Row]:
    """Yields the rows of a file that `write` wrote."""
    try:
        yield from _READERS[path.suffix[1:]](path)
    except (OSError, ValueError, RuntimeError) as error:  # what the three libraries raise
        line = str(error).partition("\n")[0]
        raise errors.UserError(
            f"{path}: damaged ({line}); delete it and run the same command again"
        ) from error


def check_installed(format: Format) -> None:
    """Raises where the package that writes the format is not there."""
    try:
        if format == "parquet":
            import pyarrow  # noqa: F401
        elif format == "arrayrecord":
            from array_record.python import array_record_module  # noqa: F401
    except ImportError as error:
        mend = "pip install 'flanlike[hub]'" if format == "parquet" else "pip install array_record"
        raise errors.UserError(
            f"--format {format} needs a package that is not installed ({error}): {mend}, or use "
            "--format jsonl"
        ) from error


def _moved(partial: Path, path: Path) -> None:
    """Moves a whole file to its place, and removes what others have of it, dead or alive."""
    try:
        partial.replace(path)
    except FileNotFoundError:
        if not path.is_file():  # by another process, which has removed this one's
            raise
    for other in path.parent.glob(f".{glob.escape(path.name)}.*partial"):
        with contextlib.suppress(OSError):
            other.unlink()


def _write_jsonl(path: Path, rows: Iterable[Row]) -> None:
    with open(path, "w", encoding="utf-8") as file:
        for row in rows:
            file.write(_line(row) + "\n")


def _write_parquet(path: Path, rows: Iterable[Row]) -> None:
    import pyarrow
    from pyarrow import parquet

    text, flag = pyarrow.string(), pyarrow.bool_()
    types = {
        "options": pyarrow.list_(text),
        "gold": pyarrow.int32(),
        "references": pyarrow.list_(text),
        "shots": pyarrow.int32(),
        "cut_tokens": pyarrow.int32(),
        "shows_options": flag,
        "messages": pyarrow.list_(pyarrow.struct({"role": text, "content": text})),
    }
    rows = list(rows)
    schema = pyarrow.schema([(name, types.get(name, text)) for name in rows[0]])
    table = pyarrow.Table.from_pylist(rows, schema=schema)
    parquet.write_table(table, path, compression="zstd")


def _write_arrayrecord(path: Path, rows: Iterable[Row]) -> None:
    from array_record.python import array_record_module

    # One record a group: readers ask for any of them alone.
    writer = array_record_module.ArrayRecordWriter(str(path), "group_size:1")
    for row in rows:
        writer.write(_line(row).encode())
    writer.close()


def _read_parquet(path: Path) -> Iterator[Row]:
    from pyarrow import parquet

    for batch in parquet.ParquetFile(path).iter_batches():
        yield from batch.to_pylist()


def _read_arrayrecord(path: Path) -> Iterator[Row]:
    from array_record.python import array_record_module

    reader = array_record_module.ArrayRecordReader(str(path))
    for number in range(reader.num_records()):
        yield json.loads(reader.read([number])[0])


def _line(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False)


_WRITERS = {"jsonl": _write_jsonl, "parquet": _write_parquet, "arrayrecord": _write_arrayrecord}
_READERS = {"jsonl": jsonl.read, "parquet": _read_parquet, "arrayrecord": _read_arrayrecord}
