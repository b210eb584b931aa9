"""Files of a bank as they come from it: Norma 43, CAMT.053, CSV."""

from decimal import Decimal
from typing import NamedTuple

ACCOUNT = "ES9121000418450200051332"


class Entry(NamedTuple):
    """One transaction that a file tells of."""

    amount: str
    text: str = ""
    party: str = ""
    reference: str = ""
    day: str = "2026-11-25"
    iban: str = ""
    end_to_end: str = ""
    is_return: bool = False
    name: str = ""


def norma43(*entries: Entry, **wrong: str) -> bytes:
    """Write an account with its transactions; ``wrong`` says another sum (``balance``, ``end``)."""
    opening = Decimal("1000.00")
    lines = [
        "11210004180200051332261101261130"
        + _signed(opening)
        + "9783"
        + "BPI CONFERENCIAS".ljust(26)
    ]
    for entry in entries:
        day = entry.day.replace("-", "")[2:]
        amount = Decimal(entry.amount)
        concept = "16" if entry.is_return else "04"
        lines.append(
            f"22    0418{day}{day}{concept}000{_signed(amount)}0000000000"
            f"{'0' * 12}{entry.reference.ljust(16)[:16]}"
        )
        lines.append(f"2301{entry.party.ljust(38)[:38]}{entry.text.ljust(38)[:38]}")
    out = [Decimal(e.amount) for e in entries if Decimal(e.amount) < 0]
    into = [Decimal(e.amount) for e in entries if Decimal(e.amount) > 0]
    balance = wrong.get("balance") or _signed(opening + sum(out) + sum(into))
    lines.append(
        f"33210004180200051332{len(out):05}{_cents(-sum(out)):014}"
        f"{len(into):05}{_cents(sum(into)):014}{balance}978"
    )
    lines.append(f"88{'9' * 18}{wrong.get('end') or f'{len(lines):06}'}")
    return "".join(line.ljust(80) + "\r\n" for line in lines).encode("latin-1")


def camt053(*entries: Entry, version: str = "02", before: str = "") -> bytes:
    """Write a statement; from version 08 on parties are wrapped as the newer schema does."""
    body = "".join(_ntry(entry, place, version) for place, entry in enumerate(entries, start=1))
    return f"""<?xml version="1.0" encoding="UTF-8"?>{before}
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt>
<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-11-26T06:00:00</CreDtTm></GrpHdr>
<Stmt><Id>S1</Id><Acct><Id><IBAN>{ACCOUNT}</IBAN></Id></Acct>
<TxsSummry><TtlNtries><NbOfNtries>{len(entries)}</NbOfNtries></TtlNtries></TxsSummry>
{body}</Stmt></BkToCstmrStmt></Document>""".encode()


def csv(*entries: Entry) -> bytes:
    """Write what a bank's web site lets people download."""
    lines = ["Fecha;Importe;Ordenante;Concepto;Referencia"]
    for entry in entries:
        day = "/".join(reversed(entry.day.split("-")))
        amount = entry.amount.replace(".", ",")
        lines.append(f"{day};{amount};{entry.party};{entry.text};{entry.reference}")
    return "\r\n".join(lines).encode("cp1252")


def _ntry(entry: Entry, place: int, version: str) -> str:
    amount = Decimal(entry.amount)
    side = "CRDT" if amount > 0 else "DBIT"
    party = "Dbtr" if amount > 0 or entry.is_return else "Cdtr"
    name = f"<Nm>{entry.party}</Nm>"
    name = f"<Pty>{name}</Pty>" if int(version) >= 8 else name
    status = "<Sts><Cd>BOOK</Cd></Sts>" if int(version) >= 8 else "<Sts>BOOK</Sts>"
    account = f"<{party}Acct><Id><IBAN>{entry.iban}</IBAN></Id></{party}Acct>" if entry.iban else ""
    back = "<RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf>" if entry.is_return else ""
    return f"""<Ntry><Amt Ccy="EUR">{abs(amount)}</Amt><CdtDbtInd>{side}</CdtDbtInd>{status}
<BookgDt><Dt>{entry.day}</Dt></BookgDt><ValDt><Dt>{entry.day}</Dt></ValDt>
<AcctSvcrRef>{entry.name or f"REF{entry.day}-{place}"}</AcctSvcrRef>
<NtryDtls><TxDtls><Refs><EndToEndId>{entry.end_to_end or "NOTPROVIDED"}</EndToEndId></Refs>
<RltdPties><{party}>{name}</{party}>{account}</RltdPties>
<RmtInf><Ustrd>{entry.text}</Ustrd></RmtInf>{back}</TxDtls></NtryDtls></Ntry>"""


def _cents(amount: Decimal | int) -> int:
    return int(amount * 100)


def _signed(amount: Decimal | int) -> str:
    return f"{'1' if amount < 0 else '2'}{abs(_cents(amount)):014}"
