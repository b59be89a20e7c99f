"""What is asked: which templates, which rows, in which style."""

import dataclasses

import eval_toys
import pytest
import source_toys

import task_registry
from eval import baselines, questions
from flanlike import errors
from flanlike.batches import features
from flanlike.prompts import fitting, render
from flanlike.sources import opening


def _collect(*names, **changes):
    return eval_toys.collect(*names, **dict(rows_per_task=6, validation_rows=3) | changes)


def test_every_forward_template_is_asked_and_no_inverted_one():
    asked = _collect("sst2")
    templates = task_registry.registry().templates("sst2")
    on_test = [cell for cell in asked.cells if not cell.is_choosing]
    assert [cell.template for cell in on_test] == [t.id for t in templates.forward]
    assert {cell.split for cell in on_test} == {"test"}
    assert {len(cell.prompts) for cell in on_test} == {6}
    choosing = [cell for cell in asked.cells if cell.is_choosing]
    assert [c.template for c in choosing] == [t.id for t in templates.forward if t.shows_options]
    assert {(cell.split, len(cell.rows)) for cell in choosing} == {("validation", 3)}
    assert not any(cell.is_generated for cell in asked.cells)


def test_rationales_and_free_text_are_generated():
    asked = _collect("cot_ecqa", "common_gen", validation_rows=0)
    by_kind = {(cell.task.name, cell.kind): cell for cell in asked.cells}
    assert by_kind["cot_ecqa", "cot"].is_generated
    assert not by_kind["cot_ecqa", "forward"].is_generated
    assert by_kind["common_gen", "forward"].is_generated
    assert len(by_kind["common_gen", "forward"].rows) == 2


def test_all_templates_of_a_task_ask_the_same_rows_and_the_same_again():
    first, again = _collect("sst2"), _collect("sst2")
    rows = {cell.rows for cell in first.cells if not cell.is_choosing}
    assert len(rows) == 1
    assert [cell.prompts for cell in first.cells] == [cell.prompts for cell in again.cells]
    other = _collect("sst2", seed=1)
    assert other.cells[0].rows != first.cells[0].rows


def test_a_control_is_asked_once_and_named_by_its_style():
    (first,) = _collect("sst2", style="inputs-only").cells
    (second,) = _collect("sst2", style="options-only").cells
    assert (first.style, first.template) == ("inputs-only", "inputs-only")
    assert (second.style, second.template) == ("options-only", "options-only")
    bare, listed = first.prompts[0], second.prompts[0]
    assert bare.inputs == first.records[0]["sentence"]
    assert not bare.provenance.shows_options
    assert listed.provenance.shows_options


def test_exemplars_come_from_train_and_stand_before_the_question():
    asked = _collect("sst2", shots=2, validation_rows=0)
    prompt = asked.cells[0].prompts[0]
    assert prompt.provenance.shots == 2
    assert asked.cells[0].records[0]["sentence"] in prompt.inputs


def test_rows_about_their_options_are_not_asked_by_templates_that_hide_them(monkeypatch):
    asked = _collect("arc_easy", rows_per_task=60, validation_rows=0)
    shown, hidden = (
        [cell for cell in asked.cells if cell.prompts[0].provenance.shows_options is shows]
        for shows in (True, False)
    )
    assert {len(cell.rows) for cell in shown} == {60}
    rows = {cell.rows for cell in hidden}
    assert len(rows) == 1 and 0 < len(rows.pop()) < 60
    assert not any(
        "which of these" in record["question"].casefold()
        for cell in hidden
        for record in cell.records
    )
    left_out = 60 - len(hidden[0].rows)
    assert asked.about_options == {"arc_easy": left_out}
    assert _collect("sst2", validation_rows=0).about_options == {}
    # Also where no row is left, and so no cell of such a template.
    with monkeypatch.context() as patched:
        patched.setattr(render, "needs_options", lambda task, record: True)
        none = _collect("arc_easy", rows_per_task=8, validation_rows=4)
    assert all(cell.prompts[0].provenance.shows_options for cell in none.cells)
    assert none.about_options == {"arc_easy": 8}
    control = _collect("arc_easy", rows_per_task=60, style="inputs-only").cells[0]
    assert len(control.rows) == 60


