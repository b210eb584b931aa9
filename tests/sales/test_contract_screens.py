"""The contract's screens: found, drafted, changed, put in force, extended, ended, downloaded."""

import datetime as dt

import pytest

from customers.services import save_holidays
from integration.models import Event
from sales.models import Contract
from sales.selectors import contract_object
from sales.services import change_draft, extend_rate
from tests.factories.customers import make_customer, make_issuer
from tests.factories.sales import NOW, a_rate, draft, make_contract
from tests.factories.users import make_user

pytestmark = pytest.mark.django_db

URL = "/sales/contracts/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def as_sales(client):
    client.force_login(make_user("sales", username="lucia"))
    return client


def text_of(answer):
    return answer.content.decode()


def typed(**changes):
    """What a salesperson sends from the form of a new contract."""
    return {
        "start": "2026-01-01",
        "end": "",
        "currency": "EUR",
        "timezone": "Europe/Madrid",
        "billing": "monthly",
        "issue": "review",
        "payment_days": "30",
        "vat_category": "domestic",
        "peak_weekdays": ["1", "2"],
        "peak_from": "08:00",
        "peak_to": "24:00",
        "holidays": "2026-12-25\n2026-01-06",
        "included_minutes": "100",
        "included_access": ["toll", "voip"],
        "commitment": "",
        "monthly_fee": "9,99",
        "fee_setup": "5",
        "fee_late_cancel": "",
        "tiers-TOTAL_FORMS": "2",
        "tiers-INITIAL_FORMS": "0",
        "tiers-0-from_minutes": "1000",
        "tiers-0-discount_percent": "2,5",
        "rates-TOTAL_FORMS": "3",
        "rates-INITIAL_FORMS": "0",
        "rates-0-access": "toll",
        "rates-0-band": "any",
        "rates-0-price_per_minute": "0,06",
        "rates-0-first_increment": "60",
        "rates-0-next_increment": "1",
        "rates-0-minimum_seconds": "0",
        "rates-1-access": "",
        "rates-1-band": "any",
        "rates-1-first_increment": "60",
        "rates-1-next_increment": "60",
        "rates-1-minimum_seconds": "0",
        "rates-2-access": "dial_out",
        "rates-2-prefix": "+34 900",
        "rates-2-band": "peak",
        "rates-2-price_per_minute": "0.125",
        "rates-2-connection_fee": "0,1",
        "rates-2-first_increment": "30",
        "rates-2-next_increment": "6",
        "rates-2-minimum_seconds": "30",
        "rates-2-valid_from": "2026-06-01",
        "rates-2-valid_to": "2027-01-01",
        **changes,
    }


def test_a_contract_is_drafted_as_typed(as_sales):
    customer = make_customer()
    answer = as_sales.post(f"{URL}new/?customer={customer.number}", typed())
    contract = Contract.objects.get()
    assert answer.headers["Location"] == f"{URL}{contract.number}/"
    assert (contract.customer, contract.status) == (customer, "draft")
    assert contract_object(contract) == {
        "currency": "EUR",
        "timezone": "Europe/Madrid",
        "start": "2026-01-01",
        "end": None,
        "peak": {"weekdays": [1, 2], "from": "08:00", "to": "24:00"},
        "holidays": ["2026-12-25", "2026-01-06"],
        "included_minutes": 100,
        "included_access": ["toll", "voip"],
        "tiers": [{"from_minutes": 1000, "discount_percent": "2.5"}],
        "fees": {"setup": "5"},
        "monthly_fee": "9.99",
        "rates": [
            a_rate(
                access="dial_out",
                prefix="34900",
                band="peak",
                price_per_minute="0.125",
                connection_fee="0.1",
                first_increment=30,
                next_increment=6,
                minimum_seconds=30,
                valid_from="2026-06-01",
                valid_to="2027-01-01",
            ),
            a_rate(next_increment=1),
        ],
    }
    assert Event.objects.get(type="contract.drafted").actor == "lucia"


def test_faults_are_shown_in_their_places_and_nothing_is_saved(as_sales):
    customer = make_customer()
    wrong = typed(
        **{
            "peak_to": "07:00",
            "fee_setup": "0,1234567",
            "rates-2-access": "toll",
            "rates-2-prefix": "",
            "rates-2-band": "any",
        }
    )
    wrong["tiers-1-from_minutes"] = "5"
    wrong["tiers-1-discount_percent"] = "3"
    answer = as_sales.post(f"{URL}new/?customer={customer.number}", wrong)
    forms = answer.context["forms"]
    assert set(forms.contract.errors) == {"peak_to", "fee_setup"}
    assert set(forms.tiers.forms[1].errors) == {"from_minutes"}
    # Ties are looked for once the rest is right.
    again = as_sales.post(
        f"{URL}new/?customer={customer.number}",
        wrong | {"peak_to": "20:00", "fee_setup": "", "tiers-1-from_minutes": "2000"},
    )
    assert set(again.context["forms"].rates.forms[2].errors) == {"valid_from"}
    assert 'value="0,06"' in text_of(again)
    assert not Contract.objects.exists()


