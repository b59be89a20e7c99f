"""Which heads of a decoder find what followed the last time, and which write what they look at.

After Olsson et al. 2022, "In-context Learning and Induction Heads", whose head-activation
evaluators these follow: on random tokens that come again and again, no knowledge of language helps,
and what is predicted well can only have been looked up.

```
tokens of one sequence, m = 3 and R = 2     [BOS]  a b c  a b c
the 2nd a (place t) looks for               what followed the 1st: b, at t - m + 1
```

Every sequence has m distinct random tokens, R times in the same order, after the words' BOS where
they have one. Each seed is one such sequence, so that their spread says how much the draw matters.
"""

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from flanlike import errors, seeding
from flanlike.batches import features, tokenizer
from flanlike.models import attention_maps, running_text, tuning
from flanlike.models import config as model_config

# Of pieces to draw from: shorter ones are among a text's most frequent, which mean little.
_MIN_LETTERS = 2


@dataclass(frozen=True, kw_only=True)
class Sequences:
    """Sequences of repeated random tokens, one a row, and the same shuffled.

    Before each stand `start` tokens: the words' BOS, a soft prompt. In `shuffled` every repetition
    is in another order, so that no token stands where it stood in an earlier one.
    """

    repeated_BT: np.ndarray
    shuffled_BT: np.ndarray
    start: int


@dataclass(frozen=True, kw_only=True)
class Probe:
    """Scores of every head (L layers, N heads), each with its standard deviation over seeds.

    Losses are in nats a token: of the first occurrence of the tokens, of their repetitions, and of
    repetitions that are shuffled. `local_layers` see no farther than `window` tokens.
    """

    seeds: int
    period: int
    repeats: int
    prefix_matching_LN: np.ndarray
    prefix_matching_sd_LN: np.ndarray
    control_LN: np.ndarray  # prefix matching, where repetitions are shuffled
    copying_LN: np.ndarray
    copying_sd_LN: np.ndarray
    first_loss: float
    repeated_loss: float
    shuffled_loss: float
    window: int
    local_layers: tuple[int, ...]

    def top(self, count: int) -> list[tuple[int, int]]:
        """Returns (layer, head) of the heads that match prefixes best, best first."""
        order = np.argsort(-self.prefix_matching_LN, axis=None, kind="stable")[:count]
        return [divmod(int(i), self.prefix_matching_LN.shape[1]) for i in order]

    def as_json(self) -> dict[str, Any]:
        """Returns all figures as plain values, cut to six digits; heads as lists by layer."""
        fields = dataclasses.asdict(self)
        return {name.removesuffix("_LN"): _plain(value) for name, value in fields.items()}


def expect(config: model_config.ModelConfig) -> None:
    """Raises unless a model of that shape can be probed."""
    running_text.expect_decoder(config.family, "the induction probe")


def probe(
    model: nnx.Module,
    words: tokenizer.Tokenizer,
    *,
    seeds: Sequence[int],
    period: int,
    repeats: int,
) -> Probe:
    """Returns the scores of a decoder's heads on one sequence of random tokens for each seed."""
    config = model.config
    expect(config)
    drawn = sequences(model, words, seeds=seeds, period=period, repeats=repeats)
    graphdef, params = nnx.split(model)

    def scores(tokens_BT: np.ndarray) -> list[np.ndarray]:
        found = _scores(graphdef, params, _batch(tokens_BT), drawn.start, period)
        return [np.asarray(scores_LBN, np.float64) for scores_LBN in found]

    matching_LBN, copying_LBN = scores(drawn.repeated_BT)
    control_LBN, _ = scores(drawn.shuffled_BT)
    losses = _losses(model, drawn.repeated_BT, drawn.start, period)
    _, shuffled_loss = _losses(model, drawn.shuffled_BT, drawn.start, period)
    return Probe(
        seeds=len(seeds),
        period=period,
        repeats=repeats,
        prefix_matching_LN=matching_LBN.mean(1),
        prefix_matching_sd_LN=_sd(matching_LBN),
        control_LN=control_LBN.mean(1),
        copying_LN=copying_LBN.mean(1),
        copying_sd_LN=_sd(copying_LBN),
        first_loss=losses[0],
        repeated_loss=losses[1],
        shuffled_loss=shuffled_loss,
        window=config.window if any(config.is_local) else 0,
        local_layers=tuple(i for i, is_local in enumerate(config.is_local) if is_local),
    )


def sequences(
    model: nnx.Module,
    words: tokenizer.Tokenizer,
    *,
    seeds: Sequence[int],
    period: int,
    repeats: int,
) -> Sequences:
    """Returns a sequence for each seed, of tokens that are two letters or more.

    So no mark, no byte, no spare row of a table and none of the commonest pieces is drawn.
    """
    soft_ids = tuning.soft_prompt_ids(model)
    start = features.before_inputs(words.marks, model.config.family, soft_ids)
    repeated, shuffled = [], []
    for seed in seeds:
        rng = seeding.rng("induction", seed)
        order = list(range(min(words.size, model.config.vocab_size)))
        rng.shuffle(order)
        tokens = _some_words(words, order, period)
        orders = [list(range(period))]
        for _ in range(repeats - 1):
            orders.append(_other_order(orders, rng))
        repeated.append([*start, *tokens * repeats])
        shuffled.append([*start, *(tokens[i] for places in orders for i in places)])
    return Sequences(
        repeated_BT=np.asarray(repeated, np.int32),
        shuffled_BT=np.asarray(shuffled, np.int32),
        start=len(start),
    )


