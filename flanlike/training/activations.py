"""What a step holds on one device besides its state: activations, traced and not allocated.

What is saved for the backward pass are the residuals of the real loss, for one device's slice of
the model and of the rows. What is worked on at one moment is an estimate: the largest of what is
known to be there at once.
"""

import dataclasses
import functools
from typing import Any

import jax
import jax.extend
import jax.numpy as jnp
from flax import nnx

from flanlike import config as config_lib
from flanlike import models
from flanlike.batches import features
from flanlike.models import config as model_config
from flanlike.models import quantized, tuning
from flanlike.training import loss

Shape = model_config.ModelConfig


@dataclasses.dataclass(frozen=True, kw_only=True)
class Learns:
    """What of a model learns: all but what `freeze` names, or what `tuning` adds to a base."""

    tuning: config_lib.Tuning | None = None
    base_dtype: str = "float32"
    freeze: str = "none"


ALL = Learns()


def abstract_model(shape: Shape, learns: Learns = ALL) -> nnx.Module:
    """Returns the model with shapes in place of arrays, and what tuning adds to it."""
    if learns.tuning is None:
        return models.abstract(shape)
    graph, params = nnx.split(models.abstract(shape))

    def tuned(params: nnx.State) -> nnx.Module:
        model = nnx.merge(graph, params)
        tuning.cast_base(model, learns.base_dtype)
        tuning.attach(model, learns.tuning, seed=None)
        return model

    return nnx.eval_shape(tuned, params)


def of_device(
    shape: Shape,
    mesh: jax.sharding.Mesh | jax.sharding.AbstractMesh,
    batch: config_lib.BatchConfig,
    learns: Learns = ALL,
) -> tuple[int, int]:
    """Returns the bytes that one device saves for the backward pass, and those it works on."""
    fsdp, shares = mesh.shape["fsdp"], mesh.shape["data"] * mesh.shape["fsdp"]
    rows = batch.rows // shares // batch.micro_batches
    part = _slice(shape, mesh.shape["tensor"])
    _, tokens = _row_tokens(shape, batch)
    positions = rows * tokens
    is_chunked = loss.is_chunked(positions, part.vocab_size)

    def kept(of: Shape, fsdp: int = 1) -> int:
        return _saved_bytes(of, batch, rows, learns, fsdp=fsdp, is_chunked=is_chunked)

    saved = kept(part, fsdp)
    one = dataclasses.replace(part, layers=1, encoder_layers=min(1, part.encoder_layers))
    stacks = ["layers", "encoder_layers"] if part.encoder_layers else ["layers"]
    recomputed, layer = 0, 0
    for two in (dataclasses.replace(one, **{stack: 2}) for stack in stacks):
        # A layer that is recomputed holds all that it would have saved without remat.
        without = kept(_without_remat(two)) - kept(_without_remat(one))
        recomputed = max(recomputed, without - (kept(two) - kept(one)))
        layer = max(layer, _weight_bytes(two, learns) - _weight_bytes(one, learns))
    # With fsdp a layer's weights come together and its gradient is whole before it is split; with
    # data its gradient is there before and after it is summed. A base that stays has none, but a
    # layer that is recomputed has its weights both ways round, for the way back too; those in 8
    # bits, as what they are cast to.
    whole = (2 * layer if shares > 1 else 0) if learns.tuning is None else layer * (fsdp > 1)
    if learns.tuning is not None and part.remat != "none":
        whole = whole + 2 * _cast_bytes(layer, part) if _is_cast(learns) else 2 * whole
    if is_chunked:
        chunk = loss.chunk_size(positions, part.vocab_size)
        return saved, max(_of_chunk(part, chunk, mesh, learns), recomputed + whole)
    return saved, max(positions * part.vocab_size * 4, recomputed) + whole


def batch_of(shape: Shape, batch: config_lib.BatchConfig, rows: int) -> features.Batch:
    """Returns the shapes of a batch of so many rows."""
    one = features.empty(1, _row_tokens(shape, batch), family=shape.family)
    return jax.tree.map(lambda a: jax.ShapeDtypeStruct((rows, *a.shape[1:]), a.dtype), one)


