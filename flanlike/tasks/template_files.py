"""Files of templates: read once each, and checked before any template is used."""

import functools
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flanlike import errors
from flanlike.tasks import layouts, template_checks, templates
from flanlike.tasks import task as task_module

# Beside the packages, in a checkout and where a wheel of ours is installed.
SHIPPED = Path(__file__).resolve().parents[2] / "templates"

_KEYS = {"id", "kind", "input", "target", "answers"}
_ID = re.compile(r"[a-z0-9_]+")
_SPACE = re.compile(r"\s+")


def load(
    path: str | os.PathLike[str], task: task_module.Task, *, layout: layouts.Layout | None = None
) -> templates.TemplateSet:
    """Returns the templates of the file at `path`, checked for `task`.

    A file is parsed once however many tasks it serves. Without `layout`, `_layout.toml` beside
    the file holds, and the defaults of `layouts.Layout` where there is none.
    """
    path = os.fspath(path)
    found = _parsed(path, _stamp(path, task))
    check_for_task(path, found, task)
    if layout is None:
        beside = os.path.join(os.path.dirname(path), layouts.FILE)
        layout = layouts.load(beside) if os.path.exists(beside) else layouts.Layout()
    return templates.TemplateSet(templates=found, layout=layout)


def check_for_task(path: str, found: Sequence[templates.Template], task: task_module.Task) -> None:
    """Raises unless the templates of the file at `path` can serve the task."""
    for template in found:
        template_checks.check_for_task(path, template, task)
    if not any(template.kind in ("forward", "cot") for template in found):
        raise errors.UserError(
            f"{path}: task {task.name!r} has no template of kind 'forward' or 'cot'; "
            "a task is evaluated through these: add one"
        )


def of_content(path: str, content: bytes) -> tuple[templates.Template, ...]:
    """Returns the templates of what is, or is to be, in the file at `path`.

    They are checked for all that does not depend on a task.
    """
    tables = _tables(path, layouts.parse_toml(path, content))
    found = tuple(_template(path, number, table) for number, table in enumerate(tables, 1))
    seen: dict[str, str] = {}
    ids: set[str] = set()
    for template in found:
        template_checks.check_syntax(path, template)
        if template.id in ids:
            raise template_checks.error(
                path, template.id, "the id is there twice; ids are unique in a file"
            )
        ids.add(template.id)
        text = _normal(template.input) + "\0" + _normal(template.target)
        if text in seen:
            raise template_checks.error(
                path,
                template.id,
                f"says the same as template {seen[text]!r} but for case and white space; "
                "word it in another way or delete it",
            )
        seen[text] = template.id
    return found


def _stamp(path: str, task: task_module.Task) -> tuple[int, int]:
    try:
        status = os.stat(path)
    except OSError:
        raise errors.UserError(
            f"task {task.name!r}: no template file {path!r}; write it, or mend Task.templates"
        ) from None
    return status.st_mtime_ns, status.st_size


@functools.cache
def _parsed(path: str, stamp: tuple[int, int]) -> tuple[templates.Template, ...]:
    return of_content(path, layouts.read_bytes(path))


def _tables(path: str, data: dict[str, Any]) -> list[dict[str, Any]]:
    tables = data.pop("template", None)
    if data or not isinstance(tables, list) or not tables:
        raise errors.UserError(
            f"{path}: expected [[template]] tables and nothing else, got the keys "
            f"{[*data, *(['template'] if tables is not None else [])]!r}"
        )
    return tables


def _template(path: str, number: int, table: Mapping[str, Any]) -> templates.Template:
    template_id = table.get("id")
    if not isinstance(template_id, str) or not _ID.fullmatch(template_id):
        raise errors.UserError(
            f"{path}, template number {number}: id is {template_id!r}; expected [a-z0-9_]+"
        )
    if unknown := table.keys() - _KEYS:
        raise template_checks.error(
            path, template_id, f"unknown keys {sorted(unknown)!r}; expected {sorted(_KEYS)!r}"
        )
    for key in ("kind", "input", "target"):
        if not isinstance(table.get(key), str):
            raise template_checks.error(
                path, template_id, f"{key} is {table.get(key)!r}; expected a string"
            )
    answers = table.get("answers")
    is_table = isinstance(answers, Mapping)
    if answers is not None and not (
        is_table
        and all(isinstance(word, str) and word.strip() == word != "" for word in answers.values())
    ):
        raise template_checks.error(
            path,
            template_id,
            f"answers is {answers!r}; expected a table from label name to a word, "
            'like { entailment = "yes" }',
        )
    return templates.Template(**table)


def _normal(text: str) -> str:
    return _SPACE.sub(" ", text).casefold()
