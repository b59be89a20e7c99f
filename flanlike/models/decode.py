"""Option scores, batched, for both model families.

Option scores take one pass over each prompt, whatever its number of options: `models.option_rows`
lays out the rows.
"""

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from flanlike.batches import features
from flanlike.models import option_rows, sharding, tuning

Ids = Sequence[int]
Done = Callable[[int, float], None]  # gets how many prompts are done, and which share of all work

# On a CPU, batches that stay in its caches are a third faster than those of 16384 tokens.
_MAX_TOKENS_ON_CPU = 2048


class Scored(NamedTuple):
    """What the options of one prompt are worth: log-probabilities in nats, float64 [options]."""

    prompt: int  # its place among the prompts
    of_tokens: np.ndarray  # of each option's tokens together, without EOS
    of_eos: np.ndarray  # of EOS after them


def option_scores(
    model: nnx.Module,
    prompts: Sequence[Ids],
    options: Sequence[Sequence[Ids]],
    *,
    max_tokens_per_batch: int = 4096,
    eos_id: int = features.EOS_ID,
) -> list[np.ndarray]:
    """Returns, for each prompt, the summed log-probability of each option's ids and EOS (float64).

    As `scored_options`, in the order of the prompts.
    """
    scores = [np.zeros(len(choices)) for choices in options]
    found = scored_options(
        model, prompts, options, max_tokens_per_batch=max_tokens_per_batch, eos_id=eos_id
    )
    for batch in found:
        for one in batch:
            scores[one.prompt] = one.of_tokens + one.of_eos
    return scores


def scored_options(
    model: nnx.Module,
    prompts: Sequence[Ids],
    options: Sequence[Sequence[Ids]],
    *,
    max_tokens_per_batch: int = 4096,
    eos_id: int = features.EOS_ID,
    done: Done | None = None,
) -> Iterator[list[Scored]]:
    """Yields the scores of each prompt's options, a batch of prompts at a time, in any order.

    Neither prompts nor options carry EOS; it is added as in training. A decoder's prompts carry
    their BOS, where the words have one. A batch holds at most `max_tokens_per_batch` tokens, or one
    row where a prompt with its options is longer. A prompt without options is not scored.

    Within `jax.set_mesh`, rows are split over the mesh's data and fsdp, with as many tokens each.
    With several processes, all have to ask the same at once. `done` is called after each batch.
    """
    if len(prompts) != len(options):
        raise ValueError(f"{len(prompts)!r} prompts need as many option lists: {len(options)!r}")
    prompts = with_soft_prompt(model, prompts)
    layout = (
        option_rows.of_decoder
        if model.config.family == "decoder"
        else option_rows.of_encoder_decoder
    )
    items = [
        layout(i, prompts[i], options[i], eos_id) for i in range(len(prompts)) if len(options[i])
    ]
    graphdef, params = nnx.split(model)
    most = tokens_at_once(max_tokens_per_batch)
    batches = option_rows.batches(items, most, model.config.model_size)
    started = (
        (batch, _log_probs(graphdef, params, *sharding.spread(option_rows.assemble(batch))))
        for batch in batches
    )
    work = sum(batch.tokens for batch in batches)
    for batch, log_probs_M in one_ahead(started):
        yield _summed(batch.items, log_probs_M)
        if done is not None:
            done(len(batch.items), batch.tokens / work)


def _summed(items: Sequence[option_rows.Item], log_probs_M: np.ndarray) -> list[Scored]:
    """Returns the sums of the items' predictions, which `log_probs_M` has in order."""
    log_probs = iter(log_probs_M.tolist())
    found = []
    for item in items:
        sums = np.zeros((2, 1 + max(p.option for p in item.predictions)))
        for prediction in item.predictions:
            sums[int(prediction.is_eos), prediction.option] += next(log_probs)
        found.append(Scored(item.index, sums[0], sums[1]))
    return found


def tokens_at_once(max_tokens_per_batch: int) -> int:
    """Returns how many tokens a batch holds: on a CPU, no more than are fast there."""
    on_cpu = jax.default_backend() == "cpu"
    return min(max_tokens_per_batch, _MAX_TOKENS_ON_CPU) if on_cpu else max_tokens_per_batch


def with_soft_prompt(model: nnx.Module, prompts: Sequence[Ids]) -> Sequence[Ids]:
    """Returns the prompts with the model's soft prompt, if it has one, before each."""
    first_ids = tuning.soft_prompt_ids(model)
    return [[*first_ids, *prompt] for prompt in prompts] if first_ids else prompts


def one_ahead(started: Iterable[tuple[Any, jax.Array]]) -> Iterator[tuple[Any, np.ndarray]]:
    """Yields each pair with its array on the host, while the next is at work on the device."""
    waiting = None
    for pair in started:
        if waiting is not None:
            yield waiting[0], np.asarray(waiting[1])
        waiting = pair
    if waiting is not None:
        yield waiting[0], np.asarray(waiting[1])


@functools.partial(jax.jit, static_argnums=0)
def _log_probs(
    graphdef: nnx.GraphDef,
    params: nnx.State,
    batch: features.Batch,
    branch_ids_BT: jax.Array,
    predictions_M3: jax.Array,
) -> jax.Array:
    """Returns the log-probability of each prediction: logits are computed there alone."""
    model = nnx.merge(graphdef, params)
    x_BTD = model.hidden(batch, branch_ids_BT=branch_ids_BT)
    rows_M, columns_M, tokens_M = predictions_M3.T
    logits_MV = model.logits(sharding.split_rows(x_BTD[rows_M, columns_M]))
    chosen_M = jnp.take_along_axis(logits_MV, tokens_M[:, None], axis=1)[:, 0]
    return sharding.copied(chosen_M - jax.nn.logsumexp(logits_MV, axis=1))
