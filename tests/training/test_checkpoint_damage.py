"""A damaged checkpoint is never taken for a sound one: the one before it is read, in one line."""

import json
import logging
import pathlib
import shutil

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import training_toys

from flanlike import config, errors
from flanlike.training import bare_model, checkpoint, loop, optim

ARRAYS = "state/ocdbt.process_0/d"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A folder with steps 2 and 4, and the two states."""
    folder = tmp_path_factory.mktemp("saved") / "checkpoints"
    optimizer = optim.build(config.OptimConfig(weight_decay=0.1), 10)
    state = loop.init_state(training_toys.model(), optimizer)
    batches = training_toys.stream()
    states = {}
    checkpoints = checkpoint.Checkpoints(folder)
    for step in (2, 4):
        next(batches)
        state = jax.tree.map(lambda leaf: leaf + 1, state)
        states[step] = jax.device_get(state)
        checkpoints.save(step, state, batches, {"seed": 7})
    checkpoints.close()
    return folder, states


@pytest.fixture
def run(saved, tmp_path):
    shutil.copytree(saved[0], tmp_path / "run" / "checkpoints")
    return tmp_path / "run" / "checkpoints"


def restore(folder, states):
    """Returns which state the folder gives back, and the position of its data."""
    batches = training_toys.stream()
    zeros = jax.tree.map(jnp.zeros_like, states[2])
    restored = checkpoint.Checkpoints(folder).restore_latest(zeros, batches)
    return [step for step, state in states.items() if same(restored, state)], batches.get_state()


def same(a, b):
    return all(jax.tree.leaves(jax.tree.map(np.array_equal, a, b)))


def each(damage, step: pathlib.Path) -> None:
    """Damages all files of arrays: some of them hold what later ones took the place of."""
    for file in [*(step / ARRAYS).iterdir(), *(step / "state/d").iterdir()]:
        damage(file)


def cut(file: pathlib.Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def empty(file: pathlib.Path) -> None:
    file.write_bytes(b"")


def flip(file: pathlib.Path) -> None:
    """Flips all bits of sixteen bytes in the middle of a file."""
    content = np.fromfile(file, np.uint8)
    middle = len(content) // 2
    content[middle : middle + 16] ^= 0xFF
    content.tofile(file)


def emptied(folder: pathlib.Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def change_number(file: pathlib.Path) -> None:
    """Damage that is JSON still: another position of the data, another digest."""
    text = file.read_text()
    at = max(text.rfind(digit) for digit in "0123456789")
    file.write_text(f"{text[:at]}{(int(text[at]) + 1) % 10}{text[at + 1 :]}")


DAMAGES = {
    "files cut short": lambda step: each(cut, step),
    "flipped bytes": lambda step: each(flip, step),
    "empty files": lambda step: each(empty, step),
    "missing files": lambda step: each(pathlib.Path.unlink, step),
    "arrays emptied": lambda step: emptied(step / ARRAYS),
    "the state emptied": lambda step: emptied(step / "state"),
    "the state missing": lambda step: shutil.rmtree(step / "state"),
    "all emptied": emptied,
    "the tree's metadata": lambda step: cut(step / "state/_METADATA"),
    "the database's manifest": lambda step: empty(step / "state/manifest.ocdbt"),
    "an array's metadata": lambda step: flip(step / "state/array_metadatas/process_0"),
    "the step's metadata": lambda step: cut(step / "_CHECKPOINT_METADATA"),
    "no position of the data": lambda step: cut(step / "data/metadata"),
    "another position of the data": lambda step: change_number(step / "data/metadata"),
    "another configuration": lambda step: change_number(step / "config/metadata"),
    "another digest": lambda step: change_number(step / "digests/metadata"),
    "no digests": lambda step: shutil.rmtree(step / "digests"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_gives_way_to_the_sound_one_before_it(saved, run, damage, capfd):
    DAMAGES[damage](run / "4")
    found, position = restore(run, saved[1])
    assert found == [2] and position == {"next_index": 1}
    told = capfd.readouterr().err.splitlines()
    assert len(told) == 1 and told[0].startswith(f"warning: checkpoint {str(run / '4')!r} is dam")
    assert "taking that of step 2" in told[0] and len(told[0]) < 700
    assert sorted(path.name for path in run.iterdir()) == ["2", "4.damaged"]


def test_a_sound_checkpoint_is_read_without_a_word(saved, run, capfd, caplog):
    caplog.set_level(logging.WARNING)
    assert restore(run, saved[1]) == ([4], {"next_index": 2})
    assert capfd.readouterr().err == "" and not caplog.records


def test_a_change_that_only_the_digest_can_tell_is_named(saved, run, capfd):
    """As bytes that were flipped before they were written."""
    file = run / "4/digests/metadata"
    content = json.loads(file.read_text())
    content["state"]["params.embedding.table"] = "00000000"
    file.write_text(json.dumps(content))
    assert restore(run, saved[1])[0] == [2]
    assert "params.embedding.table is not what was saved" in capfd.readouterr().err


def test_a_checkpoint_from_before_there_were_digests_is_read_as_it_is(saved, run, capfd):
    shutil.rmtree(run / "4/digests")
    about = run / "4/_CHECKPOINT_METADATA"
    content = json.loads(about.read_text())
    del content["item_handlers"]["digests"]
    about.write_text(json.dumps(content))
    assert restore(run, saved[1]) == ([4], {"next_index": 2})
    assert capfd.readouterr().err == ""


def test_steps_after_the_sound_one_are_saved_again(saved, run):
    emptied(run / "4/state")
    (run / "4.damaged").mkdir()  # from an earlier time
    states = saved[1]
    checkpoints = checkpoint.Checkpoints(run)
    restored = checkpoints.restore_latest(jax.tree.map(jnp.zeros_like, states[2]))
    assert checkpoints.latest_step == 2
    for step in (3, 4):
        checkpoints.save(step, restored, training_toys.stream(), {})
    checkpoints.close()
    assert sorted(path.name for path in run.iterdir()) == ["2", "3", "4", "4.damaged"]
    assert checkpoint.Checkpoints(run).steps == [2, 3, 4]


def test_where_none_is_sound_one_line_names_all(saved, run):
    emptied(run / "2/state")
    each(flip, run / "4")
    with pytest.raises(errors.UserError, match="no sound checkpoint is left") as raised:
        restore(run, saved[1])
    told = str(raised.value)
    assert repr(str(run / "2")) in told and repr(str(run / "4")) in told
    assert f"remove {str(run.parent)!r} to begin anew" in told
    assert sorted(path.name for path in run.iterdir()) == ["2", "4"]


def test_a_device_that_is_too_small_damages_nothing(saved, run, monkeypatch):
    def restore_nothing(*_, **__):
        raise RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 9 bytes.")

    checkpoints = checkpoint.Checkpoints(run)
    monkeypatch.setattr(checkpoints._manager, "restore", restore_nothing)
    with pytest.raises(RuntimeError, match="RESOURCE_EXHAUSTED"):
        checkpoints.restore_latest(saved[1][2])
    assert sorted(path.name for path in run.iterdir()) == ["2", "4"]


@pytest.mark.parametrize("what", ["state", "digests"])
def test_parameters_alone_are_read_from_the_newest_sound_one(saved, run, what, capfd):
    """By a reader, who moves nothing."""
    emptied(run / "4" / what)
    if what == "digests":
        shutil.copy(run / "2/digests/metadata", run / "4/digests/metadata")
    model = training_toys.model(1)
    checkpoints = checkpoint.Checkpoints(run, read_only=True)
    assert checkpoints.restore_params(model) == 2
    assert same(loop.params_of(model), saved[1][2].params)
    assert len(capfd.readouterr().err.splitlines()) == 1
    assert sorted(path.name for path in run.iterdir()) == ["2", "4"]
    with pytest.raises(errors.UserError, match=r"checkpoints/4' is damaged \("):
        checkpoints.restore_params(model, 4)


@pytest.fixture
def bare(tmp_path):
    bare_model.save(tmp_path, training_toys.model(), training_toys.MODEL)
    return tmp_path


@pytest.mark.parametrize("damage", [cut, empty, flip])
def test_a_damaged_bare_model_is_told(bare, damage):
    damage(bare / bare_model.PARAMS_FILE)
    with pytest.raises(errors.UserError, match=r"params.npz is damaged \(.*from a copy"):
        bare_model.load(bare, training_toys.model())


def test_a_bare_models_damaged_configuration_is_told(bare):
    cut(bare / "config.json")
    with pytest.raises(errors.UserError, match=r"config.json: not JSON"):
        bare_model.load_config(bare)
    (bare / "config.json").write_text("[]")
    with pytest.raises(errors.UserError, match="not a bare model's configuration"):
        bare_model.load_config(bare)
