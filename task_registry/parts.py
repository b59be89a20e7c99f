"""What each part of a mixture of mixtures has on this machine, what it lacks, and why."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flanlike import config as config_lib
from flanlike.mixtures import mixture
from flanlike.sources import availability
from flanlike.tasks import families


@dataclass(frozen=True, kw_only=True)
class Part:
    """`share` is of the prompts here: a part without rows leaves its own to the others.

    `missing` says of its tasks without rows why they have none, `left_out` of others why they are
    not trained on; `forms` are its own settings, of how often a prompt is of which form.
    """

    name: str
    description: str
    weight: float | None
    share: float
    tasks: int
    rows: int
    held_out: int
    forms: Mapping[str, float]
    missing: Mapping[str, str]
    left_out: Mapping[str, str]

    @property
    def excluded(self) -> Mapping[str, str]:
        return {**self.missing, **self.left_out}

    def as_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def of(composition: mixture.Composition) -> list[Part]:
    """Returns the mixtures that the mixture is made of, none where there are not two."""
    if not is_of_several(composition.mixture):
        return []
    return [_part(composition, *one) for one in _nested(composition.mixture)]


def is_of_several(named: mixture.Mixture) -> bool:
    """Returns whether a mixture has parts to tell of, which may be missing one by one."""
    return len(_nested(named)) > 1


def lines(part: Part) -> list[str]:
    """Returns what is said of a part, and of what it lacks, a reason a line."""
    weight = "" if part.weight is None else f", {part.weight:.0%} where nothing is missing"
    tested = f", {part.held_out:,} held out" if part.held_out else ""
    return [
        f"{part.name}: {part.description}",
        f"  {part.share:.1%} of the prompts{weight}; {part.tasks:,} tasks{tested}; "
        f"{part.rows:,} rows; {listed(part.forms)}",
        *(f"  missing: {line}" for line in availability.by_reason(part.missing)),
        *(f"  left out: {line}" for line in availability.by_reason(part.left_out)),
    ]


def listed(forms: Mapping[str, float]) -> str:
    """Returns settings in one line: {"few_shot": 0.1, "cot": 0.5} -> "few_shot 0.1, cot 0.5"."""
    return ", ".join(f"{name} {value:.3g}" for name, value in forms.items())


def _nested(named: mixture.Mixture) -> list[tuple[mixture.Mixture, float | None]]:
    return [one for one in named.weighted() if not isinstance(one[0], str)]


def _part(composition: mixture.Composition, nested: mixture.Mixture, weight: float | None) -> Part:
    names, held_out = set(nested.task_names), set(nested.held_out)
    there = [task for task in composition.tasks if task.name in names]
    excluded = {n: why for n, why in composition.excluded.items() if n in names}
    asked = (n for n in composition.evaluation if n in names or _is_of(n, held_out))
    return Part(
        name=nested.name,
        description=nested.description,
        weight=weight,
        share=sum(task.share for task in there),
        tasks=len(there),
        rows=sum(task.rows for task in there),
        held_out=len(list(asked)),
        forms=config_lib.given(nested.shares),
        missing={n: why for n, why in excluded.items() if n in composition.missing},
        left_out={n: why for n, why in excluded.items() if n not in composition.missing},
    )


def _is_of(task: str, held_out: set[str]) -> bool:
    """Returns whether a task is named by what a mixture holds out, or of that family."""
    family = families.family_of(task)
    return task in held_out or any(family and families.family_of(n) == family for n in held_out)
