"""One file of instructions as a source: its types, its formats, its splits, its bad rows."""

import csv
import gzip
import io
import json
import os
import pickle

import file_toys
import pyarrow
import pytest
from pyarrow import parquet

from flanlike import errors
from flanlike.sources import instruction_file
from flanlike.sources import rows as rows_module

MARK = b"\xef\xbb\xbf"
RIGHT_TO_LEFT = "\u202bمرحبا\u202c שלום"
ROWS = [
    {"instruction": f'Count to "{n}",\nplease.', "input": "" if n % 2 else "x", "output": str(n)}
    for n in range(1, 7)
]
ROWS[2]["output"] = RIGHT_TO_LEFT


def content(ending, rows):
    """Returns a file of rows; of .json a JSON array."""
    kind = ending.removesuffix(".gz")
    if kind == ".json":
        text = json.dumps(rows, indent=1)
    elif kind == ".jsonl":
        text = "".join(json.dumps(row) + "\n" for row in rows)
    elif kind == ".parquet":
        sink = io.BytesIO()
        parquet.write_table(pyarrow.Table.from_pylist(rows), sink)
        return sink.getvalue()
    else:
        sink = io.StringIO()
        writer = csv.DictWriter(sink, list(rows[0]), delimiter="\t" if kind == ".tsv" else ",")
        writer.writeheader()
        writer.writerows(rows)
        text = sink.getvalue()
    return gzip.compress(text.encode()) if ending.endswith(".gz") else text.encode()


def write(tmp_path, ending, rows, name="my"):
    path = tmp_path / f"{name}{ending}"
    path.write_bytes(content(ending, rows) if isinstance(rows, list) else rows)
    return path


def conversation(*texts, speaker="role", text="content"):
    names = ("user", "assistant") if speaker == "role" else ("human", "gpt")
    return [{speaker: names[n % 2], text: each} for n, each in enumerate(texts)]


@pytest.mark.parametrize(
    "ending", [".jsonl", ".jsonl.gz", ".json", ".json.gz", ".csv", ".csv.gz", ".tsv", ".parquet"]
)
def test_every_type_of_file_gives_the_same_records(tmp_path, ending):
    assert file_toys.every(write(tmp_path, ending, ROWS)) == [
        {
            "system": "",
            "instruction": row["instruction"],
            "input": row["input"],
            "references": [row["output"]],
        }
        for row in ROWS
    ]


@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".tsv", ".json"])
def test_a_byte_order_mark_and_crlf_are_no_part_of_a_row(tmp_path, ending):
    plain = [{"prompt": f"Say {n}.", "completion": str(n)} for n in range(5)]
    lines = MARK + content(ending, plain).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    records = file_toys.every(write(tmp_path, ending, lines))
    assert [record["references"] for record in records] == [[str(n)] for n in range(5)]


def test_an_ending_may_be_in_capitals(tmp_path):
    path = tmp_path / "MY.CSV"
    path.write_bytes(content(".csv", ROWS))
    assert [one["references"] for one in file_toys.every(path)] == [[row["output"]] for row in ROWS]


def test_json_lines_are_read_whatever_the_files_ending(tmp_path):
    lines = write(tmp_path, ".json", content(".jsonl", ROWS))
    array = write(tmp_path, ".jsonl", content(".json", ROWS))
    assert file_toys.every(lines) == file_toys.every(array)


@pytest.mark.parametrize(
    "rows",
    [
        [{"instruction": f"{n}", "context": None, "response": "r", "category": ""} for n in "abc"],
        [{"prompt": n, "completion": "r"} for n in "abc"],
        [{"messages": conversation(n, "r")} for n in "abc"],
        [{"conversations": conversation(n, "r", speaker="from", text="value")} for n in "abc"],
    ],
)
@pytest.mark.parametrize("ending", [".jsonl", ".parquet"])
def test_every_format_is_recognised(tmp_path, rows, ending):
    records = file_toys.every(write(tmp_path, ending, rows))
    assert [record["instruction"] for record in records] == ["a", "b", "c"]
    assert all(record["references"] == ["r"] for record in records)


def test_a_format_that_is_given_is_taken(tmp_path):
    rows = [{"prompt": n, "completion": "c", "instruction": "i", "output": "o"} for n in "abc"]
    path = write(tmp_path, ".jsonl", rows)
    with pytest.raises(errors.UserError, match="of alpaca and of completion; say which is meant"):
        file_toys.opened(path)
    assert file_toys.every(path, format="completion")[0]["references"] == ["c"]
    assert file_toys.every(path, format="alpaca")[0]["references"] == ["o"]


def test_the_splits_are_disjoint_spread_and_the_same_every_time(tmp_path):
    rows = [{"id": 7, "prompt": f"Say {n}.", "completion": str(n)} for n in range(4000)]
    path = write(tmp_path, ".csv", rows)
    parts = [file_toys.opened(path, split) for split in file_toys.SPLITS]
    assert [len(part) for part in parts] == [3600, 200, 200]
    numbers = [[int(part.row_id(n)[6:]) for n in range(len(part))] for part in parts]
    assert sorted(sum(numbers, [])) == list(range(4000))  # of one id: told apart by their places
    assert all(part == sorted(part) for part in numbers)
    assert all(50 <= sum(n < 2000 for n in part) <= 150 for part in numbers[1:])
    again = file_toys.opened(path, "test")
    assert [again.row_id(n) for n in range(200)] == [parts[2].row_id(n) for n in range(200)]


