"""A sweep as it is declared: a TOML file that says what is asked, and which runs answer it.

    question = "Does the instruction do it?"
    predicted = "Controls lie below; on unseen clusters the most."   # before any run was made
    source = "FLAN (Wei et al. 2022), section 4.3 and figure 8"      # optional
    seeds = [1, 2, 3]
    flags = "--mixture flan_core"       # of train.py, in all runs
    baseline = "instructions"           # a condition, or "untuned": each run's own evaluation 0
    compared = ["nli"]                  # clusters or tasks; without: all that was asked
    kind = "cot"                        # of templates; without: those of each task's headline

    [conditions]                        # name = what train.py is given besides
    instructions = "--prompts instructions"
    inputs-only = "--prompts inputs-only"

In place of `[conditions]`, or besides it, there may be a rule that makes them of the registry:

    [each]                              # a condition for each cluster of --mixture, by its name
    of = "cluster"                      # or "task"
    flags = "--hold-out {}"             # {} is that name
    without = ["open_choice"]           # optional: names that get none

The shipped ones are the files of `eval/sweeps/`, found by name.
"""

import functools
import itertools
import pathlib
import re
import shlex
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flanlike import config as config_lib
from flanlike import errors
from flanlike import flags as flags_lib
from flanlike.mixtures import compose
from flanlike.prompts import recipe
from flanlike.tasks import registry as registries

SHIPPED = pathlib.Path(__file__).resolve().parent / "sweeps"
UNTUNED = "untuned"

# What the sweep sets itself, and what would not train.
_OURS = ("--out", "--seed", "--eval.cache", "--continue-from", "--help", "-h")
_KINDS = {
    "question": str,
    "predicted": str,
    "source": str,
    "seeds": list,
    "flags": str,
    "baseline": str,
    "compared": list,
    "kind": str,
    "conditions": dict,
    "each": dict,
}
_KINDS_OF_EACH = {"of": str, "flags": str, "without": list}
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")


@dataclass(frozen=True, kw_only=True)
class Run:
    """One training of the sweep: a condition with a seed; `settings` are the condition's flags."""

    condition: str
    seed: int
    settings: tuple[str, ...]

    @property
    def flags(self) -> tuple[str, ...]:
        """Returns all of train.py's flags but where it writes."""
        return (*self.settings, "--seed", str(self.seed))

    @property
    def name(self) -> str:
        """Returns the name of its folder within that of the sweep."""
        return f"{self.condition}-{self.seed}"


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """A sweep with its conditions listed; `flags` are those of each condition's runs, all of it."""

    name: str
    question: str
    predicted: str
    source: str
    seeds: tuple[int, ...]
    baseline: str
    compared: tuple[str, ...]
    kind: str  # of templates whose cells are compared; "": those of the headline
    flags: Mapping[str, tuple[str, ...]]

    @property
    def runs(self) -> list[Run]:
        """Returns all runs, each seed's together: what is cut off has compared something."""
        return [
            Run(condition=name, seed=seed, settings=flags)
            for seed in self.seeds
            for name, flags in self.flags.items()
        ]


def shipped() -> list[str]:
    """Returns the names of the sweeps that come with the package."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def load(name: str, opener: registries.Opener, more: Sequence[str] = ()) -> Sweep:
    """Returns the sweep of that name or file; `more` are flags of all runs, after its own.

    Whatever is wrong with it is a UserError that names the file and the key: an unknown one, a
    value of another kind, a flag that train.py does not take.
    """
    path = pathlib.Path(name)
    if path.suffix != ".toml":
        if name not in shipped():
            raise errors.did_you_mean("sweep", name, shipped())
        path = SHIPPED / f"{name}.toml"
    try:
        declared = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise errors.UserError(f"no sweep {name!r} ({error.strerror}): give a TOML file") from error
    except ValueError as error:
        raise errors.UserError(f"{path}: not TOML ({error}): mend it there") from error
    return of(declared, opener, name=path.stem, where=str(path), more=more)


def of(
    declared: Mapping[str, Any],
    opener: registries.Opener,
    *,
    name: str,
    where: str,
    more: Sequence[str] = (),
) -> Sweep:
    """Returns what a file declares, checked; `where` names it in errors."""
    _check_kinds(declared, _KINDS, where)
    for key in ("question", "predicted", "seeds"):
        if not declared.get(key):
            raise errors.UserError(f"{where}: no {key!r}: expected one, see docs/sweeps.md")
    seeds = declared["seeds"]
    are_seeds = all(type(seed) is int and 0 <= seed < 2**32 for seed in seeds)
    if not are_seeds or len(set(seeds)) < len(seeds):
        raise errors.UserError(f"{where}: seeds is {seeds!r}: expected whole numbers, each once")
    common = [*_split(declared.get("flags", ""), f"{where}: flags"), *more]
    opener = functools.cache(opener)
    config = _parsed(common, f"{where}: flags")
    registry = opener(config.tasks).at(config.data)
    mixture = registry.mixture(config.mixture)
    own = _conditions(declared, registry, mixture.task_names, where)
    for condition in own:
        if not _NAME.fullmatch(condition) or condition == UNTUNED:
            raise errors.UserError(
                f"{where}: condition {condition!r}: expected a name of letters, digits, '_', '.' "
                f"and '-', not {UNTUNED!r}: its runs' folders bear it"
            )
        _check_trainable([*common, *own[condition]], opener, f"{where}: condition {condition!r}")
        _check_apart(own[condition], more, f"{where}: condition {condition!r}")
    flags = {condition: (*common, *given) for condition, given in own.items()}
    _check_compared(declared.get("compared", ()), registry, where)
    if (kind := declared.get("kind", "")) not in ("", "forward", "cot"):
        raise errors.did_you_mean(f"kind of templates ({where})", kind, ("forward", "cot"))
    baseline = declared.get("baseline", UNTUNED)
    if baseline not in (UNTUNED, *flags):
        raise errors.did_you_mean(f"baseline ({where})", baseline, (UNTUNED, *flags))
    return Sweep(
        name=name,
        question=declared["question"].strip(),
        predicted=declared["predicted"].strip(),
        source=declared.get("source", "").strip(),
        seeds=tuple(seeds),
        baseline=baseline,
        compared=tuple(declared.get("compared", ())),
        kind=declared.get("kind", ""),
        flags=flags,
    )


@functools.lru_cache(maxsize=1024)
def parse(flags: tuple[str, ...]) -> config_lib.RunConfig:
    """Returns the configuration that a run's flags give, as train.py reads them."""
    return flags_lib.parse(flags)


