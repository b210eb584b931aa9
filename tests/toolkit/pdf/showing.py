"""What a PDF shows, read by Poppler: another program than the one the engine checks itself with."""

import subprocess
import tempfile
from pathlib import Path

from PIL import Image, ImageChops


def words(pdf: bytes) -> list[str]:
    """The words of all pages, in the order of reading."""
    done = subprocess.run(
        ["pdftotext", "-layout", "-", "-"],  # noqa: S607
        input=pdf,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().split()


def pictures(pdf: bytes) -> list[Image.Image]:
    """The pages at 100 dpi, in grey."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(  # noqa: S603
            ["pdftoppm", "-r", "100", "-gray", "-", f"{folder}/p"],  # noqa: S607
            input=pdf,
            capture_output=True,
            check=True,
        )
        return [Image.open(path).copy() for path in sorted(Path(folder).iterdir())]


def unlikeness(one: bytes, other: bytes) -> int:
    """By how much of 255 the unlikest pixels of two documents differ."""
    pages, others = pictures(one), pictures(other)
    assert len(pages) == len(others)
    assert [page.size for page in pages] == [page.size for page in others]
    differences = map(ImageChops.difference, pages, others)
    # A histogram of grey has 256 places, the last that is not 0 is the greatest difference.
    return max(
        level for each in differences for level, count in enumerate(each.histogram()) if count
    )
