"""Model families behind one interface: `model(batch, rngs=...)` returns logits_BTV."""

import jax
from flax import nnx

from flanlike.models import config as model_config
from flanlike.models import decoder, encoder_decoder, quantized, sharding

_FAMILIES = {"decoder": decoder.Decoder, "encoder_decoder": encoder_decoder.EncoderDecoder}


def build(
    config: model_config.ModelConfig, *, seed: int, mesh: jax.sharding.Mesh | None = None
) -> nnx.Module:
    """Returns a freshly initialized model; on a mesh, every parameter is born in its place."""
    graphdef, params = nnx.split(abstract(config))
    placement = None if mesh is None else sharding.of(params, mesh)
    create = jax.jit(lambda: nnx.state(_create(config, seed)), out_shardings=placement)
    return nnx.merge(graphdef, create())


def abstract(config: model_config.ModelConfig) -> nnx.Module:
    """Returns the model with shapes in place of arrays, which takes no memory."""
    return nnx.eval_shape(lambda: _create(config, 0))


def shapes(
    config: model_config.ModelConfig,
    *,
    mesh: jax.sharding.Mesh | jax.sharding.AbstractMesh | None = None,
    dtype: str | None = None,
) -> nnx.Module:
    """Returns the abstract model to read parameters into: each with its place, and of that type.

    In 8 bits are those that are kept so, with their scales beside them. Nothing is compiled or
    drawn. Without a mesh all lie on the first device.
    """
    model = abstract(config)
    if dtype == quantized.DTYPE:
        quantized.cast(model, dtype)
        dtype = None
    graphdef, params = nnx.split(model)
    alone = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
    places = jax.tree.map(lambda _: alone, params) if mesh is None else sharding.of(params, mesh)

    def placed(leaf: jax.ShapeDtypeStruct, place: jax.sharding.Sharding) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(leaf.shape, dtype or leaf.dtype, sharding=place)

    return nnx.merge(graphdef, jax.tree.map(placed, params, places))


def _create(config: model_config.ModelConfig, seed: int) -> nnx.Module:
    return _FAMILIES[config.family](config, rngs=nnx.Rngs(params=seed))
