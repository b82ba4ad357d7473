"""The flow editor in a browser: a mistake is made and mended, nothing typed is lost, markup stays text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.end_to_end.browser import Browser, Served

RUN = ".st-key-edit-run button"
BROKEN = "flow f(n: int = 2) -> int {\n  # 🦉 owls, 🦉🦉\n  doubled = `2 * n`\n  answer dubled\n}\n"


def edit(browser: Browser, app: Served, **options: Any) -> Any:
    page = browser.page(**options)
    page.goto(f"{app.url}/edit")
    page.locator(".cm-content").wait_for()
    page.locator("svg.flowreason [data-node]").first.wait_for()
    return page


def write(page: Any, text: str) -> None:
    """Type a text in place of all that is there, as it is: brackets are not closed."""
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(text)


def text_of(page: Any) -> str:
    return str(
        page.evaluate("""() => {
      const kept = JSON.parse(sessionStorage.getItem('flowreason-editor'))
      return kept.text
    }""")
    )


def test_a_mistake_is_found_mended_and_the_flow_runs(browser: Browser, app: Served) -> None:
    page = edit(browser, app)
    write(page, BROKEN)
    found = page.locator(".finding.f-error")
    found.wait_for()
    assert "Line 4" in found.inner_text()
    marked = page.locator(".cm-lintRange-error")
    marked.wait_for()
    assert marked.inner_text() == "dubled"
    assert page.locator(".stage.stale").count() == 1
    found.locator("button.mend").click()
    page.locator(".told", has_text="No mistakes").wait_for()
    page.locator(".stage:not(.stale)").wait_for()
    assert "answer doubled" in text_of(page)
    page.locator(RUN).click()
    page.get_by_text("Answered").first.wait_for()
    page.close()


def test_the_last_letters_reach_a_button(browser: Browser, app: Served) -> None:
    """What is typed right before a click is what runs."""
    page = edit(browser, app)
    write(page, 'flow f() -> text {\n  answer "first"\n}\n')
    page.locator(".told", has_text="No mistakes").wait_for()
    page.locator(RUN).wait_for()
    page.wait_for_timeout(1500)
    write(page, 'flow f() -> text {\n  answer "the very last"\n}\n')
    page.locator(RUN).click()
    page.get_by_text("Answered").first.wait_for()
    page.get_by_text("the very last", exact=True).first.wait_for()
    page.close()


def test_a_key_runs_what_was_typed(browser: Browser, app: Served) -> None:
    page = edit(browser, app)
    write(page, 'flow f() -> text {\n  answer "by key"\n}\n')
    page.keyboard.press("Control+Enter")
    page.get_by_text("by key", exact=True).first.wait_for()
    page.close()


def test_the_text_outlives_a_reload(browser: Browser, app: Served) -> None:
    page = edit(browser, app)
    write(page, BROKEN)
    page.reload()
    page.locator(".cm-lintRange-error").wait_for()
    assert text_of(page) == BROKEN
    page.close()


def test_half_a_value_outlives_a_reload_and_an_edit_of_the_flow(browser: Browser, app: Served) -> None:
    page = edit(browser, app, apart=True)
    letter = page.locator(".st-key-edit-fields textarea")
    letter.click()
    page.keyboard.type("Dear Sir, we")
    page.wait_for_timeout(400)
    page.reload()
    page.locator(".st-key-edit-fields textarea", has_text="Dear Sir, we").wait_for()
    letter.click()
    page.keyboard.press("End")
    page.keyboard.type(" regret")
    page.locator(".cm-line", has_text="answer short").click()
    page.keyboard.press("Home")
    page.keyboard.type("# ")
    page.wait_for_timeout(1500)
    page.reload()
    page.locator(".cm-line", has_text="# answer short").wait_for()
    page.locator(".st-key-edit-fields textarea", has_text="Dear Sir, we regret").wait_for()
    page.context.close()


def test_undo_goes_on_after_the_page_ran_again(browser: Browser, app: Served) -> None:
    page = edit(browser, app)
    before = text_of(page)
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("# more")
    page.wait_for_timeout(2500)
    page.keyboard.press("Control+z")
    page.wait_for_timeout(300)
    assert text_of(page) == before
    page.close()


def test_a_step_and_its_place_light_each_other_up(browser: Browser, app: Served) -> None:
    page = edit(browser, app)
    page.locator(".node.answer").click()
    assert "answer" in page.locator(".cm-activeLine").inner_text()
    page.locator(".cm-line", has_text="short = ask").click()
    box = page.locator("rect.selected")
    box.wait_for()
    node = page.locator(".node.ask").bounding_box()
    marked = box.bounding_box()
    assert abs((marked["y"] + marked["height"] / 2) - (node["y"] + node["height"] / 2)) < 4
    page.close()


def test_completion_and_hover_say_what_is_known(browser: Browser, app: Served) -> None:
    page = edit(browser, app)
    page.locator(".cm-line", has_text="answer short").click()
    page.keyboard.press("End")
    page.keyboard.press("Control+Backspace")
    page.keyboard.type("sho")
    page.locator(".cm-tooltip-autocomplete li", has_text="short").wait_for()
    page.wait_for_timeout(200)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.locator(".cm-line", has_text="flow summary").get_by_text("letter", exact=True).hover()
    page.locator(".cm-tooltip-hover pre", has_text="letter: text").wait_for()
    page.close()


def test_markup_in_a_flow_stays_text(browser: Browser, app: Served) -> None:
    page = edit(browser, app)
    markup = "<img src=x onerror=alert(1)><script>alert(2)</script><svg onload=alert(3)>"
    write(page, f'# {markup}\nflow f() -> text {{\n  x = ask "{markup}"\n  answer "{markup}" + y\n}}\n')
    page.locator(".finding").first.wait_for()
    write(page, f'# {markup}\nflow f() -> text {{\n  x = ask "{markup}"\n  answer x\n}}\n')
    page.locator(".told", has_text="No mistakes").wait_for()
    page.locator("svg.flowreason .ask").wait_for()
    page.locator(".cm-line .e-set", has_text="x").first.hover()
    page.locator(".cm-tooltip-hover").wait_for()
    assert page.locator("img[src=x]").count() == 0
    assert page.locator(".fr script").count() == 0
    page.close()


def test_it_can_be_read_on_a_narrow_screen(browser: Browser, app: Served) -> None:
    page = edit(browser, app, width=420)
    assert page.locator(".fr.edit.narrow").count() == 1
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 420
    page.close()


def test_a_name_is_renamed_and_followed_and_drafts_of_two_tabs_stay_apart(browser: Browser, app: Served) -> None:
    page = edit(browser, app)
    write(page, '# 🦉 owls\nflow owls(x: text) -> text {\n  owl = ask "🦉 {x}"\n\n  answer owl\n}\n')
    page.locator(".told", has_text="No mistakes").wait_for()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("End")
    page.keyboard.press("F2")
    page.locator(".renaming input").fill("bird")
    page.keyboard.press("Enter")
    page.locator(".cm-line", has_text="answer bird").wait_for()
    page.keyboard.press("F12")
    page.locator(".cm-activeLine", has_text='bird = ask "🦉').wait_for()
    page.wait_for_timeout(400)
    other = page.context.new_page()
    other.goto(f"{app.url}/edit")
    other.locator("svg.flowreason [data-node]").first.wait_for()
    write(other, "flow two() -> int {\n  answer 2\n}\n")
    other.wait_for_timeout(400)
    other.get_by_role("button", name="Drafts").click()
    other.locator(".kept .name", has_text="owls").click()
    other.locator(".cm-line", has_text="answer bird").wait_for()
    other.keyboard.press("Control+Home")
    other.locator(".cm-content").click()
    other.keyboard.type("# tab two ")
    other.wait_for_timeout(400)
    page.reload()
    page.locator(".cm-line", has_text="answer bird").wait_for()
    assert "tab two" not in text_of(page)
    assert "tab two" in text_of(other)
    other.close()
    page.close()


def test_half_a_line_is_not_complained_of_until_a_pause_and_tab_can_be_left(browser: Browser, app: Served) -> None:
    page = edit(browser, app)
    page.locator(".cm-line", has_text="answer short").click()
    page.keyboard.press("End")
    page.keyboard.type("\nx = ask", delay=40)
    page.wait_for_timeout(600)
    assert page.locator(".finding").count() == 0
    assert page.locator(".stage.stale").count() == 0
    page.locator(".finding").first.wait_for()
    page.locator(".stage.stale").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    page.locator(".cm-editor:not(.cm-focused)").wait_for()
    page.wait_for_timeout(2100)  # so long Escape holds
    page.keyboard.press("Shift+Tab")  # who comes by Tab and does nothing goes on by Tab
    page.locator(".cm-editor.cm-focused").wait_for()
    before = page.locator(".cm-content").inner_text()
    page.keyboard.press("Tab")
    page.locator(".cm-editor:not(.cm-focused)").wait_for()
    assert page.locator(".cm-content").inner_text() == before
    page.keyboard.press("Shift+Tab")
    page.locator(".cm-editor.cm-focused").wait_for()
    page.keyboard.press("Home")
    page.keyboard.press("Tab")
    page.locator(".cm-editor.cm-focused .cm-line", has_text=re.compile("^    x = ask")).wait_for()
    page.close()


def test_back_from_the_editor_leads_to_the_run_it_was_opened_from(browser: Browser, app: Served) -> None:
    page = edit(browser, app)
    write(page, 'flow f() -> text {\n  answer "back and forth"\n}\n')
    page.locator(".told", has_text="No mistakes").wait_for()
    page.wait_for_timeout(1200)
    page.locator(RUN).click()
    page.get_by_text("Answered").first.wait_for()
    run = page.url.partition("run=")[2]
    page.goto(f"{app.url}/run?run={run}")
    page.get_by_role("button", name="Try a change").click()
    page.get_by_role("link", name="Open in editor").click()
    page.locator(".cm-line", has_text="back and forth").wait_for()
    page.go_back()
    page.wait_for_url(f"**/run?run={run}")
    page.get_by_text("Answered").first.wait_for()
    page.close()


def test_the_key_that_sends_an_answer_begins_no_other_run(browser: Browser, app: Served) -> None:
    page = edit(browser, app)
    write(page, 'flow f() -> text {\n  who = ask user "Who are you?"\n  answer "good day, {who}"\n}\n')
    page.keyboard.press("Control+Enter")
    page.get_by_label("Your answer").fill("Ada")
    page.get_by_label("Your answer").press("Control+Enter")
    run = page.url.partition("run=")[2]
    page.get_by_text("good day, Ada", exact=True).first.wait_for()
    page.wait_for_timeout(500)
    assert page.url.partition("run=")[2] == run
    page.close()


def test_what_was_run_is_known_after_a_reload_and_what_can_be_undone_on_the_way_back(
    browser: Browser, app: Served
) -> None:
    page = edit(browser, app, apart=True)
    before = text_of(page)
    write(page, 'flow mine() -> text {\n  answer "known"\n}\n')
    page.keyboard.press("Control+Enter")
    page.get_by_text("Answered").first.wait_for()
    page.goto(f"{app.url}/edit")
    page.locator(".cm-line", has_text="flow mine").wait_for()
    page.get_by_role("link", name="Runs").click()
    page.get_by_role("heading", name="Runs").wait_for()
    page.get_by_role("link", name="Edit").click()
    undo = page.locator(".fr.edit button:not([disabled])", has_text="Undo")
    undo.click()
    page.wait_for_timeout(300)
    assert text_of(page) == before
    page.locator(".fr.edit button", has_text="Redo").click()
    page.wait_for_timeout(1200)
    page.get_by_role("button", name="New").click()
    page.locator(".cm-line", has_text="flow summary").wait_for()
    assert page.get_by_role("dialog").count() == 0
    page.context.close()


def test_the_picture_is_saved_as_points_by_the_browser_alone(browser: Browser, app: Served) -> None:
    page = edit(browser, app)
    page.locator(".stage g.node").first.wait_for()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save PNG").click()
    assert saved.value.suggested_filename == "summary.png"
    assert Path(saved.value.path()).read_bytes().startswith(b"\x89PNG")
    page.close()
