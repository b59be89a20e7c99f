"""Model families behind one interface: `model(batch, rngs=...)` returns logits_BTV."""

import jax
from flax import nnx

from flanlike.models import config as model_config
from flanlike.models import decoder


def build(
    config: model_config.ModelConfig, *, seed: int, mesh: jax.sharding.Mesh | None = None
) -> nnx.Module:
    """Returns a freshly initialized model of the config's family."""

    def create() -> nnx.Module:
        return decoder.Decoder(config, rngs=nnx.Rngs(params=seed))

    graphdef, _ = nnx.split(nnx.eval_shape(create))
    params = jax.jit(lambda: nnx.state(create()))()
    return nnx.merge(graphdef, params)
