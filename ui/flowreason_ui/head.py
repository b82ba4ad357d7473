"""What stands in the head of the page: Streamlit's own, a few lines of script, and the styles of the app's pages.

Styles that a page brought itself would come after what they are for: for a moment everybody would see it without them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from urllib.parse import quote

STYLES = Path(__file__).with_name("style.css")
_HERE = "window.__streamlit = { BACKEND_BASE_URL: window.location.origin };"
"""Tells Streamlit's script that its server is at the root; else it tries below the page first, and is refused."""
_ONE_EACH = """(() => {
  const push = history.pushState.bind(history);
  let acted = true;
  for (const kind of ["pointerdown", "keydown", "popstate"]) addEventListener(kind, () => { acted = true }, true);
  history.pushState = (...given) => { (acted ? push : history.replaceState.bind(history))(...given); acted = false };
})();"""
"""What a person does adds one address to the browser's history: Streamlit adds two where a page is opened with a query,
the first of them half of the way, and one where a run has got the name under which it is kept."""


_ICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><g fill="none" stroke="#3563c9" stroke-width="3">
<path d="M16 10v5M16 15H8v5M16 15h8v5"/></g><g fill="#3563c9"><rect x="9" y="2" width="14" height="8" rx="4"/>
<rect x="2" y="20" width="12" height="9" rx="2"/><path d="M24 18l7 6.5-7 6.5-7-6.5z"/></g></svg>"""
_TITLE = ("<title>Streamlit</title>", "<title>flowreason</title>")


@cache
def html() -> str:
    """The page that is sent for every address of a page."""
    import streamlit

    text = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    text = text.replace("<head>", f"<head><script>{_HERE}{_ONE_EACH}</script>", 1)
    text = text.replace("./favicon.png", f"data:image/svg+xml,{quote(_ICON)}", 1).replace(*_TITLE, 1)
    styles = f"<style>{STYLES.read_text(encoding='utf-8')}</style>"  # behind those of Streamlit, which win else
    return text.replace("</body>", f"{styles}</body>", 1)
