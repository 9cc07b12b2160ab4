"""How amounts of money are written."""

from __future__ import annotations

from decimal import Decimal

_PLACES = 6  # a guess: less than a millionth of a dollar is nobody's business
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}


def money(amount: Decimal, currency: str) -> str:
    """Return "$0.04", "$1.50", "$0.0027", "7.00 CHF": two places, and up to six where needed."""
    exact = format(round(amount, _PLACES).normalize(), "f")
    whole, _, part = exact.partition(".")
    text = f"{whole}.{part.ljust(2, '0')}"
    sign = _SIGNS.get(currency)
    return f"{sign}{text}" if sign else f"{text} {currency}"