def test_a_question_of_the_training_rows_is_not_shown_solved_before_itself(monkeypatch):
    real = opening.open_rows

    def open_rows(task, data, split, **options):
        rows = real(task, data, "test", **options)
        places = [i % 10 for i in range(10 if split == "test" else 40)]
        return dataclasses.replace(rows, split=split, official_split=split, _indices=places)

    monkeypatch.setattr(opening, "open_rows", open_rows)
    asked = _collect("sst2", shots=3, validation_rows=0, rows_per_task=6)
    for cell in asked.cells:
        for prompt, record in zip(cell.prompts, cell.records, strict=True):
            assert prompt.inputs.count(record["sentence"]) == 1
            assert prompt.provenance.shots == 3


def test_options_are_completed_by_the_target_of_the_template():
    asked = _collect("sst2", validation_rows=0)
    cell = asked.cells[0]
    assert questions.completed(cell, cell.records[0], "good") == cell.target.replace(
        "{answer}", "good"
    )


def test_exemplars_without_room_are_dropped_and_counted():
    shots = dict(shots=2, validation_rows=0, rows_per_task=1)
    asked = _collect("sst2", **shots)
    bare = _collect("sst2", **shots | {"shots": 0})
    assert asked.dropped_exemplars == 0
    longest = max(len(cell.prompts[0].inputs) for cell in bare.cells)
    tight = _collect("sst2", **shots, max_input_tokens=longest + 1)
    assert tight.dropped_exemplars > 0
    assert all(len(prompt.inputs) <= longest for cell in tight.cells for prompt in cell.prompts)


@pytest.mark.parametrize("family", ["decoder", "encoder_decoder"])
def test_prompts_are_those_that_training_renders_for_the_same_limit(family):
    """One function cuts; the room it has is the limit without the marks, in both."""
    limit = 180
    asked = _collect("rte", max_input_tokens=limit, family=family, validation_rows=0)
    room = features.room(eval_toys.Letters(), limit, family)
    cut = 0
    for cell in asked.cells:
        template = task_registry.registry().templates("rte").get(cell.template)
        for prompt, ids, record in zip(cell.prompts, cell.ids, cell.records, strict=True):
            told = prompt.provenance
            again = fitting.fit(
                room,
                cell.task,
                template,
                record,
                layout=task_registry.registry().templates("rte").layout,
                source=told.source,
                split=told.split,
                row_id=told.row_id,
                seed=told.seed,
            )
            assert again.prompt == prompt and again.ids == list(ids)
            cut += told.cut_tokens > 0
    assert 0 < cut == asked.counts["rte"].cut


def test_rows_that_cannot_fit_under_one_template_are_left_out_under_all_and_counted(monkeypatch):
    """A problem is never cut; templates are compared on the same rows."""
    lengths = [
        len(prompt.inputs) + 1
        for cell in _collect("gsm8k", generation_rows=6, validation_rows=0).cells
        for prompt in cell.prompts
    ]
    limit = sorted(lengths)[-3]
    asked = _collect("gsm8k", generation_rows=6, validation_rows=0, max_input_tokens=limit)
    rows = {cell.rows for cell in asked.cells}
    assert len(rows) == 1 and 0 < len(asked.cells[0].rows) < 6
    missing = (6 - len(asked.cells[0].rows)) * len(asked.cells)
    assert asked.counts["gsm8k"].left_out == missing
    assert asked.warnings == [
        f"prompts that do not fit --eval.max-input-tokens are left out: gsm8k {missing}"
    ]
    with pytest.raises(errors.UserError, match="'gsm8k': none of its prompts fits .* 20: give"):
        _collect("gsm8k", max_input_tokens=20)


def test_options_that_the_tokenizer_cannot_tell_apart_are_counted_and_told(monkeypatch):
    def encode(self, text):
        return [ord(c) if c.islower() else 0 for c in text]

    assert _collect("sst2", validation_rows=0).warnings == []
    monkeypatch.setattr(eval_toys.Letters, "encode", encode)
    monkeypatch.setattr(eval_toys.Letters, "unknown_id", 0)
    asked = _collect("sst2", validation_rows=0, option_style="letters")
    assert asked.same_options == {"sst2": 6}  # "(A)" and "(B)" are three unknown characters each
    assert asked.warnings == ["rows have options that the tokenizer cannot tell apart: sst2 6"]
    assert asked.counts["sst2"].unknown_targets > 0


