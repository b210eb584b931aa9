"""The rules of EN 16931 that people can break, in plain words with what to do about them."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .rules import Finding


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A rule, what is wrong, and how it is cured; ``cure`` is blank where we have no words."""

    rule: str
    text: str
    cure: str


_ISSUER = _("Fill it in in the settings of the issuer.")
_CUSTOMER = _("Fill it in at the customer.")
_VAT_REASON = _("Write the reason into the VAT rate of that category, in both languages.")
_REPORT = _("Tell whoever looks after the portal: no setting of yours is to blame.")
_BOTH_IDS = _("Fill in the tax id of the customer, or give the contract another VAT category.")

_Words = tuple[str | Promise, str | Promise]
# Those of a VAT category stand below once for all categories.
WORDS: Mapping[str, _Words] = {
    "BR-02": (_("The invoice has no number."), _REPORT),
    "BR-06": (_("The issuer has no legal name."), _ISSUER),
    "BR-07": (_("The customer has no legal name."), _CUSTOMER),
    "BR-08": (_("The issuer has no address."), _ISSUER),
    "BR-09": (_("The issuer's address has no country."), _ISSUER),
    "BR-10": (_("The customer has no address."), _CUSTOMER),
    "BR-11": (_("The customer's address has no country."), _CUSTOMER),
    "BR-16": (_("The invoice has no line."), _REPORT),
    "BR-25": (_("A line has no name."), _("Describe the charge or the product.")),
    "BR-CO-09": (
        _("A tax id does not begin with the letters of a country."),
        _("Look at the countries of issuer and customer."),
    ),
    "BR-CO-10": (_("The lines do not add up to the net total."), _REPORT),
    "BR-CO-13": (_("The net total is not the sum of its parts."), _REPORT),
    "BR-CO-14": (_("The VAT total is not the sum of its categories."), _REPORT),
    "BR-CO-15": (_("Net and VAT do not add up to the total."), _REPORT),
    "BR-CO-17": (_("The VAT of a category is not its base by its percent."), _REPORT),
    "BR-CO-25": (
        _("There is neither a due date nor a payment term."),
        _("Write the payment term into the contract."),
    ),
    "BR-CO-26": (_("The issuer has no tax id."), _ISSUER),
    "BR-50": (_("The issuer has no account number (IBAN)."), _ISSUER),
    "BR-61": (_("The issuer has no account number (IBAN) for a transfer."), _ISSUER),
    "BR-CL-04": (
        _("The currency is not in the list of the standard."),
        _("Correct it in the contract."),
    ),
    "BR-CL-14": (
        _("A country is not in the list of the standard."),
        _("Look at the addresses of issuer and customer."),
    ),
}
_NO_REASON = (_("A VAT category without VAT gives no reason for it."), _VAT_REASON)
_NO_SELLER_ID = (_("The issuer has no tax id, which this VAT category demands."), _ISSUER)
_NO_BUYER_ID = (_("Reverse charge demands the customer's tax id."), _BOTH_IDS)
_BY_ENDING: Mapping[str, Mapping[str, _Words]] = {
    # S standard, Z zero, E exempt, AE reverse charge, O not subject, IG and AF Canary Islands.
    **{
        f"BR-{category}": {"02": _NO_SELLER_ID, "03": _NO_SELLER_ID, "04": _NO_SELLER_ID}
        for category in ("S", "Z", "E", "IG", "AF")
    },
    "BR-AE": {"02": _NO_BUYER_ID, "03": _NO_BUYER_ID, "04": _NO_BUYER_ID, "10": _NO_REASON},
    "BR-O": {"10": _NO_REASON},
}
_REASONED = frozenset({"BR-E-10", "BR-AE-10", "BR-O-10"})


def in_plain_words(finding: Finding) -> BrokenRule:
    """Say a finding in the active language; a rule that we have no words for says its own."""
    words = _NO_REASON if finding.rule in _REASONED else WORDS.get(finding.rule)
    if words is None:
        family, _dash, ending = finding.rule.rpartition("-")
        words = _BY_ENDING.get(family, {}).get(ending)
    if words is None:
        return BrokenRule(finding.rule, finding.text, "")
    return BrokenRule(finding.rule, str(words[0]), str(words[1]))
