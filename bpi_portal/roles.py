"""What each role may do. Apps declare permissions; this page only groups them.

A role is a Django group. ``sync_roles`` runs after every migration, so that what stands here is
what holds; a user may have several roles, and single permissions beside them.
"""

from collections.abc import Iterable, Mapping

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

SEE_CUSTOMERS = ["customers.view_customer"]
SEE_CONFERENCES = [
    "conferencing.view_bridge",
    "conferencing.view_conference",
    "conferencing.view_reservation",
]
SEE_CONTRACTS = ["sales.view_contract", "sales.download_rates", "billing.view_amounts"]
BOOK = [
    "conferencing.add_reservation",
    "conferencing.change_reservation",
    "conferencing.cancel_reservation",
]
SEE_BILLING = [
    "billing.view_charge",
    "billing.view_invoice",
    "billing.view_figures",
    "billing.view_billingrun",
    "billing.view_product",
    "billing.view_subscription",
    "billing.view_oneoffcharge",
    "billing.view_books",
    "billing.view_exchangerate",
    "billing.view_banktransaction",
    "billing.view_collection",
]
LISTS = [
    "customers.view_customerlist",
    "customers.add_customerlist",
    "customers.change_customerlist",
    "customers.delete_customerlist",
]
# Noting wishes and mended addresses.
WISHES = ["customers.change_optout"]
# E-mail of one's own department: read what it says, send again what failed, mend addresses.
MEND_EMAIL = [
    "integration.resend_message",
    "integration.view_suppression",
    "integration.change_suppression",
]
LINKS = ["customers.view_signedlink", "customers.change_signedlink"]

SALES = [
    *SEE_CUSTOMERS,
    "customers.add_customer",
    "customers.change_customer",
    "customers.suspend_customer",
    "customers.export_customer",
    "customers.decide_addressproposal",
    *LISTS,
    *WISHES,
    *LINKS,
    *SEE_CONTRACTS,
    "sales.add_contract",
    "sales.change_contract",
    "sales.activate_contract",
    "sales.extend_rate",
    *SEE_CONFERENCES,
    *BOOK,
    "billing.view_figures",
]
BILLING = [
    *SEE_CUSTOMERS,
    "customers.export_customer",
    *LISTS,
    *SEE_CONTRACTS,
    *SEE_CONFERENCES,
    *SEE_BILLING,
    "billing.change_charge",
    "billing.issue_invoice",
    "billing.credit_invoice",
    "billing.send_invoice",
    "billing.re_rate",
    "billing.add_product",
    "billing.change_product",
    "billing.add_subscription",
    "billing.change_subscription",
    "billing.add_oneoffcharge",
    "billing.change_oneoffcharge",
    "billing.view_billingsettings",
    "billing.change_billingsettings",
    "billing.change_exchangerate",
    "billing.close_month",
    "billing.add_payment",
    "billing.receive_money",
    "billing.remind",
    "billing.set_credit_limit",
    "billing.collect",
    *MEND_EMAIL,
    "integration.view_job",
]
RESERVATIONS = [
    *SEE_CUSTOMERS,
    "customers.decide_addressproposal",
    *WISHES,
    *SEE_CONFERENCES,
    *BOOK,
    "conferencing.book_for_suspended",
    "conferencing.end_conference",
]
SEE_PRINTERS = ["mailing.view_printer", "mailing.view_printjob"]
PRINTERS = [
    *SEE_PRINTERS,
    "mailing.add_printer",
    "mailing.change_printer",
    "mailing.change_printjob",
]
SEE_MAILINGS = [
    "mailing.view_mailing",
    "mailing.view_recipient",
    "mailing.view_template",
    "mailing.view_templateversion",
]
MAILINGS = [
    *SEE_MAILINGS,
    "mailing.add_mailing",
    "mailing.change_mailing",
    "mailing.approve_mailing",
    "mailing.start_mailing",
    "mailing.download_recipients",
    "mailing.add_template",
    "mailing.change_template",
]
MAILING = [
    *SEE_CUSTOMERS,
    *LISTS,
    *WISHES,
    *LINKS,
    *MEND_EMAIL,
    *MAILINGS,
    *PRINTERS,
    "integration.view_job",
]
AUDITOR = [
    *SEE_CUSTOMERS,
    *SEE_CONTRACTS,
    *SEE_CONFERENCES,
    *SEE_BILLING,
    *SEE_MAILINGS,
    *SEE_PRINTERS,
    "customers.view_customerlist",
    "customers.view_issuer",
    "customers.view_signedlink",
    "billing.view_vatrate",
    "billing.view_invoiceseries",
    "billing.view_billingsettings",
    "integration.view_event",
    "integration.view_job",
]

ROLES: Mapping[str, tuple[object, list[str] | None]] = {
    "sales": (_("Sales"), SALES),
    "billing": (_("Billing"), BILLING),
    "reservations": (_("Reservations"), RESERVATIONS),
    "mailing": (_("Mailing"), MAILING),
    "auditor": (_("Auditor"), AUDITOR),
    "administrator": (_("Administrator"), None),  # everything that our apps declare
}
OUR_APPS = ("customers", "sales", "conferencing", "billing", "mailing", "integration", "auth")


def role_name(codename: str) -> str:
    """Return the name of a role in the active language."""
    return str(ROLES[codename][0]) if codename in ROLES else codename


def role_choices() -> list[tuple[str, str]]:
    """Return ``(codename, name)`` of all roles, for a form."""
    return [(codename, str(name)) for codename, (name, _permissions) in ROLES.items()]


def sync_roles() -> None:
    """Make the groups hold exactly what this page says. Safe to repeat.

    Raises:
        LookupError: a permission named here is declared by no app.
    """
    for codename, (_name, permissions) in ROLES.items():
        group, _created = Group.objects.get_or_create(name=codename)
        group.permissions.set(_all_of_ours() if permissions is None else _named(permissions))


def _all_of_ours() -> Iterable[Permission]:
    return Permission.objects.filter(content_type__app_label__in=OUR_APPS)


def _named(names: Iterable[str]) -> list[Permission]:
    wanted = sorted(set(names))
    asked = Q()
    for name in wanted:
        app, codename = name.split(".")
        asked |= Q(content_type__app_label=app, codename=codename)
    found = list(Permission.objects.filter(asked).select_related("content_type"))
    known = {f"{row.content_type.app_label}.{row.codename}" for row in found}
    if missing := set(wanted) - known:
        msg = f"roles name permissions that no app declares: {', '.join(sorted(missing))}"
        raise LookupError(msg)
    return found


def sync_after_migrate(**_kwargs: object) -> None:
    """Keep the groups up to date after ``migrate`` (receiver of ``post_migrate``)."""
    from django.contrib.auth.management import create_permissions

    # Permissions of apps that migrate after the roof would otherwise be missing.
    for label in OUR_APPS:
        create_permissions(apps.get_app_config(label), verbosity=0)
    sync_roles()
