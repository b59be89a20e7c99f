import importlib
import pathlib
import pkgutil
import subprocess
import sys

import benchmark_toys
import pytest
import source_toys
import task_rows

import task_registry
from flanlike import errors
from flanlike.sources import opening
from flanlike.sources import rows as rows_module
from flanlike.tasks import task as task_module

BUILDERS = [
    builder
    for module in pkgutil.iter_modules(task_registry.__path__)
    for builder in getattr(importlib.import_module(f"task_registry.{module.name}"), "TASKS", ())
]
TASKS = {builder.__name__: builder() for builder in BUILDERS}
WITH_DATASET = sorted(name for name, task in TASKS.items() if not task.is_microworld_only)
WITH_HUB = benchmark_toys.one_a_shape(sorted(name for name, task in TASKS.items() if task.hub))
WITH_TFDS = sorted(name for name, task in TASKS.items() if task.tfds)
EMBEDDED = benchmark_toys.one_a_shape(
    sorted(name for name, task in TASKS.items() if task.microworld)
)
BENCHMARKS = [name for name, task in TASKS.items() if task.cluster in task_module.BENCHMARKS]
TEST_ONLY = ["wsc273", *(name for name in BENCHMARKS if name.startswith("bbh_"))]
EVALUATED = [name for name, task in TASKS.items() if task.is_evaluation_only]


def test_every_builder_is_named_like_its_task_and_its_docstring_shows_a_row():
    assert sorted(builder.__name__ for builder in BUILDERS) == sorted(
        task_registry.registry().task_names
    )
    for builder in BUILDERS:
        name, task = builder.__name__, TASKS[builder.__name__]
        assert task.name == name
        assert task.is_microworld_only or '{"' in builder.__doc__, name
        assert task.cluster in task_module.CLUSTERS
        assert task.licence
        assert task.homepage.startswith("http") or task.is_microworld_only
    assert sorted(task_rows.LAYOUTS) == WITH_DATASET


@pytest.mark.parametrize("name", [name for name in WITH_DATASET if name not in EVALUATED])
def test_splits_are_flan_carve_outs_of_official_splits(name):
    splits = TASKS[name].splits
    assert set(splits) == {"train", "validation", "test"}
    train, held = (rows_module.carve(splits[split], what=name) for split in ("train", "validation"))
    thousand = range(1000)
    if train[0] == held[0]:
        assert not set(thousand[train[1]]) & set(thousand[held[1]])
    test = rows_module.carve(splits["test"], what=name)
    if {train[0], held[0]} & {test[0]}:  # there is no split that would be a test by itself
        used = [*range(100_000)]
        assert not set(used[test[1]]) & {*used[train[1]], *used[held[1]]}
    else:
        assert test[1] == slice(None)


@pytest.mark.parametrize("name", TEST_ONLY)
def test_what_is_for_tests_alone_has_no_other_split(name):
    assert TASKS[name].splits == {"test": "test"}
    with pytest.raises(errors.UserError, match="declares no split 'train' for --data hub"):
        opening.open_rows(TASKS[name], "hub", "train")


@pytest.mark.parametrize("name", WITH_DATASET)
def test_a_folder_row_gives_the_literal_record(name, tmp_path):
    layouts = task_rows.LAYOUTS[name]
    rows = [layouts.folder]
    owner = TASKS[name].owner
    source_toys.write_folder(tmp_path, owner, manifest=layouts.manifest, train=rows, test=rows)
    records = opening.open_rows(TASKS[name], str(tmp_path), "test")
    assert [records[0]] == [dict(layouts.record)]
    file = (TASKS[name].rows_of and TASKS[name].rows_of.file) or "test"
    assert (len(records), records.row_id(0), records.source) == (1, f"{file}/0", "folder")


@pytest.mark.parametrize("name", WITH_HUB)
def test_a_hub_row_gives_the_literal_record(name, tmp_path, monkeypatch):
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    layouts = task_rows.LAYOUTS[name]
    task = TASKS[name]
    official, _ = rows_module.carve(task.splits["test"], what=name)
    split = task.hub.split_names.get(official, official)
    source_toys.write_hub(tmp_path, task, split, [layouts.hub], layouts.names)
    records = opening.open_rows(task, "hub", "test", hub_root=str(tmp_path))
    assert [records[0]] == [dict(layouts.hub_record or layouts.record)]
    assert (len(records), records.source) == (1, "hub")


@pytest.mark.parametrize("name", EMBEDDED)
def test_an_embedded_record_has_the_fields_and_answers_of_the_task(name):
    task = TASKS[name]
    records = opening.open_rows(task, "embedded", "validation")
    for index in range(20):
        record = records[index]
        assert set(task.fields) <= set(record)
        assert all(isinstance(record[field], str) and record[field] for field in task.fields)
        match task.answers:
            case task_module.Labels(names=names):
                assert 0 <= record["label"] < len(names)
            case task_module.Choices():
                assert 0 <= record["label"] < len(record["options"])
                assert len(set(record["options"])) == len(record["options"])
            case _:
                assert record["references"]


def test_importing_the_tasks_loads_no_heavy_library():
    script = (
        "import sys\n"
        "import task_registry\n"
        "heavy = {'jax', 'datasets', 'tensorflow', 'pyarrow', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run(
        [sys.executable, "-c", script], check=True, cwd=pathlib.Path(__file__).parents[2]
    )
