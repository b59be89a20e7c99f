"""Log-probabilities of the tokens of running text, by a decoder: for perplexities."""

from collections.abc import Sequence

import numpy as np
from flax import nnx

from flanlike import errors
from flanlike.batches import features
from flanlike.models import option_rows, predicted, tuning

Ids = Sequence[int]


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
    done: predicted.Done | None = None,
) -> list[np.ndarray]:
    """Returns, for each text, the log-probability of every id but its first (float64, nats).

    ```
    ids      [10 11 12]      # with the words' BOS, where they have one, first
    returned [ln p(11 | 10), ln p(12 | 10 11)]
    ```

    No token sees a later one, also where a model reads its inputs both ways. A text of one id has
    an empty array. Batches, meshes, processes and `done` are those of `predicted.of_items`.
    """
    expect_decoder(model.config.family, "log-probabilities of a text")
    first_ids = tuning.soft_prompt_ids(model)
    items = [_item(i, [*first_ids, *ids], len(first_ids)) for i, ids in enumerate(texts)]
    asked = [item for item in items if item.predictions]
    log_probs = [np.zeros(len(item.predictions)) for item in items]
    batches = predicted.of_items(model, asked, max_tokens_per_batch=max_tokens_per_batch, done=done)
    for its_items, found in batches:
        place = 0
        for item in its_items:
            end = place + len(item.predictions)
            log_probs[item.index][:] = found.log_probs_M[place:end]
            place = end
    return log_probs


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
