"""Builds the scripts of the app when the wheel is built (see ui/frontend/build.py); the repository has none of them."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Assets(BuildHookInterface):  # type: ignore[type-arg]
    """Puts the scripts into the wheel. A checkout that is installed to be changed builds them by `make ui`."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        script = Path(self.root) / "ui" / "frontend" / "build.py"
        spec = importlib.util.spec_from_file_location("flowreason_frontend_build", script)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        reason = module.build()
        if reason and os.environ.get(module.REQUIRED) == "required":
            raise RuntimeError(f"the scripts of the app: {reason}")
        if reason:
            self.app.display_warning(f"the app will use plain widgets: {reason}")
        build_data["artifacts"] += [f"ui/flowreason_ui/assets/{each}" for each in ("*.js", "THIRD_PARTY.txt")]
