"""A real browser: the machine's own Chromium or Chrome. Nothing is downloaded; without one these tests are skipped."""

import shutil

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: run `make setup-test`")

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Headless, with nothing that a browser does by itself on a network.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


# Of one module alone: playwright keeps an event loop running in its thread, on which every asynchronous test that came
# after it would stumble. (A scope of "package" would last to the end: this folder is none.)
@pytest.fixture(scope="module")
def browser():
    """Start the browser, with a profile of its own that is gone afterwards."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip(f"no browser on PATH: none of {', '.join(NAMES)} (Debian: apt install chromium)")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser):
    """Return a function that opens an address and gives a page; `page.problems` has what went wrong on it so far.

    Problems are errors and warnings of the console (a breach of the Content-Security-Policy is one), errors of scripts,
    and requests that left the page's own origin.
    """
    contexts = []

    def open_(url, width=1280, height=800, scheme="light", js=True):
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, java_script_enabled=js
        )
        contexts.append(context)
        page = context.new_page()
        _watch(page, url)
        page.goto(url)
        return page

    yield open_
    for context in contexts:
        context.close()


def _watch(page, url):
    origin = "file://" if url.startswith("file:") else "/".join(url.split("/")[:3])
    page.problems = []

    def asked(request):
        if not request.url.startswith((origin, "data:", "blob:")):
            page.problems.append(f"a request left for {request.url}")

    page.on("request", asked)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda said: page.problems.append(said.text) if said.type in ("error", "warning") else None)
