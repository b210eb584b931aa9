"""CAMT.053: the statement of ISO 20022, in any of its versions (001.02 to 001.13).

Source: ISO 20022, Bank-to-Customer Statement; EPC guidance for SEPA. The file comes from outside:
no document type is accepted, no entity resolved, nothing fetched.
"""

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _
from lxml import etree

from .base import REFERENCE_LENGTH, BankFileError, Movement, one_line

NAME = "camt053"
_SPACE = re.compile(r"^\{urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.\d\d\}Document$")
_CURRENCY = re.compile(r"[A-Z]{3}")
_MOST_DIGITS = 18


def looks_like(content: bytes) -> bool:
    """Tell whether it is XML at all."""
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    return start.startswith(b"<") or content.startswith((b"\xff\xfe", b"\xfe\xff"))


def read(content: bytes) -> list[Movement]:
    """Return the booked entries of all statements; see ``base.Reader``."""
    root = _parsed(content)
    if not _SPACE.match(str(root.tag)):
        raise BankFileError(_("This XML file is no account statement (CAMT.053)."))
    found: list[Movement] = []
    for statement in _all(root, "BkToCstmrStmt/Stmt"):
        account = _value(statement, "Acct/Id/IBAN") or _value(statement, "Acct/Id/Othr/Id")
        if not account:
            raise BankFileError(_("A statement of the file does not say of which account it is."))
        entries = _all(statement, "Ntry")
        _check_sums(statement, entries)
        for entry in entries:
            if _value(entry, "Sts/Cd") in {"", "BOOK"} and _value(entry, "Sts") in {"", "BOOK"}:
                found += _movements(account, entry)
    return found


def _parsed(content: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        message = _("The XML file is not well formed (line %(line)d).")
        raise BankFileError(message % {"line": error.lineno or 0}) from None
    about: Any = root.getroottree().docinfo
    if about.doctype:
        raise BankFileError(_("An account statement has no document type: this file is refused."))
    return root


def _movements(account: str, entry: etree._Element) -> Iterator[Movement]:
    """Return an entry, or its single transactions where it books several, each with its amount."""
    details = _all(entry, "NtryDtls/TxDtls")
    own = [_detail_amount(entry, detail) for detail in details]
    total, currency = _amount(entry)
    name = _value(entry, "AcctSvcrRef") or _value(entry, "NtryRef")
    if len(details) > 1 and all(own) and sum(a for a, _c in filter(None, own)) == total:
        for place, (detail, amount) in enumerate(zip(details, own, strict=True), start=1):
            assert amount is not None  # noqa: S101 (all of them are there)
            entry_id = _value(detail, "Refs/AcctSvcrRef") or (f"{name}/{place}" if name else "")
            yield _movement(account, entry, detail, *amount, entry_id)
        return
    yield _movement(account, entry, details[0] if details else entry, total, currency, name)


def _movement(
    account: str,
    entry: etree._Element,
    detail: etree._Element,
    amount: Decimal,
    currency: str,
    entry_id: str,
) -> Movement:
    side = "Dbtr" if amount > 0 else "Cdtr"
    is_return = bool(_all(detail, "RtrInf")) or _value(detail, "BkTxCd/Domn/Fmly/SubFmlyCd") in {
        "RRTN",
        "RCDD",
        "UPDD",
    }
    is_return = is_return or _value(entry, "BkTxCd/Domn/Fmly/SubFmlyCd") in {"UPDD"}
    if is_return and amount < 0:
        side = "Dbtr"
    parties = (f"RltdPties/{side}/Pty/Nm", f"RltdPties/{side}/Nm", f"RltdPties/Ultmt{side}/Nm")
    told = [_text(one) for one in _all(detail, "RmtInf/Ustrd")]
    structured = _value(detail, "RmtInf/Strd/CdtrRefInf/Ref")
    end_to_end = _value(detail, "Refs/EndToEndId")
    end_to_end = "" if end_to_end == "NOTPROVIDED" else end_to_end
    texts = [*told, structured, _value(detail, "AddtlTxInf"), _value(entry, "AddtlNtryInf")]
    reference = structured or " ".join(told) or end_to_end
    return Movement(
        account=account,
        booked_on=_day(entry, "BookgDt") or _missing_day(),
        value_on=_day(entry, "ValDt"),
        amount=amount,
        currency=currency,
        reference=reference[:REFERENCE_LENGTH],
        entry_id=entry_id[:80],
        end_to_end_id=end_to_end[:35],
        party=next(filter(None, (_value(detail, path) for path in parties)), "")[:REFERENCE_LENGTH],
        party_iban=_value(detail, f"RltdPties/{side}Acct/Id/IBAN")[:34],
        text=" ".join(dict.fromkeys(filter(None, texts))),
        is_return=is_return and amount < 0,
    )


def _check_sums(statement: etree._Element, entries: list[etree._Element]) -> None:
    """Refuse a statement whose own summary does not hold."""
    count = _value(statement, "TxsSummry/TtlNtries/NbOfNtries")
    if count and count != str(len(entries)):
        raise BankFileError(_("The statement has not as many entries as it says."))


def _amount(element: etree._Element) -> tuple[Decimal, str]:
    found = _all(element, "Amt")
    if not found:
        raise BankFileError(_("An entry of the statement has no amount."))
    return _read_amount(found[0], _value(element, "CdtDbtInd"))


def _detail_amount(entry: etree._Element, detail: etree._Element) -> tuple[Decimal, str] | None:
    found = _all(detail, "Amt") or _all(detail, "AmtDtls/TxAmt/Amt")
    side = _value(detail, "CdtDbtInd") or _value(entry, "CdtDbtInd")
    return _read_amount(found[0], side) if found else None


def _read_amount(element: etree._Element, side: str) -> tuple[Decimal, str]:
    currency = element.get("Ccy", "")
    try:
        amount = Decimal(_text(element))
    except InvalidOperation:
        amount = Decimal("NaN")
    is_sane = amount.is_finite() and amount >= 0 and len(amount.as_tuple().digits) <= _MOST_DIGITS
    if not is_sane or side not in {"CRDT", "DBIT"} or not _CURRENCY.fullmatch(currency):
        raise BankFileError(
            _("“%(amount)s” is no amount (line %(line)d).")
            % {"amount": _text(element)[:40], "line": element.sourceline or 0}
        )
    return (amount if side == "CRDT" else -amount), currency


def _day(entry: etree._Element, name: str) -> dt.date | None:
    written = _value(entry, f"{name}/Dt") or _value(entry, f"{name}/DtTm")[:10]
    if not written:
        return None
    try:
        return dt.date.fromisoformat(written)
    except ValueError:
        message = _("“%(day)s” is no day (line %(line)d).")
        raise BankFileError(
            message % {"day": written[:40], "line": entry.sourceline or 0}
        ) from None


def _missing_day() -> dt.date:
    raise BankFileError(_("An entry of the statement has no booking date."))


def _all(element: etree._Element, path: str) -> list[etree._Element]:
    """Find by a path of local names in the element's own namespace."""
    space = etree.QName(element).namespace or ""
    return element.findall("/".join(f"{{{space}}}{name}" for name in path.split("/")))


def _value(element: etree._Element, path: str) -> str:
    found = _all(element, path)
    return _text(found[0]) if found else ""


def _text(element: etree._Element) -> str:
    return one_line(element.text or "")
