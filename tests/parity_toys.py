"""What tests against transformers share."""

import jax
import numpy as np
from flax import nnx

from flanlike.pretrained import weights
from flanlike.training import loop


def ours_of(model, folder):
    model.save_pretrained(folder)
    return weights.load(folder)


def assert_close_params(a: nnx.Module, b: nnx.Module, *, atol: float) -> None:
    jax.tree.map_with_path(
        lambda path, x, y: np.testing.assert_allclose(
            x, y, atol=atol, rtol=0, err_msg=jax.tree_util.keystr(path)
        ),
        loop.params_of(a),
        loop.params_of(b),
    )
