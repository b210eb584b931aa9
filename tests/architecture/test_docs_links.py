"""Links between the project's own pages lead somewhere."""

import re
from pathlib import Path

import pytest

PAGES = [*Path().glob("*.md"), *Path("docs").rglob("*.md")]
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page):
    missing = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert missing == []