def _check_compared(names: Sequence[str], registry: registries.Registry, where: str) -> None:
    if names:
        clusters = registry.clusters
        known = {*clusters, *itertools.chain(*clusters.values())}
        for name in names:
            if name not in known:
                raise errors.did_you_mean(f"cluster or task in compared ({where})", name, known)


def _conditions(
    declared: Mapping[str, Any],
    registry: registries.Registry,
    tasks: Sequence[str],
    where: str,
) -> dict[str, list[str]]:
    """Returns each condition's own flags: those that are listed, then those of the rule."""
    listed = declared.get("conditions", {})
    _check_kinds(listed, dict.fromkeys(listed, str), f"{where}: conditions")
    found = {name: _split(text, f"{where}: condition {name!r}") for name, text in listed.items()}
    if rule := declared.get("each"):
        _check_kinds(rule, _KINDS_OF_EACH, f"{where}: each")
        if rule.get("of") not in ("cluster", "task") or "{}" not in rule.get("flags", ""):
            raise errors.UserError(
                f"{where}: each is {rule!r}: expected of = 'cluster' or 'task', and flags with {{}}"
            )
        if rule["of"] == "cluster":
            names = list(dict.fromkeys(registry.task(name).cluster for name in tasks))
        else:
            names = list(tasks)
        for name in rule.get("without", ()):
            if name not in names:
                raise errors.did_you_mean(f"name in without ({where}: each)", name, names)
        for name in names:
            if name not in rule.get("without", ()):
                found[name] = _split(rule["flags"].replace("{}", name), f"{where}: each")
    if not found:
        raise errors.UserError(f"{where}: no condition: expected [conditions] or [each]")
    return found


def _check_trainable(flags: Sequence[str], opener: registries.Opener, where: str) -> None:
    """Raises unless train.py would take the flags, and know what they hold out and train on."""
    config = _parsed(flags, where)
    registry = opener(config.tasks).at(config.data)
    try:
        mixture = recipe.mixture_of(recipe.of_run(config), registry)
        compose.split_tasks(mixture, registry, config.hold_out, rules=config.hold_out_rules)
    except errors.UserError as error:
        raise errors.UserError(f"{where}: {error}") from error


def _check_apart(own: Sequence[str], more: Sequence[str], where: str) -> None:
    """Raises where flags for all runs undo what a condition differs in."""
    if both := _names(more) & _names(own):
        raise errors.UserError(
            f"{where}: {' '.join(sorted(both))} is what it differs in: given for all runs, nothing "
            "would be compared; leave it out, or copy the file and change that"
        )


def _parsed(flags: Sequence[str], where: str) -> config_lib.RunConfig:
    if ours := sorted(_names(flags) & set(_OURS)):
        raise errors.UserError(
            f"{where}: {ours[0]} is not for a sweep's runs: their folders, seeds and cache of "
            "answers are the sweep's own (seeds = [...], --out)"
        )
    try:
        return parse(tuple(flags))
    except errors.UserError as error:
        raise errors.UserError(f"{where}: {error}") from error


def _names(flags: Sequence[str]) -> set[str]:
    """Returns the flags without their values: a field's two spellings are one."""
    named = {one.split("=")[0].replace("_", "-") for one in flags if re.match("-+[a-zA-Z]", one)}
    return {re.sub(r"^--(eval\.)?no-", r"--\1", name) for name in named}


def _split(text: str, where: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise errors.UserError(f"{where}: {text!r}: {error}: mend it there") from error


def _check_kinds(given: Mapping[str, Any], kinds: Mapping[str, type], where: str) -> None:
    for key, value in given.items():
        if key not in kinds:
            raise errors.did_you_mean(f"key ({where})", key, kinds)
        of_texts = key in ("compared", "without")
        is_right = isinstance(value, kinds[key])
        if not is_right or (of_texts and not all(isinstance(one, str) for one in value)):
            expected = "a list of texts" if of_texts else f"a {kinds[key].__name__}"
            raise errors.UserError(f"{where}: {key} is {value!r}: expected {expected}")
