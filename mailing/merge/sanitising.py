"""Let only what a letter may hold through: an allow-list of elements, no styles, no code.

Nothing that is laid out by flex or grid can come from here: there are neither styles nor classes.
"""

import nh3

from . import tree
from .tree import Element

TAGS = frozenset(
    "p br strong b em i u s sub sup h2 h3 ul ol li blockquote hr a img span div "  # noqa: SIM905
    "table thead tbody tr th td".split()
)
_ATTRIBUTES = {
    "a": {"href"},
    "img": {"src", "alt", "data-width"},
    "span": {"data-field", "data-if", "data-op", "data-value"},
    "div": {"data-if", "data-op", "data-value", "data-else"},
}
_GONE_WITH_CONTENT = frozenset(
    "script style title template noscript iframe object embed svg math select textarea".split()  # noqa: SIM905
)
_SAME = {"b": "strong", "i": "em"}
_ROUNDS = 6
WIDTHS = ("25", "50", "75", "100")


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name not in _ATTRIBUTES.get(tag, ()):  # the sanitiser lets title and lang through everywhere
        return None
    match tag, name:
        case "a", "href":
            return value if value.lower().startswith(("https://", "mailto:")) else None
        case "img", "src":
            return value if value.startswith("asset:") else None
        case "img", "data-width":
            return value if value in WIDTHS else None
    return value


_CLEANER = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags=set(_GONE_WITH_CONTENT),
    attributes=_ATTRIBUTES,
    attribute_filter=_attribute,
    link_rel=None,
    url_schemes={"https", "mailto", "asset"},
    url_relative="deny",
)


def sanitise(html: str) -> str:
    """Return what is allowed of ``html``, in one way of writing. Idempotent.

    Elements that are not allowed are left out and their words stay; scripts, styles and drawings
    go with their content. Fields (``data-field``) come out empty: the editor shows their names.
    Links lead to https or mailto only, pictures are those of the house (``asset:name``).
    """
    for _round in range(_ROUNDS):
        root = tree.parse(_CLEANER.clean(html))
        root.children = _trimmed(_tidy(root.children))
        tidied = tree.write(root).strip()
        if tidied == html:
            break
        # What was nested against the rules of HTML is read in another way the second time.
        html = tidied
    return html


def _tidy(children: list[Element | str]) -> list[Element | str]:
    tidied: list[Element | str] = []
    for child in children:
        if isinstance(child, str):
            tidied.append(child)
            continue
        inner = [] if "data-field" in child.attributes else _tidy(child.children)
        if _says_nothing(child):
            tidied += inner
        else:
            tag = _SAME.get(child.tag, child.tag)
            tidied.append(Element(tag, dict(sorted(child.attributes.items())), inner))
    return tidied


def _trimmed(children: list[Element | str]) -> list[Element | str]:
    """Leave out empty paragraphs before and after the text: an editor leaves them behind."""
    while children and _is_blank(children[0]):
        children = children[1:]
    while children and _is_blank(children[-1]):
        children = children[:-1]
    return children


def _is_blank(child: Element | str) -> bool:
    if isinstance(child, str):
        return not child.strip()
    return child.tag == "p" and all(_is_blank(below) for below in child.children)


def _says_nothing(element: Element) -> bool:
    """Tell whether an element without its attribute is only a wrapper, or a picture of nothing."""
    match element.tag:
        case "span" | "div":
            return not element.attributes
        case "a":
            return not element.get("href")
        case "img":
            return not element.get("src")
    return False
