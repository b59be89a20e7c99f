"""Option scores and greedy generation, batched, for both model families.

Option scores take one pass over each prompt, whatever its number of options: `models.option_rows`
lays out the rows.
"""

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

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
_MIN_PROMPT_TOKENS = 32


def option_scores(
    model: nnx.Module,
    prompts: Sequence[Ids],
    options: Sequence[Sequence[Ids]],
    *,
    max_tokens_per_batch: int = 4096,
    eos_id: int = features.EOS_ID,
    done: Done | None = None,
) -> list[np.ndarray]:
    """Returns, for each prompt, the summed log-probability of each option's ids and EOS (float64).

    The sum runs over `len(option) + 1` tokens: divide by that to normalize for length. Neither
    prompts nor options carry EOS; it is added as in training. A decoder's prompts carry their BOS,
    where the words have one. A batch holds at most
    `max_tokens_per_batch` tokens, or one row where a prompt with its options is longer.

    Within `jax.set_mesh`, rows are split over the mesh's data and fsdp, with as many tokens each.
    With several processes, all have to ask the same at once. `done` is called after each batch.
    """
    if len(prompts) != len(options):
        raise ValueError(f"{len(prompts)!r} prompts need as many option lists: {len(options)!r}")
    prompts = _with_soft_prompt(model, prompts)
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
    scores = [np.zeros(len(choices)) for choices in options]
    for batch, log_probs_M in one_ahead(started):
        log_probs = iter(log_probs_M.tolist())
        for item in batch.items:
            for prediction in item.predictions:
                scores[item.index][prediction.option] += next(log_probs)
        if done is not None:
            done(len(batch.items), batch.tokens / work)
    return scores


def tokens_at_once(max_tokens_per_batch: int) -> int:
    """Returns how many tokens a batch holds: on a CPU, no more than are fast there."""
    on_cpu = jax.default_backend() == "cpu"
    return min(max_tokens_per_batch, _MAX_TOKENS_ON_CPU) if on_cpu else max_tokens_per_batch


def _with_soft_prompt(model: nnx.Module, prompts: Sequence[Ids]) -> Sequence[Ids]:
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


def generate(
    model: nnx.Module,
    prompts: Sequence[Ids],
    *,
    max_new_tokens: int,
    batch_size: int = 32,
    eos_id: int = features.EOS_ID,
    done: Done | None = None,
) -> list[list[int]]:
    """Returns, for each prompt, the most likely continuation token by token, up to EOS.

    The result holds no EOS and at most `max_new_tokens` ids. Prompts carry no EOS either, and
    a decoder's carry their BOS, where the words have one. On a mesh it works as `option_scores`,
    and `done` is called as there.
    """
    if max_new_tokens < 1:
        raise ValueError(f"max_new_tokens {max_new_tokens!r} must be at least 1")
    prompts = _with_soft_prompt(model, prompts)
    is_decoder = model.config.family == "decoder"
    lengths = [len(prompt) + (not is_decoder) for prompt in prompts]
    if not all(lengths):
        raise ValueError(f"prompt {lengths.index(0)!r} is empty: a decoder needs a token")
    graphdef, params = nnx.split(model)
    batches = _prompt_batches(lengths, batch_size)
    work = sum(rows * (tokens + max_new_tokens) for _, rows, tokens in batches)

    def start(chunk: list[int], rows: int, tokens: int) -> jax.Array:
        row_tokens = (0, tokens) if is_decoder else (tokens, 1)
        pad = features.empty(rows, row_tokens, family=model.config.family)
        _put_prompts(
            pad, [prompts[i] if is_decoder else [*prompts[i], eos_id] for i in chunk], is_decoder
        )
        return _greedy(graphdef, params, sharding.spread(pad), max_new_tokens, eos_id)

    outputs: list[list[int]] = [[] for _ in prompts]
    started = ((batch, start(*batch)) for batch in batches)
    for (chunk, rows, tokens), tokens_BT in one_ahead(started):
        for i, ids in zip(chunk, tokens_BT[: len(chunk)].tolist(), strict=True):
            outputs[i] = ids[: ids.index(eos_id)] if eos_id in ids else ids
        if done is not None:
            done(len(chunk), rows * (tokens + max_new_tokens) / work)
    return outputs


