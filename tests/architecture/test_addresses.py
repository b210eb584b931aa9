"""Addresses by name are arrows that no import linter sees: each must lead somewhere."""

import re

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


def test_addresses_exist():
    missing = [f"{file}: {name}" for name, file in USES if not _exists(name)]
    assert not missing, "\n".join(missing)


def _exists(name: str) -> bool:
    *namespaces, view = name.split(":")
    resolver: URLResolver = get_resolver()
    for namespace in namespaces:
        if namespace not in resolver.namespace_dict:
            return False
        resolver = resolver.namespace_dict[namespace][1]
    return view in resolver.reverse_dict
