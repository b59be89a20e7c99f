import json

import pytest
import template_toys as toys

from flanlike import errors
from flanlike.tasks import layouts, task, template_files


def test_load_returns_what_the_file_says(tmp_path):
    path = toys.write(tmp_path, toys.FORWARD + toys.WORDED + toys.INVERTED)
    found = template_files.load(path, toys.task_of())
    assert [t.id for t in found.templates] == ["is_it_true", "worded", "turned"]
    assert found.templates[0].input == "{premise}\nIs this true? {hypothesis}\n\n{options}"
    assert [t.shows_options for t in found.templates] == [True, False, False]
    assert [t.id for t in found.forward] == ["is_it_true", "worded"]
    assert [t.id for t in found.inverted] == ["turned"]
    assert (found.cot, found.cot_inverted) == ((), ())
    assert found.by_options["forward", True] == (found.templates[0],)
    assert found.get("worded").words(toys.LABELS) == ("right", "wrong")
    assert found.get("turned").words(toys.LABELS) == ("yes", "no")
    assert found.layout == layouts.Layout()
    with pytest.raises(errors.UserError, match="unknown template 'word': did you mean 'worded'"):
        found.get("word")


def test_a_file_is_parsed_once_for_all_its_tasks_and_again_after_a_change(tmp_path, monkeypatch):
    path = toys.write(tmp_path, toys.FORWARD)
    first = template_files.load(path, toys.task_of("one"))
    second = template_files.load(path, toys.task_of("two"))
    assert first.templates[0] is second.templates[0]
    toys.write(tmp_path, toys.FORWARD + toys.WORDED)
    assert len(template_files.load(path, toys.task_of("one")).templates) == 2


def test_cot_templates_are_for_tasks_with_a_rationale(tmp_path):
    path = toys.write(tmp_path, toys.COT)
    with_rationale = toys.task_of(fields=("question", "rationale"), answers=task.FreeText())
    found = template_files.load(path, with_rationale)
    assert ([t.id for t in found.cot], [t.id for t in found.cot_inverted]) == (["why"], ["back"])
    without = toys.task_of(fields=("question",), answers=task.FreeText())
    with pytest.raises(errors.UserError, match="template 'why': unknown field 'rationale'"):
        template_files.load(path, without)


def template(**changes):
    values = {"id": "a", "kind": "forward", "input": "{premise} {hypothesis}", "target": "{answer}"}
    lines = [
        f"{key} = {json.dumps(value)}"
        for key, value in (values | changes).items()
        if value is not None
    ]
    return "[[template]]\n" + "\n".join(lines) + "\n"


FILE_MISTAKES = [
    ("a = ?\n", r"not valid TOML: .*line 1"),
    ("x = 1\n", r"expected \[\[template\]\] tables and nothing else, got the keys \['x'\]"),
    (template() + "x = 1\n", r"template 'a': unknown keys \['x'\]; expected"),
    (template(id=None), r"template number 1: id is None; expected \[a-z0-9_\]\+"),
    (template(id="A b"), r"template number 1: id is 'A b'"),
    (template(target=None), r"template 'a': target is None; expected a string"),
    (template(kind="foward"), r"template 'a': unknown kind 'foward': did you mean 'forward'"),
    (template(input=" {premise}"), r"input is empty or has white space at its start or end"),
    (template(target="{answer} "), r"target is empty or has white space"),
    (template(input="{premise.x}"), r"input has a stray brace near '\{premise.x\}'"),
    (template(input="{premise} {0} }"), r"input has a stray brace near"),
    (template(input="{{premise}}"), r"input has a stray brace"),
    (template(input="{premise} }{"), r"input has a stray brace"),
    (template(input="{premise} or {options}"), r"\{options\} in the input must stand once and al"),
    (template(target="{answer}\n{options}"), r"target has \{options\}; only the input"),
    (template(input="{premise} {answer}"), r"'forward' has \['answer'\], which give the answer aw"),
    (template(target="{hypothesis}"), r"'forward' lacks \['answer'\]"),
    (template(kind="cot"), r"'cot' lacks \['rationale'\]"),
    (template(target="{rationale} {answer}"), r"then its kind is 'cot', not 'forward'"),
    (template(kind="cot", target="{answer}\n{rationale}"), r"has \{answer\} before \{rationale\}"),
    (template(kind="cot", target="{answer}, for {rationale}"), r"an answer given first"),
    (template(kind="cot", target="{rationale}"), r"'cot' lacks \['answer'\]"),
    (template(kind="cot", target="{rationale} {answer}"), r"nothing to tell where it begins"),
    (template(kind="cot", target="{rationale} So {answer}, {answer}."), r"has \{answer\} 2 times"),
    (template(kind="cot", target="{rationale}\n{rationale}\n{answer}"), r"\{rationale\} 2 times"),
    (template() + template(), r"template 'a': the id is there twice"),
    (template() + template(id="b", input="{premise}\n\n{hypothesis}"), r"'b': says the same as te"),
    (template() + "answers = { entailment = 1 }\n", r"answers is \{'entailment': 1\}; expected"),
]


