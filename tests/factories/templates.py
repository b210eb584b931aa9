"""Pictures that templates may show."""

import datetime as dt
import io

from PIL import Image

from mailing.models import TemplateAsset
from mailing.services.pictures import add_picture

PICTURE = "firma"


def make_picture(now: dt.datetime) -> TemplateAsset:
    """Keep a picture called ``PICTURE``."""
    content = io.BytesIO()
    Image.new("RGB", (4, 3), "teal").save(content, "PNG")
    return add_picture(name=f"{PICTURE}.png", content=content.getvalue(), actor="world", now=now)