def test_no_number_of_rows_is_cut_in_silence():
    asked = _collect("sst2", rows_per_task=6000, validation_rows=0, style="inputs-only")
    records = opening.open_rows(task_registry.registry().task("sst2"), "embedded", "test")
    assert len(asked.cells[0].rows) == min(6000, len(records))


def test_all_templates_ask_the_same_whole_groups():
    cells = [c for c in _collect("multirc", rows_per_task=8).cells if not c.is_choosing]
    assert {cell.rows for cell in cells} == {cells[0].rows}
    groups = [record["group"] for record in cells[0].records]
    assert [groups.count(group) for group in groups] == [4] * 8
    assert cells[0].inputs == (0, 0, 0, 0, 1, 1, 1, 1)


def test_a_task_without_a_training_split_is_asked_without_exemplars_and_baselines():
    asked = _collect("wsc273")
    assert not any(cell.is_choosing for cell in asked.cells)
    assert not asked.given["wsc273"].majority
    with pytest.raises(
        errors.UserError,
        match="no training rows to take exemplars from .it has no training split.: eval",
    ):
        _collect("wsc273", shots=1)


def test_a_folder_without_training_rows_is_asked_without_exemplars_and_baselines(tmp_path):
    row = {"premise": "It rains.", "hypothesis": "It is wet.", "label": 0}
    source_toys.write_folder(tmp_path, "rte", test=[row] * 9, validation=[row] * 9)
    asked = _collect("rte", data=str(tmp_path))
    assert {(cell.split, cell.is_choosing) for cell in asked.cells} == {("test", False)}
    assert asked.without_training == ("rte",)
    assert asked.given["rte"] == baselines.Baselines(majority={}, heuristic={})
    with pytest.raises(errors.UserError, match="'rte' has no training rows .*has no train.jsonl"):
        _collect("rte", data=str(tmp_path), shots=1)


def test_without_rows_to_write_answers_for_no_template_asks_for_one():
    asked = _collect("sst2", "samsum", generation_rows=0)
    assert {cell.task.name for cell in asked.cells} == {"sst2"} == set(asked.given)
    assert not any(cell.is_generated for cell in asked.cells)
    assert asked.warnings == ["not asked, with --eval.generation-rows 0: samsum"]
    with pytest.raises(errors.UserError, match="generation-rows is 0, and the answers to samsum"):
        _collect("samsum", generation_rows=0)


def test_a_benchmark_is_asked_with_its_own_exemplars_in_their_order():
    asked = _collect("mmlu_anatomy", shots=5, rows_per_task=3)
    assert {cell.kind for cell in asked.cells} == {"forward", "cot"} and not asked.warnings
    assert asked.without_training == ("mmlu_anatomy",) and not asked.dropped_exemplars
    exemplars = opening.open_rows(
        task_registry.registry().task("mmlu_anatomy"), "embedded", "exemplars"
    )
    for cell in asked.cells:
        for prompt in cell.prompts:
            places = [prompt.inputs.index(exemplars[i]["question"]) for i in range(5)]
            assert places == sorted(places)
    (first, *_) = asked.cells
    assert (first.template, first.prompts[0].options) == ("plain", ("A", "B", "C", "D"))


def test_what_a_benchmark_lacks_of_exemplars_is_counted_and_without_reasons_none_are_asked_for(
    tmp_path,
):
    row = {"input": "Sort: owl eel", "target": "eel owl"}
    solved = [row | {"input": f"Sort: {word} eel"} for word in ("owl", "fox", "yak")]
    name = "bbh_word_sorting"
    source_toys.write_folder(tmp_path, name, test=[row, row], exemplars=solved)
    asked = _collect(name, data=str(tmp_path), shots=3)
    assert {cell.kind for cell in asked.cells} == {"forward"}
    assert asked.warnings == [f"no chain of thought, for want of reasons in the exemplars: {name}"]
    # The first exemplar says what the query says.
    assert {prompt.provenance.shots for cell in asked.cells for prompt in cell.prompts} == {2}
    assert asked.dropped_exemplars == sum(len(cell.prompts) for cell in asked.cells)
    asked = _collect(name, data=str(tmp_path))
    assert {cell.kind for cell in asked.cells} == {"forward", "cot"} and not asked.warnings
