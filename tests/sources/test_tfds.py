"""`tfds.data_source` of the real builders over made-up rows, for every task with a TFDS source."""

import json

import pytest
import source_toys
import task_rows
import template_toys
import training_toys

import task_registry
import train
from flanlike import errors, jsonl
from flanlike.models import presets
from flanlike.sources import opening

REGISTRY = task_registry.registry()
WITH_TFDS = [name for name in REGISTRY.task_names if REGISTRY.task(name).tfds]


@pytest.mark.parametrize("name", WITH_TFDS)
def test_a_builders_rows_end_in_the_literal_record_and_its_prompts(name):
    task, layouts, templates = (
        REGISTRY.task(name),
        task_rows.LAYOUTS[name],
        REGISTRY.templates(name),
    )
    counts = source_toys.official_splits(task)
    with source_toys.tfds_rows([layouts.tfds] * max(counts.values())):
        for split in task.splits:
            records = opening.open_rows(task, "tfds", split)
            assert [records[0]] == [dict(layouts.tfds_record or layouts.record)]
            assert (len(records) > 0, records.source) == (True, "tfds")
    prompts = template_toys.rendered(task, templates, records)
    assert len(prompts) == len(templates.forward) + len(templates.cot) > 0
    assert all(inputs and targets for inputs, targets in prompts)


@pytest.mark.parametrize("name", WITH_TFDS)
def test_random_rows_of_the_schema_are_records_or_one_clear_error(name):
    import tensorflow_datasets as tfds

    task = REGISTRY.task(name)
    count = max(source_toys.official_splits(task).values())
    with tfds.testing.mock_data(num_examples=count, num_sub_examples=2):
        try:
            records = opening.open_rows(task, "tfds", "test", skip_bad_rows=True)
        except errors.UserError as error:  # GSM8K's random answers, say, have no number in them
            # Nor have random texts the two names that a pair's have.
            why = "of those without an answer" if task.unusable else "read (the first: task "
            assert why in str(error)
        else:
            assert set(task.fields) <= set(records[len(records) - 1])


def test_train_takes_its_rows_from_tfds(tmp_path, monkeypatch):
    import tensorflow_datasets as tfds

    monkeypatch.setitem(presets.PRESETS, "tiny", training_toys.MODEL)
    monkeypatch.setattr(train, "VOCABULARY_PROMPTS", 200)
    names = ("rte", "sst2", "trec", "squad_v1", "common_gen")
    flags = training_toys.some_mixture(tmp_path, *names)
    out = tmp_path / "run"
    with tfds.testing.mock_data(num_examples=210, num_sub_examples=2):
        train.main([*flags, "--data", "tfds", "--hold-out", "nli", "--out", str(out)])
    assert len(list(jsonl.read(out / "metrics.jsonl"))) == 2
    composition = json.loads((out / "composition.json").read_text())
    assert {task["task"] for task in composition["tasks"]} == set(names) - {"rte"}
    result = next(jsonl.read(out / "eval/2/results.jsonl"))
    assert (result["data"], result["task"]) == ("tfds", "rte")


def test_a_builder_finds_the_files_of_its_package():
    """Mocked data needs none of them, but a download does: checksums, and manual instructions."""
    import tensorflow_datasets as tfds

    assert tfds.builder_cls("squad").url_infos
