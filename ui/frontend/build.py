"""Builds the scripts of the app into the package, where Node is to be had: python ui/frontend/build.py

Without Node the app works with plain widgets, so that a machine without it installs and runs all the same.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ASSETS = HERE.parent / "flowreason_ui" / "assets"
SECONDS = 300
REQUIRED = "FLOWREASON_ASSETS"
"""The variable that makes it an error where they cannot be built: `required`."""


def build() -> str:
    """Build them. Why they were not; empty where they were."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return "Node is not installed"
    try:
        if not all((HERE / "node_modules" / name).is_dir() for name in _needed()):
            _run([npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"])
        _run([node, "build.mjs"])
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        return f"they could not be built: {said.strip()[-600:]}"
    return ""


def _needed() -> list[str]:
    return list(json.loads((HERE / "package.json").read_text(encoding="utf-8"))["devDependencies"])


def _run(command: list[str]) -> None:
    subprocess.run(command, cwd=HERE, check=True, timeout=SECONDS, capture_output=True, text=True)


def main() -> int:
    reason = build()
    if not reason:
        return 0
    print(f"the app will use plain widgets: {reason}", file=sys.stderr)
    return 1 if os.environ.get(REQUIRED) == "required" else 0


if __name__ == "__main__":
    sys.exit(main())