def test_rows_without_an_answer_are_left_out_and_counted(tmp_path):
    rows = [{"prompt": n, "completion": {"a": "", "b": None}.get(n, "r")} for n in "abcde"]
    for ending in (".jsonl", ".json", ".parquet"):
        path = write(tmp_path, ending, rows)
        assert len(file_toys.every(path)) == 3
        assert file_toys.opened(path).dropped == 2
    with pytest.raises(errors.UserError, match="2 rows with an answer; expected three or more: to"):
        file_toys.opened(write(tmp_path, ".csv", rows[:4]))


@pytest.mark.parametrize(
    ("ending", "bad", "where", "wrong"),
    [
        (".jsonl", {"output": 42}, ":4", "column 'output' is 42; expected text"),
        (".json", {"instruction": None}, ":17", "column 'instruction' is None; expected text"),
        (".json", {"input": {"a": 1}}, ":17", "column 'input' is {'a': 1}; expected text"),
        (".jsonl", {"output": "\ud83d"}, ":4", "column 'output' has half of a surrogate pair, "),
        (".csv", {"instruction": " "}, ":8", "column 'instruction' is ' '; expected text that is"),
        (".parquet", {"instruction": ""}, ", row 3", "column 'instruction' is ''; expected text"),
    ],
)
def test_a_bad_row_is_named(tmp_path, ending, bad, where, wrong):
    rows = [dict(row) for row in ROWS]
    rows[3].update(bad)
    path = write(tmp_path, ending, rows)
    with pytest.raises(rows_module.BadRow) as caught:
        file_toys.every(path)
    assert str(caught.value).startswith(f"task 'my': {path}{where}: {wrong}")
    assert str(caught.value).endswith(
        "; mend it, or leave such rows out of training and exports with --skip-bad-rows"
    )
    assert len(file_toys.every(path, skip_bad_rows=True)) == 5


def test_conversations_keep_their_turns(tmp_path):
    rows = [{"messages": conversation(n, "r")} for n in "abcdef"]
    rows[2] = {"messages": conversation("c", "r", "d", "s")}
    rows[4] = {"messages": conversation("e", "r", "f")}
    path = write(tmp_path, ".jsonl", rows)
    with pytest.raises(rows_module.BadRow, match=f"{path}:5: column 'messages' has turns of user,"):
        file_toys.every(path)
    records = file_toys.every(path, skip_bad_rows=True)
    assert [len(record["turns"]) for record in records] == [2, 2, 4, 2, 2]
    assert records[2]["turns"][2] == ("user", "d")
    assert records[2]["references"] == ["s"]
    assert instruction_file.holds_conversations(str(path), None, None)
    assert not instruction_file.holds_conversations(str(write(tmp_path, ".csv", ROWS)), None, None)


def test_a_file_in_the_folder_of_data_is_found(tmp_path):
    write(tmp_path, ".jsonl", ROWS)
    assert len(file_toys.opened("my.jsonl", data=str(tmp_path))) == 4
    with pytest.raises(errors.UserError, match="no file 'your.jsonl', nor one in the folder"):
        file_toys.opened("your.jsonl", data=str(tmp_path))
    with pytest.raises(errors.UserError, match=r"there is no file 'your.jsonl'$"):
        file_toys.opened("your.jsonl")


@pytest.mark.parametrize(
    ("ending", "rows", "expected"),
    [
        (".jsonl", b"", "the file is empty; expected at least one row"),
        (".json", b"[]", "the file is empty; expected at least one row"),
        (".csv", b"prompt,completion\n", "the file is empty; expected at least one row"),
        (".jsonl", b"{'prompt': 1}\n", ":1: invalid JSON (Expecting property name"),
        (".csv", b"a,b\n1,2\n", "its columns are ['a', 'b'], of no format that is known"),
    ],
)
def test_a_file_without_rows_that_can_be_used_is_told(tmp_path, ending, rows, expected):
    with pytest.raises(errors.UserError) as caught:
        file_toys.opened(write(tmp_path, ending, rows))
    assert expected in str(caught.value)


def test_rows_pickle_as_their_path_and_a_change_is_told(tmp_path):
    path = write(tmp_path, ".jsonl", ROWS)
    records = pickle.loads(pickle.dumps(file_toys.opened(path)))
    assert len(pickle.dumps(records)) < 4000
    assert records[0]["references"]
    assert records.content([0]) == file_toys.opened(path).content([1]) != ""
    packed = pickle.dumps(records)
    path.write_bytes(content(".jsonl", ROWS[:5]))
    os.utime(path, (1, 1))
    instruction_file._open.cache_clear()  # as in another process
    with pytest.raises(errors.UserError, match="the file was changed since it was first opened"):
        pickle.loads(packed)[0]


def test_a_megabyte_in_a_row(tmp_path):
    rows = [{"prompt": "x " * 500_000, "completion": n} for n in "abc"]
    for ending in (".jsonl", ".json", ".csv", ".parquet"):
        assert len(file_toys.every(write(tmp_path, ending, rows))[0]["instruction"]) == 1_000_000
