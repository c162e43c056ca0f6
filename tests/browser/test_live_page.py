"""The live page in a real browser: it follows the release by itself, and never shows old data as live."""

import pytest
from tests.browser import looks
from tests.browser.live_lab import laboratory

# Far longer than a second, which is what it takes: a busy machine is no failure.
SOON = 15_000


@pytest.fixture
def lab():
    with laboratory() as lab:
        yield lab


def wait_for(page, selector, text):
    page.wait_for_function(
        "([selector, text]) => document.querySelector(selector)?.textContent.includes(text)",
        arg=[selector, text],
        timeout=SOON,
    )


def label_says(page, selector, text):
    page.wait_for_function(
        "([selector, text]) => document.querySelector(selector)?.getAttribute('aria-label').includes(text)",
        arg=[selector, text],
        timeout=SOON,
    )


def in_the_middle(shop):
    shop.step("stage", "what Git says", started=20, ended=18)
    shop.step("shift", "15 % of the users to the canary", started=12, ended=11, weight=15)
    shop.judge("Passed", "no worse than stable", ago=5)
    shop.step("analysis", "the new version beside the stable one")
    shop.weights = {"stable": 85, "canary": 15}
    shop.rates = {("stable", "200"): 160.0, ("canary", "200"): 32.0, ("canary", "500"): 8.0}
    shop.pods.append(("order-canary-xxxxx", "canary", "v2", False))


def test_between_drills_it_says_what_can_be_done(lab, open_page):
    page = open_page(lab.url)
    wait_for(page, "#headline", "No drill is running")
    assert "make drill-canary TWIN=errors" in page.locator("#subline").inner_text()
    assert page.locator("#choices").is_visible()


def test_a_release_is_followed_without_a_reload(lab, open_page):
    page = open_page(lab.url)
    label_says(page, "#asked", "stable 100 %, canary 0 %")
    page.evaluate("window.loadedOnce = true")
    in_the_middle(lab.shop)
    label_says(page, "#asked", "stable 85 %, canary 15 %")
    label_says(page, "#observed", "stable 80 %, canary 20 %")
    wait_for(page, "#headline", "canary-errors: analysis")
    wait_for(page, "#judged", "✓ analysis Passed: no worse than stable")
    wait_for(page, "#rows tr.new", "0 of 1 ready: Not ready")
    wait_for(page, "#rows tr.new td[data-figure=errors]", "✕ 20 %")
    steps = page.locator("#step-list li").all_inner_texts()
    assert [step.split("\n")[1] for step in steps] == ["stage", "shift 15 %", "judged: Passed", "analysis"]
    assert "analysis" in page.locator("#step-list [aria-current=step]").inner_text()
    lab.shop.end("Passed", "RolledBack", "found after 3 s")
    wait_for(page, "#headline", "Passed: canary-errors, the release was rolled back")
    assert page.locator("#sign").inner_text() == "✓"
    assert page.locator("#banner").get_attribute("class") == "panel passed"
    assert page.evaluate("window.loadedOnce")
    assert page.problems == []


@pytest.mark.parametrize(("verdict", "sign"), [("Failed", "✕"), ("Inconclusive", "?"), ("Error", "!")])
def test_a_verdict_has_a_sign_a_word_and_a_colour(verdict, sign, lab, open_page):
    lab.shop.step("stage", started=2, ended=1)
    lab.shop.end(verdict, "")
    page = open_page(lab.url)
    wait_for(page, "#headline", f"{verdict}: canary-errors")
    assert page.locator("#sign").inner_text() == sign
    assert looks.contrast(page) == []


def test_a_drill_that_was_killed_is_not_shown_as_running(lab, open_page):
    lab.shop.step("analysis", started=400)
    page = open_page(lab.url)
    wait_for(page, "#headline", "has told nothing for 6 min")


def test_the_curves_are_drawn_with_a_mark_where_users_moved(lab, open_page):
    in_the_middle(lab.shop)
    page = open_page(lab.url)
    page.wait_for_function("() => document.querySelector('#chart-errors path.new')?.getAttribute('d')", timeout=SOON)
    assert page.locator("#chart-rate path.old").get_attribute("d").count("L") > 100
    assert page.locator("#chart-rate line.shift").count() == 1
    assert "canary 20 %" in page.locator("#chart-errors svg").get_attribute("aria-label")


