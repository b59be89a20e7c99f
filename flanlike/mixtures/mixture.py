"""What a mixture is, and what it is once resolved: which tasks a run mixes, how often each."""

import collections
import dataclasses
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Union

from flanlike import bounds, errors, knobs
from flanlike.mixtures import holdout
from flanlike.tasks import texts

# What a composition has of rows by their places in a task's sample, and leaves out.
LEFT_OUT = ("overlapping", "duplicated")

WEIGHTS = bounds.Bounds(0, 1e12, above=True)


@dataclass(frozen=True, kw_only=True)
class Shares:
    """How often a training prompt is of which form: in [0, 1] but for the numbers.

    What a task has no template for goes to its forward templates (to its CoT templates, where it
    has no forward ones): a task without inverted templates renders forward ones in their share.
    """

    # Of prompts; min_shots to max_shots exemplars, each number as often.
    few_shot: knobs.Share = 0.1
    min_shots: knobs.Shots = 1
    max_shots: knobs.Shots = 3
    no_options: knobs.Share = 0.2  # of forward prompts of tasks with options
    # Of prompts that show options: not in the layout's plain style.
    styled_options: knobs.Share = 0.3
    inverted: knobs.Share = 0.1  # of prompts, few-shot ones included
    cot: knobs.Share = 0.5  # of a CoT task's forward prompts, and of its inverted ones
    # Of each kind that a task is trained by, at most; a run's seed draws which. None: all.
    templates: knobs.Templates | None = None

    def __post_init__(self) -> None:
        for name, limits in bounds.declared(Shares).items():
            if (value := getattr(self, name)) is not None or name != "templates":
                limits.expect(f"Shares: {name}", value)
        if self.few_shot > 0 and not 1 <= self.min_shots <= self.max_shots:
            raise errors.UserError(
                f"min_shots is {self.min_shots!r} and max_shots {self.max_shots!r} with few_shot "
                f"{self.few_shot!r}; expected 1 <= min_shots <= max_shots, or few_shot=0"
            )


