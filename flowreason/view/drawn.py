"""A drawing as a tree of SVG elements, before it becomes a document, or is built by a browser from the tree itself.

Invariant: text stands in children and attributes as it is, and is escaped only where a document is written: whoever
builds the elements one by one needs no markup, and can be handed none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flowreason.view.text import escape


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its tag, its attributes by name, and what stands in it."""

    tag: str
    attributes: tuple[tuple[str, str], ...] = ()
    children: tuple[Element | str, ...] = ()

    def as_text(self) -> str:
        """The element as SVG."""
        attributes = "".join(f' {name}="{escape(value)}"' for name, value in self.attributes)
        if not self.children:
            return f"<{self.tag}{attributes}/>"
        inner = "".join(escape(each) if isinstance(each, str) else each.as_text() for each in self.children)
        return f"<{self.tag}{attributes}>{inner}</{self.tag}>"

    def as_json(self) -> list[Any]:
        """The element as `[tag, {name: value}, child, …]`; a child is a text or an element."""
        children = [each if isinstance(each, str) else each.as_json() for each in self.children]
        return [self.tag, dict(self.attributes), *children]


def element(tag: str, children: Iterable[Element | str] = (), /, **attributes: str) -> Element:
    """An element. In a name `__` is a colon, `_` a hyphen, and one at its end is left out; empty ones are left out."""
    named = ((_attribute(name), value) for name, value in attributes.items() if value)
    return Element(tag, tuple(named), tuple(children))


def _attribute(name: str) -> str:
    return name.rstrip("_").replace("__", ":").replace("_", "-")
