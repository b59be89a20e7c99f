"""Bad rows of a folder and of TFDS: one clear line, or left out and counted where that is asked."""

import functools
import gzip
import json
import pathlib
import pickle
import re
import sys

import pyarrow
import pytest
import source_toys
from pyarrow import parquet

from flanlike import errors
from flanlike.sources import folder, opening
from flanlike.sources import rows as rows_module
from flanlike.tasks import task as task_module

GOOD = [{"text": f"text {number}", "label": number % 2} for number in range(20)]
ENDINGS = (".jsonl", ".jsonl.gz", ".parquet")
LATIN_1 = b"caf\xe9"


def write(root, ending, rows):
    """Writes the rows as the toy's train file; bytes go in as they are."""
    path = pathlib.Path(root) / "toy" / f"train{ending}"
    path.parent.mkdir(exist_ok=True)
    if ending == ".parquet":
        table = {}
        for column in rows[0] if rows else ("text", "label"):
            values = [row[column] for row in rows]
            if any(isinstance(value, bytes) for value in values):
                raw = [value if isinstance(value, bytes) else value.encode() for value in values]
                values = pyarrow.array(raw, pyarrow.binary()).view(pyarrow.string())
            table[column] = values
        parquet.write_table(pyarrow.table(table), path)
        return path
    lines = b"".join(_line(row) + b"\n" for row in rows)
    path.write_bytes(gzip.compress(lines) if ending.endswith(".gz") else lines)
    return path


def with_row_3(**changes):
    return [{**row, **changes} if number == 3 else row for number, row in enumerate(GOOD)]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    ("rows", "number", "wrong"),
    [
        (with_row_3(text=LATIN_1), 3, "not UTF-8 in column 'text' (byte 0xe9: "),
        (with_row_3(label=7), 3, "unknown label 7 in column 'label'; expected one of ['no', 'ye"),
        (with_row_3(text=None), 3, "column 'text' is None; expected text that is not empty; mend"),
        (
            [{"label": 0}] * 20,
            0,
            "missing column 'text'; the row has the columns ['label']; rename yours to the hub's "
            "or TFDS's, or leave such rows out of training and exports with --skip-bad-rows",
        ),
    ],
)
def test_a_bad_row_of_a_folder_names_task_file_row_and_column(
    tmp_path, ending, rows, number, wrong
):
    path = write(tmp_path, ending, rows)
    where = f"{path}, row {number}" if ending == ".parquet" else f"{path}:{number + 1}"
    with pytest.raises(errors.UserError) as caught:
        records = opening.open_rows(source_toys.task(), str(tmp_path), "train")
        assert records[2]["text"] == "text 2"
        records[3]
    assert str(caught.value).startswith(f"task 'toy': {where}: {wrong}")
    assert str(caught.value).endswith(
        "or leave such rows out of training and exports with --skip-bad-rows"
    )


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_folders_file_that_is_empty_or_cut_off_is_named(tmp_path, ending):
    path = write(tmp_path, ending, [])
    with pytest.raises(errors.UserError, match=f"'toy': {path}: the file is empty; expected at l"):
        opening.open_rows(source_toys.task(), str(tmp_path), "train")
    write(tmp_path, ending, GOOD)
    path.write_bytes(path.read_bytes()[:-9])
    wrong = {
        ".jsonl": f"'toy': {path}:20: invalid JSON",
        ".jsonl.gz": f"'toy': {path}: truncated or damaged gzip .*; copy or download it again",
        ".parquet": f"'toy': {path}: not a readable Parquet .*; copy or download it again",
    }
    with pytest.raises(errors.UserError, match=wrong[ending]):
        opening.open_rows(source_toys.task(), str(tmp_path), "validation")[1]


@pytest.mark.parametrize("ending", ENDINGS)
def test_bad_rows_are_left_out_and_counted_where_that_is_asked(tmp_path, ending):
    rows = [dict(row) for row in GOOD]
    rows[0]["text"] = LATIN_1
    rows[5]["label"] = 7
    rows[6]["label"] = -1  # without an answer: not bad
    path = write(tmp_path, ending, rows)
    records = opening.open_rows(source_toys.task(), str(tmp_path), "train", skip_bad_rows=True)
    assert (len(records), records.bad, records.dropped) == (15, 2, 1)
    assert [records.row_id(place) for place in (0, 3, 4)] == ["train/1", "train/4", "train/7"]
    assert [record["text"] for record in records][:2] == ["text 1", "text 2"]
    assert records.first_bad.startswith(f"task 'toy': {path}")
    assert "not UTF-8 in column 'text'" in records.first_bad
    held = opening.open_rows(source_toys.task(), str(tmp_path), "validation", skip_bad_rows=True)
    assert (len(held), held.bad, held.first_bad) == (2, 0, "")


