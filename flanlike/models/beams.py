"""Beam search: the likeliest continuation that K beams find, with length normalized.

A continuation y of |y| tokens, EOS counted, has the score

    sum of log p(y_t | prompt, y_<t)  /  |y| ** length_penalty

as in Wu et al. 2016, section 7, with |y| in place of their (5 + |y|) / 6. Penalty 0 is the bare
sum, which prefers short ones; 1 is the mean of a token.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from flanlike.batches import features
from flanlike.models import continuation, sampling, sharding


class _State(NamedTuple):
    """K unfinished beams a row (those at minus infinity are none), and the best that ended."""

    i: jax.Array  # new tokens of every beam
    tokens_BKT: jax.Array
    sums_BK: jax.Array
    ended_BT: jax.Array
    ended_scores_B: jax.Array
    cache: Any


@functools.partial(jax.jit, static_argnums=(0, 3, 4, 5))
def search(
    graphdef: nnx.GraphDef,
    params: nnx.State,
    batch: features.Batch,
    max_new_tokens: int,
    decoding: sampling.Decoding,
    eos_id: int,
) -> jax.Array:
    """Returns the new tokens BT of each row's best continuation: those after EOS mean nothing.

    Each step keeps the K likeliest of all beams' next tokens but EOS. A row is done when none of
    its beams could still beat the best one that ended, were all its further tokens certain. One
    that has not ended within `max_new_tokens` is the answer only if its score beats those.
    """
    model = nnx.merge(graphdef, params)
    B, prompt_slots = batch.tokens_BT.shape
    K, T = decoding.beams, max_new_tokens
    read = continuation.read(model, batch, T)
    first_BK = jnp.repeat(jnp.arange(B), K)
    lengths_BK = read.lengths_B[first_BK]
    is_padding_B = read.lengths_B == 0

    def goes_on(state: _State) -> jax.Array:
        is_decided_B = state.ended_scores_B >= _scores(jnp.max(state.sums_BK, axis=1), T, decoding)
        return (state.i < T) & ~jnp.all(is_decided_B | is_padding_B)

    def select(state: _State, x_X1D: jax.Array) -> tuple[_State, jax.Array]:
        log_probs_XV = jax.nn.log_softmax(model.logits(x_X1D[:, 0]))
        return _longer(state, log_probs_XV, decoding, eos_id)

    def advance(state_rows: tuple[_State, jax.Array]) -> tuple[_State, jax.Array]:
        state, rows_X = state_rows
        i = state.i - 1
        x_X1D, cache = continuation.one_more(
            model,
            state.tokens_BKT[:, :, i].reshape(-1),
            i,
            lengths_BK,
            model.rows_of_cache(state.cache, rows_X),
            prompt_slots=prompt_slots,
            max_new_tokens=T,
        )
        return select(state._replace(cache=cache), x_X1D)

    none_BK = jnp.full((B, K), -jnp.inf)
    state = _State(
        jnp.int32(0),
        jnp.zeros((B, K, T), jnp.int32),
        none_BK.at[:, 0].set(0.0),  # the beams are all the same yet: one of them counts
        jnp.zeros((B, T), jnp.int32),
        none_BK[:, 0],
        model.rows_of_cache(read.cache, first_BK),
    )
    started = select(state, read.x_B1D[first_BK])
    state, _ = jax.lax.while_loop(lambda both: goes_on(both[0]), advance, started)
    has_ended_B = state.ended_scores_B >= _scores(state.sums_BK[:, 0], state.i, decoding)
    best_BT = jnp.where(has_ended_B[:, None], state.ended_BT, state.tokens_BKT[:, 0])
    return sharding.copied(best_BT)


def _longer(
    state: _State, log_probs_XV: jax.Array, decoding: sampling.Decoding, eos_id: int
) -> tuple[_State, jax.Array]:
    """Returns the state with one more token a beam, and the cache's row of each (X = BK)."""
    (B, K), V = state.sums_BK.shape, log_probs_XV.shape[-1]
    sums_BKV = state.sums_BK[:, :, None] + log_probs_XV.reshape(B, K, V)
    sums_BC, places_BC = jax.lax.top_k(sums_BKV.reshape(B, K * V), 2 * K)
    beams_BC, tokens_BC = places_BC // V, places_BC % V
    before_BCT = jnp.take_along_axis(state.tokens_BKT, beams_BC[:, :, None], axis=1)
    tokens_BCT = before_BCT.at[:, :, state.i].set(tokens_BC)
    is_end_BC = tokens_BC == eos_id

    ended_BC = jnp.where(is_end_BC, _scores(sums_BC, state.i + 1, decoding), -jnp.inf)
    best_B1 = jnp.argmax(ended_BC, axis=1)[:, None]
    score_B = jnp.take_along_axis(ended_BC, best_B1, axis=1)[:, 0]
    ended_BT = jnp.take_along_axis(tokens_BCT, best_B1[:, :, None], axis=1)[:, 0]
    is_better_B = score_B > state.ended_scores_B

    sums_BK, kept_BK = jax.lax.top_k(jnp.where(is_end_BC, -jnp.inf, sums_BC), K)
    rows_BK = jnp.arange(B)[:, None] * K + jnp.take_along_axis(beams_BC, kept_BK, axis=1)
    state = _State(
        state.i + 1,
        jnp.take_along_axis(tokens_BCT, kept_BK[:, :, None], axis=1),
        sums_BK,
        jnp.where(is_better_B[:, None], ended_BT, state.ended_BT),
        jnp.where(is_better_B, score_B, state.ended_scores_B),
        state.cache,
    )
    return state, rows_BK.reshape(-1)


def _scores(sums: jax.Array, tokens: jax.Array | int, decoding: sampling.Decoding) -> jax.Array:
    return sums / jnp.asarray(tokens, jnp.float32) ** decoding.length_penalty
