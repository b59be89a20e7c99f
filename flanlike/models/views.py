"""What each kind of layers sees, and how it turns positions.

Layers may differ in both (Gemma 2 and 3, SmolLM 3): the view of each kind is computed once, and
each layer of the scan picks its own.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from flanlike.models import config as model_config
from flanlike.models import positions


class View(NamedTuple):
    """What a layer turns queries and keys by, if by anything, who sees whom, as booleans, and T5's
    learned biases, which heads have each for itself.
    """

    rotation: jax.Array | None
    mask_BTS: jax.Array
    bias_1NTS: jax.Array | None = None


def of_kinds(
    config: model_config.ModelConfig,
    letters: str,
    positions_BT: jax.Array,
    is_visible_BTS: jax.Array,
    is_visible_nearby: Callable[[], jax.Array],
    reach_BT: jax.Array | None = None,
) -> list[View]:
    """Returns the view of every kind among a stack's layers, in the order of `places`.

    `reach_BT` says how far each token's segment reaches, where rotations ask for it.
    """
    views = []
    for kind in sorted(set(letters)):
        mask_BTS = is_visible_nearby() if kind == "l" else is_visible_BTS
        rotation = positions.rotation(positions_BT, config, kind=kind, reach_BT=reach_BT)
        views.append(View(rotation, mask_BTS))
    return views


def places(letters: str) -> jax.Array | None:
    """Returns the place of every layer's view, to be scanned; None where all are alike."""
    kinds = sorted(set(letters))
    return jnp.array([kinds.index(kind) for kind in letters]) if len(kinds) > 1 else None


def pick(views: list[View], kind: jax.Array | None) -> View:
    """Returns a layer's view, by its place."""
    if kind is None:
        return views[0]
    return jax.tree.map(lambda *of_kinds: jax.lax.select_n(kind, *of_kinds), *views)
