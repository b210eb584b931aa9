"""Addresses by name are arrows that no import linter sees: each must lead somewhere."""

import re

import pytest
from django.urls import URLResolver, get_resolver

from .sources import PYTHON, ROOT, TEMPLATES, short

IN_TEMPLATE = re.compile(r"""{%-?\s*url\s+['"]([\w:-]+)['"]""")
IN_PYTHON = re.compile(r"""\b(?:reverse|reverse_lazy|redirect)\(\s*['"]([\w-]+(?::[\w-]+)*)['"]""")
USES = sorted(
    {(name, short(path)) for path in TEMPLATES for name in IN_TEMPLATE.findall(path.read_text())}
    | {
        (name, short(path))
        for path in PYTHON
        if "tests" not in path.relative_to(ROOT).parts
        for name in IN_PYTHON.findall(path.read_text())
    }
)


@pytest.mark.parametrize(("name", "file"), USES)
def test_address_exists(name, file):
    *namespaces, view = name.split(":")
    resolver: URLResolver = get_resolver()
    for namespace in namespaces:
        assert namespace in resolver.namespace_dict, f"{file}: no namespace {namespace}"
        resolver = resolver.namespace_dict[namespace][1]
    assert view in resolver.reverse_dict, f"{file} links to {name}, which no URLconf names"
