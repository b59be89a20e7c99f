"""What a model gives to given tokens at given places: the pass behind scores and perplexities.

`models.option_rows` lays out the rows; here they are put to the model, and its whole vocabulary is
looked at only where a token is asked for.
"""

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from flanlike.batches import features
from flanlike.models import option_rows, sharding

Done = Callable[[int, float], None]  # gets how many prompts are done, and which share of all work

# On a CPU, batches that stay in its caches are a third faster than those of 16384 tokens.
_MAX_TOKENS_ON_CPU = 2048
_MAX_LOGITS = 2**25  # held at once on each device, 128 MiB: all of a long text's would be gigabytes


class Found(NamedTuple):
    """What a batch's predictions were given, in the order of its items."""

    log_probs_M: np.ndarray  # float32, nats
    are_likeliest_M: np.ndarray  # bool: no other token had more


def of_items(
    model: nnx.Module,
    items: Sequence[option_rows.Item],
    *,
    max_tokens_per_batch: int,
    done: Done | None = None,
) -> Iterator[tuple[Sequence[option_rows.Item], Found]]:
    """Yields the items' predictions a batch at a time, in an order that wastes little.

    A batch holds at most `max_tokens_per_batch` tokens (on a CPU, no more than are fast there), or
    one row where an item is longer. Within `jax.set_mesh`, rows are split over the mesh's data and
    fsdp, with as many tokens each; with several processes, all have to ask the same at once.
    """
    longest = max((max(item.positions, default=-1) + 1 for item in items), default=0)
    model.config.expect_positions(longest, "a prompt and its answer")
    if jax.default_backend() == "cpu":
        max_tokens_per_batch = min(max_tokens_per_batch, _MAX_TOKENS_ON_CPU)
    batches = option_rows.batches(items, max_tokens_per_batch, model.config.model_size)
    graphdef, params = nnx.split(model)
    started = (
        (batch, _found(graphdef, params, *sharding.spread(option_rows.assemble(batch))))
        for batch in batches
    )
    work = sum(batch.tokens for batch in batches)
    for batch, found in one_ahead(started):
        yield batch.items, Found(*found)
        if done is not None:
            done(len(batch.items), batch.tokens / work)


def one_ahead(started: Iterable[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
    """Yields each pair with its arrays on the host, while the next is at work on the device."""
    waiting = None
    for pair in started:
        if waiting is not None:
            yield waiting[0], jax.tree.map(np.asarray, waiting[1])
        waiting = pair
    if waiting is not None:
        yield waiting[0], jax.tree.map(np.asarray, waiting[1])


@functools.partial(jax.jit, static_argnums=0)
def _found(
    graphdef: nnx.GraphDef,
    params: nnx.State,
    batch: features.Batch,
    branch_ids_BT: jax.Array,
    places_P2: jax.Array,
    asked_M2: jax.Array,
) -> tuple[jax.Array, jax.Array]:
    """Returns each asked token's log-probability, and whether none has more at its place.

    places_P2 are (row, column), asked_M2 (place, token): logits are computed once a place, some
    places after others.
    """
    model = nnx.merge(graphdef, params)
    x_BTD = model.hidden(batch, branch_ids_BT=branch_ids_BT)
    at_M, tokens_M = asked_M2.T
    P, shares = len(places_P2), sharding.shares()
    parts = -(-P * model.config.vocab_size // (_MAX_LOGITS * shares))
    size = -(-P // parts)
    size += -size % shares

    def look(found: tuple[jax.Array, jax.Array], part: tuple[jax.Array, jax.Array]) -> Any:
        first, (rows_C, columns_C) = part[0], part[1].T
        logits_CV = model.logits(sharding.split_rows(x_BTD[rows_C, columns_C]))
        log_sums_C = jax.nn.logsumexp(logits_CV, axis=1)
        most_C = jnp.max(logits_CV, axis=1)
        is_here_M = (first <= at_M) & (at_M < first + size)
        here_M = jnp.clip(at_M - first, 0, size - 1)
        logits_M = logits_CV[here_M, tokens_M]
        seen = logits_M - log_sums_C[here_M], logits_M >= most_C[here_M]
        return tuple(jnp.where(is_here_M, *pair) for pair in zip(seen, found, strict=True)), None

    places = jnp.pad(places_P2, ((0, parts * size - P), (0, 0))).reshape(parts, size, 2)
    nothing = jnp.zeros(len(at_M)), jnp.zeros(len(at_M), bool)
    firsts = size * jnp.arange(parts)
    found, _ = jax.lax.scan(look, nothing, (firsts, places))
    return jax.tree.map(sharding.copied, found)
