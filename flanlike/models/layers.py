"""The parts that both families share: norm, attention, feed-forward, positions, masks, the stack.

Every parameter of a layer has a leading axis over the layers of its stack and names its axes in
the metadata `axes`, from which `flanlike.sharding` places it. A layer's code sees its own slice.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from flanlike import sharding
from flanlike.models import config as model_config

Config = model_config.ModelConfig
# Finite, so that the softmax of a fully masked row is finite too; exp of it is exactly 0.
MASKED = -1e30


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


class RMSNorm(nnx.Module):
    """Divides by the root mean square, in float32, and multiplies by a learned scale."""

    def __init__(self, config: Config, *, layers: int | None = None):
        self.dtype = config.dtype
        shape, axes = (config.model_size,), ("norm",)
        if layers is not None:
            shape, axes = (layers, *shape), ("layers", *axes)
        self.scale = nnx.Param(jnp.ones(shape, jnp.float32), axes=axes)

    def __call__(self, x_BTD: jax.Array) -> jax.Array:
        x_BTD = x_BTD.astype(jnp.float32)
        mean_square_BT1 = jnp.mean(jnp.square(x_BTD), axis=-1, keepdims=True)
        x_BTD = x_BTD * jax.lax.rsqrt(mean_square_BT1 + 1e-6) * self.scale[...]
        return x_BTD.astype(self.dtype)


class FeedForward(nnx.Module):
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

    def __call__(self, x_BTD: jax.Array, key: jax.Array | None) -> jax.Array:
        dtype = self.config.dtype
        activation = getattr(jax.nn, self.config.activation)
        x_BTF = project(x_BTD, self.up, dtype)
        if self.config.is_gated:
            x_BTF = activation(project(x_BTD, self.gate, dtype)) * x_BTF
        else:
            x_BTF = activation(x_BTF)
        return project(dropout(x_BTF, self.config.dropout, key), self.down, dtype)


class Attention(nnx.Module):
    """Grouped-query attention over the tokens themselves or over an encoder's."""

    def __init__(self, config: Config, layers: int, *, rngs: nnx.Rngs):
        self.config = config
        D, N, K, H = (
            config.model_size,
            config.query_heads,
            config.key_value_heads,
            config.head_size,
        )
        # Without the division by sqrt(H), the initial query projection carries it.
        query_std = D**-0.5 if config.scale_attention else (D * H) ** -0.5
        heads = ("layers", "embed", "heads", "head")
        key_value_heads = ("layers", "embed", "key_value_heads", "head")
        self.q = param(rngs, (layers, D, N, H), heads, std=query_std)
        self.k = param(rngs, (layers, D, K, H), key_value_heads, std=D**-0.5)
        self.v = param(rngs, (layers, D, K, H), key_value_heads, std=D**-0.5)
        self.out = param(
            rngs,
            (layers, N, H, D),
            ("layers", "heads", "head", "embed"),
            std=(N * H) ** -0.5 * residual_scale(config, layers),
        )

    def queries(self, x_BTD: jax.Array, rotation: jax.Array | None = None) -> jax.Array:
        """Returns q_BTNH, turned by its positions where a rotation is given."""
        q_BTNH = project(x_BTD, self.q, self.config.dtype)
        if self.config.scale_attention:
            q_BTNH = q_BTNH * self.config.head_size**-0.5
        return rotate(q_BTNH, rotation)

    def keys_values(self, x_BSD: jax.Array, rotation: jax.Array | None = None) -> KeysValues:
        """Returns k_BSKH (turned) and v_BSKH."""
        k_BSKH = project(x_BSD, self.k, self.config.dtype)
        v_BSKH = project(x_BSD, self.v, self.config.dtype)
        return rotate(k_BSKH, rotation), v_BSKH

    def attend(
        self, q_BTNH: jax.Array, k_BSKH: jax.Array, v_BSKH: jax.Array, bias_BNTS: jax.Array
    ) -> jax.Array:
        """Returns the attended values projected to BTD; the bias carries mask and positions."""
        x_BTNH = attention(q_BTNH, k_BSKH, v_BSKH, bias_BNTS)
        return project(x_BTNH, self.out, self.config.dtype, inputs=2)


