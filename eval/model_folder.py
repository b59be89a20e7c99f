"""`python -m eval --model`: the questions of train.py to a model that no run has made.

Its answers lie in a folder like a run's, so that `report` reads and compares them: config.json says
what was asked, `init` which model, and eval/0/ has what it answered. Called again after it was cut
off, it goes on; called again with other --eval settings, it asks anew.
"""

import argparse
import dataclasses
import pathlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from eval import asking, evaluation, measuring, questions, report
from flanlike import config as config_lib
from flanlike import errors
from flanlike.mixtures import compose, holdout
from flanlike.mixtures import mixture as mixtures
from flanlike.runs import folder as run_folder
from flanlike.runs import loading, named, starts
from flanlike.tasks import registry as registries
from flanlike.training import wandb_log

_STEP = 0  # under which the answers lie: the model has taken none of ours


def evaluate(
    flags: argparse.Namespace,
    settings: Mapping[str, Any],
    name: str,
    registry: registries.Opener,
) -> pathlib.Path:
    """Asks one model and writes what it answers; returns the folder of the evaluation.

    Raises UserError where the name is no model's, or a folder holds answers to something else.
    """
    there = named.find(name, flag="--model")
    tasks = registry(flags.tasks)
    asked = what_is_asked(flags, tasks)
    start = starts.starting_point(there.name, None, is_embedded=False)
    config = config_lib.RunConfig(
        mixture=asked.mixture.name,
        data=flags.data or "embedded",
        hold_out=asked.held_out,
        init=start.init,
        steps=0,
        tasks=flags.tasks,
        skip_missing=flags.skip_missing,
        eval=config_lib.EvalConfig(**settings),
    )
    resolved = starts.resolve(config, start, asked.mixture)
    out = _folder(flags, name, resolved)
    run_folder.check(out, resolved)
    names = with_rows(asked, tasks, config)
    with run_folder.held(out) as lock:
        loaded = loading.load(start.folder)
        its = questions.collect(
            names,
            tasks,
            loaded.words,
            data=config.data,
            family=loaded.model.config.family,
            settings=config.eval,
        )
        run_folder.begin(out, resolved, loaded.words, {}, tasks.user_files, lock)
        if not evaluation.is_whole(out, _STEP, config.eval):
            with wandb_log.board(flags.wandb, out, resolved) as board:
                _ask(there.name, loaded, its, out, resolved, board, flags)
        report.write(out)
    return evaluation.folder_of(out, _STEP)


def _ask(
    name: str,
    loaded: loading.Loaded,
    its: questions.Questions,
    out: pathlib.Path,
    resolved: Mapping[str, Any],
    board: wandb_log.Board | None,
    flags: argparse.Namespace,
) -> None:
    """Puts the questions to the model, and says what it is about."""
    says_on = sys.stderr if flags.json else sys.stdout
    print(f"{its.prompts:,} prompts to {name}, into {out}", *its.warnings, sep="\n", file=says_on)
    measuring.measure(
        loaded.model,
        loaded.words,
        its,
        out=out,
        step=_STEP,
        config=resolved,
        held_out=(),
        mesh=None,
        says_on=says_on,
        board=board,
    )


def home(flags: argparse.Namespace, name: str) -> pathlib.Path | None:
    """Returns --out, or a folder below it for each of several models; None without."""
    is_one = len(flags.model) == 1
    return flags.out if flags.out is None or is_one else flags.out / pathlib.Path(name).name


@dataclasses.dataclass(frozen=True, kw_only=True)
class Asked:
    """A mixture, and which of its tasks are asked."""

    mixture: mixtures.Mixture
    held_out: tuple[str, ...]
    names: Sequence[str]


def what_is_asked(flags: argparse.Namespace, registry: registries.Registry) -> Asked:
    """Returns what --mixture and --hold-out ask for: a mixture's held-out tasks, or those named."""
    given = flags.mixture or ["flan_core"]
    if len(given) == 1 and given[0] in registry.mixture_names:
        mix = registry.mixture(given[0])
        held_out = tuple(flags.hold_out or mix.held_out)
    else:
        clusters = registry.clusters
        names = [task for name in given for task in clusters.get(name, [name])]
        known = {*registry.task_names, *clusters}
        for name in given:
            if len(given) > 1 and name in registry.mixture_names and name not in known:
                raise errors.UserError(
                    f"--mixture {' '.join(given)}: {name!r} is a mixture, which stands alone; "
                    "expected one mixture, or tasks and clusters"
                )
            if name not in known:
                known |= set(registry.mixture_names)
                raise errors.did_you_mean("mixture, cluster or task", name, known)
        mix = mixtures.Mixture(name="+".join(given), entries=tuple(dict.fromkeys(names)))
        held_out = tuple(flags.hold_out or names)
    split = compose.split_tasks(mix, registry, held_out)
    return Asked(mixture=mix, held_out=held_out, names=split.evaluation or split.train)


def with_rows(
    asked: Asked, registry: registries.Registry, config: config_lib.RunConfig
) -> list[str]:
    """Returns the tasks that are asked and have rows."""
    split = holdout.Split(train=(), evaluation=tuple(asked.names), dropped={})
    return asking.with_rows(
        split, registry, config.data, config.eval, skip_missing=config.skip_missing
    )


def _folder(flags: argparse.Namespace, name: str, resolved: dict[str, Any]) -> pathlib.Path:
    """Returns the model's own folder, or one below it for each of several --shots; without --out,
    one by what is asked."""
    at = home(flags, name)
    if at is None:
        return run_folder.default_folder(f"eval-{pathlib.Path(name).name}", resolved)
    return at / f"shots{resolved['eval']['shots']}" if len(flags.shots) > 1 else at