@pytest.mark.parametrize(("text", "message"), FILE_MISTAKES)
def test_a_mistake_in_a_file_names_file_template_and_mend(tmp_path, text, message):
    path = toys.write(tmp_path, text)
    with pytest.raises(errors.UserError, match=message) as caught:
        template_files.load(path, toys.task_of())
    assert str(path) in str(caught.value)


TASK_MISTAKES = [
    (template(input="{premis}"), r"unknown field 'premis': did you mean 'premise'.*task 'toy'"),
    (template(input="What now?"), r"the input uses no field of task 'toy'"),
    (template(kind="inverted"), r"has to hold a field of task 'toy' that its input lacks"),
    (template(kind="inverted", target="{premise}"), r"has to hold a field of task 'toy' that its"),
    (template(kind="inverted", input="Say something.", target="{hypothesis}"), r"no template of k"),
    (
        template() + "answers = { entailment = 'y' }\n",
        r"answers lack the labels \['not_entailment'",
    ),
    (
        template() + "answers = { entailment = 'no', not_entailment = 'No' }\n",
        r"answers word two labels of task 'toy' the same: \['no', 'no'\]",
    ),
]


@pytest.mark.parametrize(("text", "message"), TASK_MISTAKES)
def test_a_template_that_does_not_fit_the_task_is_an_error(tmp_path, text, message):
    with pytest.raises(errors.UserError, match=message):
        template_files.load(toys.write(tmp_path, text), toys.task_of())


def test_options_and_answers_are_not_for_free_text(tmp_path):
    free = toys.task_of(answers=task.FreeText())
    with pytest.raises(errors.UserError, match=r"has free-text answers and so no \{options\}"):
        template_files.load(toys.write(tmp_path, toys.FORWARD), free)
    with pytest.raises(errors.UserError, match="has answers, but task 'toy' has no fixed labels"):
        template_files.load(toys.write(tmp_path, toys.WORDED), free)


def test_a_file_that_is_not_there_says_so(tmp_path):
    with pytest.raises(
        errors.UserError, match="task 'toy': no template file .*mend Task.templates"
    ):
        template_files.load(tmp_path / "toy.toml", toys.task_of())


def test_the_layout_beside_a_file_is_taken(tmp_path):
    (tmp_path / layouts.FILE).write_text(
        '[[options]]\nname = "stars"\nheader = "Pick: "\nitem = "* {text}"\n'
        '[[few_shot]]\nbetween = " "\nafter = "!"\n'
    )
    layout = template_files.load(toys.write(tmp_path, toys.FORWARD), toys.task_of()).layout
    assert layout.plain.name == "stars"
    assert layout.few_shot == (layouts.Delimiters(between=" ", after="!"),)


def test_a_template_file_that_is_no_toml_file_says_so(tmp_path):
    path = tmp_path / "toy.toml"
    path.mkdir()
    with pytest.raises(errors.UserError, match="toy.toml: cannot be read .Is a directory."):
        template_files.load(path, toys.task_of())
    path.rmdir()
    path.write_bytes(toys.FORWARD.replace("Is this", "caf\xe9").encode("latin-1"))
    with pytest.raises(errors.UserError, match="toy.toml: not valid TOML: 'utf-8' codec can't dec"):
        template_files.load(path, toys.task_of())
    path.write_text(toys.FORWARD.replace("is_it_true", "\\ud83d"))
    with pytest.raises(errors.UserError, match="toy.toml: not valid TOML: .*Unicode scalar value"):
        template_files.load(path, toys.task_of())


def test_a_byte_order_mark_and_other_line_ends_are_no_part_of_a_template(tmp_path):
    path = tmp_path / "toy.toml"
    path.write_bytes(b"\xef\xbb\xbf" + toys.FORWARD.replace("\n", "\r\n").encode())
    (template,) = template_files.load(path, toys.task_of()).templates
    assert template.input == "{premise}\nIs this true? {hypothesis}\n\n{options}"
