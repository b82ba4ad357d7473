"""The main paths of the app, from an installed wheel, in a browser that reaches this machine alone: a question is
answered, a step is changed, a run is cancelled and goes on, a page is loaded anew in the middle, two look at one run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.browser import CHROMIUM, Browser, Served, browsing, served

ROOT = Path(__file__).parents[2]


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which the package was built and installed, scripts of the app included."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None or shutil.which("npm") is None:
        pytest.skip("there is no chromium, or no Node, here")
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    built = _run([*pip, "wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT)])
    if built.returncode:
        pytest.skip(f"the wheel cannot be built here: {built.stderr[-300:]}")
    installed = _run([*pip, "install", "--no-deps", "--target", str(folder / "site"), *map(str, folder.glob("*.whl"))])
    assert installed.returncode == 0, installed.stderr
    return folder / "site"


@pytest.fixture(scope="module")
def app(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("app"), PYTHONPATH=str(wheel)) as made:
        yield made


@pytest.fixture(scope="module")
def browser(app: Served) -> Iterator[Browser]:
    with browsing() as made:
        yield made
        assert not made.strayed, "something was wanted from another machine"
        assert not made.faults


def play(browser: Browser, app: Served, words: str) -> Any:
    """A page on which an example was begun."""
    page = browser.page()
    page.goto(app.url)
    page.get_by_role("button").filter(has_text=words).first.click()
    page.locator(".fr .status").first.wait_for()
    return page


def ended(page: Any, how: str = "Answered") -> None:
    page.locator(".fr .status", has_text=how).first.wait_for(timeout=60_000)


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
    page.get_by_text("That is 4 of 10 comments, 40.0 %.").first.wait_for(timeout=60_000)
    assert page.get_by_text("That is 3 of 10 comments, 30.0 %.").count()
    assert (wheel / "flowreason_ui" / "assets" / "run.js").is_file()


def test_a_run_is_cancelled_goes_on_and_outlives_its_page(browser: Browser, app: Served) -> None:
    page = play(browser, app, "inventions in order")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Go on").wait_for()
    address = page.url
    page.reload()
    page.get_by_role("button", name="Go on").wait_for()
    other = browser.page()
    other.goto(address)
    other.get_by_role("button", name="Cancel").click()
    ended(other, "Cancelled")
    ended(page, "Cancelled")
    page.get_by_role("button", name="Go on", exact=True).click()
    ended(page)
    page.get_by_text("Answer", exact=True).first.wait_for()


def test_two_sessions_run_at_once_and_each_has_its_own(browser: Browser, app: Served) -> None:
    one, two = play(browser, app, "founding of the"), play(browser, app, "two euros")
    ended(one)
    ended(two)
    assert one.url != two.url
    assert "Bologna" in one.content()
    assert "Bologna" not in two.content()
    one.close()
    page = browser.page()
    page.goto(f"{app.url}/runs")
    page.get_by_text("How many years lie between").first.wait_for()
    page.get_by_text("In how many different ways").first.wait_for()
