"""The page in a real browser: headless Chromium, driven by Playwright."""

import dataclasses

import editing_toys as toys
import explorer_toys
import pytest
from asking_toys import Echo
from model_toys import DECODER

from eval import page as report_page
from flanlike import errors, models
from flanlike.asking import answering
from flanlike.runs import loading

pytest.importorskip("uvicorn", reason="needs the extra flanlike[workbench]")

HOSTILE = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"


@pytest.fixture
def folder(tmp_path):
    """Returns the folder of the templates that may be saved."""
    (tmp_path / "templates").mkdir()
    return tmp_path / "templates"


class Broken(Echo):
    def answer(self, question, how, *, tell, **more):
        tell("So ")
        raise errors.UserError("it is <b>broken</b>")


@pytest.fixture
def endless():
    return toys.Endless()


@pytest.fixture
def served(folder, tmp_path, words, endless):
    """Returns the address of the page: toy tasks, a toy model with its report, and others."""
    shape = dataclasses.replace(DECODER, vocab_size=words.size)
    loaded = loading.Loaded(model=models.build(shape, seed=3), words=words, step=None)
    version = explorer_toys.version("toy", explorer_toys.ranked([True, False]))
    explorer_toys.written_page(tmp_path / "report.html", version)
    answerers = [answering.Answerer(loaded, "toy"), endless, Broken("broken")]
    models_ = toys.models(answerers, [tmp_path, folder, folder])
    with toys.Served(toys.laid(folder), models_, style=report_page.STYLE) as address:
        yield address


@pytest.fixture
def opened(served, opened):
    """Returns what opens the page; that somebody has changed a file is no mistake of its own."""

    def open_(hash_="", **how):
        return opened(served + hash_, "body[data-ready]", expected="409 (Conflict)", **how)

    return open_


def test_a_template_is_found_edited_saved_and_asked_by_keyboard(opened, folder):
    before = (folder / "nli.toml").read_text()
    page = opened()
    page.get_by_label("find").fill("rt")
    assert page.locator("#tasks a").all_inner_texts() == ["rte"]
    page.keyboard.press("Tab")  # the cluster
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    first = page.locator("article[data-template=is_this_true]")
    first.wait_for()
    shown = first.locator("pre").inner_text()
    assert "\nIs this true? " in shown
    page.locator("input[name=row]").press("ArrowUp")
    page.wait_for_url("**row=1**")

    page.get_by_role("button", name="edit is_this_true").press("Enter")
    text = page.get_by_label("input: what the model reads")
    old = text.input_value()
    text.fill(old.replace("{premise}", "{premis}"))
    problem = page.locator(".problems li")
    problem.wait_for()
    assert "unknown field 'premis': did you mean 'premise'" in problem.inner_text()
    assert page.get_by_role("button", name="save", exact=True).is_disabled()
    new = f"{HOSTILE} {old}".replace("Is this true?", "Is that so?")
    text.fill(new)
    page.get_by_text("the checks find nothing wrong").wait_for()
    drafts = page.locator(".prompts pre").all_inner_texts()
    assert len(drafts) == 3 and all(f"{HOSTILE} " in draft for draft in drafts)
    with (folder / "nli.toml").open("a") as file:
        file.write("# Somebody else's.\n")
    before += "# Somebody else's.\n"
    text.press("Control+s")
    page.get_by_role("button", name="load the file again").click()
    page.get_by_text("loaded again: what you wrote is still here").wait_for()
    assert (folder / "nli.toml").read_text() == before and text.input_value() == new
    page.keyboard.press("Control+s")
    page.get_by_text("saved: is_this_true in nli.toml").wait_for()
    after = (folder / "nli.toml").read_text()
    assert after.partition('"is_this_true"')[0] == before.partition('"is_this_true"')[0]
    rest = '[[template]]\nid = "options_then_question"'
    assert after.partition(rest)[2] == before.partition(rest)[2]
    assert "Is that so?" in first.locator("pre").first.inner_text()

    page.get_by_role("button", name="ask is_this_true").press("Enter")
    page.get_by_label("tokens at most").fill("4")
    page.get_by_label("beside it").select_option("toy")
    page.get_by_label("the prompt").press("Control+Enter")
    sides = page.locator(".sides > section")
    sides.nth(1).locator("table").wait_for()
    sides.nth(0).locator("table").wait_for()
    for side in sides.all():
        shares = map(float, side.locator("td:nth-child(2)").all_inner_texts())
        assert sum(shares) == pytest.approx(1, abs=0.002)
    assert page.title() == "rte · Workbench" and page.locator("main img").count() == 0


