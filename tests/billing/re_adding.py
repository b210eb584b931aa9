"""Re-add what an explanation says, in fractions, sharing no code with the product."""

from fractions import Fraction
from math import floor

# Of the currencies that tests use; written here because nothing of the product is to be trusted.
DECIMALS = {"EUR": 2, "USD": 2, "MXN": 2, "COP": 2, "CLP": 0, "KWD": 3}


def half_up(amount: Fraction, decimals: int) -> Fraction:
    scaled = abs(amount) * 10**decimals
    rounded = Fraction(floor(scaled + Fraction(1, 2)), 10**decimals)
    return -rounded if amount < 0 else rounded


def re_add_leg(leg):
    amount = Fraction(0)
    assert leg["billed_seconds"] == sum(segment["seconds"] for segment in leg["segments"])
    assert leg["free_seconds"] == sum(segment["free_seconds"] for segment in leg["segments"])
    for segment in leg["segments"]:
        assert segment["price_per_minute"] == segment["rate"]["price_per_minute"]
        amount += (
            Fraction(segment["seconds"] - segment["free_seconds"])
            * Fraction(segment["price_per_minute"])
            / 60
            * (100 - Fraction(segment["discount_percent"]))
            / 100
        )
    return half_up(amount, 6) + Fraction(leg["connection_fee"])


def re_add_line(line, decimals):
    if line["rule"] == "adjustment":
        now = line["now"]
        after = Fraction(line["after"])
        if now is not None:
            assert after == Fraction(now.get("net", line["after"])) == re_add_line(now, decimals)
        else:
            assert after == 0
        return max(after - Fraction(line["before"]), -Fraction(line["left"]))
    if line["rule"] in {"credit", "again", "amount"}:
        return Fraction(line["net"])
    if line["rule"] == "legs":
        assert line["quantity"] == sum(leg["billed_seconds"] for leg in line["legs"])
        for leg in line["legs"]:
            assert re_add_leg(leg) == Fraction(leg["amount"])
        total = sum((Fraction(leg["amount"]) for leg in line["legs"]), Fraction(0))
        assert total == Fraction(line["sum"])
        return half_up(total, decimals)
    if line["rule"] == "fee":
        quantity = 1 if line["quantity"] is None else line["quantity"]
        return half_up(Fraction(line["unit_price"]) * quantity, decimals)
    share = half_up(Fraction(line["agreed"]) * line["active_days"] / line["days"], decimals)
    return share - Fraction(line.get("conference_lines", 0))


def re_add(explanation):
    """Check every amount; answer the total."""
    decimals = DECIMALS[explanation["currency"]]
    for line in explanation["lines"]:
        assert re_add_line(line, decimals) == Fraction(line["net"]), line
    net = sum((Fraction(line["net"]) for line in explanation["lines"]), Fraction(0))
    vat = Fraction(0)
    for tax in explanation["taxes"]:
        amount = half_up(Fraction(tax["base"]) * Fraction(tax["percent"]) / 100, decimals)
        assert amount == Fraction(tax["amount"])
        vat += amount
    assert sum((Fraction(tax["base"]) for tax in explanation["taxes"]), Fraction(0)) == net
    assert (net, vat) == (Fraction(explanation["net"]), Fraction(explanation["vat"]))
    assert net + vat == Fraction(explanation["total"])
    return net + vat
