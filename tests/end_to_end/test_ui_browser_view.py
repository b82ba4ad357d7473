"""The run view in a browser: a run is watched, a step looked into, the slider goes back, and what a person set stays."""

from __future__ import annotations

from typing import Any

import pytest

from tests.end_to_end.browser import Browser, Served

PLACE = """() => {
  const found = (root) => {
    for (const each of root.querySelectorAll('*')) {
      if (each.shadowRoot) {
        const svg = each.shadowRoot.querySelector('.stage > svg')
        if (svg) return svg
      }
    }
  }
  return found(document).style.transform
}"""


@pytest.fixture(scope="module")
def page(browser: Browser, app: Served) -> Any:
    """A page on which the example of the reviews was played to its end."""
    opened = browser.page()
    opened.goto(app.url)
    opened.get_by_role("button").filter(has_text="guests wrote").first.click()
    opened.locator(".source.writing, .fr .status", has_text="").first.wait_for()
    opened.locator(".fr .status", has_text="Answered").wait_for(timeout=60_000)
    return opened


def test_a_step_is_looked_into_and_the_source_lights_up(page: Any) -> None:
    page.locator("g.node[data-node='ask#1']").click()
    frames = page.locator(".frames .frame")
    frames.nth(9).wait_for()
    assert frames.count() == 10
    page.locator(".frames").press("Home")
    page.locator(".frame[aria-selected=true] .where[title='flags 1']").wait_for()
    assert page.locator("dd").first.inner_text().startswith("The view from the terrace")
    page.get_by_role("tab", name="Flow").click()
    page.locator(".row.lit").first.wait_for()
    assert page.locator(".source .in").first.inner_text()
    page.get_by_role("tab", name="Look").click()


def test_the_slider_goes_back_and_the_chart_follows(page: Any) -> None:
    answer = page.locator("g.node.answer")
    assert "s-done" in str(answer.get_attribute("class"))
    slider = page.get_by_role("slider", name="place in the run")
    slider.press("Home")
    page.locator(".top.past .moment", has_text="At 0.0").wait_for()
    page.locator(".hint", has_text="At this moment there was no flow yet").wait_for()
    assert page.locator(".drawing g").count() == 0
    assert "tokens" not in page.locator(".top .numbers").inner_text()
    for _ in range(4):
        slider.press("ArrowRight")
    page.locator(".top .status", has_text="Writing the flow").wait_for()
    page.get_by_role("button", name="Back to the end").click()
    page.locator("g.node.answer.s-done").wait_for()
    page.locator(".top:not(.past) .status", has_text="Answered").wait_for()
    assert "tokens" in page.locator(".top .numbers").inner_text()


def test_the_run_is_played_again(page: Any) -> None:
    page.get_by_role("slider", name="place in the run").press("Home")
    page.locator(".top.past").wait_for()
    page.get_by_role("combobox", name="speed of the replay").select_option("1")
    page.get_by_role("button", name="play", exact=True).click()
    page.get_by_role("button", name="pause", exact=True).wait_for()
    page.locator("g.node.answer.s-done").wait_for()
    page.get_by_role("button", name="play", exact=True).wait_for()


def test_the_timeline_leads_to_a_step_and_to_a_time(page: Any) -> None:
    timeline = page.get_by_role("application", name="timeline")
    slider = page.get_by_role("slider", name="place in the run")
    end = slider.get_attribute("aria-valuetext")
    wide = timeline.bounding_box()["width"]
    tip = page.locator("div.tip")
    for x, y in ((x, y) for y in (42, 58, 26) for x in range(20, int(wide), 12)):
        timeline.hover(position={"x": x, "y": y})
        if tip.is_visible() and "ask" in tip.inner_text():
            break
    assert "ask" in tip.inner_text()
    timeline.click(position={"x": x, "y": y})
    page.locator(".look h3", has_text="ask").wait_for()
    timeline.click(position={"x": wide / 4, "y": 6})
    page.locator(".top.past").wait_for()
    assert slider.get_attribute("aria-valuetext") != end
    slider.press("End")
    page.locator("g.node.answer.s-done").wait_for()


def test_zoom_and_selection_outlive_the_page_running_anew(page: Any) -> None:
    page.locator(".stage").press("0")
    page.locator("g.node[data-node='lines']").click()
    page.get_by_role("button", name="larger").click()
    page.wait_for_timeout(900)
    place = page.evaluate(PLACE)
    page.get_by_role("button", name="Change this value").click()
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    assert page.evaluate(PLACE) == place
    assert page.locator(".flowreason .selected").count() == 1
    assert page.locator(".look h3").inner_text() == "lines"


def test_a_loop_is_closed_and_opened(page: Any) -> None:
    page.locator(".fold").first.click()
    page.locator("g.node.loop[data-node='flags']").wait_for()
    assert page.locator("g[data-node='ask#1']").count() == 0
    page.locator(".fold").first.click()
    page.locator("g[data-node='ask#1']").wait_for()


def test_steps_are_found_by_their_words_and_by_keys(page: Any) -> None:
    page.get_by_role("searchbox", name="find a step").fill("mountain hut")
    page.locator(".hits", has_text="of").wait_for()
    page.get_by_role("searchbox", name="find a step").press("Enter")
    page.locator(".look h3", has_text="ask").wait_for()
    page.get_by_role("searchbox", name="find a step").press("Escape")
    page.locator(".stage").press("ArrowDown")
    page.locator(".look h3", has_text="yield").wait_for()
