"""A bare model's folder gives back what was saved, and refuses another model."""

import jax
import numpy as np
import pytest
import training_toys

from flanlike import errors
from flanlike.training import bare_model, loop


def test_params_folder_round_trip(tmp_path):
    model = training_toys.model(0)
    bare_model.save(tmp_path, model, training_toys.MODEL)
    other = training_toys.model(1)
    bare_model.load(tmp_path, other)
    jax.tree.map(np.testing.assert_array_equal, loop.params_of(other), loop.params_of(model))
    assert bare_model.load_config(tmp_path)["model_size"] == 16
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "params.npz"]


def test_params_of_another_shape_are_refused(tmp_path):
    bare_model.save(tmp_path, training_toys.model(), training_toys.MODEL)
    with pytest.raises(errors.UserError, match=r"embedding.table.*shape \(32, 16\).*\(40, 16\)"):
        bare_model.load(tmp_path, training_toys.model(vocab_size=40))


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(errors.UserError, match="no config.json in"):
        bare_model.load_config(tmp_path)
    with pytest.raises(errors.UserError, match="no params.npz in"):
        bare_model.load(tmp_path, training_toys.model())
