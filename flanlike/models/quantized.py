"""Kernels in 8 bits: those of a base that stays as it is, in a quarter of the memory.

Of every output channel, the scale is the size of its largest weight over 127, and a weight is the
nearest whole number of scales, from -127 to 127. In a product they need not be widened one by one:

    W = Q * scale    x W = (x Q) * scale        Q in the activations' type, which has such numbers

So it is with the kernels of attention and feed-forward, the head, and the table of the tokens'
vectors, whose rows have a scale each: they are the channels of a tied head. Norms, biases and
tables of positions stay float32.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from flanlike.models import sharding

DTYPE = "int8"
# How many axes each kernel of a layer takes in, after that of the layers.
KERNELS = {"q": 1, "k": 1, "v": 1, "out": 2, "gate": 1, "up": 1, "down": 1}
_OF_EMBEDDING = {
    ("embedding", "table"): (1,),
    ("embedding", "head"): (0,),
    ("encoder_embedding", "table"): (1,),
}
_MOST = 127

Path = tuple[str | int, ...]  # of a variable in a model


class Scale(nnx.Variable):
    """What the whole numbers of a kernel are times, beside it as `<kernel>_scale`: float32."""


KINDS = (nnx.Param, Scale)  # of what a base is made of


def summed_axes(path: Path, *, is_layer: bool = False) -> tuple[int, ...]:
    """Returns the axes over which one scale is taken; none where that parameter stays float32.

    With `is_layer`, of one layer of it alone.
    """
    if path[-2:] in _OF_EMBEDDING:
        return _OF_EMBEDDING[path[-2:]]
    first = 0 if is_layer else 1
    return tuple(range(first, first + KERNELS.get(str(path[-1]), 0)))


@functools.partial(jax.jit, static_argnums=1)
def quantize(kernel: jax.Array, axes: tuple[int, ...]) -> tuple[jax.Array, jax.Array]:
    """Returns the whole numbers (int8), and the scale (float32) of each channel across `axes`."""
    kernel = kernel.astype(jnp.float32)
    largest = jnp.max(jnp.abs(kernel), axis=axes, keepdims=True)
    scale = jnp.where(largest > 0, largest, 1.0) / _MOST  # a channel of zeros stays one
    return jnp.round(kernel / scale).astype(DTYPE), jnp.squeeze(scale, axes)


def kept(model: nnx.Module) -> dict[Path, nnx.Variable]:
    """Returns the model's own parameters and their scales, by path."""
    return dict(nnx.to_flat_state(nnx.state(model, KINDS)))


def keep(
    variables: dict[Path, nnx.Variable],
    path: Path,
    value: jax.Array,
    *,
    write: Callable[[Any, jax.Array], jax.Array] | None = None,
) -> None:
    """Puts a parameter that was read in float32 among `variables`, in the type that it has there.

    With `write` the value is that of one layer, and write(old, layer) returns the new whole.
    """
    dtype, values = variables[path].get_value().dtype, {path: value}
    if dtype == DTYPE:
        numbers, scale = quantize(value, summed_axes(path, is_layer=write is not None))
        values = {path: numbers, (*path[:-1], f"{path[-1]}_scale"): scale}
    for where, new in values.items():
        old = variables[where].get_value()
        new = new.astype(old.dtype)
        new = jax.device_put(new, old.sharding) if write is None else write(old, new)
        variables[where] = variables[where].replace(new)


def put(model: nnx.Module, path: Path, value: Any, dtype: str) -> None:
    """Gives a model's parameter that value, of that type; in 8 bits, what has axes to sum over.

    Values may be shapes in place of arrays.
    """
    module, name = functools.reduce(getattr, path[:-1], model), path[-1]
    kernel, axes = getattr(module, name), summed_axes(path)
    of_others = "float32" if dtype == DTYPE else dtype
    if hasattr(module, f"{name}_scale"):
        delattr(module, f"{name}_scale")
    if dtype == DTYPE and axes:
        split = functools.partial(quantize, axes=axes)
        is_shape = isinstance(value, jax.ShapeDtypeStruct)
        value, scale = jax.eval_shape(split, value) if is_shape else split(value)
        names = kernel.get_metadata()["axes"]
        names = tuple(one for axis, one in enumerate(names) if axis not in axes)
        setattr(module, f"{name}_scale", Scale(scale, axes=names))
    elif value.dtype != of_others:
        value = value.astype(of_others)
    kernel.set_value(value)


