"""EN 16931 as UN/CEFACT Cross Industry Invoice D22B: the XML inside a Factur-X PDF."""

import datetime as dt
from collections.abc import Iterable

from .model import SEPA_TRANSFER, ElectronicInvoice, Line, Party, Preceding, Tax
from .xml import DECLARATION, Xml, compact, el, join

PROFILE = "urn:cen.eu:en16931:2017"
_NAMESPACES = {
    f"xmlns:{prefix}": f"urn:un:unece:uncefact:data:standard:{name}:100"
    for prefix, name in (
        ("rsm", "CrossIndustryInvoice"),
        ("ram", "ReusableAggregateBusinessInformationEntity"),
        ("udt", "UnqualifiedDataType"),
        ("qdt", "QualifiedDataType"),
    )
}


def cii_xml(invoice: ElectronicInvoice) -> bytes:
    """Return the CII document, UTF-8; the same invoice gives the same bytes.

    Source: EN 16931-3-3:2020; Factur-X 1.0.8, profile EN 16931.
    """
    document = el(
        "rsm:CrossIndustryInvoice",
        el(
            "rsm:ExchangedDocumentContext",
            el("ram:GuidelineSpecifiedDocumentContextParameter", el("ram:ID", PROFILE)),
        ),
        el(
            "rsm:ExchangedDocument",
            el("ram:ID", invoice.number),
            el("ram:TypeCode", invoice.type_code),
            el("ram:IssueDateTime", _day(invoice.issued_on)),
        ),
        el(
            "rsm:SupplyChainTradeTransaction",
            join(*map(_line, invoice.lines)),
            _agreement(invoice),
            _delivery(invoice),
            _settlement(invoice),
        ),
        **_NAMESPACES,
    )
    return (DECLARATION + document).encode()


def _line(line: Line) -> Xml:
    return el(
        "ram:IncludedSupplyChainTradeLineItem",
        el("ram:AssociatedDocumentLineDocument", el("ram:LineID", line.id)),
        el(
            "ram:SpecifiedTradeProduct",
            el("ram:Name", line.name),
            el("ram:Description", line.note),
        ),
        el(
            "ram:SpecifiedLineTradeAgreement",
            el("ram:NetPriceProductTradePrice", el("ram:ChargeAmount", line.price)),
        ),
        el(
            "ram:SpecifiedLineTradeDelivery",
            el("ram:BilledQuantity", line.quantity, unitCode=line.unit),
        ),
        el(
            "ram:SpecifiedLineTradeSettlement",
            el(
                "ram:ApplicableTradeTax",
                el("ram:TypeCode", "VAT"),
                el("ram:CategoryCode", line.category),
                el("ram:RateApplicablePercent", line.percent),
            ),
            _period(line.day, line.day) if line.day else None,
            el(
                "ram:SpecifiedTradeSettlementLineMonetarySummation",
                el("ram:LineTotalAmount", line.net),
            ),
            el(
                "ram:ReceivableSpecifiedTradeAccountingAccount",
                el("ram:ID", line.reference),
            ),
        ),
    )


def _agreement(invoice: ElectronicInvoice) -> Xml:
    return el(
        "ram:ApplicableHeaderTradeAgreement",
        _party("ram:SellerTradeParty", invoice.seller, with_contact=True),
        _party("ram:BuyerTradeParty", invoice.buyer),
        el(
            "ram:ContractReferencedDocument",
            el("ram:IssuerAssignedID", invoice.contract),
        ),
    )


def _party(name: str, party: Party, *, with_contact: bool = False) -> Xml:
    contact = el(
        "ram:DefinedTradeContact",
        el("ram:PersonName", party.trade_name or party.name),
        el("ram:TelephoneUniversalCommunication", el("ram:CompleteNumber", party.phone)),
        el("ram:EmailURIUniversalCommunication", el("ram:URIID", party.email)),
    )
    return el(
        name,
        el("ram:Name", party.name),
        el(
            "ram:SpecifiedLegalOrganization",
            el("ram:ID", party.legal_id),
            el("ram:TradingBusinessName", party.trade_name),
        ),
        contact if with_contact else None,
        el(
            "ram:PostalTradeAddress",
            el("ram:PostcodeCode", party.postcode),
            el("ram:LineOne", party.line1),
            el("ram:LineTwo", party.line2),
            el("ram:CityName", party.city),
            el("ram:CountryID", party.country),
            el("ram:CountrySubDivisionName", party.region),
        ),
        el(
            "ram:URIUniversalCommunication",
            el("ram:URIID", party.email, schemeID="EM"),
        ),
        el("ram:SpecifiedTaxRegistration", el("ram:ID", party.vat_id, schemeID="VA")),
    )


