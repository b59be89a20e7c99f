"""The table of predictions of two evaluations and of more in a real browser."""

import explorer_toys
import pytest


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """The address of a page of two evaluations; the second has a row more."""
    return explorer_toys.written_page_of_two(tmp_path_factory.mktemp("page") / "two.html")


def test_what_flipped_between_two(opened, two):
    page = opened(two)
    assert explorer_toys.column(page, 4)[:2] == ["right → right", "wrong → right"]
    assert explorer_toys.column(page, 4)[-1] == "not asked → wrong"
    for only, hits in (("flipped", 3), ("gained", 3), ("lost", 0)):
        page.locator("[name=only]").select_option(only)
        explorer_toys.settled(page, f"{hits} of 7 ")
    page.locator("[name=only]").select_option("flipped")
    explorer_toys.settled(page, "3 of 7")
    page.locator("tr.line button").first.click()
    titles = page.locator("tr.detail:visible h3").all_inner_texts()
    assert titles == ["Prompt", "Answer base: wrong", "Answer tuned: right"]


NAMED = "<b>&amp;=#"


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """The address of a page of three evaluations, one of them of a name that looks like mark-up."""
    path = tmp_path_factory.mktemp("page") / "three.html"
    answers = ("a", [True, False, True]), (NAMED, [True, True, False]), ("c", [False, True])
    return explorer_toys.written_page(
        path, *(explorer_toys.version(n, explorer_toys.ranked(right)) for n, right in answers)
    )


def test_of_three_the_reader_chooses_two(opened, three):
    page = opened(three)
    assert page.get_by_role("group", name="compare").is_visible()
    chosen = [page.locator(f"[name={name}]") for name in ("first", "second")]
    assert [box.input_value() for box in chosen] == ["a", "c"]
    assert chosen[0].locator("option").all_inner_texts() == ["a", NAMED, "c"]
    assert explorer_toys.column(page, 4) == ["right → wrong", "wrong → right", "right → not asked"]
    assert explorer_toys.status(page) == (
        "3 of 3 predictions; right: a 50.0 % → c 50.0 % of 2 that both have; 1 gained, 1 lost"
    )
    chosen[1].select_option(NAMED)
    explorer_toys.settled(page, f"3 of 3 predictions; right: a 66.7 % → {NAMED} 66.7 %")
    assert explorer_toys.column(page, 4) == ["right → right", "wrong → right", "right → wrong"]
    assert explorer_toys.column(page, 6) == ["yes", "no → yes", "yes → no"]
    page.locator("[name=only]").select_option("lost")
    explorer_toys.settled(page, "1 of 3")
    titles = page.locator("tr.detail:visible h3").all_inner_texts()
    assert titles == ["Prompt", "Answer a: right", f"Answer {NAMED}: wrong"]
    page.get_by_role("link", name="link to this prediction").click()
    page.wait_for_function("() => !location.hash.includes('only')")
    assert [box.input_value() for box in chosen] == ["a", NAMED]  # a link keeps the choice
    page.get_by_role("button", name="show all").click()
    explorer_toys.settled(page, "3 of 3")
    assert [box.input_value() for box in chosen] == ["a", NAMED]


def test_a_link_carries_which_two(opened, three):
    page = opened(f"{three}#first=c&second=a&only=flipped")
    assert explorer_toys.status(page).startswith("2 of 3 predictions; right: c 50.0 % → a 50.0 %")
    page.get_by_role("button", name="swap").click()
    explorer_toys.settled(page, "2 of 3 predictions; right: a")
    assert page.evaluate("location.hash") == "#first=a&second=c&only=flipped"
    page.evaluate("location.hash = 'first=c&second=c'")  # one alone; rows that it was not asked go
    explorer_toys.settled(page, "2 of 2 predictions, 50.0 % right")
    assert explorer_toys.column(page, 4) == ["wrong", "right"]
    page.evaluate("location.hash = 'first=nobody'")
    explorer_toys.settled(page, "3 of 3 predictions; right: a")


def test_which_two_is_chosen_by_keyboard(opened, three):
    page = opened(three)
    page.locator("[name=first]").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "second"
    page.keyboard.press("ArrowUp")
    explorer_toys.settled(page, f"3 of 3 predictions; right: a 66.7 % → {NAMED}")


def test_two_that_share_no_template_have_no_rows_in_line(opened, tmp_path):
    versions = [
        explorer_toys.version(name, explorer_toys.ranked([True], template=name)) for name in "ab"
    ]
    page = opened(explorer_toys.written_page(tmp_path / "page.html", *versions))
    assert explorer_toys.status(page) == "2 of 2 predictions; none has both verdicts"
    page.locator("[name=q]").fill("nowhere")
    explorer_toys.settled(page, "0 of 2")
    assert explorer_toys.status(page) == "0 of 2 predictions"


def test_of_two_there_is_nothing_to_choose(opened, two):
    page = opened(f"{two}#first=tuned")
    assert page.locator("[name=first]").is_hidden()
    assert explorer_toys.column(page, 4)[1] == "wrong → right"
