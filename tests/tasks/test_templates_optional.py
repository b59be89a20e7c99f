"""Fields that may be empty, and what of a template is left out where they are."""

import pytest
import template_toys as toys

from flanlike import errors
from flanlike.prompts import render
from flanlike.tasks import layouts, template_files, templates

TASK = toys.task_of(fields=("title", "text", "series"), optional=("title", "series"))
FULL = {"title": "Mud", "text": "It rains.", "series": "Weather", "label": 0}
LONG = """
[[template]]
id = "long"
kind = "forward"
input = '''
{title}

{text}
From the series {series}.

Is it good?'''
target = "{answer}"

[[template]]
id = "write"
kind = "inverted"
input = '''
Write a story.
Series: {series}'''
target = '''
{title}
{text}'''
"""


def inputs(record, template_id="long", style="instructions", **changes):
    template = template_files.load(changes["path"], TASK).get(template_id)
    return render.render(
        TASK,
        template,
        record,
        layout=layouts.Layout(),
        source="here",
        split="train",
        row_id="0",
        seed=0,
        style=style,
    )


def test_the_line_of_an_empty_field_is_left_out(tmp_path):
    path = toys.write(tmp_path, LONG)
    full = inputs(FULL, path=path)
    assert full.inputs == "Mud\n\nIt rains.\nFrom the series Weather.\n\nIs it good?"
    untitled = inputs(FULL | {"title": ""}, path=path)
    assert untitled.inputs == "It rains.\nFrom the series Weather.\n\nIs it good?"
    assert inputs(FULL | {"series": " "}, path=path).inputs == "Mud\n\nIt rains.\n\nIs it good?"
    bare = inputs(FULL | {"title": "", "series": ""}, path=path)
    assert bare.inputs == "It rains.\n\nIs it good?"
    assert (bare.targets, bare.provenance.template) == ("yes", "long")
    assert full.options == bare.options


def test_the_target_of_an_inverted_template_leaves_it_out_too(tmp_path):
    path = toys.write(tmp_path, LONG)
    bare = inputs(FULL | {"title": "", "series": ""}, "write", path=path)
    assert (bare.inputs, bare.targets) == ("Write a story.", "It rains.")
    assert inputs(FULL, "write", path=path).targets == "Mud\nIt rains."


def test_controls_leave_it_out_too(tmp_path):
    path = toys.write(tmp_path, LONG)
    record = FULL | {"title": ""}
    assert inputs(record, style="inputs-only", path=path).inputs == "It rains.\nWeather"
    assert inputs(record, style="task-name", path=path).inputs == (
        "toy\ntext: It rains.\nseries: Weather"
    )
    options = inputs(record, style="options-only", path=path)
    assert options.inputs.startswith("It rains.\nWeather\n\nOptions:")


def test_of_the_blank_lines_around_what_is_left_out_one_stays():
    def without(text):
        template = templates.Template(id="a", kind="forward", input=text, target="{answer}")
        return template.without(("title",)).input

    assert without("a\n\n{title}\n\nb") == "a\n\nb"
    assert without("a\n{title}\nb") == "a\nb"
    assert without("a\n\n{title}\nb") == "a\n\nb"
    assert without("a\n\nb\n\n{title}") == "a\n\nb"
    assert without("{title}\n\na") == "a"
    assert without("a\n\nSo far:\n{title}\n\nb") == "a\n\nb"  # a label goes with what it labels
    assert without("a\n{a}, said of:\n{title}\nb:\nSo far: {title}") == "a\n{a}, said of:\nb:"
    assert without("a\n\n\nb\n{title}\n  c") == "a\n\n\nb\n  c"


def test_a_template_is_cut_once_for_all_its_records():
    template = templates.Template(
        id="a", kind="forward", input="{title}\n{text}", target="{answer}"
    )
    assert templates.for_record(template, TASK, FULL) is template
    one, two = (
        templates.for_record(template, TASK, FULL | {"title": "", "text": text}) for text in "ab"
    )
    assert one is two


@pytest.mark.parametrize(
    ("input", "target", "kind", "message"),
    [
        (
            "{title}: {text}",
            "{answer}",
            "forward",
            "{title} may be empty in task 'toy' .Task.optional., and then its line is left out, "
            "which holds other fields: '{title}: {text}'; give it a line of its own",
        ),
        ("{title}\\n{series}", "{answer}", "forward", "the input uses no field of task 'toy'"),
        ("{text}", "{title}\\n{answer}", "forward", r"the target has \['title'\], which may be em"),
        ("{text}", "{title}", "inverted", r"has to hold a field of .* its input lacks \(\('text'"),
    ],
)
def test_an_optional_field_where_it_cannot_be_left_out_is_refused(
    tmp_path, input, target, kind, message
):
    text = f'[[template]]\nid = "a"\nkind = "{kind}"\ninput = "{input}"\ntarget = "{target}"\n'
    path = toys.write(tmp_path, LONG + text)
    with pytest.raises(errors.UserError, match=f"template 'a': .*{message}"):
        template_files.load(path, TASK)


def test_a_task_has_a_field_that_is_not_optional():
    for fields, optional in ((("a", "b"), ("b", "a")), (("a", "rationale"), ("rationale",))):
        with pytest.raises(ValueError, match="expected a field that is not, and no rationale"):
            toys.task_of(fields=fields, optional=optional)
