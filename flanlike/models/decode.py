"""Option scores and greedy generation, batched, for both model families.

Option scores take one pass over each prompt, whatever its number of options. In a decoder's row
the options follow the prompt as branches: each sees the prompt and itself, and the first token of
every option is predicted from the prompt's last token. Several prompts share a row as segments:

```
tokens     [p1 p2 p3 a1 a2 b1]     # prompt p1 p2 p3, options a1 a2 and b1
segments   [ 1  1  1  1  1  1]
branches   [ 0  0  0  1  1  2]
positions  [ 0  1  2  3  4  3]
predicts    a1 and b1 at p3, a2 at a1, EOS at a2 and at b1
```

An encoder-decoder encodes the prompt once, and its options are the branches of a decoder segment.
"""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from flanlike.batches import features, packing
from flanlike.models import sharding, tuning

Ids = Sequence[int]

# Lengths of rows, and numbers of predictions, start here, so that few shapes are compiled.
_MIN_ROW_TOKENS = 128
_MIN_PREDICTIONS = 256
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
) -> list[np.ndarray]:
    """Returns, for each prompt, the summed log-probability of each option's ids and EOS (float64).

    The sum runs over `len(option) + 1` tokens: divide by that to normalize for length. Neither
    prompts nor options carry EOS; it is added as in training. A decoder's prompts carry their BOS,
    where the words have one. A batch holds at most
    `max_tokens_per_batch` tokens, or one row where a prompt with its options is longer.

    Within `jax.set_mesh`, rows are split over the mesh's data and fsdp, with as many tokens each.
    With several processes, all have to ask the same at once.
    """
    if len(prompts) != len(options):
        raise ValueError(f"{len(prompts)!r} prompts need as many option lists: {len(options)!r}")
    prompts = _with_soft_prompt(model, prompts)
    layout = _branches if model.config.family == "decoder" else _branches_of_encoded
    items = [
        layout(i, prompts[i], options[i], eos_id) for i in range(len(prompts)) if len(options[i])
    ]
    graphdef, params = nnx.split(model)
    if jax.default_backend() == "cpu":
        max_tokens_per_batch = min(max_tokens_per_batch, _MAX_TOKENS_ON_CPU)
    pending = []
    for rows, row_tokens, rows_per_batch in _batches(
        items, max_tokens_per_batch, model.config.model_size
    ):
        arrays = sharding.spread(_assemble(rows, row_tokens, rows_per_batch))
        log_probs_M = _log_probs(graphdef, params, *arrays)
        pending.append((rows, log_probs_M))
    scores = [np.zeros(len(choices)) for choices in options]
    for rows, log_probs_M in pending:
        log_probs = iter(np.asarray(log_probs_M).tolist())
        for row in rows:
            for item in row:
                for prediction in item.predictions:
                    scores[item.index][prediction.option] += next(log_probs)
    return scores


def _with_soft_prompt(model: nnx.Module, prompts: Sequence[Ids]) -> Sequence[Ids]:
    """Returns the prompts with the model's soft prompt, if it has one, before each."""
    first_ids = tuning.soft_prompt_ids(model)
    return [[*first_ids, *prompt] for prompt in prompts] if first_ids else prompts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prediction:
    offset: int  # the decoder token, within its item, that predicts
    token: int
    option: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """One prompt with its options: a segment of a row."""

    index: int
    tokens: list[int]
    branches: list[int]
    positions: list[int]
    predictions: list[_Prediction]
    prefix_tokens: int = 0
    source: list[int] = field(default_factory=list)

    @property
    def size(self) -> tuple[int, int]:
        return len(self.source), len(self.tokens)