def test_the_form_starts_with_the_habits_of_house_and_customer(as_sales):
    make_issuer(
        default_payment_days=45, peak_weekdays=[1, 2, 3], peak_from="09:00", peak_to="18:00"
    )
    save_holidays(holidays=[(dt.date(2026, 12, 25), "Navidad")], actor="tests", now=NOW)
    customer = make_customer(country="PT", tax_id="501964843", currency="USD")
    page = as_sales.get(f"{URL}new/?customer={customer.number}")
    initial = page.context["forms"].contract.initial
    assert (initial["currency"], initial["vat_category"]) == ("USD", "reverse_charge")
    assert (initial["payment_days"], initial["peak_from"]) == (45, "09:00")
    assert initial["holidays"] == [dt.date(2026, 12, 25)]


@pytest.mark.parametrize(
    ("fields", "category"),
    [
        ({"country": "ES"}, "domestic"),
        ({"country": "FR", "tax_id": ""}, "domestic"),
        ({"country": "MX", "tax_id": ""}, "export"),
    ],
)
def test_the_vat_is_guessed_from_the_country(as_sales, fields, category):
    customer = make_customer(**fields)
    page = as_sales.get(f"{URL}new/?customer={customer.number}")
    assert page.context["forms"].contract.initial["vat_category"] == category


def test_more_rows_keep_what_was_typed(as_sales):
    customer = make_customer()
    answer = as_sales.post(f"{URL}new/?customer={customer.number}", typed(more="rates"))
    assert answer.status_code == 200
    assert len(answer.context["forms"].rates.forms) == 6
    assert 'value="+34 900"' in text_of(answer)
    assert not Contract.objects.exists()


def test_without_a_customer_one_is_asked_for(as_sales):
    customer = make_customer()
    assert customer.number in text_of(as_sales.get(f"{URL}new/"))
    unknown = as_sales.get(f"{URL}new/?customer=C-none")
    assert (unknown.status_code, unknown.context["unknown"]) == (200, "C-none")


def test_a_draft_is_changed_by_its_form(as_sales):
    contract = draft(rates=[a_rate(), a_rate(access="voip")], fees={"setup": "7.5"})
    address = f"{URL}{contract.number}/edit/"
    page = as_sales.get(address)
    assert 'value="7,5"' in text_of(page)
    assert 'value="0,06"' in text_of(page)
    rows = {"rates-INITIAL_FORMS": "2", "rates-0-DELETE": "on", "rates-1-access": "voip"}
    sent = typed(expected_version="1", **rows, **{"rates-1-price_per_minute": "0,01"})
    assert as_sales.post(address, sent).status_code == 302
    contract.refresh_from_db()
    assert (contract.version, contract.fees) == (2, {"setup": "5"})
    assert set(contract.rates.values_list("access", flat=True)) == {"voip", "dial_out"}


def test_the_second_of_two_editors_loses_nothing(as_sales):
    contract = draft()
    change_draft(
        contract=contract, expected_version=1, actor="tests", now=NOW, changes={"notes": "first"}
    )
    answer = as_sales.post(f"{URL}{contract.number}/edit/", typed(expected_version="1"))
    assert answer.status_code == 409
    assert 'value="0,125"' in text_of(answer) or 'value="0.125"' in text_of(answer)
    contract.refresh_from_db()
    assert (contract.notes, contract.version) == ("first", 2)


def test_a_draft_is_put_in_force_or_refused_in_words(as_sales):
    first = draft()
    second = draft(first.customer)
    as_sales.post(f"{URL}{first.number}/activate/")
    refused = as_sales.post(f"{URL}{second.number}/activate/", follow=True)
    assert first.number in str(next(iter(refused.context["messages"])))
    assert as_sales.get(f"{URL}{second.number}/activate/").status_code == 405
    statuses = dict(Contract.objects.values_list("number", "status"))
    assert statuses == {first.number: "active", second.number: "draft"}


def test_a_draft_is_discarded(as_sales):
    contract = draft()
    assert as_sales.post(f"{URL}{contract.number}/discard/").status_code == 302
    assert not Contract.objects.exists()


