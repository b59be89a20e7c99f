"""Settings for all tests."""

import os
import shutil

import pytest

# Most of a test's time would go into compiling tiny models well. Set before jax is imported.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
os.environ.setdefault("JAX_ENABLE_COMPILATION_CACHE", "false")  # else in the user's cache folder


@pytest.fixture(scope="session")
def words():
    """Returns a small vocabulary."""
    from flanlike.batches import vocabulary

    return vocabulary.Vocabulary.train(["Is it so? yes no"] * 20, 300)


@pytest.fixture(scope="module")
def browser():
    """Yields headless Chromium, driven by Playwright, which keeps an event loop running meanwhile.

    It is $CHROMIUM, or Debian's.
    """
    api = pytest.importorskip("playwright.sync_api", reason="needs the extra flanlike[browser]")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium:
        pytest.skip("needs Debian's chromium")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(browser):
    """Returns what opens an address in a browser, and waits for an element there.

    Nothing may go wrong on the page, but what is `expected`, nor be fetched from elsewhere.
    """
    wrong, contexts = [], []

    def open_(address, wait="#predictions[data-ready]", expected=None, **how):
        own = address.partition("#")[0]
        context = browser.new_context(**how)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on(
            "console",
            lambda said: expected is not None and expected in said.text or wrong.append(said.text),
        )
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda asked: asked.url.startswith(own) or wrong.append(asked.url))
        page.goto(address)
        page.wait_for_selector(wait)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture(scope="module")
def tiny():
    """Puts the preset "tiny" there for short runs of train.py, whose vocabulary is soon made."""
    import training_toys

    import train
    from flanlike.models import presets

    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(presets.PRESETS, "tiny", training_toys.MODEL)
        patched.setattr(train, "VOCABULARY_PROMPTS", 200)
        yield


@pytest.fixture(scope="module")
def flags(request, tiny, tmp_path_factory):
    """Returns the flags of a short run of train.py on one task, the module's FEW among them."""
    import training_toys

    folder = tmp_path_factory.mktemp("mixture")
    return [*training_toys.some_mixture(folder, "rte"), *request.module.FEW.split()]
