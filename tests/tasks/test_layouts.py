"""How options are listed, and what the target then says."""

import pytest

from flanlike import errors
from flanlike.tasks import layouts

FEW_SHOT = '[[few_shot]]\nbetween = ""\nafter = ""\n'


def test_options_are_listed_in_the_style_and_answered_by_text_or_label():
    texts = ("yes", "no {label}")
    plain = layouts.OptionStyle()
    assert plain.block(texts) == "Options:\n- yes\n- no {label}"
    assert plain.answers(texts) == texts
    letters = layouts.OptionStyle(
        name="letters", item="({label}) {text}", labels="letters", answer="({label})"
    )
    assert letters.block(texts) == "Options:\n(A) yes\n(B) no {label}"
    assert letters.answers(texts) == ("(A)", "(B)")
    inline = layouts.OptionStyle(
        name="inline", header="Of: ", item="{label} {text}", between=" / ", labels="numbers"
    )
    assert inline.block(texts) == "Of: 1 yes / 2 no {label}"
    assert inline.answers(texts) == texts


@pytest.mark.parametrize(
    ("labels", "block"), [("small", "a) x\nb) y\nc) z"), ("late", "P) x\nQ) y\nR) z")]
)
def test_letters_are_small_or_late(labels, block):
    style = layouts.OptionStyle(name="s", header="", item="{label}) {text}", labels=labels)
    assert style.block("xyz") == block


def test_letters_go_on_after_z():
    letters = layouts.OptionStyle(name="a", item="{label}{text}", labels="letters")
    block = letters.block([""] * 704)
    assert block.split("\n")[26:29] == ["Z", "AA", "AB"]
    assert block.split("\n")[53:55] == ["BA", "BB"]
    assert block.split("\n")[-3:] == ["ZZ", "AAA", "AAB"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"labels": "roman"}, "unknown labels 'roman'"),
        ({"item": "{label} {text}"}, "labels is empty"),
        ({"item": "-"}, "expected {text}, {label} or both"),
        ({"item": "{label}", "labels": "letters"}, "expected {text} in it"),
        ({"item": "{text} {"}, "no other brace"),
        ({"item": "- {txt} or {text}."}, "no other brace"),
        ({"answer": "yes"}, "answer is 'yes'"),
        ({"header": 5}, "header is 5; expected text"),
    ],
)
def test_a_style_that_cannot_be_says_why(values, message):
    with pytest.raises(errors.UserError, match=message):
        layouts.OptionStyle(**values)


@pytest.mark.parametrize(
    "text",
    [
        "",
        FEW_SHOT,
        '[[options]]\nname = "a"\nheadr = "b"\n' + FEW_SHOT,
        '[[options]]\nname = "a"\n',
        'x = 1\n[[options]]\nname = "a"\n' + FEW_SHOT,
        '[[options]]\nname = "a"\n[[options]]\nname = "a"\n' + FEW_SHOT,
        '[options]\nheader = "a"\nbullet = ""\n' + FEW_SHOT,
    ],
)
def test_a_mistake_in_the_file_says_what_is_expected(tmp_path, text):
    path = tmp_path / layouts.FILE
    path.write_text(text)
    with pytest.raises(errors.UserError, match=r"_layout.toml: .*expected \[\[options\]\] tables"):
        layouts.load(path)


def test_an_unknown_style_lists_near_ones():
    with pytest.raises(errors.UserError, match="did you mean 'dashes'"):
        layouts.Layout().style("dahses")


def test_a_file_that_is_no_toml_says_so(tmp_path):
    path = tmp_path / layouts.FILE
    path.mkdir()
    with pytest.raises(errors.UserError, match=r"_layout.toml: cannot be read \(Is a directory\)"):
        layouts.load(path)
    path.rmdir()
    path.write_bytes(b"# caf\xe9")
    with pytest.raises(errors.UserError, match="_layout.toml: not valid TOML: 'utf-8' codec"):
        layouts.load(path)


def test_a_byte_order_mark_is_no_part_of_a_file(tmp_path):
    path = tmp_path / layouts.FILE
    path.write_text('[[options]]\nname = "a"\n' + FEW_SHOT, encoding="utf-8-sig")
    assert layouts.load(path).plain.name == "a"


def test_styles_that_are_only_asked_for_are_known_by_name_and_drawn_never(tmp_path):
    path = tmp_path / "_layout.toml"
    style = '[[{}]]\nname = "{}"\nheader = ""\nitem = "{{text}}"\n'
    path.write_text(style.format("options", "plain") + style.format("asked_options", "exam"))
    path.write_text(path.read_text() + FEW_SHOT)
    found = layouts.load(path)
    assert [each.name for each in found.option_styles] == ["plain"]
    assert found.style("exam") == layouts.OptionStyle(name="exam", header="", item="{text}")
    with pytest.raises(errors.UserError, match="did you mean 'exam'"):
        found.style("exams")
    path.write_text(path.read_text().replace('"exam"', '"plain"'))
    with pytest.raises(errors.UserError, match="have to differ in name"):
        layouts.load(path)


def test_delimiters_are_texts():
    with pytest.raises(errors.UserError, match="between is 5; expected text"):
        layouts.Delimiters(between=5)
