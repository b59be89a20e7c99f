"""The same questions in other forms."""

import collections
import dataclasses
import random

import eval_toys
import pytest

import task_registry
from eval import perturbations
from flanlike.tasks import layouts


def test_typos_swap_neighbouring_letters_within_long_words():
    text = "A quick answer, wanted by the 10000 others."
    assert perturbations.with_typos(text, random.Random(1), share=1.0) == (
        "A qucik anwser, watned by the 10000 othres."
    )
    assert perturbations.with_typos("all the old cats", random.Random(0)) == "all the old ctas"
    assert perturbations.with_typos("the 12345 aaaa", random.Random(0), share=1.0) == (
        "the 12345 aaaa"
    )


def test_typos_are_in_a_share_of_the_words_and_by_seed():
    text = " ".join(["letters"] * 400)
    found = perturbations.with_typos(text, random.Random(0))
    changed = [word for word in found.split() if word != "letters"]
    assert 20 < len(changed) < 60
    assert all(collections.Counter(word) == collections.Counter("letters") for word in changed)
    assert all(word[0] == "l" and word[-1] == "s" for word in changed)
    assert found == perturbations.with_typos(text, random.Random(0))
    assert found != perturbations.with_typos(text, random.Random(1))


def test_fields_change_and_rationales_and_answers_stay():
    task = task_registry.registry().task("cot_ecqa")
    record = {"question": "Who?", "rationale": "As IS.", "options": ["Ada", "Bo"], "label": 1}
    assert perturbations.with_fields(task, record, str.lower) == {**record, "question": "who?"}


def test_a_style_has_other_labels():
    style = layouts.OptionStyle(
        name="letters", header="", item="({label}) {text}", labels="letters", answer="({label})"
    )
    layout = perturbations.relabelled(layouts.Layout(), style)
    assert layout.style("letters-small").block("xy") == "(a) x\n(b) y"
    assert layout.style("letters-late").answers("xy") == ("(P)", "(Q)")


def forms(name, **changes):
    asked = eval_toys.collect(name, validation_rows=0, generation_rows=0, **changes)
    shown = [cell for cell in asked.cells if cell.prompts[0].provenance.shows_options]
    plain, *others = shown or asked.cells
    return plain, perturbations.Forms(
        plain=plain,
        others=others,
        templates=task_registry.registry().templates(name),
        words=eval_toys.Letters(),
        family="decoder",
        max_input_tokens=asked.settings.max_input_tokens,
        option_style=asked.settings.option_style,
    )


def test_every_row_has_its_options_in_another_order():
    plain, made = forms("arc_easy")
    (group,) = made.groups(["order"])
    assert len(group.forms) == perturbations.ORDERS and group.reference is plain
    for form in group.forms:
        for new, old, is_changed in zip(
            form.cell.prompts, plain.prompts, form.changed, strict=True
        ):
            assert sorted(new.options) == sorted(old.options)
            assert is_changed is (new.label_of_option != old.label_of_option)
        assert sum(form.changed) >= len(form.changed) - 1  # "none of the above" keeps its place


def test_options_are_listed_in_all_other_styles_and_answered_by_them():
    plain, made = forms("sst2")
    (group,) = made.groups(["style"])
    names = [form.name for form in group.forms]
    layout = task_registry.registry().layout
    assert names == [style.name for style in layout.option_styles if style.name != "dashes"]
    letters = group.forms[names.index("letters")].cell
    assert letters.prompts[0].options == ("(A)", "(B)")
    assert [p.label_of_option for p in letters.prompts] == [
        p.label_of_option for p in plain.prompts
    ]
    assert list(letters.ids[0]) == [ord(c) for c in letters.prompts[0].inputs + "\n"]


def test_other_labels_are_compared_with_letters():
    plain, made = forms("sst2")
    (group,) = made.groups(["labels"])
    assert group.reference.prompts[0].options == ("(A)", "(B)")
    assert [form.cell.prompts[0].options for form in group.forms] == [
        *(("(a)", "(b)"), ("(P)", "(Q)")),
    ]
    assert plain.prompts[0].options != group.reference.prompts[0].options


def test_a_list_of_letters_that_is_asked_is_what_other_labels_are_compared_with():
    plain, made = forms("sst2", option_style="inline_letters")
    (group,) = made.groups(["labels"])
    assert [p.inputs for p in group.reference.prompts] == [p.inputs for p in plain.prompts]
    assert group.forms[0].cell.prompts[0].options == ("a", "b")


@pytest.mark.parametrize("kind", ["lower_case", "typos"])
def test_fields_are_shown_in_lower_case_and_with_typos_and_answers_are_not(kind):
    plain, made = forms("sst2")
    (group,) = made.groups([kind])
    (form,) = group.forms
    assert all(form.changed) and form.unfit == 0
    for new, old, record in zip(form.cell.prompts, plain.prompts, plain.records, strict=True):
        before, after = old.inputs.split(record["sentence"])
        shown = new.inputs.removeprefix(before).removesuffix(after)
        assert shown != record["sentence"] and before + shown + after == new.inputs
        if kind == "lower_case":
            assert shown == record["sentence"].lower()
        assert (new.options, new.targets, new.gold) == (old.options, old.targets, old.gold)
    assert form.cell.records is plain.records


def test_other_wordings_are_the_other_templates_on_the_same_rows():
    plain, made = forms("arc_easy")
    (group,) = made.groups(["wording"])
    assert {form.cell.rows for form in group.forms} == {plain.rows}
    assert plain.template not in [form.name for form in group.forms]


def _without(cell, place, text):
    """Returns a prompt of a cell with this text in its field, as `Letters` reads it."""
    prompt, record = cell.prompts[place], cell.records[place]
    return [ord(c) for c in prompt.inputs.replace(record["sentence"], text) + "\n"]


def test_what_is_asked_without_content_has_the_form_of_its_prompt():
    plain, made = forms("sst2", content_free=True)
    groups = made.groups(["order", "labels", "lower_case"])
    cells = [plain, *(form.cell for group in groups[:2] for form in group.forms)]
    for cell in [*cells, groups[1].reference]:
        assert [list(free[0]) for free in cell.content_free] == [
            _without(cell, place, "N/A") for place in range(len(cell.prompts))
        ]
    assert groups[2].forms[0].cell.content_free == plain.content_free
    unfit = dataclasses.replace(made, max_input_tokens=5)._typos().forms[0].cell
    assert unfit.content_free == plain.content_free


def test_what_does_not_fit_is_asked_as_it_was_and_counted():
    plain, made = forms("sst2")
    (form,) = dataclasses.replace(made, max_input_tokens=5)._typos().forms
    assert form.cell.prompts == plain.prompts and form.cell.ids == plain.ids
    assert form.unfit == len(plain.rows) and not any(form.changed)
    assert dataclasses.replace(made, max_input_tokens=5).groups(["typos"]) == []
