"""Where the lines of a large file begin: on the disk, for the next process too."""

import gzip
import json
import os
import pathlib

import file_toys
import numpy as np
import pytest
import source_toys

from flanlike import errors
from flanlike.sources import (
    delimited,
    instruction_file,
    json_array,
    json_lines,
    kept,
    opened,
    opening,
)
from flanlike.sources import rows as rows_module
from flanlike.tasks import instruction_rows


@pytest.fixture(autouse=True)
def every_file_is_large(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(kept, "LEAST", 0)


def write(path, count=40, blank=(3, 7)):
    lines = [json.dumps({"text": f"text {n}", "label": n % 2}) for n in range(count)]
    for place in blank:
        lines.insert(place, "")
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def scans(monkeypatch):
    """Returns a list that grows by one whenever a file is looked through."""
    counted, scanned = [], json_lines._scanned
    monkeypatch.setattr(
        json_lines, "_scanned", lambda file: counted.append(file.path) or scanned(file)
    )
    return counted


def there(tmp_path):
    return sorted((tmp_path / "cache" / "flanlike" / kept.KIND).iterdir())


def test_a_file_is_looked_through_once_and_its_rows_are_the_same(tmp_path, monkeypatch):
    path = write(tmp_path / "toy" / "train.jsonl")
    counted = scans(monkeypatch)
    first, second = json_lines.JsonLines(path), json_lines.JsonLines(path)
    assert counted == [path] and len(there(tmp_path)) == 2
    assert {one.stat().st_mode for one in there(tmp_path)} == {os.stat(path).st_mode}
    monkeypatch.setattr(kept, "LEAST", 1 << 30)
    small = json_lines.JsonLines(path)
    for rows in (first, second):
        assert len(rows) == len(small) == 40
        assert [rows[index] for index in range(40)] == [small[index] for index in range(40)]
        assert rows.where(39) == small.where(39) == f"{path}:42"
        assert rows.with_value(range(40), {"label": 1}) == set(range(1, 40, 2))
    assert isinstance(first._bounds.base, np.memmap)


@pytest.mark.parametrize("change", ["longer", "touched", "index cut off", "another version"])
def test_of_a_file_that_changed_it_is_made_anew(tmp_path, monkeypatch, change):
    path = write(tmp_path / "toy" / "train.jsonl")
    json_lines.JsonLines(path)
    index = max(there(tmp_path), key=os.path.getsize)
    if change == "longer":
        path = write(tmp_path / "toy" / "train.jsonl", count=50)
    elif change == "touched":
        os.utime(path, ns=(1, 1))
    elif change == "index cut off":
        index.write_bytes(index.read_bytes()[:-3])
    else:
        monkeypatch.setattr(kept, "_VERSION", 2)
    counted = scans(monkeypatch)
    rows = json_lines.JsonLines(path)
    assert counted == [path] and len(there(tmp_path)) == 2
    assert rows[len(rows) - 1]["text"] == ("text 49" if change == "longer" else "text 39")


def test_where_nothing_can_be_kept_it_is_made_by_each_process(tmp_path, monkeypatch):
    path = write(tmp_path / "toy" / "train.jsonl")
    (tmp_path / "cache").write_text("a file, not a folder")
    counted = scans(monkeypatch)
    for _ in range(2):
        rows = json_lines.JsonLines(path)
        assert rows[39]["text"] == "text 39" and isinstance(rows._bounds.base, np.memmap)
    assert counted == [path, path]


def test_a_file_that_changes_while_it_is_looked_through_leaves_nothing(tmp_path):
    path = write(tmp_path / "toy" / "train.jsonl")
    file = opened.OpenedFile(path)

    def make():
        yield ([1, 2],)
        os.utime(path, ns=(1, 1))

    with pytest.raises(errors.UserError, match="the file was changed while it was read"):
        kept.numbers(file, ["some"], make)
    assert there(tmp_path) == []


def test_what_a_file_of_instructions_lacks_is_looked_for_once(tmp_path, monkeypatch):
    path = tmp_path / "mine.jsonl"
    rows = [{"prompt": f"Say {n}.", "completion": "" if n == 5 else str(n)} for n in range(40)]
    path.write_text("\n".join(map(json.dumps, rows)))
    looked = []
    matching = json_lines.JsonLines._matching
    monkeypatch.setattr(
        json_lines.JsonLines,
        "_matching",
        lambda self, *given: looked.append(1) or matching(self, *given),
    )
    for _ in range(2):
        instruction_file._unanswered.cache_clear()
        instruction_file._open.cache_clear()
        found = instruction_file.FileRows(str(path), None)
        assert found.unlabelled(range(40)) == {5} and found.unlabelled(range(5)) == set()
    assert len(looked) == 2  # for "" and for null
    train, test = found.part("train"), found.part("test")
    assert len(train) == 40 - 2 * 3 and not set(train) & set(test)
    assert 5 in train  # left out there, and counted


@pytest.mark.parametrize("name", ["mine.json", "mine.csv", "mine.jsonl.gz"])
def test_files_whose_rows_are_parsed_to_be_found_are_looked_through_once(
    tmp_path, monkeypatch, name
):
    monkeypatch.setattr(kept, "LEAST_PARSED", 0)
    rows = [{"prompt": f"Say {n}.", "completion": "" if n == 5 else str(n)} for n in range(40)]
    rows[7]["prompt"] = " "
    path = tmp_path / name
    if name.endswith(".csv"):
        lines = [",".join(row.values()) for row in ({"p": "prompt", "c": "completion"}, *rows)]
        path.write_text("\n".join(lines))
    elif name.endswith(".gz"):
        path.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    else:
        path.write_text(json.dumps(rows))
    looked = []
    for module in (json_array, delimited):
        scan = module._scanned
        monkeypatch.setattr(
            module, "_scanned", lambda *a, scan=scan: looked.append("scan") or scan(*a)
        )
    plain = instruction_rows.plain
    monkeypatch.setattr(
        instruction_rows, "plain", lambda *given: looked.append("row") or plain(*given)
    )
    told = []
    for _ in range(2):
        instruction_file._unanswered.cache_clear()
        instruction_file._open.cache_clear()
        told.append([])
        for split in file_toys.SPLITS:
            records = file_toys.opened(path, split, skip_bad_rows=True)
            told[-1].append((len(records), records.dropped, records.bad, records.first_bad))
        first, looked[:] = list(looked), []
    assert told[0] == told[1] == [(32, 1, 1, told[0][0][3]), (3, 0, 0, ""), (3, 0, 0, "")]
    assert told[0][0][3].endswith("column 'prompt' is ' '; expected text that is not empty")
    assert first == ["row"] * 4  # the first of each split, and why one is bad


def test_other_code_reads_the_rows_again(tmp_path, monkeypatch):
    path = tmp_path / "mine.jsonl"
    rows = [{"prompt": f"Say {n}.", "completion": str(n)} for n in range(40)]
    path.write_text("\n".join(map(json.dumps, rows)))
    monkeypatch.setattr(kept, "LEAST_PARSED", 0)
    file = instruction_file.FileRows(str(path), None)
    assert file.kept("bad", lambda: [3]) == file.kept("bad", list) == [3]
    monkeypatch.setattr(instruction_file, "_reading", lambda: "other")
    assert file.kept("bad", list) == []


def test_records_of_a_large_file_are_those_of_a_small_one(tmp_path, monkeypatch):
    write(tmp_path / "toy" / "train.jsonl")
    task = source_toys.task(unlabelled={"text": "text 9"})
    large = opening.open_rows(task, str(tmp_path), "train")
    monkeypatch.setattr(kept, "LEAST", 1 << 30)
    small = opening.open_rows(task, str(tmp_path), "train")
    assert list(map(large.row_id, range(len(large)))) == list(map(small.row_id, range(len(small))))
    assert large.dropped == 1 and len(large) == 40 - 4 - 1
    assert large.row_id(9) == "train/10"


def test_numbers_without_some():
    some = rows_module.Without(range(2, 9), {3, 7, 20})
    assert list(some) == [2, 4, 5, 6, 8] and len(some) == 5
    assert [n for n in range(12) if n in some] == [2, 4, 5, 6, 8]
    with pytest.raises(IndexError):
        some[5]
    assert rows_module.without(range(3), set()) == range(3)
    fewer = rows_module.without(some, {4, 8})
    assert isinstance(fewer, rows_module.Without) and list(fewer) == [2, 5, 6]
    assert list(rows_module.without([5, 1, 2], {1})) == [5, 2]


def test_a_gzip_file_is_unpacked_and_its_numbers_are_not_kept(tmp_path):
    import gzip

    path = pathlib.Path(write(tmp_path / "toy" / "train.jsonl"))
    packed = path.with_suffix(".jsonl.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert json_lines.JsonLines(str(packed))[39]["text"] == "text 39"
    assert not (tmp_path / "cache").exists()
