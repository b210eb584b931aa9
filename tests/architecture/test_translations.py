"""Every text for people is in the Spanish catalogue, whole and with its placeholders.

What has to be there is read from the source itself, so that a text without Spanish fails here and
not before a reader; GNU gettext need not be installed.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

from .sources import APPS, PYTHON, ROOT, short

SPANISH = ROOT / "locale" / "es" / "LC_MESSAGES" / "django.po"
# The functions of django.utils.translation: how many texts they take, and whether a context first.
TEXTS = {"gettext": 1, "gettext_noop": 1, "pgettext": 1, "ngettext": 2, "npgettext": 2}
MARKERS = {
    name + lazy: (name.startswith(("pgettext", "npgettext")), texts)
    for name, texts in TEXTS.items()
    for lazy in ("", "_lazy")
}
LITERAL = r"""(?:u?(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'))"""
# What Django makes of a template for xgettext: calls of these functions among blanked-out text.
TEMPLATE_CALL = re.compile(
    rf"\b(?P<name>_|n?p?gettext)\((?P<texts>{LITERAL}(?:\s*,\s*{LITERAL})*)", re.DOTALL
)
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sdf]")

Key = tuple[str | None, str | tuple[str, ...]]


def test_spanish_is_complete():
    unfinished = [entry.id for entry in _entries() if entry.fuzzy or not all(_texts(entry.string))]
    assert not unfinished


def test_placeholders_agree():
    wrong = [
        (source, spanish)
        for entry in _entries()
        for source, spanish in zip(_texts(entry.id), _texts(entry.string), strict=True)
        if Counter(PLACEHOLDER.findall(source)) != Counter(PLACEHOLDER.findall(spanish))
    ]
    assert not wrong


@pytest.mark.parametrize("keys", ["python", "template"])
def test_every_text_has_spanish(keys: str):
    found = _texts_of_python() if keys == "python" else _texts_of_templates()
    known = {(entry.context, _source(entry)) for entry in _entries()}
    missing = [f"{where}: {key[1]!r}" for where, key in found if key not in known]
    assert not missing, "\n".join(missing)


def test_markers_have_names_that_makemessages_knows():
    renamed = [
        f"{short(path)}: {name} as {alias}"
        for path, tree in _modules()
        for alias, name in _names_of_markers(tree).items()
        if alias not in {"_", name}
    ]
    assert not renamed


def test_reading_the_sources_finds_texts():
    lengths = len(list(_texts_of_python())), len(list(_texts_of_templates()))
    assert min(lengths) > 100, "nothing is found any more: the checks above would always pass"


@cache
def _catalogue() -> Catalog:
    with SPANISH.open("rb") as file:
        return read_po(file, locale="es")


def _entries() -> list[Message]:
    return [entry for entry in _catalogue() if entry.id]


def _texts(value: str | list[str] | tuple[str, ...]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _source(entry: Message) -> str | tuple[str, ...]:
    return entry.id if isinstance(entry.id, str) else tuple(entry.id)


def _key(name: str, texts: list[str]) -> Key:
    has_context, count = MARKERS[name]
    context = texts.pop(0) if has_context else None
    return context, texts[0] if count == 1 else tuple(texts[:count])


@cache
def _modules() -> list[tuple[Path, ast.Module]]:
    of_apps = (path for path in PYTHON if path.relative_to(ROOT).parts[0] in APPS)
    return [(path, ast.parse(path.read_text())) for path in of_apps]


def _texts_of_python() -> Iterator[tuple[str, Key]]:
    for path, tree in _modules():
        names = _names_of_markers(tree)
        for node in ast.walk(tree):
            name = _marker(node, names) if isinstance(node, ast.Call) else None
            if name and isinstance(node, ast.Call):
                texts = [one.value for one in node.args if isinstance(one, ast.Constant)]
                if len(texts) >= sum(MARKERS[name]):
                    yield f"{short(path)}:{node.lineno}", _key(name, [str(one) for one in texts])


def _names_of_markers(tree: ast.Module) -> dict[str, str]:
    """Return what a module calls the functions of translation, such as ``_``."""
    return {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if alias.name in MARKERS
    }


def _marker(call: ast.Call, names: dict[str, str]) -> str | None:
    match call.func:
        case ast.Name(id=name):
            return names.get(name)
        case ast.Attribute(value=ast.Name(id="translation"), attr=name) if name in MARKERS:
            return name
    return None


def _texts_of_templates() -> Iterator[tuple[str, Key]]:
    for path in sorted((ROOT / "templates").rglob("*.*")):
        if path.suffix not in {".html", ".txt"}:
            continue
        for call in TEMPLATE_CALL.finditer(templatize(path.read_text())):
            name = "gettext" if call["name"] == "_" else call["name"]
            texts = [ast.literal_eval(one) for one in re.findall(LITERAL, call["texts"])]
            yield short(path), _key(name, texts)
