"""How a task is asked: by which templates, on how many rows, after which solved ones."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eval import answer_lengths, sampling
from flanlike import config as config_lib
from flanlike import errors
from flanlike.mixtures import compose, holdout
from flanlike.prompts import render
from flanlike.sources import availability, opening
from flanlike.sources import rows as rows_module
from flanlike.tasks import task as tasks
from flanlike.tasks import templates

_LENGTH_ROWS = 64  # train rows that tell how long answers are


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How one task is asked, by an evaluation's settings.

    `solved` are the rows that exemplars are taken from.
    """

    task: tasks.Task
    templates: templates.TemplateSet
    settings: config_lib.EvalConfig
    style: render.Style
    train: rows_module.Records | None  # None: there are no training rows
    solved: rows_module.Records | None

    def templates_asked(self, is_choosing: bool) -> Sequence[templates.Template]:
        """Returns the templates to ask by: a control says the same under all, so it asks once."""
        direct = self.templates.forward or self.templates.cot
        shown = [template for template in direct if template.shows_options] or direct
        if self.style != "instructions":
            return () if is_choosing else shown[:1]
        cot = () if self.lacks_reasons else self.templates.cot
        return shown if is_choosing else (*self.templates.forward, *cot)

    @functools.cached_property
    def lacks_reasons(self) -> bool:
        """Whether exemplars that are the task's own do not show how one reasons."""
        own = self.solved if self.solved and self.task.has_own_exemplars else ()
        return not all(own[index].get("rationale") for index in range(len(own)))

    def count(self, template: templates.Template, is_choosing: bool) -> int:
        """Returns how many rows a template is asked on."""
        settings = self.settings
        is_generated = self.is_generated(template)
        count = settings.generation_rows if is_generated else settings.rows_per_task
        return min(count, settings.validation_rows) if is_choosing else count

    def is_generated(self, template: templates.Template) -> bool:
        """Returns whether the model writes its answer, and ranks no options."""
        return isinstance(self.task.answers, tasks.FreeText) or template.kind == "cot"

    def askable(
        self, template: templates.Template, rows: Sequence[sampling.Row]
    ) -> Sequence[sampling.Row]:
        """Returns the rows without those that ask about their options, where these are hidden.

        Not for a task that never lists them, nor for controls, that hide what they are to hide.
        """
        hides = self.style == "instructions" and not template.shows_options
        if not hides or not self.templates.asks_with_options:
            return rows
        return [row for row in rows if not render.needs_options(self.task, row[1])]

    def max_new_tokens(
        self, template: templates.Template, encode: Callable[[str], Sequence[int]]
    ) -> int:
        """Returns how long an answer may be: as is set, as the task says, or as training's are."""
        said = self.settings.max_new_tokens or self.task.max_new_tokens
        return said or answer_lengths.limit(
            self.task,
            template,
            self._length_records,
            layout=self.templates.layout,
            style=self.style,
            encode=encode,
        )

    @functools.cached_property
    def _length_records(self) -> Sequence[tasks.Record]:
        return sampling.some(self.train, _LENGTH_ROWS, self.settings.seed) if self.train else ()


def solved_rows(
    task: tasks.Task,
    data: str,
    settings: config_lib.EvalConfig,
    open_rows: Callable[..., rows_module.Records],
) -> tuple[rows_module.Records | None, rows_module.Records | None]:
    """Returns the training rows, and those that exemplars are taken from; None where none are."""
    why_untrained = opening.lacks_training(task, data)
    if why_untrained and settings.shots and not task.has_own_exemplars:
        raise errors.UserError(
            f"task {task.name!r} has no training rows to take exemplars from "
            f"({why_untrained}): evaluate it with --eval.shots 0, or hold out others"
        )
    train = None if why_untrained else open_rows(task, split="train")
    if task.has_own_exemplars and settings.shots:
        return train, open_rows(task, split=rows_module.EXEMPLARS)
    return train, train


def with_rows(
    split: holdout.Split,
    registry: availability.Tasks,
    data: str,
    settings: config_lib.EvalConfig,
    *,
    skip_missing: bool,
    skip_bad_rows: bool = False,
) -> list[str]:
    """Returns the tasks of a split that are asked and have rows: those held out, else the trained.

    Raises UserError where one lacks them, unless such are skipped, and where all do.
    """
    names = split.evaluation or split.train
    found = availability.of(
        names,
        registry,
        data,
        splits=dict.fromkeys(names, settings.splits),
        skip_missing=skip_missing,
        skip_bad_rows=skip_bad_rows,
    )
    missing = found.left_out(() if split.evaluation else names)
    compose.check_evaluation(split, missing)
    return [name for name in names if name not in missing]
