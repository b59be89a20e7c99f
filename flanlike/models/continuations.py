"""Log-probabilities of given continuations, as other evaluation tools define them: without EOS.

`decode.option_scores` sums the same tokens and EOS; the rows are the same (`models.option_rows`).
"""

import dataclasses
import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from flanlike.batches import features
from flanlike.models import option_rows, sharding, tuning

Ids = Sequence[int]

_MAX_TOKENS_ON_CPU = 2048  # a batch stays in its caches, as in `decode`
_MAX_LOGITS = 2**26  # computed at once: all of a long text's would be gigabytes


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A continuation's summed log-probability (natural, without EOS).

    `is_greedy`: each of its tokens is the most likely one after those before it.
    """

    log_prob: float
    is_greedy: bool


def scores(
    model: nnx.Module,
    prompts: Sequence[Ids],
    continuations: Sequence[Sequence[Ids]],
    *,
    max_tokens_per_batch: int = 4096,
    eos_id: int = features.EOS_ID,
) -> list[list[Scored]]:
    """Returns, for each prompt, what each of its continuations scores after it.

    A prompt is read once for all of its continuations. An encoder's source gets EOS, as in
    training; a decoder's prompt holds one token or more, its BOS among them, where it has one.

    prompt 5 6, continuations 7 8 and 9   log p(7|5 6) + log p(8|5 6 7), and log p(9|5 6)
    """
    if len(prompts) != len(continuations):
        raise ValueError(
            f"{len(prompts)!r} prompts need as many lists of continuations: {len(continuations)!r}"
        )
    first_ids = tuning.soft_prompt_ids(model)
    layout = (
        option_rows.of_decoder
        if model.config.family == "decoder"
        else option_rows.of_encoder_decoder
    )
    items = [
        _without_eos(layout(i, [*first_ids, *prompts[i]], each, eos_id))
        for i, each in enumerate(continuations)
        if any(map(len, each))
    ]
    if jax.default_backend() == "cpu":
        max_tokens_per_batch = min(max_tokens_per_batch, _MAX_TOKENS_ON_CPU)
    graphdef, params = nnx.split(model)
    sums = [np.zeros(len(each)) for each in continuations]
    are_greedy = [np.ones(len(each), bool) for each in continuations]
    for batch in option_rows.batches(items, max_tokens_per_batch, model.config.model_size):
        scored = _scored(graphdef, params, *sharding.spread(option_rows.assemble(batch)))
        of_each = zip(*(np.asarray(column).tolist() for column in scored), strict=True)
        for item in batch.items:
            for prediction in item.predictions:
                log_prob, is_top = next(of_each)
                sums[item.index][prediction.option] += log_prob
                are_greedy[item.index][prediction.option] &= is_top
    return [
        [Scored(log_prob=float(s), is_greedy=bool(g)) for s, g in zip(*of_prompt, strict=True)]
        for of_prompt in zip(sums, are_greedy, strict=True)
    ]


def _without_eos(item: option_rows.Item) -> option_rows.Item:
    """Returns the item without the last prediction of each option, that of EOS."""
    following = [p.option for p in item.predictions[1:]] + [None]
    kept = [p for p, option in zip(item.predictions, following, strict=True) if p.option == option]
    return dataclasses.replace(item, predictions=kept)


@functools.partial(jax.jit, static_argnums=0)
def _scored(
    graphdef: nnx.GraphDef,
    params: nnx.State,
    batch: features.Batch,
    branch_ids_BT: jax.Array,
    predictions_M3: jax.Array,
) -> tuple[jax.Array, jax.Array]:
    """Returns each prediction's log-probability, and whether no other token has more."""
    model = nnx.merge(graphdef, params)
    x_BTD = model.hidden(batch, branch_ids_BT=branch_ids_BT)

    def of(predictions_C3: jax.Array) -> tuple[jax.Array, jax.Array]:
        rows_C, columns_C, tokens_C = predictions_C3.T
        logits_CV = model.logits(sharding.split_rows(x_BTD[rows_C, columns_C]))
        chosen_C = jnp.take_along_axis(logits_CV, tokens_C[:, None], axis=1)[:, 0]
        is_top_C = chosen_C >= jnp.max(logits_CV, axis=1)
        return chosen_C - jax.nn.logsumexp(logits_CV, axis=1), is_top_C

    M = len(predictions_M3)
    chunks = -(-M * model.config.vocab_size // _MAX_LOGITS)
    if chunks == 1:
        return sharding.copied(of(predictions_M3))
    size = -(-M // chunks)
    padded = jnp.pad(predictions_M3, ((0, chunks * size - M), (0, 0)))
    in_chunks = jax.lax.map(of, padded.reshape(chunks, size, 3))
    return sharding.copied(tuple(column.reshape(-1)[:M] for column in in_chunks))
