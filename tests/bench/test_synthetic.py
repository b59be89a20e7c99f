"""The made-up tasks that the benchmark of the pipeline feeds on."""

import pathlib

import pytest

import task_registry

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
