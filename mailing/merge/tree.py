"""A small tree of sanitised HTML: what the sanitiser, the checks and the texts walk over."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser

VOID = frozenset({"br", "hr", "img"})


@dataclass(slots=True)
class Element:
    """An element with its children; the root of a text has the empty tag."""

    tag: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: list["Element | str"] = field(default_factory=list)

    def get(self, name: str) -> str:
        """Return an attribute, "" where it is missing."""
        return self.attributes.get(name, "")

    def walk(self) -> Iterator["Element"]:
        """Yield this element and all below it, in the order of the text."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()

    def text(self) -> str:
        """Return the words in it."""
        return "".join(
            child if isinstance(child, str) else " " if child.tag == "br" else child.text()
            for child in self.children
        )


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element()
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        # What the sanitiser wrote is closed in order; anything else has no say here.
        if len(self.open) > 1 and self.open[-1].tag == tag:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def parse(html: str) -> Element:
    """Return the root of ``html``, which the sanitiser has written."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return builder.root


def write(element: Element) -> str:
    """Return the HTML of an element; of the root, that of its children."""
    inner = "".join(
        write(child) if isinstance(child, Element) else escape(child, quote=False)
        for child in element.children
    )
    if not element.tag:
        return inner
    start = opening(element.tag, element.attributes)
    return start if element.tag in VOID else f"{start}{inner}</{element.tag}>"


def opening(tag: str, attributes: Mapping[str, str]) -> str:
    """Return the start tag, its attributes escaped."""
    written = "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
    return f"<{tag}{written}>"
