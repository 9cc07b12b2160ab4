"""How amounts of money are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, localcontext
from typing import Any

_PLACES = 6  # a guess: less than a millionth of a dollar is nobody's business
# Digits with which amounts are reckoned; a guess: more than two that are multiplied have.
_OURS = Context(prec=100, traps=[InvalidOperation, DivisionByZero])
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}
_WRITTEN = re.compile(r"([$€£])?\s*(\d+(?:\.\d+)?|\.\d+)\s*([A-Za-z]{3})?", re.ASCII)


@contextmanager
def exactly() -> Iterator[None]:
    """Reckon exactly, however few digits the program that calls us has asked for."""
    with localcontext(_OURS):
        yield


def money(amount: Decimal, currency: str) -> str:
    """Return "$0.04", "$1.50", "$0.0027", "7.00 CHF": two places, and up to six where needed."""
    text, sign = figure(amount), _SIGNS.get(currency)
    return f"{sign}{text}" if sign else f"{text} {currency}"


def figure(amount: Decimal) -> str:
    """Return "0.04", "1.50", "0.0027": two places, and up to six where needed."""
    with exactly():
        exact = format(round(amount, _PLACES).normalize(), "f")
    whole, _, part = exact.partition(".")
    return f"{whole}.{part.ljust(2, '0')}"


def parsed(value: Any) -> tuple[Decimal, str]:
    """Return the amount and the currency of *value*: "1.50 USD", "$1.50", or a number of dollars.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, str):
        match = _WRITTEN.fullmatch(value.strip())
        if match is None or (match[1] and match[3]):
            raise ValueError(f'{value!r} is no amount of money, such as "1.50 USD" or "$1.50"')
        signed = next((name for name, sign in _SIGNS.items() if sign == match[1]), "USD")
        return Decimal(match[2]), (match[3] or signed).upper()
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise ValueError(f'{value!r} is no amount of money, such as "1.50 USD" or 1.5')
    amount = Decimal(str(value))  # of a float, as it is written
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"{value!r} is no amount of money")
    return amount, "USD"
