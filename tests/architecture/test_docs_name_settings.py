"""Every variable that the code reads from the environment is explained in docs/settings.md."""

import re
from pathlib import Path

PACKAGES = ("bpi_portal", "billing", "conferencing", "customers", "integration", "mailing", "sales")
FILES = [Path("bootstrap.py"), *(file for app in PACKAGES for file in Path(app).rglob("*.py"))]
READ = re.compile(
    r"""env_(?:str|int|bool|list|numbers)\("([A-Z_]+)"|environ(?:\.get\(|\[)"([A-Z_]+)"|"""
    r""""(BPI_[A-Z_]+)" (?:not )?in os\.environ"""
)
# What the operating system or pip say, not settings of ours.
FOREIGN = {"PATH", "PIP_INDEX_URL", "XDG_RUNTIME_DIR", "DJANGO_SETTINGS_MODULE"}


def read_by_the_code():
    found = (match for file in FILES for match in READ.finditer(file.read_text()))
    return {next(filter(None, match.groups())) for match in found} - FOREIGN


def test_every_setting_is_documented():
    documented = set(re.findall(r"`([A-Z][A-Z_]+)`", Path("docs/settings.md").read_text()))
    read = read_by_the_code()
    assert len(read) > 25
    assert read - documented == set()


def test_no_setting_is_documented_that_nobody_reads():
    tables = re.findall(r"^\|(.+?)\|", Path("docs/settings.md").read_text(), re.MULTILINE)
    named = set(re.findall(r"`([A-Z][A-Z_]+)`", " ".join(tables)))
    assert named - read_by_the_code() - {"CI", "BPI_NO_USERNS", "BPI_NO_APT"} == set()
