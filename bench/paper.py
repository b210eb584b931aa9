"""Letters and invoices as many as are wanted, the same ones at every run."""

from __future__ import annotations

import io
import random
import re
from functools import cache
from pathlib import Path

from PIL import Image

FOLDER = Path(__file__).parent / "documents"
INVOICE_STYLE = Path(__file__).parents[1] / "templates/billing/documents/invoice.css"

LETTER_STYLE = (FOLDER / "letter.css").read_text()
LOGO = b"""<svg xmlns="http://www.w3.org/2000/svg" width="150" height="30">
<rect width="30" height="30" rx="6" fill="#0b6a63"/><path d="M8 22V8h7a4 4 0 0 1 0 8H8" fill="none"
stroke="#fff" stroke-width="3"/><rect x="38" y="12" width="110" height="6" fill="#b4690e"/></svg>"""

_KINDS = (
    "Banco",
    "Cooperativa Agraria",
    "Muebles",
    "Transportes",
    "Hospital",
    "C\u00eda. de Seguros",
)
_NAMES = (
    "\u00d1and\u00fa",
    "Virgen del Roc\u00edo",
    "Garc\u00eda-L\u00f3pez e Hijos",
    "\u00c1gora del Norte",
    "Puig & Ferrer",
    "\u00abEl Faro\u00bb",
    "Mu\u00f1oz",
    "Universitario de la Princesa",
    "Espa\u00f1ola de Conferencias y Servicios Audiovisuales",
)
_FORMS = ("S.A.", "S.L.", "S. Coop.", "y Asociados, S.L.P.")
_FIRST = (
    "Ana",
    "Bego\u00f1a",
    "Carlos",
    "Dolores",
    "Enrique",
    "F\u00e1tima",
    "Jos\u00e9 Mar\u00eda",
)
_LAST = (
    "Garc\u00eda",
    "Mu\u00f1oz",
    "Etxeberria",
    "Ferrer i Puig",
    "de la Fuente",
    "P\u00e9rez-Reverte",
)
_STREETS = ("Calle Mayor", "Avenida de la Constituci\u00f3n", "Plaza del Carmen", "Ronda de Toledo")
_CITIES = (
    "28013 Madrid",
    "08010 Barcelona",
    "48001 Bilbao",
    "41004 Sevilla",
    "15003 A Coru\u00f1a",
)
_TOPICS = (
    "Comit\u00e9 de direcci\u00f3n",
    "Seguimiento de obra",
    "Junta de accionistas",
    "Formaci\u00f3n",
)


def slotted(html: str) -> str:
    """Write ``[name]`` as the slot of that name."""
    return re.sub(r"\[(\w+)\]", r'<span data-slot="\1"></span>', html)


@cache
def letter() -> str:
    """Return the letter's page."""
    return slotted((FOLDER / "letter.html").read_text())


def letter_values(number: int) -> dict[str, str]:
    """Return what one customer's letter says."""
    chance = random.Random(number)  # noqa: S311 - no secret
    person = f"{chance.choice(_FIRST)} {chance.choice(_LAST)} {chance.choice(_LAST)}"
    rate = chance.randrange(20, 90)
    return {
        "company": _company(chance),
        "contact": person,
        "street": f"{chance.choice(_STREETS)} {chance.randrange(1, 300)}, 3.º A",
        "city": chance.choice(_CITIES),
        "date": "24 de noviembre de 2026",
        "salutation": chance.choice(("Estimado", "Estimada")),
        "since": str(chance.randrange(1999, 2026)),
        "calls": f"{chance.randrange(2, 9_999)}",
        "minutes": f"{chance.randrange(100, 999_999)}",
        "start": "1 de enero de 2027",
        "rate": f"0,0{rate}",
        "old": f"0,{rate + chance.randrange(20, 90)}",
        "saving": _euros(chance.randrange(100_000, 9_999_999)),
        "manager": f"{chance.choice(_FIRST)} {chance.choice(_LAST)}",
        "contract": f"C-{chance.randrange(1000, 9999)}",
        "place": chance.choice(_CITIES)[6:],
        "email": f"{chance.choice(('info', 'ana.garcia', 'compras'))}{number}@empresa.example",
    }


