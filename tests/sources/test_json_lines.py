"""JSON lines and Parquet as the world writes them."""

import errno
import gzip
import json
import os
import pathlib
import pickle
import tempfile

import pyarrow
import pytest
import source_toys
from pyarrow import parquet as pyarrow_parquet

from flanlike import errors
from flanlike.sources import folder, json_lines, opened, opening
from flanlike.sources import parquet as parquet_module

MARK = b"\xef\xbb\xbf"


def write(root, content, name="train.jsonl"):
    path = pathlib.Path(root) / "toy" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def lines(*texts):
    return [json.dumps({"text": text, "label": 0}, ensure_ascii=False).encode() for text in texts]


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize(
    ("content", "numbers"),
    [
        (b'{"n": 0}\n{"n": 1}\n', [1, 2]),
        (b'{"n": 0}\n{"n": 1}', [1, 2]),
        (b'{"n": 0}\r\n{"n": 1}\r\n', [1, 2]),
        (MARK + b'{"n": 0}\n{"n": 1}\n', [1, 2]),
        (b'{"n": 0}\n' + MARK + b'{"n": 1}\n', [1, 2]),  # of two files, one after the other
        (b'\n{"n": 0}\n\n \t\r\n{"n": 1}\n\n\n', [2, 5]),
        (b'\r\n\r\n{"n": 0}\r\n\r\n{"n": 1}\r\n   ', [3, 5]),
        (b'  {"n": 0}\n  {"n": 1}\n', [1, 2]),
        (MARK + b'\n{"n": 0}\n{"n": 1}', [2, 3]),
        (b'{"\xef\xbb\xbfn": 0}\n{"n": 1}', [1, 2]),
        (b"", []),
        (MARK, []),
        (b"\n\r\n \n", []),
    ],
)
def test_marks_and_blank_lines_are_no_rows_and_are_counted(tmp_path, content, numbers, ending):
    path = write(tmp_path, gzip.compress(content) if ending else content, f"train.jsonl{ending}")
    rows = json_lines.JsonLines(str(path))
    assert [rows[index] for index in range(len(rows))] == [{"n": n} for n in range(len(numbers))]
    assert [rows.where(index) for index in range(len(rows))] == [f"{path}:{n}" for n in numbers]
    with pytest.raises(IndexError):
        rows[len(rows)]


def test_lines_are_found_wherever_a_block_of_the_file_ends(tmp_path, monkeypatch):
    content = b'{"n": 0}\n\n{"n": 1}\r\n\r\n{"n": 22}\n \n{"n": -1}'
    for block in range(1, 13):
        monkeypatch.setattr(opened, "BLOCK", block)
        rows = json_lines.JsonLines(str(write(tmp_path, content)))
        assert [rows[index]["n"] for index in range(len(rows))] == [0, 1, 22, -1]
        assert [rows.where(index)[-2:] for index in range(4)] == [":1", ":3", ":5", ":7"]
        assert rows.with_value(range(4), {"n": -1}) == {3}
        assert rows.with_value(range(1, 3), {"n": 1}) == {1}


def test_only_a_newline_ends_a_row(tmp_path):
    texts = ["a\u2028b", "c\u2029d", "e\x85f"]
    write(tmp_path, b"\n".join(lines(*texts * 5)))
    records = opening.open_rows(source_toys.task(), str(tmp_path), "train")
    assert [record["text"] for record in records][:3] == texts


def test_a_row_behind_a_blank_line_is_told_by_the_line_of_the_file(tmp_path):
    path = write(tmp_path, b"\n".join([*lines(*"abcd"), b"", b"{]", *lines(*"efghij")]))
    records = opening.open_rows(source_toys.task(), str(tmp_path), "train")
    with pytest.raises(errors.UserError, match=f"{path}:6: invalid JSON"):
        records[4]


@pytest.mark.parametrize(
    ("mark", "line"),
    [
        (-1, b'{"m":-1}'),
        (-1, b'{"m" : \t -1.0 }'),
        (-1, b'{"a": {"m": 3}, "m": -10e-1}'),
        (0, b'{"m": 0.0}'),
        (1, b'{"m": 0.1e1}'),
        (None, b'{"m":null}'),
        (True, b'{"m":true}'),
        ("", b'{"m":""}'),
        ("-", b'{"m": "\\u002d"}'),
        ("a/b", b'{"m":"a\\/b"}'),
        ('say "x"', b'{"m":"say \\u0022x\\""}'),
        ("caf\xe9", '{"m":"caf\xe9"}'.encode()),
        ("caf\xe9", b'{"m":"caf\\u00e9"}'),
        ("\U0001f600", b'{"m":"\\uD83D\\ude00"}'),
        ("", b'{"\\u006d":""}'),
        ("", b'{"\\u006D":""}'),
        ("", b'{"\xef\xbb\xbfm":""}'),
        ([], b'{"m":[ ]}'),
        (["<<>>"] * 2, b'{"m":["<<>>","\\u003c<>>"]}'),
        ([["a", None]], b'{"m":[["a",null]]}'),
        ({}, b'{"m": { } }'),
        ({"a": [1]}, b'{"m":{"a":[1]}}'),
    ],
)
def test_a_mark_is_found_however_it_is_spelt(tmp_path, mark, line):
    others = (b'{"m": "other"}', b'{"n": -1}', b'{"m": -17}', b'{"m": ["x"]}', b'{"m": -1', b"{}")
    rows = json_lines.JsonLines(str(write(tmp_path, b"\n".join([*others, line, *others]))))
    assert rows.with_value(range(len(rows)), {"m": mark, "absent": None}) == {6}