def _delivery(invoice: ElectronicInvoice) -> Xml:
    # Without the day of delivery (BT-72) the element would be empty, which the schema refuses.
    return el(
        "ram:ApplicableHeaderTradeDelivery",
        el(
            "ram:ActualDeliverySupplyChainEvent",
            el("ram:OccurrenceDateTime", _day(invoice.period_end)),
        ),
    )


def _settlement(invoice: ElectronicInvoice) -> Xml:
    return el(
        "ram:ApplicableHeaderTradeSettlement",
        el("ram:PaymentReference", "" if invoice.is_credit_note else invoice.number),
        el("ram:TaxCurrencyCode", _tax_currency(invoice)),
        el("ram:InvoiceCurrencyCode", invoice.currency),
        _payment_means(invoice),
        join(*map(_tax, invoice.taxes)),
        _period(invoice.period_start, invoice.period_end),
        el(
            "ram:SpecifiedTradePaymentTerms",
            el("ram:Description", invoice.terms),
            el("ram:DueDateDateTime", _day(invoice.due_on)),
        ),
        _totals(invoice),
        *map(_preceding, _in_order(invoice.preceding)),
    )


def _tax_currency(invoice: ElectronicInvoice) -> str:
    return "" if invoice.vat_in_issuers_currency is None else invoice.issuers_currency


def _payment_means(invoice: ElectronicInvoice) -> Xml:
    if not invoice.iban or invoice.is_credit_note:
        return Xml()
    return el(
        "ram:SpecifiedTradeSettlementPaymentMeans",
        el("ram:TypeCode", invoice.payment_means),
        el("ram:PayeePartyCreditorFinancialAccount", el("ram:IBANID", invoice.iban)),
        el("ram:PayeeSpecifiedCreditorFinancialInstitution", el("ram:BICID", invoice.bic))
        if invoice.payment_means == SEPA_TRANSFER
        else None,
    )


def _tax(tax: Tax) -> Xml:
    return el(
        "ram:ApplicableTradeTax",
        el("ram:CalculatedAmount", tax.amount),
        el("ram:TypeCode", "VAT"),
        el("ram:ExemptionReason", tax.reason),
        el("ram:BasisAmount", tax.base),
        el("ram:CategoryCode", tax.category),
        el("ram:ExemptionReasonCode", tax.reason_code),
        el("ram:RateApplicablePercent", tax.percent),
    )


def _totals(invoice: ElectronicInvoice) -> Xml:
    in_issuers_currency = el(
        "ram:TaxTotalAmount",
        invoice.vat_in_issuers_currency,
        currencyID=invoice.issuers_currency,
    )
    return el(
        "ram:SpecifiedTradeSettlementHeaderMonetarySummation",
        el("ram:LineTotalAmount", invoice.net),
        el("ram:TaxBasisTotalAmount", invoice.net),
        el("ram:TaxTotalAmount", invoice.vat, currencyID=invoice.currency),
        in_issuers_currency,
        el("ram:GrandTotalAmount", invoice.total),
        el("ram:DuePayableAmount", invoice.total),
    )


def _preceding(preceding: Preceding) -> Xml:
    return el(
        "ram:InvoiceReferencedDocument",
        el("ram:IssuerAssignedID", preceding.number),
        el(
            "ram:FormattedIssueDateTime",
            el("qdt:DateTimeString", compact(preceding.issued_on), format="102"),
        ),
    )


def _in_order(preceding: Iterable[Preceding]) -> list[Preceding]:
    return sorted(preceding, key=lambda each: (each.issued_on, each.number))


def _period(start: dt.date, end: dt.date) -> Xml:
    return el(
        "ram:BillingSpecifiedPeriod",
        el("ram:StartDateTime", _day(start)),
        el("ram:EndDateTime", _day(end)),
    )


def _day(day: dt.date) -> Xml:
    return el("udt:DateTimeString", compact(day), format="102")
