"""The app in a browser, as a person has it: served by a process of its own, looked at with chromium.

Invariant: the browser reaches nothing but this machine, and each app has a port and a store of its own.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.end_to_end.command import environment

SECONDS = 30.0
ELSEWHERE = re.compile(r"^(?!http://127\.0\.0\.1:|data:|blob:)")
CHROMIUM = os.environ.get("FLOWREASON_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
_SERVE = (
    "import sys; from flowreason_ui.serving import serve; serve(int(sys.argv[1]), browser=False, store=sys.argv[2])"
)


def needs_browser(script: str) -> None:
    """Skip where there is no browser, or a script of the app was not built."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no chromium here")
    built = pytest.importorskip("flowreason_ui.components", reason="streamlit is not installed").is_built
    if not built(script):
        pytest.skip(f"the script {script}.js was not built: cd ui/frontend && npm install && npm run build")


@dataclass
class Served:
    """An app that is being served."""

    url: str
    process: subprocess.Popen[bytes]


@contextmanager
def served(folder: Path, **more: str) -> Iterator[Served]:
    """The app, on a port of its own, with nothing configured but what is given."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (folder / "app.log").open("wb")
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", _SERVE, str(port), str(folder / "runs.db")],
        env=environment(folder, **more), cwd=folder, stdout=log, stderr=log,
    )  # fmt: skip
    try:
        _wait(port, process, folder)
        yield Served(f"http://127.0.0.1:{port}", process)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def _wait(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"the app did not start:\n{(folder / 'app.log').read_text()}")


@dataclass
class Browser:
    """A browser. `strayed` are requests that would have left this machine, `faults` what its pages complained of."""

    chromium: Any
    strayed: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def page(self, **options: Any) -> Any:
        """A page in a session of its own."""
        page = self.chromium.new_context(**{"viewport": {"width": 1440, "height": 900}, **options}).new_page()
        page.set_default_timeout(SECONDS * 1000)
        page.route(ELSEWHERE, self._refuse)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("dialog", self._dialog)
        return page

    def _refuse(self, route: Any) -> None:
        self.strayed.append(route.request.url)
        route.abort()

    def _dialog(self, dialog: Any) -> None:
        if dialog.type != "beforeunload":
            self.faults.append(f"a dialog: {dialog.message}")
        dialog.accept()


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser that reaches this machine alone."""
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
             "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]  # fmt: skip
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=flags)
        try:
            yield Browser(chromium)
        finally:
            chromium.close()
