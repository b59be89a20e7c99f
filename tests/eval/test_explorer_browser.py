"""The table of predictions of one evaluation in a real browser."""

import explorer_toys
import pytest


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """The address of a page of one evaluation."""
    path = tmp_path_factory.mktemp("page") / "one.html"
    return explorer_toys.written_page(
        path,
        explorer_toys.version(
            "after",
            explorer_toys.ranked(explorer_toys.RIGHT),
            explorer_toys.ranked([True] * 3, template="other", text="The snow falls."),
            explorer_toys.written(["12", explorer_toys.HOSTILE], ["12", "7"]),
        ),
    )


def test_it_sorts(opened, one):
    page = opened(one)
    assert explorer_toys.status(page) == "11 of 11 predictions, 63.6 % right"
    head = page.get_by_role("columnheader", name="sure")
    head.get_by_role("button").click()
    up = [float(text.split()[0]) for text in explorer_toys.column(page, 5) if text != "–"]
    assert up == sorted(up) and explorer_toys.column(page, 5)[-2:] == ["–", "–"]
    assert head.get_attribute("aria-sort") == "ascending"
    head.get_by_role("button").click()
    down = [float(text.split()[0]) for text in explorer_toys.column(page, 5) if text != "–"]
    assert down == sorted(up, reverse=True)
    assert head.get_attribute("aria-sort") == "descending"
    assert page.evaluate("location.hash") == "#sort=-sure"


def test_it_filters(opened, one):
    page = opened(one)
    for field, choice, hits in (
        ("only", "wrong", 4),
        ("task", "rte", 3),
        ("template", "entail", 3),
        ("only", "right", 3),
        ("only", "", 6),
        ("from", "70", 4),
        ("to", "80", 1),
    ):
        box = page.locator(f"[name={field}]")
        box.fill(choice) if field in ("from", "to") else box.select_option(choice)
        explorer_toys.settled(page, f"{hits} of 11 ")
    assert page.evaluate("location.hash") == "#task=rte&template=entail&from=70&to=80"
    assert explorer_toys.column(page, 3) == ["test-2"]
    page.get_by_role("button", name="show all").click()
    explorer_toys.settled(page, "11 of 11")
    page.locator("[name=only]").select_option("unread")
    explorer_toys.settled(page, "1 of 11")
    assert explorer_toys.column(page, 1) == ["gsm8k"]


def test_a_template_of_another_task_is_asked_no_more(opened, one):
    page = opened(f"{one}#task=rte&template=other")
    assert explorer_toys.status(page).startswith("3 of 11")
    page.locator("[name=task]").select_option("gsm8k")
    explorer_toys.settled(page, "2 of 11")
    assert page.locator("[name=template] option").all_inner_texts() == ["all", "count"]


def test_it_searches_prompts_options_and_answers(opened, one):
    page = opened(one)
    for words, hits in (
        ("SNOW falls", 3),  # in prompts, in any case
        ("falls number 2", 1),  # all words, in any order
        ("12", 1),  # what was written
        ("<b>&amp;", 2),  # letters, not a pattern and not mark-up
        ("nowhere", 0),
        ("", 11),
    ):
        page.locator("[name=q]").fill(words)
        explorer_toys.settled(page, f"{hits} of 11 ")
    page.locator("[name=q]").fill("nowhere")
    explorer_toys.settled(page, "0 of")
    assert page.locator("#predictions tbody").inner_text().strip() == "No prediction is like that."


