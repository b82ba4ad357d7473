"""Which sandbox a run gets: the jail where it holds, else monty where it is installed, else none.

Invariant: Python runs unconfined only where `unsafe` was said.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

from flowreason.errors import SandboxError, UsageError
from flowreason.ports import Sandbox, SandboxLimits, SandboxSession

ADVICE = "To run it without a sandbox, for flows you trust only: --unsafe-python, in Python unsafe_python=True."


def choose(preference: str = "auto", *, unsafe: bool = False) -> Sandbox:
    """The sandbox by name: `auto`, `jail`, `monty` or `unsafe`. Starts nothing; `unsafe` allows the last two of them
    to be the unconfined one. Raises `UsageError` for another name."""
    if unsafe or preference == "unsafe":
        if not unsafe:
            raise UsageError(f"the sandbox `unsafe` confines nothing. {ADVICE}")
        from flowreason.sandbox.unsafe import UnsafeSandbox

        return UnsafeSandbox()
    makers: dict[str, Callable[[], Sandbox]] = {
        "jail": _jail,
        "monty": _monty,
        "auto": lambda: FirstThatHolds((_jail, _monty)),
    }
    if preference not in makers:
        raise UsageError(f"there is no sandbox {preference!r}; there are auto, jail, monty and unsafe")
    return makers[preference]()


def _jail() -> Sandbox:
    from flowreason.sandbox.jail import JailSandbox

    return JailSandbox()


def _monty() -> Sandbox:
    if importlib.util.find_spec("pydantic_monty") is None:
        raise SandboxError("pydantic-monty is not installed: pip install 'flowreason[monty]'")
    from flowreason.sandbox.monty import MontySandbox

    return MontySandbox()


class FirstThatHolds:
    """Tries sandboxes in order when the first session is wanted, and stays with the first that holds."""

    def __init__(self, makers: tuple[Callable[[], Sandbox], ...]) -> None:
        self.name = "auto"  # until the first session
        self._makers = makers
        self._chosen: Sandbox | None = None

    async def session(self, limits: SandboxLimits) -> SandboxSession:
        """A session of the first sandbox that holds. Raises `SandboxError` that says why there is none."""
        if self._chosen is not None:
            return await self._chosen.session(limits)
        reasons = []
        for maker in self._makers:
            try:
                sandbox = maker()
                session = await sandbox.session(limits)
            except SandboxError as error:
                reasons.append(str(error))
            else:
                self._chosen, self.name = sandbox, sandbox.name
                return session
        raise SandboxError(f"this flow runs Python, and there is no sandbox: {'; '.join(reasons)}.\n{ADVICE}")

    async def close(self) -> None:
        if self._chosen is not None:
            await self._chosen.close()