@pytest.mark.parametrize(("mark", "line"), [(1, b'{"m": true}'), (0, b'{"m":"0"}'), ("", b"{}")])
def test_another_value_is_no_mark(tmp_path, mark, line):
    rows = json_lines.JsonLines(str(write(tmp_path, line)))
    assert rows.with_value(range(1), {"m": mark}) == set()


@pytest.mark.parametrize("column", ["a b", "q/a", 'a"b', "\xe9t\xe9", "\u6587"])
def test_columns_of_any_name_may_be_marked(tmp_path, column):
    for escaped in (True, False):
        line = json.dumps({"x": 0, column: -1}, ensure_ascii=escaped).encode()
        for spelt in (line, line.replace(b"/", b"\\/")):
            rows = json_lines.JsonLines(str(write(tmp_path, spelt)))
            assert rows.with_value(range(1), {column: -1}) == {0}


def test_few_lines_are_parsed_to_find_the_marks(tmp_path, monkeypatch):
    some = [*lines(*map(str, range(500))), b'{"text": "-1", "label":-1}']
    rows = json_lines.JsonLines(str(write(tmp_path, b"\n".join(some))))
    parsed = []
    monkeypatch.setattr(json_lines, "_parsed", lambda line: parsed.append(line) or {"label": -1})
    assert rows.with_value(range(501), {"label": -1}) == {500}
    assert len(parsed) == 1


def test_a_file_that_changes_under_its_reader_is_told(tmp_path):
    path = write(tmp_path, b"\n".join(lines(*map(str, range(40)))))
    records = opening.open_rows(source_toys.task(), str(tmp_path), "train")
    content = pickle.dumps(records)
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(errors.UserError, match="train.jsonl: the file was changed while it was re"):
        records[30]
    path.write_bytes(b" " * 4000)
    with pytest.raises(errors.UserError, match="train.jsonl: the file was changed while it was re"):
        records[30]
    os.utime(path, ns=(1, 1))
    folder._open.cache_clear()  # as in another process
    with pytest.raises(errors.UserError, match="train.jsonl: the file was changed since it was fi"):
        pickle.loads(content)[30]
    path.unlink()
    folder._open.cache_clear()
    with pytest.raises(errors.UserError, match="train.jsonl: cannot read the file .No such file"):
        pickle.loads(content)[30]


def test_a_file_is_not_held_in_memory(tmp_path):
    import tracemalloc

    line = json.dumps({"text": "x" * 1000, "label": 0}).encode() + b"\n"
    for name, content in (("train.jsonl", line), ("train.jsonl.gz", gzip.compress(line))):
        path = write(tmp_path, content * 20_000, name)
        tracemalloc.start()
        rows = json_lines.JsonLines(str(path))
        assert len(rows) == 20_000 and rows[19_999]["text"]
        kept, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert kept < 1 << 20 and most < 20 << 20


def table(tmp_path, **columns):
    path = tmp_path / "some.parquet"
    pyarrow_parquet.write_table(pyarrow.table(columns), path)
    return parquet_module.ParquetRows(str(path))


def test_bytes_in_parquet_are_text(tmp_path):
    some = [{"a": b"x", "b": [b"y", None]}, None]
    rows = table(
        tmp_path,
        plain=pyarrow.array([b"a", "caf\xe9".encode()]),
        large=pyarrow.array([b"a", None], pyarrow.large_binary()),
        fixed=pyarrow.array([b"ab", b"cd"], pyarrow.binary(2)),
        lists=pyarrow.array([[b"a", None], None], pyarrow.list_(pyarrow.binary())),
        nested=pyarrow.array(some),
        codes=pyarrow.array([b"a", b"b"]).dictionary_encode(),
    )
    assert rows[0] == {
        "plain": "a",
        "large": "a",
        "fixed": "ab",
        "lists": ["a", None],
        "nested": {"a": "x", "b": ["y", None]},
        "codes": "a",
    }
    assert (rows[1]["plain"], rows[1]["nested"], rows[1]["lists"]) == ("caf\xe9", None, None)
    assert rows.with_value(range(2), {"plain": "a"}) == {0}
    assert rows.with_value(range(2), {"lists": ["a", None]}) == {0}
    assert rows.with_value(range(2), {"nested": {"a": "x", "b": ["y", None]}}) == {0}
    assert rows.with_value(range(2), {"nested": None, "codes": "b"}) == {1}


