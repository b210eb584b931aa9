"""Which styles can be stamped; everything unusual is left to WeasyPrint."""

from collections.abc import Callable
from typing import Any

from weasyprint.css.properties import INITIAL_VALUES
from weasyprint.formatting_structure.text import transform
from weasyprint.text.ffi import TO_UNITS, pango
from weasyprint.text.fonts import font_features, get_hb_object_data, get_pango_font_hb_face
from weasyprint.text.line_break import Layout

from .bits import Run
from .book import STAMPED, BookFont, font_of_file
from .words import UnstampableError, face

Style = Any  # WeasyPrint's, which carries no types
Box = Any

# Of text: anything else than the initial value is left to WeasyPrint.
_PLAIN_TEXT = (
    "direction",
    "font_language_override",
    "font_stretch",
    "font_variation_settings",
    "text_decoration_line",
    "unicode_bidi",
    "visibility",
    "word_break",
    "word_spacing",
)
# Of inline boxes around it.
_PLAIN_INLINE = (
    "anchor",
    "background_color",
    "background_image",
    "border_bottom_width",
    "border_left_width",
    "border_right_width",
    "border_top_width",
    "box_shadow",
    "float",
    "margin_left",
    "margin_right",
    "opacity",
    "outline_style",
    "padding_left",
    "padding_right",
    "position",
    "transform",
    "vertical_align",
)
# Of the blocks that hold it, at any depth.
_PLAIN_BLOCK = (
    "block_ellipsis",
    "box_decoration_break",
    "column_count",
    "column_width",
    "continue",
    "float",
    "max_lines",
    "opacity",
    "text_overflow",
    "transform",
)
# Pango joins no letters that stand apart.
_LIGATURES = ("clig", "dlig", "liga")
_BORDERS = {name: 0 for name in _PLAIN_INLINE if name.startswith("border")}


def check_text(style: Style) -> None:
    """Refuse text in an unusual style.

    Raises:
        UnstampableError: it is.
    """
    _check(style, _PLAIN_TEXT)
    if style["hyphens"] == "auto" or style["white_space"] not in ("normal", "nowrap"):
        _refuse("hyphens or white space")
    if style["color"].space != "srgb" or style["color"].alpha != 1:
        _refuse("colour")
    if not style["font_size"]:
        _refuse("size")


def check_inline(box: Box) -> None:
    """Refuse an inline box that is more than a change of font or colour.

    Raises:
        UnstampableError: it is.
    """
    _check(box.style, _PLAIN_INLINE)
    element = box.element
    if box.is_leader or (element is not None and element.tag == "a" and element.get("href")):
        _refuse("link or leader")


def check_block(style: Style) -> None:
    """Refuse a block whose content doesn't stand where its lines say.

    Raises:
        UnstampableError: it is.
    """
    _check(style, _PLAIN_BLOCK)
    if style["display"][0] not in ("block", "table", "inline") and not style["display"][
        0
    ].startswith("table"):
        _refuse(f"display {style['display']}")


def run_of(style: Style) -> Run:
    """Return what shapes and paints text of a style.

    Raises:
        UnstampableError: the style is unusual, or its font isn't in the book.
    """
    check_text(style)
    font = _font_of(style)
    features = font_features(
        style["font_kerning"],
        style["font_variant_ligatures"],
        style["font_variant_position"],
        style["font_variant_caps"],
        style["font_variant_numeric"],
        style["font_variant_alternates"],
        style["font_variant_east_asian"],
        style["font_feature_settings"],
    )
    spacing = 0.0 if style["letter_spacing"] == "normal" else style["letter_spacing"]
    if spacing:
        features |= dict.fromkeys(_LIGATURES, 0)
    language = style["lang"] or ""
    size = int(style["font_size"] * TO_UNITS)
    shaping = face(font.path, size, tuple(sorted(features.items())), language)
    red, green, blue = style["color"].coordinates[:3]
    paint = f"{red:.6f} {green:.6f} {blue:.6f} rg /{STAMPED}{font.name} {shaping.size:.6f} Tf"
    return Run(shaping, font.name, paint, language, spacing, _transform_of(style))


def _transform_of(style: Style) -> Callable[[str], str] | None:
    kind = style["text_transform"]
    if kind == "none":
        return None
    if kind not in ("uppercase", "lowercase"):
        _refuse(f"text-transform {kind}")
    language = (style["lang"] or "").split("-")[0].lower()
    return lambda text: str(transform(kind, text, language))


def _font_of(style: Style) -> BookFont:
    """Ask Pango which file it takes for the style."""
    layout = Layout(style)
    layout.set_text("Ag")
    line, _index = layout.get_first_line()
    pango_font = line.runs[0].data.item.analysis.font
    pango.pango_font_get_hb_font(pango_font)
    content: bytes = get_hb_object_data(get_pango_font_hb_face(pango_font))
    return font_of_file(content)


def _check(style: Style, names: tuple[str, ...]) -> None:
    for name in names:
        if style[name] != _BORDERS.get(name, INITIAL_VALUES[name]):
            _refuse(f"{name} {style[name]}")


def _refuse(what: str) -> None:
    message = f"unusual style: {what}"
    raise UnstampableError(message)
