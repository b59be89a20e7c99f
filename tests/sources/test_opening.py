import gzip
import importlib.util
import pathlib
import pickle
import subprocess
import sys

import pytest
import source_toys

from flanlike import errors
from flanlike.sources import hub, opening
from flanlike.sources import rows as rows_module
from flanlike.tasks import task as task_module

NAMES, _task = source_toys.NAMES, source_toys.task
ROWS = [{"text": f"text {number}", "label": number % 2} for number in range(40)]


def test_a_folder_carves_validation_from_the_tail_of_train(tmp_path):
    source_toys.write_folder(tmp_path, "toy", train=ROWS, validation=ROWS[:5])
    train, validation, test = _opened(tmp_path)
    assert (len(train), len(validation), len(test)) == (36, 4, 5)
    assert [train.row_id(35), validation.row_id(0), test.row_id(0)] == [
        "train/35",
        "train/36",
        "validation/0",
    ]
    assert train[1] == {"text": "text 1", "label": 1}
    assert validation[3] == {"text": "text 39", "label": 1}
    assert (train.source, train.split, train.official_split) == ("folder", "train", "train")


def test_a_folder_of_2000_rows_or_more_keeps_200_for_validation(tmp_path):
    source_toys.write_folder(tmp_path, "toy", train=ROWS * 50)
    assert [len(_open(tmp_path, split)) for split in ("train", "validation")] == [1800, 200]


def test_a_folder_prefers_its_test_file(tmp_path):
    source_toys.write_folder(tmp_path, "toy", train=ROWS, validation=ROWS, test=ROWS[:3])
    assert (len(_open(tmp_path, "test")), _open(tmp_path, "test").row_id(0)) == (3, "test/0")


def test_label_names_of_the_manifest_overrule_the_order_of_the_task(tmp_path):
    train = [{"text": "a", "label": 0}] * 10
    source_toys.write_folder(tmp_path, "toy", manifest=("label", ["yes", "no"]), train=train)
    assert _open(tmp_path)[0]["label"] == 1


def test_rows_without_an_answer_are_dropped_and_counted(tmp_path):
    train = [{"text": f"-1 is {number}", "label": number % 3 - 1} for number in range(30)]
    source_toys.write_folder(tmp_path, "toy", train=train)
    records = _open(tmp_path)
    assert (len(records), records.dropped) == (18, 9)
    assert [records[0]["text"], records.row_id(0)] == ["-1 is 1", "train/1"]


def test_rows_that_the_task_calls_unusable_are_dropped_and_counted(tmp_path):
    source_toys.write_folder(tmp_path, "toy", train=ROWS)

    def is_short(row):
        return len(row["text"]) < 7

    records = opening.open_rows(_task(unusable=is_short), str(tmp_path), "train")
    assert (len(records), records.dropped, records.row_id(0)) == (26, 10, "train/10")


def test_gzip_and_parquet_hold_the_same_records(tmp_path):
    import datasets

    for name in ("a", "b", "c"):
        (tmp_path / name / "toy").mkdir(parents=True)
    source_toys.write_folder(tmp_path / "a", "toy", train=ROWS)
    plain = tmp_path / "a" / "toy" / "train.jsonl"
    (tmp_path / "b/toy/train.jsonl.gz").write_bytes(gzip.compress(plain.read_bytes()))
    datasets.Dataset.from_list(ROWS).to_parquet(tmp_path / "c/toy/train.parquet")
    first, second, third = (list(_open(tmp_path / name)) for name in ("a", "b", "c"))
    assert first == second == third


def test_folder_records_pickle_without_their_lines(tmp_path):
    source_toys.write_folder(tmp_path, "toy", train=ROWS * 50)
    records = _open(tmp_path)
    content = pickle.dumps(records)
    assert len(content) < 3000
    assert pickle.loads(content)[7] == records[7]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"text": "a", "label": 0', r"train.jsonl:1: invalid JSON .* expected one object a line"),
        (b'["text"]', r"train.jsonl:1: expected one JSON object a line"),
        (b'{"text": "\xff", "label": 0}', r"train.jsonl:1: not UTF-8 in column 'text' .*; mend it"),
        (b'{"label": 0}', r"train.jsonl:1: missing column 'text'; the row has .*rename yours"),
        (b'{"text": "a", "label": "maybe"}', r"'toy': .*:1: unknown label 'maybe' in column"),
        (b'{"text": "a", "label": 7}', r":1: unknown label 7 in column 'label'; expected one of"),
        (b'{"text": null, "label": 0}', r"column 'text' is None; expected text"),
        (b"", r"train.jsonl: the file is empty"),
    ],
)
def test_a_bad_first_row_is_an_error_on_opening(tmp_path, line, message):
    source_toys.write_folder(tmp_path, "toy", train=line)
    with pytest.raises(errors.UserError, match=message):
        _open(tmp_path, "validation" if not line else "train")


