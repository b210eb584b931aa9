"""EN 16931 as UBL 2.1: an Invoice or a CreditNote."""

from decimal import Decimal

from .model import SEPA_TRANSFER, ElectronicInvoice, Line, Party, Tax
from .xml import DECLARATION, Xml, el, join

CUSTOMIZATION = "urn:cen.eu:en16931:2017"
_OASIS = "urn:oasis:names:specification:ubl:schema:xsd"


def ubl_xml(invoice: ElectronicInvoice) -> bytes:
    """Return the UBL document, UTF-8; the same invoice gives the same bytes.

    Source: EN 16931-3-2:2020; OASIS UBL 2.1.
    """
    kind = "CreditNote" if invoice.is_credit_note else "Invoice"
    document = el(
        kind,
        el("cbc:CustomizationID", CUSTOMIZATION),
        el("cbc:ID", invoice.number),
        el("cbc:IssueDate", invoice.issued_on.isoformat()),
        None if invoice.is_credit_note else el("cbc:DueDate", invoice.due_on.isoformat()),
        el(f"cbc:{kind}TypeCode", invoice.type_code),
        el("cbc:DocumentCurrencyCode", invoice.currency),
        el("cbc:TaxCurrencyCode", _tax_currency(invoice)),
        el(
            "cac:InvoicePeriod",
            el("cbc:StartDate", invoice.period_start.isoformat()),
            el("cbc:EndDate", invoice.period_end.isoformat()),
        ),
        *(
            el(
                "cac:BillingReference",
                el(
                    "cac:InvoiceDocumentReference",
                    el("cbc:ID", each.number),
                    el("cbc:IssueDate", each.issued_on.isoformat()),
                ),
            )
            for each in invoice.preceding
        ),
        el("cac:ContractDocumentReference", el("cbc:ID", invoice.contract)),
        el("cac:AccountingSupplierParty", _party(invoice.seller, with_contact=True)),
        el("cac:AccountingCustomerParty", _party(invoice.buyer)),
        el("cac:Delivery", el("cbc:ActualDeliveryDate", invoice.period_end.isoformat())),
        _payment_means(invoice),
        el("cac:PaymentTerms", el("cbc:Note", _terms(invoice))),
        _taxes(invoice),
        _totals(invoice),
        join(*(_line(line, kind, invoice.currency) for line in invoice.lines)),
        **{
            "xmlns": f"{_OASIS}:{kind}-2",
            "xmlns:cac": f"{_OASIS}:CommonAggregateComponents-2",
            "xmlns:cbc": f"{_OASIS}:CommonBasicComponents-2",
        },
    )
    return (DECLARATION + document).encode()


def _tax_currency(invoice: ElectronicInvoice) -> str:
    return "" if invoice.vat_in_issuers_currency is None else invoice.issuers_currency


def _terms(invoice: ElectronicInvoice) -> str:
    """A UBL credit note has no due date of its own: its terms say it (BR-CO-25)."""
    if invoice.is_credit_note:
        return invoice.terms or invoice.due_on.isoformat()
    return invoice.terms


def _party(party: Party, *, with_contact: bool = False) -> Xml:
    return el(
        "cac:Party",
        el("cbc:EndpointID", party.email, schemeID="EM"),
        el("cac:PartyName", el("cbc:Name", party.trade_name)),
        el(
            "cac:PostalAddress",
            el("cbc:StreetName", party.line1),
            el("cbc:AdditionalStreetName", party.line2),
            el("cbc:CityName", party.city),
            el("cbc:PostalZone", party.postcode),
            el("cbc:CountrySubentity", party.region),
            el("cac:Country", el("cbc:IdentificationCode", party.country)),
        ),
        el(
            "cac:PartyTaxScheme",
            el("cbc:CompanyID", party.vat_id),
            el("cac:TaxScheme", el("cbc:ID", "VAT")),
        )
        if party.vat_id
        else None,
        el(
            "cac:PartyLegalEntity",
            el("cbc:RegistrationName", party.name),
            el("cbc:CompanyID", party.legal_id),
        ),
        el(
            "cac:Contact",
            el("cbc:Name", party.trade_name or party.name),
            el("cbc:Telephone", party.phone),
            el("cbc:ElectronicMail", party.email),
        )
        if with_contact
        else None,
    )


def _payment_means(invoice: ElectronicInvoice) -> Xml:
    if not invoice.iban or invoice.is_credit_note:
        return Xml()
    branch = el("cac:FinancialInstitutionBranch", el("cbc:ID", invoice.bic))
    return el(
        "cac:PaymentMeans",
        el("cbc:PaymentMeansCode", invoice.payment_means),
        el("cbc:PaymentID", invoice.number),
        el(
            "cac:PayeeFinancialAccount",
            el("cbc:ID", invoice.iban),
            branch if invoice.payment_means == SEPA_TRANSFER else None,
        ),
    )


def _taxes(invoice: ElectronicInvoice) -> Xml:
    currency = invoice.currency
    total = el(
        "cac:TaxTotal",
        _amount("TaxAmount", invoice.vat, currency),
        join(*(_tax(tax, currency) for tax in invoice.taxes)),
    )
    if invoice.vat_in_issuers_currency is None:
        return total
    return join(
        total,
        el(
            "cac:TaxTotal",
            _amount("TaxAmount", invoice.vat_in_issuers_currency, invoice.issuers_currency),
        ),
    )


def _tax(tax: Tax, currency: str) -> Xml:
    return el(
        "cac:TaxSubtotal",
        _amount("TaxableAmount", tax.base, currency),
        _amount("TaxAmount", tax.amount, currency),
        el(
            "cac:TaxCategory",
            el("cbc:ID", tax.category),
            el("cbc:Percent", tax.percent),
            el("cbc:TaxExemptionReasonCode", tax.reason_code),
            el("cbc:TaxExemptionReason", tax.reason),
            el("cac:TaxScheme", el("cbc:ID", "VAT")),
        ),
    )


def _totals(invoice: ElectronicInvoice) -> Xml:
    currency = invoice.currency
    return el(
        "cac:LegalMonetaryTotal",
        _amount("LineExtensionAmount", invoice.net, currency),
        _amount("TaxExclusiveAmount", invoice.net, currency),
        _amount("TaxInclusiveAmount", invoice.total, currency),
        _amount("PayableAmount", invoice.total, currency),
    )


def _line(line: Line, kind: str, currency: str) -> Xml:
    quantity = "CreditedQuantity" if kind == "CreditNote" else "InvoicedQuantity"
    day = line.day.isoformat() if line.day else ""
    return el(
        f"cac:{kind}Line",
        el("cbc:ID", line.id),
        el(f"cbc:{quantity}", line.quantity, unitCode=line.unit),
        _amount("LineExtensionAmount", line.net, currency),
        el("cbc:AccountingCost", line.reference),
        el("cac:InvoicePeriod", el("cbc:StartDate", day), el("cbc:EndDate", day)),
        el(
            "cac:Item",
            el("cbc:Description", line.note),
            el("cbc:Name", line.name),
            el(
                "cac:ClassifiedTaxCategory",
                el("cbc:ID", line.category),
                el("cbc:Percent", line.percent),
                el("cac:TaxScheme", el("cbc:ID", "VAT")),
            ),
        ),
        el("cac:Price", _amount("PriceAmount", line.price, currency)),
    )


def _amount(name: str, amount: Decimal, currency: str) -> Xml:
    return el(f"cbc:{name}", amount, currencyID=currency)
