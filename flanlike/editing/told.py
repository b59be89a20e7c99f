"""What the page is told of tasks, mixtures and prompts, as plain JSON values."""

from typing import Any

from flanlike.asking import answering
from flanlike.editing import given
from flanlike.mixtures import mixture
from flanlike.sources import availability
from flanlike.tasks import layouts, registry, templates
from flanlike.tasks import task as task_module

_FIELD = 20_000  # letters of a record's field that are shown


def task(one: task_module.Task) -> dict[str, Any]:
    labels = one.answers if isinstance(one.answers, task_module.Labels) else None
    return {
        "name": one.name,
        "cluster": one.cluster,
        "fields": list(one.fields),
        "answers": type(one.answers).__name__,
        "labels": [
            {"name": name, "word": word}
            for name, word in zip(labels.names, labels.words, strict=True)
        ]
        if labels
        else [],
        "metrics": list(one.metrics),
        "licence": one.licence,
    }


def template(one: templates.Template) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "input": one.input,
        "target": one.target,
        "answers": given.lines_of(one.answers),
    }


def styles(layout: layouts.Layout) -> list[dict[str, Any]]:
    """Returns the styles of options: those that training draws, then those that are only named."""
    drawn = [{"name": one.name, "drawn": True} for one in layout.option_styles]
    return drawn + [{"name": one.name, "drawn": False} for one in layout.asked_styles]


def prompt(
    one: task_module.Prompt, question: answering.Question, row: int, *, needs_options: bool
) -> dict[str, Any]:
    """Returns a prompt, with what a model is asked by it: options, and the text of each.

    One that is longer than can be asked is told by its beginning.
    """
    of = one.provenance
    return {
        "row": row,
        "row_id": of.row_id,
        "template": of.template,
        "kind": of.kind,
        "shots": of.shots,
        "option_style": of.option_style,
        "inputs": one.inputs[: given.MOST_LETTERS],
        "is_cut": len(one.inputs) > given.MOST_LETTERS,
        "targets": one.targets[: given.MOST_LETTERS],
        "options": list(question.options),
        "written": list(question.written),
        "gold": one.gold if question.options else None,
        "references": list(one.references),
        "needs_options": needs_options,
    }


def record(one: task_module.Record) -> list[dict[str, str]]:
    """Returns the fields of a record as texts, long ones by their beginning."""
    shown = []
    for name, value in one.items():
        text = value if isinstance(value, str) else repr(value)
        if len(text) > _FIELD:
            text = f"{text[:_FIELD]} … ({len(text):,} letters)"
        shown.append({"name": name, "value": text})
    return shown


def description(found: registry.Registry, name: str) -> str:
    """Returns what a mixture says of itself, without looking for its tasks."""
    return getattr(found.mixture(name), "description", "")


def composition(one: mixture.Composition) -> dict[str, Any]:
    return {
        "name": one.mixture.name,
        "description": one.mixture.description,
        "held_out": list(one.held_out),
        "rules": one.rules,
        "clusters": one.cluster_shares,
        "tasks": [
            {
                "name": each.name,
                "cluster": each.cluster,
                "rows": each.rows,
                "share": each.share,
                "from": each.derivation,
            }
            for each in one.tasks
        ],
        "evaluated": list(one.evaluation),
        "left_out": availability.by_reason(one.excluded),
        "leaks": availability.by_reason(one.leaks),
    }
