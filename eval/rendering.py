"""A task's rows as prompts of an evaluation: rendered, and cut to what the model reads."""

import array
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval import asking, demonstrations, scoring
from flanlike import config as config_lib
from flanlike import seeding
from flanlike.prompts import fitting, render
from flanlike.sources import rows as rows_module
from flanlike.tasks import task as tasks
from flanlike.tasks import templates


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One row under one template.

    `content_free` are the ids of the same prompt without content, in several ways; () where these
    are not asked.
    """

    row: str
    record: tasks.Record
    fitted: fitting.Fitted
    content_free: tuple[Sequence[int], ...]

    @property
    def unit(self) -> str:
        """Returns what is left out together: a group of rows, or a row."""
        return self.record.get("group", self.row)


@dataclass(frozen=True, kw_only=True)
class Renderer:
    """Renders one task's questions, as its `plan` says."""

    plan: asking.Plan
    room: fitting.Room
    others: demonstrations.Others

    def asked(
        self,
        template: templates.Template,
        row: str,
        record: tasks.Record,
        records: rows_module.Records,
    ) -> Asked:
        """Returns a row of `records` under a template, with its exemplars before it."""
        seed = seeding.key("evaluation", self._settings.seed, self._task.name, template.id, row)
        how = {
            "layout": self.plan.templates.layout,
            "source": records.source,
            "split": records.split,
            "row_id": row,
            "seed": seed,
            "exemplars": self._solved.of(template, row, record, seed=seed),
            "style": self.plan.style,
            "option_style": self._settings.option_style,
        }
        return Asked(
            row=row,
            record=record,
            fitted=fitting.fit(self.room, self._task, template, record, **how),
            content_free=self._without_content(template, record, how),
        )

    def _without_content(
        self, template: templates.Template, record: tasks.Record, how: dict[str, Any]
    ) -> tuple[Sequence[int], ...]:
        """Returns the ids of the same prompt without content; () where these are not asked."""
        settings = self._settings
        is_needed = settings.content_free or settings.scoring in scoring.NEED_CONTENT_FREE
        if not is_needed or self.plan.is_generated(template):
            return ()
        return without_content(self.room, self._task, template, record, how)

    @property
    def _task(self) -> tasks.Task:
        return self.plan.task

    @property
    def _settings(self) -> config_lib.EvalConfig:
        return self.plan.settings

    @functools.cached_property
    def _solved(self) -> demonstrations.Demonstrations:
        return demonstrations.Demonstrations(
            task=self._task,
            records=self.plan.solved,
            settings=self._settings,
            style=self.plan.style,
            others=self.others,
        )


def without_content(
    room: fitting.Room,
    task: tasks.Task,
    template: templates.Template,
    record: tasks.Record,
    how: Mapping[str, Any],
) -> tuple[Sequence[int], ...]:
    """Returns the ids of a prompt with each `scoring.CONTENT_FREE` in all its fields.

    `how` is what `fitting.fit` is given besides.
    """
    fits = lambda inputs: len(room.read(inputs)) <= room.tokens  # noqa: E731
    found = []
    for text in scoring.CONTENT_FREE:
        shown = dict.fromkeys(task.fields, text)
        prompt = render.render(task, template, record, shown=shown, fits=fits, **how)
        found.append(array.array("i", room.read(prompt.inputs)))
    return tuple(found)