def test_a_lost_connection_is_said_and_comes_back_by_itself(lab, open_page):
    page = open_page(lab.url)
    wait_for(page, "#connection", "● live")
    lab.stop()
    wait_for(page, "#connection", "connection lost since")
    assert page.evaluate("getComputedStyle(document.querySelector('main')).filter") == "grayscale(1)"
    assert looks.contrast(page) == []
    lab.shop.weights = {"stable": 70, "canary": 30}
    lab.start()
    wait_for(page, "#connection", "● live")
    label_says(page, "#asked", "stable 70 %, canary 30 %")
    assert page.evaluate("getComputedStyle(document.querySelector('main')).filter") == "none"


def test_without_prometheus_the_figures_are_said_to_be_missing_and_the_rest_goes_on(lab, open_page):
    page = open_page(lab.url)
    label_says(page, "#observed", "stable 100 %")
    lab.shop.broken = {"metrics"}
    wait_for(page, "#metrics-trouble", "▲ no figures: Prometheus does not answer")
    label_says(page, "#observed", "stable \N{EN DASH}, canary \N{EN DASH}")
    lab.shop.weights = {"stable": 50, "canary": 50}
    label_says(page, "#asked", "canary 50 %")
    assert page.evaluate("getComputedStyle(document.querySelector('#charts')).filter") == "grayscale(1)"


def test_without_the_api_server_the_last_weights_are_grey(lab, open_page):
    page = open_page(lab.url)
    label_says(page, "#asked", "stable 100 %")
    lab.shop.broken = {"cluster"}
    wait_for(page, "#connection", "▲ the API server does not answer")
    assert page.evaluate("getComputedStyle(document.querySelector('#shares')).filter") == "grayscale(1)"


def test_it_fits_and_can_be_read(lab, open_page):
    in_the_middle(lab.shop)
    page = open_page(lab.url)
    label_says(page, "#asked", "canary 15 %")
    wait_for(page, "#judged", "Passed")
    assert looks.faults(page) == []
    assert page.problems == []


def test_on_a_projector_everything_is_seen_at_once_and_large(lab, open_page):
    in_the_middle(lab.shop)
    page = open_page(lab.url)
    wait_for(page, "#judged", "Passed")
    for width, height in looks.PROJECTORS:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollHeight") <= height
        size = page.evaluate("parseFloat(getComputedStyle(document.querySelector('#rows td')).fontSize)")
        assert size >= height / 36


def test_nothing_moves_while_numbers_change(lab, open_page):
    in_the_middle(lab.shop)
    lab.shop.rates = {("stable", "200"): 7.0, ("canary", "200"): 3.0}
    page = open_page(lab.url)
    wait_for(page, "#rows tr.old", "7.0")
    boxes = "[...document.querySelectorAll('section, #rows td, .stack')]"
    places = f"{boxes}.map((each) => JSON.stringify(each.getBoundingClientRect()))"
    before = page.evaluate(places)
    lab.shop.rates = {("stable", "200"): 1160.0, ("canary", "200"): 2.0, ("canary", "500"): 88.0}
    lab.shop.slow = {"stable", "canary"}
    wait_for(page, "#rows tr.old", "1160")
    assert page.evaluate(places) == before


def test_the_theme_is_toggled_by_a_key_and_kept(lab, open_page):
    page = open_page(lab.url, scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.keyboard.press("d")
    dark = page.evaluate(ground)
    assert dark != light
    page.reload()
    assert page.evaluate(ground) == dark
    page.locator("#theme").click()
    assert page.evaluate(ground) == light


def test_the_keyboard_reaches_everything_and_shows_where_it_is(lab, open_page):
    in_the_middle(lab.shop)
    page = open_page(lab.url)
    wait_for(page, "#headline", "analysis")
    reached = []
    for _ in range(9):
        page.keyboard.press("Tab")
        shown = page.evaluate("getComputedStyle(document.activeElement).outlineStyle !== 'none'")
        assert shown, page.evaluate("document.activeElement.outerHTML")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
    assert reached == [
        "Skip to the release", "Live", "Traces", "Logs", "theme", "step-list", "to-errors", "to-slow", "to-logs"
    ]  # fmt: skip


def test_what_a_drill_tells_is_text_whatever_it_is(lab, open_page):
    evil = "<img src=x onerror=\"document.title='owned'\">"
    lab.shop.step("shift", evil)
    lab.shop.judge("Failed", evil)
    page = open_page(lab.url)
    wait_for(page, "#judged", evil)
    assert page.locator("main img").count() == 0
    assert "owned" not in page.title()
