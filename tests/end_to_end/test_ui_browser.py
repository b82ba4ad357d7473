"""The main paths of the app, from an installed wheel, in a browser that reaches this machine alone: a question is
answered, a step is changed, a run is cancelled and goes on, a page is loaded anew in the middle, two look at one run."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.end_to_end.browser import SECONDS, Browser, Served


def play(browser: Browser, app: Served, words: str, *, apart: bool = False) -> Any:
    """A page on which an example was begun."""
    page = browser.page(apart=apart)
    page.goto(app.url)
    page.get_by_role("button").filter(has_text=words).first.click()
    page.locator(".fr .status").first.wait_for()
    return page


def ended(page: Any, how: str = "Answered") -> None:
    page.locator(".fr .status", has_text=how).first.wait_for(timeout=90_000)


REACHED = """async () => {
  const asked = (address) => fetch(address).then(() => 'reached', () => 'no')
  const socket = (address) => new Promise((done) => {
    const made = new WebSocket(address)
    made.onopen = () => done('reached')
    made.onerror = () => done('no')
  })
  return Promise.all([asked('http://example.com/'), asked('http://192.0.2.1/'), socket('ws://192.0.2.1/')])
}"""


def test_the_browser_of_these_tests_reaches_this_machine_alone(browser: Browser) -> None:
    page = browser.page(apart=True)
    assert page.evaluate(REACHED) == ["no", "no", "no"]
    assert browser.strayed == ["http://example.com/", "http://192.0.2.1/"]
    browser.strayed.clear()
    page.context.close()


def test_an_example_is_answered_and_a_step_of_it_changed(browser: Browser, app: Served, wheel: Path) -> None:
    page = play(browser, app, "guests wrote")
    ended(page)
    page.get_by_text("That is 3 of 10 comments, 30.0 %.").first.wait_for()
    page.locator("g.node[data-node='ask#1']").click()
    page.locator(".frames .frame").nth(9).wait_for()
    page.locator(".frames").press("Home")
    page.get_by_role("button", name="Change this value…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Its value").first.wait_for()
    dialog.get_by_text("true", exact=True).click()
    dialog.get_by_role("button", name="Run with this value").click()
    page.get_by_text("That is 4 of 10 comments, 40.0 %.").first.wait_for(timeout=90_000)
    assert page.get_by_text("That is 3 of 10 comments, 30.0 %.").count()
    assets = wheel / "flowreason_ui" / "assets"
    page.close()
    assert (assets / "run.js").is_file()
    assert "MIT License" in (assets / "THIRD_PARTY.txt").read_text()


def test_a_run_is_cancelled_goes_on_and_outlives_its_page(browser: Browser, app: Served) -> None:
    page = play(browser, app, "inventions in order")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Go on").wait_for()
    address = page.url
    page.reload()
    page.get_by_role("button", name="Go on").wait_for()
    other = browser.page(apart=True)
    other.goto(address)
    other.get_by_role("button", name="Cancel").click()
    ended(other, "Cancelled")
    ended(page, "Cancelled")
    page.get_by_role("button", name="Try a change").wait_for()  # the buttons are those of a run that has ended
    page.get_by_role("button", name="Go on", exact=True).click()
    ended(page)
    page.get_by_text("Answer", exact=True).first.wait_for()
    other.context.close()
    page.close()


def test_two_sessions_run_at_once_and_each_has_its_own(browser: Browser, app: Served) -> None:
    one = play(browser, app, "founding of the")
    two = play(browser, app, "two euros", apart=True)
    ended(one)
    ended(two)
    assert one.url != two.url
    assert "Bologna" in one.content()
    assert "Bologna" not in two.content()
    one.close()
    two.context.close()
    page = browser.page()
    page.goto(f"{app.url}/runs")
    page.get_by_role("button", name="How many years lie between").first.wait_for()
    page.get_by_role("button", name="In how many different ways").first.wait_for()
    page.close()


def addresses(page: Any, app: Served) -> list[str]:
    """What the browser's Back and Forward lead through, without the names of runs."""
    entries = page.context.new_cdp_session(page).send("Page.getNavigationHistory")["entries"]
    return [re.sub(r"=.*", "=", each["url"].removeprefix(app.url)) for each in entries if each["url"] != "about:blank"]


def test_back_and_forward_lead_through_what_was_looked_at_without_half_way_addresses(
    browser: Browser, app: Served
) -> None:
    page = play(browser, app, "guests wrote")
    ended(page)  # by now the run has the name under which it is kept
    page.get_by_role("link", name="Solve").first.click()
    page.locator(".st-key-examples").first.wait_for()
    assert addresses(page, app) == ["/", "/run?run=", "/"]
    page.go_back()
    ended(page)
    page.go_back()
    page.locator(".st-key-examples").first.wait_for()
    page.go_forward()
    ended(page)
    page.get_by_role("link", name="All runs").click()
    page.locator("[class*='st-key-open-'] button").first.click()
    ended(page)
    page.get_by_role("button", name="Try a change").click()
    page.get_by_role("link", name="Open in editor").click()
    page.locator(".cm-content").first.wait_for()
    page.go_back()
    ended(page)
    assert addresses(page, app) == ["/", "/run?run=", "/runs", "/run?run=", "/edit?open="]
    page.close()


ASKS = 'flow f() -> text {\n  who = ask user "Who are you?"\n  answer "Good day, {who}"\n}\n'


def until(met: Callable[[], bool]) -> None:
    """Wait until something is so; looking is not left to the page, whose policy forbids what Playwright needs for it."""
    end = time.monotonic() + SECONDS
    while not met():
        assert time.monotonic() < end, "it did not come to that in time"
        time.sleep(0.05)


TYPED = "() => document.querySelector('textarea[aria-label=\"Your answer\"]')?.value === 'Ada, half ty'"


def test_an_answer_that_is_half_typed_outlives_a_reload_until_it_is_sent(browser: Browser, app: Served) -> None:
    page = browser.page(apart=True)
    page.goto(f"{app.url}/edit")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(ASKS)
    page.locator(".told", has_text="No mistakes").wait_for()
    page.locator(".st-key-edit-run button").click()
    page.get_by_label("Your answer").press_sequentially("Ada, half ty")
    until(lambda: any("asked" in name for name in page.evaluate("Object.keys(sessionStorage)")))
    page.reload()
    until(lambda: page.evaluate(TYPED))
    page.get_by_role("button", name="Answer", exact=True).first.click()
    page.get_by_text("Good day, Ada, half ty", exact=True).first.wait_for()
    kept = page.evaluate("Object.keys(sessionStorage)")
    assert not [name for name in kept if "asked" in name]
    page.context.close()
