"""Which token is drawn, against softmax, sorted by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from flanlike.models import sampling

PROBABILITIES = [0.4, 0.05, 0.3, 0.05, 0.2]


def shares(decoding: sampling.Decoding, draws: int = 4000) -> list[float]:
    """Returns how often each token of PROBABILITIES is drawn."""
    logits_BV = jnp.tile(jnp.log(jnp.array(PROBABILITIES)) + 2.0, (draws, 1))
    keys = sampling.key_words(list(range(draws)))
    tokens = np.asarray(sampling.choose(logits_BV, keys, jnp.int32(3), decoding))
    return [float(np.mean(tokens == token)) for token in range(len(PROBABILITIES))]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, PROBABILITIES),
        ({"temperature": 0.5}, [0.16 / 0.295, 0.0025 / 0.295, 0.09 / 0.295, 0.0085, 0.04 / 0.295]),
        ({"top_k": 2}, [4 / 7, 0, 3 / 7, 0, 0]),
        ({"top_k": 4}, PROBABILITIES),  # two are equally likely: both are kept
        ({"top_p": 0.7}, [4 / 7, 0, 3 / 7, 0, 0]),
        ({"top_p": 0.71}, [4 / 9, 0, 3 / 9, 0, 2 / 9]),
        ({"top_k": 3, "top_p": 0.75}, [4 / 7, 0, 3 / 7, 0, 0]),  # of the three that are left
        ({"top_k": 99, "top_p": 1.0}, PROBABILITIES),
    ],
)
def test_tokens_are_drawn_by_their_probability_among_those_kept(changes, expected):
    found = shares(sampling.Decoding(**{"temperature": 1.0} | changes))
    assert found == pytest.approx(expected, abs=0.03)
    assert [share > 0 for share in found] == [share > 0 for share in expected]


def test_the_nucleus_is_that_of_sorting():
    """Logits of both signs and of every size, against a sort of 300 tokens."""
    logits_BV = jax.random.normal(jax.random.key(0), (8, 300)) * jnp.array(
        [[0.1], [1], [5], [30]] * 2
    )
    how = sampling.Decoding(temperature=1.0, top_p=0.9)
    kept_BV = sampling._likely(logits_BV, how, how.numbers)
    for logits, kept in zip(np.asarray(logits_BV), np.asarray(kept_BV), strict=True):
        order = np.argsort(-logits)
        sums = np.cumsum(np.asarray(jax.nn.softmax(logits))[order])
        expected = order[: int(np.argmax(sums >= 0.9)) + 1]
        assert set(np.flatnonzero(np.isfinite(kept))) == set(expected)


def test_a_penalty_divides_logits_above_0_and_multiplies_those_below():
    logits_BV = jnp.array([[3.0, 2.5, -1.0, -1.5], [3.0, 2.5, -1.0, -1.5]])
    is_there_BV = jnp.array([[True, False, False, False], [False, False, True, True]])
    found_BV = sampling._penalized(logits_BV, is_there_BV, 2.0)
    assert found_BV.tolist() == [[1.5, 2.5, -1.0, -1.5], [3.0, 2.5, -2.0, -3.0]]
    how = sampling.Decoding(repetition_penalty=2.0)
    chosen = sampling.choose(logits_BV, None, jnp.int32(0), how, is_there_BV=is_there_BV)
    assert chosen.tolist() == [1, 0]


def test_numbers_may_come_apart_from_their_kind():
    how = sampling.Decoding(temperature=0.4, top_k=3, top_p=0.8, repetition_penalty=1.5)
    assert (
        how.kind == sampling.Decoding(temperature=3, top_k=9, top_p=0.1, repetition_penalty=9).kind
    )
    assert how.kind != sampling.Decoding(temperature=0.4, top_k=3, top_p=0.8).kind
    logits_BV = jax.random.normal(jax.random.key(1), (64, 30)) * 4
    is_there_BV = jax.random.bernoulli(jax.random.key(2), shape=(64, 30))
    keys = sampling.key_words(list(range(64)))
    given = dict(is_there_BV=is_there_BV)
    whole = sampling.choose(logits_BV, keys, jnp.int32(3), how, **given)
    apart = jax.jit(sampling.choose, static_argnums=3)(
        logits_BV, keys, jnp.int32(3), how.kind, numbers=how.numbers, **given
    )
    assert whole.tolist() == apart.tolist()


def test_draws_of_one_row_differ_from_token_to_token():
    keys = sampling.key_words([5])
    logits_BV = jnp.zeros((1, 1000))
    how = sampling.Decoding(temperature=1.0)
    drawn = {int(sampling.choose(logits_BV, keys, jnp.int32(i), how)[0]) for i in range(20)}
    assert len(drawn) > 15


@pytest.mark.parametrize(
    "changes",
    [
        {"temperature": -1.0},
        {"top_k": -1},
        {"top_p": 0.0},
        {"top_p": 1.5},
        {"beams": 0},
        {"length_penalty": -1.0},
        {"beams": 2, "temperature": 1.0},
        {"repetition_penalty": 0.0},
        {"repetition_penalty": 1.1, "beams": 2},
    ],
)
def test_what_makes_no_sense_is_refused(changes):
    with pytest.raises(ValueError, match=next(iter(changes))):
        sampling.Decoding(**changes)
