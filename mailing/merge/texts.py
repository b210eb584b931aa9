"""Merged HTML as plain text, for e-mails."""

from . import tree
from .tree import Element

_BLOCKS = frozenset({"p", "h2", "h3", "ul", "ol", "li", "blockquote", "hr", "table", "tr", "div"})


def plain_text(html: str) -> str:
    """Return merged HTML as plain text: paragraphs apart, lists with signs, links spelled out."""
    blocks: list[str] = []
    _collect(tree.parse(html), blocks, "")
    return "\n\n".join(filter(None, blocks))


def _collect(element: Element, blocks: list[str], indent: str) -> None:
    """Add the blocks of an element; lines that stand directly in it make one block."""
    line = ""
    for child in element.children:
        if isinstance(child, str) or child.tag not in _BLOCKS:
            # Line breaks of the source are spaces; those of the text come from <br>.
            line += " ".join(child.split("\n")) if isinstance(child, str) else _inline(child)
            continue
        _flush(line, blocks, indent)
        line = ""
        _block(child, blocks, indent)
    _flush(line, blocks, indent)


def _block(element: Element, blocks: list[str], indent: str) -> None:
    match element.tag:
        case "ul" | "ol":
            items = [each for each in element.children if isinstance(each, Element)]
            lines = []
            for place, item in enumerate(items, 1):
                sign = "- " if element.tag == "ul" else f"{place}. "
                inner: list[str] = []
                _collect(item, inner, indent + " " * len(sign))
                lines.append(indent + sign + "\n".join(inner).lstrip())
            blocks.append("\n".join(lines))
        case "table":
            rows = [row for row in element.walk() if row.tag == "tr"]
            blocks.append("\n".join(indent + _row(row) for row in rows))
        case "hr":
            blocks.append(f"{indent}----")
        case "blockquote":
            _collect(element, blocks, f"{indent}> ")
        case _:
            _collect(element, blocks, indent)


def _row(row: Element) -> str:
    cells = [cell for cell in row.children if isinstance(cell, Element)]
    return " | ".join(" ".join(_inline(cell).split()) for cell in cells)


def _flush(line: str, blocks: list[str], indent: str) -> None:
    if not line.strip():
        return
    lines = [" ".join(each.split()) for each in line.strip().split("\n")]
    blocks.append("\n".join(f"{indent}{each}".rstrip() for each in lines))


def _inline(element: Element) -> str:
    match element.tag:
        case "br":
            return "\n"
        case "img":
            return element.get("alt")
    words = "".join(
        " ".join(child.split("\n")) if isinstance(child, str) else _inline(child)
        for child in element.children
    )
    href = element.get("href").removeprefix("mailto:")
    if element.tag == "a" and href and href != words.strip():
        return f"{words} ({href})"
    return words


def readable(html: str) -> str:
    """Return sanitised HTML, not merged, as its writers read it: fields by their paths.

    Conditions are spelled out in brackets; for comparing two versions of a text.
    """
    return plain_text(tree.write(_spoken(tree.parse(html))))


def _spoken(element: Element) -> Element:
    children: list[Element | str] = []
    for child in element.children:
        if isinstance(child, str):
            children.append(child)
        elif "data-field" in child.attributes:
            children.append(f"[{child.get('data-field')}]")
        elif "data-if" in child.attributes:
            asked = " ".join(filter(None, map(child.get, ("data-if", "data-op", "data-value"))))
            children += [f"[if {asked}] ", _spoken(child), " [end]"]
        elif "data-else" in child.attributes:
            children += ["[else] ", _spoken(child)]
        elif child.tag == "img":
            children.append(f"[{child.get('src')}]")
        else:
            children.append(_spoken(child))
    return Element(element.tag, element.attributes, children)