def _branches(index: int, prompt: Ids, options: Sequence[Ids], eos_id: int) -> _Item:
    """Returns the prompt's tokens followed by each option's, for a decoder."""
    if not len(prompt):
        raise ValueError(f"prompt {index!r} is empty: a decoder needs a token to predict from")
    n = len(prompt)
    tokens, branches, positions = list(prompt), [0] * n, list(range(n))
    predictions = []
    for o, option in enumerate(options):
        start = len(tokens)
        offsets = [n - 1, *range(start, start + len(option))]
        for offset, token in zip(offsets, [*option, eos_id], strict=True):
            predictions.append(_Prediction(offset=offset, token=token, option=o))
        tokens += option
        branches += [o + 1] * len(option)
        positions += range(n, n + len(option))
    return _Item(
        index=index,
        tokens=tokens,
        branches=branches,
        positions=positions,
        predictions=predictions,
        prefix_tokens=n,
    )


def _branches_of_encoded(index: int, prompt: Ids, options: Sequence[Ids], eos_id: int) -> _Item:
    """Returns the prompt as source and each option as a branch of the decoder's tokens."""
    tokens, branches, positions, predictions = [], [], [], []
    for o, option in enumerate(options):
        for t, token in enumerate([*option, eos_id]):
            predictions.append(_Prediction(offset=len(tokens) + t, token=token, option=o))
        tokens += [features.PAD_ID, *option]
        branches += [o + 1] * (len(option) + 1)
        positions += range(len(option) + 1)
    return _Item(
        index=index,
        tokens=tokens,
        branches=branches,
        positions=positions,
        predictions=predictions,
        source=[*prompt, eos_id],
    )


