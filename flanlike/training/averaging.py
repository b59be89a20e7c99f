"""The average of the weights over the steps: an optimizer's last part, and its way back out.

With decay d the average after step T is the exponential moving average corrected for its beginning,
as Adam corrects its moments (Kingma and Ba 2015, section 3), of the weights p_t after each step:

    average_T = sum over t of d^(T - t) p_t  x  (1 - d) / (1 - d^T)

so the weights before the first step have no part in it, and after one step it is what they are
then. It is kept in float32 by the equal recurrence

    average_t = average_(t-1) + w_t (p_t - average_(t-1)),    w_t = (1 - d) / (1 - d^t)

The average over the last 1 / (1 - d) steps, about, is what counts: choose d for a tenth of the run.
"""

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax


class Average(NamedTuple):
    """The part of an optimizer's state that has the average; before a step it is the weights."""

    averaged: jax.Array  # int32, steps in it
    average: Any  # as the parameters that learn


def of_weights(decay: float) -> optax.GradientTransformation:
    """Returns what keeps the average, of a chain's last part; updates pass through unchanged."""

    def update(updates: Any, state: Average, params: Any) -> tuple[Any, Average]:
        steps = state.averaged + 1
        # 1 - d^t by expm1: for a d near 1 nothing is left of the difference in float32.
        share = (1 - decay) / -jnp.expm1(steps * math.log(decay))
        share = jnp.minimum(share, 1.0)
        moved = optax.apply_updates(params, updates)
        average = jax.tree.map(lambda a, p: a + share * (p - a), state.average, moved)
        return updates, Average(steps, average)

    return optax.GradientTransformation(begun, update)


def begun(params: Any) -> Average:
    """Returns an average of no step: the weights themselves, in arrays of their own."""
    # Their own, for a step donates weights and average both.
    return Average(jnp.zeros((), jnp.int32), jax.tree.map(jnp.copy, params))


def of_state(optimizer: optax.OptState) -> Average | None:
    """Returns the average in an optimizer's state; None where none is kept."""
    parts = jax.tree.leaves(optimizer, is_leaf=_is_average)
    return next(filter(_is_average, parts), None)


def over(params: Any, average: Any) -> Any:
    """Returns the parameters with the average in place of those that learn.

    {a: 1, b: {c: 2, d: 3}} and {b: {d: 4}}  ->  {a: 1, b: {c: 2, d: 4}}
    """
    if not isinstance(average, dict):
        return average
    return {**params, **{name: over(params[name], its) for name, its in average.items()}}


def _is_average(part: Any) -> bool:
    return isinstance(part, Average)
