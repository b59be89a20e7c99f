"""One template of a TOML file is changed; every other letter of the file stays."""

import dataclasses
import tomllib

import pytest

from flanlike import errors
from flanlike.editing import splicing
from flanlike.tasks import template_files

FILE = '''# What the file is for.

[[template]]  # the first
id = "first"   # its name
# Why it is worded so.
kind = "forward"
input = """
{premise} # no comment
Is "this" true? {hypothesis}
[[template]]
{options}"""
target = '{answer}'
answers = { entailment = "yes", "not entailment" = "no }" }  # own words

# Of the second.
[[template]]
input = \'\'\'{premise}
say'\'\'\'\'
target = "{answer} \\" # not yet"
id = "second"
kind = "forward"
# The end.
'''
FIRST, SECOND = tomllib.loads(FILE)["template"]


def changed(place, text=FILE, **values):
    old = tomllib.loads(text)["template"][place]
    return splicing.edited(text, place, {"answers": None, **old, **values}, where="toy.toml")


def test_what_does_not_change_changes_nothing():
    assert changed(0) == changed(1) == FILE


def test_a_value_is_replaced_in_its_place():
    assert changed(0, target="It is {answer}.") == FILE.replace("'{answer}'", '"It is {answer}."')
    assert changed(1, id="other") == FILE.replace('id = "second"', 'id = "other"')
    old = '"""\n{premise} # no comment\nIs "this" true? {hypothesis}\n[[template]]\n{options}"""'
    assert changed(0, input="{premise}\n{options}") == FILE.replace(
        old, '"""\n{premise}\n{options}"""'
    )
    assert changed(1, target="{answer}", input="a") == FILE.replace(
        '"{answer} \\" # not yet"', '"{answer}"'
    ).replace("'''{premise}\nsay'''''", '"a"')


def test_answers_come_and_go():
    line = 'answers = { entailment = "yes", "not entailment" = "no }" }  # own words\n'
    assert changed(0, answers=None) == FILE.replace(line, "")
    added = changed(1, answers={"a": "x", "b c": 'say "y"'})
    new = 'kind = "forward"\nanswers = { a = "x", "b c" = "say \\"y\\"" }\n# The end.\n'
    assert added == FILE.replace('kind = "forward"\n# The end.\n', new)


NASTY = [
    'ends in a quote"',
    'two\nlines that end in quotes""',
    'two\nthat end in more """"',
    'three """ quotes\nand \\ a backslash\\',
    "a\ttab, a \x07 bell\nand \x7f, é ☃ \U0001f600",
    "carriage\r\nreturn",
    "\nbegins and ends in breaks\n",
    "",
]


@pytest.mark.parametrize("text", NASTY)
def test_any_text_is_read_back_as_it_was(text):
    found = tomllib.loads(changed(0, input=text, answers={"l": text, text: "w"}))["template"]
    assert found == [{**FIRST, "input": text, "answers": {"l": text, text: "w"}}, SECOND]


def test_a_template_is_added_at_the_end():
    new = {"id": "new", "kind": "forward", "input": "a\nb", "target": "{answer}", "answers": None}
    lines = (
        '[[template]]\nid = "new"\nkind = "forward"\ninput = """\na\nb"""\ntarget = "{answer}"\n'
    )
    assert splicing.appended(FILE, new, where="") == f"{FILE}\n{lines}"
    assert splicing.appended(FILE.rstrip("\n"), new, where="") == f"{FILE}\n{lines}"


def test_the_files_line_breaks_are_kept():
    windows = FILE.replace("\n", "\r\n")
    one = changed(0, windows, input="a\nb")
    assert one.count("\n") == one.count("\r\n") and '"""\r\na\r\nb"""' in one
    assert tomllib.loads(one)["template"][0]["input"] == "a\nb"
    more = splicing.appended(windows, {**SECOND, "id": "new"}, where="")
    assert more.startswith(windows) and more.count("\n") == more.count("\r\n")


@pytest.mark.parametrize(
    "lines",
    [
        '[[template]]\nid = "a"\nanswers.x = "y"\n',
        '[[template]]\nid = "a"\n[template.answers]\nx = "y"\n',
    ],
)
def test_what_is_not_understood_is_refused_and_not_damaged(lines):
    assert changed(0, lines, id="b") == lines.replace('"a"', '"b"')
    with pytest.raises(errors.UserError, match="toy.toml: this template is written in a way"):
        changed(0, lines, answers={"x": "z"})


@pytest.mark.parametrize(
    "path", sorted(template_files.SHIPPED.glob("[!_]*.toml")), ids=lambda p: p.stem
)
def test_a_template_of_each_file_that_ships_can_be_changed_alone(path):
    text = path.read_text("utf-8")
    found = template_files.of_content(path.name, text.encode())
    for place in {0, len(found) // 2, len(found) - 1}:
        values = dataclasses.asdict(found[place])
        marked = splicing.edited(text, place, {**values, "input": "MARK"}, where=path.name)
        before, _, after = marked.partition('"MARK"')
        assert text.startswith(before) and text.endswith(after)
        again = splicing.edited(marked, place, values, where=path.name)
        assert tomllib.loads(again) == tomllib.loads(text)
