"""Natural-language templates: TOML files, `{field}` the only syntax, checked before any is used.

    [[template]]
    id = "is_this_true"
    kind = "forward"                  # forward | inverted | cot | cot_inverted
    input = \"\"\"
    {premise}
    Is this true? {hypothesis}

    {options}\"\"\"
    target = "{answer}"
    answers = { entailment = "yes", not_entailment = "no" }    # optional, by label name

Braces hold nothing but field names, so a checked template is also a plain `str.format` string.

A line that holds an optional field of a task (`Task.optional`) is left out where that is empty,
with its line break, and of the blank lines on both of its sides one stays. It holds no other field:

    input    {title}\\n\\n{text}\\nFrom the series {series}.\\nIs it good?
    without title and series        {text}\\nIs it good?
"""

import dataclasses
import functools
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flanlike import errors
from flanlike.tasks import layouts
from flanlike.tasks import task as task_module

KINDS = ("forward", "inverted", "cot", "cot_inverted")

_KEYS = {"id", "kind", "input", "target", "answers"}
_ID = re.compile(r"[a-z0-9_]+")
_FIELD = re.compile(r"\{([a-z0-9_]+)\}")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, kw_only=True)
class Template:
    """One wording of a task. `answers` maps label names to words where it has words of its own."""

    id: str
    kind: str
    input: str
    target: str
    answers: Mapping[str, str] | None = None

    @functools.cached_property
    def shows_options(self) -> bool:
        return "{options}" in self.input

    @functools.cached_property
    def lists_options(self) -> bool:
        """Returns whether the options are read at all: an inverted target may list them too."""
        return self.shows_options or "{options}" in self.target

    @functools.cached_property
    def input_fields(self) -> frozenset[str]:
        return frozenset(_FIELD.findall(self.input))

    @functools.cached_property
    def target_fields(self) -> frozenset[str]:
        return frozenset(_FIELD.findall(self.target))

    def without(self, empty: tuple[str, ...]) -> "Template":
        """Returns the template without the lines that hold one of these fields."""
        if empty not in self._shorter:
            self._shorter[empty] = dataclasses.replace(
                self,
                input=_without_lines(self.input, empty),
                target=_without_lines(self.target, empty),
            )
        return self._shorter[empty]

    @functools.cached_property
    def _shorter(self) -> dict[tuple[str, ...], "Template"]:
        return {}

    def words(self, labels: task_module.Labels) -> tuple[str, ...]:
        """Returns the word of each label, in the order of `labels.names`."""
        if self.answers is None:
            return labels.words
        return tuple([self.answers[name] for name in labels.names])


@dataclass(frozen=True, kw_only=True)
class TemplateSet:
    """All templates that serve one task, in file order, with the layout they share."""

    templates: tuple[Template, ...]
    layout: layouts.Layout

    @functools.cached_property
    def forward(self) -> tuple[Template, ...]:
        return self._of("forward")

    @functools.cached_property
    def inverted(self) -> tuple[Template, ...]:
        return self._of("inverted")

    @functools.cached_property
    def cot(self) -> tuple[Template, ...]:
        return self._of("cot")

    @functools.cached_property
    def cot_inverted(self) -> tuple[Template, ...]:
        return self._of("cot_inverted")

    @functools.cached_property
    def by_options(self) -> Mapping[tuple[str, bool], tuple[Template, ...]]:
        """Returns the templates of each kind that list options (True) and that list none."""
        return {
            (kind, lists): tuple(t for t in self._of(kind) if t.lists_options is lists)
            for kind in KINDS
            for lists in (True, False)
        }

    @functools.cached_property
    def asks_with_options(self) -> bool:
        """Returns whether a record that needs its options listed can be asked about."""
        return any(t.shows_options for t in (*self.forward, *self.cot))

    def get(self, template_id: str) -> Template:
        for template in self.templates:
            if template.id == template_id:
                return template
        raise errors.did_you_mean("template", template_id, [t.id for t in self.templates])

    def _of(self, kind: str) -> tuple[Template, ...]:
        return tuple(t for t in self.templates if t.kind == kind)


