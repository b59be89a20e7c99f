"""What a decoder's heads attend to, and which tokens they speak for: to be looked at, head by head.

Nothing of it is kept by the passes that train or answer: it is computed again from each layer's
incoming stream, within `Decoder.observe`.
"""

import jax
import jax.numpy as jnp
from flax import nnx

from flanlike.models import decoder, layers, positions, quantized, views


def weights(block: decoder.Block, x_BTD: jax.Array, view: views.View) -> jax.Array:
    """Returns the attention weights BNTS (float32) of one layer's heads.

    weights[b, n, t, s] is the share of token s in what head n brings to token t: over s they sum
    to 1, and are 0 where t does not see s (later tokens, other segments, beyond the window).
    """
    attention = block.attention
    normed_BTD = block.normed("attention", x_BTD)
    q_BTNH = attention.queries(normed_BTD, view.rotation)
    k_BSKH, _ = attention.keys_values(normed_BTD, view.rotation)
    k_BSNH = _of_queries(k_BSKH, q_BTNH.shape[2])
    logits_BNTS = jnp.einsum("BTNH,BSNH->BNTS", q_BTNH, k_BSNH, preferred_element_type=jnp.float32)
    capped_BNTS = layers.capped(logits_BNTS, block.config.attention_softcap)
    return jax.nn.softmax(capped_BNTS + positions.addend(view.mask_BTS), axis=-1)


def effects(
    block: decoder.Block, x_BTD: jax.Array, view: views.View, readout_BMD: jax.Array
) -> jax.Array:
    """Returns what each head adds to some tokens' logits for a look at each token: BNSM (float32).

    effects[b, n, s, m] is v_s W_out readout_m, with W_out head n's part of the projection: the
    direct path from token s through the head into the logit of token m, which later layers may
    change. `readout` is what `readout_of` returns for those tokens. Norms on that path divide by a
    root mean square that depends on the token that looks and not on m: it is left out, so that the
    effects for one s are right up to one positive factor. An adapter's bottleneck, a bias of the
    projection and a cap on logits are left out too.
    """
    attention, config = block.attention, block.config
    _, v_BSKH = attention.keys_values(block.normed("attention", x_BTD), view.rotation)
    v_BSNH = _of_queries(v_BSKH, config.query_heads).astype(jnp.float32)
    if config.norms_after:
        readout_BMD = block.attention_after_norm.directions(readout_BMD)
    out_NHD = quantized.whole(attention, ("out",), is_layer=True)
    if (pair := getattr(attention, "lora_out", None)) is not None:
        out_NHD = pair.merged(out_NHD)
    readout_BNHM = jnp.einsum("NHD,BMD->BNHM", out_NHD, readout_BMD)
    return jnp.einsum("BSNH,BNHM->BNSM", v_BSNH, readout_BNHM)


def readout_of(model: nnx.Module, tokens_BM: jax.Array) -> jax.Array:
    """Returns the directions BMD (float32) that raise those tokens' logits, before the last norm.

    The head's columns, as they act through the final norm.
    """
    embedding = model.embedding
    if model.config.tied_embeddings:
        vectors_BMD = embedding.vectors(tokens_BM)
    else:
        vectors_BMD = quantized.whole(embedding, ("embedding", "head")).T[tokens_BM]
    return model.final_norm.directions(vectors_BMD.astype(jnp.float32))


def _of_queries(x_BSKH: jax.Array, query_heads: int) -> jax.Array:
    """Returns each query head's keys or values BSNH: those of its group."""
    return jnp.repeat(x_BSKH, query_heads // x_BSKH.shape[2], axis=2)