def _prompt_batches(lengths: Sequence[int], batch_size: int) -> list[tuple[list[int], int, int]]:
    """Returns batches of prompts: their indices by length, rows, and tokens a row."""
    shares = sharding.shares()
    batch_size += -batch_size % shares
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    batches = []
    for start in range(0, len(order), batch_size):
        chunk = order[start : start + batch_size]
        rows = min(batch_size, shares * option_rows.rounded(-(-len(chunk) // shares), 1))
        batches.append((chunk, rows, option_rows.rounded(lengths[chunk[-1]], _MIN_PROMPT_TOKENS)))
    return batches


def _put_prompts(batch: features.Batch, prompts: Sequence[Ids], is_decoder: bool) -> None:
    """Fills the batch with one prompt a row, padded on the right."""
    for b, prompt in enumerate(prompts):
        if is_decoder:
            batch.tokens_BT[b, : len(prompt)] = prompt
            batch.positions_BT[b, : len(prompt)] = np.arange(len(prompt))
            batch.is_prefix_BT[b, : len(prompt)] = True
        else:
            option_rows.put_source(batch, b, 0, 1, prompt)
        batch.segment_ids_BT[b, : len(prompt) if is_decoder else 1] = 1


@functools.partial(jax.jit, static_argnums=(0, 3, 4))
def _greedy(
    graphdef: nnx.GraphDef,
    params: nnx.State,
    batch: features.Batch,
    max_new_tokens: int,
    eos_id: int,
) -> jax.Array:
    """Returns new tokens BT: those after EOS mean nothing.

    Prompts fill the slots up to P; new token i of every row goes to slot P + i, while its position
    continues its own prompt: the slots between are masked.
    """
    model = nnx.merge(graphdef, params)
    B, P = batch.tokens_BT.shape
    lengths_B = jnp.sum(batch.segment_ids_BT != 0, axis=1)
    slots_S = jnp.arange(P + max_new_tokens)
    x_BPD, cache = model.prefill(batch, P + max_new_tokens)
    last_B11 = jnp.maximum(lengths_B - 1, 0)[:, None, None]
    x_B1D = jnp.take_along_axis(x_BPD, last_B11, axis=1)

    def choose(x_B1D: jax.Array) -> jax.Array:
        return jnp.argmax(model.logits(x_B1D[:, 0]), axis=-1).astype(jnp.int32)

    def goes_on(state):
        i, _, is_done_B, _, _ = state
        return (i < max_new_tokens) & ~jnp.all(is_done_B)

    def advance(state):
        i, token_B, is_done_B, out_BT, cache = state
        slot = P + i - 1
        is_prompt_BS = slots_S[None, :] < lengths_B[:, None]
        is_new_S = (slots_S >= P) & (slots_S <= slot)
        x_B1D, cache = model.step(
            token_B[:, None],
            (lengths_B + i - 1)[:, None],
            (is_prompt_BS | is_new_S[None, :])[:, None, :],
            slot,
            cache,
        )
        token_B = choose(x_B1D)
        out_BT = jax.lax.dynamic_update_slice_in_dim(out_BT, token_B[:, None], i, axis=1)
        return i + 1, token_B, is_done_B | (token_B == eos_id), out_BT, cache

    token_B = choose(x_B1D)
    is_done_B = (lengths_B == 0) | (token_B == eos_id)
    out_BT = jnp.zeros((B, max_new_tokens), jnp.int32).at[:, 0].set(token_B)
    state = (jnp.int32(1), token_B, is_done_B, out_BT, cache)
    return sharding.copied(jax.lax.while_loop(goes_on, advance, state)[3])
