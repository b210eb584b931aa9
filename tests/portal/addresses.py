"""Every address of the portal, and an object of the world for each to be about."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse

from conferencing.selectors import join_url
from conferencing.services.bridge_secrets import sign_call_record
from tests.factories.conferencing import make_record
from tests.factories.templates import PICTURE
from tests.portal.world import World

# Not ours to judge: Django's admin, the log-in pages of allauth, and what catches all the rest.
ELSEWHERE = ("admin/", "accounts/")
LEADS_NOWHERE = "api-unknown"


@dataclass(frozen=True)
class Address:
    """One URL name with the names of its arguments."""

    name: str
    arguments: tuple[str, ...]
    is_api: bool

    @property
    def methods(self) -> tuple[str, ...]:
        return ("GET", "POST", "PATCH", "DELETE") if self.is_api else ("GET", "POST")

    def about(self, world: World) -> str:
        """Return the path to an object of the world."""
        special = SPECIAL.get(self.name, {})
        kwargs = {
            argument: special[argument](world)
            if argument in special
            else _usual(self, argument)(world)
            for argument in self.arguments
        }
        return reverse(self.name, kwargs=kwargs)


def addresses() -> list[Address]:
    """Return all addresses in the order of the URLconf."""
    return list(_walk(get_resolver().url_patterns))


def _walk(
    patterns: list[URLPattern | URLResolver], spaces: tuple[str, ...] = (), path: str = ""
) -> Iterator[Address]:
    for pattern in patterns:
        below = path + str(pattern.pattern)
        if below.startswith(ELSEWHERE):
            continue
        if isinstance(pattern, URLResolver):
            space = (pattern.namespace,) if pattern.namespace else ()
            yield from _walk(pattern.url_patterns, spaces + space, below)
        elif pattern.name != LEADS_NOWHERE:
            name = ":".join((*spaces, pattern.name or f"without a name: {below}"))
            yield Address(name, _arguments(pattern), is_api=below.startswith("api/v1/"))


def _arguments(pattern: URLPattern) -> tuple[str, ...]:
    named: dict[str, int] = getattr(pattern.pattern, "regex").groupindex  # noqa: B009 (untyped)
    return tuple(named)


def name_of(path: str) -> str:
    """Return the URL name that a link leads to."""
    return resolve(path.partition("?")[0].partition("#")[0]).view_name


def _usual(address: Address, argument: str) -> Any:
    """Return what an argument means by the kind of thing that the name begins with."""
    kind = address.name.rpartition(":")[2].replace("-", "_").partition("_")[0]
    return USUAL[argument, kind] if (argument, kind) in USUAL else USUAL[argument, ""]


USUAL = {
    ("number", ""): lambda world: world.customer.number,
    ("number", "contract"): lambda world: world.contract.number,
    ("number", "reservation"): lambda world: world.coming.number,
    ("pk", "conference"): lambda world: world.live.pk,
    ("pk", "leg"): lambda world: world.live.pk,
    ("pk", "invoice"): lambda world: world.issued.pk,
    ("pk", "payment"): lambda world: world.issued.pk,
    ("pk", "problem"): lambda world: world.orphan.pk,
    ("number", "mailing"): lambda world: world.mailings.under_way.number,
    ("number", "recipient"): lambda world: world.mailings.under_way.number,
    ("number", "chunk"): lambda world: world.mailings.under_way.number,
    ("id", "mailing"): lambda world: world.mailings.under_way.number,
    ("pk", "recipient"): lambda world: world.mailings.recipient.pk,
    ("part", ""): lambda _world: 1,
    ("pk", "template"): lambda world: world.mailings.draft.letter.template_id,
    ("pk", "print"): lambda world: world.print_job.pk,
    ("name", "template"): lambda _world: PICTURE,
    ("pk", "printer"): lambda world: world.print_job.printer_id,
    ("pk", "credit"): lambda world: world.issued.pk,
    ("pk", "transaction"): lambda world: world.billing.transaction.pk,
    ("pk", "debit"): lambda world: world.billing.collection.pk,
    ("level", ""): lambda _world: 1,
    ("pk", "re"): lambda world: world.billing.re_rating.pk,
    ("pk", "product"): lambda world: world.billing.product.pk,
    ("pk", "subscription"): lambda world: world.billing.subscription.pk,
    ("pk", "charge"): lambda world: world.billing.charge.pk,
    ("pk", "run"): lambda world: world.billing.run.pk,
    ("id", "billing"): lambda world: world.billing.run.pk,
    ("pk", "review"): lambda world: world.billing.draft.pk,
    ("flag", ""): lambda _world: "first_invoice",
    ("syntax", ""): lambda _world: "ubl",
    ("token", "public"): lambda world: world.invoice_token,
    ("name", "public"): lambda _world: "invoice.pdf",
    ("pk", "user"): lambda world: world.guest.pk,
    ("pk", "list"): lambda world: world.record.saved_list.pk,
    ("pk", "view"): lambda world: world.record.view.pk,
    ("pk", "proposal"): lambda world: world.record.proposal.pk,
    ("pk", "undeliverable"): lambda world: world.record.undeliverable.pk,
    ("pk", "link"): lambda world: world.record.link.pk,
    ("channel", ""): lambda _world: "letter",
    ("id", "saved"): lambda world: world.record.saved_list.pk,
    ("pk", "message"): lambda world: world.message.pk,
    ("pk", "suppression"): lambda world: world.suppression.pk,
    ("position", ""): lambda _world: 0,
    ("id", "invoice"): lambda world: world.issued.pk,
    ("id", "conference"): lambda world: world.held.pk,
    ("id", "event"): lambda world: world.event.event_id,
    ("id", "job"): lambda world: world.job.pk,
    ("leg_id", ""): lambda world: world.live_leg.leg_id,
    ("slug", ""): lambda world: world.bridge.slug,
    ("name", ""): lambda _world: "not-found",
    ("export", ""): lambda _world: "csv",
    ("token", "preferences"): lambda world: world.record.token,
    ("token", "unsubscribe"): lambda world: world.record.token,
    ("token", ""): lambda world: join_url(world.coming).rstrip("/").rpartition("/")[2],
}
_DRAFT_CONTRACT = {"number": lambda world: world.draft_contract.number}
_DRAFT_MAILING = {"number": lambda world: world.mailings.draft.number}
SPECIAL: dict[str, dict[str, Any]] = {
    "billing:customer_mandate_revoke": {"number": lambda world: world.suspended.number},
    "sales:customer_reactivate": {"number": lambda world: world.suspended.number},
    "sales:rate_extend": {"number": lambda world: world.contract.number},
    "sales:contract_edit": _DRAFT_CONTRACT,
    "sales:contract_activate": _DRAFT_CONTRACT,
    "sales:contract_discard": _DRAFT_CONTRACT,
    "contract-activate": _DRAFT_CONTRACT,
    "mailing:mailing_audience": _DRAFT_MAILING,
    "mailing:mailing_texts": _DRAFT_MAILING,
    "mailing:mailing_schedule": _DRAFT_MAILING,
    "mailing:mailing_lists": _DRAFT_MAILING,
    "billing:invoice_issue": {"pk": lambda world: world.draft.pk},
    "billing:book": {"book": lambda _world: "issued"},
    "billing:book_export": {"book": lambda _world: "issued"},
    "billing:month_close": {"period": lambda _world: "2020-01"},
    "billing:re_rating_create": {"pk": lambda world: world.contract.rates.first().pk},
    "invoice-issue": {"id": lambda world: world.draft.pk},
}


def body_of(address: Address, world: World) -> tuple[bytes, dict[str, str]]:
    """Return the body of a call of the API, and the headers that go with it."""
    headers = {"if-match": "*"}
    if address.name != "call-records":
        return b"{}", headers
    body, signature = sign_call_record(
        bridge=world.bridge, record=make_record(), message_id="msg_matrix", now=world.now
    )
    return body, headers | signature
