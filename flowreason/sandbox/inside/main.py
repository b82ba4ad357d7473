"""The script that a worker starts with: it loads what pieces need, then waits for work.

As a zygote it forks one confined child for each request on its control socket; alone it serves one session on its
standard input and output. Invariant: the zygote itself never runs a piece.
"""

from __future__ import annotations

import json
import os
import sys
import types


def _bootstrap(folders: dict[str, str]) -> None:
    """Make packages importable by folder without running their `__init__`, which load what a worker lacks."""
    for name, folder in folders.items():
        package = types.ModuleType(name)
        package.__path__ = [folder]
        sys.modules[name] = package


def main() -> None:
    """Read the one argument, a JSON object, and serve until the host is gone."""
    settings = json.loads(sys.argv[1])
    folder = settings["flowreason"]
    _bootstrap({
        "flowreason": folder,
        "flowreason.sandbox": os.path.join(folder, "sandbox"),
        "flowreason.sandbox.inside": os.path.join(folder, "sandbox", "inside"),
        "flowreason_dsl": settings["dsl"],
    })  # fmt: skip
    from flowreason.sandbox.inside.clock import install
    from flowreason.sandbox.inside.names import Names
    from flowreason.sandbox.inside.serve import alone
    from flowreason.sandbox.inside.zygote import zygote

    names = Names()
    install()
    sys.argv[:] = [""]
    sys.stderr = None
    if settings["mode"] == "zygote":
        zygote(settings["control"], names)
    else:
        alone(settings["limits"], names)


if __name__ == "__main__":
    main()
