"""Where findings are gathered while a flow is checked.

Invariant: the severity of a finding is that of its code; one place and code is reported once.
"""

from __future__ import annotations

from collections.abc import Iterable

from flowreason_dsl.codes import severity_of
from flowreason_dsl.diagnostics import Diagnostic, Fix, Label
from flowreason_dsl.source import Source, Span

MOST_FOUND = 2000
"""How many findings are kept. Nobody reads more, and a text of a megabyte can hold a hundred thousand."""


class Findings:
    """A growing list of diagnostics; `source` is the file that is being checked.

    `spared` are flows that are not called unused, because the call that was meant is reported already.
    """

    def __init__(self, source: Source) -> None:
        self.main = source
        self.source = source
        self.found: list[Diagnostic] = []
        self.spared: set[str] = set()
        self._mended: set[tuple[str, int]] = set()
        self._seen: set[tuple[str, str, Span]] = set()

    def add(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        labels: Iterable[Label] = (),
        help: str | None = None,
        fix: Fix | None = None,
    ) -> None:
        """Report a finding in the file that is being checked."""
        where = None if self.source is self.main else self.source
        self.put(Diagnostic(code, message, span, severity_of(code), tuple(labels), help, self._once(fix), where))

    def _once(self, fix: Fix | None) -> Fix | None:
        """A fix, unless another one changes the same place already: all fixes of a text can be made together."""
        if fix is None:
            return None
        place = (self.source.name, fix.span.start)
        if place in self._mended:
            return None
        self._mended.add(place)
        return fix

    def put(self, finding: Diagnostic) -> None:
        """Report a finding that was made elsewhere."""
        if len(self.found) >= MOST_FOUND:
            return
        key = (finding.code, finding.source.name if finding.source else "", finding.span)
        if key not in self._seen:
            self._seen.add(key)
            self.found.append(finding)

    def take(self, finding: Diagnostic) -> None:
        """Report what was found in a piece of Python of the file that is being checked."""
        self.add(finding.code, finding.message, finding.span, help=finding.help, fix=finding.fix)
