"""All that decides which prompts there are: the flags that training, export and manifest share."""

import argparse
import dataclasses
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flanlike import config as config_lib
from flanlike import errors, microworld
from flanlike.mixtures import compose as compose_module
from flanlike.mixtures import holdout, mixture
from flanlike.prompts import duplicates, overlap, render
from flanlike.sources import availability, instruction_file
from flanlike.tasks import families, instruction_rows, texts
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
    drop_duplicates: bool = False  # leave out rows that say again what an earlier one says
    evaluated_on: tuple[str, ...] = ()  # splits that an evaluated task has to have besides train
    prompts: render.Style = "instructions"
    chat: bool = False  # they are turns of a conversation
    seed: int = 0


def of_run(config: config_lib.RunConfig) -> Recipe:
    """Returns what of a run's configuration decides which prompts there are."""
    return Recipe(
        mixture=config.mixture,
        data=config.data,
        hold_out=config.hold_out,
        rules=config.hold_out_rules,
        mix=config.mix,
        skip_missing=config.skip_missing,
        skip_bad_rows=config.skip_bad_rows,
        exclude_overlap=config.exclude_overlap,
        evaluation_split=config.eval.split,
        drop_duplicates=config.drop_duplicates,
        evaluated_on=config.eval.splits,
        prompts=config.prompts,
        chat=config.chat,
        seed=config.seed,
    )


def in_chat(config: config_lib.RunConfig) -> config_lib.RunConfig:
    """Returns the configuration of a run, in a chat where its mixture is one of conversations."""
    is_chat = config.chat or holds_conversations(config.mixture, config.format, config.data)
    return dataclasses.replace(config, chat=is_chat)


def holds_conversations(mixture: str, format: str | None, data: str) -> bool:
    """Returns whether a mixture is a file of conversations, or a repository said to be of such."""
    if config_lib.names_file(mixture):
        return instruction_file.holds_conversations(mixture, format, data)
    return mixture.startswith(config_lib.HUB_FILE) and instruction_rows.is_of_turns(format)


def of_flags(options: argparse.Namespace, **more: Any) -> Recipe:
    """Returns the recipe that the flags of a command give which all such commands share.

    These are --mixture, --data, --hold-out, --hold-out-rules, --skip-missing and --skip-bad-rows.
    """
    return Recipe(
        mixture=options.mixture,
        data=options.data,
        hold_out=None if options.hold_out is None else tuple(options.hold_out),
        rules=options.hold_out_rules,
        skip_missing=options.skip_missing,
        skip_bad_rows=options.skip_bad_rows,
        **more,
    )


def mixture_of(recipe: Recipe, registry: registry_module.Registry) -> mixture.Mixture:
    """Returns the mixture with what the recipe changes of it: shares and rule."""
    named = registry.mixture(recipe.mixture)
    changes = config_lib.given(recipe.mix)
    shares = {name: value for name, value in changes.items() if hasattr(named.shares, name)}
    rule = {name: value for name, value in changes.items() if name not in shares}
    return mixture.changed(named, shares=shares, **rule)


def compose(
    recipe: Recipe, registry: registry_module.Registry, *, is_evaluated: bool = True
) -> mixture.Composition:
    """Returns the mixture with the held-out tasks taken out of it, and its rates.

    Where none of the held-out tasks has rows that is an error, if they are to be asked.
    """
    composition = compose_module.compose(
        mixture_of(recipe, registry),
        registry,
        recipe.data,
        recipe.hold_out,
        rules=recipe.rules,
        skip_missing=recipe.skip_missing,
        skip_bad_rows=recipe.skip_bad_rows,
        evaluated_on=recipe.evaluated_on,
        is_evaluated=is_evaluated or recipe.exclude_overlap,
    )
    if recipe.exclude_overlap:
        found = overlap.find(
            composition,
            registry,
            data=recipe.data,
            evaluated=composition.evaluated,
            split=recipe.evaluation_split,
        )
        composition = overlap.exclude(composition, registry, found)
    if recipe.drop_duplicates:
        repeated = duplicates.find(composition, registry, data=recipe.data)
        composition = duplicates.drop(composition, registry, repeated)
    return composition


def waits(config: config_lib.RunConfig) -> Iterator[str]:
    """Yields what is done before a mixture is composed that takes a while."""
    if config.exclude_overlap:
        yield "looking for training rows that overlap with evaluation rows"
    if config.drop_duplicates:
        yield "looking for training rows that repeat others"


def told(
    config: config_lib.RunConfig, composition: mixture.Composition, out: Path
) -> Iterator[str]:
    """Yields what a run into `out` says before it starts: what is mixed, held out and left out."""
    clusters = composition.cluster_shares
    if config_lib.names_file(config.mixture):
        yield instruction_file.told(config.mixture, config.format, config.data)
    yield (
        f"{config.mixture} from {config.data}: {texts.counted(len(composition.tasks), 'task')} of "
        f"{texts.counted(len(clusters), 'cluster')}, {config.steps} steps, into {out}"
    )
    if config.data == "embedded":
        yield microworld.NOTICE
    held_out = families.listed(composition.held_out) or "nothing (trained tasks are evaluated)"
    yield f"held out: {held_out}"
    listed = [f"{name} {share:.0%}" for name, share in clusters.items()]
    yield f"trained on: {', '.join(listed)}"
    if config.exclude_overlap:
        count = sum(map(len, composition.overlapping.values()))
        yield f"left out: {count:,} training rows that overlap with evaluation rows"
    if config.drop_duplicates:
        count = sum(map(len, composition.duplicated.values()))
        yield f"left out: {count:,} training rows that repeat an earlier one"
    for line in availability.by_reason(composition.excluded):
        yield f"left out: {line}"
    for line in availability.by_reason(composition.leaks):
        yield f"left in, though strict rules would leave it out: {line}"
    for line in composition.told_bad_rows:
        yield f"left out: {line}"


def from_json(values: Mapping[str, Any]) -> Recipe:
    """Returns the recipe that `dataclasses.asdict` and JSON have been through."""
    try:
        mix = config_lib.MixConfig(**values["mix"])
        lists = {name: _listed(values[name]) for name in ("hold_out", "evaluated_on")}
        found = Recipe(**{**values, **lists, "mix": mix})
        for name, hint in typing.get_type_hints(Recipe).items():
            if not _fits(value := getattr(found, name), hint):
                raise TypeError(f"{name} is {texts.shown(value)}")
        return found
    except (KeyError, TypeError) as error:
        raise errors.UserError(
            f"not a recipe of this version ({type(error).__name__}: {error}); it has "
            f"{sorted(values)!r}, expected {sorted(f.name for f in dataclasses.fields(Recipe))!r}"
        ) from None


def _listed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _fits(value: Any, hint: Any) -> bool:
    """Returns whether a value is of a field's type: of a class, a literal, a tuple or a union."""
    if typing.get_origin(hint) is typing.Literal:
        return value in typing.get_args(hint)
    if typing.get_origin(hint) is tuple:
        return isinstance(value, tuple) and all(isinstance(each, str) for each in value)
    if members := typing.get_args(hint):
        return any(_fits(value, member) for member in members)
    return type(value) is hint
