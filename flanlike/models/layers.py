"""The parts that both families share: attention, feed-forward, embedding, the stack.

Every parameter of a layer has a leading axis over the layers of its stack and names its axes in
the metadata `axes`, from which `flanlike.models.sharding` places it. A layer's code sees its own
slice.
"""

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from flanlike.models import config as model_config
from flanlike.models import fused, norms, positions, quantized

Config = model_config.ModelConfig
# Keys and values, BSKH; those of all layers of a stack are LBSKH.
KeysValues = tuple[jax.Array, jax.Array]


class Cache(NamedTuple):
    """Keys and values of earlier tokens, and the slot where this call's tokens go."""

    k_BSKH: jax.Array
    v_BSKH: jax.Array
    slot: jax.Array | int


def param(
    rngs: nnx.Rngs, shape: tuple[int, ...], axes: tuple[str, ...], *, std: float
) -> nnx.Param:
    """Returns a float32 parameter drawn from a normal of that standard deviation."""
    value = std * jax.random.normal(rngs.params(), shape, jnp.float32)
    return nnx.Param(value, axes=axes)


def zeros(shape: tuple[int, ...], axes: tuple[str, ...]) -> nnx.Param:
    """Returns a float32 parameter of zeros."""
    return nnx.Param(jnp.zeros(shape, jnp.float32), axes=axes)


class Sublayer(nnx.Module):
    """A part whose output joins the residual stream, with what `tuning` may attach to it.

    An untuned model has neither of the two: `lora_<kernel>`, a low-rank pair beside that kernel,
    and `adapter`, a bottleneck after the output.
    """

    config: Config

    def project(self, x: jax.Array, kernel: str, *, inputs: int = 1) -> jax.Array:
        """Returns x projected by the kernel of that name, and by its low-rank pair if any.

        Where the kernel has a bias (`<kernel>_bias`), it is added.
        """
        y = self.base(x, kernel, inputs=inputs)
        pair, bias = getattr(self, f"lora_{kernel}", None), getattr(self, f"{kernel}_bias", None)
        y = y if pair is None else pair(x, y, self)
        return y if bias is None else y + bias[...].astype(self.config.dtype)

    def base(self, x: jax.Array, kernel: str, *, inputs: int = 1) -> jax.Array:
        """Returns x projected by the kernel of that name alone."""
        weights, scale = getattr(self, kernel), getattr(self, f"{kernel}_scale", None)
        if scale is None:
            return project(x, weights, self.config.dtype, inputs=inputs)
        dtype, axes = self.config.dtype, weights.get_metadata()["axes"][1:]
        return quantized.project(x, weights[...], scale[...], dtype, inputs=inputs, axes=axes)

    def adapted(self, x_BTD: jax.Array) -> jax.Array:
        """Returns the sublayer's output, through its adapter if it has one."""
        adapter = getattr(self, "adapter", None)
        return x_BTD if adapter is None else adapter(x_BTD)


_ACTIVATIONS = {
    "silu": jax.nn.silu,
    "gelu": jax.nn.gelu,
    "gelu_exact": functools.partial(jax.nn.gelu, approximate=False),
    "relu": jax.nn.relu,
}


class FeedForward(Sublayer):
    """A feed-forward: activation(x gate) * (x up), or activation(x up), projected back."""

    def __init__(self, config: Config, layers: int, *, rngs: nnx.Rngs):
        self.config = config
        D, F = config.model_size, config.hidden_size
        into = ("layers", "embed", "hidden")
        if config.is_gated:
            self.gate = param(rngs, (layers, D, F), into, std=D**-0.5)
        self.up = param(rngs, (layers, D, F), into, std=D**-0.5)
        self.down = param(
            rngs,
            (layers, F, D),
            ("layers", "hidden", "embed"),
            std=F**-0.5 * residual_scale(config, layers),
        )
        if config.hidden_biases:
            for kernel in ("gate", "up") if config.is_gated else ("up",):
                setattr(self, f"{kernel}_bias", zeros((layers, F), ("layers", "hidden")))
            self.down_bias = zeros((layers, D), ("layers", "norm"))

    def __call__(self, x_BTD: jax.Array, key: jax.Array | None) -> jax.Array:
        activation = _ACTIVATIONS[self.config.activation]
        x_BTF = self.project(x_BTD, "up")
        if self.config.is_gated:
            x_BTF = activation(self.project(x_BTD, "gate")) * x_BTF
        else:
            x_BTF = activation(x_BTF)
        return self.adapted(self.project(dropout(x_BTF, self.config.dropout, key), "down"))