def _company(chance: random.Random) -> str:
    return f"{chance.choice(_KINDS)} {chance.choice(_NAMES)}, {chance.choice(_FORMS)}"


@cache
def invoice_style() -> str:
    """Return the portal's own style of invoices; its sums get columns that need no measuring."""
    return (
        INVOICE_STYLE.read_text()
        + ".totals { table-layout: fixed } .totals td + td { width: 30mm }"
        + ".code img { width: 23mm; height: 23mm }"
    )


@cache
def invoice(lines: int) -> str:
    """Return the page of an invoice with so many conferences, built like billing's."""
    rows = "".join(
        f"<tbody><tr class=conference><td>[day{n}]</td><td colspan=3><b>[title{n}]</b> "
        f"<span class=q>[time{n}] · Ref. [ref{n}]</span></td><td class=r><b>[sum{n}]</b></td></tr>"
        f"<tr class=line><td></td><td>[kind{n}] <span class=q>[price{n}]</span></td>"
        f"<td class=r>[minutes{n}]</td><td class=r>[sum{n}]</td><td class=r></td></tr></tbody>"
        for n in range(lines)
    )
    return slotted((FOLDER / "invoice.html").read_text().replace("{rows}", rows))


def invoice_lines(number: int) -> int:
    """Return how many conferences an invoice has."""
    return 3 + number * 7 % 24


def invoice_values(number: int, lines: int) -> dict[str, str]:
    """Return what one invoice says."""
    chance = random.Random(number)  # noqa: S311 - no secret
    letter_of = letter_values(number)
    net = 0
    values: dict[str, str] = {}
    for n in range(lines):
        minutes = chance.randrange(1, 900)
        price = chance.randrange(20, 90)
        amount = minutes * price // 10
        net += amount
        values |= {
            f"day{n}": f"{chance.randrange(1, 31):02d}/10/2026",
            f"title{n}": f"{chance.choice(_TOPICS)} {chance.choice(_LAST)}",
            f"time{n}": f"{chance.randrange(8, 19):02d}:{chance.randrange(60):02d}",
            f"ref{n}": f"PRJ-{chance.randrange(1, 999)}",
            f"kind{n}": chance.choice(("Acceso local", "Acceso gratuito", "Marcación saliente")),
            f"price{n}": f"0,0{price} EUR/min",
            f"minutes{n}": f"{minutes} min",
            f"sum{n}": _euros(amount),
        }
    vat = (net * 21 + 50) // 100
    return values | {
        "number": f"A-2026/{number:06d}",
        "customer": letter_of["company"],
        "person": letter_of["contact"],
        "street": letter_of["street"],
        "city": letter_of["city"],
        "issued": "31/10/2026",
        "due": "30/11/2026",
        "reference": f"{number:05d}",
        "taxid": f"B{chance.randrange(10**7, 10**8)}",
        "contract": letter_of["contract"],
        "net": _euros(net),
        "vat": _euros(vat),
        "total": f"{_euros(net + vat)} EUR",
    }


@cache
def invoice_code(number: int) -> bytes:
    """Return a picture like the code of a transfer: 41 squares in a row, black or white."""
    chance = random.Random(number)  # noqa: S311 - no secret
    code = Image.frombytes("1", (48, 41), chance.randbytes(6 * 41)).crop((0, 0, 41, 41))
    content = io.BytesIO()
    code.resize((246, 246)).save(content, "PNG")
    return content.getvalue()


def invoice_xml(number: int, lines: int) -> bytes:
    """Return something of the size and kind of an electronic invoice."""
    values = invoice_values(number, lines)
    items = "".join(f"<{name}>{text}</{name}>" for name, text in values.items())
    return f'<?xml version="1.0" encoding="UTF-8"?><invoice>{items}</invoice>'.encode()


def _euros(cents: int) -> str:
    whole, part = divmod(cents, 100)
    return f"{whole:,}".replace(",", ".") + f",{part:02d}"
