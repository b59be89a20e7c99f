"""`python -m eval --model`: the questions of train.py to a model that no run has made.

Its answers lie in a folder like a run's, so that `report` reads and compares them: config.json says
what was asked, `init` which model, and eval/0/ has what it answered. Called again after it was cut
off, it goes on; called again with other --eval settings, it asks anew.
"""

import argparse
import dataclasses
import functools
import pathlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import jax
from flax import nnx

from eval import asking, evaluation, measuring, pace, questions, report
from flanlike import config as config_lib
from flanlike import errors, models
from flanlike.batches import chat
from flanlike.mixtures import compose, holdout
from flanlike.mixtures import mixture as mixtures
from flanlike.models import config as model_config
from flanlike.models import sharding
from flanlike.prompts import recipe
from flanlike.runs import folder as run_folder
from flanlike.runs import loading, named, starts
from flanlike.tasks import registry as registries
from flanlike.training import distributed, room, wandb_log

_STEP = 0  # under which the answers lie: the model has taken none of ours
_BYTES = 4  # of a parameter


class AskedModel:
    """One model and what is asked of it, by one or more settings.

    It is read once, when the first question is to be put to it, and lies on all devices.
    """

    def __init__(self, flags: argparse.Namespace, name: str, registry: registries.Opener) -> None:
        """Finds the model, and what is to be asked; raises UserError where there is none."""
        with distributed.together():
            self._flags, self._name = flags, name
            self._says_on = sys.stderr if flags.json else sys.stdout
            self._reporter = pace.reporter(self._says_on)
            self._start = starts.starting_point(
                named.find(name, flag="--model").name, None, is_embedded=False
            )
            self._tasks = registry(flags.tasks).at(flags.data or "embedded")
            self._asked = what_is_asked(flags, self._tasks)
            words = loading.words_of(self._start.folder)
            shape = loading.with_vocabulary(self._start.shape, words, where=self._start.folder)
            self._mesh = mesh_for(shape)
            self._words = chat.spoken(words, self._config({}).chat, str(self._start.folder))

    def evaluate(self, settings: Mapping[str, Any]) -> pathlib.Path:
        """Asks by these settings and writes what is answered; returns the evaluation's folder.

        Raises UserError where a folder holds answers to something else.
        """
        with distributed.together(), self._reporter.waiting("looking for rows"):
            config = self._config(settings)
            resolved = starts.resolve(config, self._start, self._asked.mixture)
            out = _folder(self._flags, self._name, resolved)
            run_folder.check(out, resolved)
            names = with_rows(self._asked, self._tasks, config)
        run_folder.agree_on(out, resolved, manifest={})
        with run_folder.held(out) as lock:
            is_whole = distributed.of_first(evaluation.is_whole(out, _STEP, config.eval))
            its = None if is_whole else self._questions(names, config)
            model = None if is_whole else self._model  # before the folder is there
            run_folder.begin(out, resolved, self._words, {}, self._tasks.user_files, lock)
            if its is not None:
                with wandb_log.board(self._flags.wandb, out, resolved) as board:
                    self._measure(model, its, out, resolved, board)
            if distributed.is_first():
                report.write(out, command=self._flags.command)
        distributed.wait("the evaluation is written")
        return evaluation.folder_of(out, _STEP)

    def _config(self, settings: Mapping[str, Any]) -> config_lib.RunConfig:
        config = config_lib.RunConfig(
            mixture=self._asked.mixture.name,
            chat=bool(self._flags.chat),
            data=self._flags.data or "embedded",
            hold_out=self._asked.held_out,
            init=self._start.init,
            steps=0,
            tasks=self._flags.tasks,
            skip_missing=self._flags.skip_missing,
            eval=config_lib.EvalConfig(**settings),
        )
        return recipe.in_chat(config) if self._flags.chat is None else config

    def _questions(self, names: Sequence[str], config: config_lib.RunConfig) -> questions.Questions:
        with distributed.together(), self._reporter.waiting(pace.COLLECTING):
            return questions.collect(
                names,
                self._tasks,
                self._words,
                data=config.data,
                family=self._start.shape.family,
                settings=config.eval,
            )

    @functools.cached_property
    def _model(self) -> nnx.Module:
        with self._reporter.waiting(f"loading {self._start.init}"):
            return loading.load(self._start.folder, mesh=self._mesh).model

    def _measure(
        self,
        model: nnx.Module,
        its: questions.Questions,
        out: pathlib.Path,
        resolved: Mapping[str, Any],
        board: wandb_log.Board | None,
    ) -> None:
        says_on = self._says_on
        if distributed.is_first():
            print(f"{its.prompts:,} prompts to {self._start.init}, into {out}", file=says_on)
            for line in (*chat.told(self._words), *its.warnings):
                print(line, file=says_on)
        measuring.measure(
            model,
            self._words,
            its,
            out=out,
            step=_STEP,
            config=resolved,
            held_out=(),
            mesh=self._mesh,
            says_on=says_on,
            board=board,
        )


def mesh_for(shape: model_config.ModelConfig) -> jax.sharding.Mesh | None:
    """Returns a mesh over all devices for a model to be asked; None where there is but one.

    Its parameters are copied to every device, or split over all of them where two copies of
    themselves (what computes besides them needs far less) do not fit into the memory of one.
    """
    devices = jax.device_count()
    if devices == 1:
        return None
    free = room.free_bytes()
    if free is not None and jax.default_backend() == "cpu":
        free //= devices  # they share the machine's
    params = sum(leaf.size for leaf in jax.tree.leaves(nnx.state(models.abstract(shape))))
    is_large = free is not None and 2 * _BYTES * params > free
    return sharding.mesh(data=-1, fsdp=devices if is_large else 1)


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
    selected = [task for name in given for task in registry.select(name)]
    is_mixture = given[0] in registry.mixture_names or registry.takes(given[0])
    if len(given) == 1 and is_mixture:
        mix = registry.mixture(given[0])
        held_out = tuple(flags.hold_out or mix.held_out)
    else:
        clusters = registry.clusters
        names = [task for name in selected for task in clusters.get(name, [name])]
        known = {*registry.task_names, *clusters}
        for name in selected:
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
