"""What a response cost, as far as it says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from impasto import ImageResponse

_PLACES = 6  # after the point; a guess: a millionth of a dollar is nobody's business


@dataclass(frozen=True)
class Cost:
    """An amount of money."""

    amount: Decimal
    currency: str = "USD"

    def __str__(self) -> str:
        exact = f"{self.amount:.{_PLACES}f}".rstrip("0")
        shown = exact.ljust(exact.index(".") + 3, "0")  # cents in any case
        return f"${shown}" if self.currency == "USD" else f"{shown} {self.currency}"


def cost_of(response: ImageResponse) -> Cost | None:
    """Return what *response* cost, or None where it does not tell."""
    told = response._hidden_params.get("response_cost")  # where LiteLLM's users look for it, in USD
    return None if told is None else Cost(Decimal(str(told)))


def total(costs: Iterable[Cost | None]) -> Cost | None:
    """Return the sum of *costs*, or None where one is not known or they are in several currencies."""
    known = list(costs)
    currencies = {cost.currency for cost in known if cost is not None}
    if not known or None in known or len(currencies) != 1:
        return None
    amounts = [cost.amount for cost in known if cost is not None]
    return Cost(sum(amounts, Decimal(0)), currencies.pop())
