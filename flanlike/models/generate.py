"""Generation, batched, for both model families: greedy, drawn or by beam search.

written = generate.generate(model, prompts, max_new_tokens=64,
                            decoding=sampling.Decoding(temperature=0.7), seeds=seeds)
written[0].ids, written[0].is_cut

for token in generate.stream(model, prompt, max_new_tokens=64):
    ...  # as it is chosen
"""

import bisect
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from flanlike.batches import features
from flanlike.models import (
    beams,
    cast_once,
    continuation,
    decode,
    option_rows,
    predicted,
    sampling,
    sharding,
)

Ids = Sequence[int]
Stops = Callable[[Ids], bool]  # says whether the new tokens of a prompt hold what ends its text

_MIN_PROMPT_TOKENS = 32
_MIN_STREAMED_TOKENS = 64  # a prompt that is streamed is padded to this or a power of two above it
_TOKENS_BETWEEN_STOPS = 16  # each look at the texts waits for the device


class Written(NamedTuple):
    """New tokens of one prompt; `is_cut` says that it was stopped by `max_new_tokens`."""

    ids: list[int]
    is_cut: bool


def generate(model: nnx.Module, prompts: Sequence[Ids], **how: Any) -> list[Written]:
    """Returns a continuation of each prompt, as `written_in_batches` with the same arguments."""
    found = {}
    for batch in written_in_batches(model, prompts, **how):
        found.update(batch)
    return [found[place] for place in range(len(prompts))]


