"""The pages of the app, and how one leads to another.

An address names a run by `?run=`: the id under which it is kept, or, where it is not (yet), that of the live run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NoReturn

import streamlit as st

from flowreason_ui.works import works

if TYPE_CHECKING:
    from flowreason_ui.live import Live

RUN: Final = "run"
BATCH: Final = "batch"
EVALUATION: Final = "evaluation"
"""What came of many questions is named so in an address, by its id."""
OPEN: Final = "open"
"""What the editor opens: `library:few_shot`, `example:letter`, `run:ID`."""
TEXT_TO_EDIT: Final = "text-to-edit"
"""Where in a session's state the text is put that the editor is opened with."""
RUN_TO_EDIT: Final = "run-to-edit"
"""Where the id is put of the kept run that the text is of."""


def pages() -> dict[str, Any]:
    """The pages by their names in addresses, in the order of the menu."""
    from flowreason_ui.pages import answers, batch, compare, edit, run, runs, settings, solve

    return {
        "solve": _page(solve.page, "Solve", "solve", default=True),
        "edit": _page(edit.page, "Edit", "edit"),
        "runs": _page(runs.page, "Runs", "runs"),
        "batch": _page(batch.page, "Many questions", "batch"),
        "settings": _page(settings.page, "Settings", "settings"),
        "run": _page(run.page, "Run", "run", visibility="hidden"),
        "answers": _page(answers.page, "Answers", "answers", visibility="hidden"),
        "compare": _page(compare.page, "Compare", "compare", visibility="hidden"),
    }


MENU: Final = ("solve", "edit", "runs", "batch", "settings")
"""The pages that are always one press away."""


def menu() -> None:
    """The menu of a narrow window, where Streamlit would fold its own behind a sign. The style of the app shows it."""
    made = pages()
    with st.container(horizontal=True, key="menu"):
        for name in MENU:
            link(name, made[name].title)


def _page(page: Callable[[], None], title: str, path: str, **more: Any) -> Any:
    return st.Page(page, title=title, url_path=path, **more)


def go(name: str, **query: str) -> NoReturn:
    """Open a page."""
    st.switch_page(pages()[name], query_params=query)


def link(name: str, label: str, icon: str | None = None, **query: str) -> None:
    """A link to a page."""
    st.page_link(pages()[name], label=label, icon=icon, query_params=query or None)


def address(live: Live) -> str:
    """The id of a run, as an address has it."""
    return live.run or live.id


def show(live: Live) -> NoReturn:
    """Open the page of a run."""
    go("run", **{RUN: address(live)})


def shown() -> Live | None:
    """The run that the address names; None where it names none. Raises `UsageError` where there is no such run."""
    live = works().find(st.query_params.get(RUN, ""))
    if live is not None and live.run and st.query_params[RUN] != live.run:
        st.query_params[RUN] = live.run
    return live


def edit(text: str, run: str = "") -> NoReturn:
    """Open a flow in the editor; with a kept run, that run's flow with its files and inputs."""
    st.session_state[TEXT_TO_EDIT], st.session_state[RUN_TO_EDIT] = text, run
    go("edit")
