"""Log-probabilities of the tokens of running text, by a decoder: for perplexities."""

import functools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from flanlike import errors
from flanlike.batches import features
from flanlike.models import decode, option_rows, sharding, tuning

Ids = Sequence[int]

# Logits over the whole vocabulary are held for so many tokens at once: all tokens of a batch have
# some, where options have but a few.
_LOGITS_AT_ONCE = 256


def expect_decoder(family: features.Family, what: str) -> None:
    """Raises unless the model predicts each token of a text from those before."""
    if family != "decoder":
        raise errors.UserError(
            f"{what} needs a decoder, and this is an encoder-decoder, which reads its inputs "
            "both ways and predicts none of their tokens: give a decoder"
        )


def log_probs(
    model: nnx.Module,
    texts: Sequence[Ids],
    *,
    max_tokens_per_batch: int = 4096,
    done: decode.Done | None = None,
) -> list[np.ndarray]:
    """Returns, for each text, the log-probability of every id but its first (float64, nats).

    ```
    ids      [10 11 12]      # with the words' BOS, where they have one, first
    returned [ln p(11 | 10), ln p(12 | 10 11)]
    ```

    Texts are packed as the prompts of `decode.option_scores`, and what is said there of meshes,
    processes, `max_tokens_per_batch` and `done` holds. No token sees a later one, also where a
    model reads its inputs both ways. A text of one id has an empty array.
    """
    expect_decoder(model.config.family, "log-probabilities of a text")
    first_ids = tuning.soft_prompt_ids(model)
    items = [_item(i, [*first_ids, *ids], len(first_ids)) for i, ids in enumerate(texts)]
    most = decode.tokens_at_once(max_tokens_per_batch)
    batches = option_rows.batches(
        [item for item in items if item.predictions], most, model.config.model_size
    )
    graphdef, params = nnx.split(model)

    def start(batch: option_rows.Batch) -> jax.Array:
        arrays, _, predictions_M3 = option_rows.assemble(batch)
        return _log_probs(graphdef, params, *sharding.spread((arrays, predictions_M3)))

    work = sum(batch.tokens for batch in batches)
    found = [np.zeros(len(item.predictions)) for item in items]
    for batch, log_probs_M in decode.one_ahead((batch, start(batch)) for batch in batches):
        place = 0
        for item in batch.items:
            end = place + len(item.predictions)
            found[item.index][:] = log_probs_M[place:end]
            place = end
        if done is not None:
            done(len(batch.items), batch.tokens / work)
    return found


def _item(index: int, tokens: list[int], given: int) -> option_rows.Item:
    """Returns a text as one segment, each of its tokens after the first predicted.

    The `given` tokens before the text are not its own.
    """
    n = len(tokens)
    if n == given:
        raise ValueError(f"text {index!r} is empty: it needs a token to predict from")
    return option_rows.Item(
        index=index,
        tokens=tokens,
        branches=[0] * n,
        positions=list(range(n)),
        predictions=[
            option_rows.Prediction(offset=t, token=tokens[t + 1], option=0, is_eos=False)
            for t in range(given, n - 1)
        ],
    )


@functools.partial(jax.jit, static_argnums=0)
def _log_probs(
    graphdef: nnx.GraphDef, params: nnx.State, batch: features.Batch, predictions_M3: jax.Array
) -> jax.Array:
    """Returns the log-probability of each prediction, some after others."""
    model = nnx.merge(graphdef, params)
    x_BTD = model.hidden(batch)
    parts = -(-len(predictions_M3) // _LOGITS_AT_ONCE)
    shares = sharding.shares()
    each = -(-len(predictions_M3) // parts)
    each += -each % shares
    padding = parts * each - len(predictions_M3)
    predictions_P3 = jnp.pad(predictions_M3, ((0, padding), (0, 0)))

    def of_part(predictions_E3: jax.Array) -> jax.Array:
        rows_E, columns_E, tokens_E = predictions_E3.T
        logits_EV = model.logits(sharding.split_rows(x_BTD[rows_E, columns_E]))
        chosen_E = jnp.take_along_axis(logits_EV, tokens_E[:, None], axis=1)[:, 0]
        return chosen_E - jax.nn.logsumexp(logits_EV, axis=1)

    found = jax.lax.map(of_part, predictions_P3.reshape(parts, each, 3))
    return sharding.copied(found.reshape(-1)[: len(predictions_M3)])