def _batches(
    items: Sequence[_Item], max_tokens_per_batch: int, model_size: int
) -> Iterator[tuple[list[list[_Item]], tuple[int, int], int]]:
    """Yields rows of items, (source, decoder) tokens a row, and rows a batch with padding.

    Items of similar length are packed together, so that one long prompt makes no long rows of all.
    """
    groups: dict[int, list[_Item]] = {}
    for item in items:
        groups.setdefault(_bucket(max(item.size), _MIN_ROW_TOKENS), []).append(item)
    for longest, group in sorted(groups.items()):
        sizes = [item.size for item in group]
        row_tokens = _row_tokens(sizes, longest, model_size)
        rows = packing.best_fit(sizes, row_tokens)
        most = max(1, max_tokens_per_batch // sum(row_tokens))
        shares = sharding.shares()  # each of them as large as a batch of one device
        rows_per_batch = shares * min(most, _bucket(-(-len(rows) // shares), 1))
        for start in range(0, len(rows), rows_per_batch):
            chunk = rows[start : start + rows_per_batch]
            yield [[group[i] for i in row] for row in chunk], row_tokens, rows_per_batch


def _row_tokens(sizes: Sequence[tuple[int, int]], longest: int, model_size: int) -> tuple[int, int]:
    """Returns the (source, decoder) tokens of a row that make scoring these sizes cheapest.

    Long rows waste less on padding and more on attention, whose cost a token grows with the row.
    """
    sample = sizes[:: max(1, len(sizes) // 512)]
    source_tokens, tokens = (sum(axis) for axis in zip(*sizes, strict=True))
    most_tokens = max(size[1] for size in sizes)

    def cost(row_tokens: tuple[int, int]) -> int:
        rows = len(packing.best_fit(sample, row_tokens))
        return rows * sum(n * (model_size + n) for n in row_tokens)

    candidates = []
    for row in (longest, longest * 5 // 4, longest * 3 // 2, longest * 2):
        if source_tokens:
            share = max(most_tokens, round(1.1 * row * tokens / source_tokens))
            candidates.append((row, -(-share // 32) * 32))
        else:
            candidates.append((0, row))
    return min(candidates, key=cost)


def _assemble(
    rows: list[list[_Item]], row_tokens: tuple[int, int], rows_per_batch: int
) -> tuple[features.Batch, np.ndarray, np.ndarray]:
    """Returns the batch, its branches, and (row, column, token) of every prediction in order."""
    B, (S, T) = rows_per_batch, row_tokens
    batch = features.empty(B, (S, T), family="encoder_decoder" if S else "decoder")
    branch_ids_BT = np.zeros((B, T), np.int32)
    predictions = []
    for b, row in enumerate(rows):
        start = source_start = 0
        for segment, item in enumerate(row, start=1):
            end = start + len(item.tokens)
            batch.tokens_BT[b, start:end] = item.tokens
            batch.segment_ids_BT[b, start:end] = segment
            batch.positions_BT[b, start:end] = item.positions
            batch.is_prefix_BT[b, start : start + item.prefix_tokens] = True
            branch_ids_BT[b, start:end] = item.branches
            predictions += [(b, start + p.offset, p.token) for p in item.predictions]
            start = end
            if S:
                _put_source(batch, b, source_start, segment, item.source)
                source_start += len(item.source)
    room = _bucket(len(predictions), max(_MIN_PREDICTIONS, B * T // 4))
    padding = room + -room % sharding.shares() - len(predictions)
    predictions_M3 = np.array(predictions + [(0, 0, 0)] * padding, np.int32)
    return batch, branch_ids_BT, predictions_M3


def _put_source(batch: features.Batch, b: int, start: int, segment: int, ids: Ids) -> None:
    end = start + len(ids)
    batch.source_tokens_BS[b, start:end] = ids
    batch.source_segment_ids_BS[b, start:end] = segment
    batch.source_positions_BS[b, start:end] = np.arange(len(ids))


def _bucket(n: int, least: int) -> int:
    """Returns the power of two at or above n, and at least `least`."""
    return max(least, 1 << max(0, n - 1).bit_length())


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
) -> list[list[int]]:
    """Returns, for each prompt, the most likely continuation token by token, up to EOS.

    The result holds no EOS and at most `max_new_tokens` ids. Prompts carry no EOS either, and
    a decoder's carry their BOS, where the words have one. On a mesh it works as `option_scores`.
    """
    if max_new_tokens < 1:
        raise ValueError(f"max_new_tokens {max_new_tokens!r} must be at least 1")
    prompts = _with_soft_prompt(model, prompts)
    is_decoder = model.config.family == "decoder"
    lengths = [len(prompt) + (not is_decoder) for prompt in prompts]
    if not all(lengths):
        raise ValueError(f"prompt {lengths.index(0)!r} is empty: a decoder needs a token")
    order = sorted(range(len(prompts)), key=lambda i: lengths[i])
    graphdef, params = nnx.split(model)
    shares = sharding.shares()
    batch_size += -batch_size % shares
    pending = []
    for start in range(0, len(order), batch_size):
        chunk = order[start : start + batch_size]
        tokens = _bucket(lengths[chunk[-1]], _MIN_PROMPT_TOKENS)
        rows = min(batch_size, shares * _bucket(-(-len(chunk) // shares), 1))
        row_tokens = (0, tokens) if is_decoder else (tokens, 1)
        pad = features.empty(rows, row_tokens, family=model.config.family)
        _put_prompts(
            pad, [prompts[i] if is_decoder else [*prompts[i], eos_id] for i in chunk], is_decoder
        )
        tokens_BT = _greedy(graphdef, params, sharding.spread(pad), max_new_tokens, eos_id)
        pending.append((chunk, tokens_BT))
    outputs: list[list[int]] = [[] for _ in prompts]
    for chunk, tokens_BT in pending:
        for i, ids in zip(chunk, np.asarray(tokens_BT)[: len(chunk)].tolist(), strict=True):
            outputs[i] = ids[: ids.index(eos_id)] if eos_id in ids else ids
    return outputs


def _put_prompts(batch: features.Batch, prompts: Sequence[Ids], is_decoder: bool) -> None:
    """Fills the batch with one prompt a row, padded on the right."""
    for b, prompt in enumerate(prompts):
        if is_decoder:
            batch.tokens_BT[b, : len(prompt)] = prompt
            batch.positions_BT[b, : len(prompt)] = np.arange(len(prompt))
            batch.is_prefix_BT[b, : len(prompt)] = True
        else:
            _put_source(batch, b, 0, 1, prompt)
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
