"""What lies on the desk: the registry, rows that were opened, and the folder to save in.

Every method takes what the page sent and returns plain JSON values; a mistake is a UserError.
"""

import collections
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flanlike import errors, knobs
from flanlike.asking import templated
from flanlike.editing import given as given_lib
from flanlike.editing import saving, told
from flanlike.mixtures import compose
from flanlike.prompts import render, shown
from flanlike.sources import opening
from flanlike.sources import rows as rows_module
from flanlike.tasks import families, layouts, template_checks, template_files, templates
from flanlike.tasks import registry as registries
from flanlike.tasks import task as task_module

_OPENED = 16  # splits whose rows are kept
_CHECK_ROWS = 24  # that a template is checked with, as `python -m task_registry check` does


class Desk:
    """`data` are the places of rows to choose from, `files` the names of files that are tasks."""

    def __init__(
        self,
        registry: registries.Registry,
        *,
        data: Sequence[str],
        place: saving.Place,
        files: Sequence[str] = (),
    ) -> None:
        for name in files:
            if not registry.takes(name):
                raise errors.UserError(
                    f"--file {name!r} is no file of instructions: expected .jsonl, .json, .csv, "
                    ".tsv or .parquet"
                )
            [task] = registry.tasks_of(name)
            missing = [opening.availability(task, place) for place in data]
            if task.file is not None and all(missing):
                raise errors.UserError(f"--file {name!r}: {missing[0]}")
        self._registries = {name: registry.at(name) for name in data}
        self._place = place
        # One at a time: registries and rows were not made for several threads.
        self._lock = threading.RLock()
        # By place of rows and file of templates: a task, or a member of a family, of each name.
        self._names: dict[str, dict[str, dict[str, str]]] = {}
        self._opened: collections.OrderedDict[tuple[str, ...], rows_module.Records] = (
            collections.OrderedDict()
        )

    @property
    def data(self) -> list[str]:
        return list(self._registries)

    def catalogue(self, given: given_lib.Given) -> dict[str, Any]:
        """Returns the clusters with their tasks, and the mixtures."""
        with self._lock:
            registry = self._registry(given)
            return {
                "clusters": registry.clusters,
                "mixtures": [
                    {"name": name, "description": told.description(registry, name)}
                    for name in registry.mixture_names
                ],
                "styles": told.styles(registry.layout),
                "kinds": list(templates.KINDS),
                "splits": list(rows_module.SPLITS),
                "folder": str(self._place.folder or ""),
            }

    def mixture(self, given: given_lib.Given) -> dict[str, Any]:
        """Returns what a mixture is made of in the data, whose rows are opened and counted."""
        with self._lock:
            registry, data = self._registry(given), given.text("data")
            named = registry.mixture(given.text("name"))
            composition = compose.compose(
                named, registry, data, skip_missing=True, is_trained=False
            )
            return told.composition(composition)

    def task(self, given: given_lib.Given) -> dict[str, Any]:
        """Returns a task and its templates, with the version of their file."""
        with self._lock:
            registry = self._registry(given)
            task, path = self._task(registry, given)
            content = layouts.read_bytes(path)
            found = self._templates(registry, task, path)
            served = self._served(given, task, path)
            return {
                **told.task(task),
                "absent": opening.availability(task, self._data_of(task, given)) or "",
                "split": shown.first_split(task, self._data_of(task, given)),
                "file": {
                    "name": path.name,
                    "path": str(path),
                    "version": saving.version_of(content),
                    "why_not": self._place.why_not(path),
                    "tasks": saving.listed([each.name for each in served]),
                    "several": len(served) > 1,
                },
                "templates": [told.template(one) for one in found.templates],
            }

    def render(self, given: given_lib.Given) -> dict[str, Any]:
        """Returns prompts: of one row by all templates, or of several by a draft or a template.

        With a draft also what is wrong with it, and no prompts where it cannot be rendered.
        """
        with self._lock:
            registry = self._registry(given)
            task, path = self._task(registry, given)
            found = self._templates(registry, task, path)
            pool, problems = found.templates, []
            if given.has("draft"):
                pool, problems = self._drafted(given, registry, task, path)
                if opening.availability(task, self._data_of(task, given)):  # as the task said
                    return {"problems": problems, "prompts": []}
            elif given.has("template"):
                pool = (found.get(given.text("template")),)
            return {"problems": problems, **self._prompts(given, registry, task, pool)}

    def save(self, given: given_lib.Given) -> dict[str, Any]:
        """Writes a draft into its file and returns the file's new version."""
        with self._lock:
            registry = self._registry(given)
            task, path = self._task(registry, given)
            draft = given.within("draft").draft()
            version = self._place.save(
                path,
                draft,
                self._served(given, task, path),
                version=given.text("version"),
                layout=registry.layout,
                records=self._records_to_check(task, self._data_of(task, given)),
            )
            return {"version": version, "id": draft.values["id"]}

    def _registry(self, given: given_lib.Given) -> registries.Registry:
        return self._registries[given_lib.chosen("data", given.text("data"), self.data)]

    def _task(
        self, registry: registries.Registry, given: given_lib.Given
    ) -> tuple[task_module.Task, Path]:
        task = registry.task(given.text("task"))
        return task, Path(registry.templates_path(task.name))

    def _templates(
        self, registry: registries.Registry, task: task_module.Task, path: Path
    ) -> templates.TemplateSet:
        """Returns the templates as they are now: a registry keeps those that it read first."""
        return template_files.load(path, task, layout=registry.layout)

    def _data_of(self, task: task_module.Task, given: given_lib.Given) -> str:
        """Returns where the task's rows are: those of a file are in that file."""
        data = given.text("data")
        return "file" if task.file is not None and data == "embedded" else data

    def _served(
        self, given: given_lib.Given, task: task_module.Task, path: Path
    ) -> list[task_module.Task]:
        """Returns the tasks of a file of templates, this one first.

        Of the members of a family, which have the same fields and answers, one stands for all.
        """
        registry, data = self._registry(given), given.text("data")
        if data not in self._names:  # once: there may be thousands
            self._names[data] = collections.defaultdict(dict)
            for name in registry.task_names:
                file = registry.templates_path(name)
                self._names[data][file].setdefault(families.family_of(name) or name, name)
        others = self._names[data][str(path)]
        own = families.family_of(task.name) or task.name
        return [task, *(registry.task(name) for key, name in others.items() if key != own)]

    def _records(self, task: task_module.Task, data: str, split: str) -> rows_module.Records:
        key = (task.name, data, split)
        if key not in self._opened:
            self._opened[key] = opening.open_rows(task, data, split)
        self._opened.move_to_end(key)
        while len(self._opened) > _OPENED:
            self._opened.popitem(last=False)
        return self._opened[key]

    def _records_to_check(self, task: task_module.Task, data: str) -> list[task_module.Record]:
        """Returns the first rows, none where the data has none of the task."""
        if opening.availability(task, data):
            return []
        records = self._records(task, data, shown.first_split(task, data))
        return [records[row] for row in range(min(len(records), _CHECK_ROWS))]

    def _drafted(
        self,
        given: given_lib.Given,
        registry: registries.Registry,
        task: task_module.Task,
        path: Path,
    ) -> tuple[tuple[templates.Template, ...], list[str]]:
        """Returns the draft as a template, nothing where it is none, and what is wrong with it."""
        try:
            draft = given.within("draft").draft()
            found = saving.drafted(path.name, layouts.read_bytes(path), draft)
        except errors.UserError as error:
            return (), [str(error)]
        problems = saving.problems(
            path.name,
            found,
            draft,
            self._served(given, task, path),
            layout=registry.layout,
            records=self._records_to_check(task, self._data_of(task, given)),
        )
        template = found.template(draft)
        try:
            template_checks.check_for_task(path.name, template, task)
        except errors.UserError:
            return (), problems
        return (template,), problems

    def _prompts(
        self,
        given: given_lib.Given,
        registry: registries.Registry,
        task: task_module.Task,
        pool: Sequence[templates.Template],
    ) -> dict[str, Any]:
        data = self._data_of(task, given)
        split = given.text("split", default="") or shown.first_split(task, data)
        records = self._records(task, data, split)
        at = given.whole("at", given_lib.Number, 0)
        if at >= len(records):
            raise errors.UserError(
                f"no row {at:,}: the split {split!r} of task {task.name!r} has {len(records):,}, "
                f"0 to {len(records) - 1:,}"
            )
        count = given.whole("count", given_lib.Rows, 1)
        shots = given.whole("shots", knobs.Shots, 0)
        style = given.text("option_style", default="") or None
        solved = self._records(task, data, shown.solved_split(task)) if shots else records
        prompts = []
        for row in range(at, min(at + count, len(records))):
            for template in pool:
                prompt = shown.prompt(
                    task,
                    registry.layout,
                    template,
                    records,
                    row,
                    solved=solved,
                    shots=shots,
                    option_style=style if template.lists_options else None,
                )
                record = records[row]
                needs = not template.lists_options and render.needs_options(task, record)
                question = templated.question_of(prompt, template, record)
                prompts.append(told.prompt(prompt, question, row, needs_options=needs))
        return {
            "total": len(records),
            "dropped": records.dropped,
            "split": split,
            "record": told.record(records[at]),
            "prompts": prompts,
        }
