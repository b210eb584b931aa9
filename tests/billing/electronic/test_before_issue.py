"""The rules of EN 16931 before issue: where switched on they keep a draft, and say how to cure."""

import pytest
from django.utils import translation

from billing.documents.electronic import Finding
from billing.documents.electronic.words import in_plain_words
from billing.models import BillingSettings, Invoice, InvoiceSeries
from billing.selectors.electronic import broken_rules
from billing.selectors.obstacles import obstacles_to_issue
from billing.services import RulesBrokenError, credit_invoice, issue_invoice
from billing.services import rules as rules_service
from customers.models import Issuer
from tests.billing.world import LATER, make_draft, make_issued, make_issuer_once
from tests.factories.billing import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def checked():
    BillingSettings.objects.create(check_rules=True)


@pytest.fixture
def draft():
    """A draft that breaks a rule: its issuer has no tax id."""
    make_issuer_once()
    Issuer.objects.update(tax_id="")
    return make_draft()


def test_a_good_draft_is_issued(checked):
    invoice = make_issued()
    assert invoice.state == Invoice.State.ISSUED
    assert broken_rules(invoice) == []


def test_a_broken_rule_is_an_obstacle_with_its_cure(checked, draft):
    with translation.override("en"):
        found = obstacles_to_issue(draft)
        assert found
        assert {one.rule for one in found.broken_rules} >= {"BR-S-02"}
        (one,) = [one for one in found.broken_rules if one.rule == "BR-S-02"]
        assert one.text == "The issuer has no tax id, which this VAT category demands."
        assert one.cure == "Fill it in in the settings of the issuer."


def test_it_is_refused_at_issue_and_no_number_is_lost(checked, draft):
    with pytest.raises(RulesBrokenError) as refused:
        issue_invoice(invoice=draft, actor="tests", now=NOW)
    assert "BR-S-02" in refused.value.members["rules"]
    draft.refresh_from_db()
    assert (draft.state, draft.number) == (Invoice.State.DRAFT, None)
    assert not InvoiceSeries.objects.exists()


def test_switched_off_nothing_is_checked(draft):
    assert not obstacles_to_issue(draft)
    assert issue_invoice(invoice=draft, actor="tests", now=NOW).number


def test_a_credit_note_is_checked_too(checked):
    invoice = make_issued()
    Issuer.objects.update(tax_id="")
    with pytest.raises(RulesBrokenError):
        credit_invoice(invoice=invoice, reason="Wrong", actor="tests", now=LATER)
    assert not Invoice.objects.filter(kind="credit_note").exists()


def test_rules_that_cannot_be_run_are_no_rules_that_were_kept(checked, monkeypatch):
    monkeypatch.setattr(rules_service, "rules_can_be_checked", lambda: False)
    with pytest.raises(RulesBrokenError, match="saxonche"):
        make_issued()


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("BR-AE-03", "Reverse charge demands the customer's tax id."),
        ("BR-E-10", "A VAT category without VAT gives no reason for it."),
        ("BR-CO-26", "The issuer has no tax id."),
        ("BR-AE-02", "Reverse charge demands the customer's tax id."),
        ("BR-XX-99", "in its own words"),
    ],
)
def test_common_rules_are_said_plainly_and_others_in_their_own_words(rule, text):
    with translation.override("en"):
        said = in_plain_words(Finding(rule=rule, is_fatal=True, text="in its own words"))
    assert (said.rule, said.text) == (rule, text)
    assert bool(said.cure) == (rule != "BR-XX-99")
