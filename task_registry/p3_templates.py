"""Templates in the format of promptsource: a YAML file for each dataset, Jinja in it.

    dataset: super_glue
    subset: rte
    templates:
      1-2-3: !Template
        name: is it so
        answer_choices: Yes ||| No
        jinja: '{{premise}} So {{hypothesis}} Is it? ||| {{ answer_choices[label] }}'
        metadata: !TemplateMetadata
          choices_in_prompt: false
          original_task: true
          metrics: [Accuracy]

A template is rendered with the columns of one row, and `answer_choices` (itself a template) as a
list; what stands before ||| is the prompt, what stands after it the target. `choice` draws one of a
list: here always the same for the same row.
"""

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flanlike import errors, seeding
from flanlike.sources import bounded_jinja
from flanlike.tasks import task

SEPARATOR = "|||"

_BAR = "\ue0f7|\ue0f7"  # for a separator in a row, until the text is divided
_MOST_BYTES = 16 << 20  # of a file; those of promptsource have 200 kB at most
_UNSAFE = re.compile(r"[^\w.]+")


@dataclass(frozen=True, kw_only=True)
class Template:
    """One template of a dataset, as its file says it; `where` names the file and the template."""

    name: str
    jinja: str
    where: str
    answer_choices: str | None = None
    is_original_task: bool = True  # what the dataset was made for, and not turned round
    has_choices_in_prompt: bool = False

    @functools.cached_property
    def may_be_empty(self) -> bool:
        """Returns whether the template may leave rows out, by giving no prompt or no target."""
        return "{%" in self.jinja or "if" in self.jinja.partition(SEPARATOR)[2]


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """One row by one template: `choices` are empty where the template has none."""

    prompt: str
    target: str
    choices: tuple[str, ...]


def clean(name: str) -> str:
    """Returns a name as P3 names its configurations: "is it so?" -> "is_it_so_"."""
    return _UNSAFE.sub("_", name)


def read(path: Path) -> tuple[str, list[Template]]:
    """Returns the dataset that a file is for, with its subset, and its templates."""
    told = _parsed(path)
    dataset, found = told.get("dataset"), told.get("templates")
    if not isinstance(dataset, str) or not isinstance(found, Mapping) or not found:
        raise errors.UserError(
            f"{path}: expected 'dataset' and 'templates' as promptsource writes them, got "
            f"{sorted(map(str, told))!r}"
        )
    subset = told.get("subset")
    templates = [_template(path, each) for each in found.values()]
    return clean("_".join(str(part) for part in (dataset, subset) if part)), templates


def applied(template: Template, row: task.Row) -> Rendered:
    """Returns the prompt, the target and the choices that a template makes of a row.

    A part that the template leaves empty is "". Raises ValueError where it cannot be rendered.
    """
    if "answer_choices" in row:
        raise ValueError("the row has a column 'answer_choices', which templates use: rename it")
    values = {str(name): _protected(value) for name, value in row.items()}
    seed = seeding.key("p3", template.name, json.dumps(values, sort_keys=True, default=str))
    try:
        choices: list[str] | None = None
        if template.answer_choices is not None:
            listed = template.answer_choices
            if "{" in listed:
                listed = bounded_jinja.rendered(listed, values, seed=seed)
            choices = [_plain(part) for part in listed.split(SEPARATOR)]
        whole = bounded_jinja.rendered(
            template.jinja, {**values, "answer_choices": choices}, seed=seed
        )
    except bounded_jinja.BadTemplate as error:
        raise ValueError(f"{template.where}: {error}; the row has {sorted(values)!r}") from None
    parts = [_plain(part) for part in whole.split(SEPARATOR)]
    if len(parts) > 2:
        raise ValueError(
            f"{template.where}: {len(parts)} parts between {SEPARATOR}; expected a prompt and a "
            "target"
        )
    target = parts[1] if len(parts) == 2 else ""
    return Rendered(prompt=parts[0], target=target, choices=tuple(choices or ()))


def _parsed(path: Path) -> Mapping[str, Any]:
    import yaml  # takes its time, and few need it

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        """Reads what promptsource marks as its own as plain mappings, and makes no other object."""

    for tag in ("!Template", "!TemplateMetadata"):
        Loader.add_constructor(tag, lambda loader, node: loader.construct_mapping(node, deep=True))
    if (size := path.stat().st_size) > _MOST_BYTES:
        raise errors.UserError(
            f"{path}: {size:,} bytes; a file of templates has {_MOST_BYTES:,} at most"
        )
    try:
        told = yaml.load(path.read_text("utf-8-sig"), Loader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise errors.UserError(
            f"{path}: not valid YAML ({errors.in_one_line(error)}); download it again"
        ) from error
    if not isinstance(told, Mapping):
        raise errors.UserError(f"{path}: expected a mapping with 'dataset' and 'templates'")
    return told


def _template(path: Path, told: Any) -> Template:
    told = told if isinstance(told, Mapping) else {}
    name, jinja = told.get("name"), told.get("jinja")
    where = f"{path}, template {name!r}"
    if not isinstance(name, str) or not name.strip() or not isinstance(jinja, str):
        raise errors.UserError(f"{where}: expected a !Template with 'name' and 'jinja'")
    choices = told.get("answer_choices")
    if choices is not None and not isinstance(choices, str):
        raise errors.UserError(
            f"{where}: answer_choices is {choices!r}; expected text with {SEPARATOR} between"
        )
    metadata = told.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    return Template(
        name=name,
        jinja=jinja,
        where=where,
        answer_choices=choices or None,
        is_original_task=metadata.get("original_task") is not False,
        has_choices_in_prompt=metadata.get("choices_in_prompt") is True,
    )


def _protected(value: Any) -> Any:
    return value.replace(SEPARATOR, _BAR) if isinstance(value, str) else value


def _plain(text: str) -> str:
    return text.replace(_BAR, SEPARATOR).strip()