def _of_chunk(
    part: Shape,
    chunk: int,
    mesh: jax.sharding.Mesh | jax.sharding.AbstractMesh,
    learns: Learns,
) -> int:
    """Returns the bytes of a chunk of logits at its largest, with what waits for it meanwhile.

    There are its logits, and their gradient or the head's. With fsdp the head has come together,
    and its gradient is whole; one in 8 bits is there as what it is cast to as well. Later on, on
    several devices, the table's gradient as a table is there before and after it is summed.
    """
    fsdp, shares = mesh.shape["fsdp"], mesh.shape["data"] * mesh.shape["fsdp"]
    head = part.vocab_size * part.model_size * 4
    is_still = part.tied_embeddings and learns.freeze == "embeddings"
    has_gradient = learns.tuning is None and not is_still
    logits = chunk * part.vocab_size * 4
    bytes_ = logits + max(logits, head if has_gradient else 0)
    if fsdp > 1:
        bytes_ += head * jnp.dtype(learns.base_dtype).itemsize // 4
    if has_gradient and fsdp > 1:
        bytes_ += head - head // fsdp
    if _is_cast(learns):
        bytes_ += _cast_bytes(head // 4, part)
    is_table_moved = learns.tuning is None and learns.freeze == "none"
    return max(bytes_, 2 * head) if is_table_moved and shares > 1 else bytes_


def _is_cast(learns: Learns) -> bool:
    return learns.base_dtype == quantized.DTYPE


def _cast_bytes(bytes_: int, shape: Shape) -> int:
    """Returns the bytes of what so many bytes of whole numbers are cast to for a product."""
    return bytes_ * jnp.dtype(shape.dtype).itemsize


def _without_remat(shape: Shape) -> Shape:
    return dataclasses.replace(shape, remat="none")


def _slice(shape: Shape, tensor: int) -> Shape:
    """Returns the model as one of `tensor` devices computes it: with its share of heads and so on.

    As in `sharding`, what does not divide is copied.
    """

    def share(length: int) -> int:
        return length if length % tensor else length // tensor

    query_heads, key_value_heads = share(shape.query_heads), share(shape.key_value_heads)
    return dataclasses.replace(
        shape,
        query_heads=shape.query_heads if query_heads % key_value_heads else query_heads,
        key_value_heads=key_value_heads,
        hidden_size=share(shape.hidden_size),
        vocab_size=share(shape.vocab_size),
        attention_kernel="xla",  # the fused one keeps less
    )


def _of_slice(shape: Shape, learns: Learns) -> Learns:
    """Returns it with pairs of a rank that a slice of the kernels has room for."""
    if not isinstance(learns.tuning, config_lib.LoraConfig):
        return learns
    heads = shape.head_size * min(shape.query_heads, shape.key_value_heads)
    rank = min(learns.tuning.rank, heads, shape.model_size, shape.hidden_size)
    return dataclasses.replace(learns, tuning=dataclasses.replace(learns.tuning, rank=rank))


@functools.cache  # without remat, a layer is traced twice
def _saved_bytes(
    shape: Shape,
    batch: config_lib.BatchConfig,
    rows: int,
    learns: Learns,
    *,
    fsdp: int,
    is_chunked: bool,
) -> int:
    """Returns the bytes that the forward pass of those rows keeps for the backward pass."""
    model = abstract_model(shape, _of_slice(shape, learns))
    params = jax.tree.leaves(nnx.state(model, nnx.Param))
    lengths = {leaf.size for leaf in params}
    one, two = (
        # Twice as many are chunked if these are: both are to be computed alike.
        _residuals(model, batch_of(shape, batch, n), is_chunked=is_chunked)
        for n in (rows, 2 * rows)
    )
    total = 0
    for leaf, of_twice in zip(one, two, strict=True):
        size = leaf.size * leaf.dtype.itemsize
        if leaf.shape == of_twice.shape and leaf.size in lengths:
            # A copy of weights: split as they are, and none at all where only axes are joined.
            size = 0 if leaf.dtype == learns.base_dtype else size // fsdp
        total += size
    return total


def _weight_bytes(shape: Shape, learns: Learns) -> int:
    model = abstract_model(shape, _of_slice(shape, learns))
    leaves = jax.tree.leaves(nnx.state(model, quantized.KINDS))
    return sum(leaf.size * leaf.dtype.itemsize for leaf in leaves)


def _residuals(
    model: nnx.Module, batch: features.Batch, *, is_chunked: bool
) -> list[jax.core.ShapedArray]:
    """Returns what the backward pass of the loss needs besides its arguments."""
    graph, moved, still = nnx.split(model, tuning.trained(model), ...)

    def backward(moved: Any, still: Any, batch: features.Batch, key: jax.Array) -> Any:
        def loss_of(moved: Any) -> jax.Array:
            rngs = nnx.Rngs(dropout=key)
            merged = nnx.merge(graph, nnx.State(moved), still)
            tuning.begin_dropout(merged, key)
            return loss.loss_sums(merged, batch, rngs, at_targets=is_chunked).loss_sum

        return jax.vjp(loss_of, moved)[1]

    key = jax.eval_shape(lambda: jax.random.key(0))
    jaxpr = jax.make_jaxpr(backward)(nnx.to_pure_dict(moved), still, batch, key).jaxpr
    given = {*jaxpr.invars, *jaxpr.constvars}
    kept = [one for one in jaxpr.outvars if not isinstance(one, jax.extend.core.Literal)]
    return [one.aval for one in dict.fromkeys(kept) if one not in given]


def _row_tokens(shape: Shape, batch: config_lib.BatchConfig) -> tuple[int, int]:
    limits = features.LengthLimits(
        max_input_tokens=batch.max_input_tokens, max_target_tokens=batch.max_target_tokens
    )
    return limits.row_tokens(shape.family)
