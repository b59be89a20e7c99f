"""Which tasks a run mixes, how often each is drawn, and why.

rows    4,000   100,000   50           of each task, cut at max_examples (30,000)
rate    3,000     3,000   50           cut at rate_cap (3,000), then to the power 1/temperature
share    .496      .496  .008          rate over the sum of rates
"""

import collections
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Union

from flanlike import errors
from flanlike.mixtures import holdout
from flanlike.sources import availability


@dataclass(frozen=True, kw_only=True)
class Shares:
    """How often a training prompt is of which form, each in [0, 1] but for the shots.

    What a task has no template for goes to its forward templates (to its CoT templates, where it
    has no forward ones): a task without inverted templates renders forward ones in their share.
    """

    few_shot: float = 0.1  # of prompts; min_shots to max_shots exemplars, each number as often
    min_shots: int = 1
    max_shots: int = 3
    no_options: float = 0.2  # of forward prompts of tasks with options
    styled_options: float = 0.3  # of prompts that show options: not in the layout's plain style
    inverted: float = 0.1  # of prompts, few-shot ones included
    cot: float = 0.5  # of a CoT task's forward prompts, and of its inverted ones

    def __post_init__(self) -> None:
        for name in ("few_shot", "no_options", "styled_options", "inverted", "cot"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise errors.UserError(f"share {name} is {value!r}; expected a number in [0, 1]")
        if self.few_shot > 0 and not 1 <= self.min_shots <= self.max_shots:
            raise errors.UserError(
                f"min_shots is {self.min_shots!r} and max_shots {self.max_shots!r} with few_shot "
                f"{self.few_shot!r}; expected 1 <= min_shots <= max_shots, or few_shot=0"
            )


Entry = Union[str, "Mixture", tuple[Union[str, "Mixture"], float]]


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """Tasks and nested mixtures, with the rule by which they share the prompts.

    An entry is a task's name or a mixture, alone or with a weight. Where every entry has a weight,
    they are relative. Where some have one, it is a share of this mixture's prompts, and the others
    divide what is left by their rates. A nested mixture with a weight divides its share by its own
    rule; one without brings its tasks' own rates.
    """

    name: str
    entries: tuple[Entry, ...]
    rate_cap: int | None = 3000  # None: no cap
    max_examples: int | None = 30000  # distinct rows a task may give
    temperature: float = 1.0  # over 1: nearer to equal rates
    shares: Shares = field(default_factory=Shares)
    hold_out: tuple[str, ...] = ()  # clusters or tasks
    rules: holdout.Rules = "strict"
    description: str = ""

    def __post_init__(self) -> None:
        where = f"mixture {self.name!r}"
        if not self.entries:
            raise errors.UserError(f"{where} has no entries; expected at least one task")
        if not self.temperature > 0:
            raise errors.UserError(f"{where}: temperature is {self.temperature!r}, expected over 0")
        for name in ("rate_cap", "max_examples"):
            if (value := getattr(self, name)) is not None and value < 1:
                raise errors.UserError(f"{where}: {name} is {value!r}, expected 1 or more or None")
        weights = [weight for _, weight in self._weighted() if weight is not None]
        if any(not weight > 0 for weight in weights):
            raise errors.UserError(f"{where}: weights {weights!r} have to be over 0")
        if 0 < len(weights) < len(self.entries) and sum(weights) >= 1:
            raise errors.UserError(
                f"{where}: weights {weights!r} leave nothing to the entries without one; as shares "
                "of the whole they have to add up to less than 1, or give every entry a weight"
            )
        counts = collections.Counter(self.task_names)
        if twice := sorted(name for name, count in counts.items() if count > 1):
            raise errors.UserError(f"{where}: tasks {twice!r} are in it twice; name each once")

    @property
    def task_names(self) -> list[str]:
        """Returns the names of all tasks in it, nested ones too, in order."""
        names: list[str] = []
        for entry, _ in self._weighted():
            names += [entry] if isinstance(entry, str) else entry.task_names
        return names

    def _weighted(self) -> list[tuple[Union[str, "Mixture"], float | None]]:
        return [entry if isinstance(entry, tuple) else (entry, None) for entry in self.entries]


@dataclass(frozen=True, kw_only=True)
class TaskShare:
    """One task's part of a mixture. `rows` are those that may be drawn, `share` is of prompts."""

    name: str
    cluster: str
    rows: int
    rate: float
    share: float
    derivation: str


@dataclass(frozen=True, kw_only=True)
class Composition:
    """A mixture resolved: what is trained on, what is held out, and what is left out and why."""

    mixture: Mixture
    held_out: tuple[str, ...]
    rules: holdout.Rules
    tasks: tuple[TaskShare, ...]
    evaluation: tuple[str, ...]  # held-out tasks
    excluded: Mapping[str, str]  # task -> reason; neither trained on nor evaluated
    missing: Mapping[str, str]  # those of `excluded` whose rows the data lacks
    dropped_rows: Mapping[str, int] = field(default_factory=dict)  # without an answer
    skip_bad_rows: bool = False
    bad_rows: Mapping[str, int] = field(default_factory=dict)  # that gave no record, left out
    # Task -> places in its sample (see `drawing`) left out for what they share with evaluation rows
    overlapping: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def shares(self) -> Shares:
        return self.mixture.shares

    @property
    def cluster_shares(self) -> dict[str, float]:
        """Returns each training cluster's share of prompts."""
        totals: dict[str, float] = {}
        for task in self.tasks:
            totals[task.cluster] = totals.get(task.cluster, 0.0) + task.share
        return totals

    @property
    def evaluated(self) -> tuple[str, ...]:
        """Returns the tasks that are asked: those held out, or all that are trained on."""
        return self.evaluation or tuple(task.name for task in self.tasks)

    def as_json(self) -> dict[str, Any]:
        """Returns what is trained on, and what is left out and why, as composition.json says it."""
        left_out = [{"task": name, "reason": why} for name, why in self.excluded.items()]
        return {
            "mixture": self.mixture.name,
            "held_out": list(self.held_out),
            "tasks": [{"task": task.name, **dataclasses.asdict(task)} for task in self.tasks],
            "excluded": [item for item in left_out if item["task"] not in self.missing],
            "missing": [item for item in left_out if item["task"] in self.missing],
            "dropped_rows": dict(self.dropped_rows),
            "bad_rows": dict(self.bad_rows),
            "overlapping_rows": {name: len(rows) for name, rows in self.overlapping.items()},
        }


def changed(mixture: Mixture, *, shares: Shares | None = None, **rule: float | None) -> Mixture:
    """Returns the mixture with another rule (rate_cap, max_examples, temperature): nested too."""
    entries: list[Entry] = []
    for entry, weight in mixture._weighted():
        inner = entry if isinstance(entry, str) else changed(entry, **rule)
        entries.append(inner if weight is None else (inner, weight))
    return dataclasses.replace(
        mixture, entries=tuple(entries), shares=shares or mixture.shares, **rule
    )


def compose(
    mixture: Mixture,
    registry: availability.Tasks,
    data: str,
    held_out: Sequence[str] | None = None,
    *,
    rules: holdout.Rules | None = None,
    skip_missing: bool = False,
    skip_bad_rows: bool = False,
    evaluated_on: Sequence[str] = (),
) -> Composition:
    """Returns the mixture resolved for the rows that `data` has, which are opened and counted.

    `evaluated_on` names the splits that a task which is evaluated has to have besides train.
    """
    split = split_tasks(mixture, registry, held_out, rules=rules)
    found = availability.of(
        [*split.train, *split.evaluation],
        registry,
        data,
        splits=dict.fromkeys(split.evaluation or split.train, evaluated_on),
        skip_missing=skip_missing,
        skip_bad_rows=skip_bad_rows,
    )
    counts = {name: found.rows[name] for name in split.train if name in found.rows}
    composition = resolve(
        mixture, registry, counts, held_out, rules=rules, unavailable=found.missing
    )
    return dataclasses.replace(
        composition,
        dropped_rows={name: found.dropped[name] for name in counts if found.dropped[name]},
        skip_bad_rows=skip_bad_rows,
        bad_rows={name: found.bad[name] for name in counts if found.bad[name]},
    )


def resolve(
    mixture: Mixture,
    registry: availability.Tasks,
    row_counts: Mapping[str, int],
    held_out: Sequence[str] | None = None,
    *,
    rules: holdout.Rules | None = None,
    unavailable: Mapping[str, str] | None = None,
) -> Composition:
    """Returns the mixture's tasks with their rates and expected shares of prompts.

    `row_counts` gives the training rows of each task that is to take part, `unavailable` the
    reason for each that cannot. `held_out` names clusters and tasks; None means the mixture's own.
    """
    unavailable = unavailable or {}
    held_out = mixture.hold_out if held_out is None else tuple(held_out)
    rules = rules or mixture.rules
    present = {n: registry.task(n).cluster for n in mixture.task_names if n not in unavailable}
    split = split_tasks(mixture, registry, held_out, rules=rules)
    training = [name for name in split.train if name in present]
    excluded = {n: split.dropped.get(n) or unavailable[n] for n in mixture.task_names
                if n in split.dropped or n in unavailable}  # fmt: skip
    if missing := [name for name in training if name not in row_counts]:
        raise KeyError(f"mixture {mixture.name!r}: no row counts for the tasks {missing!r}")
    if empty := [name for name in training if row_counts[name] < 1]:
        raise errors.UserError(f"mixture {mixture.name!r}: tasks {empty!r} have no training rows")
    if not training:
        listed = "; ".join(availability.by_reason(excluded)) or "none"
        raise errors.UserError(
            f"mixture {mixture.name!r} with {list(held_out)!r} held out has no task left to train "
            f"on; left out: {listed}; hold out fewer clusters"
        )
    check_evaluation(split, unavailable)
    parts = _divide(mixture, {name: row_counts[name] for name in training}, 1.0)
    return Composition(
        mixture=mixture,
        held_out=held_out,
        rules=rules,
        tasks=tuple(
            TaskShare(name=name, cluster=present[name], **vars(part))
            for name, part in parts.items()
        ),
        evaluation=tuple(name for name in split.evaluation if name in present),
        excluded=excluded,
        missing={name: unavailable[name] for name in excluded if name not in split.dropped},
    )


def check_evaluation(split: holdout.Split, unavailable: Mapping[str, str]) -> None:
    """Raises where tasks are held out and not one of them has rows to be asked."""
    if split.evaluation and all(name in unavailable for name in split.evaluation):
        reasons = {name: unavailable[name] for name in split.evaluation}
        listed = "; ".join(availability.by_reason(reasons))
        raise errors.UserError(
            f"no held-out task has rows to evaluate ({listed}): hold out others with --hold-out"
        )


def split_tasks(
    mixture: Mixture,
    registry: availability.Tasks,
    held_out: Sequence[str] | None = None,
    *,
    rules: holdout.Rules | None = None,
) -> holdout.Split:
    """Returns which of the mixture's tasks are trained on, evaluated and dropped."""
    clusters: dict[str, list[str]] = {}
    for name in mixture.task_names:
        clusters.setdefault(registry.task(name).cluster, []).append(name)
    held_out = mixture.hold_out if held_out is None else tuple(held_out)
    split = holdout.apply(clusters, held_out, rules=rules or mixture.rules)
    untrainable = {
        name: "it has no training split: it is only evaluated, where it is held out"
        for name in split.train
        if registry.task(name).is_evaluation_only
    }
    return dataclasses.replace(
        split,
        train=tuple(name for name in split.train if name not in untrainable),
        dropped={**split.dropped, **untrainable},
    )


@dataclass(frozen=True, kw_only=True)
class _Part:
    rows: int
    rate: float
    share: float
    derivation: str


def _divide(mixture: Mixture, row_counts: Mapping[str, int], share: float) -> dict[str, _Part]:
    """Divides `share` of the prompts among those of the mixture's tasks that have row counts."""
    entries = [(entry, weight, _parts(entry, mixture, row_counts))
               for entry, weight in mixture._weighted()]  # fmt: skip
    entries = [(entry, weight, parts) for entry, weight, parts in entries if parts]
    weight_sum = sum(weight for _, weight, _ in entries if weight is not None)
    rate_sum = sum(p.rate for _, weight, parts in entries if weight is None for p in parts.values())
    left = 1.0 - weight_sum if rate_sum else 0.0
    divided: dict[str, _Part] = {}
    for entry, weight, parts in entries:
        if weight is None:
            own = share * left * sum(part.rate for part in parts.values()) / rate_sum
            note = ""
        else:
            own = share * (weight if rate_sum else weight / weight_sum)
            note = f", weight {weight:g} in {mixture.name}"
        if not isinstance(entry, str):
            parts = _divide(entry, row_counts, own)
        for name, part in parts.items():
            divided[name] = dataclasses.replace(
                part,
                share=own if name == entry else part.share,
                derivation=part.derivation + note,
            )
    return divided


def _parts(
    entry: str | Mixture, mixture: Mixture, row_counts: Mapping[str, int]
) -> dict[str, _Part]:
    """Returns rows and rates of an entry's tasks, each by the mixture that names it."""
    if isinstance(entry, str):
        return {entry: _rate(mixture, row_counts[entry])} if entry in row_counts else {}
    parts: dict[str, _Part] = {}
    for inner, _ in entry._weighted():
        parts |= _parts(inner, entry, row_counts)
    return parts


def _rate(mixture: Mixture, count: int) -> _Part:
    rows, steps = count, f"{count:,} rows"
    if mixture.max_examples is not None and rows > mixture.max_examples:
        rows = mixture.max_examples
        steps += f", max_examples {rows:,}"
    rate = float(rows)
    if mixture.rate_cap is not None and rate > mixture.rate_cap:
        rate = float(mixture.rate_cap)
        steps += f", rate_cap {mixture.rate_cap:,}"
    if mixture.temperature != 1.0:
        rate **= 1.0 / mixture.temperature
        steps += f", temperature {mixture.temperature:g}"
    return _Part(rows=rows, rate=rate, share=0.0, derivation=steps)
