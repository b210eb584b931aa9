"""Builders of templates and mailings."""

import datetime as dt
import hashlib
import itertools
from typing import Any

from django.contrib.auth.models import User

from mailing.models import Mailing, Template, TemplateVersion
from mailing.services import approve, create_mailing, freeze
from tests.factories.customers import NOW
from tests.factories.users import make_user

_serial = itertools.count(1)
MAIL_ON = dt.date(2026, 12, 4)  # a Friday before a long weekend in Spain


def make_version(kind: str = "letter", **fields: Any) -> TemplateVersion:
    """Return a saved text; rows are made directly, for what is tested is the mailing."""
    serial = next(_serial)
    template = Template.objects.create(name=f"Plantilla {serial}", kind=kind, created_at=NOW)
    return TemplateVersion.objects.create(
        **{
            "template": template,
            "number": 1,
            "layout": "dl_left" if kind == "letter" else "",
            "subject_es": "Nuevas tarifas",
            "subject_en": "New rates",
            "body_es": "<p>Estimados señores:</p>",
            "body_en": "<p>Dear Sirs,</p>",
            "content_hash": hashlib.sha256(str(serial).encode()).hexdigest(),
            "created_at": NOW,
            **fields,
        }
    )


def make_mailing(actor: User | None = None, **fields: Any) -> Mailing:
    """Return a draft to all customers, with a letter and its notice."""
    given: dict[str, Any] = {
        "name": "Tarifas 2027",
        "output": Mailing.Output.LETTERS,
        "audience": {"filter": {}},
        "mail_on": MAIL_ON,
        "actor": actor or make_user("administrator"),
        "now": NOW,
        **fields,
    }
    if given["output"] == Mailing.Output.LETTERS:
        given.setdefault("letter", make_version())
    kind = "email" if given["output"] == Mailing.Output.NOTHING else "notice"
    if "notice" not in given:
        given["notice"] = make_version(kind)
    return create_mailing(**given)


def make_approved(actor: User | None = None, **fields: Any) -> Mailing:
    """Return a mailing that only waits for its start."""
    actor = actor or make_user("administrator")
    mailing = freeze(mailing=make_mailing(actor, **fields), actor=actor, now=NOW)
    return approve(mailing=mailing, actor=actor, now=NOW)
