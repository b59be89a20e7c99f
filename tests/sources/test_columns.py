import pyarrow
import pytest

from flanlike.sources import columns


@pytest.mark.parametrize(
    ("column", "value", "places"),
    [
        (pyarrow.array(["a", "", None, ""]), "", {1, 3}),
        (pyarrow.array(["a", "", None, ""]), None, {2}),
        (pyarrow.array(["a", "", None, ""]), 0, set()),
        (pyarrow.array(["a", ""], pyarrow.large_string()), "", {1}),
        (pyarrow.array(["a", "", "a"]).dictionary_encode(), "a", {0, 2}),
        (pyarrow.array([0, -1, 1, None]), -1, {1}),
        (pyarrow.array([0, -1], pyarrow.int8()), -1, {1}),
        (pyarrow.array([0, 1], pyarrow.uint8()), -1, set()),
        (pyarrow.array([0, 1]), "", set()),
        (pyarrow.array([0.5, -1.0], pyarrow.float32()), -1, {1}),
        (pyarrow.array([["a"], [], None, []]), [], {1, 3}),
        (pyarrow.array([["x"] * 2, ["x", "y"], ["x"] * 3]), ["x"] * 2, {0}),
        (pyarrow.array(["a", ""]), [], set()),
        (pyarrow.array([], pyarrow.string()), "", set()),
    ],
)
def test_places_of_a_value(column, value, places):
    assert columns.places_of(column, value) == places
    in_chunks = pyarrow.chunked_array([column[:1], column[1:]], column.type)
    assert columns.places_of(in_chunks, value) == places


def test_text_that_is_not_utf_8_is_no_value_and_no_error():
    broken = pyarrow.array([b"\xff", b""]).view(pyarrow.string())
    assert columns.places_of(broken, "") == {1}
    nested = pyarrow.ListArray.from_arrays([0, 1, 2], broken)
    assert columns.places_of(nested, [""]) == {1}