def _some_words(words: tokenizer.Tokenizer, order: Sequence[int], count: int) -> list[int]:
    found: list[int] = []
    for i in order:
        text = words.decode([i]).strip()
        if len(text) >= _MIN_LETTERS and text.isalpha():
            found.append(i)
        if len(found) == count:
            return found
    raise errors.UserError(
        f"the model's words have {len(found)} pieces of {_MIN_LETTERS} letters or more: --tokens "
        f"{count} is more than that"
    )


def _other_order(orders: Sequence[Sequence[int]], rng: Any) -> list[int]:
    """Returns an order in which nothing stands where it stands in one of the others.

    Drawn place by place; what is left at the end without a place of its own is exchanged with an
    earlier one that allows it.
    """
    n = len(orders[0])
    taken = [{order[place] for order in orders} for place in range(n)]
    found = list(range(n))
    rng.shuffle(found)
    while wrong := [place for place in range(n) if found[place] in taken[place]]:
        place, other = wrong[0], rng.randrange(n)
        found[place], found[other] = found[other], found[place]
    return found


@functools.partial(jax.jit, static_argnums=(0, 3, 4))
def _scores(
    graphdef: nnx.GraphDef,
    params: nnx.State,
    batch: features.Batch,
    start: int,
    period: int,
) -> tuple[jax.Array, jax.Array]:
    """Returns prefix matching and copying of every layer, sequence and head: LBN each."""
    model = nnx.merge(graphdef, params)
    tokens_BM = batch.tokens_BT[:, start : start + period]
    readout_BMD = attention_maps.readout_of(model, tokens_BM)

    def look(block: Any, x_BTD: jax.Array, view: Any) -> tuple[jax.Array, jax.Array]:
        weights_BNTS = attention_maps.weights(block, x_BTD, view)
        effects_BNSM = attention_maps.effects(block, x_BTD, view, readout_BMD)
        own_BNTS = weights_BNTS[:, :, start:, start:]
        return (
            prefix_matching(own_BNTS, period),
            copying(own_BNTS, effects_BNSM[:, :, start:], period),
        )

    return model.observe(batch, look)


def prefix_matching(weights_BNTS: jax.Array, period: int) -> jax.Array:
    """Returns BN: how much a repeated token attends to what followed it before, in [0, 1].

    With A the attention weights, m the period, R the repeats, and places t of the sequence from 0:

        mean over t in [m, R m) of  sum over k in 1 ... floor(t / m) of  A[t, t - k m + 1]

    An ideal induction head has 1, one that attends to all before alike about 1 / m.
    """
    T = weights_BNTS.shape[-1]
    t_T1, s_1S = np.arange(T)[:, None], np.arange(T)[None, :]
    is_earlier_TS = (t_T1 >= period) & (s_1S >= 1) & (s_1S <= t_T1)  # before place 0 is nothing
    is_sought_TS = is_earlier_TS & ((t_T1 - s_1S + 1) % period == 0)
    return jnp.where(is_sought_TS, weights_BNTS, 0.0).sum((-2, -1)) / (T - period)


def copying(weights_BNTS: jax.Array, effects_BNSM: jax.Array, period: int) -> jax.Array:
    """Returns BN: how much of what a head raises is the token that it looks at, in [0, 1].

    With e[s, j] what a look at place s adds to the logit of the sequence's token j, less its mean
    over the m tokens, and j(s) the token at s:

        r[s]  = max(0, e[s, j(s)]) / sum over j of max(0, e[s, j])
        score = sum over t, s of A[t, s] r[s]  /  sum over t, s of A[t, s]

    over repeated tokens t and places s of the sequence. A head that raises the token it looks at,
    and lowers all others, has 1; one that knows nothing of it about 1 / m; 0 where it lowers it.
    """
    S = weights_BNTS.shape[-1]
    raised_BNSM = jax.nn.relu(effects_BNSM - effects_BNSM.mean(-1, keepdims=True))
    own_S = np.arange(S) % period
    own_BNS = raised_BNSM[..., np.arange(S), own_S]
    sums_BNS = raised_BNSM.sum(-1)
    ratio_BNS = jnp.where(sums_BNS > 0, own_BNS / jnp.where(sums_BNS > 0, sums_BNS, 1.0), 0.0)
    looks_BNS = weights_BNTS[:, :, period:].sum(2)
    total_BN = looks_BNS.sum(-1)
    return (looks_BNS * ratio_BNS).sum(-1) / jnp.maximum(total_BN, 1e-30)


def _losses(
    model: nnx.Module, tokens_BT: np.ndarray, start: int, period: int
) -> tuple[float, float]:
    """Returns the mean loss of the first occurrences and of the others, in nats a token."""
    soft = len(tuning.soft_prompt_ids(model))  # `log_probs` puts them there itself
    found_BT = -np.asarray(running_text.log_probs(model, tokens_BT[:, soft:].tolist()))
    repeated = start - soft + period - 1  # nothing is said of the first token
    return float(found_BT[:, :repeated].mean()), float(found_BT[:, repeated:].mean())


def _batch(tokens_BT: np.ndarray) -> features.Batch:
    B, T = tokens_BT.shape
    empty = features.empty(B, (0, T), family="decoder")
    positions_BT = np.broadcast_to(np.arange(T, dtype=np.int32), (B, T))
    return empty._replace(
        tokens_BT=tokens_BT, segment_ids_BT=np.ones_like(tokens_BT), positions_BT=positions_BT
    )


def _sd(scores_LBN: np.ndarray) -> np.ndarray:
    return scores_LBN.std(1, ddof=1) if scores_LBN.shape[1] > 1 else np.zeros_like(scores_LBN[:, 0])


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return np.round(value, 6).tolist()
    return round(value, 6) if isinstance(value, float) else value
