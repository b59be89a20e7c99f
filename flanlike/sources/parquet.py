"""The rows of a Parquet file by random access, which Parquet itself does not give.

A file is unpacked once a process into a temporary Arrow file without a name, which is mapped: in
memory are the parts that are looked at, and the system takes them back when it needs the room.
"""

import tempfile
from collections.abc import Mapping
from typing import Any

from flanlike import errors
from flanlike.sources import columns, opened, utf8

_BATCH = 1 << 12  # rows
_BUFFER = 1 << 20  # bytes of a column; without one, all of it is read at once


class ParquetRows:
    """The rows of one file; bytes are text, which they are in columns that do not say so."""

    def __init__(self, path: str) -> None:
        self._path = path
        table = _unpacked(path)
        self._columns = {
            name.removeprefix(utf8.MARK): table.column(at)
            for at, name in enumerate(table.column_names)
        }
        self._count = len(table)
        if len(self._columns) < len(names := table.column_names):
            twice = sorted({name for name in names if names.count(name) > 1}) or [utf8.MARK]
            raise errors.UserError(
                f"{path}: the columns {twice!r} are there twice; rename or remove one"
            )

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> dict[str, Any]:
        return utf8.by_column(self._columns, lambda column: self._columns[column][index].as_py())

    def where(self, index: int) -> str:
        return f"{self._path}, row {index}"

    def with_value(self, indices: range, values: Mapping[str, Any]) -> set[int]:
        """Returns those of `indices` whose row has one of the values in its column."""
        found: set[int] = set()
        for column in set(values) & set(self._columns):
            found |= columns.places_of(self._columns[column], values[column])
        return {index for index in found if index in indices}


def _unpacked(path: str) -> Any:
    """Returns the file's table, mapped."""
    try:
        import pyarrow
        from pyarrow import compute, ipc, parquet
    except ImportError as error:
        raise errors.UserError(
            f"{path}: reading Parquet needs pyarrow: pip install 'flanlike[hub]'"
        ) from error
    # A text that is not UTF-8 is told with its row, and does not stop the others.
    options = {"allow_invalid_utf8": True}
    try:
        with (
            parquet.ParquetFile(path, buffer_size=_BUFFER) as file,
            tempfile.NamedTemporaryFile() as unpacked,
        ):
            fields = [field.with_type(_plain(field.type)) for field in file.schema_arrow]
            schema = pyarrow.schema(fields)
            with ipc.new_stream(unpacked.name, schema) as sink:
                for batch in file.iter_batches(_BATCH, use_threads=False):
                    cast = [
                        column
                        if column.type == field.type
                        else compute.cast(
                            column, options=compute.CastOptions(field.type, **options)
                        )
                        for column, field in zip(batch.columns, fields, strict=True)
                    ]
                    sink.write_batch(pyarrow.record_batch(cast, schema=schema))
            return ipc.open_stream(pyarrow.memory_map(unpacked.name)).read_all()
    except (pyarrow.ArrowException, OSError) as error:
        if told := opened.no_room(path, error):
            raise told from error
        first_line = str(error).partition("\n")[0]
        raise errors.UserError(
            f"{path}: not a readable Parquet file ({first_line}); copy or download it again"
        ) from error


def _plain(kind: Any) -> Any:
    """Returns the type with text in place of bytes, and values in place of numbers for them."""
    import pyarrow
    from pyarrow import types

    if types.is_dictionary(kind):
        return _plain(kind.value_type)
    if types.is_large_binary(kind):
        return pyarrow.large_string()
    is_text = types.is_string_view(kind) or types.is_binary_view(kind)
    if is_text or types.is_binary(kind) or types.is_fixed_size_binary(kind):
        return pyarrow.string()
    if types.is_struct(kind):
        return pyarrow.struct([field.with_type(_plain(field.type)) for field in kind])
    if types.is_map(kind):
        return pyarrow.map_(_plain(kind.key_type), _plain(kind.item_type))
    if types.is_fixed_size_list(kind):
        return pyarrow.list_(_plain_item(kind), kind.list_size)
    if types.is_large_list(kind):
        return pyarrow.large_list(_plain_item(kind))
    return pyarrow.list_(_plain_item(kind)) if types.is_list(kind) else kind


def _plain_item(kind: Any) -> Any:
    return kind.value_field.with_type(_plain(kind.value_type))