def for_record(template: Template, task: task_module.Task, record: task_module.Record) -> Template:
    """Returns the template as it is for this record: without what its empty fields leave out."""
    empty = tuple([name for name in task.optional if not record.get(name, "").strip()])
    return template.without(empty) if empty else template


def load(
    path: str | os.PathLike[str], task: task_module.Task, *, layout: layouts.Layout | None = None
) -> TemplateSet:
    """Returns the templates of the file at `path`, checked for `task`.

    A file is parsed once however many tasks it serves. Without `layout`, `_layout.toml` beside
    the file holds, and the defaults of `layouts.Layout` where there is none.
    """
    path = os.fspath(path)
    templates = _parsed(path, _stamp(path, task))
    for template in templates:
        _check_for_task(path, template, task)
    if not any(template.kind in ("forward", "cot") for template in templates):
        raise errors.UserError(
            f"{path}: task {task.name!r} has no template of kind 'forward' or 'cot'; "
            "a task is evaluated through these: add one"
        )
    if layout is None:
        beside = os.path.join(os.path.dirname(path), layouts.FILE)
        layout = layouts.load(beside) if os.path.exists(beside) else layouts.Layout()
    return TemplateSet(templates=templates, layout=layout)


def check(template: Template, task: task_module.Task, *, where: str) -> None:
    """Raises unless a template is one for the task; `where` says what it stands in."""
    _check_syntax(where, template)
    _check_for_task(where, template, task)


def _stamp(path: str, task: task_module.Task) -> tuple[int, int]:
    try:
        status = os.stat(path)
    except OSError:
        raise errors.UserError(
            f"task {task.name!r}: no template file {path!r}; write it, or mend Task.templates"
        ) from None
    return status.st_mtime_ns, status.st_size


@functools.cache
def _parsed(path: str, stamp: tuple[int, int]) -> tuple[Template, ...]:
    """Returns a file's templates, checked for all that does not depend on a task."""
    tables = _tables(path, layouts.read_toml(path))
    templates = tuple(_template(path, number, table) for number, table in enumerate(tables, 1))
    seen: dict[str, str] = {}
    ids: set[str] = set()
    for template in templates:
        _check_syntax(path, template)
        if template.id in ids:
            raise _error(path, template.id, "the id is there twice; ids are unique in a file")
        ids.add(template.id)
        text = _normal(template.input) + "\0" + _normal(template.target)
        if text in seen:
            raise _error(
                path,
                template.id,
                f"says the same as template {seen[text]!r} but for case and white space; "
                "word it in another way or delete it",
            )
        seen[text] = template.id
    return templates


def _tables(path: str, data: dict[str, Any]) -> list[dict[str, Any]]:
    tables = data.pop("template", None)
    if data or not isinstance(tables, list) or not tables:
        raise errors.UserError(
            f"{path}: expected [[template]] tables and nothing else, got the keys "
            f"{[*data, *(['template'] if tables is not None else [])]!r}"
        )
    return tables


def _template(path: str, number: int, table: Mapping[str, Any]) -> Template:
    template_id = table.get("id")
    if not isinstance(template_id, str) or not _ID.fullmatch(template_id):
        raise errors.UserError(
            f"{path}, template number {number}: id is {template_id!r}; expected [a-z0-9_]+"
        )
    if unknown := table.keys() - _KEYS:
        raise _error(
            path, template_id, f"unknown keys {sorted(unknown)!r}; expected {sorted(_KEYS)!r}"
        )
    for key in ("kind", "input", "target"):
        if not isinstance(table.get(key), str):
            raise _error(path, template_id, f"{key} is {table.get(key)!r}; expected a string")
    answers = table.get("answers")
    is_table = isinstance(answers, Mapping)
    if answers is not None and not (
        is_table
        and all(isinstance(word, str) and word.strip() == word != "" for word in answers.values())
    ):
        raise _error(
            path,
            template_id,
            f"answers is {answers!r}; expected a table from label name to a word, "
            'like { entailment = "yes" }',
        )
    return Template(**table)


