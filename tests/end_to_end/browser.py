"""The app in a browser, as a person has it: installed from a wheel, served by a process of its own, looked at with
chromium.

`app` and `browser` are what a test takes; all tests of one process share the app, those of one module the browser.
Invariant: the browser reaches nothing but this machine, and each app has a port and a store of its own.
"""

from __future__ import annotations

import fcntl
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

ROOT = Path(__file__).parents[2]
SECONDS = 60.0
"""How long something may take on a machine that has much else to do."""
ELSEWHERE = re.compile(r"^(?!http://127\.0\.0\.1:|data:|blob:)")
CHROMIUM = os.environ.get("FLOWREASON_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
_SERVE = (
    "import sys; from flowreason_ui.serving import serve; serve(int(sys.argv[1]), browser=False, store=sys.argv[2])"
)


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "FLOWREASON_ASSETS": "required"}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, env=env)


def needs_browser(script: str = "") -> None:
    """Skip where there is no browser, or a script of the checkout was not built."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no chromium here")
    built = pytest.importorskip("flowreason_ui.components", reason="streamlit is not installed").is_built
    if script and not built(script):
        pytest.skip(f"the script {script}.js was not built: cd ui/frontend && npm install && npm run build")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which the package was built and installed, scripts of the app included: once for all processes
    among which the tests are shared out."""
    needs_browser()
    if shutil.which("npm") is None:
        pytest.skip("there is no Node here")
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "wheel"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "site").is_dir():
            _install(folder)
    return folder / "site"


def _install(folder: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    built = _run([*pip, "wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT)])
    if built.returncode:
        pytest.skip(f"the wheel cannot be built here: {built.stderr[-300:]}")
    installed = _run([*pip, "install", "--no-deps", "--target", str(folder / "new"), *map(str, folder.glob("*.whl"))])
    assert installed.returncode == 0, installed.stderr
    (folder / "new").rename(folder / "site")


@pytest.fixture(scope="session")
def app(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The app, without a model."""
    with served(tmp_path_factory.mktemp("app"), PYTHONPATH=str(wheel)) as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser. At the end nothing may have gone wrong in it, and nothing may have been wanted from elsewhere."""
    needs_browser()
    with browsing() as made:
        yield made
        assert not made.strayed, "something was wanted from another machine"
        assert not made.faults


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
    context: Any = None
    strayed: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def page(self, *, apart: bool = False, width: int = 1440, **options: Any) -> Any:
        """A page in a session of the app of its own; `apart`: of another person, who shares nothing with the others.
        Nothing moves by itself, which would be most of the work where pages are drawn without a graphics card."""
        if apart or options or self.context is None:
            made = self.chromium.new_context(**{"reduced_motion": "reduce", **options})
            made.set_default_timeout(SECONDS * 1000)
            made.route(ELSEWHERE, self._refuse)
            if not (apart or options):
                self.context = made
        else:
            made = self.context
        page = made.new_page()
        if "viewport" not in options:
            page.set_viewport_size({"width": width, "height": 900})
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._hear)
        page.on("dialog", self._dialog)
        return page

    def _refuse(self, route: Any) -> None:
        self.strayed.append(route.request.url)
        route.abort()

    def _hear(self, message: Any) -> None:
        """What the browser did not let a page do (`flowreason_ui.guard`)."""
        if "Content Security Policy" in message.text:
            self.faults.append(message.text)

    def _dialog(self, dialog: Any) -> None:
        if dialog.type != "beforeunload":
            self.faults.append(f"a dialog: {dialog.message}")
        dialog.accept()


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser that reaches this machine alone."""
    from playwright.sync_api import sync_playwright

    # What does not go to this machine goes to a proxy that is not there, and no name but its own is known.
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
             "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
             "--proxy-server=http://127.0.0.1:9", "--proxy-bypass-list=127.0.0.1"]  # fmt: skip
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=flags)
        try:
            yield Browser(chromium)
        finally:
            chromium.close()
