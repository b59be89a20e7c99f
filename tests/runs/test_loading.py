"""Models are read straight into their place: nothing is drawn first, and a base is cast as read."""

import dataclasses
import gc
import json

import jax
import jax.numpy as jnp
import numpy as np
import published_toys
import pytest
import training_toys

from flanlike import config, errors, models
from flanlike.models import checksums, quantized
from flanlike.runs import folder as run_folder
from flanlike.runs import loading, starts
from flanlike.training import checkpoint, loop, optim

KINDS = ("bare", "run", "published")


@pytest.fixture(scope="module")
def folders(words, tmp_path_factory):
    """A model of each kind of folder."""
    folder = tmp_path_factory.mktemp("models")
    model, shape = training_toys.write_bare(folder / "bare", words)
    run_folder.claim(folder / "run", {"shape": run_folder.as_json(shape), "tune": "full"})
    words.save(folder / "run" / "vocabulary")
    state = loop.init_state(model, optim.build(config.OptimConfig(), 2))
    checkpoints = checkpoint.Checkpoints(folder / "run" / "checkpoints")
    checkpoints.save(3, state, training_toys.stream(), {})
    checkpoints.close()
    published_toys.published_t5(folder / "published")
    return {kind: folder / kind for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_loading_draws_no_parameters(folders, kind, monkeypatch):
    monkeypatch.setattr(models, "build", lambda *_, **__: pytest.fail("parameters were drawn"))
    leaves = _leaves(loading.load(folders[kind]).model)
    assert all(isinstance(leaf, jax.Array) and leaf.dtype == jnp.float32 for leaf in leaves)


@pytest.mark.parametrize("dtype", ["bfloat16", "int8"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_base_is_cast_as_it_is_read_and_known_by_what_it_was(folders, kind, dtype, monkeypatch):
    whole = loading.load(folders[kind]).model
    sizes = [leaf.nbytes for leaf in _leaves(whole)]
    gc.collect()
    before = _float32_bytes()
    held = []

    def watch(self, path, array, *, layer=None):
        held.append(_float32_bytes() - before)
        add(self, path, array, layer=layer)

    add = checksums.Fingerprint.add
    monkeypatch.setattr(checksums.Fingerprint, "add", watch)
    base = loading.load_base(folders[kind], params_dtype=dtype)
    in_float32 = [leaf.nbytes for leaf in _all_leaves(base.model) if leaf.dtype == jnp.float32]
    most = max(sizes) + sum(in_float32)  # scales and norms stay so
    assert len(held) >= len(sizes) and 0 < max(held) <= most < sum(sizes)
    assert base.fingerprint == checksums.fingerprint(whole)
    quantized.cast(whole, dtype)
    found, expected = quantized.kept(base.model), quantized.kept(whole)
    assert found.keys() == expected.keys()
    for path, variable in expected.items():
        value = found[path].get_value()
        assert value.dtype == variable.get_value().dtype
        np.testing.assert_array_equal(value, variable.get_value())


def _all_leaves(model):
    return [variable.get_value() for variable in quantized.kept(model).values()]


def _float32_bytes():
    return sum(array.nbytes for array in jax.live_arrays() if array.dtype == jnp.float32)


def _leaves(model):
    return jax.tree.leaves(loop.params_of(model))


def test_a_base_may_compute_in_one_type_and_be_held_in_another(folders):
    start = starts.starting_point(
        str(folders["bare"]), None, is_embedded=True, tune="lora", dtype="bfloat16"
    )
    model, _ = starts.build_tuned(
        start, config.LoraConfig(), dtype="float32", seed=0, mesh=None, began=None
    )
    assert model.config.dtype == "bfloat16"
    assert model.embedding.table[...].dtype == jnp.float32


def test_a_shape_with_lists_is_read_as_it_was(tmp_path):
    lists = {"rope_short_factors": (1.0, 2.0, 1.0, 3.0), "rope_long_factors": (2.0, 3.0, 4.0, 5.0)}
    shape = dataclasses.replace(
        training_toys.MODEL, rope_scaling="longrope", rope_original_tokens=8, **lists
    )
    run_folder.claim(tmp_path, {"shape": run_folder.as_json(shape)})
    assert loading.shape_of(tmp_path) == shape


def test_a_damaged_shape_is_told(folders, words, tmp_path):
    _, shape = training_toys.write_bare(tmp_path / "bare", words)
    words.save(tmp_path / "run" / "vocabulary")
    lists = ({"rope_long_factors": 2.0}, {"rope_long_factors": [1.0, "2"]})
    wrongs = ({"model_sise": 16}, {"layers": "one"}, {"model_size": [16]}, {"key_value_heads": 0})
    for wrong in (*wrongs, *lists):
        fields = {**run_folder.as_json(shape), **wrong}
        for kind, content in (("bare", {"model": fields}), ("run", {"shape": fields})):
            file = tmp_path / kind / "config.json"
            file.write_text(json.dumps(content))
            with pytest.raises(errors.UserError, match=r"config.json: no shape of a model \(") as e:
                loading.load(tmp_path / kind)
            assert str(file) in str(e.value) and next(iter(wrong)) in str(e.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_that_is_no_run_has_no_steps(folders, kind):
    with pytest.raises((errors.UserError, ValueError)) as told:
        loading.load(folders[kind], step=2)
    is_run = kind == "run"
    assert ("has one set of weights" in str(told.value)) is not is_run
