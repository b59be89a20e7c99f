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

`template_files` reads them and `template_checks` checks them.
Braces hold nothing but field names, so a checked template is also a plain `str.format` string.

A line that holds an optional field of a task (`Task.optional`) is left out where that is empty,
with its line break, and of the blank lines on both of its sides one stays. It holds no other field.
Where it holds nothing else at all, a line above it goes too that ends in a colon and has no field:

    input    {title}\\n\\n{text}\\nFrom the series {series}.\\nTold before:\\n{before}\\nIs it good?
    without title, series, before   {text}\\nIs it good?
"""

import dataclasses
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from flanlike import errors
from flanlike.tasks import layouts
from flanlike.tasks import task as task_module

KINDS = ("forward", "inverted", "cot", "cot_inverted")

FIELD = re.compile(r"\{([a-z0-9_]+)\}")


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
        return frozenset(FIELD.findall(self.input))

    @functools.cached_property
    def target_fields(self) -> frozenset[str]:
        return frozenset(FIELD.findall(self.target))

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


def _without_lines(text: str, fields: tuple[str, ...]) -> str:
    """Returns the text without the lines that hold one of the fields, and labels above them.

    "{title}\\n\\n{text}"  ->  "{text}"        "{text}\\nBy:\\n{title}\\nOK?"  ->  "{text}\\nOK?"
    """
    kept: list[str] = []
    is_after = False  # a line that was left out, and blank lines behind it
    for line in text.split("\n"):
        if not set(fields).isdisjoint(FIELD.findall(line)):
            is_after = True
            above = kept[-1] if kept and FIELD.fullmatch(line) else ""
            if above.endswith(":") and not FIELD.search(above):
                kept.pop()
        elif line.strip() or not is_after or (kept and kept[-1].strip()):
            is_after = False
            kept.append(line)
    return "\n".join(kept).strip("\n")
