"""Pages: what stands in them is data, and those who do not see them can read them too."""

import html
import re

from eval_toys import NASTY, table_cells

from eval import page, plots


def test_data_is_shown_letter_by_letter_in_markdown():
    table = page.Table(header=("x", "y"), rows=[[page.literal(NASTY), "**.5**"]])
    lines = page.to_markdown([table]).splitlines()
    assert len(lines) == 3
    shown, figure = table_cells(lines[2].replace(r"\\", "\0"))
    assert figure == "**.5**"
    plain = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", shown.replace(r"\|", "|"))
    assert plain.replace("\0", "\\").replace("<br>", "\n") == NASTY.replace("\u2028", "\n")
    for mark in ("*", "`", "[", "<b>", "_h", "$", "&"):
        assert re.search(rf"(?<!\\){re.escape(mark)}", shown) is None
    assert "snake_case" in shown
    assert page.to_markdown([page.Bullets(items=[page.literal("1. # - x")])]) == "- 1\\. \\# - x\n"
    assert page.to_markdown([page.Text(text=page.literal("- x"))]) == "\\- x\n"


def test_data_is_shown_letter_by_letter_in_html():
    for block in (
        page.Text(text=f"**{page.literal(NASTY)}**"),
        page.Table(header=("x",), rows=[[page.literal(NASTY)]]),
        page.Fold(title=page.literal(NASTY), hint="", blocks=[]),
        page.Code(text=NASTY),
    ):
        body = page.to_html("", [block]).partition("<main>")[2]
        assert html.unescape(re.search(r"a \|.*j", body, re.DOTALL)[0]) == NASTY
        assert "<b>" not in body and "<code>" not in body
    assert "white-space: pre-wrap" in page.to_html("", [])
    assert ">Yes, " in page.to_html("", [page.Text(text=page.literal("Yes, [1, 2]"))])


def test_tables_and_plots_have_names_for_those_who_do_not_see_them():
    blocks = [
        page.Heading(text=f'**{page.literal("<i>")}** "tasks"'),
        page.Table(header=("x",), rows=[["1"]]),
        page.Figure(name="plot", svg="<svg><svg/></svg>", caption="A plot."),
        page.Figure(name="named", svg='<svg role="img"></svg>', caption="Has a name."),
        page.Fold(title="More", hint="", blocks=[page.Table(header=("y",), rows=[])]),
    ]
    text = page.to_html("", blocks)
    assert re.findall('aria-label="([^"]*)"', text) == [
        *["&lt;i&gt; &quot;tasks&quot;"] * 2,
        "More",
    ]
    assert text.count('tabindex="0"') == 2 and text.count("<svg role") == 2
    assert '<th scope="col">x</th>' in text


def test_a_dollar_in_a_name_is_no_formula():
    svg = plots.held_out(
        [plots.Bar(name="$x^2$", before=None, after=(1, 1, 1), chance=None, majority=None,
                   heuristic=None)]
    )  # fmt: skip
    assert "$x^2$" in svg


def test_markdown_fences_outgrow_what_they_hold():
    assert page.to_markdown([page.Code(text="```")]) == "````\n```\n````\n"