def test_a_bad_later_row_names_its_line(tmp_path):
    good = b'{"text": "a", "label": 0}\n'
    source_toys.write_folder(tmp_path, "toy", train=good * 20 + b"{]\n" + good * 20)
    records = _open(tmp_path)
    with pytest.raises(errors.UserError, match=r"train.jsonl:21: invalid JSON"):
        records[20]


def test_damaged_files_are_named(tmp_path):
    (tmp_path / "toy").mkdir()
    path = tmp_path / "toy" / "train.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"text": "a"}\n' * 999)[:-9])
    with pytest.raises(errors.UserError, match=r"train.jsonl.gz: truncated or damaged gzip"):
        _open(tmp_path)
    path.rename(tmp_path / "toy" / "train.parquet")
    with pytest.raises(errors.UserError, match=r"train.parquet: not a readable Parquet file"):
        _open(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(errors.UserError, match=r"manifest.json: invalid JSON"):
        _open(tmp_path)


def test_two_files_for_one_split_are_an_error(tmp_path):
    source_toys.write_folder(tmp_path, "toy", train=ROWS)
    (tmp_path / "toy" / "train.parquet").write_bytes(b"")
    with pytest.raises(errors.UserError, match="has train.jsonl and train.parquet"):
        _open(tmp_path)


def test_an_empty_split_is_an_error_that_counts(tmp_path):
    source_toys.write_folder(tmp_path, "toy", train=[{"text": "a", "label": -1}] * 10)
    with pytest.raises(errors.UserError, match="empty: .* 10 rows, 9 of them for 'train', 9 of"):
        _open(tmp_path)


def test_a_missing_test_file_is_an_error(tmp_path):
    source_toys.write_folder(tmp_path, "toy", train=ROWS)
    expected = "no test.jsonl .* and no validation.jsonl .* that 'test' could be of .it has train"
    with pytest.raises(errors.UserError, match=expected):
        _open(tmp_path, "test")


def test_a_task_without_a_training_split_has_no_train_rows_in_a_folder(tmp_path):
    only_tested = _task(splits={"test": "test"})
    source_toys.write_folder(tmp_path, "toy", test=ROWS[:3])
    assert len(opening.open_rows(only_tested, str(tmp_path), "test")) == 3
    for split in ("train", "validation"):
        with pytest.raises(errors.UserError, match=r"toy' has no train\.jsonl or .* that"):
            opening.open_rows(only_tested, str(tmp_path), split)


def test_a_folder_without_a_train_file_has_rows_to_evaluate_on_alone(tmp_path):
    source_toys.write_folder(tmp_path, "toy", test=ROWS[:3])
    assert opening.availability(_task(), str(tmp_path)) is None
    assert "has no train.jsonl" in opening.lacks_training(_task(), str(tmp_path))
    assert len(_open(tmp_path, "test")) == 3
    for split, has in (("train", "test"), ("validation", "test")):
        with pytest.raises(errors.UserError, match=f"{split}' could be of .it has {has}.jsonl"):
            _open(tmp_path, split)
    source_toys.write_folder(tmp_path, "toy", validation=ROWS[:2])
    opened = {split: _open(tmp_path, split) for split in ("test", "validation")}
    assert {split: records.row_id(0) for split, records in opened.items()} == {
        "test": "test/0",
        "validation": "validation/0",
    }


def test_a_folder_of_validation_rows_alone_is_tested_on_these(tmp_path):
    source_toys.write_folder(tmp_path, "toy", validation=ROWS[:2])
    assert [_open(tmp_path, split).row_id(0) for split in ("test", "validation")] == [
        "validation/0"
    ] * 2
    source_toys.write_folder(tmp_path, "toy", train=ROWS)
    assert opening.lacks_training(_task(), str(tmp_path)) is None


def test_availability_gives_the_reason(tmp_path):
    toy = _task()
    assert opening.availability(_task(is_microworld_only=True), "hub").startswith("it exists in")
    assert opening.availability(toy, "hub") == "no repository on the hub is known for it"
    assert opening.availability(toy, "tfds") == "TensorFlow Datasets has no builder for it"
    assert "no generator 'toy'" in opening.availability(toy, "embedded")
    assert "is not a folder" in opening.availability(toy, "hubb")
    lacking = [opening.availability(t, str(tmp_path)) for t in (toy, _task(name="other"))]
    assert lacking[0] == lacking[1]  # so that an error over many tasks says it once
    assert lacking[0].startswith(f"its folder in {str(tmp_path)!r} has no train.jsonl or")
    with pytest.raises(errors.UserError, match="task 'toy' is not in --data hub: no repository"):
        opening.open_rows(toy, "hub", "train")
    with pytest.raises(errors.UserError, match="unknown split 'dev'"):
        opening.open_rows(toy, "hub", "dev")


def test_a_missing_package_is_a_reason_with_the_remedy(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    hub = _task(hub=task_module.HubSource(repo="a/b"))
    tfds = _task(tfds=task_module.TfdsSource(name="rte"))
    assert "pip install 'flanlike[hub]'" in opening.availability(hub, "hub")
    assert "pip install 'flanlike[tfds]'" in opening.availability(tfds, "tfds")


def test_the_hub_carves_drops_and_maps_labels_by_name(tmp_path, monkeypatch):
    task = _task(hub=task_module.HubSource(repo="some/toy", config="plain"))
    train = [{"text": f"text {number}", "label": number % 3 - 1} for number in range(30)]
    _write_hub(tmp_path, monkeypatch, task, train, {"label": ["yes", "no"]})
    monkeypatch.setenv(hub.ROOT, str(tmp_path))
    records = opening.open_rows(task, "hub", "train")
    assert (len(records), records.dropped) == (13, 7)
    assert records[0] == {"text": "text 1", "label": 1}  # class 0, which this copy calls "yes"
    assert records.row_id(12) == "train/19"
    validation = opening.open_rows(task, "hub", "validation")
    assert [validation.row_id(index) for index in (0, 6)] == ["train/20", "train/29"]
    assert validation[0] == {"text": "text 20", "label": 0}


def test_a_sorted_repository_is_shuffled_before_it_is_carved(tmp_path, monkeypatch):
    task = _task(hub=task_module.HubSource(repo="some/toy", is_sorted=True))
    train = [{"text": f"text {number}", "label": number // 50} for number in range(100)]
    _write_hub(tmp_path, monkeypatch, task, train, {"label": NAMES})
    parts = [
        [record["text"] for record in opening.open_rows(task, "hub", split, hub_root=str(tmp_path))]
        for split in ("train", "validation")
    ]
    assert sorted(sum(parts, [])) == sorted(row["text"] for row in train)
    labels = [
        record["label"]
        for record in opening.open_rows(task, "hub", "validation", hub_root=str(tmp_path))
    ]
    assert set(labels) == {0, 1}


def test_a_converted_branch_keeps_challenge_rows_out_of_train(tmp_path, monkeypatch):
    hub = task_module.HubSource(repo="some/toy", revision="refs/convert/parquet", data_dir="en")
    task = _task(hub=hub)
    _write_hub(tmp_path, monkeypatch, task, ROWS, {"label": NAMES})
    source_toys.write_hub(tmp_path, task, "challenge_train_sample", ROWS, {"label": NAMES})
    assert len(opening.open_rows(task, "hub", "train", hub_root=str(tmp_path))) == 30


def test_an_unknown_class_name_on_the_hub_names_split_row_and_column(tmp_path, monkeypatch):
    task = _task(hub=task_module.HubSource(repo="some/toy"))
    _write_hub(tmp_path, monkeypatch, task, ROWS, {"label": ["no", "maybe"]})
    records = opening.open_rows(task, "hub", "train", hub_root=str(tmp_path))
    expected = "split 'train' of the hub's some/toy, row 1: unknown label 'maybe' in column 'label'"
    with pytest.raises(errors.UserError, match=expected):
        records[1]


def test_a_hub_split_that_is_not_there_is_one_clear_error(tmp_path, monkeypatch):
    task = _task(hub=task_module.HubSource(repo="some/toy"))
    _write_hub(tmp_path, monkeypatch, task, ROWS, {})
    with pytest.raises(errors.UserError, match=r"the hub's some/toy .*split 'test'\) could not be"):
        opening.open_rows(task, "hub", "test", hub_root=str(tmp_path))
    with pytest.raises(errors.UserError, match="stand-in for the hub has no folder"):
        opening.open_rows(task, "hub", "test", hub_root=str(tmp_path / "elsewhere"))


def test_tfds_rows_carve_and_map_by_the_builders_own_names():
    import tensorflow_datasets as tfds

    task = _task(
        tfds=task_module.TfdsSource(name="imdb_reviews/plain_text:1.0.0"), names=("pos", "neg")
    )
    with tfds.testing.mock_data(num_examples=40):
        train, validation = (opening.open_rows(task, "tfds", s) for s in ("train", "validation"))
        assert (len(train), len(validation), train.source) == (30, 10, "tfds")
        assert validation.row_id(0) == "train/30"
        assert {record["label"] for record in train} == {0, 1}
        assert all(isinstance(record["text"], str) for record in train)


def test_a_tfds_builder_that_cannot_be_made_is_one_clear_error():
    task = _task(tfds=task_module.TfdsSource(name="no_such_dataset:1.0.0"))
    with pytest.raises(errors.UserError, match=r"TFDS 'no_such_dataset:1.0.0' .*could not be loa"):
        opening.open_rows(task, "tfds", "train")


def test_embedded_rows_are_records_by_random_access():
    task = _task(microworld="rte")
    records = opening.open_rows(task, "embedded", "test")
    assert records[5] == records[5] != records[6]
    assert (records.source, records.row_id(5), records.dropped) == ("embedded", "test/5", 0)
    with pytest.raises(IndexError):
        records[len(records)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("train", ("train", slice(None))),
        ("train[:-200]", ("train", slice(None, -200))),
        ("train[-200:]", ("train", slice(-200, None))),
        ("train_xl[5:30]", ("train_xl", slice(5, 30))),
    ],
)
def test_carve(expression, expected):
    assert rows_module.carve(expression, what="toy") == expected


def test_carve_rejects_what_it_cannot_read():
    with pytest.raises(errors.UserError, match=r"toy: cannot read the split 'train\[:10%\]'"):
        rows_module.carve("train[:10%]", what="toy")


def test_rows_of_any_keys_have_a_hash():
    rows = [{"text": "a", 5: "b"}, {"text": "a", None: [1]}]
    assert len({rows_module.hash_of_rows([row]) for row in rows}) == 2
    assert rows_module.hash_of_rows([{5: "b", "text": "a"}]) == rows_module.hash_of_rows(rows[:1])
    circle = {"text": "a"}
    circle["more"] = circle
    assert rows_module.hash_of_rows([circle]) == rows_module.hash_of_rows([circle])


def test_named():
    assert [rows_module.named(value, NAMES) for value in (0, 1, -1, 2, "yes", None, True)] == [
        "no",
        "yes",
        -1,
        2,
        "yes",
        None,
        True,
    ]


def test_the_folder_path_imports_no_heavy_library(tmp_path):
    source_toys.write_folder(
        tmp_path, "rte", train=[{"premise": "a", "hypothesis": "b", "label": 0}] * 9
    )
    script = (
        "import sys; from flanlike.sources import opening; from task_registry import nli\n"
        f"opening.open_rows(nli.rte(), {str(tmp_path)!r}, 'train')[0]\n"
        "heavy = {'jax', 'datasets', 'tensorflow', 'pyarrow', 'torch'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    root = pathlib.Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", script], check=True, cwd=root)


def _open(root, split="train"):
    return opening.open_rows(_task(), str(root), split)


def _opened(root):
    return [_open(root, split) for split in rows_module.SPLITS]


def _write_hub(root, monkeypatch, task, train, names):
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", root / "cache")
    source_toys.write_hub(root, task, "train", train, names)


def test_a_bad_row_from_code_says_that_the_code_has_to_be_mended():
    task = _task(rows=lambda split: [{"text": "a", "label": "yes"}, {"text": split, "label": 1}])
    records = opening.open_rows(task, "embedded", "test")
    with pytest.raises(errors.UserError, match="'test' of Task.rows, row 1: .*; mend what it"):
        records[1]
