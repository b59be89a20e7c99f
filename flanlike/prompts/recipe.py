"""All that decides which prompts there are: the flags that training, export and manifest share."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flanlike import config as config_lib
from flanlike import errors
from flanlike.mixtures import compose as compose_module
from flanlike.mixtures import holdout, mixture
from flanlike.prompts import overlap, render
from flanlike.tasks import registry as registry_module


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A mixture by name, where its rows come from, and what of it is changed."""

    mixture: str
    data: str = "embedded"
    hold_out: tuple[str, ...] | None = None  # None: the mixture's own
    rules: holdout.Rules | None = None
    mix: config_lib.MixConfig = field(default_factory=config_lib.MixConfig)
    skip_missing: bool = False
    skip_bad_rows: bool = False
    exclude_overlap: bool = False  # leave out rows that share text with evaluation rows
    evaluation_split: str = "test"  # whose rows these are
    evaluated_on: tuple[str, ...] = ()  # splits that an evaluated task has to have besides train
    prompts: render.Style = "instructions"
    seed: int = 0


def mixture_of(recipe: Recipe, registry: registry_module.Registry) -> mixture.Mixture:
    """Returns the mixture with what the recipe changes of it: shares and rule."""
    named = registry.mixture(recipe.mixture)
    changes = config_lib.given(recipe.mix)
    shares = {name: value for name, value in changes.items() if hasattr(named.shares, name)}
    rule = {name: value for name, value in changes.items() if name not in shares}
    return mixture.changed(named, shares=dataclasses.replace(named.shares, **shares), **rule)


def compose(recipe: Recipe, registry: registry_module.Registry) -> mixture.Composition:
    """Returns the mixture with the held-out tasks taken out of it, and its rates."""
    composition = compose_module.compose(
        mixture_of(recipe, registry),
        registry,
        recipe.data,
        recipe.hold_out,
        rules=recipe.rules,
        skip_missing=recipe.skip_missing,
        skip_bad_rows=recipe.skip_bad_rows,
        evaluated_on=recipe.evaluated_on,
    )
    if not recipe.exclude_overlap:
        return composition
    found = overlap.find(
        composition,
        registry,
        data=recipe.data,
        evaluated=composition.evaluated,
        split=recipe.evaluation_split,
    )
    return overlap.exclude(composition, registry, found)


def from_json(values: Mapping[str, Any]) -> Recipe:
    """Returns the recipe that `dataclasses.asdict` and JSON have been through."""
    try:
        mix = config_lib.MixConfig(**values["mix"])
        hold_out = values["hold_out"]
        hold_out = None if hold_out is None else tuple(hold_out)
        evaluated_on = tuple(values["evaluated_on"])
        changed = {"mix": mix, "hold_out": hold_out, "evaluated_on": evaluated_on}
        return Recipe(**{**values, **changed})
    except (KeyError, TypeError) as error:
        raise errors.UserError(
            f"not a recipe of this version ({type(error).__name__}: {error}); it has "
            f"{sorted(values)!r}, expected {sorted(f.name for f in dataclasses.fields(Recipe))!r}"
        ) from None