def test_a_split_of_bad_rows_alone_is_empty(tmp_path):
    write(tmp_path, ".jsonl", [{"label": 0}] * 20)
    expected = (
        "is empty: .*, 0 of those without an answer, 18 cannot be read .the first: task 'toy'"
    )
    with pytest.raises(errors.UserError, match=expected):
        opening.open_rows(source_toys.task(), str(tmp_path), "train", skip_bad_rows=True)


@pytest.mark.parametrize(
    ("rows", "number", "wrong"),
    [
        (with_row_3(text=LATIN_1), 3, "not UTF-8 in column 'text' (byte 0xe9: "),
        (with_row_3(label=7), 3, "unknown label 7 in column 'label'; expected one of ['neg', 'po"),
        ([{"label": 0}] * 20, 0, "missing column 'text'; the row has the columns ['label']; use a"),
    ],
)
def test_a_bad_row_of_tfds_names_task_split_row_and_column(rows, number, wrong):
    where = "task 'toy': split 'train' of TFDS imdb_reviews/plain_text:1.0.0, row "
    with tfds_rows(rows), pytest.raises(errors.UserError) as caught:
        opening.open_rows(tfds_task(), "tfds", "train")[3]
    assert str(caught.value).startswith(f"{where}{number}: {wrong}")
    if number:
        with tfds_rows(rows):
            records = opening.open_rows(tfds_task(), "tfds", "train", skip_bad_rows=True)
        assert (len(records), records.bad) == (9, 1)


def test_an_empty_split_of_tfds_is_an_error_that_counts():
    with tfds_rows([]), pytest.raises(errors.UserError, match="'toy': split 'train' of --data tfd"):
        opening.open_rows(tfds_task(), "tfds", "train")


def test_a_file_of_tfds_that_is_cut_off_or_gone_is_told(tmp_path, monkeypatch):
    import tensorflow_datasets as tfds

    class SomeToy(tfds.core.GeneratorBasedBuilder):
        VERSION = tfds.core.Version("1.0.0")

        def _info(self):
            classes = tfds.features.ClassLabel(names=source_toys.NAMES)
            features = tfds.features.FeaturesDict({"text": tfds.features.Text(), "label": classes})
            return tfds.core.DatasetInfo(builder=self, features=features)

        def _split_generators(self, manager):
            return {"train": self._generate_examples()}

        def _generate_examples(self):
            yield from enumerate(GOOD)

    SomeToy(data_dir=tmp_path, file_format="array_record").download_and_prepare()
    for name in ("data_source", "builder"):
        monkeypatch.setattr(tfds, name, functools.partial(getattr(tfds, name), data_dir=tmp_path))
    task = source_toys.task(tfds=task_module.TfdsSource(name="some_toy:1.0.0"))
    assert len(opening.open_rows(task, "tfds", "train")) == 10
    (path,) = tmp_path.glob("some_toy/1.0.0/*array_record*")
    path.write_bytes(path.read_bytes()[:-20])
    expected = "task 'toy': split 'train' of TFDS some_toy:1.0.0, row .* a file of the dataset is d"
    for skip_bad_rows in (False, True):
        with pytest.raises(errors.UserError, match=expected):
            opening.open_rows(task, "tfds", "train", skip_bad_rows=skip_bad_rows)
    path.unlink()
    with pytest.raises(errors.UserError, match=expected):
        opening.open_rows(task, "tfds", "validation")


