"""Reads a case page as a browser would: its elements, its text by section, and whether it is well-formed."""

from __future__ import annotations

import dataclasses
import html.parser
import re

VOID = frozenset({"meta", "rect", "line", "polyline", "circle"})
"""Elements that the templates write without an end: HTML's own, and SVG's that close themselves."""

INLINE = frozenset({"span", "b", "code", "time"})
"""Elements that do not set their text apart from the text around them."""

HIDDEN = frozenset({"style", "title", "desc"})


def squeezed(text: str) -> str:
    """The text with every run of white space as one space."""
    return re.sub(r"\s+", " ", text).strip()


@dataclasses.dataclass
class Element:
    """An element with its attributes and all text within it."""

    tag: str
    attributes: dict[str, str]
    within: tuple[str, ...] = ()
    text: str = ""

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()


class Page(html.parser.HTMLParser):
    """The elements of a page in order. Raises AssertionError where tags do not match."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.source = source
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(source)
        self.close()
        assert not self._open, f"never closed: {[element.tag for element in self._open]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute twice in {tag}: {attrs}"
        element = Element(tag, {name: value or "" for name, value in attrs}, tuple(one.tag for one in self._open))
        self.elements.append(element)
        self._set_apart(tag)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID, f"{tag} cannot close itself"
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()
        self._set_apart(tag)

    def _set_apart(self, tag: str) -> None:
        if tag not in INLINE:
            self.handle_data(" ")

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, tag: str, css_class: str = "") -> list[Element]:
        """Every element of that name, and of that class if one is given."""
        return [one for one in self.elements if one.tag == tag and (not css_class or css_class in one.classes)]

    def one(self, tag: str, css_class: str = "") -> Element:
        found = self.all(tag, css_class)
        assert len(found) == 1, f"{len(found)} × {tag}.{css_class}"
        return found[0]

    def section(self, name: str) -> str:
        """The text of the section with the heading ``h-<name>``."""
        found = [one for one in self.all("section") if one.attributes.get("aria-labelledby") == f"h-{name}"]
        assert len(found) == 1, f"{len(found)} sections {name}"
        return squeezed(found[0].text)

    @property
    def text(self) -> str:
        """All text of the page's body."""
        return squeezed(self.one("body").text)