def _check_syntax(path: str, template: Template) -> None:
    """Raises unless kind, white space, braces, {options} and {answer} are right."""
    if template.kind not in KINDS:
        error = errors.did_you_mean("kind", template.kind, KINDS)
        raise _error(path, template.id, str(error))
    for key, text in (("input", template.input), ("target", template.target)):
        if text.strip() != text or not text:
            raise _error(
                path,
                template.id,
                f"{key} is empty or has white space at its start or end: "
                f"{text[:20]!r} ... {text[-20:]!r}; delete it",
            )
        if text.count("{") == text.count("}") == len(_FIELD.findall(text)):
            continue
        left = _FIELD.sub("", text)
        at = min(i for i in (left.find("{"), left.find("}")) if i >= 0)
        raise _error(
            path,
            template.id,
            f"{key} has a stray brace near {left[max(0, at - 15) : at + 15]!r}; "
            "braces hold one field name, as in {premise}, and nothing else",
        )
    _check_options(path, template)
    if template.kind in ("forward", "cot"):
        _check_direct(path, template)


def _check_options(path: str, template: Template) -> None:
    for key, text in (("input", template.input), ("target", template.target)):
        if "{options}" not in text:
            continue
        if key == "target" and template.kind in ("forward", "cot"):
            raise _error(
                path, template.id, "the target has {options}; only the input may list them"
            )
        if text.count("{options}") > 1 or "{options}" not in text.split("\n"):
            raise _error(
                path,
                template.id,
                f"{{options}} in the {key} must stand once and alone on its line, for it becomes "
                "a list over several lines",
            )


def _check_direct(path: str, template: Template) -> None:
    """Raises unless the answer is in the target of a forward or CoT template, and only there."""
    if leaks := template.input_fields & {"answer", "rationale"}:
        raise _error(
            path,
            template.id,
            f"the input of a template of kind {template.kind!r} has {sorted(leaks)!r}, which give "
            "the answer away; take them out, or make it 'inverted'",
        )
    needed = {"answer", "rationale"} if template.kind == "cot" else {"answer"}
    if missing := needed - template.target_fields:
        raise _error(
            path,
            template.id,
            f"the target of a template of kind {template.kind!r} lacks {sorted(missing)!r}; "
            'expected, for example, target = "{answer}"',
        )
    if template.kind == "cot":
        _check_order(path, template)
    if template.kind == "forward" and "rationale" in template.target_fields:
        raise _error(
            path, template.id, "the target has {rationale}; then its kind is 'cot', not 'forward'"
        )


def _check_order(path: str, template: Template) -> None:
    """Raises unless a chain of thought comes to its answer: reasons, then what follows from them.

    There the answer is looked for in what a model writes.
    """
    example = '"{rationale} So the answer is {answer}."'
    for name in ("rationale", "answer"):
        if (count := template.target.count(f"{{{name}}}")) > 1:
            problem = f"the target has {{{name}}} {count} times; it may stand there once"
            raise _error(path, template.id, problem)
    before, _, after = template.target.partition("{rationale}")
    if "{answer}" in before:
        raise _error(
            path,
            template.id,
            "the target of a template of kind 'cot' has {answer} before {rationale}, and an answer "
            f"given first is none that was reasoned out; expected, for example, {example}",
        )
    if after.lstrip(" ").startswith("{answer}"):
        raise _error(
            path,
            template.id,
            "in the target {answer} follows {rationale} with nothing to tell where it begins; put "
            f"a line break or words between them, as in {example}",
        )


