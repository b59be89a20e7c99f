"""Questions in the words of registered templates, with solved rows before them."""

import dataclasses

import pytest
from asking_toys import GREEDY, Echo

import task_registry
from flanlike import errors
from flanlike.asking import settings, templated
from flanlike.prompts import fitting


@pytest.fixture(scope="module")
def templates():
    return templated.Templates(registry=task_registry.registry(), data="embedded")


def asked(templates, said, answerer=None, **changes):
    how = settings.Settings(**changes)
    return templates.rendered(said, answerer or Echo(), how)


def test_fields_are_quoted_or_go_up_to_the_next(templates):
    expected = asked(templates, "rte premise=It rains here. hypothesis=It is dry.").question
    assert expected.text.startswith("It rains here.\nIs this true? It is dry.\n\nOptions:\n- ")
    assert sorted(expected.options) == ["no", "yes"] and expected.written == expected.options
    for said in (
        "rte premise='It rains here.' hypothesis=\"It is dry.\"",
        "  rte\n hypothesis=It is dry.   premise= It rains here. ",
    ):
        assert asked(templates, said).question == expected
    held = "rte premise=\"a hypothesis=b\" hypothesis='it isn't'"
    assert "a hypothesis=b\nIs this true? 'it isn't'" in asked(templates, held).question.text


def test_the_template_is_the_first_that_lists_options_or_the_one_named(templates):
    first = asked(templates, "rte premise=a hypothesis=b")
    assert first.notes == ("template is_this_true",)
    ids = [one.id for one in templates.registry.templates("rte").forward]
    other = asked(templates, f"rte premise=a hypothesis=b template={ids[-1]}")
    assert other.notes == (f"template {ids[-1]}",) and other.question != first.question


def test_options_are_scored_as_the_template_would_have_them_written(templates):
    whole = dataclasses.replace(
        templates.registry.templates("rte").get("is_this_true"),
        id="in_a_sentence",
        target="It is {answer}.",
    )
    registry = templates.registry.with_templates("rte", [whole])
    more = dataclasses.replace(templates, registry=registry)
    found = asked(more, "rte premise=a hypothesis=b template=in_a_sentence").question
    assert sorted(found.options) == ["no", "yes"]
    assert found.written == tuple(f"It is {option}." for option in found.options)


def test_rows_that_bring_options_take_them(templates):
    question = asked(templates, "piqa goal=Open it. options=Turn it. | Burn it.").question
    assert sorted(question.options) == ["Burn it.", "Turn it."]


def test_written_answers_have_no_options(templates):
    fields = templates.registry.task("gsm8k").fields
    shown = [name for name in fields if name != "rationale"]
    said = "gsm8k " + " ".join(f"{name}=What is 2 and 3?" for name in shown)
    question = asked(templates, said).question
    assert not question.options and "What is 2 and 3?" in question.text


def test_solved_rows_stand_before_the_question(templates):
    none = asked(templates, "rte premise=a hypothesis=b").question
    two = asked(templates, "rte premise=a hypothesis=b", shots=2)
    assert none.text in two.question.text and two.question.text.count("Options:") == 3
    assert two.notes[1] == (
        "2 of 2 solved rows of --data embedded (of a small synthetic world) before it"
    )
    assert asked(templates, "rte premise=a hypothesis=b", shots=2) == two
    assert asked(templates, "rte premise=a hypothesis=b", shots=2, seed=1) != two


def test_what_does_not_fit_is_cut_and_told(templates):
    small = Echo()
    small.room_for_text = lambda how: fitting.Room(tokens=120, read=list, encode=list)
    found = asked(templates, f"rte premise={'It rains. ' * 30} hypothesis=b", small, shots=3)
    assert len(found.question.text) <= 120
    assert found.notes[1].startswith("0 of 3 solved rows")
    assert found.notes[2].endswith("tokens of its longest fields were cut for want of room")
    small.room_for_text = lambda how: fitting.Room(tokens=20, read=list, encode=list)
    with pytest.raises(errors.UserError, match="rte: .* no room however its fields are cut"):
        asked(templates, f"rte premise={'It rains. ' * 30} hypothesis=b", small)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("rtee premise=a", "unknown task 'rtee': did you mean 'rte'"),
        ("rte premise=a", "hypothesis not given: expected premise=… hypothesis=…"),
        ("rte", "premise, hypothesis not given"),
        ("rte premice=a hypothesis=b", "unknown field of task 'rte' 'premice': did you mean"),
        ("rte premise=a premise=b", "premise= is there twice"),
        ("rte premise=a hypothesis=b options=x | y", "has its own options"),
        ("rte premise=a hypothesis=b template=nothing", "unknown template 'nothing'"),
        ("piqa goal=Open it.", "options not given"),
        ("piqa goal=Open it. options=Turn it.", "expected 2 to 256 texts"),
    ],
)
def test_a_mistake_says_what_is_expected(templates, said, told):
    with pytest.raises(errors.UserError, match=told):
        asked(templates, said)


def test_inverted_templates_are_refused(templates):
    inverted = templates.registry.templates("rte").inverted[0].id
    with pytest.raises(errors.UserError, match="of kind 'inverted': it tells the answer"):
        asked(templates, f"rte premise=a hypothesis=b template={inverted}")


def test_exemplars_need_rows(templates):
    elsewhere = templated.Templates(registry=templates.registry, data="/nowhere")
    with pytest.raises(errors.UserError, match="nowhere"):
        elsewhere.rendered("rte premise=a hypothesis=b", Echo(), settings.Settings(shots=1))
    assert elsewhere.rendered("rte premise=a hypothesis=b", Echo(), GREEDY)
