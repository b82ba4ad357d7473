"""Who sees little, or nothing, or has no mouse: what can be checked of that by rules, on every page, light and dark.

The rules are those of WCAG 2.2 that axe-core knows.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.end_to_end.browser import Browser, Served

AXE = Path(__file__).parents[2] / "ui" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
LOOK = """axe.run(document, {
  resultTypes: ["violations"],
  rules: {
    "label-content-name-mismatch": {enabled: false},  // what stands in a box is cut, and its name says it whole
    "presentation-role-conflict": {enabled: false},   // Streamlit's field for files
  },
}).then((found) => JSON.stringify(found.violations.map((each) => [each.id, each.nodes.map((node) => node.html)])))"""


def faults(page: Any) -> list[Any]:
    """What breaks a rule, light and dark: its name, and where. The page's own policy lets no script in, a debugger's it
    does."""
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
    found: list[Any] = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(500)  # colours go over, and what comes up is faint until it is there
        given = {"expression": LOOK, "awaitPromise": True, "returnByValue": True}
        found += [[scheme, *each] for each in json.loads(session.send("Runtime.evaluate", given)["result"]["value"])]
    return found


def test_the_rules_find_what_breaks_them(browser: Browser) -> None:
    page = browser.page(apart=True)
    page.set_content("<button></button><p style='color: #999'>faint</p>")
    assert {name for _, name, _ in faults(page)} >= {"button-name", "color-contrast"}
    page.context.close()


def test_no_page_breaks_a_rule(browser: Browser, app: Served) -> None:
    page = browser.page(apart=True)
    page.goto(app.url)
    page.get_by_role("button").filter(has_text="guests wrote").first.wait_for()
    assert faults(page) == []
    page.get_by_role("button").filter(has_text="guests wrote").first.click()
    page.locator(".fr .status", has_text="Answered").first.wait_for()
    assert faults(page) == []
    page.locator("g.node[data-node='ask#1']").click()
    page.locator(".frames .frame").first.wait_for()
    assert faults(page) == []
    page.get_by_role("button", name="Try a change").click()
    page.get_by_role("button", name="Change inputs or prompts").click()
    page.get_by_role("dialog").get_by_role("button", name="Close").first.wait_for()
    assert faults(page) == []
    shown = {"runs": "[class*='st-key-open-']", "batch": "h1", "settings": "h2", "edit": ".cm-line"}
    for name, sign in shown.items():
        page.goto(f"{app.url}/{name}")
        page.locator(sign).first.wait_for()
        assert faults(page) == [], name
    page.context.close()
