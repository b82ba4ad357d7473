"""The view of a run with plain widgets, for where scripts were not built."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("streamlit")

PROBE = "<img src=x onerror=alert(1)> :red[x] $x$"


def script() -> None:
    import flowreason as fr
    from flowreason_ui.live import Live
    from flowreason_ui.plain import plain_run

    probe = "<img src=x onerror=alert(1)> :red[x] $x$"
    live = Live("a run")
    flow = fr.loads('flow main(xs: list[text]) -> list[text] {\n  ys = for x in xs yield ask "of {x}?"\n  answer ys\n}')
    live.graph, live.text = flow.graph, flow.text
    flow.run(xs=[probe, "b"], provider=fr.ScriptedProvider(lambda _: probe), on_event=live.take)
    live.ended, live.id = "answered", "always the same"
    plain_run(live)


def test_a_run_can_be_looked_at_with_plain_widgets_and_texts_stay_texts() -> None:
    from streamlit.testing.v1 import AppTest

    app: Any = AppTest.from_function(script).run(timeout=20)
    assert not app.exception
    table = app.dataframe[0].value
    assert list(table["kind"]) == ["input", "loop", "ask", "yield", "answer"]
    assert "✓ done · 2 of 2" in table["state"][1]
    app.selectbox[0].select("main:ask#1").run(timeout=20)
    assert not app.exception
    assert PROBE in [each.value for each in app.code]
    assert not any(PROBE in each.value for each in [*app.markdown, *app.caption])
    app.slider[0].set_value(0).run(timeout=20)
    assert set(app.dataframe[0].value["state"]) == {"· waiting"}
