"""Which token comes next: the likeliest, or one drawn from the likely ones."""

import dataclasses
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

_SEED_BITS = 64


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """How continuations are chosen.

    Temperature 0 takes the likeliest token. Above 0 tokens are drawn from softmax(logits /
    temperature), cut to the `top_k` likeliest (0: all) and then to the likeliest whose
    probabilities, of those left, sum to `top_p` or just more (nucleus sampling, Holtzman et al.
    2020, section 3.1); tokens as likely as the last one kept are kept too. Before all that, logits
    of tokens that are there already, in a decoder's prompt or among the new ones, are divided by
    the `repetition_penalty` where they are above 0 and multiplied by it below (Keskar et al. 2019,
    section 4.1, with the sign heeded). With several `beams`, which draw nothing, see
    `beams.search`.
    """

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    beams: int = 1
    length_penalty: float = 1.0

    def __post_init__(self) -> None:
        is_right = self.temperature >= 0 and self.top_k >= 0 and 0 < self.top_p <= 1
        is_right &= self.repetition_penalty > 0
        if not (is_right and self.beams >= 1 and self.length_penalty >= 0):
            raise ValueError(
                f"{self!r}: temperature, top_k and length_penalty must be 0 or more, top_p more "
                "than 0 and at most 1, repetition_penalty more than 0, beams 1 or more"
            )
        if self.beams > 1 and self.temperature:
            raise ValueError(f"{self!r}: beams draw nothing; give temperature 0 or one beam")
        if self.beams > 1 and self.penalizes:
            raise ValueError(f"{self!r}: beams heed no repetition_penalty; give 1 or one beam")

    @property
    def draws(self) -> bool:
        return self.temperature > 0

    @property
    def penalizes(self) -> bool:
        return self.repetition_penalty != 1

    @property
    def numbers(self) -> "Numbers":
        return Numbers(
            float(self.temperature), self.top_k, float(self.top_p), float(self.repetition_penalty)
        )

    @property
    def kind(self) -> "Decoding":
        """Returns what is the same of all that differ in numbers and not in what is done."""
        return dataclasses.replace(
            self,
            temperature=1.0 if self.draws else 0.0,
            top_k=1 if self.top_k else 0,
            top_p=0.5 if self.top_p < 1 else 1.0,
            repetition_penalty=2.0 if self.penalizes else 1.0,
        )


class Numbers(NamedTuple):
    """The numbers of a `Decoding`, for a program that is compiled once for all of its kind."""

    temperature: float
    top_k: int
    top_p: float
    repetition_penalty: float


GREEDY = Decoding()


def key_words(seeds: list[int]) -> np.ndarray:
    """Returns the two words (uint32, B2) of each row's random key: all 64 bits of its seed."""
    half = _SEED_BITS // 2
    mask = (1 << half) - 1
    return np.array([[(seed >> half) & mask, seed & mask] for seed in seeds], np.uint32)


def choose(
    logits_BV: jax.Array,
    key_words_B2: jax.Array | None,
    i: jax.Array,
    decoding: Decoding,
    *,
    numbers: Numbers | None = None,
    is_there_BV: jax.Array | None = None,
) -> jax.Array:
    """Returns new token i of each row, int32.

    A draw depends on the row's own logits and key and on i alone, and so on no other row. `numbers`
    stand in for those of `decoding`, which then says the kind alone. `is_there_BV` says which
    tokens a repetition penalty is for.
    """
    given = decoding.numbers if numbers is None else numbers
    if decoding.penalizes:
        logits_BV = _penalized(logits_BV, is_there_BV, given.repetition_penalty)
    if decoding.draws:
        logits_BV = _likely(logits_BV / given.temperature, decoding, given)
        keys_B = jax.random.wrap_key_data(key_words_B2, impl="threefry2x32")
        vocab_size = logits_BV.shape[-1]
        gumbel_BV = jax.vmap(
            lambda key: jax.random.gumbel(jax.random.fold_in(key, i), (vocab_size,))
        )(keys_B)
        logits_BV = logits_BV + gumbel_BV  # the largest is then a draw from their softmax
    return jnp.argmax(logits_BV, axis=-1).astype(jnp.int32)


def _penalized(logits_BV: jax.Array, is_there_BV: jax.Array, penalty: float) -> jax.Array:
    """Returns the logits with less for the tokens that are there already."""
    less_BV = jnp.where(logits_BV > 0, logits_BV / penalty, logits_BV * penalty)
    return jnp.where(is_there_BV, less_BV, logits_BV)


def _likely(logits_BV: jax.Array, decoding: Decoding, numbers: Numbers) -> jax.Array:
    """Returns the logits with those of tokens that are not to be drawn at minus infinity."""
    if decoding.top_k:
        logits_BV = _kept(logits_BV, jnp.ones_like(logits_BV), numbers.top_k)
    if decoding.top_p < 1:
        logits_BV = _kept(logits_BV, jax.nn.softmax(logits_BV), numbers.top_p)
    return logits_BV


def _kept(logits_BV: jax.Array, weights_BV: jax.Array, least: float) -> jax.Array:
    """Keeps the largest logits whose weights sum to `least` or just more; all where none do.

    The threshold is found bit by bit, in 32 sums: a vocabulary takes far longer to sort.
    """
    bits_BV = jax.lax.bitcast_convert_type(logits_BV, jnp.uint32)
    top_bit = jnp.uint32(1 << 31)
    order_BV = jnp.where(bits_BV >= top_bit, ~bits_BV, bits_BV | top_bit)  # as the floats are

    def with_bit(n: jax.Array, threshold_B: jax.Array) -> jax.Array:
        higher_B = threshold_B | (top_bit >> n.astype(jnp.uint32))
        above_BV = jnp.where(order_BV >= higher_B[:, None], weights_BV, 0)
        return jnp.where(jnp.sum(above_BV, axis=-1) >= least, higher_B, threshold_B)

    threshold_B = jnp.zeros(logits_BV.shape[0], jnp.uint32)
    threshold_B = jax.lax.fori_loop(0, 32, with_bit, threshold_B)
    return jnp.where(order_BV >= threshold_B[:, None], logits_BV, -jnp.inf)
