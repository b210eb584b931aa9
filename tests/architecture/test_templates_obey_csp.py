"""Pages run under a strict Content-Security-Policy: nothing inline, nothing from elsewhere."""

import re

from .sources import TEMPLATES, short

FORBIDDEN = {
    "inline script": r"<script\b(?![^>]*\bsrc=)(?![^>]*type=[\"']application/json)",
    "inline style sheet": r"<style\b",
    "inline style": r"\sstyle\s*=",
    "inline event handler": r"\s(?:on[a-z]+|hx-on[\w:.-]*)\s*=",
    "script address": r"javascript:",
    "script in htmx": r"hx-(?:vals|headers)\s*=\s*[\"']js:|hx-(?:trigger)\s*=\s*[\"'][^\"']*\[",
    "file from elsewhere": r"<(?:script|link|img|iframe|source|video|audio)\b[^>]*"
    r"\b(?:src|href)\s*=\s*[\"'](?:https?:)?//",
}
# Not pages: what is printed or sent by e-mail brings its style with it.
NO_PAGES = {"documents", "email", "emails", "messages", "letters", "pdf"}
PAGES = [path for path in TEMPLATES if not NO_PAGES & set(path.parts)]
COMMENT = re.compile(r"{#.*?#}|{%\s*comment.*?endcomment\s*%}|<!--.*?-->", re.DOTALL)


def test_pages_obey():
    found = [
        f"{short(path)}: {what}"
        for path in PAGES
        for what, pattern in FORBIDDEN.items()
        if re.search(pattern, COMMENT.sub("", path.read_text()))
    ]
    assert not found, "\n".join(found)
