"""The flowchart in a browser: how large it opens, what fits, keys, wheel and fingers, and what is saved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from flowreason.engine.events import Event
from flowreason.graph.lower import lower
from flowreason.graph.model import Graph
from flowreason_dsl import parse
from flowreason_dsl.check import check
from tests.end_to_end.browser import Browser, browsing, needs_browser
from tests.end_to_end.drawn import hear, live_of, shown

SVG = "{http://www.w3.org/2000/svg}"
LONG = """
flow a_flow_with_a_long_name(first_parameter: text, second: "one" | "two" | "three" | "four and more") -> text {
  wide_name_of_a_value: "positive" | "negative" | "neutral" = ask "WWWWWWWWWWWWWWWWWWWWWWWW {first_parameter} 漢字漢字漢字"
  emoji = ask "😀👩‍👩‍👧‍👦 {second}" ensure `len(emoji) > 3 and len(emoji) < 100000`, "no blanks"
  rows: list[text] = for entry_of_the_list, number in `[(each, n) for n, each in enumerate(emoji) if each > "W"]` {
    if `entry_of_the_list.startswith("WWWWWWWW") or number % 2 == 0` { yield ask "Short {entry_of_the_list}" }
    else { yield "{emoji} and {second}" }
  }
  sure = ask user "Is {wide_name_of_a_value} so?"
  answer ask "<b>{sure}</b> of {rows}"
}
"""
STATES = ("✓ done · 12 times · 123.4 s · 12,345 tokens · 3 free", "▶ running · 12 of at most 100 rounds · 1,234 failed")
OVERFLOWS = """() => {
  const out = []
  const apart = (a, b) => a.x >= b.x + b.width - 1 || b.x >= a.x + a.width - 1 || a.y >= b.y + b.height - 2 || b.y >= a.y + a.height - 2
  const shapes = []
  for (const group of root.querySelectorAll('.drawing > g[data-node]')) {
    const box = group.querySelector('.shape, .band').getBBox()
    shapes.push(box)
    for (const text of group.querySelectorAll(':scope > text')) {
      const { x, width, y, height } = text.getBBox()
      const fits = x >= box.x + 2 && x + width <= box.x + box.width - 2 && y >= box.y - 1 && y + height <= box.y + box.height + 3
      if (text.textContent && !fits) out.push(text.textContent)
    }
  }
  const labels = [...root.querySelectorAll('.drawing > text.label, .drawing .flow > text')]
  for (const text of labels) if (shapes.some((shape) => !apart(text.getBBox(), shape))) out.push(text.textContent)
  return out
}"""
PLACE = "() => root.querySelector('.stage > svg').style.transform"


def graph_of(text: str) -> Graph:
    return lower(check(parse(text)))


def chain(count: int) -> Graph:
    steps = "".join(f'  s{n + 1} = ask "{{s{n}}}?"\n' for n in range(count))
    return graph_of(f"flow long(s0: text) -> text {{\n{steps}  answer s{count}\n}}\n")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    needs_browser("run")
    with browsing() as made:
        yield made
        assert not made.faults


@pytest.fixture
def page(browser: Browser) -> Iterator[Any]:
    made = browser.page()
    yield made
    made.close()


def scale(page: Any) -> float:
    return float(re.findall(r"scale\(([\d.]+)\)", page.evaluate(PLACE))[0])


def test_no_text_leaves_its_box_and_no_label_lies_on_one(page: Any) -> None:
    shown(page, live_of(graph_of(LONG)))
    things = page.evaluate(
        "() => [...root.querySelectorAll('g[data-node]')].map((g) => `${g.dataset.flow}:${g.dataset.node}`)"
    )
    for number, text in enumerate(STATES):
        state = ("done", "running")[number]
        told = {key: [state, text, ""] for key in things}
        hear(page, [{
            "kind": "states", "full": True, "things": told, "lit": [], "running": [], "at": 1, "of": 1, "live": True,
            "over": False, "time": 0, "until": 0, "run": {"numbers": "", "limit": ""}, "status": "running", "told": "",
        }])  # fmt: skip
        assert page.evaluate(OVERFLOWS) == []


def test_a_long_flow_opens_large_enough_to_be_read_and_fit_shows_all(page: Any) -> None:
    shown(page, live_of(chain(30)))
    assert scale(page) >= 0.75
    assert page.locator("g.input").bounding_box()["y"] > 0
    page.get_by_role("button", name="Fit").click()
    page.wait_for_function(f"() => Number(/scale\\(([\\d.]+)/.exec(({PLACE})())[1]) < 0.4")


def test_arrows_go_along_the_lines_and_each_box_has_a_name(page: Any) -> None:
    graph = graph_of(
        'flow f(a: text) -> text {\n  b = ask "b {a}"\n  c = ask "c {a}"\n  d = ask "d {b}"\n  answer "{c} {d}"\n}'
    )
    shown(page, live_of(graph))
    stage = page.locator(".stage")
    heads = []
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown"):
        stage.press(key)
        active = stage.get_attribute("aria-activedescendant")
        heads.append(page.locator(f"#{active}").get_attribute("aria-label"))
    assert heads[0] == "what the flow is given: a, not begun yet"
    assert heads[1] in ("asks the model: b, not begun yet", "asks the model: c, not begun yet")
    assert heads[-1] == "the answer: answer, not begun yet"
    assert page.get_by_role("button", name="asks the model: d").count() == 1
    stage.press("Escape")
    assert stage.get_attribute("aria-activedescendant") is None


def test_the_wheel_is_the_pages_until_the_chart_is_clicked(page: Any) -> None:
    shown(page, live_of(chain(30)), height=700, below=3000)
    before = page.evaluate(PLACE)
    page.mouse.move(300, 300)
    page.mouse.wheel(0, 200)
    page.wait_for_function("() => scrollY > 100")
    assert page.evaluate(PLACE) == before
    page.evaluate("() => scrollTo(0, 0)")
    page.mouse.click(40, 500)
    page.mouse.wheel(0, 200)
    page.wait_for_function(f"(before) => ({PLACE})() !== before", arg=before)
    assert page.evaluate("() => scrollY") == 0


def swipe(page: Any, by: int) -> None:
    session = page.context.new_cdp_session(page)
    at = [{"x": 200, "y": 300}]
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": at})
    for step in range(1, 11):
        moved = [{"x": 200, "y": 300 + by * step // 10}]
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": moved})
        page.wait_for_timeout(16)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_timeout(300)


def test_a_finger_moves_the_chart_and_at_its_edge_the_page(browser: Browser) -> None:
    page = browser.page(viewport={"width": 420, "height": 800}, has_touch=True, is_mobile=True)
    shown(page, live_of(chain(30)), height=700, above=150, below=3000)
    page.evaluate("() => scrollTo(0, 100)")
    before = page.evaluate(PLACE)
    swipe(page, -150)  # there is more of the chart below
    assert page.evaluate(PLACE) != before
    assert page.evaluate("() => scrollY") == 100
    page.get_by_role("button", name="Fit").click()
    page.wait_for_timeout(500)
    swipe(page, -150)  # all of it is seen
    assert page.evaluate("() => scrollY") > 150
    page.close()


def test_the_hint_that_there_is_more_lies_on_nothing_and_goes_with_fit(browser: Browser) -> None:
    page = browser.page(viewport={"width": 420, "height": 800})
    shown(page, live_of(chain(30)))
    hint = "() => Number(getComputedStyle(root.querySelector('.stage > .shades'), '::after').opacity)"
    page.wait_for_function(f"() => ({hint})() === 1")
    stage = page.locator(".stage").bounding_box()
    assert page.locator("g[data-node='s0']").bounding_box()["y"] > stage["y"] + 40
    page.get_by_role("button", name="Fit").click()
    page.wait_for_function(f"() => ({hint})() === 0")
    page.close()


def test_the_slider_stays_where_it_is_when_one_goes_back(browser: Browser) -> None:
    page = browser.page(viewport={"width": 420, "height": 800})
    shown(page, live_of(chain(3)))
    page.locator(".fr.narrow").wait_for()
    states = {
        "kind": "states", "full": True, "things": {}, "lit": [], "running": [], "at": 9, "of": 9, "over": True,
        "time": 5.31, "until": 5.31, "told": "the answer is there", "status": "answered", "sign": "✓", "words": "Answered",
        "run": {"numbers": "6 calls · 12 calls saved · 4,848 tokens · 5.3 s", "spent": "", "limit": "", "seconds": 5.31},
    }  # fmt: skip
    places, hints = [], []
    for more in ({"live": True}, {"live": False, "at": 4, "time": 4.46, "words": "Running, first steps already run"}):
        hear(page, [states | more])
        places.append(page.get_by_role("slider", name="place in the run").bounding_box())
        hints.append(page.locator(".hint").text_content())
    assert places[0] == places[1]
    assert hints == ["The run ended before there was a flow to draw.", "At this moment there was no flow yet."]
    assert page.get_by_role("button", name="Back to the end").count() == 1
    page.close()


def test_what_is_saved_is_what_is_seen_and_nothing_foreign(page: Any) -> None:
    graph = graph_of(LONG)
    events = [
        Event(0, 0.0, "run.started", data={"entry": "a_flow_with_a_long_name"}),
        Event(1, 0.1, "node.started", "main", "emoji"),
        Event(2, 0.2, "node.failed", "main", "emoji", {"error": "no"}),
    ]
    shown(page, live_of(graph, events))
    page.get_by_role("button", name="Save").click()
    with page.expect_download() as caught:
        page.get_by_role("button", name="SVG").click()
    assert caught.value.suggested_filename == "a_flow_with_a_long_name.run.svg"
    root = ET.parse(caught.value.path()).getroot()  # noqa: S314 - our own
    assert {each.tag.removeprefix(SVG) for each in root.iter()} == {
        "svg",
        "g",
        "rect",
        "path",
        "text",
        "tspan",
        "title",
        "style",
    }
    assert any("s-failed" in each.get("class", "") for each in root.iter(f"{SVG}g"))
    assert ".s-failed" in (root.find(f"{SVG}style").text or "")  # type: ignore[union-attr]
    assert not any(name.startswith("on") or "href" in name for each in root.iter() for name in each.attrib)
    page.get_by_role("button", name="Save").click()
    with page.expect_download() as caught:
        page.get_by_role("button", name="PNG").click()
    assert caught.value.suggested_filename == "a_flow_with_a_long_name.run.png"
    assert caught.value.path().read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_another_chart_keeps_the_place_and_what_is_selected(page: Any) -> None:
    live = live_of(chain(30))
    viewer = shown(page, live)
    page.locator("g[data-node='s2']").click()
    page.get_by_role("button", name="larger").click()
    page.wait_for_timeout(400)
    before = page.evaluate(PLACE)
    live.graph = chain(28)
    live.text = live.graph.source.text
    hear(page, viewer.news(5.0))
    page.locator("g[data-node='s29']").wait_for(state="detached")
    assert page.evaluate(PLACE) == before
    assert page.locator(".selected").count() == 1
