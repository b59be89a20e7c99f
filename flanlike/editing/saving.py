"""Saves one template into its file: in the folder that was given, checked, all or nothing."""

import contextlib
import hashlib
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flanlike import atomic, errors
from flanlike.editing import splicing
from flanlike.prompts import checks
from flanlike.tasks import layouts, template_files, templates
from flanlike.tasks import task as task_module

_TASKS_SAID = 12  # that a file serves, in one line


class Changed(errors.UserError):
    """The file is no longer what was read."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A template as it is to be. `original` is the id that it has in the file, "" if it is new."""

    original: str
    values: dict[str, Any]  # of splicing.KEYS; answers may be None


@dataclass(frozen=True, kw_only=True)
class Drafted:
    """What the file would be with a draft: its bytes, and all its templates."""

    content: bytes
    templates: tuple[templates.Template, ...]

    def template(self, draft: Draft) -> templates.Template:
        return next(one for one in self.templates if one.id == draft.values["id"])


class Place:
    """The one folder in which templates may be saved; None: none is."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = None if folder is None else folder.resolve()
        self._lock = threading.Lock()

    def why_not(self, path: Path) -> str:
        """Returns why the file may not be written, "" where it may."""
        if self.folder is None:
            return "no folder to save in: start with --templates FOLDER"
        real = path.resolve()
        if self.folder not in real.parents:
            return f"not in the folder that --templates gives, {str(self.folder)!r}"
        if real.suffix != ".toml" or real.name == layouts.FILE:
            return "no file of templates"
        if not os.access(real, os.W_OK) or not os.access(real.parent, os.W_OK):
            return "the file, or its folder, cannot be written"
        return ""

    def save(
        self,
        path: Path,
        draft: Draft,
        tasks: Sequence[task_module.Task],
        *,
        version: str,
        layout: layouts.Layout,
        records: Sequence[task_module.Record],
    ) -> str:
        """Writes the draft into its file and returns the file's new version.

        Raises, and writes nothing, where the file may not be written, is not of that `version` any
        more, or where `problems` finds any.
        """
        if why := self.why_not(path):
            raise errors.UserError(f"{path.name} is not saved: {why}")
        real = path.resolve()
        with self._lock:
            found = drafted(path.name, read(real, version), draft)
            if wrong := problems(path.name, found, draft, tasks, layout=layout, records=records):
                more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
                raise errors.UserError(f"{path.name} is not saved: {wrong[0]}{more}")
            with _not_writable(path.name), atomic.writing(real, "wb") as file:
                os.fchmod(file.fileno(), real.stat().st_mode & 0o777)
                file.write(found.content)
                read(real, version)  # the last moment: it is replaced next
        return version_of(found.content)


def version_of(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def read(path: Path, version: str) -> bytes:
    """Returns what is in the file; raises Changed where it is not what it was."""
    content = layouts.read_bytes(path)
    if version_of(content) != version:
        raise Changed(
            f"{path.name} has changed on disk since it was read, and nothing is saved: load the "
            "file again, which keeps what you wrote, and save it then"
        )
    return content


def drafted(where: str, content: bytes, draft: Draft) -> Drafted:
    """Returns what a file of this content would be with the draft in it.

    Raises where that would be no file of templates, whatever tasks it serves.
    """
    now = layouts.parse_toml(where, content).get("template")
    ids = [one.get("id") for one in now] if isinstance(now, list) else []
    text = content.decode("utf-8")
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix(mark)
    if not draft.original:
        text = splicing.appended(text, draft.values, where=where)
    elif draft.original in ids:
        text = splicing.edited(text, ids.index(draft.original), draft.values, where=where)
    else:
        raise errors.did_you_mean(f"template of {where}", draft.original, filter(None, ids))
    new = (mark + text).encode("utf-8")
    return Drafted(content=new, templates=template_files.of_content(where, new))


def problems(
    where: str,
    found: Drafted,
    draft: Draft,
    tasks: Sequence[task_module.Task],
    *,
    layout: layouts.Layout,
    records: Sequence[task_module.Record],
) -> list[str]:
    """Returns what is wrong with the draft for the tasks of its file, the first of them with rows.

    What is wrong for several of them alike is said once.
    """
    template = found.template(draft)
    template_set = templates.TemplateSet(templates=found.templates, layout=layout)
    said: list[tuple[str, str]] = []  # without the task's name, and with it
    for place, task in enumerate(tasks):
        try:
            template_files.check_for_task(where, found.templates, task)
            rows = records if place == 0 else ()
            lines = checks.check_template(task, template_set, template, rows)
        except errors.UserError as error:
            lines = [str(error)]
        said += [(line.replace(repr(task.name), ""), line) for line in lines]
    return list({key: line for key, line in reversed(said)}.values())[::-1]


def listed(names: Sequence[str]) -> str:
    """Returns the names of tasks in one line, of many the first."""
    more = len(names) - _TASKS_SAID
    return ", ".join(names[:_TASKS_SAID]) + (f" and {more:,} more" if more > 0 else "")


@contextlib.contextmanager
def _not_writable(name: str):
    try:
        yield
    except OSError as error:
        raise errors.UserError(f"{name} is not saved: {error.strerror}") from error
