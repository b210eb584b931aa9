"""From sanitised HTML to Liquid, piece by piece, so that every fault has its place."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Final

from liquid.exceptions import LiquidError

from . import tree
from .conditions import PATH, Condition, ConditionError
from .language import INNER_TAGS, LANGUAGE, LONGEST, TAGS, Template
from .reading import kind_of, read
from .tree import Element

DEEPEST: Final = 25
_TOKEN = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_HALF = re.compile(r"\{\{|\}\}|\{%|%\}")
_TAG = re.compile(r"\{%-?\s*([a-z]+)\s*(.*?)\s*-?%\}", re.DOTALL)
_ASSET = re.compile(r"asset:([a-z0-9][a-z0-9_-]{0,49})")
_BLOCKS = frozenset({"p", "h2", "h3", "li", "td", "th", "blockquote"})
# Typed by word processors and by browsers in place of what Liquid reads.
_STRAIGHT = str.maketrans(
    {"\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'", "\u00a0": " ", "\n": " "}
)
_BRACES = str.maketrans({"{": "&#123;", "}": "&#125;"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: the paragraph, counted from 1, and its nearest words."""

    line: int
    words: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault of a text. ``code`` names it, ``detail`` is the piece that is wrong."""

    code: str
    place: Place
    detail: str = ""


class TextInvalidError(ValueError):
    """The text can't be merged; ``problems`` says why and where.

    ``fields`` and ``pictures`` are those it names all the same.
    """

    def __init__(
        self,
        problems: Iterable[Problem],
        fields: Mapping[str, Place] | None = None,
        pictures: Mapping[str, Place] | None = None,
    ) -> None:
        self.problems = tuple(problems)
        self.fields = fields or {}
        self.pictures = pictures or {}
        super().__init__(", ".join(f"{each.code} {each.detail!r}" for each in self.problems))


@dataclass(frozen=True, slots=True)
class Text:
    """A text ready to be merged, with what it names and where it names it first."""

    source: str
    template: Template
    fields: Mapping[str, Place]
    pictures: Mapping[str, Place]


@lru_cache(maxsize=512)
def compile_html(html: str) -> Text:
    """Return the text of ``html``, which the sanitiser has written.

    Raises:
        TextInvalidError: with every fault; fields that nobody knows are ``check``'s to find.
    """
    return _compiled(tree.parse(html), len(html))


@lru_cache(maxsize=512)
def compile_line(line: str) -> Text:
    """Return one line of plain text, as a subject, in which Liquid may stand.

    Raises:
        TextInvalidError: with every fault.
    """
    return _compiled(Element(children=[" ".join(line.split())]), len(line))


def to_liquid(html: str) -> str:
    """Return the Liquid of sanitised HTML: fields and conditions spelled out.

    Raises:
        TextInvalidError: with every fault.
    """
    return compile_html(html).source


def _compiled(root: Element, length: int) -> Text:
    if length > LONGEST:
        raise TextInvalidError([Problem("too_long", Place(1, ""), str(length))])
    writer = _Writer()
    writer.write(root, depth=0)
    if writer.problems:
        raise TextInvalidError(writer.problems, writer.fields, writer.pictures)
    source = "".join(writer.out)
    try:
        template = LANGUAGE.from_string(source)
    except LiquidError as error:
        # Every token was read before: what is left is how deep conditions are nested.
        raise TextInvalidError([Problem("too_deep", Place(1, ""))]) from error
    assert isinstance(template, Template)  # noqa: S101 (what our language makes)
    return Text(source, template, writer.fields, writer.pictures)


@dataclass(slots=True)
class _Open:
    """A Liquid block that waits for its end, which must come in the same element."""

    name: str
    element: Element
    token: str
    has_else: bool = False
    is_between: bool = False  # a case before its first when: nothing there would be printed


class _Writer:
    """Writes the Liquid of a tree, and notes what is wrong with it."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.problems: list[Problem] = []
        self.fields: dict[str, Place] = {}
        self.pictures: dict[str, Place] = {}
        self.paragraphs = 0
        self.words = ""
        self.open: list[_Open] = []

    def write(self, element: Element, *, depth: int) -> None:
        """Write what is in an element."""
        if depth > DEEPEST:
            self.refuse("too_deep")
            return
        for child in element.children:
            if isinstance(child, str):
                self._text(child, element)
            else:
                self._enter(child, element)
                self._element(child, element, depth)
        while self.open and self.open[-1].element is element:
            self.refuse("unclosed_tag", self.open.pop().token)

    def refuse(self, code: str, detail: str = "") -> None:
        """Note a fault where we are."""
        self.problems.append(Problem(code, self._place(detail), detail[:120]))

    def _place(self, detail: str) -> Place:
        return Place(max(1, self.paragraphs), near(self.words, detail))

    def _enter(self, element: Element, parent: Element) -> None:
        if element.tag in _BLOCKS and not any(
            below.tag in _BLOCKS for below in element.walk() if below is not element
        ):
            self.paragraphs += 1
            self.words = spoken(element)
        top = self._top(parent)
        if top and top.is_between:
            self.refuse("stray_text", top.token)

    def _top(self, element: Element) -> _Open | None:
        return self.open[-1] if self.open and self.open[-1].element is element else None

    # --- elements -----------------------------------------------------------------------------
    def _element(self, element: Element, parent: Element, depth: int) -> None:
        for name, value in element.attributes.items():
            if name != "data-value" and _HALF.search(value):
                self.refuse("field_in_attribute", value)
        if "data-field" in element.attributes:
            self._field(element.get("data-field"))
        elif "data-if" in element.attributes:
            self._condition(element, depth)
        elif "data-else" in element.attributes:
            self._otherwise(element, parent, depth)
        elif element.tag == "img":
            self._picture(element)
        else:
            self._ordinary(element, depth)

    def _field(self, path: str) -> None:
        if not PATH.fullmatch(path):
            self.refuse("unknown_field", path)
            return
        self.fields.setdefault(path, self._place(path))
        self.out.append(f"{{{{ {path} }}}}")

    def _condition(self, element: Element, depth: int) -> None:
        path = element.get("data-if")
        condition = Condition(path, element.get("data-op"), element.get("data-value"))
        try:
            expression = condition.expression(kind_of(path))
        except ConditionError as error:
            asked = f"{path} {condition.operator} {condition.value}".strip()
            self.refuse(error.fault, path if error.fault == "unknown_field" else asked)
            return
        self.fields.setdefault(path, self._place(path))
        self.out.append(f"{{% if {expression} %}}")
        self.write(element, depth=depth + 1)
        self.out.append("{% endif %}")

    def _otherwise(self, element: Element, parent: Element, depth: int) -> None:
        if "data-if" not in parent.attributes or parent.children[-1] is not element:
            self.refuse("stray_else", shortened(spoken(element)))
            return
        self.out.append("{% else %}")
        self.write(element, depth=depth + 1)

    def _picture(self, element: Element) -> None:
        match = _ASSET.fullmatch(element.get("src"))
        if not match:
            self.refuse("unknown_picture", element.get("src").removeprefix("asset:"))
            return
        self.pictures.setdefault(match[1], self._place(""))
        shown = {"src": match[0], "alt": element.get("alt")}
        if width := element.get("data-width"):
            shown["class"] = f"w{width}"
        self.out.append(tree.opening("img", shown))

    def _ordinary(self, element: Element, depth: int) -> None:
        if element.tag == "table" and any(
            below.tag == "table" for below in element.walk() if below is not element
        ):
            self.refuse("nested_table")
        self.out.append(tree.opening(element.tag, element.attributes))
        if element.tag not in tree.VOID:
            self.write(element, depth=depth + 1)
            self.out.append(f"</{element.tag}>")

    # --- typed Liquid -------------------------------------------------------------------------
    def _text(self, text: str, element: Element) -> None:
        if element.tag in {"", "div"} and text.strip():
            self.words = text
        at = 0
        for match in _TOKEN.finditer(text):
            self._words(text[at : match.start()], element)
            token = match[0].translate(_STRAIGHT)
            if token.startswith("{{"):
                self._read(token, token)
            else:
                self._tag(token, element)
            self.out.append(token)
            at = match.end()
        self._words(text[at:], element)

    def _words(self, text: str, element: Element) -> None:
        if half := _HALF.search(text):
            self.refuse("unclosed", shortened(text[half.start() :]))
        top = self._top(element)
        if top and top.is_between and text.strip():
            self.refuse("stray_text", shortened(text))
        self.out.append(escape(text, quote=False).translate(_BRACES))

    def _tag(self, token: str, element: Element) -> None:
        match = _TAG.fullmatch(token)
        name, expression = (match[1], match[2]) if match else ("", "")
        top = self._top(element)
        if name in TAGS:
            self.open.append(_Open(name, element, token, is_between=name == "case"))
            self._read(token, f"{token}{{% end{name} %}}")
        elif top and name == f"end{top.name}" and not expression:
            self.open.pop()
        elif top and name in INNER_TAGS[top.name]:
            self._inner(token, name, expression, top)
        elif name in {"else", "elsif", "when"} or name.removeprefix("end") in TAGS:
            self.refuse("stray_tag", token)
        else:
            self.refuse("forbidden_tag", token)

    def _inner(self, token: str, name: str, expression: str, top: _Open) -> None:
        top.is_between = False
        if top.has_else or (name == "else" and expression):
            self.refuse("stray_tag", token)
        match name:
            case "else":
                top.has_else = True
            case "when":
                self._read(token, f"{{% case nil %}}{{% when {expression} %}}{{% endcase %}}")
            case "elsif":
                self._read(token, f"{{% if {expression} %}}{{% endif %}}")

    def _read(self, token: str, source: str) -> None:
        names, faults = read(token, source)
        for name in names:
            self.fields.setdefault(name, self._place(name))
        for code, detail in faults:
            self.refuse(code, detail)


def spoken(element: Element) -> str:
    """Return the words of an element as its writer sees them, fields by their paths."""
    words = []
    for child in element.children:
        if isinstance(child, str):
            words.append(child)
        elif "data-field" in child.attributes:
            words.append(f"[{child.get('data-field')}]")
        else:
            words.append(" " if child.tag == "br" else spoken(child))
    return "".join(words)


def shortened(text: str, longest: int = 60) -> str:
    """Return the beginning of a text, cut between words."""
    text = " ".join(text.split())
    if len(text) <= longest:
        return text
    cut = text.rfind(" ", 0, longest)
    return text[: cut if cut > 0 else longest] + "…"


def near(text: str, piece: str, around: int = 25) -> str:
    """Return the words of a text around a piece of it; its beginning where the piece is not."""
    text, piece = " ".join(text.split()), " ".join(piece.split())
    at = text.find(piece) if piece else -1
    if at <= around:
        return shortened(text, 60 + len(piece) if at > 0 else 60)
    begin = text.find(" ", at - around, at) + 1 or at
    return "…" + shortened(text[begin:], 2 * around + len(piece))
