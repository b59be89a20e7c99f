"""A run's folder: whose it is, and the model in it."""

import dataclasses
import errno
import json
import pathlib
import shutil

import jax
import numpy as np
import pytest
import training_toys

from flanlike import config, errors
from flanlike.runs import folder as run_folder
from flanlike.runs import loading, starts
from flanlike.training import checkpoint, loop, optim

CONFIG = {"seed": 0, "optim": {"peak_lr": 0.1}, "shape": {}, "out": "a", "workers": 0}


def test_claim_writes_the_configuration_once(tmp_path):
    out = tmp_path / "deep" / "run"
    run_folder.claim(out, CONFIG)
    assert run_folder.read_config(out) == CONFIG
    run_folder.claim(
        out, {**CONFIG, "out": "b", "workers": 8}
    )  # nothing of these reaches the figures
    assert json.loads((out / "config.json").read_text()) == CONFIG


def test_another_configuration_is_refused_by_its_keys(tmp_path):
    run_folder.claim(tmp_path, CONFIG)
    with pytest.raises(errors.UserError, match=r"optim.peak_lr is 0.2, there 0.1; seed is 1"):
        run_folder.claim(tmp_path, {**CONFIG, "seed": 1, "optim": {"peak_lr": 0.2}})
    assert run_folder.read_config(tmp_path) == CONFIG


def test_what_may_change_is_followed(tmp_path):
    began = {**CONFIG, "steps": 4, "eval": {"shots": 0, "every": 0}}
    run_folder.claim(tmp_path, began)
    changed = {**began, "steps": 6, "eval": {"shots": 2, "every": 0}, "workers": 4}
    run_folder.claim(tmp_path, changed)
    assert run_folder.read_config(tmp_path) == {**changed, "workers": 0}
    with pytest.raises(errors.UserError, match=r"\(steps is 5, there 6\).*--steps may grow"):
        run_folder.claim(tmp_path, {**changed, "steps": 5})


def test_paths_are_recorded_as_they_are_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base").mkdir()
    given = {**CONFIG, "data": "rows", "tasks": "my/tasks.py", "init": "base", "vocabulary": None}
    run_folder.claim(tmp_path / "run", given)
    there = run_folder.read_config(tmp_path / "run")
    assert there["data"] == str(tmp_path / "rows") and there["init"] == str(tmp_path / "base")
    assert there["tasks"] == str(tmp_path / "my/tasks.py") and there["vocabulary"] is None
    for name in ("embedded", "hub", "tfds"):
        assert run_folder.place_of(name) == name
    # A run from before recorded them as given, and goes on in the same working directory.
    (tmp_path / "run/config.json").write_text(json.dumps(given))
    run_folder.claim(tmp_path / "run", given)


def test_the_users_tasks_are_those_that_are_there_else_the_copy(tmp_path):
    config = {"tasks": str(tmp_path / "home" / "mine.py")}
    assert run_folder.tasks_of(tmp_path, {"tasks": None}) is None
    assert run_folder.tasks_of(tmp_path, config) == config["tasks"]  # the error names it
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "mine.py").write_text("TASKS = []")
    assert run_folder.tasks_of(tmp_path, config) == str(tmp_path / "tasks" / "mine.py")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "mine.py").write_text("TASKS = []")
    assert run_folder.tasks_of(tmp_path, config) == config["tasks"]


def test_a_run_from_before_a_setting_goes_on_as_it_was(tmp_path):
    before = {**CONFIG, "batch": {"rows": 16}}
    now = {**CONFIG, "batch": {"rows": 16, "input_shards": 1}}
    run_folder.claim(tmp_path, before)
    run_folder.claim(tmp_path, now)
    assert run_folder.default_folder("some", before) == run_folder.default_folder("some", now)
    before |= {"mix": {"cot": None}, "shares": {"cot": 0.5}}
    now |= {"continue_from": None, "mix": {"cot": None, "templates": None, "clusters": None}}
    now |= {"shares": {"cot": 0.5, "templates": None}}
    assert run_folder.default_folder("some", before) == run_folder.default_folder("some", now)
    with pytest.raises(errors.UserError, match="batch.input_shards is 4, there 1"):
        run_folder.claim(tmp_path, {**CONFIG, "batch": {"rows": 16, "input_shards": 4}})


def test_a_run_may_begin_to_look_at_its_validation_set(tmp_path):
    """How often and how patiently; other rows are another set, whose losses compare with none."""
    looks = {"every": 0, "rows": 256, "patience": 0, "seed": 0}
    run_folder.claim(tmp_path, CONFIG)  # of a run from before there was one
    for changes in ({}, {"every": 5}, {"every": 2, "patience": 3}):
        config = {**CONFIG, "validation": looks | changes}
        run_folder.claim(tmp_path, config)
        assert run_folder.read_config(tmp_path)["validation"] == looks | changes
    with pytest.raises(errors.UserError, match="validation.rows is 8, there 256"):
        run_folder.claim(tmp_path, {**CONFIG, "validation": looks | {"rows": 8}})
    plain = run_folder.default_folder("some", {**CONFIG, "validation": looks})
    assert plain == run_folder.default_folder("some", CONFIG)