def test_bytes_in_parquet_that_are_no_text_are_told_with_their_row(tmp_path):
    rows = table(tmp_path, plain=[b"a", b"caf\xe9"], lists=[[b"\xff"], [b"b"]])
    with pytest.raises(ValueError, match="not UTF-8 in column 'lists'"):
        rows[0]
    with pytest.raises(ValueError, match="not UTF-8 in column 'plain' .byte 0xe9"):
        rows[1]


def test_a_byte_order_mark_is_no_part_of_a_parquet_columns_name(tmp_path):
    rows = table(tmp_path, **{"\ufefftext": ["a", ""], "label": [0, 1]})
    assert rows[0] == {"text": "a", "label": 0}
    assert rows.with_value(range(2), {"text": ""}) == {1}


def manifest(root, *entries):
    content = json.dumps({"datasets": list(entries)})
    (root / "manifest.json").write_text(content, "utf-8-sig")


def entry(column, names):
    return {"name": "toy", "label_field": column, "label_names": names}


def test_a_manifest_with_a_mark_may_name_two_columns_of_a_dataset(tmp_path):
    rows = [{"text": 1, "label": n % 2} for n in range(20)]
    source_toys.write_folder(tmp_path, "toy", train=rows)
    manifest(tmp_path, entry("text", ["bad", "good"]), entry("label", ["yes", "no"]))
    records = opening.open_rows(source_toys.task(), str(tmp_path), "train")
    assert [records[0], records[1]] == [{"text": "good", "label": 1}, {"text": "good", "label": 0}]


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (
            [entry("lable", ["a"])],
            "rows have no column 'lable', which '.*manifest.json' names as a",
        ),
        ([entry("label", ["a"]), entry("label", ["b"])], "'toy' has two entries for its column 'l"),
        ([entry("label", "ab")], "TypeError: 'label_names' of 'toy' is 'ab', no list of texts"),
    ],
)
def test_what_a_manifest_cannot_mean_is_told(tmp_path, entries, message):
    source_toys.write_folder(tmp_path, "toy", train=[{"text": "a", "label": 0}] * 20)
    manifest(tmp_path, *entries)
    with pytest.raises(errors.UserError, match=message):
        opening.open_rows(source_toys.task(), str(tmp_path), "train")


@pytest.mark.parametrize("value", ["[" * 100_000, "9" * 5000])
def test_a_row_or_a_manifest_that_cannot_be_read_is_told(tmp_path, value):
    good = lines(*"abcdefghijklmnopqrst")
    wrong = b'{"text": "a", "label": 0, "more": ' + value.encode() + b"}"
    path = write(tmp_path, b"\n".join([*good, wrong, b""]))
    rows = json_lines.JsonLines(str(path))
    assert rows.with_value(range(21), {"more": None}) == set()
    with pytest.raises(ValueError, match="^invalid JSON .(nested too|a number of)"):
        rows[20]
    (tmp_path / "manifest.json").write_text('{"datasets": ' + value)
    with pytest.raises(errors.UserError, match="manifest.json: invalid JSON .(nested too|a num)"):
        opening.open_rows(source_toys.task(), str(tmp_path), "train")


def test_a_key_or_a_column_that_is_there_twice_is_told(tmp_path):
    path = write(tmp_path, b'{"text": "a", "label": 0}\n{"text": "a", "text": "b", "label": 0}')
    rows = json_lines.JsonLines(str(path))
    assert rows[0] == {"text": "a", "label": 0}
    with pytest.raises(ValueError, match="the key 'text' is there twice"):
        rows[1]
    table = pyarrow.table([["a"], ["b"], [0]], names=["text", "text", "label"])
    pyarrow_parquet.write_table(table, tmp_path / "twice.parquet")
    with pytest.raises(errors.UserError, match="twice.parquet: the columns .'text'. are there twi"):
        parquet_module.ParquetRows(str(tmp_path / "twice.parquet"))


def test_a_full_folder_of_temporary_files_is_no_damage_to_a_file(tmp_path, monkeypatch):
    def full(*arguments, **named):
        raise OSError(errno.ENOSPC, "No space left on device")

    packed = write(tmp_path, gzip.compress(b'{"n": 0}'), "PACKED.JSONL.GZ")
    assert json_lines.JsonLines(str(packed))[0] == {"n": 0}
    parquet = tmp_path / "some.parquet"
    pyarrow_parquet.write_table(pyarrow.table({"n": [0]}), parquet)
    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", full)
    for path, reader in ((packed, json_lines.JsonLines), (parquet, parquet_module.ParquetRows)):
        with pytest.raises(errors.UserError, match=f"{path}: no room to unpack it in .*TMPDIR"):
            reader(str(path))


def test_a_column_that_some_rows_lack_is_known(tmp_path):
    rows = [{"text": "a"}, *[{"text": "b", "label": 0}] * 20]
    source_toys.write_folder(tmp_path, "toy", train=rows, manifest=("label", ["no", "yes"]))
    task = source_toys.task(preprocess=lambda row: {"text": row["text"], "label": 0})
    assert len(opening.open_rows(task, str(tmp_path), "train")) == 19
