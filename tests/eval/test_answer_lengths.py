"""How long answers may be."""

import dataclasses

import pytest
from eval_toys import collect

import task_registry
from eval import answer_lengths
from flanlike.tasks import registry as registries


@pytest.mark.parametrize(
    ("tokens", "limit"), [(1, 64), (42, 64), (43, 64), (44, 128), (160, 256), (2000, 512)]
)
def test_a_limit_is_a_power_of_two_above_the_longest_training_answer(tokens, limit):
    registry = task_registry.registry()
    task, template_set = registry.task("cot_gsm8k"), registry.templates("cot_gsm8k")
    template = next(
        one for one in template_set.cot if one.target.endswith("The answer is {answer}")
    )
    records = [
        {"question": "How many?", "rationale": "r" * length, "references": ["5"]}
        for length in (tokens, 1)
    ]
    around = len(template.target.format(rationale="", answer="5"))

    def encode(text):
        return text[around:]

    how = {"layout": registry.layout, "style": "instructions", "encode": encode}
    assert answer_lengths.limit(task, template, records, **how) == limit
    assert answer_lengths.limit(task, template, [], **how) == 256
    forward = template_set.forward[0]
    assert answer_lengths.limit(task, forward, [], **how) == 64


def test_a_setting_comes_before_the_task_and_the_task_before_its_training_answers(monkeypatch):
    monkeypatch.setattr(answer_lengths, "limit", lambda *_, **how: 99)

    def limits(name="cot_gsm8k", **settings):
        asked = collect(name, validation_rows=0, **settings)
        return {cell.max_new_tokens for cell in asked.cells}

    assert limits() == {99} and limits(max_new_tokens=7) == {7}
    assert limits("sst2") == {0}  # nothing is written
    plain = registries.Registry.task

    def declared(registry, name):
        return dataclasses.replace(plain(registry, name), max_new_tokens=33)

    monkeypatch.setattr(registries.Registry, "task", declared)
    assert limits() == {33} and limits(max_new_tokens=7) == {7}