def test_a_run_from_before_a_field_of_the_shape_goes_on_as_it_was(tmp_path):
    shape = dataclasses.asdict(training_toys.MODEL)
    before = {name: value for name, value in shape.items() if name != "norm_eps"}
    run_folder.claim(tmp_path, {**CONFIG, "shape": before})
    run_folder.claim(tmp_path, {**CONFIG, "shape": shape})
    with pytest.raises(errors.UserError, match="shape.norm_eps is 1e-05, there 1e-06"):
        run_folder.claim(tmp_path, {**CONFIG, "shape": {**shape, "norm_eps": 1e-5}})


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("x")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(errors.UserError, match="cannot be a run's folder"):
            run_folder.claim(out, CONFIG)
    assert (tmp_path / "file").read_text() == "x"


def test_a_folder_that_cannot_be_made_is_the_users_mistake(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")  # as below /proc

    monkeypatch.setattr(pathlib.Path, "mkdir", fail)
    with pytest.raises(errors.UserError, match=r"a run's folder \(No such file or directory\)"):
        run_folder.claim(tmp_path / "run", CONFIG)


@pytest.mark.parametrize(
    "content, expected",
    [
        ('{"seed": ', r"config.json: not JSON \(Expecting value"),
        ('{"model": "t5"}', r"config.json: not the configuration of a run .*'shape'"),
        ("[1]", r"config.json: not the configuration of a run"),
    ],
)
def test_a_config_of_others_is_named_and_left_alone(content, expected, tmp_path):
    (tmp_path / "config.json").write_text(content)
    for read in (
        run_folder.read_config,
        loading.shape_of,
        lambda out: run_folder.claim(out, CONFIG),
        lambda out: starts.starting_point(str(out), None, is_embedded=True),
    ):
        with pytest.raises(errors.UserError, match=expected):
            read(tmp_path)
    assert (tmp_path / "config.json").read_text() == content


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"steps": "400"}, "steps is '400'"),
        ({"init": None, "validation": 3}, r"init is None, validation is 3"),
        ({"tune": "lorra"}, "tune is 'lorra'"),
        ({"tune": "lora", "lora": {}}, "base is None"),
        ({"tune": "lora", "base": {"folder": "default", "step": None}}, "base is {"),
    ],
)
def test_a_config_that_somebody_changed_is_told(changed, told, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({**CONFIG, **changed}))
    with pytest.raises(errors.UserError, match=rf"config.json: not as train.py wrote it \({told}"):
        run_folder.read_config(tmp_path)


def test_default_folders_differ_by_what_reaches_the_figures():
    folder = run_folder.default_folder("cot", CONFIG)
    assert run_folder.default_folder("niv2:a/b*", CONFIG).name.startswith("niv2-a-b--")
    assert folder == run_folder.default_folder("cot", {**CONFIG, "workers": 3})
    kernel = {"attention_kernel": "xla", "shape": {"attention_kernel": "auto"}}
    assert folder == run_folder.default_folder("cot", {**CONFIG, **kernel})
    lists = {"rope_short_factors": [], "rope_long_factors": []}  # runs from before had none
    assert folder == run_folder.default_folder("cot", {**CONFIG, "shape": lists})
    assert folder != run_folder.default_folder("cot", {**CONFIG, "seed": 3})
    assert folder.parts[0] == "runs" and folder.name.startswith("cot-")


def write_run(folder, words):
    model, shape = training_toys.write_bare(folder / "bare", words)
    run_folder.claim(folder / "run", {"shape": dataclasses.asdict(shape)})
    words.save(folder / "run" / "vocabulary")
    state = loop.init_state(model, optim.build(config.OptimConfig(), 2))
    checkpoints = checkpoint.Checkpoints(folder / "run" / "checkpoints", keep=2)
    checkpoints.save(7, state, training_toys.stream(), {})
    checkpoints.wait()
    checkpoints.close()
    return model


def assert_same_params(a, b):
    jax.tree.map(np.testing.assert_array_equal, loop.params_of(a), loop.params_of(b))


def test_load_reads_a_run_and_a_bare_model(tmp_path, words, caplog):
    model = write_run(tmp_path, words)
    caplog.clear()
    loaded = loading.load(tmp_path / "run", dropout=0.5)
    assert not [record for record in caplog.records if "read" in record.getMessage()]
    assert_same_params(loaded.model, model)
    assert loaded.step == 7 and loaded.model.config.dropout == 0.5
    assert loaded.words.fingerprint == words.fingerprint
    bare = loading.load(tmp_path / "bare")
    assert_same_params(bare.model, model)
    assert bare.step is None
    with pytest.raises(errors.UserError, match=r"no checkpoint of step 9: it has \[7\]"):
        loading.load(tmp_path / "run", step=9)
    shutil.rmtree(tmp_path / "run" / "checkpoints")
    with pytest.raises(errors.UserError, match="has no checkpoint: let train.py go on"):
        loading.load(tmp_path / "run")


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(errors.UserError, match="is no run's folder"):
        loading.shape_of(tmp_path)
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(errors.UserError, match="--init .* is no folder with a model"):
            starts.starting_point(str(folder), None, is_embedded=True)


@pytest.mark.parametrize(
    "content, expected",
    [
        ("[" * 99_999, "config.json: not JSON .*nested too deep"),
        (json.dumps({**CONFIG, "mixture": 5}), r"not as train.py wrote it \(mixture is 5\)"),
        (json.dumps({**CONFIG, "data": None}), r"not as train.py wrote it \(data is None\)"),
        (json.dumps({**CONFIG, "eval": None}), r"not as train.py wrote it \(eval is None\)"),
    ],
)
def test_a_configuration_that_somebody_damaged_is_told(tmp_path, content, expected):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(errors.UserError, match=expected):
        run_folder.read_config(tmp_path)
