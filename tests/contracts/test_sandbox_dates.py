"""Dates are what models compute most: what the standard library loads late for them works in the sandbox too."""

from __future__ import annotations

import pytest

import flowreason as fr


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("datetime.date(1985, 4, 9).strftime('%m/%d/%Y')", "04/09/1985"),
        ("f'{datetime.date(2024, 2, 29):%A, %d %B %Y}'", "Thursday, 29 February 2024"),
        ("datetime.datetime.strptime('Apr 10, 1985', '%b %d, %Y').date().isoformat()", "1985-04-10"),
        ("(datetime.date(2024, 3, 1) - datetime.date(2023, 3, 1)).days", 366),
        ("calendar.month_name[3] + calendar.day_abbr[0]", "MarchMon"),
    ],
)
def test_dates_are_written_and_read(code: str, value: object) -> None:
    result = fr.loads(f"flow when() {{ answer `{code}` }}").run(provider=fr.ScriptedProvider())
    assert result.raise_for_status().value == value