def cast(model: nnx.Module, dtype: str) -> None:
    """Turns the model's own parameters to that type, one by one: the old one is then free."""
    for path, _ in nnx.to_flat_state(nnx.state(model, nnx.Param)):
        module = functools.reduce(getattr, path[:-1], model)
        value = getattr(module, path[-1]).get_value()
        if value.dtype == DTYPE and dtype != DTYPE:
            value = whole(module, path)
        if value.dtype != DTYPE:
            put(model, path, value, dtype)


def whole(module: nnx.Module, path: Path, *, is_layer: bool = False) -> jax.Array:
    """Returns in float32 the kernel of a module whose name the path ends with.

    With `is_layer` the module is one layer of its stack.
    """
    kernel, scale = getattr(module, path[-1]), getattr(module, f"{path[-1]}_scale", None)
    axes = summed_axes(path, is_layer=is_layer)
    return widened(kernel[...], None if scale is None else scale[...], axes)


def widened(kernel: jax.Array, scale: jax.Array | None, axes: tuple[int, ...]) -> jax.Array:
    """Returns a kernel in float32: its numbers times the scale, where it has one."""
    kernel = kernel.astype(jnp.float32)
    return kernel if scale is None else kernel * jnp.expand_dims(scale, axes)


def project(
    x: jax.Array,
    numbers: jax.Array,
    scale: jax.Array,
    dtype: str,
    *,
    inputs: int,
    axes: tuple[str, ...] = (),
) -> jax.Array:
    """Returns x with its last axes contracted with the kernel's first `inputs` axes, in `dtype`."""
    x_MK = x.reshape(-1, math.prod(numbers.shape[:inputs]))
    y_MN = product(x_MK, numbers, scale, dtype, inputs, axes).astype(dtype)
    return y_MN.reshape(*x.shape[: x.ndim - inputs], *numbers.shape[inputs:])


@functools.partial(jax.custom_vjp, nondiff_argnums=(3, 4, 5))
def product(
    x_MK: jax.Array,
    numbers: jax.Array,
    scale: jax.Array,
    dtype: str,
    inputs: int = 1,
    axes: tuple[str, ...] = (),
) -> jax.Array:
    """Returns x W as float32 MN, of x and whole numbers in `dtype`; W has no gradient.

    For its backward pass it keeps the whole numbers, which are there, as they are there, and not
    what they are cast to: of a stack of layers that would be all of the base in floats. What fsdp
    splits along `axes` comes together as whole numbers too, a quarter of what floats are.
    """
    numbers_KN = _flat(numbers, dtype, inputs, axes)
    y_MN = jnp.matmul(x_MK, numbers_KN, preferred_element_type=jnp.float32)
    return y_MN * scale.reshape(-1)


def _flat(numbers: jax.Array, dtype: str, inputs: int, axes: tuple[str, ...]) -> jax.Array:
    if axes:
        numbers = sharding.gathered(numbers, axes)
    return numbers.astype(dtype).reshape(math.prod(numbers.shape[:inputs]), -1)


def _product_forward(x_MK, numbers, scale, dtype, inputs, axes):
    return product(x_MK, numbers, scale, dtype, inputs, axes), (numbers, scale)


def _product_backward(dtype, inputs, axes, kept, of_y_MN):
    numbers, scale = kept
    of_y_MN = (of_y_MN * scale.reshape(-1)).astype(dtype)
    numbers_KN = _flat(numbers, dtype, inputs, axes)
    of_x_MK = jnp.matmul(of_y_MN, numbers_KN.T, preferred_element_type=jnp.float32)
    return of_x_MK.astype(dtype), None, None


product.defvjp(_product_forward, _product_backward)