def test_an_answer_is_shown_while_it_is_written_and_can_be_stopped(opened, endless):
    page = opened("#task=rte")
    page.get_by_role("button", name="ask is_this_true").press("Enter")
    page.locator("select[name=first]").select_option("endless")
    focused = "() => document.activeElement.textContent"
    page.get_by_role("button", name="ask", exact=True).press("Enter")
    page.wait_for_function("() => document.querySelector('.answer')?.textContent.length > 9")
    assert page.evaluate(focused) == "stop"
    answer = page.locator(".sides > section")
    assert answer.bounding_box()["y"] < 360  # of 720: there is room for what comes
    assert answer.get_attribute("aria-busy") == "true"
    # What is being done is read aloud, and the answer once, when it is whole.
    assert answer.locator("[aria-live=polite]").get_by_text("writing …").count() == 1
    assert answer.locator(".answer").get_attribute("aria-live") == "off"
    assert not endless.has_ended.is_set()
    page.keyboard.press("Enter")
    assert endless.has_ended.wait(60)
    answer.get_by_text("stopped", exact=True).wait_for()
    assert answer.locator(".answer").inner_text().startswith("on on on")
    assert page.evaluate(focused) == "ask" and answer.get_attribute("aria-busy") is None

    page.locator("select[name=first]").select_option("broken")
    page.get_by_label("the prompt").press("Control+Enter")
    answer.get_by_role("alert").get_by_text("it is <b>broken</b>").wait_for()
    assert answer.locator(".answer").inner_text() == "So "


def test_a_question_that_is_left_is_given_up(opened, endless):
    page = opened("#task=rte")
    page.get_by_role("button", name="ask is_this_true").press("Enter")
    page.locator("select[name=first]").select_option("endless")
    page.get_by_label("the prompt").press("Control+Enter")
    page.locator(".answer").wait_for()
    page.get_by_role("link", name="cb", exact=True).press("Enter")
    assert endless.has_ended.wait(60)
    page.get_by_role("heading", name="cb", exact=True).wait_for()
    assert page.evaluate("() => document.activeElement.id") == "main"  # the menu is listed anew


def test_it_fits_a_telephone_and_opens_a_report_that_cannot_ask_the_server(opened, served):
    page = opened("#task=rte", viewport={"width": 390, "height": 844}, color_scheme="dark")
    page.get_by_role("button", name="edit is_this_true").click()
    page.locator(".prompts pre").first.wait_for()
    assert page.evaluate("() => document.documentElement.scrollWidth") == 390
    assert (
        page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(21, 23, 27)"
    )
    controls = "[...document.querySelectorAll('input, select, textarea')]"
    assert page.evaluate(f"() => {controls}.filter((one) => !one.labels.length).length") == 0
    page.locator(".skip").press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "main"
    assert page.url.endswith("#task=rte")
    page.goto(f"{served}#task=bare")
    page.get_by_text("No rows here: ").wait_for()
    assert page.locator("article pre").inner_text().startswith("{premise}\nIs this true?")
    page.goto(f"{served}reports/0")
    page.wait_for_selector("#predictions[data-ready]")
    assert page.evaluate("() => self.origin") == "null"
