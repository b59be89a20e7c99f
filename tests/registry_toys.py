"""Prompts of made-up records of registered tasks."""

import task_registry
from flanlike import seeding
from flanlike.prompts import render

REGISTRY = task_registry.registry()


def prompt_of(name, template, record, *, seed=None, style="instructions"):
    """Returns the record's prompt by a template; without a seed, one of task and template."""
    return render.render(
        REGISTRY.task(name),
        template,
        record,
        layout=REGISTRY.templates(name).layout,
        source="made up",
        split="test",
        row_id="0",
        seed=seeding.key("made up", name, template.id) if seed is None else seed,
        style=style,
    )
