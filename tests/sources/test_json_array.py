"""JSON arrays, by the row."""

import json

import pytest

from flanlike import errors
from flanlike.sources import json_array, opened

MARK = b"\xef\xbb\xbf"
ROWS = [{"a": 'x"}],\\', "b": [1, {"c": "[{"}]}, {"a": "é\n", "b": None}, {}]


def read(tmp_path, content):
    path = tmp_path / "rows.json"
    path.write_bytes(content)
    return json_array.JsonArray(str(path))


def every(rows):
    return [rows[index] for index in range(len(rows))]


@pytest.mark.parametrize("block", [1, 2, 3, 5, 8, 13, 4096])
@pytest.mark.parametrize("indent", [None, 2])
def test_rows_are_found_wherever_a_block_of_the_file_ends(tmp_path, monkeypatch, block, indent):
    monkeypatch.setattr(opened, "BLOCK", block)
    content = MARK + b"\r\n" + json.dumps(ROWS, indent=indent, ensure_ascii=False).encode() + b"\n"
    rows = read(tmp_path, content)
    assert every(rows) == ROWS
    lines = [int(rows.where(index).rpartition(":")[2]) for index in range(3)]
    assert lines == ([2, 2, 2] if indent is None else [3, 12, 16])
    assert rows.with_value(range(3), {"b": None}) == {1}
    with pytest.raises(IndexError):
        rows[3]


def test_a_row_that_is_wrong_is_told_alone(tmp_path):
    deep = b"[" * 9999 + b"]" * 9999
    rows = read(
        tmp_path, b'[{"a": 1},\n{"a" 2},\n"text", null, 5,\n{"a": "caf\xe9"},[6],%s]' % deep
    )
    wrong = {
        1: "invalid JSON (Expecting ':' delimiter at line 1, column 6 of the row): b'{\"a\" 2}'",
        2: "expected an array of JSON objects, got b'\"text\"'",
        3: "expected an array of JSON objects, got b'null'",
        4: "expected an array of JSON objects, got b'5'",
        5: "not UTF-8 in column 'a' (byte 0xe9: ",
        6: "expected an array of JSON objects, got b'[6]'",
        7: "invalid JSON (nested too deep",
    }
    assert len(rows) == 8
    for index, expected in wrong.items():
        with pytest.raises(ValueError) as caught:
            rows[index]
        assert str(caught.value).startswith(expected)
    assert rows[0] == {"a": 1}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'[{"a": 1}, {"a": 2', "the file ends within its array (1 rows before that)"),
        (b'[{"a": 1}, {"a": "2', "the file ends within its array (1 rows before that)"),
        (b'[{"a": 1}]\n[{"a": 2}]', "b'[' at byte 11; expected one array of objects and nothing"),
        (b'{"a": 1}', "b'{' at byte 0; expected one array"),
    ],
)
def test_what_is_wrong_with_a_whole_file_is_told(tmp_path, content, expected):
    with pytest.raises(errors.UserError) as caught:
        read(tmp_path, content)
    assert expected in str(caught.value)


def test_a_text_that_never_ends_is_told_before_memory_is_full(tmp_path, monkeypatch):
    monkeypatch.setattr(opened, "BLOCK", 64)
    monkeypatch.setattr(json_array, "MOST", 256)
    with pytest.raises(errors.UserError, match="at byte 7 begins a text that does not end within"):
        read(tmp_path, b'[{"a": "' + b"x" * 1000)


def test_a_megabyte_in_a_row(tmp_path, monkeypatch):
    monkeypatch.setattr(opened, "BLOCK", 1 << 16)
    assert every(read(tmp_path, json.dumps([{"a": "x\n" * 500_000}]).encode())) == [
        {"a": "x\n" * 500_000}
    ]
