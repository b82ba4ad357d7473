"""What a model, a question, a file or a server says is text in the browser, wherever it is shown, whatever stands in it.

Each place shows the same markup; afterwards nothing of it may be an element, have run, or have asked for anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.browser import Browser, Served, served
from tests.end_to_end.command import asked_of
from tests.server import Server, error, ok

MARKUP = (
    "<img src=x onerror=hit()><script>hit()</script><svg onload=hit()></svg><iframe src=//evil.example></iframe>"
    "[a](javascript:hit()) ![b](http://evil.example/b.png) <a href=http://evil.example onclick=hit()>c</a>"
)
LONG = 6000
"""Characters of a request that none of the flow's own questions has: the language is explained in it."""
SEEN = "<img src=x onerror=hit()>"
DRAFT = f'flow f() -> text {{\n  # {MARKUP}\n  x = ask "{MARKUP}"\n  answer y\n}}\n'
FLOW = (
    f'# {MARKUP}\nflow f() -> text {{\n  x = ask "Say it. {MARKUP}"\n'
    f'  more = `x + "{SEEN}"`\n  answer "{{more}} {MARKUP}"\n}}\n'
)
STRANGE = """(seen) => {
  const out = []
  const own = (address) => new URL(address, location.href).origin === location.origin || /^(data:image[/]|blob:)/.test(address)
  const look = (root) => {
    for (const each of root.querySelectorAll('*')) {
      const name = each.localName
      if (['iframe', 'object', 'embed', 'base', 'foreignObject'].includes(name)) out.push(`<${name}>`)
      if (name === 'script' && (root !== document || each.textContent.includes('hit('))) out.push('<script>')
      for (const { name: key, value } of each.attributes) {
        if (key.startsWith('on')) out.push(`${name} ${key}`)
        if (['src', 'href', 'xlink:href', 'action', 'formaction', 'srcdoc'].includes(key) && !own(value)) {
          out.push(`${name} ${key}=${value}`)
        }
      }
      if (each.shadowRoot) look(each.shadowRoot)
    }
  }
  look(document)
  return [...out, ...window.hits]
}"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    drafts = iter([DRAFT, FLOW])

    def answer(body: dict[str, Any]) -> str:
        asks_for_a_flow = len(json.dumps(body)) > LONG
        return f"```flow\n{next(drafts, FLOW)}```" if asks_for_a_flow else MARKUP

    with Server(answer) as made:
        yield made


@pytest.fixture(scope="module")
def app(server: Server, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The app, connected to a model that speaks markup."""
    with served(tmp_path_factory.mktemp("markup"), **asked_of(server.url, PYTHONPATH=str(wheel))) as made:
        yield made


@pytest.fixture
def page(browser: Browser, app: Served) -> Iterator[Any]:
    made = browser.page(apart=True)
    made.add_init_script("window.hits = []; window.hit = () => { window.hits.push('hit') }")
    yield made
    clean(made)
    made.context.close()


def clean(page: Any, *, shows: bool = False) -> None:
    """Nothing on the page is of the markup. `shows`: it can be read there."""
    if shows:
        page.get_by_text(SEEN).first.wait_for()
    assert page.evaluate(STRANGE) == []


def solve(page: Any, app: Served, question: str, ends: str) -> None:
    page.goto(app.url)
    page.locator(".st-key-question-text textarea").fill(f"{question} {MARKUP}")
    page.get_by_text("Inputs, method and limits").click()
    page.locator(".st-key-solve-files input[type=file]").set_input_files(
        {"name": f"note{SEEN}.txt", "mimeType": "text/plain", "buffer": MARKUP.encode()}
    )
    page.get_by_text("given as").wait_for()
    clean(page, shows=True)
    page.locator(".st-key-solve button").click()
    page.locator(".fr .status", has_text=ends).wait_for()


def test_markup_that_got_in_would_be_found_and_could_send_nothing_away(browser: Browser, app: Served) -> None:
    """What the other tests look for can be seen; and what the app tells the browser holds (`flowreason_ui.guard`)."""
    page = browser.page(apart=True)
    page.add_init_script("window.hits = []; window.hit = () => { window.hits.push('hit') }")
    page.goto(app.url)
    page.get_by_role("button").first.wait_for()
    clean(page)
    put = "(markup) => document.body.insertAdjacentHTML('beforeend', markup)"
    page.evaluate(put, f"{MARKUP}<img src=http://evil.example/a>")
    for _ in range(100):  # it is loaded, and what the browser tells arrives, while one waits
        if page.evaluate("window.hits.length") and any("evil.example/a" in fault for fault in browser.faults):
            break
        page.wait_for_timeout(100)
    found = page.evaluate(STRANGE)
    for each in ("<iframe>", "<script>", "img onerror", "svg onload", "a onclick", "a href=http://evil.example", "hit"):
        assert each in found
    told = "\n".join(browser.faults)
    browser.faults.clear()
    page.context.close()
    assert "evil.example/a" in told and not browser.strayed


def test_a_question_a_draft_a_reply_and_a_file_stay_text(page: Any, app: Served, server: Server) -> None:
    solve(page, app, "What is this?", "Answered")
    clean(page, shows=True)
    page.locator("g.node.ask").first.click()
    page.locator(".look h3").wait_for()
    clean(page, shows=True)
    page.locator("g.node.python").first.click()
    clean(page, shows=True)
    page.get_by_role("tab", name="Flow").click()
    page.get_by_role("button", name="Show draft").first.click()
    clean(page, shows=True)
    page.goto(f"{app.url}/runs")
    page.get_by_role("button", name="What is this?").first.wait_for()
    clean(page)


def test_a_table_of_questions_stays_text(page: Any, app: Served) -> None:
    page.goto(f"{app.url}/batch")
    rows = f'question,{SEEN}\n"{MARKUP}",{SEEN}\n"another {MARKUP}",{SEEN}\n'
    page.locator(".st-key-batch-file input[type=file]").set_input_files(
        {"name": f"q{SEEN}.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    )
    page.locator(".st-key-batch-start button").click()
    page.locator(".st-key-file-CSV").wait_for()
    clean(page, shows=True)


def test_an_error_of_a_server_stays_text(page: Any, app: Served, server: Server) -> None:
    server.always(error(400, MARKUP))
    try:
        solve(page, app, "And this?", "Failed")
        clean(page, shows=True)
    finally:
        server.always(ok())
