"""Refuse what breaks the rules of EN 16931, where the settings of billing say so."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Invoice
from billing.selectors.electronic import broken_rules, checks_rules, rules_can_be_checked
from toolkit.errors import DomainError


class RulesBrokenError(DomainError):
    """EN 16931 refuses what the invoice would say; ``rules`` names what."""

    code = "rules-broken"
    title = gettext_lazy("The invoice breaks rules of EN 16931")


def refuse_broken_rules(invoice: Invoice) -> None:
    """Hold a finished invoice against the rules, inside the transaction that issues it.

    Raises:
        RulesBrokenError: it breaks one, or the rules are switched on and can't be run here.
    """
    if not checks_rules():
        return
    if not rules_can_be_checked():
        raise RulesBrokenError(
            _(
                "The rules of EN 16931 are switched on and cannot be checked on this machine: "
                "install “saxonche”, or switch them off in the settings of billing."
            ),
            rules=[],
        )
    broken = broken_rules(invoice)
    if broken:
        raise RulesBrokenError(
            " ".join(f"{one.text} {one.cure}".strip() for one in broken),
            rules=[one.rule for one in broken],
        )