def attention(
    q_BTNH: jax.Array, k_BSKH: jax.Array, v_BSKH: jax.Array, bias_BNTS: jax.Array
) -> jax.Array:
    """Returns softmax(q k + bias) v, with logits and softmax in float32.

    Heads come before tokens in both products, and the queries of a group one head after another
    (R): only q, k, v and the result are transposed, never the logits, which on a CPU takes as long
    as the products. The division by the softmax's sum comes last, where it is S/H times less work.
    """
    B, T, N, H = q_BTNH.shape
    S, K = k_BSKH.shape[1:3]
    q_BKRH = q_BTNH.transpose(0, 2, 1, 3).reshape(B, K, N // K * T, H)
    k_BKSH, v_BKSH = k_BSKH.transpose(0, 2, 1, 3), v_BSKH.transpose(0, 2, 1, 3)
    logits = jnp.einsum("BKRH,BKSH->BKRS", q_BKRH, k_BKSH, preferred_element_type=jnp.float32)
    logits = (logits.reshape(B, N, T, S) + bias_BNTS).reshape(B, K, -1, S)
    highest = jax.lax.stop_gradient(logits.max(axis=-1, keepdims=True))
    weights = jnp.exp(logits - highest)
    x_BKRH = jnp.einsum(
        "BKRS,BKSH->BKRH", weights.astype(v_BSKH.dtype), v_BKSH, preferred_element_type=jnp.float32
    )
    x_BKRH = (x_BKRH / weights.sum(axis=-1, keepdims=True)).astype(v_BSKH.dtype)
    return x_BKRH.reshape(B, N, T, H).transpose(0, 2, 1, 3)


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


def dropout(x: jax.Array, rate: float, key: jax.Array | None) -> jax.Array:
    """Zeroes a share of x and scales up the rest; without a key it returns x."""
    if key is None or rate == 0.0:
        return x
    keep = jax.random.bernoulli(key, 1.0 - rate, x.shape)
    return jnp.where(keep, x / (1.0 - rate), 0).astype(x.dtype)


def scan(
    blocks: nnx.Module | list[nnx.Module],
    fn: Callable[[Any, jax.Array, Any], tuple[jax.Array, Any]],
    x: jax.Array,
    per_layer: Any,
    config: Config,
) -> tuple[jax.Array, Any]:
    """Returns x after fn(block, x, slice of per_layer) of every layer, and what each layer gave.

    One compiled body serves all layers, unless the config unrolls them or they come `unstacked`.
    """
    if isinstance(blocks, list):
        outputs = []
        for i, block in enumerate(blocks):
            x, output = fn(block, x, jax.tree.map(lambda a, i=i: a[i], per_layer))
            outputs.append(output)
        return x, jax.tree.map(lambda *each: jnp.stack(each), *outputs)
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


def unstacked(blocks: nnx.Module, layers: int) -> list[nnx.Module]:
    """Returns each layer's block with copies of its own parameters.

    On a CPU, taking a layer's slice of the stack copies it: a loop that runs all layers for one
    token at a time would spend as long on that as on its products.
    """
    graphdef, params = nnx.split(blocks)
    return [nnx.merge(graphdef, jax.tree.map(lambda a, i=i: a[i], params)) for i in range(layers)]


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


def rotation(positions_BT: jax.Array, config: Config) -> jax.Array:
    """Returns cosines and sines (2, B, T, 1, H/2) by which rotary positions turn pairs."""
    half = config.head_size // 2
    wavelengths = config.rope_theta ** (jnp.arange(half, dtype=jnp.float32) / half)
    angles = positions_BT[:, :, None, None].astype(jnp.float32) / wavelengths
    return jnp.stack([jnp.cos(angles), jnp.sin(angles)])


def rotate(x_BTNH: jax.Array, rotation: jax.Array | None) -> jax.Array:
    """Turns pair (i, i + H/2) of every head by its token's angle i; None turns nothing."""
    if rotation is None:
        return x_BTNH
    cos, sin = rotation
    a, b = jnp.split(x_BTNH.astype(jnp.float32), 2, axis=-1)
    turned = jnp.concatenate([a * cos - b * sin, b * cos + a * sin], axis=-1)
    return turned.astype(x_BTNH.dtype)


def decoder_mask(
    segment_ids_BT: jax.Array,
    *,
    is_prefix_BT: jax.Array | None = None,
    branch_ids_BT: jax.Array | None = None,
) -> jax.Array:
    """Returns which token (T) sees which (S), as booleans BTS.

    A token sees itself and the earlier ones of its segment; with `is_prefix_BT`, tokens of the
    inputs see each other both ways. A token of branch 3 sees branches 0 and 3 alone: so that
    several options continue one prompt (branch 0). Padding (segment 0) sees only itself, which
    keeps its softmax finite, and nothing sees padding.

    ```
    segments  [1 1 1 1 2 0]
    branches  [0 0 1 2 0 0]
    row 3 sees [1 1 0 1 0 0]
    ```
    """
    T = segment_ids_BT.shape[1]
    is_earlier_TS = jnp.arange(T)[:, None] >= jnp.arange(T)[None, :]
    is_visible_BTS = is_earlier_TS[None]
    if is_prefix_BT is not None:
        is_visible_BTS = is_visible_BTS | (is_prefix_BT[:, :, None] & is_prefix_BT[:, None, :])
    is_visible_BTS = is_visible_BTS & cross_mask(segment_ids_BT, segment_ids_BT)
    if branch_ids_BT is not None:
        source_BTS = branch_ids_BT[:, None, :]
        is_visible_BTS &= (source_BTS == 0) | (source_BTS == branch_ids_BT[:, :, None])
    return is_visible_BTS | jnp.eye(T, dtype=bool)[None]


def cross_mask(segment_ids_BT: jax.Array, source_segment_ids_BS: jax.Array) -> jax.Array:
    """Returns, as booleans BTS, which pairs lie in the same segment and are no padding."""
    source_BTS = source_segment_ids_BS[:, None, :]
    return (segment_ids_BT[:, :, None] == source_BTS) & (source_BTS != 0)


def mask_bias(is_visible_BTS: jax.Array) -> jax.Array:
    """Returns the mask as a float32 bias B1TS to add to attention logits."""
    return jnp.where(is_visible_BTS, 0.0, MASKED)[:, None].astype(jnp.float32)


class RelativeBias(nnx.Module):
    """T5's learned attention biases by distance, one table for all layers of a stack.

    The tokens of a segment lie side by side, so that distances in the row are distances of
    positions; the mask hides all other pairs.
    """

    def __init__(self, config: Config, *, is_bidirectional: bool, rngs: nnx.Rngs):
        self.config = config
        self.is_bidirectional = is_bidirectional
        shape = (config.relative_buckets, config.query_heads)
        self.table = param(rngs, shape, ("buckets", "heads"), std=config.model_size**-0.5)

    def __call__(self, queries_T: jax.Array, keys_S: jax.Array) -> jax.Array:
        """Returns the float32 bias 1NTS for tokens at those places of the row."""
        buckets_TS = relative_buckets(
            keys_S[None, :] - queries_T[:, None],
            is_bidirectional=self.is_bidirectional,
            buckets=self.config.relative_buckets,
            max_distance=self.config.relative_max_distance,
        )
        return jnp.take(self.table[...], buckets_TS, axis=0).transpose(2, 0, 1)[None]


def relative_buckets(
    distances: jax.Array, *, is_bidirectional: bool, buckets: int, max_distance: int
) -> jax.Array:
    """Returns T5's bucket of each distance (key minus query).

    Half the buckets are for exact distances, half for logarithmic ranges up to `max_distance`;
    bidirectional, the upper half of all is for keys after the query.
    """
    offset = 0
    if is_bidirectional:
        buckets //= 2
        offset = jnp.where(distances > 0, buckets, 0)
        distances = jnp.abs(distances)
    else:
        distances = jnp.maximum(-distances, 0)
    exact = buckets // 2
    ratio = jnp.log(jnp.maximum(distances, 1) / exact) / math.log(max_distance / exact)
    far = exact + (ratio * (buckets - exact)).astype(jnp.int32)
    return offset + jnp.where(distances < exact, distances, jnp.minimum(far, buckets - 1))


class Embedding(nnx.Module):
    """The table of token vectors and the output head, which may be the same."""

    def __init__(self, config: Config, *, rngs: nnx.Rngs):
        self.config = config
        V, D = config.vocab_size, config.model_size
        if V <= 0:
            raise ValueError(f"vocab_size {V!r} must be set from the vocabulary before build")
        std = 1.0 if config.init == "t5" else D**-0.5
        self.table = param(rngs, (V, D), ("vocab", "embed"), std=std)
        if not config.tied_embeddings:
            self.head = param(rngs, (D, V), ("embed", "vocab"), std=D**-0.5)

    def __call__(self, tokens_BT: jax.Array) -> jax.Array:
        x_BTD = jnp.take(self.table[...], tokens_BT, axis=0)
        if self.config.scale_embeddings:
            x_BTD = x_BTD * math.sqrt(self.config.model_size)
        return sharding.split_rows(x_BTD.astype(self.config.dtype))

    def logits(self, x_BTD: jax.Array) -> jax.Array:
        """Returns float32 logits over the vocabulary, for x of any leading axes."""
        if self.config.scale_head:
            x_BTD = x_BTD * self.config.model_size**-0.5
        head_DV = self.table[...].T if self.config.tied_embeddings else self.head[...]
        logits = jnp.matmul(
            x_BTD.reshape(-1, x_BTD.shape[-1]),
            head_DV.astype(self.config.dtype),
            preferred_element_type=jnp.float32,
        )
        return logits.reshape(*x_BTD.shape[:-1], -1)
