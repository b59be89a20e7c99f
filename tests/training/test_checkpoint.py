"""Checkpoints give back exactly what was saved."""

import errno
import json
import shutil
from types import SimpleNamespace

import jax
import numpy as np
import orbax.checkpoint as ocp
import pytest
import training_toys
from grain import checkpoint as grain_checkpoint

from flanlike import config
from flanlike.training import checkpoint, loop, optim


def assert_same(a, b):
    jax.tree.map(lambda x, y: np.testing.assert_array_equal(x, y), a, b)


def setup(seed=0):
    model = training_toys.model(seed)
    optimizer = optim.build(config.OptimConfig(weight_decay=0.1), 10)
    schedule = optim.schedule(config.OptimConfig(), 10)
    return model, loop.init_state(model, optimizer), optimizer, schedule


def test_state_and_data_come_back_as_saved(tmp_path):
    model, state, optimizer, schedule = setup()
    step = loop.make_train_step(model, optimizer, schedule)
    batches = training_toys.stream()
    checkpoints = checkpoint.Checkpoints(tmp_path, keep=2)
    for index in range(1, 5):
        state, _ = step(state, next(batches))
        saved = jax.device_get(state)
        checkpoints.save(index, state, batches, {"seed": 7})
    # The next step donates the saved arrays while they are perhaps still being written.
    expected_next = next(batches)
    step(state, expected_next)
    checkpoints.wait()
    checkpoints.close()

    _, fresh, _, _ = setup(seed=1)
    new_batches = training_toys.stream()
    reopened = checkpoint.Checkpoints(tmp_path, keep=2)
    assert reopened.latest_step == 4
    restored = reopened.restore_latest(fresh, new_batches)
    assert_same(restored, saved)
    assert_same(next(new_batches), expected_next)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3", "4"]  # keep 2
    assert json.loads((tmp_path / "4/config/metadata").read_text()) == {"seed": 7}


def test_data_saved_by_grain_itself_is_read(tmp_path):
    """As runs did before one file held the data of all processes."""
    _, state, _, _ = setup()
    batches = training_toys.stream()
    next(batches)
    with ocp.CheckpointManager(tmp_path) as manager:
        items = {
            "state": ocp.args.StandardSave(state),
            "data": grain_checkpoint.CheckpointSave(batches),
            "config": ocp.args.JsonSave({}),
        }
        manager.save(1, args=ocp.args.Composite(**items))
    assert (tmp_path / "1/data/process_0-of-1.json").is_file()
    resumed = training_toys.stream()
    checkpoint.Checkpoints(tmp_path, keep=1).restore_latest(state, resumed)
    assert_same(next(resumed), next(batches))


def test_an_empty_folder_restores_nothing(tmp_path):
    _, state, _, _ = setup()
    assert checkpoint.Checkpoints(tmp_path, keep=1).restore_latest(state) is None


def test_a_full_disk_is_noticed_before_writing(tmp_path, monkeypatch):
    _, state, _, _ = setup()
    checkpoints = checkpoint.Checkpoints(tmp_path, keep=1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(OSError, match="1,000 are free") as raised:
        checkpoints.save(1, state, training_toys.stream(), {})
    assert raised.value.errno == errno.ENOSPC
    assert list(tmp_path.iterdir()) == []


def test_folders_of_a_run_are_not_taken_for_each_other_by_its_processes(tmp_path, monkeypatch):
    """Processes meet by names; both folders may be written to in the background at one step."""
    asked = []
    monkeypatch.setattr(ocp, "CheckpointManager", lambda _, options: asked.append(options))
    for name in ("checkpoints", "best"):
        checkpoint.Checkpoints(tmp_path / name)
    names = [options.multiprocessing_options.barrier_sync_key_prefix for options in asked]
    assert names == ["checkpoints", "best"]
