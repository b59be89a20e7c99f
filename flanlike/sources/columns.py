"""Columns of Arrow tables, searched without making Python values of them."""

from typing import Any

from flanlike.sources import utf8


def places_of(column: Any, value: Any) -> set[int]:
    """Returns the places at which a pyarrow column has the value; None stands for what is missing.

    A value of another type than the column's is nowhere in it.

    ["a", "", null, ""]   ""  ->  {1, 3}        None  ->  {2}        0  ->  {}
    """
    import pyarrow
    from pyarrow import compute

    if pyarrow.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if value is None:
        return set(compute.indices_nonzero(column.is_null()).to_pylist())
    if isinstance(value, list):
        return _lists_of(column, value)
    if isinstance(value, dict):
        return _read_from(column, compute.indices_nonzero(column.is_valid()).to_pylist(), value)
    try:
        scalar = pyarrow.scalar(value, column.type)
        return set(compute.indices_nonzero(compute.equal(column, scalar)).to_pylist())
    except (pyarrow.ArrowException, TypeError, OverflowError):
        return set()


def _lists_of(column: Any, value: list[Any]) -> set[int]:
    import pyarrow
    from pyarrow import compute

    kind = column.type
    if not (pyarrow.types.is_list(kind) or pyarrow.types.is_large_list(kind)):
        return set()
    as_long = compute.equal(compute.list_value_length(column), len(value))
    places = compute.indices_nonzero(as_long).to_pylist()
    return _read_from(column, places, value) if value else set(places)


def _read_from(column: Any, places: list[int], value: Any) -> set[int]:
    """Returns those of `places` that have the value."""
    return {place for place in places if utf8.unless_unreadable(column[place].as_py) == value}