MISTAKES = {
    "NameError": lambda row: nobody_knows,  # noqa: F821
    "ZeroDivisionError": lambda row: 1 / 0,
    "AttributeError": lambda row: row.text,
    "ValueError": lambda row: int("three"),
    "KeyError": lambda row: {"no": 0}[row["label"]],
    "RecursionError": lambda row: MISTAKES["RecursionError"](row),
    "SystemExit": lambda row: sys.exit("bye"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("function", ["preprocess", "unusable"])
def test_whatever_a_users_function_raises_names_the_row_and_the_functions_line(
    tmp_path, mistake, function
):
    path = write(tmp_path, ".jsonl", with_row_3(label=mistake))

    def broken(row):
        if row["text"] == "text 3":
            return MISTAKES[mistake](row)
        return _as_it_is(row) if function == "preprocess" else False

    task = source_toys.task(label_columns={}, **{"preprocess": _as_it_is, function: broken})
    with pytest.raises(rows_module.BadRow) as caught:
        opening.open_rows(task, str(tmp_path), "train")[3]
    assert f"task 'toy': {path}:4: cannot read the row ({mistake}" in str(caught.value)
    assert re.search(rf", {__file__}, line \d+\); the row has the columns", str(caught.value))
    records = opening.open_rows(task, str(tmp_path), "train", skip_bad_rows=True)
    assert (records.bad, records.first_bad) == (1, caught.value.what)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    assert "train/3" not in [records.row_id(place) for place in range(len(records))]


def test_that_memory_is_out_or_the_user_stops_it_is_no_matter_of_a_row(tmp_path):
    write(tmp_path, ".jsonl", GOOD)
    for stop in (MemoryError, KeyboardInterrupt):

        def preprocess(row, stop=stop):
            raise stop

        with pytest.raises(stop):
            task = source_toys.task(preprocess=preprocess)
            opening.open_rows(task, str(tmp_path), "train", skip_bad_rows=True)


@pytest.mark.parametrize(
    ("record", "wrong"),
    [
        (None, "the record is None; expected a dict of its fields"),
        ({"text": None, "label": 0}, "field 'text' is None; expected text that is not empty"),
        ({"text": "\ud83d", "label": 0}, "field 'text' has half of a surrogate pair, '\\ud83d'"),
        ({"text": "a", "label": 2}, "label is 2; expected an index into ['no', 'yes']"),
    ],
)
def test_a_record_that_is_none_is_a_bad_row(tmp_path, record, wrong):
    path = write(tmp_path, ".jsonl", GOOD)

    def preprocess(row):
        return record if row["text"] == "text 3" else _as_it_is(row)

    task = source_toys.task(preprocess=preprocess)
    records = opening.open_rows(task, str(tmp_path), "train")
    with pytest.raises(rows_module.BadRow) as caught:
        records[3]
    assert str(caught.value).startswith(f"task 'toy': {path}:4: {wrong}")
    assert "; mend it, or leave such rows out" in str(caught.value)
    records = opening.open_rows(task, str(tmp_path), "train", skip_bad_rows=True)
    assert (len(records), records.bad) == (17, 1)


def test_half_a_surrogate_pair_in_what_is_told_can_be_printed(tmp_path):
    write(tmp_path, ".jsonl", with_row_3(label="\ud83d"))

    def preprocess(row):
        raise ValueError(f"unknown {row['label']}")

    with pytest.raises(rows_module.BadRow) as caught:
        opening.open_rows(source_toys.task(preprocess=preprocess), str(tmp_path), "train")[3]
    str(caught.value).encode("utf-8")


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        (lambda split: None, r"Task.rows\('train'\) returns None; expected a list of rows"),
        (lambda split: "rows", r"Task.rows\('train'\) returns 'rows'; expected a list of rows"),
        (lambda split: iter([{}]), "returns <list_iterator object .*; expected a list of rows"),
        (lambda split: {"text": ["a"]}, "returns {'text': .*; expected a list of rows"),
        (lambda split: nobody_knows, rf"raises NameError: .* \({__file__}, line \d+\); mend it"),  # noqa: F821
        (lambda: [], r"Task.rows\('train'\) raises TypeError: "),
        (
            lambda split: [None],
            "split 'train' of Task.rows, row 0: the row is None; expected its c",
        ),
    ],
)
def test_rows_in_code_that_are_none_are_one_clear_error(rows, wrong):
    task = source_toys.task(rows=rows)
    with pytest.raises(errors.UserError, match=f"task 'toy': .*{wrong}"):
        opening.open_rows(task, "embedded", "train")


def test_rows_in_code_need_a_preprocess_function_too():
    task = source_toys.task(rows=lambda split: GOOD, preprocess=None)
    with pytest.raises(errors.UserError, match="it has no preprocess function"):
        opening.open_rows(task, "embedded", "train")


def test_a_file_that_cannot_be_read_any_more_is_more_than_a_bad_row(tmp_path, monkeypatch):
    path = write(tmp_path, ".jsonl", GOOD)

    def gone(self, index):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(folder.FolderRows, "__getitem__", gone)
    with pytest.raises(errors.UserError, match=f"task 'toy': {path}:1: OSError: .*Input/output"):
        opening.open_rows(source_toys.task(), str(tmp_path), "train", skip_bad_rows=True)


def test_a_mark_in_a_row_that_cannot_be_read_does_not_stop_the_search_for_marks(tmp_path):
    task = source_toys.task(unlabelled={"text": ""})
    for ending in ENDINGS:
        rows = with_row_3(text=LATIN_1)
        rows[4]["text"] = ""
        path = write(tmp_path, ending, rows)
        records = opening.open_rows(task, str(tmp_path), "train", skip_bad_rows=True)
        assert (len(records), records.bad, records.dropped) == (16, 1, 1)
        path.unlink()


def _as_it_is(row):
    return {"text": row["text"], "label": 0}


def tfds_task():
    names = ("neg", "pos")
    return source_toys.task(
        names, tfds=task_module.TfdsSource(name="imdb_reviews/plain_text:1.0.0")
    )


def tfds_rows(rows):
    """Makes TFDS serve the rows as it decodes them, text as bytes."""
    import tensorflow_datasets as tfds

    encoded = [
        {key: value.encode() if isinstance(value, str) else value for key, value in row.items()}
        for row in rows
    ]
    return tfds.testing.mock_data(as_data_source_fn=lambda *_, **__: encoded)


def _line(row):
    line = json.dumps({**row, "text": "HERE"} if isinstance(row.get("text"), bytes) else row)
    return re.sub(b"HERE", lambda _: row["text"], line.encode())
