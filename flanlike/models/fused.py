"""Attention by cuDNN's fused kernel, which lays out no logits: who has it, and how it is called.

What stays with XLA: float32, caps on logits, biases by distance, dropped weights, and single tokens
on a cache, where nothing is to be saved. The kernel gets packing as the same boolean mask: it
could take where segments begin too, and skip what lies between them, but jax has no public way to
say so, and 0.10.2 counts the keys' places by the queries' heads: wrong where heads are grouped.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.sharding import PartitionSpec

from flanlike import errors
from flanlike.models import config as model_config

_LEAST_CAPABILITY, _HOPPER = (8, 0), (9, 0)


class Skips(NamedTuple):
    """What a mask is known to hide of whole rows, so that a kernel need not look there.

    The mask hides it all the same. `window` is how many places a token sees, itself among them; 0
    where it may see all.
    """

    is_causal: bool
    window: int = 0


def kernel(config: model_config.ModelConfig) -> str:
    """Returns what attends over whole rows here: "cudnn" or "xla".

    Raises where the configuration asks for cuDNN's kernel and it cannot be had.
    """
    if config.attention_kernel == "xla":
        return "xla"
    obstacle = _obstacle(config)
    if obstacle and config.attention_kernel == "cudnn":
        raise errors.UserError(
            f"--attention-kernel 'cudnn' cannot be had: {obstacle}; give 'auto' or 'xla'"
        )
    return "xla" if obstacle else "cudnn"


def _obstacle(config: model_config.ModelConfig) -> str | None:
    """Returns why the kernel cannot be had, or None."""
    if config.family != "decoder":
        return "it is for decoders, and this is an encoder-decoder"
    if config.attention_softcap:
        return "it has no cap on logits, as this model has"
    if config.dtype != "bfloat16":
        return f"it computes in bfloat16, and --dtype is {config.dtype}"
    capability = _capability()
    if capability is None or capability < _LEAST_CAPABILITY:
        return "it needs a CUDA device of compute capability 8.0 or more, and there is none here"
    most = 256 if capability >= _HOPPER else 128
    if config.head_size % 8 or config.head_size > most:
        return f"on this device heads have to be a multiple of 8 up to {most}: {config.head_size}"
    return None


def _capability() -> tuple[int, int] | None:
    """Returns the compute capability of the CUDA devices here; None without any."""
    device = jax.local_devices()[0]
    if device.platform != "gpu" or "cuda" not in device.client.platform_version.lower():
        return None
    major, minor = device.compute_capability.split(".")
    return int(major), int(minor)


def attention(
    q_BTNH: jax.Array, k_BTKH: jax.Array, v_BTKH: jax.Array, mask_BTS: jax.Array, skips: Skips
) -> jax.Array:
    """Returns softmax(q k) v of whole rows over what the boolean mask shows, in bfloat16.

    Every token has to see itself. On a mesh every device has its rows, and its heads where they
    divide: nothing of it is left to the partitioner.
    """
    T = q_BTNH.shape[1]
    if T % 2:  # its gradient takes even lengths alone
        q_BTNH, k_BTKH, v_BTKH = (
            jnp.pad(x, ((0, 0), (0, 1), (0, 0), (0, 0))) for x in (q_BTNH, k_BTKH, v_BTKH)
        )
        mask_BTS = jnp.pad(mask_BTS, ((0, 0), (0, 1), (0, 1))).at[:, -1, -1].set(True)

    def attend(q_BTNH, k_BTKH, v_BTKH, mask_BTS):
        return jax.nn.dot_product_attention(
            q_BTNH,
            k_BTKH,
            v_BTKH,
            mask=mask_BTS[:, None],
            scale=1.0,  # queries are scaled
            is_causal=skips.is_causal,
            # Without is_causal jax 0.10.2 lets a window's tokens see all that comes later.
            local_window_size=(skips.window - 1, 0) if skips.is_causal and skips.window else None,
            implementation="cudnn",
        )

    mesh = jax.sharding.get_abstract_mesh()
    if not mesh.empty:
        rows = ("data", "fsdp")
        heads = "tensor" if k_BTKH.shape[2] % mesh.shape["tensor"] == 0 else None
        split = PartitionSpec(rows, None, heads, None)
        attend = jax.shard_map(
            attend, in_specs=(split, split, split, PartitionSpec(rows)), out_specs=split
        )
    return attend(q_BTNH, k_BTKH, v_BTKH, mask_BTS)[:, :T]
