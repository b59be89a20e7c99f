"""Wordings that a model proposes: what becomes a template, and what it was shown."""

import pytest
import training_toys
from eval_toys import Letters

import task_registry
from eval import proposals
from flanlike import errors, models
from flanlike.models import generate as generate_module
from flanlike.sources import opening
from flanlike.tasks import template_checks, templates

REGISTRY = task_registry.registry()
SST2 = REGISTRY.task("sst2")
SHOWN = ["it is a film that has no end and no beginning either"]


def _kept(*written):
    return proposals.kept(SST2, written, [SHOWN] * len(written))


def test_a_wording_becomes_a_template_with_the_tasks_fields_and_options():
    found = _kept(' "What does the writer think of it?" And more.\nText: next one')
    (template,) = found.templates
    assert template.input == "{sentence}\nWhat does the writer think of it?\n\n{options}"
    assert (template.id, template.kind, template.target) == ("proposed_0", "forward", "{answer}")
    assert found.texts == {"proposed_0": "What does the writer think of it?"}
    assert found.refused == {}


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "too short"),
        ("positive", "too short"),
        ("so " * 41, "too long"),
        ("IS THIS GOOD or bad?", "proposed before"),
        ("Say whether it is a film that has no end.", "quotes a row"),
        ("What is {the answer} to it?", "no template"),
        ("Is it {answer} or is it not?", "no template"),
    ],
)
def test_what_is_no_wording_is_counted_by_why(written, why):
    found = _kept("Is this good or bad?", written)
    assert found.refused == {why: 1}
    assert list(found.texts) == ["proposed_0"]


def test_a_task_of_free_text_has_no_options_to_show():
    found = proposals.kept(
        REGISTRY.task("common_gen"), ["Write a sentence with these."], [["dog, run"]]
    )
    assert found.templates[0].input == "{concepts}\nWrite a sentence with these."


def test_the_model_reads_solved_training_rows_and_no_instruction(monkeypatch):
    seen = []

    def generate(model, prompts, *, max_new_tokens, eos_id, ends_source, done):
        seen.extend(map(Letters().decode, prompts))
        texts = [f"What is number {i} about?" for i in range(len(prompts))]
        return [generate_module.Written(Letters().encode(text), False) for text in texts]

    monkeypatch.setattr(generate_module, "generate", generate)
    train = opening.open_rows(SST2, split="train", data="embedded")
    model = models.build(training_toys.MODEL, seed=0)
    shipped = REGISTRY.templates("sst2")
    found = proposals.propose(model, Letters(), SST2, shipped, train, count=4, seed=0)
    assert len(found.templates) == 4
    sentences = {train[i]["sentence"]: train[i]["label"] for i in range(len(train))}
    for text in seen:
        blocks = [block for block in text.split("\n\n") if block.startswith("Text: ")]
        assert len(blocks) == 5
        for block in blocks:
            sentence, answer = block.removeprefix("Text: ").rsplit("\nAnswer: ", 1)
            assert answer == SST2.answers.words[sentences[sentence]]
    assert len(set(seen)) == 4
    again = proposals.propose(model, Letters(), SST2, shipped, train, count=4, seed=0)
    assert seen[:4] == seen[4:] and again == found


def test_a_registry_with_further_templates_leaves_the_first_as_it_was():
    (template,) = _kept("What does the writer think of it?").templates
    more = REGISTRY.with_templates("sst2", [template])
    assert more.templates("sst2").get("proposed_0") is template
    assert more.templates("sst2").layout == REGISTRY.templates("sst2").layout
    with pytest.raises(errors.UserError, match="unknown template 'proposed_0'"):
        REGISTRY.templates("sst2").get("proposed_0")


def test_a_template_is_checked_where_it_stands():
    bad = templates.Template(id="x", kind="forward", input="{premise} {options}", target="{answer}")
    with pytest.raises(errors.UserError, match="here, template 'x': .* alone on its line"):
        template_checks.check(bad, SST2, where="here")
    bad = templates.Template(id="x", kind="forward", input="{premise}", target="{answer}")
    with pytest.raises(errors.UserError, match="here, template 'x': unknown field 'premise'"):
        template_checks.check(bad, SST2, where="here")
