"""A small believable firm for browser tests: an issuer, a customer, what hangs on them."""

from tests.factories.billing import make_conference, make_contract, make_vat_rate
from tests.factories.customers import make_customer, make_issuer


def fill() -> None:
    """Write it to the test's database; committed data, so only for tests with transactions."""
    make_issuer()
    make_vat_rate()
    customer = make_customer(
        legal_name="Industrias Meridiano, S.A.",
        tags=["Gran cuenta"],
        contacts=[{"name": "Iñaki Otxoa", "email": "compras@meridiano.example", "role": "billing"}],
    )
    make_customer(legal_name="Óptica Lumen, S.L.")
    make_contract(customer)
    make_conference(customer, ("24 09:00", "24 10:30"), ("24 09:01", "24 10:29", "voip"))