Entry = Union[str, "Mixture", tuple[Union[str, "Mixture"], float]]


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """Tasks and nested mixtures, with the rule by which they share the prompts.

    An entry is a task's name, what selects tasks of a family ("niv2:train"; see `tasks.families`),
    or a mixture, alone or with a weight. Where every entry has a weight,
    they are relative. Where some have one, it is a share of this mixture's prompts, and the others
    divide what is left by their rates. A nested mixture with a weight divides its share by its own
    rule; one without brings its tasks' own rates. Either way its caps, its temperature and its
    `shares` hold for its tasks, and what it holds out is held out of the whole.
    """

    name: str
    entries: tuple[Entry, ...]
    rate_cap: knobs.Count | None = 3000  # None: no cap
    max_examples: knobs.Count | None = 30000  # distinct rows a task may give
    temperature: knobs.Temperature = 1.0  # over 1: nearer to equal rates
    shares: Shares = field(default_factory=Shares)
    hold_out: tuple[str, ...] = ()  # clusters or tasks
    rules: holdout.Rules = "strict"
    # To train on, of those that are not held out; a nested mixture's own are of its own tasks.
    clusters: tuple[str, ...] | None = None
    description: str = ""

    def __post_init__(self) -> None:
        where = f"mixture {texts.shown(self.name)}"
        if not isinstance(self.name, str) or not self.name.strip():
            raise errors.UserError(f"{where}: expected a name, text that is not empty")
        for name in ("entries", "hold_out", "clusters"):  # a text is a sequence too, of its letters
            value = getattr(self, name)
            if not isinstance(value, (tuple, list)) and (name, value) != ("clusters", None):
                raise errors.UserError(f"{where}: {name} is {value!r}; expected a tuple of names")
        if not isinstance(self.shares, Shares):
            shown = texts.shown(self.shares)
            raise errors.UserError(f"{where}: shares is {shown}; expected Shares(few_shot=0.5)")
        if not self.entries:
            raise errors.UserError(f"{where} has no entries; expected at least one task")
        for entry in self.entries:
            one, weight = entry if isinstance(entry, tuple) and len(entry) == 2 else (entry, 1)
            if not isinstance(one, (str, Mixture)) or not isinstance(weight, (int, float)):
                raise errors.UserError(
                    f"{where}: {entry!r} among the entries; expected a task's name or a Mixture, "
                    "alone or as ('name', weight)"
                )
        for name, limits in bounds.declared(Mixture).items():
            if (value := getattr(self, name)) is not None:
                limits.expect(f"{where}: {name}", value)
        weights = [weight for _, weight in self.weighted() if weight is not None]
        for weight in weights:
            WEIGHTS.expect(f"{where}: a weight", weight)
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
        for entry, _ in self.weighted():
            names += [entry] if isinstance(entry, str) else entry.task_names
        return names

    @property
    def held_out(self) -> tuple[str, ...]:
        """Returns the clusters and tasks that it or a mixture nested in it holds out."""
        names = dict.fromkeys(self.hold_out)
        for entry, _ in self.weighted():
            if not isinstance(entry, str):
                names |= dict.fromkeys(entry.held_out)
        return tuple(names)

    def expanded(self, select: Callable[[str], Sequence[str]]) -> "Mixture":
        """Returns the mixture with the tasks in place of each entry that selects them of a family.

        They are a nested mixture by this one's rule: with a weight, that is what they share. Of
        the names to hold out nothing is changed.
        """
        entries: list[Entry] = []
        for entry, weight in self.weighted():
            if not isinstance(entry, str):
                entry = entry.expanded(select)
            elif [*(names := select(entry))] != [entry]:
                entry = dataclasses.replace(
                    self, name=entry, entries=tuple(names), hold_out=(), clusters=None
                )
            entries.append(entry if weight is None else (entry, weight))
        if entries == list(self.entries):
            return self
        return dataclasses.replace(self, entries=tuple(entries))

    def weighted(self) -> list[tuple[Union[str, "Mixture"], float | None]]:
        return [entry if isinstance(entry, tuple) else (entry, None) for entry in self.entries]


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Whose the rows of a task are, as its registry has it; "" is what nobody wrote down.

    `is_own`: they come from code or a file of the task's own, whatever --data says.
    """

    licence: str = ""
    homepage: str = ""
    repository: str = ""  # on the Hugging Face hub
    is_own: bool = False


@dataclass(frozen=True, kw_only=True)
class TaskShare:
    """One task's part of a mixture. `rows` are those that may be drawn, `share` is of prompts.

    `shares` are those of the mixture that names the task, nested or not.
    """

    name: str
    cluster: str
    rows: int
    rate: float
    share: float
    derivation: str
    shares: Shares = field(default_factory=Shares)
    dataset: Dataset = field(default_factory=Dataset)


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
    leaks: Mapping[str, str] = field(default_factory=dict)  # task -> what "strict" would not train
    dropped_rows: Mapping[str, int] = field(default_factory=dict)  # without an answer
    skip_bad_rows: bool = False
    bad_rows: Mapping[str, int] = field(default_factory=dict)  # that gave no record, left out
    first_bad: Mapping[str, str] = field(default_factory=dict)  # where the first is, and why
    # Of its tasks, those asked too: the datasets that a member of a family was made from
    origins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # Task -> places in its sample (see `drawing`) left out for what they share with evaluation rows
    overlapping: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    # The same of rows that say again what another row says (see `duplicates`)
    duplicated: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def shares(self) -> Shares:
        """Returns the mixture's own shares; a nested mixture's tasks may have others."""
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

    def left_out(self, task: str) -> tuple[int, ...]:
        """Returns the places in a task's sample that are never drawn, ascending."""
        found = (getattr(self, name).get(task, ()) for name in LEFT_OUT)
        return tuple(sorted(set(itertools.chain(*found))))

    @property
    def told_bad_rows(self) -> list[str]:
        """Returns a line on the bad rows of each task that has some, with the first of them."""
        return [
            f"{count:,} rows of {name} that give no record (--skip-bad-rows), the first: "
            f"{self.first_bad.get(name, 'not known')}"
            for name, count in self.bad_rows.items()
        ]

    def as_json(self) -> dict[str, Any]:
        """Returns what is trained on, and what is left out and why, as composition.json says it."""
        left_out = [{"task": name, "reason": why} for name, why in self.excluded.items()]
        return {
            "mixture": self.mixture.name,
            "held_out": list(self.held_out),
            "tasks": [{"task": task.name, **dataclasses.asdict(task)} for task in self.tasks],
            "excluded": [item for item in left_out if item["task"] not in self.missing],
            "missing": [item for item in left_out if item["task"] in self.missing],
            "leaks": dict(self.leaks),
            "origins": {name: list(each) for name, each in self.origins.items()},
            "dropped_rows": dict(self.dropped_rows),
            "bad_rows": dict(self.bad_rows),
            "overlapping_rows": {name: len(rows) for name, rows in self.overlapping.items()},
            "duplicate_rows": {name: len(rows) for name, rows in self.duplicated.items()},
        }


def changed(mixture: Mixture, *, shares: Mapping[str, float] | None = None, **rule: Any) -> Mixture:
    """Returns the mixture with another rule (rate_cap, max_examples, temperature, clusters).

    Nested ones too. So for `shares`, which names those that change.
    """
    entries: list[Entry] = []
    for entry, weight in mixture.weighted():
        inner = entry if isinstance(entry, str) else changed(entry, shares=shares, **rule)
        entries.append(inner if weight is None else (inner, weight))
    forms = dataclasses.replace(mixture.shares, **(shares or {}))
    return dataclasses.replace(mixture, entries=tuple(entries), shares=forms, **rule)