def written_in_batches(
    model: nnx.Module,
    prompts: Sequence[Ids],
    *,
    max_new_tokens: int | Sequence[int],
    decoding: sampling.Decoding = sampling.GREEDY,
    seeds: Sequence[int] = (),
    stops: Stops | None = None,
    batch_size: int = 32,
    eos_id: int = features.EOS_ID,
    ends_source: bool = True,
    done: predicted.Done | None = None,
) -> Iterator[dict[int, Written]]:
    """Yields a continuation of each prompt, up to EOS or to where it `stops`, by place.

    It holds no EOS and at most `max_new_tokens` ids (of all prompts, or of each); its last token is
    the first with which `stops` holds. Prompts carry no EOS either, which an encoder reads behind
    them if `ends_source`, and carry their BOS, where the words have one. Meshes, processes and
    `done` are as in `predicted.of_items`.

    Drawing needs a seed of 64 bits a prompt: what is drawn for a prompt depends on its seed and its
    logits, which are the same up to rounding whatever batch it is in. With beams `stops` cuts what
    the search has found.

    Prompts of one limit and like length are in a batch, the shortest first: without those of the
    first batches, the others would be in the same batches as with them.
    """
    limits = [max_new_tokens] * len(prompts) if isinstance(max_new_tokens, int) else max_new_tokens
    prompts = decode.with_soft_prompt(model, prompts)
    _check(model, prompts, limits, seeds, decoding)
    is_decoder = model.config.family == "decoder"
    end = _source_end(model, eos_id, ends_source)
    graphdef, params = nnx.split(model)
    params = cast_once.weights(params, model.config)
    batches = _batches(_lengths(prompts, end), limits, max(1, batch_size // decoding.beams))
    work = sum(batch.work for batch in batches)

    def start(planned: _Batch) -> jax.Array | np.ndarray:
        chosen = [prompts[i] for i in planned.prompts]
        batch = sharding.spread(_padded(chosen, planned.rows, planned.tokens, is_decoder, end))
        if decoding.beams > 1:
            return beams.search(graphdef, params, batch, planned.limit, decoding, eos_id)
        keys = _key_words(planned, seeds) if decoding.draws else None
        how = _How(batch.tokens_BT.shape[1], planned.limit, decoding, eos_id)
        state = _begin(graphdef, params, batch, keys, how, None)
        if stops is None:
            return _go_on(graphdef, params, state, planned.limit, how).new_BT
        return _with_stops(graphdef, params, state, how, stops, len(chosen))

    started = ((batch, start(batch)) for batch in batches)
    if stops is None or decoding.beams > 1:  # else they are on the host when they have started
        started = predicted.one_ahead(started)
    for batch, new_BT in started:
        ids_BT = new_BT[: len(batch.prompts)].tolist()
        yield {
            i: _written(ids, eos_id, stops) for i, ids in zip(batch.prompts, ids_BT, strict=True)
        }
        if done is not None:
            done(len(batch.prompts), batch.work / work)


def stream(
    model: nnx.Module,
    prompt: Ids,
    *,
    max_new_tokens: int,
    decoding: sampling.Decoding = sampling.GREEDY,
    seed: int | None = None,
    eos_id: int = features.EOS_ID,
    ends_source: bool = True,
) -> Iterator[int]:
    """Yields the ids that `generate` would return for one prompt, each as soon as it is chosen.

    They are cut by `max_new_tokens` where there are as many. What is compiled serves all prompts of
    like length (`streamed_tokens`) and all decodings of one kind. While one token is looked at, the
    next is at work; who stops early has asked for one too many. On one device, and without beams.
    """
    is_decoder, end = model.config.family == "decoder", _source_end(model, eos_id, ends_source)
    [prompt] = decode.with_soft_prompt(model, [prompt])
    _check(model, [prompt], [max_new_tokens], [] if seed is None else [seed], decoding)
    if decoding.beams > 1:
        raise ValueError(f"{decoding!r}: what a beam search finds is known at its end alone")
    tokens = streamed_tokens(*_lengths([prompt], end))
    graphdef, params = nnx.split(model)
    params = cast_once.weights(params, model.config)
    batch = _padded([prompt], 1, tokens, is_decoder, end)
    keys = sampling.key_words([seed]) if decoding.draws else None
    how = _How(batch.tokens_BT.shape[1], max_new_tokens, decoding.kind, eos_id)
    state = _begin(graphdef, params, batch, keys, how, decoding.numbers)
    for i in range(max_new_tokens):
        token = _token(state.new_BT, i)
        if i + 1 < max_new_tokens:
            state = _go_on(graphdef, params, state, i + 2, how)
        if (chosen := int(token)) == eos_id:
            return
        yield chosen


def streamed_tokens(tokens: int) -> int:
    """Returns to how many tokens a prompt of so many is padded: 64, 128, 256 ..."""
    return max(_MIN_STREAMED_TOKENS, 1 << (tokens - 1).bit_length())


def before_stop(text: str, stop: Sequence[str]) -> str:
    """Returns a text up to the first of the stop strings: "5\\nQ: 6", ("\\nQ:",) -> "5"."""
    places = [place for one in stop if (place := text.find(one)) >= 0]
    return text[: min(places)] if places else text


def _check(
    model: nnx.Module,
    prompts: Sequence[Ids],
    limits: Sequence[int],
    seeds: Sequence[int],
    decoding: sampling.Decoding,
) -> None:
    if limits and min(limits) < 1:
        raise ValueError(f"max_new_tokens {min(limits)!r} must be at least 1")
    if len(limits) != len(prompts):
        raise ValueError(f"{len(prompts)!r} prompts need as many max_new_tokens: {len(limits)!r}")
    if decoding.draws and len(seeds) != len(prompts):
        raise ValueError(f"{len(prompts)!r} prompts need as many seeds: {len(seeds)!r}")
    pairs = zip(prompts, limits, strict=True)
    longest = max((len(prompt) + limit for prompt, limit in pairs), default=0)
    model.config.expect_positions(longest, "a prompt and its new tokens")


def _source_end(model: nnx.Module, eos_id: int, ends_source: bool) -> list[int]:
    """Returns the ids that the model reads behind a prompt."""
    return [eos_id] if ends_source and model.config.family != "decoder" else []


def _lengths(prompts: Sequence[Ids], end: Ids) -> list[int]:
    lengths = [len(prompt) + len(end) for prompt in prompts]
    if not all(lengths):
        raise ValueError(f"prompt {lengths.index(0)!r} is empty: a model needs a token")
    return lengths


class _Batch(NamedTuple):
    """Prompts by index, with the shape that they are padded to."""

    prompts: list[int]
    rows: int
    tokens: int
    limit: int  # new tokens

    @property
    def work(self) -> int:
        return self.rows * (self.tokens + self.limit)


def _batches(lengths: Sequence[int], limits: Sequence[int], batch_size: int) -> list[_Batch]:
    """Returns batches of prompts with one limit each, those of like length together."""
    shares = sharding.shares()
    batch_size += -batch_size % shares
    found = []
    for limit in sorted(set(limits)):
        own = sorted((i for i, n in enumerate(limits) if n == limit), key=lambda i: lengths[i])
        for start in range(0, len(own), batch_size):
            chunk = own[start : start + batch_size]
            rows = min(batch_size, shares * option_rows.rounded(-(-len(chunk) // shares), 1))
            tokens = option_rows.rounded(lengths[chunk[-1]], _MIN_PROMPT_TOKENS)
            found.append(_Batch(chunk, rows, tokens, limit))
    return found


def _padded(
    prompts: Sequence[Ids], rows: int, tokens: int, is_decoder: bool, end: Ids
) -> features.Batch:
    """Returns one prompt a row, padded on the right; an encoder's with its end behind it."""
    row_tokens = (0, tokens) if is_decoder else (tokens, 1)
    family = "decoder" if is_decoder else "encoder_decoder"
    batch = features.empty(rows, row_tokens, family=family)
    for b, prompt in enumerate(prompts):
        if is_decoder:
            batch.tokens_BT[b, : len(prompt)] = prompt
            batch.positions_BT[b, : len(prompt)] = np.arange(len(prompt))
            batch.is_prefix_BT[b, : len(prompt)] = True
        else:
            option_rows.put_source(batch, b, 0, 1, [*prompt, *end])
        batch.segment_ids_BT[b, : len(prompt) if is_decoder else 1] = 1
    return batch


def _key_words(batch: _Batch, seeds: Sequence[int]) -> jax.Array | np.ndarray:
    padding = [0] * (batch.rows - len(batch.prompts))
    return sharding.spread(sampling.key_words([*(seeds[i] for i in batch.prompts), *padding]))


def _written(ids: list[int], eos_id: int, stops: Stops | None) -> Written:
    """Returns a row's new tokens up to EOS or to where they stop."""
    ends = eos_id in ids
    ids = ids[: ids.index(eos_id)] if ends else ids
    if stops is not None and stops(ids):
        tokens = bisect.bisect_left(range(len(ids)), True, key=lambda n: stops(ids[:n]))
        return Written(ids[:tokens], False)
    return Written(ids, not ends)


class _How(NamedTuple):
    """What a compiled function is made for."""

    prompt_slots: int
    max_new_tokens: int
    decoding: sampling.Decoding
    eos_id: int


class _State(NamedTuple):
    """Rows on their way: `i` new tokens BT are there, those after EOS mean nothing."""

    i: jax.Array
    new_BT: jax.Array
    is_done_B: jax.Array
    lengths_B: jax.Array  # of the prompts
    key_words_B2: jax.Array | None
    is_there_BV: jax.Array | None  # tokens that a repetition penalty is for
    numbers: sampling.Numbers | None  # in place of those of `_How.decoding`
    cache: Any


@functools.partial(jax.jit, static_argnums=(0, 4))
def _begin(
    graphdef: nnx.GraphDef,
    params: nnx.State,
    batch: features.Batch,
    key_words_B2: jax.Array | None,
    how: _How,
    numbers: sampling.Numbers | None,
) -> _State:
    """Returns the rows with their first new token."""
    model = nnx.merge(graphdef, params)
    read = continuation.read(model, batch, how.max_new_tokens)
    logits_BV = model.logits(read.x_B1D[:, 0])
    is_there_BV = None
    if how.decoding.penalizes:
        rows_B1 = jnp.arange(len(logits_BV))[:, None]
        is_there_BV = jnp.zeros(logits_BV.shape, bool)  # a soft prompt's ids are outside of it
        is_there_BV = is_there_BV.at[rows_B1, batch.tokens_BT].max(
            batch.segment_ids_BT != 0, mode="drop"
        )
    token_B = sampling.choose(
        logits_BV,
        key_words_B2,
        jnp.int32(0),
        how.decoding,
        numbers=numbers,
        is_there_BV=is_there_BV,
    )
    new_BT = jnp.zeros((len(token_B), how.max_new_tokens), jnp.int32).at[:, 0].set(token_B)
    return _State(
        i=jnp.int32(1),
        new_BT=sharding.copied(new_BT),
        is_done_B=(read.lengths_B == 0) | (token_B == how.eos_id),
        lengths_B=read.lengths_B,
        key_words_B2=key_words_B2,
        is_there_BV=_with(is_there_BV, token_B),
        numbers=numbers,
        cache=read.cache,
    )


@functools.partial(jax.jit, static_argnums=(0, 4), donate_argnums=2)
def _go_on(
    graphdef: nnx.GraphDef, params: nnx.State, state: _State, until: jax.Array | int, how: _How
) -> _State:
    """Returns the rows with `until` new tokens, or less where all are done."""
    model = nnx.merge(graphdef, params)

    def goes_on(state: _State) -> jax.Array:
        return (state.i < until) & ~jnp.all(state.is_done_B)

    def advance(state: _State) -> _State:
        last_B = jax.lax.dynamic_index_in_dim(state.new_BT, state.i - 1, axis=1, keepdims=False)
        x_B1D, cache = continuation.one_more(
            model,
            last_B,
            state.i - 1,
            state.lengths_B,
            state.cache,
            prompt_slots=how.prompt_slots,
            max_new_tokens=how.max_new_tokens,
        )
        token_B = sampling.choose(
            model.logits(x_B1D[:, 0]),
            state.key_words_B2,
            state.i,
            how.decoding,
            numbers=state.numbers,
            is_there_BV=state.is_there_BV,
        )
        return state._replace(
            i=state.i + 1,
            new_BT=jax.lax.dynamic_update_slice_in_dim(
                state.new_BT, token_B[:, None], state.i, axis=1
            ),
            is_done_B=state.is_done_B | (token_B == how.eos_id),
            is_there_BV=_with(state.is_there_BV, token_B),
            cache=cache,
        )

    state = jax.lax.while_loop(goes_on, advance, state)
    return state._replace(new_BT=sharding.copied(state.new_BT))


def _with(is_there_BV: jax.Array | None, token_B: jax.Array) -> jax.Array | None:
    if is_there_BV is None:
        return None
    return is_there_BV.at[jnp.arange(len(token_B)), token_B].set(True)


@jax.jit
def _token(new_BT: jax.Array, i: jax.Array | int) -> jax.Array:
    """Returns new token i of the only row: a copy, for the array itself is donated to `_go_on`."""
    return jax.lax.dynamic_index_in_dim(new_BT[0], i, keepdims=False)


def _with_stops(
    graphdef: nnx.GraphDef,
    params: nnx.State,
    state: _State,
    how: _How,
    stops: Stops,
    rows: int,
) -> np.ndarray:
    """Returns the new tokens BT there are when the first `rows` rows have all stopped."""
    is_done_B = np.ones(len(state.lengths_B), bool)
    is_done_B[:rows] = False
    for until in _looks(how.max_new_tokens):
        state = _go_on(graphdef, params, state, until, how)
        new_BT = np.asarray(state.new_BT)[:, : int(state.i)]
        for b in np.flatnonzero(~is_done_B).tolist():
            ids = new_BT[b].tolist()
            is_done_B[b] = how.eos_id in ids or stops(ids)
        if is_done_B.all():
            break
        state = state._replace(is_done_B=sharding.spread(is_done_B.copy()))
    return new_BT


def _looks(max_new_tokens: int) -> Iterator[int]:
    """Yields after how many new tokens the texts are looked at; the last is all of them."""
    yield from range(_TOKENS_BETWEEN_STOPS, max_new_tokens, _TOKENS_BETWEEN_STOPS)
    yield max_new_tokens
