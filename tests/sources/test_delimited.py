"""CSV and TSV as spreadsheets and programs write them."""

import tracemalloc

import pytest

from flanlike import errors
from flanlike.sources import delimited, opened

MARK = b"\xef\xbb\xbf"


def read(tmp_path, content, name="rows.csv"):
    path = tmp_path / name
    path.write_bytes(content)
    return delimited.Delimited(str(path))


def every(rows):
    return [rows[index] for index in range(len(rows))]


def lines(rows):
    return [int(rows.where(index).rpartition(":")[2]) for index in range(len(rows))]


def test_quotes_hold_delimiters_line_breaks_and_quotes(tmp_path):
    content = b'a,b\n1,"x, ""y""\nz"\n\n2,5" pipe\n3,"\r\n"'
    rows = read(tmp_path, content)
    assert every(rows) == [
        {"a": "1", "b": 'x, "y"\nz'},
        {"a": "2", "b": '5" pipe'},
        {"a": "3", "b": "\r\n"},
    ]
    assert lines(rows) == [2, 5, 6]
    with pytest.raises(IndexError):
        rows[3]


@pytest.mark.parametrize("block", [1, 2, 3, 5, 7, 11])
def test_rows_are_found_wherever_a_block_of_the_file_ends(tmp_path, monkeypatch, block):
    monkeypatch.setattr(opened, "BLOCK", block)
    rows = read(tmp_path, MARK + b'a,b\r\n"1\r\n,",2\r\n\r\n"""",\xc3\xa9')
    assert every(rows) == [{"a": "1\r\n,", "b": "2"}, {"a": '"', "b": "é"}]
    assert lines(rows) == [2, 5]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.csv", b"a,b\n1,2;3\n"),
        ("rows.csv", b"a;b\n1;2;3\n".replace(b"2;3", b'"2;3"')),
        ("rows.csv", b"a\tb\n1\t2;3\n"),
        ("rows.tsv", b"a\tb\n1\t2;3\n"),
    ],
)
def test_the_first_line_tells_the_delimiter(tmp_path, name, content):
    assert every(read(tmp_path, content, name)) == [{"a": "1", "b": "2;3"}]


def test_a_row_that_is_wrong_is_told_alone(tmp_path):
    rows = read(tmp_path, b'a,b\n1\n2,"x"y\n3,caf\xe9\n4,\r5\n6,7\n')
    wrong = {
        0: "the row has 1 cells where the first line names 2 columns, ['a', 'b']; a cell with ','",
        1: "not a row of cells (',' expected after '\"'): b'2,\"x\"y",
        2: "not UTF-8 in column 'b' (byte 0xe9: ",
        3: "not a row of cells (new-line character seen in unquoted field): b'4,",
    }
    for index, expected in wrong.items():
        with pytest.raises(ValueError) as caught:
            rows[index]
        assert str(caught.value).startswith(expected)
    assert rows[4] == {"a": "6", "b": "7"}
    assert lines(rows) == [2, 3, 4, 5, 6]
    assert rows.with_value(range(5), {"b": "7"}) == {4}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'a,b\n1,2\n3,"4\n5,6\n', ":3: a quote that opens in this row is never closed"),
        (b"a,b,a\n1,2,3\n", ":1: the columns ['a'] are named twice"),
        ("a,b\n1,2\n".encode("utf-16"), ": the file is UTF-16; save it as UTF-8"),
    ],
)
def test_what_is_wrong_with_a_whole_file_is_told(tmp_path, content, expected):
    with pytest.raises(errors.UserError) as caught:
        read(tmp_path, content)
    assert expected in str(caught.value)


def test_nothing_and_names_alone_are_no_rows(tmp_path):
    assert len(read(tmp_path, b"")) == len(read(tmp_path, b"a,b\n")) == 0


def test_a_megabyte_in_a_cell(tmp_path):
    assert len(read(tmp_path, b'a,b\n1,"' + b"x\n" * 500_000 + b'"\n')[0]["b"]) == 1_000_000


def test_memory_is_where_the_rows_begin(tmp_path, monkeypatch):
    monkeypatch.setattr(opened, "BLOCK", 1 << 16)
    content = b"a,b\n" + b"1," + b"x" * 1000 + b"\n"
    content += (b"1," + b"x" * 1000 + b"\n") * 20_000  # 20 MB
    (tmp_path / "rows.csv").write_bytes(content)
    del content
    tracemalloc.start()
    rows = delimited.Delimited(str(tmp_path / "rows.csv"))
    _, peak = tracemalloc.get_traced_memory()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(rows) == 20_001
    assert kept < 20_001 * 24 * 1.2 + 50_000
    assert peak < 2_000_000