def test_a_contract_is_ended(as_sales):
    contract = make_contract()
    address = f"{URL}{contract.number}/terminate/"
    refused = as_sales.post(address, {"end": "2026-01-02"})
    assert set(refused.context["form"].errors) == {"end"}
    assert as_sales.post(address, {"end": "2040-01-01"}).status_code == 302
    contract.refresh_from_db()
    assert contract.end == dt.date(2040, 1, 1)


def test_a_rate_is_previewed_then_agreed(as_sales):
    contract = make_contract()
    rate = contract.rates.get()
    address = f"{URL}{contract.number}/rates/new/?rate={rate.pk}"
    page = as_sales.get(address)
    assert page.context["form"].initial["price_per_minute"] == rate.price_per_minute
    sent = {
        "access": "toll",
        "band": "any",
        "prefix": "",
        "price_per_minute": "0,055",
        "first_increment": "60",
        "next_increment": "60",
        "minimum_seconds": "0",
        "valid_from": "2040-01-01",
    }
    preview = as_sales.post(address, sent | {"preview": "1"})
    shown = preview.context["preview"]
    assert [str(row.valid_from) for row in shown.after] == ["2026-01-01", "2040-01-01"]
    assert "0,055" in text_of(preview)
    assert contract.rates.count() == 1
    refused = as_sales.post(address, sent | {"extend": "1", "valid_from": "2026-01-01"})
    assert set(refused.context["form"].errors) == {"valid_from"}
    assert contract.rates.count() == 1
    assert as_sales.post(address, sent | {"extend": "1"}).status_code == 302
    assert contract.rates.filter(superseded_at=None).count() == 2


def test_calls_without_a_rate_lead_to_the_form_that_cures_them(as_sales):
    contract = make_contract()
    said = {"access": "dial_out", "prefix": "52", "valid_from": "2026-11-01"}
    page = as_sales.get(f"{URL}{contract.number}/rates/new/", said)
    assert page.context["form"].initial == said
    assert 'value="2026-11-01"' in text_of(page)


def test_the_detail_shows_terms_and_rates_of_all_times(as_sales):
    contract = make_contract(
        peak={"weekdays": [1, 2, 3, 4, 5, 7], "from": "08:00", "to": "20:00"},
        fees={"setup": "5", "late_cancel": "7.5", "late_cancel_hours": 24},
        tiers=[{"from_minutes": 1000, "discount_percent": "2.5"}],
        included_minutes=100,
        included_access=["toll"],
        commitment="100",
        rates=[a_rate(valid_from="2026-01-01", valid_to="2026-02-01"), a_rate(access="voip")],
    )
    extend_rate(
        contract=contract,
        rate=a_rate(access="voip", price_per_minute="0.0123", valid_from=None),
        valid_from="2040-01-01",
        actor="tests",
        now=NOW,
    )
    page = as_sales.get(f"{URL}{contract.number}/")
    groups = page.context["groups"]
    counts = [len(getattr(groups, n)) for n in ("current", "later", "past", "superseded")]
    assert counts == [1, 1, 1, 1]
    words = text_of(page)
    for expected in ("0,0123", "7,50", "2,5", "100,00", "lun\u2013vie, dom, 08:00\u201320:00"):
        assert expected in words, expected


def test_the_list_filters_counts_and_pages(as_sales):
    bilbao = make_customer(legal_name="Cañón y Ágora, S.A.")
    first = make_contract(bilbao)
    second = draft(bilbao)
    make_contract()
    page = as_sales.get(URL, {"q": "canon"})
    assert {c.number for c in page.context["page"].rows} == {first.number, second.number}
    assert [(value, count) for value, _label, count in page.context["tabs"]] == [
        ("", 2),
        ("draft", 1),
        ("active", 1),
        ("ended", 0),
    ]
    drafts = as_sales.get(URL, {"q": "canon", "status": "draft"}, headers=HTMX)
    assert [c.number for c in drafts.context["page"].rows] == [second.number]
    assert "<html" not in text_of(drafts)
    assert as_sales.get(URL, {"status": "nonsense", "on": "x", "sort": "x"}).status_code == 200


@pytest.mark.parametrize("rows", [1, 12])
def test_pages_ask_few_questions_whatever_the_rows(as_sales, django_assert_max_num_queries, rows):
    contracts = [
        make_contract(rates=[a_rate(prefix=str(n)) for n in range(rows)]) for _ in range(rows)
    ]
    with django_assert_max_num_queries(15):
        assert len(as_sales.get(URL).context["page"].rows) == rows
    with django_assert_max_num_queries(12):
        as_sales.get(f"{URL}{contracts[0].number}/")
    with django_assert_max_num_queries(12):
        as_sales.get(f"/sales/customers/{contracts[0].customer.number}/rates/")