def test_a_link_opens_what_it_names(opened, one):
    page = opened(f"{one}#task=rte&template=entail&only=wrong&q=number+5&sort=-sure")
    assert explorer_toys.status(page) == "1 of 11 predictions, 0.0 % right"
    form = {name: page.locator(f"[name={name}]").input_value() for name in ("task", "only", "q")}
    assert form == {"task": "rte", "only": "wrong", "q": "number 5"}
    detail = page.locator("tr.detail:visible")  # the only hit is open
    assert detail.locator("pre").first.inner_text() == "Does it follow? Number 5."
    options = [text.strip() for text in detail.locator("table tbody td").all_inner_texts()]
    assert options == ["yes", "1.0 %", "right answer", "no", "99.0 %", "chosen"]
    detail.get_by_role("link", name="link to this prediction").click()
    page.wait_for_function("() => !location.hash.includes('only')")
    assert page.evaluate("location.hash") == "#task=rte&template=entail&row=test-5"
    assert explorer_toys.column(page, 3) == ["test-5"]
    page.get_by_role("link", name="this row under all templates").click()
    page.wait_for_function("() => !location.hash.includes('template')")
    assert explorer_toys.column(page, 3) == ["test-5"]
    page.evaluate("location.hash = '#task=no_such_task&sort=no_such_column'")
    explorer_toys.settled(page, "0 of 11")


def test_an_address_that_makes_no_sense_shows_all(opened, one):
    page = opened(f"{one}#only=hasOwnProperty&sort=constructor&from=x&page=1.5&q=%20&else=1")
    assert explorer_toys.status(page).startswith("11 of 11")
    assert page.locator("[data-part=page]").inner_text() == "page 1 of 1"
    assert page.locator("th[aria-sort=none]").count() == 7


def test_a_browser_that_cannot_unpack_says_so(browser, one):
    page = browser.new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto(one)
    explorer_toys.settled(
        page, "The predictions cannot be unpacked by this browser: DecompressionStream"
    )
    page.close()


def test_one_evaluation_has_no_flips_to_choose(opened, one):
    assert opened(one).locator("[name=only] option[value=flipped]").count() == 0


def test_what_is_hostile_is_shown_letter_by_letter(opened, one):
    page = opened(f"{one}#task=gsm8k")
    for button in page.locator("tr.line button").all():
        button.click()
    texts = page.locator(".detail pre, .line td").all_text_contents()
    assert f"{explorer_toys.HOSTILE} How many?" in texts  # the prompt
    assert texts.count(explorer_toys.HOSTILE) == 2  # the answer, in its line and opened
    assert page.locator("#predictions img, #predictions b, #predictions script").count() == 2
    assert page.title() == "Toy"
    page.goto("about:blank")
    page = opened(f"{one}#task=rte&template=entail&row=test-0")
    page.get_by_text("Template's text").click()
    assert explorer_toys.HOSTILE in page.locator("details pre").text_content()


def test_samples_votes_and_smaller_questions_are_shown(opened, tmp_path):
    cell, prompts = explorer_toys.written(["So 12."], ["12"])
    cell = explorer_toys.replaced(
        cell,
        samples=(("So 12.", "Who knows"),),
        votes=(("12", None),),
        steps=((("How many first?", "Four."),),),
    )
    page = opened(
        explorer_toys.written_page(
            tmp_path / "page.html", explorer_toys.version("x", (cell, prompts))
        )
    )
    folds = page.locator("tr.detail details")
    assert folds.locator("summary").all_inner_texts() == ["Smaller questions (1)", "Samples (2)"]
    assert folds.locator("pre").all_text_contents() == [
        "How many first?\nFour.",
        "vote 12\nSo 12.",
        "no vote\nWho knows",
    ]


def test_it_works_by_keyboard(opened, one):
    page = opened(one)
    page.locator("[name=q]").focus()
    page.keyboard.type("number 3")
    explorer_toys.settled(page, "1 of 11")
    for _ in range(2):
        page.keyboard.press("Tab")  # over "show all" to the first column's head
    assert page.evaluate("document.activeElement.textContent") == "task"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#q=number+3&sort=task"
    page.locator("tr.line button").focus()
    before = page.locator("tr.detail").is_visible()
    page.keyboard.press("Space")
    assert page.locator("tr.detail").is_visible() != before
    button = page.get_by_role("button", name="rte, entail, test-3")  # of many that show a task
    assert button.get_attribute("aria-expanded") == str(not before).lower()
    assert page.locator(f"#{button.get_attribute('aria-controls')}").count() == 1