class Attention(Sublayer):
    """Grouped-query attention over the tokens themselves or over an encoder's.

    `source_size` is the size of the stream that keys and values are of, the model's unless given.
    """

    def __init__(
        self, config: Config, layers: int, *, rngs: nnx.Rngs, source_size: int | None = None
    ):
        self.config = config
        D, N, K, H = (
            config.model_size,
            config.query_heads,
            config.key_value_heads,
            config.head_size,
        )
        # Without the division by sqrt(H), the initial query projection carries it.
        query_std = D**-0.5 if config.scale_attention else (D * H) ** -0.5
        source = source_size or D
        heads = ("layers", "embed", "heads", "head")
        key_value_heads = ("layers", "embed", "key_value_heads", "head")
        self.q = param(rngs, (layers, D, N, H), heads, std=query_std)
        self.k = param(rngs, (layers, source, K, H), key_value_heads, std=source**-0.5)
        self.v = param(rngs, (layers, source, K, H), key_value_heads, std=source**-0.5)
        self.out = param(
            rngs,
            (layers, N, H, D),
            ("layers", "heads", "head", "embed"),
            std=(N * H) ** -0.5 * residual_scale(config, layers),
        )
        if config.query_key_value_biases:
            self.q_bias = zeros((layers, N, H), ("layers", "heads", "head"))
            self.k_bias = zeros((layers, K, H), ("layers", "key_value_heads", "head"))
            self.v_bias = zeros((layers, K, H), ("layers", "key_value_heads", "head"))
        if config.out_biases:
            self.out_bias = zeros((layers, D), ("layers", "norm"))
        if config.query_key_norms:
            of_q, of_k = {"norm": H}, {"norm": H}
            if config.joins_query_key_norms:
                of_q, of_k = {"heads": N, "head": H}, {"key_value_heads": K, "head": H}
            self.q_norm = norms.Norm(config, layers=layers, over=of_q)
            self.k_norm = norms.Norm(config, layers=layers, over=of_k)

    def queries(self, x_BTD: jax.Array, rotation: jax.Array | None = None) -> jax.Array:
        """Returns q_BTNH, turned by its positions where a rotation is given."""
        q_BTNH = self.project(x_BTD, "q")
        if self.config.query_key_norms:
            q_BTNH = self.q_norm(q_BTNH)
        if self.config.scale_attention:
            q_BTNH = q_BTNH * self.config.attention_scale
        return positions.rotate(q_BTNH, rotation)

    def keys_values(self, x_BSD: jax.Array, rotation: jax.Array | None = None) -> KeysValues:
        """Returns k_BSKH (turned) and v_BSKH."""
        k_BSKH = self.project(x_BSD, "k")
        v_BSKH = self.project(x_BSD, "v")
        if self.config.query_key_norms:
            k_BSKH = self.k_norm(k_BSKH)
        return positions.rotate(k_BSKH, rotation), v_BSKH

    def attend(
        self,
        q_BTNH: jax.Array,
        k_BSKH: jax.Array,
        v_BSKH: jax.Array,
        mask_BTS: jax.Array,
        *,
        bias_1NTS: jax.Array | None = None,
        skips: fused.Skips | None = None,
        key: jax.Array | None = None,
    ) -> jax.Array:
        """Returns the attended values projected to BTD; the boolean mask says who sees whom.

        With a key, dropout acts on the weights. `skips` is for whole rows, which may be attended to
        by a fused kernel.
        """
        if skips is not None and fused.kernel(self.config) == "cudnn":
            x_BTNH = fused.attention(q_BTNH, k_BSKH, v_BSKH, mask_BTS, skips)
        else:
            cap, rate = self.config.attention_softcap, self.config.dropout
            x_BTNH = attention(
                q_BTNH, k_BSKH, v_BSKH, mask_BTS, bias_1NTS, softcap=cap, rate=rate, key=key
            )
        return self.adapted(self.project(x_BTNH, "out", inputs=2))


