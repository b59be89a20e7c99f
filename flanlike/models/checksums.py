"""What arrays hold, as a few integers: a digest of each in a checkpoint, a fingerprint of a base.

Both add up, modulo 2^32, a number made of each element's bits and of its place in the whole array.
Integers add up to the same in whatever order, so that neither the mesh on which an array lies nor
the parts in which it comes show in the sum, and every device adds up its own part.
"""

import functools
import hashlib
from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from flanlike.models import quantized

Path = tuple[str | int, ...]  # of a variable in a model

# Programs that may be under way at once: CPU devices that meet in them hang from 33 on.
_AT_ONCE = 8


@jax.jit
def digest(array: jax.Array) -> jax.Array:
    """Returns 32 bits that another array of this shape has by chance alone.

    One element that differs always shows, whichever of its bits do.
    """
    mixed = _bits(array) ^ _places(array.shape) * jnp.uint32(0x9E3779B9)
    mixed = (mixed ^ (mixed >> 16)) * jnp.uint32(0x85EBCA6B)
    mixed = (mixed ^ (mixed >> 13)) * jnp.uint32(0xC2B2AE35)
    return jnp.sum(mixed ^ (mixed >> 16), dtype=jnp.uint32)


def digests(arrays: Mapping[str, jax.Array]) -> dict[str, int]:
    """Returns the digest of each array by its name."""
    found: list[jax.Array] = []  # on their devices
    for array in arrays.values():
        found.append(digest(array))
        jax.block_until_ready(found[-_AT_ONCE:][:1])
    return dict(zip(arrays, map(int, jax.device_get(found)), strict=True))


def fingerprint(model: nnx.Module) -> str:
    """Returns a hash of all the model's parameters, whatever mesh they lie on."""
    prints = Fingerprint()
    for path, variable in nnx.to_flat_state(nnx.state(model)):
        prints.add(path, variable[...])
    return prints.of(model)


class Fingerprint:
    """The fingerprint of a model whose parameters come one by one, or layer by layer."""

    def __init__(self) -> None:
        self._sums: dict[Path, list[jax.Array]] = {}  # still on their devices

    def add(self, path: Path, array: jax.Array, *, layer: int | None = None) -> None:
        """Takes up a parameter, or one layer of it, as it is before it is cast."""
        if layer is None:
            self._sums[path] = []  # it may have been read before, from a damaged checkpoint
        first = 0 if layer is None else layer * array.size % 2**32
        self._sums.setdefault(path, []).append(_fingerprint_of(array, np.uint32(first)))

    def of(self, model: nnx.Module) -> str:
        """Returns the hash, when all parameters of the model have been taken up."""
        hashed = hashlib.blake2b(digest_size=12)
        for path, variable in nnx.to_flat_state(nnx.state(model)):
            if path not in self._sums and isinstance(variable, quantized.Scale):
                continue  # the parameter was taken up before it was parted into numbers and scale
            total = sum(map(int, self._sums[path])) % 2**32
            hashed.update(repr((path, variable.get_value().shape, total)).encode())
        return hashed.hexdigest()


@jax.jit
def _fingerprint_of(array: jax.Array, first: jax.Array) -> jax.Array:
    """Returns the sum of bit patterns times odd numbers of their places, as runs record it."""
    places = _places(array.shape) + first
    odd = places * jnp.uint32(2654435769) ^ (places >> 7) | jnp.uint32(1)
    return jnp.sum(_bits(array.astype(jnp.float32)) * odd, dtype=jnp.uint32)


def _bits(array: jax.Array) -> jax.Array:
    """Returns each element's bits in 32."""
    if not jnp.issubdtype(array.dtype, jnp.floating):
        return array.astype(jnp.uint32)
    size = array.dtype.itemsize * 8
    return jax.lax.bitcast_convert_type(array, f"uint{size}").astype(jnp.uint32)


def _places(shape: tuple[int, ...]) -> jax.Array:
    """Returns the place of each element in the whole array, in order of its rows."""
    count = functools.partial(jax.lax.broadcasted_iota, jnp.uint32, shape)
    places = jnp.zeros((), jnp.uint32)
    for axis, length in enumerate(shape):
        places = places * jnp.uint32(length) + count(axis)
    return places
