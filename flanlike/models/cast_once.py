"""Weights cast once to the type of activations, before a loop that reads them for every token.

Layers cast a weight where they use it, which for training is what is wanted: parameters stay in
float32. While tokens are written one after another, every step of the loop would read all weights
in float32 and cast them again.
"""

from flax import nnx

from flanlike.models import config as model_config

# Sublayers' projections with their biases, and the tables that rows are taken from. Norms' scales
# and T5's biases by distance are used in float32, as are the few numbers of low-rank pairs.
_KERNELS = {"q", "k", "v", "out", "gate", "up", "down"}
_NAMES = _KERNELS | {f"{name}_bias" for name in _KERNELS}
_TABLES = {("embedding", "table"), ("embedding", "head"), ("position_embedding", "table")}


def weights(params: nnx.State, config: model_config.ModelConfig) -> nnx.State:
    """Returns the parameters with those in float32 cast that layers would cast: the same numbers.

    Those that are cast take half their memory once more; where activations are in float32, it is
    the parameters themselves that are returned.
    """
    if config.dtype == "float32":
        return params
    flat = [
        (path, one.replace(one.get_value().astype(config.dtype)) if _is_cast(path, one) else one)
        for path, one in nnx.to_flat_state(params)
    ]
    return nnx.from_flat_state(flat)


def _is_cast(path: tuple, variable: nnx.Variable) -> bool:
    is_weight = path in _TABLES or path[-1] in _NAMES
    return is_weight and variable.get_value().dtype == "float32"