def attention(
    q_BTNH: jax.Array,
    k_BSKH: jax.Array,
    v_BSKH: jax.Array,
    mask_BTS: jax.Array,
    bias_1NTS: jax.Array | None = None,
    *,
    softcap: float = 0.0,
    rate: float = 0.0,
    key: jax.Array | None = None,
) -> jax.Array:
    """Returns softmax(q k + bias) v over what the boolean mask shows; q k may be capped.

    Logits and softmax are in float32. Mask and bias are added within: they are not laid out for
    every head and row. A token that sees nothing gets the mean of all values.

    Heads come before tokens in both products, and the queries of a group one head after another
    (R): only q, k, v and the result are transposed, never the logits, which on a CPU takes as long
    as the products. The division by the softmax's sum comes last, where it is S/H times less work.

    With a key, a share `rate` of the softmax's weights is dropped: those of the same keys for all
    queries of a row, as T5 was trained, which takes T times fewer random numbers.
    """
    B, T, N, H = q_BTNH.shape
    S, K = k_BSKH.shape[1:3]
    q_BKRH = q_BTNH.transpose(0, 2, 1, 3).reshape(B, K, N // K * T, H)
    k_BKSH, v_BKSH = k_BSKH.transpose(0, 2, 1, 3), v_BSKH.transpose(0, 2, 1, 3)
    logits = jnp.einsum("BKRH,BKSH->BKRS", q_BKRH, k_BKSH, preferred_element_type=jnp.float32)
    logits = capped(logits, softcap).reshape(B, N, T, S)
    logits = logits if bias_1NTS is None else logits + bias_1NTS
    logits = (logits + positions.addend(mask_BTS)).reshape(B, K, -1, S)
    highest = jax.lax.stop_gradient(logits.max(axis=-1, keepdims=True))
    weights = jnp.exp(logits - highest)
    kept_BNTS = dropout(weights.reshape(B, N, T, S), rate, key, same_along=2).astype(v_BSKH.dtype)
    kept = kept_BNTS.reshape(weights.shape)
    x_BKRH = jnp.einsum("BKRS,BKSH->BKRH", kept, v_BKSH, preferred_element_type=jnp.float32)
    x_BKRH = (x_BKRH / weights.sum(axis=-1, keepdims=True)).astype(v_BSKH.dtype)
    return x_BKRH.reshape(B, N, T, H).transpose(0, 2, 1, 3)


def capped(logits: jax.Array, softcap: float) -> jax.Array:
    """Returns the logits bent to stay within the cap on either side; a cap of 0 is none."""
    return softcap * jnp.tanh(logits / softcap) if softcap else logits


def project(x: jax.Array, kernel: nnx.Param, dtype: str, *, inputs: int = 1) -> jax.Array:
    """Returns x with its last axes contracted with the kernel's first `inputs` axes.

    It is one matrix product of flattened axes: on a CPU, the gradient of an einsum over three or
    four axes takes twice as long.
    """
    weights = kernel[...].astype(dtype)
    rows = x.shape[: x.ndim - inputs]
    width = math.prod(weights.shape[:inputs])
    y = x.reshape(-1, width) @ weights.reshape(width, -1)
    return y.reshape(*rows, *weights.shape[inputs:])


def residual_scale(config: Config, layers: int) -> float:
    """Returns the factor on the initial projections that add to the residual stream."""
    return (2 * layers) ** -0.5 if config.init == "depth_scaled" else 1.0


def dropout(
    x: jax.Array, rate: float, key: jax.Array | None, *, same_along: int | None = None
) -> jax.Array:
    """Zeroes a share of x and scales up the rest; without a key it returns x.

    Along the axis `same_along`, it is the same elements that are dropped.
    """
    if key is None or rate == 0.0:
        return x
    shape = list(x.shape)
    if same_along is not None:
        shape[same_along] = 1
    keep = jax.random.bernoulli(key, 1.0 - rate, shape)
    return jnp.where(keep, x / (1.0 - rate), 0).astype(x.dtype)


def scan(
    blocks: nnx.Module,
    fn: Callable[[Any, jax.Array, Any], tuple[jax.Array, Any]],
    x: jax.Array,
    per_layer: Any,
    config: Config,
) -> tuple[jax.Array, Any]:
    """Returns x after fn(block, x, slice of per_layer) of every layer, and what each layer gave.

    One compiled body serves all layers, unless the config unrolls them.
    """
    graphdef, params = nnx.split(blocks)

    def body(x: jax.Array, layer: tuple[Any, Any]) -> tuple[jax.Array, Any]:
        layer_params, layer_inputs = layer
        return fn(nnx.merge(graphdef, layer_params), x, layer_inputs)

    if config.remat == "full":
        body = jax.checkpoint(body)
    elif config.remat == "dots":
        policy = jax.checkpoint_policies.dots_with_no_batch_dims_saveable
        body = jax.checkpoint(body, policy=policy)
    return jax.lax.scan(body, x, (params, per_layer), unroll=config.unroll_layers)


def with_cache(cache: Cache, own: KeysValues) -> KeysValues:
    """Returns one layer's cached keys and values with this call's own written at its slot."""
    cached = (cache.k_BSKH, cache.v_BSKH)
    return jax.tree.map(
        lambda a, new: jax.lax.dynamic_update_slice_in_dim(a, new, cache.slot, axis=1), cached, own
    )


def with_room(cache: KeysValues, slots: int) -> KeysValues:
    """Returns the keys and values LBSKH of a stack, padded to that many slots (S)."""
    room = slots - cache[0].shape[2]
    return jax.tree.map(lambda a: jnp.pad(a, ((0, 0), (0, 0), (0, room), (0, 0), (0, 0))), cache)


def write(cache: KeysValues, own: KeysValues, slot: jax.Array) -> KeysValues:
    """Returns the cache LBSKH with every layer's own keys and values written at the slot."""
    return jax.tree.map(
        lambda a, new: jax.lax.dynamic_update_slice_in_dim(a, new, slot, axis=2), cache, own
    )


def layer_keys(key: jax.Array | None, layers: int) -> jax.Array | None:
    """Returns one key a layer, or None."""
    return None if key is None else jax.random.split(key, layers)


def split(key: jax.Array | None, parts: int) -> list[jax.Array | None]:
    """Returns that many keys, or Nones."""
    return [None] * parts if key is None else list(jax.random.split(key, parts))


class RelativeBias(nnx.Module):
    """T5's learned attention biases by distance: one table for a stack, or one for each layer.

    The tokens of a segment lie side by side, so that distances in the row are distances of
    positions; the mask hides all other pairs.
    """

    def __init__(
        self,
        config: Config,
        *,
        is_bidirectional: bool,
        rngs: nnx.Rngs,
        layers: int | None = None,
    ):
        self.config = config
        self.is_bidirectional = is_bidirectional
        shape, axes = (config.relative_buckets, config.query_heads), ("buckets", "heads")
        if layers is not None:
            shape, axes = (layers, *shape), ("layers", *axes)
        self.table = param(rngs, shape, axes, std=config.model_size**-0.5)

    def __call__(self, queries_T: jax.Array, keys_S: jax.Array) -> jax.Array:
        """Returns the float32 bias 1NTS for tokens at those places of the row."""
        buckets_TS = positions.relative_buckets(
            keys_S[None, :] - queries_T[:, None],
            is_bidirectional=self.is_bidirectional,
            buckets=self.config.relative_buckets,
            max_distance=self.config.relative_max_distance,
        )
        return jnp.take(self.table[...], buckets_TS, axis=0).transpose(2, 0, 1)[None]
