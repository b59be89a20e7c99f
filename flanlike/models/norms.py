"""Norms: what keeps the size of a stream, or of queries and keys."""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
from flax import nnx

from flanlike.models import config as model_config


class Norm(nnx.Module):
    """Divides by the root mean square, in float32, and multiplies by a learned scale.

    A "layer" norm (Ba et al. 2016) first takes the mean away, and adds a learned bias at last; an
    "rms" norm does neither (Zhang and Sennrich 2019). `over` has the name and size of each of the
    last axes that it is over: the model's unless given.
    """

    def __init__(
        self,
        config: model_config.ModelConfig,
        *,
        layers: int | None = None,
        over: Mapping[str, int] | None = None,
    ):
        self.dtype, self.eps = config.dtype, config.norm_eps
        self.is_centered, self.takes_mean = config.centered_norms, config.norm == "layer"
        sizes = {"norm": config.model_size} if over is None else dict(over)
        self.axes = tuple(range(-len(sizes), 0))
        if layers is not None:
            sizes = {"layers": layers} | sizes
        shape, names = tuple(sizes.values()), tuple(sizes)
        first = jnp.zeros if self.is_centered else jnp.ones
        self.scale = nnx.Param(first(shape, jnp.float32), axes=names)
        if self.takes_mean:
            self.bias = nnx.Param(jnp.zeros(shape, jnp.float32), axes=names)

    def __call__(self, x: jax.Array) -> jax.Array:
        x = self._less_mean(x.astype(jnp.float32))
        mean_square = jnp.mean(jnp.square(x), axis=self.axes, keepdims=True)
        x = x * jax.lax.rsqrt(mean_square + self.eps) * self._factors()
        if self.takes_mean:
            x = x + self.bias[...].astype(jnp.float32)
        return x.astype(self.dtype)

    def directions(self, x: jax.Array) -> jax.Array:
        """Returns the directions in which the input moves the output along x (float32).

        Up to the positive factor of the division, which depends on the input.
        """
        return self._less_mean(x * self._factors())

    def _factors(self) -> jax.Array:
        scale = self.scale[...].astype(jnp.float32)
        return 1.0 + scale if self.is_centered else scale

    def _less_mean(self, x: jax.Array) -> jax.Array:
        return x - jnp.mean(x, axis=self.axes, keepdims=True) if self.takes_mean else x
