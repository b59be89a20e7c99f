"""Which template, how many exemplars and which style of options a training prompt is drawn."""

import collections
import dataclasses

import pytest
import template_toys as toys

from flanlike import seeding
from flanlike.mixtures import mixture
from flanlike.prompts import render
from flanlike.tasks import layouts, task, templates

LAYOUT = layouts.Layout()
LETTERS = layouts.OptionStyle(name="letters", item="({label}) {text}", labels="letters")
LETTERED = layouts.Layout(option_styles=(layouts.OptionStyle(), LETTERS))
CHOICES = {"question": "What flies?", "options": ["eel", "owl", "ant"], "label": 1}


def template_set(*kinds):
    shown = {"forward": "{premise}\n{options}", "none": "{premise}"}
    return templates.TemplateSet(
        templates=tuple(
            templates.Template(
                id=kind,
                kind="forward" if kind == "none" else kind,
                input=shown.get(kind, "x"),
                target="{answer}",
            )
            for kind in kinds
        ),
        layout=LAYOUT,
    )


def chosen(found, n=4000, style="instructions", **shares):
    values = {"few_shot": 0.0, "no_options": 0.0, "inverted": 0.0, "cot": 0.0} | shares
    drawn = [
        render.choose(found, mixture.Shares(**values), seed=seeding.key("choose", i), style=style)
        for i in range(n)
    ]
    ids = collections.Counter(choice.template.id for choice in drawn)
    return (
        {name: round(count / n, 1) for name, count in ids.items()},
        {
            shots: round(c / n, 1)
            for shots, c in collections.Counter(d.shots for d in drawn).items()
        },
    )


def test_choose_draws_kinds_and_shots_by_their_shares():
    everything = template_set("forward", "none", "inverted", "cot", "cot_inverted")
    assert chosen(everything) == ({"forward": 1.0}, {0: 1.0})
    assert chosen(everything, no_options=0.2)[0] == {"forward": 0.8, "none": 0.2}
    assert chosen(everything, inverted=0.3)[0] == {"forward": 0.7, "inverted": 0.3}
    assert chosen(everything, cot=0.4)[0] == {"forward": 0.6, "cot": 0.4}
    both = {"forward": 0.3, "cot": 0.3, "inverted": 0.2, "cot_inverted": 0.2}
    assert chosen(everything, inverted=0.4, cot=0.5)[0] == both
    few = chosen(everything, few_shot=0.6, max_shots=2)
    assert few == ({"forward": 1.0}, {0: 0.4, 1: 0.3, 2: 0.3})


def test_choose_draws_styles_of_options_and_a_fixed_or_random_number_of_shots():
    found = dataclasses.replace(template_set("forward"), layout=LETTERED)
    for share in (0.0, 0.3, 1.0):
        drawn = [
            render.choose(found, mixture.Shares(styled_options=share), seed=seeding.key("s", i))
            for i in range(2000)
        ]
        styled = sum(choice.option_style == "letters" for choice in drawn) / 2000
        assert styled == pytest.approx(share, abs=0.04)
    assert chosen(found, few_shot=1.0, min_shots=5, max_shots=5)[1] == {5: 1.0}
    shots = chosen(found, few_shot=1.0, min_shots=1, max_shots=10)[1]
    assert shots == dict.fromkeys(range(1, 11), 0.1)


def test_what_a_task_lacks_goes_to_its_forward_templates():
    shares = {"no_options": 0.5, "inverted": 0.5, "cot": 0.5}
    assert chosen(template_set("forward"), **shares)[0] == {"forward": 1.0}
    assert chosen(template_set("none"), **shares)[0] == {"none": 1.0}
    assert chosen(template_set("cot"), **shares)[0] == {"cot": 1.0}
    found = template_set("forward", "inverted")
    assert chosen(found, **shares)[0] == {"forward": 0.5, "inverted": 0.5}


def test_controls_are_never_inverted():
    found = template_set("forward", "inverted")
    assert chosen(found, inverted=1.0, style="options-only")[0] == {"forward": 1.0}


WHICH = {"question": "Which of these flies?", "options": ["eel", "owl"], "label": 1}


def chosen_for(record, found, **shares):
    of = toys.task_of(answers=task.Choices(), fields=("question",))
    values = {"few_shot": 0.0, "no_options": 1.0, "inverted": 0.0, "cot": 0.0} | shares
    return {
        render.choose(
            found,
            mixture.Shares(**values),
            seed=seed,
            needs_options=lambda: render.needs_options(of, record),
        ).template.id
        for seed in range(40)
    }


def test_a_record_that_asks_about_its_options_takes_templates_that_list_them():
    every = template_set("forward", "none", "inverted")
    assert chosen_for(CHOICES, every) == {"none"}
    assert chosen_for(WHICH, every) == {"forward"}
    assert chosen_for(CHOICES | {"options": ["tea", "milk", "both A and B"]}, every) == {"forward"}
    assert chosen_for(WHICH, every, inverted=1.0) == {"forward"}
    assert chosen_for(CHOICES, every, inverted=1.0) == {"inverted"}
    assert chosen_for(WHICH, template_set("none", "inverted")) == {"none"}


def test_an_inverted_template_may_list_the_options_in_its_target():
    turned = toys.template_of("{answer}", "{question}\n{options}", "inverted")
    found = templates.TemplateSet(
        templates=(*template_set("forward", "inverted").templates, turned), layout=LAYOUT
    )
    assert chosen_for(WHICH, found, inverted=1.0) == {"toy"}


def test_fixed_labels_are_never_asked_about():
    of = toys.task_of(fields=("premise",))
    record = {"premise": "Which of the following is true?", "label": 0}
    assert not render.needs_options(of, record)
