"""The made-up tasks that the benchmark of the pipeline feeds on."""

import pathlib

import pytest

import task_registry
from flanlike.mixtures import compose
from flanlike.prompts import stream

BENCH = pathlib.Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture
def synthetic(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(BENCH))
    import synthetic

    monkeypatch.setattr(synthetic, "ROWS", 2)
    monkeypatch.setattr(synthetic, "_CARVED", 1)
    return synthetic


def test_every_synthetic_task_reads_the_rows_that_were_written_for_it(synthetic, tmp_path):
    tasks = len(task_registry.TASKS)
    synthetic.write_templates(tmp_path, tasks)
    synthetic.write_rows(tmp_path, tasks)

    found = synthetic.build_registry(tasks, tmp_path)

    composition = synthetic.compose(found, synthetic.MIXTURE, str(tmp_path))
    assert len(composition.tasks) == tasks


def test_the_mixture_of_made_up_collections_has_as_many_tasks_as_wanted(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(BENCH))
    import synthetic_collections as collections

    monkeypatch.setattr(collections, "ROWS", 3)
    monkeypatch.setattr(collections, "P3_PROMPTS", 8)
    collections.write(tmp_path, 100)
    found = collections.build_registry().at(str(tmp_path))
    composition = compose.compose(found.mixture("flan2022"), found, str(tmp_path))
    assert (len(composition.tasks), len(composition.evaluation)) == (100, 1)
    prompts = stream.Prompts(composition, found, data=str(tmp_path), seed=0)
    assert len({prompts[index].provenance.source for index in range(50)}) == 1