def _check_for_task(path: str, template: Template, task: task_module.Task) -> None:
    """Raises unless the template's fields, options and answers fit the task."""
    allowed = {*task.fields, "answer"}
    if not isinstance(task.answers, task_module.FreeText):
        allowed.add("options")
    used = template.input_fields | template.target_fields
    if unknown := sorted(used - allowed):
        why = (
            f"task {task.name!r} has free-text answers and so no {{options}}"
            if unknown == ["options"]
            else str(errors.did_you_mean("field", unknown[0], allowed))
        )
        raise _error(path, template.id, f"{why} (task {task.name!r})")
    if task.optional:
        _check_optional(path, template, task)
    needed = tuple(name for name in task.fields if name not in task.optional)
    texts = set(needed) - {"rationale"}
    if template.kind in ("forward", "cot"):
        if not template.input_fields & texts:
            raise _error(
                path, template.id, f"the input uses no field of task {task.name!r}: {needed!r}"
            )
    elif not (template.target_fields - template.input_fields) & set(needed):
        raise _error(
            path,
            template.id,
            f"the target of a template of kind {template.kind!r} has to hold a field of task "
            f"{task.name!r} that its input lacks ({needed!r}); it is {template.target!r}",
        )
    if template.kind == "cot_inverted" and "rationale" not in used:
        raise _error(path, template.id, "uses no {rationale}; then its kind is 'inverted'")
    if template.answers is not None:
        _check_answers(path, template, task)


def _check_optional(path: str, template: Template, task: task_module.Task) -> None:
    """Raises unless each optional field stands on a line that can be left out."""
    if template.kind in ("forward", "cot") and (
        found := sorted((template.target_fields & set(task.optional)) - {"rationale"})
    ):
        raise _error(
            path,
            template.id,
            f"the target has {found!r}, which may be empty in task {task.name!r} (Task.optional); "
            "only the input, or the target of an inverted template, may hold it",
        )
    for line in f"{template.input}\n{template.target}".split("\n"):
        fields = set(_FIELD.findall(line))
        if len(fields) > 1 and (found := sorted(fields & set(task.optional))):
            raise _error(
                path,
                template.id,
                f"{{{found[0]}}} may be empty in task {task.name!r} (Task.optional), and then its "
                f"line is left out, which holds other fields: {line!r}; give it a line of its own",
            )


def _check_answers(path: str, template: Template, task: task_module.Task) -> None:
    labels = task.answers
    if not isinstance(labels, task_module.Labels):
        raise _error(
            path,
            template.id,
            f"has answers, but task {task.name!r} has no fixed labels; delete them",
        )
    if missing := [name for name in labels.names if name not in template.answers]:
        raise _error(
            path,
            template.id,
            f"answers lack the labels {missing!r} of task {task.name!r}; it has {labels.names!r}",
        )
    words = [template.answers[name].casefold() for name in labels.names]
    if len(set(words)) != len(words):
        raise _error(
            path,
            template.id,
            f"answers word two labels of task {task.name!r} the same: {words!r}; make them differ",
        )


def _without_lines(text: str, fields: tuple[str, ...]) -> str:
    """Returns the text without the lines that hold one of the fields.

    "{title}\\n\\n{text}"  ->  "{text}"        "{text}\\n{title}\\nOK?"  ->  "{text}\\nOK?"
    """
    kept: list[str] = []
    is_after = False  # a line that was left out, and blank lines behind it
    for line in text.split("\n"):
        if not set(fields).isdisjoint(_FIELD.findall(line)):
            is_after = True
        elif line.strip() or not is_after or (kept and kept[-1].strip()):
            is_after = False
            kept.append(line)
    return "\n".join(kept).strip("\n")


def _normal(text: str) -> str:
    return _SPACE.sub(" ", text).casefold()


def _error(path: str, template_id: str, message: str) -> errors.UserError:
    return errors.UserError(f"{path}, template {template_id!r}: {message}")
