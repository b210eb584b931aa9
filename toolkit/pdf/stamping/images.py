"""Pictures that change with the record: codes to be scanned, above all."""

import io
import zlib
from collections.abc import Collection, Iterable
from hashlib import md5
from typing import Any

from PIL import Image
from weasyprint.formatting_structure import boxes

from toolkit.pdf.fetcher import SCHEME

from .words import UnstampableError


def picture_object(content: bytes, *, smooth: bool) -> bytes:
    """Return a picture as an object of a PDF.

    Raises:
        UnstampableError: it is neither grey nor black and white.
    """
    with Image.open(io.BytesIO(content)) as image:
        if image.mode not in ("1", "L") or "transparency" in image.info:
            message = f"a picture of mode {image.mode}"
            raise UnstampableError(message)
        smoothed = b"/Interpolate true" if smooth else b""
        bits = 1 if image.mode == "1" else 8
        data = zlib.compress(image.tobytes(), 6)
        return (
            b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray"
            b"/BitsPerComponent %d%s/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream"
            % (image.width, image.height, bits, smoothed, len(data), data)
        )


def resource_names(name: str) -> dict[str, bool]:
    """Return how WeasyPrint may call a picture in its resources, and whether smoothed then."""
    digest = md5(f"{SCHEME}{name}".encode(), usedforsecurity=False).hexdigest()
    return {f"/i{digest}0": False, f"/i{digest}1": True}


def check_sizes(page_boxes: Iterable[Any], names: Collection[str]) -> None:
    """Refuse pictures whose place depends on their own size.

    Raises:
        UnstampableError: one's does.
    """
    sources = {f"{SCHEME}{name}" for name in names}
    for page_box in page_boxes:
        for box in page_box.descendants(placeholders=True):
            laid_out = getattr(box, "_box", box)
            if not isinstance(laid_out, boxes.ReplacedBox) or laid_out.element is None:
                continue
            if laid_out.element.get("src") in sources and (
                "auto" in (laid_out.style["width"], laid_out.style["height"])
                or laid_out.style["object_fit"] != "fill"
            ):
                message = "a picture without a size"
                raise UnstampableError(message)
