"""The tree names no path of anybody's machine: it must run from any folder."""

import re

from .sources import short, tracked_files

OWN_FOLDERS = ("work", "farm", "home/[a-z]", "Users/[A-Za-z]", "root")
PATTERN = re.compile(rb"(?<![\w.}/-])/(?:" + "|".join(OWN_FOLDERS).encode() + rb")[\w.-]*/")
TEXT = {".py", ".html", ".md", ".js", ".css", ".toml", ".cfg", ".txt", ".json", ".sql", ".xml", ""}


def test_no_path_of_a_machine():
    found = [
        f"{short(path)}: {match.group().decode()}"
        for path in tracked_files()
        if path.suffix in TEXT
        for match in PATTERN.finditer(path.read_bytes())
    ]
    assert not found, "\n".join(found)
