"""Where findings are gathered while a flow is checked.

Invariant: the severity of a finding is that of its code; one place and code is reported once; what may follow from a
fault of the text is not reported; however many warnings there are, errors are only left out after other errors.
"""

from __future__ import annotations

from collections.abc import Iterable

from flowreason_dsl.check.doubts import Doubts
from flowreason_dsl.codes import severity_of
from flowreason_dsl.diagnostics import Diagnostic, Fix, Label
from flowreason_dsl.source import NOWHERE, Source, Span
from flowreason_dsl.syntax import Flow

MOST_ERRORS = 100
MOST_OTHERS = 200
"""How many errors, and how many warnings and hints, are kept: a text of a megabyte can hold a hundred thousand."""


class Enough(Exception):
    """There are so many errors that looking for more would help nobody."""


class Findings:
    """A growing list of diagnostics; `source` is the file that is being checked.

    `spared` are flows that are not called unused, because the call that was meant is reported already; `told` are
    places of which enough is said.
    """

    def __init__(self, source: Source, doubts: Doubts | None = None) -> None:
        self.main = source
        self.doubts = doubts or Doubts(Flow((), source=source))
        self.source = source
        self.found: list[Diagnostic] = []
        self.spared: set[str] = set()
        self.told: set[Span] = set()
        self._mended: set[tuple[str, int]] = set()
        self._seen: set[tuple[str, str, Span]] = set()
        self._errors = 0

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
        if where is None and self.doubts.silences(code, span):
            return
        shown = tuple(label for label in labels if label.span != NOWHERE)
        self.put(Diagnostic(code, message, span, severity_of(code), shown, help, self._once(fix), where))

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
        """Report a finding that was made elsewhere. Raises `Enough` with the last error that is wanted."""
        error = finding.severity == "error"
        key = (finding.code, finding.source.name if finding.source else "", finding.span)
        if key in self._seen or (not error and len(self.found) - self._errors >= MOST_OTHERS):
            return
        self._seen.add(key)
        self.found.append(finding)
        self._errors += error
        if self._errors >= MOST_ERRORS:
            raise Enough

    def take(self, finding: Diagnostic) -> None:
        """Report what was found in a piece of Python of the file that is being checked."""
        self.add(finding.code, finding.message, finding.span, help=finding.help, fix=finding.fix)
