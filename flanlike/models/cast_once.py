"""Weights cast once to the type of activations, before a loop that reads them for every token.

Layers cast a weight where they use it, which for training is what is wanted: parameters stay in
float32. While tokens are written one after another, every step of the loop would read all weights
in float32 and cast them again.
"""

import jax
from flax import nnx

from flanlike.models import config as model_config

# Sublayers' projections with their biases, and the tables that rows are taken from. Norms' scales
# and T5's biases by distance are used in float32, as are the few numbers of low-rank pairs.
_KERNELS = {"q", "k", "v", "out", "gate", "up", "down"}
_NAMES = _KERNELS | {f"{name}_bias" for name in _KERNELS}
_TABLES = {("embedding", "table"), ("embedding", "head"), ("position_embedding", "table")}


def weights(params: nnx.State, config: model_config.ModelConfig) -> nnx.State:
    """Returns the parameters as a loop that writes tokens is to read them: `cast`, or as they are.

    They stay where activations are in float32, and on a CPU, whose programs compute in float32: a
    stack of layers in bfloat16 is widened there, and every slice of it rounded again.
    """
    if config.dtype == "float32" or jax.default_backend() == "cpu":
        return params
    return cast(params, config.dtype)


def cast(params: nnx.State, dtype: str) -> nnx.State:
    """Returns the parameters with those in float32 cast that layers would cast: the same numbers.

    Beside those in float32, which stay, they take half as much memory once more. A kernel with a
    magnitude beside it (DoRA) stays as it is: its size is taken in float32.
    """
    flat = dict(nnx.to_flat_state(params))
    sized = {
        (*path[:-2], path[-2].removeprefix("lora_")) for path in flat if path[-1] == "magnitude"
    }
    for path, one in flat.items():
        if path not in sized and _is_cast(path, one):
            flat[path] = one.replace(one.get_value().astype(dtype))
    return nnx.from_flat_state(flat)


def _is_cast(path: tuple, variable: nnx.Variable) -> bool:
    is_weight = path in _TABLES or path[-1] in _NAMES
    return is_weight and variable.get_value().dtype == "float32"
