"""Every template, rendered with one made-up record per task, equals what is kept in tests/golden.

After a template was changed on purpose, write the renderings anew and read them as prose:

    FLANLIKE_UPDATE_GOLDEN=1 python -m pytest tests/tasks/test_templates_golden.py
"""

import functools
import json
import os
import pathlib
import re

import benchmark_toys
import pytest

import task_registry
from flanlike import seeding
from flanlike.prompts import render
from flanlike.tasks import task, template_files, templates

ROOT = pathlib.Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
RECORDS = {
    path.stem: json.loads(path.read_text("utf-8"))
    for path in sorted((GOLDEN / "records").glob("*.json"))
}
IS_UPDATE = bool(os.environ.get("FLANLIKE_UPDATE_GOLDEN"))

# A template that shows no options may not speak of them.
OPTIONS_WORDS = re.compile(r"\b(options?|choose|choices?|which of these|one of these|list)\b", re.I)


@functools.cache
def registry():
    return task_registry.registry()


def load(name: str) -> tuple[task.Task, templates.TemplateSet]:
    built = registry().task(name)
    return built, template_files.load(ROOT / "templates" / f"{built.templates}.toml", built)


def rendered(name: str) -> str:
    """Returns all prompts of a task as one text: a heading, the inputs, an arrow and the target."""
    built, template_set = load(name)
    parts = []
    styles = template_set.layout.option_styles
    for template in template_set.templates:
        seed = seeding.key("golden", name, template.id)
        prompt = render.render(
            built,
            template,
            RECORDS[name],
            layout=template_set.layout,
            source="made up",
            split="train",
            row_id="golden",
            seed=seed,
            option_style=styles[seed % len(styles)].name,
        )
        target = "\n".join(f"=> {line}" for line in prompt.targets.split("\n"))
        parts.append(f"######## {template.id} ({template.kind})\n{prompt.inputs}\n{target}\n")
    return "\n".join(parts)


def test_every_task_has_a_record():
    assert sorted(RECORDS) == sorted(benchmark_toys.one_a_shape(registry().task_names))


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_renderings_are_those_kept(name):
    path = GOLDEN / f"{name}.txt"
    text = rendered(name)
    if IS_UPDATE:
        path.write_text(text)
    assert text == path.read_text(), f"read the new {path.name}, then see this file's docstring"


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_there_are_enough_templates_of_each_kind(name):
    built, template_set = load(name)
    assert len(template_set.templates) >= 10
    if built.cluster in task.BENCHMARKS:  # which are asked and never trained on
        assert len(template_set.forward) >= 10 and len(template_set.cot) >= 5
        assert not template_set.inverted and not template_set.cot_inverted
        return
    if built.has_rationale:
        assert len(template_set.cot) >= 10
        assert len(template_set.cot_inverted) >= 4
        assert len(template_set.forward) >= 2
        return
    assert len(template_set.forward) >= 7
    assert len(template_set.inverted) >= 2
    if not isinstance(built.answers, task.FreeText):
        shown = sum(template.shows_options for template in template_set.forward)
        assert shown >= 5
        assert len(template_set.forward) - shown >= 2


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_only_templates_that_show_options_speak_of_them(name):
    for template in load(name)[1].templates:
        if not template.shows_options:
            assert not OPTIONS_WORDS.search(template.input), template.id


def test_pairs_of_tasks_differ_only_in_what_they_ask():
    pairs = [("pick_synonym", "pick_antonym"), ("pick_giver", "pick_receiver")]
    pairs += [("pick_most", "pick_fewest"), ("pick_first", "pick_last")]
    pairs += [("pick_category", "pick_part"), ("pick_place", "pick_object")]
    pairs += [tuple(registry().clusters[cluster]) for cluster in task.OPEN_PAIRS]
    for pair in pairs:
        one, two = (load(name)[1].templates for name in pair)
        assert [template.id for template in one] == [template.id for template in two]
        assert not {template.input for template in one} & {template.input for template in two}
