"""What is opened in the editor: by its address (`?open=library:few_shot`), by another page, or under "Open".

Invariant: what was typed is not thrown away unasked, and an address opens what it names once in a session.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import streamlit as st

from flowreason import library
from flowreason.errors import FlowreasonError, UsageError
from flowreason.examples_catalog import catalog
from flowreason.library.titles import title
from flowreason.resuming import the_store
from flowreason_ui import places
from flowreason_ui.drafting import (
    DRAFT,
    EXAMPLE,
    LIBRARY,
    RUN,
    Draft,
    begun,
    from_example,
    from_files,
    from_library,
    from_run,
    taken,
)
from flowreason_ui.escape import escaped, label, one_line
from flowreason_ui.saving import file_name
from flowreason_ui.telling import fault, title_of, when
from flowreason_ui.works import works

OPENED: Final = "edit-opened"
"""Where the text is kept that was opened last: what differs from it was typed."""
KEPT: Final = "edit-kept"
"""Where the text is kept that was downloaded or run last: it can be had again."""
_NAMED: Final = "edit-named"
"""Where it is kept which draft the address named last."""
_WANTED: Final = "edit-wanted"
_COMPLAINT: Final = "edit-complaint"
KEPT_IN_BROWSER: Final = "If you leave it, only this browser has it, under Drafts."
MOST_RUNS: Final = 30
_KINDS: Final = {"example": "example", "library": "flow of the library"}


# --- what stands in the editor ---


def current() -> Draft:
    """What stands in the editor, or what was put there to be opened."""
    given = st.session_state.pop(places.TEXT_TO_EDIT, None)
    if isinstance(given, Draft):
        _put(given)
    elif isinstance(given, str):
        _put(_of_run(str(st.session_state.pop(places.RUN_TO_EDIT, "")), given))
    named = st.query_params.get(places.OPEN, "")
    if named and named != st.session_state.get(_NAMED):
        st.session_state[_NAMED] = named
        try:
            _put(named_draft(named))
        except FlowreasonError as error:
            st.session_state[_COMPLAINT] = str(error)
    if DRAFT not in st.session_state:
        st.session_state[DRAFT] = begun()
        st.session_state[OPENED] = st.session_state[DRAFT].text.strip()
    found: Draft = st.session_state[DRAFT]
    return found


def _put(draft: Draft) -> None:
    st.session_state[DRAFT] = draft
    st.session_state[OPENED] = draft.text.strip()
    st.session_state.pop(_COMPLAINT, None)


def named_draft(named: str) -> Draft:
    """What an address names. Raises `FlowreasonError` where there is none of that name."""
    kind, _, name = named.partition(":")
    try:
        if named.startswith(EXAMPLE):
            return from_example(name).unread()
        if named.startswith(LIBRARY):
            return from_library(name).unread()
    except UsageError:
        raise UsageError(f"There is no {_KINDS[kind]} called {one_line(name, 60)}.") from None
    if not named.startswith(RUN):
        raise UsageError("This address names no flow that can be opened.")
    draft = from_run(works().ask(works().kept(name)))
    if not draft.text:
        raise UsageError("This run kept no flow.")
    return draft.unread()


def _of_run(run: str, text: str) -> Draft:
    """The flow of a kept run; its text alone where the run cannot be had."""
    try:
        draft = from_run(works().ask(works().kept(run))) if run else Draft(text)
    except FlowreasonError:
        return Draft(text)
    return draft if draft.text else Draft(text)


def complaint() -> None:
    """Say why what the address names was not opened."""
    told = st.session_state.get(_COMPLAINT, "")
    if told:
        st.warning(escaped(fault(told)), icon=":material/link_off:")


def typed(draft: Draft, said: object) -> Draft:
    """The draft with what was typed since; one that the browser kept, where that was chosen, and no address then."""
    found = taken(draft, said)
    if found.epoch != draft.epoch:
        _put(found)
        st.query_params.clear()
        st.session_state.pop(_NAMED, None)
        st.rerun(scope="app")  # the browser was told of the text before
    if draft.fresh and found is not draft and was_safe(said):
        keep(found.text)
    return found


def was_safe(said: object) -> bool:
    """Whether the browser knows of what it kept over a reload that it was run or downloaded as it is."""
    before = said.get("restored") if isinstance(said, Mapping) else None
    return isinstance(before, Mapping) and before.get("safe") is True


# --- opening another ---


def replace_by(draft: Draft) -> None:
    """Open another flow; what was typed is not thrown away unasked."""
    if is_kept(st.session_state[DRAFT].text):
        _open(draft)
    st.session_state[_WANTED] = draft
    st.session_state["edit-openings"] += 1  # what is open would lie over the question
    st.rerun(scope="app")


def keep(text: str) -> None:
    """A text was downloaded or run: it can be had again."""
    st.session_state[KEPT] = text.strip()


def is_kept(text: str) -> bool:
    """Whether a text can be had again: as what was opened, downloaded, or run."""
    return text.strip() in ("", st.session_state.get(OPENED), st.session_state.get(KEPT))


def ask_first(*, drafts: bool) -> None:
    """Ask whether what was typed may be left, where another flow is to be opened. `drafts`: the browser keeps it."""
    wanted = st.session_state.pop(_WANTED, None)
    if isinstance(wanted, Draft):
        _asked_first(wanted, drafts)


@st.dialog("Leave this flow?")
def _asked_first(draft: Draft, drafts: bool) -> None:
    here: Draft = st.session_state[DRAFT]
    if is_kept(here.text):
        st.success(f"{escaped(here.name)} is downloaded. Nothing is lost.", icon=":material/check:")
    else:
        lost = KEPT_IN_BROWSER if drafts else "If you leave it, what you have typed is lost."
        st.markdown(f"You have changed {escaped(here.name)}. {lost}")
    with st.container(horizontal=True):
        _ways(draft, here)


def _ways(draft: Draft, here: Draft) -> None:
    """What can be done about what was typed: the safe way first; once it is downloaded, on to what was wanted."""
    safe = is_kept(here.text)
    if not safe:
        if st.button("Go on editing", type="primary", key="edit-stay"):
            st.rerun()
        st.download_button("Download it", here.text, file_name(here.name, "flow"), "text/plain", key="edit-leave-save",
                           icon=":material/download:", on_click=keep, args=(here.text,))  # fmt: skip
    if st.button("Leave it", type="primary" if safe else "secondary", key="edit-leave"):
        _open(draft)
    if safe and st.button("Go on editing", key="edit-stay"):
        st.rerun()


def _open(draft: Draft) -> None:
    _put(draft)
    st.session_state["edit-openings"] += 1
    st.query_params.clear()
    st.session_state.pop(_NAMED, None)
    if draft.origin.startswith((EXAMPLE, LIBRARY, RUN)):
        st.session_state[_NAMED] = st.query_params[places.OPEN] = draft.origin
    st.rerun(scope="app")


SOURCES: Final = ("Library", "Examples", "Runs", "File")


def openings(number: int) -> None:
    """All that can be opened: by kind, with a line on each, and a search."""
    with st.container(width=430, gap="small"):
        source = st.segmented_control("From", SOURCES, default=SOURCES[0], key=f"edit-from-{number}", required=True,
                                      label_visibility="collapsed")  # fmt: skip
        if source == "File":
            _from_this_machine(number)
            return
        search = st.text_input("Search", key=f"edit-search-{number}", placeholder="Search", icon=":material/search:",
                               label_visibility="collapsed")  # fmt: skip
        try:
            _list(choices(str(source), search))
        except FlowreasonError as error:
            st.error(escaped(fault(str(error))), icon=":material/error:")


def choices(source: str, search: str) -> list[tuple[str, str, str]]:
    """What can be opened from a source: its address, its name, and a line on it. Only what holds the words searched."""
    if source == "Runs":
        found = works().ask(the_store(works().store).runs(search=search.strip(), status="", most=MOST_RUNS))
        return [(f"{RUN}{info.id}", title_of(info), when(info.created)) for info in found]
    if source == "Examples":
        found_all = [(f"{EXAMPLE}{each.name}", each.name.capitalize(), each.first_line) for each in catalog()]
    else:
        about = map(library.describe, library.names())
        found_all = [(f"{LIBRARY}{each.name}", title(each.name), each.summary) for each in about]
    words = search.lower().replace("_", " ").split()
    return [each for each in found_all if all(word in _searched(*each) for word in words)]


def _searched(named: str, name: str, line: str) -> str:
    """What is searched of something that can be opened: what is read of it, and its name as flows write it."""
    return f"{named.partition(':')[2].replace('_', ' ')} {name} {line}".lower()


def _list(found: Iterable[tuple[str, str, str]]) -> None:
    rows = list(found)
    if not rows:
        st.caption("Nothing of that name is here.")
        return
    with st.container(height=380 if len(rows) > 5 else "content", border=False, gap=None):
        for named, name, line in rows:
            with st.container(gap=None, key=f"edit-item-{named}"):
                chosen = st.button(label(name, 90), key=f"edit-pick-{named}", type="tertiary", wrap=True)
                st.caption(escaped(one_line(line, 110)))
            if chosen:
                replace_by(named_draft(named).read())


def _from_this_machine(number: int) -> None:
    files = st.file_uploader(
        "A flow from this computer", accept_multiple_files=True, key=f"edit-upload-{number}",
        help="A .flow file, or the JSON graph of a flow. Add the files that it uses, if there are any.",
    )  # fmt: skip
    if not files:
        return
    try:
        draft = from_files((file.name, file.getvalue()) for file in files)
    except UsageError as error:
        st.error(escaped(fault(str(error))), icon=":material/error:")
        return
    if any(file.name.endswith((".flow", ".json")) for file in files) and st.button(
        label(f"Open {draft.name}"), type="primary", key="edit-open-file"
    ):
        replace_by(draft)
