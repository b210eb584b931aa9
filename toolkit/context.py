"""What every page shows around its content: theme, version, what there is to choose."""

from django.conf import settings
from django.http import HttpRequest

THEMES = ("light", "dark")


def interface(request: HttpRequest) -> dict[str, object]:
    """Give templates ``theme`` (``""`` follows the system) and ``version``.

    The cookie comes from the browser: anything but the two themes is ignored.
    """
    theme = request.COOKIES.get("theme", "")
    return {
        "theme": theme if theme in THEMES else "",
        "version": getattr(settings, "VERSION", ""),
    }
