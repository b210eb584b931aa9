"""Pictures of letters: small, checked, written anew, never changed."""

import datetime as dt
import hashlib
import io
import warnings
from contextlib import suppress
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from PIL import Image, ImageOps, UnidentifiedImageError

from customers.services import Who
from customers.services.actors import known
from integration.services import record_event
from mailing.models import TemplateAsset
from toolkit.errors import DomainError

LARGEST_BYTES: Final = 2 * 1024 * 1024
LARGEST_SIDE: Final = 6_000  # pixels; wider or higher ones are refused before they are unpacked
WIDEST: Final = 2_000  # what a sheet of paper can show; wider ones are made smaller
TYPES: Final = {"PNG": "image/png", "JPEG": "image/jpeg"}
_LONGEST_NAME: Final = 40
_BROKEN = (
    *(UnidentifiedImageError, OSError, SyntaxError, ValueError),
    *(Image.DecompressionBombWarning, Image.DecompressionBombError),
)


class PictureInvalidError(DomainError):
    """The file can't be used as a picture; nothing was kept."""

    code = "picture-invalid"
    title = gettext_lazy("The picture can't be used")
    status = 400


@transaction.atomic
def add_picture(*, name: str, content: bytes, actor: Who, now: dt.datetime) -> TemplateAsset:
    """Keep a picture and return it; the same content again returns the one that is there.

    It is decoded and written anew, so that nothing but its pixels is kept. A name that another
    picture has gets a number.

    Args:
        name: what it is to be called, as a file name.
        content: a PNG or a JPEG.
        actor: who does it.
        now: when (aware).

    Raises:
        PictureInvalidError: it is too large, broken, or another kind of file.
    """
    written, media_type = _written_anew(content)
    sha256 = hashlib.sha256(written).hexdigest()
    if kept := TemplateAsset.objects.filter(sha256=sha256).first():
        return kept
    picture = TemplateAsset(media_type=media_type, content=written, sha256=sha256, created_at=now)
    _save_under_free_name(picture, name)
    record_event(
        type="template.picture_added",
        actor=known(actor),
        subject=("picture", picture.name),
        data={"bytes": len(written), "media_type": media_type},
        now=now,
    )
    return picture


def _written_anew(content: bytes) -> tuple[bytes, str]:
    if len(content) > LARGEST_BYTES:
        raise PictureInvalidError(_("The picture is larger than 2 MB."))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=list(TYPES))
            if max(image.size) > LARGEST_SIDE:
                raise PictureInvalidError(_("The picture has more than 6000 pixels on a side."))
            return _encoded(image)
    except _BROKEN as error:
        raise PictureInvalidError(_("The picture must be a PNG or a JPEG.")) from error


def _encoded(image: Image.Image) -> tuple[bytes, str]:
    kind = str(image.format)
    upright = ImageOps.exif_transpose(image)
    shown = upright.convert("RGB" if kind == "JPEG" else "RGBA")
    if shown.width > WIDEST:
        shown = shown.resize((WIDEST, max(1, round(shown.height * WIDEST / shown.width))))
    # A copy of the pixels alone: formats carry places and times in their other parts.
    plain = Image.new(shown.mode, shown.size)
    plain.paste(shown)
    out = io.BytesIO()
    plain.save(out, format=kind, optimize=True, quality=90)
    return out.getvalue(), TYPES[kind]


def _save_under_free_name(picture: TemplateAsset, name: str) -> None:
    """Save it; somebody else may take the same name at the same moment."""
    for _attempt in range(3):
        picture.name = _free_name(name)
        with suppress(IntegrityError), transaction.atomic():
            picture.save(force_insert=True)
            return
    raise PictureInvalidError(_("Try another name."))


def _free_name(name: str) -> str:
    stem = slugify(name.rpartition(".")[0] or name)[:_LONGEST_NAME].strip("-_") or "picture"
    taken = set(TemplateAsset.objects.filter(name__startswith=stem).values_list("name", flat=True))
    free = stem
    number = 1
    while free in taken:
        number += 1
        free = f"{stem}-{number}"
    return free
