"""A letter on its sheet: letterhead, address in the window, text, enclosure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString

from .layouts import LAYOUTS, Box, Layout
from .window import PITCH, SIZES, fit

_STYLES = Path(settings.BASE_DIR) / "templates/mailing/documents/letter.css"
_LOGO = "letterhead.logo"  # no name of a picture has a dot
# Where the parts of a recipient go in what is rendered once; no text can hold such a character.
_HOLES = {name: f"\x00{name}\x00" for name in ("address", "subject", "body", "enclosure")}


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Our company as letters show it."""

    name: str
    legal_name: str
    tax_id: str
    lines: tuple[str, ...]
    city: str
    country: str
    phone: str = ""
    email: str = ""
    website: str = ""
    registry: str = ""
    logo: bytes = b""

    @property
    def sender(self) -> str:
        """Return us in one line, as it stands over an address."""
        return " · ".join((self.name, *self.lines))


@dataclass(frozen=True, slots=True)
class LetterPage:
    """A letter of one recipient: the page with slots, and what goes into them.

    ``html`` and ``values`` are what ``toolkit.pdf.ShapeCache.template`` takes; recipients whose
    letters differ in words only have the same ``html``. ``fits`` is False where the address is
    too long for the window.
    """

    html: str
    values: Mapping[str, str]
    fits: bool


@dataclass(frozen=True, kw_only=True)
class LetterPaper:
    """What all letters of one text in one language have in common; made once, used many times.

    ``letterhead`` False leaves its place blank, for paper that has it printed.
    """

    layout: Layout
    letterhead: bool
    language: str
    title: str
    house: House
    has_enclosure: bool = False
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    _frame: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Render what does not depend on the recipient."""
        object.__setattr__(self, "_frame", self._rendered())

    @property
    def css(self) -> str:
        """Return the style of the sheet."""
        return styles(self.layout.code)

    @property
    def assets(self) -> Mapping[str, bytes]:
        """Return the pictures by their names."""
        logo = {_LOGO: self.house.logo} if self.letterhead and self.house.logo else {}
        return {**self.pictures, **logo}

    def page(
        self,
        *,
        lines: Sequence[str],
        subject: str,
        body: str,
        enclosure: str,
        values: Mapping[str, str],
    ) -> LetterPage:
        """Return the letter of one recipient.

        Args:
            lines: the recipient's address, plain text.
            subject: HTML with slots, as ``body`` and ``enclosure``; blank means none.
            body: the text.
            enclosure: the page behind it; left out unless the paper has one.
            values: of all slots, and of ``letter.date`` and ``letter.number``.
        """
        box = self.layout.address
        fitted = fit(lines, width=box.width, height=box.height)
        head, after_address, after_subject, after_body, tail = self._frame
        written = "".join(
            f'<div><span data-slot="letter.to{place}"></span></div>'
            for place in range(len(fitted.lines))
        )
        html = "".join(
            (
                head,
                f'<div class="to s{int(fitted.size * 10)}">{written}</div>',
                after_address,
                f'<p class="subject">{subject}</p>' if subject else "",
                after_subject,
                body,
                after_body,
                enclosure,
                tail,
            )
        )
        to = {f"letter.to{place}": line for place, line in enumerate(fitted.lines)}
        return LetterPage(html, {**values, **to}, fitted.fits)

    def _rendered(self) -> tuple[str, ...]:
        context = {
            "paper": self,
            "layout": self.layout,
            "house": self.house,
            "logo": _LOGO if self.house.logo else "",
            "holes": {name: SafeString(hole) for name, hole in _HOLES.items()},
        }
        with translation.override(self.language):
            html = render_to_string("mailing/documents/letter.html", context)
        parts: list[str] = [html]
        for name, hole in _HOLES.items():
            before, found, after = parts.pop().partition(hole)
            # Without a page of attachments there is no place for one.
            parts += [before, after] if found or name != "enclosure" else [before, ""]
        return tuple(parts)


@cache
def styles(code: str) -> str:
    """Return the style of a layout."""
    layout = LAYOUTS[code]
    width = layout.sheet.width - layout.left - layout.right
    rules = [
        f"@page {{ size: {layout.sheet.width}mm {layout.sheet.height}mm; margin: {layout.top}mm "
        f"{layout.right}mm {layout.bottom}mm {layout.left}mm; }}",
        "@page :first { margin-top: 0; }",
        f".first {{ height: {layout.text_top}mm; }}",
        f".letterhead {{ left: 0; top: 12mm; width: {width}mm; height: 24mm; }}",
        _place(".window", layout.address, layout),
        _place(".facts", layout.facts, layout),
    ]
    if layout.sender:
        rules.append(_place(".sender", layout.sender, layout))
    for place, fold in enumerate(layout.folds):
        rules.append(f".fold{place} {{ left: {-layout.left}mm; top: {fold}mm; }}")
    if layout.hole:
        rules.append(f".hole {{ left: {-layout.left}mm; top: {layout.hole}mm; }}")
    rules += [
        f".s{int(size * 10)} {{ font-size: {size}pt; line-height: {size * PITCH}pt; }}"
        for size in SIZES
    ]
    return _STYLES.read_text() + "\n".join(rules)


def _place(selector: str, box: Box, layout: Layout) -> str:
    """Return the rule that puts an element of the first page into a box of the sheet."""
    return (
        f"{selector} {{ left: {box.left - layout.left:g}mm; top: {box.top:g}mm; "
        f"width: {box.width:g}mm; height: {box.height:g}mm; }}"
    )
