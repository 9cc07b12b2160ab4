"""What a call may cost, before anything is sent: an interval, or why nobody can say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, TypeAlias

from attrs import evolve, frozen

from impasto._call import Call, Params
from impasto._costs import Basis, beyond, prices_of
from impasto._keys import Keyed
from impasto._models import Parameter, Price
from impasto._money import exactly, figure
from impasto._possible import NotKnown, areas, cases, fits, possible
from impasto._token_bounds import TokenBounds

_MILLION = Decimal(1_000_000)
# Names, without "_" and in lower case, under which providers take how many pictures to make.
_COUNTS = frozenset(
    {
        *("n", "numoutputs", "numimages", "numberofimages", "samplecount", "samples"),
        *("numsamples", "imagecount", "batchsize", "candidatecount", "maximages"),
    }
)


@frozen(kw_only=True)
class Estimate(Keyed):
    """What a call may cost, by a list of prices, where all of its pictures come.

    Attributes:
        low: The least, in *currency*.
        high: The most, in *currency*; what a budget lays aside.
        currency: "USD".
        basis: What is counted: "image", "megapixel" or "tokens".
        date: When the oldest of the facts was read.
        source: Where they are from.
    """

    _keys: ClassVar[tuple[str, ...]] = ("low", "high", "currency", "basis", "date", "source")

    low: Decimal
    high: Decimal
    currency: str
    basis: Basis
    date: date
    source: str

    def __str__(self) -> str:
        low, high = figure(self.low), figure(self.high)
        return f"{low} {self.currency}" if low == high else f"{low} to {high} {self.currency}"

    def __add__(self, other: Estimate) -> Estimate:
        sources = [*self.source.split("; "), *other.source.split("; ")]
        return Estimate(
            low=self.low + other.low,
            high=self.high + other.high,
            currency=self.currency,
            basis=self.basis,
            date=min(self.date, other.date),
            source="; ".join(dict.fromkeys(sources)),
        )


@frozen
class Unpriced:
    """That nobody can say what a call costs.

    Attributes:
        reason: Why, in a clause that follows a name.
    """

    reason: str


Quote: TypeAlias = Estimate | Unpriced


@exactly()
def estimated(call: Call, params: Params, body: Mapping[str, Any]) -> Quote:
    """Return what *call*, one request's worth, may cost.

    Args:
        call: What the user wants.
        params: What its parameters became.
        body: What the caller adds to the request, unread.
    """
    prices = prices_of(call)
    if not prices:
        return Unpriced(_why_none(call))
    if body:
        return Unpriced("extra_body goes into the request unread, and may change what is paid")
    if len({price.currency for price in prices}) > 1:
        return Unpriced("its prices are in several currencies")
    try:
        return _quoted(call, params, prices)
    except NotKnown as unknown:
        return Unpriced(str(unknown))


@exactly()
def total(quotes: Sequence[Quote]) -> Quote:
    """Return what several requests may cost together."""
    unknown = next((one for one in quotes if isinstance(one, Unpriced)), None)
    if unknown is not None:
        return unknown
    known = [one for one in quotes if isinstance(one, Estimate)]
    return sum(known[1:], known[0])


def _why_none(call: Call) -> str:
    if call.card is None:
        return "no catalogue lists it"
    return call.card.unpriced or "its catalogue has no price for it"


def _quoted(call: Call, params: Params, prices: Sequence[Price]) -> Estimate:
    """Return the estimate.

    Raises:
        NotKnown: there is none.
    """
    count = _pictures(call, params)
    by_picture = [price for price in prices if price.unit in ("image", "megapixel")]
    if not any(price.unit.startswith("million") for price in prices):
        return _by_pictures(call, params, by_picture, count)
    rows: dict[str, Price] = {price.unit: price for price in prices if not price.when}
    bounds = TokenBounds(call, params, rows, count).counted()
    found = _estimate(bounds.low, bounds.high, "tokens", bounds.facts)
    try:  # where the provider counts no tokens, this is what the call is said to have cost
        other = _by_pictures(call, params, by_picture, count)
    except NotKnown:
        return found
    return evolve(found, low=min(found.low, other.low), high=max(found.high, other.high))


def _estimate(low: Decimal, high: Decimal, basis: Basis, facts: Sequence[Any]) -> Estimate:
    prices = [one for one in facts if isinstance(one, Price)]
    return Estimate(
        low=low,
        high=high,
        currency=prices[0].currency,
        basis=basis,
        date=min(one.date for one in facts),
        source="; ".join(dict.fromkeys(one.source for one in facts)),
    )


def _pictures(call: Call, params: Params) -> int:
    """Return how many pictures one request asks for, also in the provider's own words."""
    fate = next((one for one in params.fates if one.name == "n"), None)
    asked = 1 if fate is not None and fate.outcome == "dropped" else call.n or 1
    said = [one for one in _counts(params.values) if type(one) is int]
    listed = (call.card.parameters if call.card is not None else None) or {}
    default = listed.get("n", Parameter()).default
    usual = default if type(default) is int and call.n is None and not said else 1
    return max([asked, usual, *said])


def _counts(fields: Any) -> Iterator[Any]:
    if not isinstance(fields, Mapping):
        return
    for name, value in fields.items():
        if str(name).replace("_", "").lower() in _COUNTS:
            yield value
        yield from _counts(value)


# --- by pictures ------------------------------------------------------------------------------


def _by_pictures(call: Call, params: Params, prices: Sequence[Price], count: int) -> Estimate:
    """Return what *count* pictures cost, whatever the provider chooses.

    Raises:
        NotKnown: there may be pictures that no price is for.
    """
    if not prices:
        raise NotKnown("how long it takes is what is paid, and that is not known before")
    held = [*_that_may_hold(call, params, prices)]
    bounds = [_bounds(price, call, params) for price in held]
    low, high = min(low for low, _ in bounds), max(high for _, high in bounds)
    basis: Basis = "megapixel" if any(one.unit == "megapixel" for one in held) else "image"
    return _estimate(low * count, high * count, basis, held)


def _that_may_hold(call: Call, params: Params, prices: Sequence[Price]) -> Iterator[Price]:
    for case in cases(prices, call, params):
        price = next((one for one in prices if fits(one, case)), None)
        if price is None:
            raise NotKnown(_without_price(case))
        yield price


def _without_price(case: Mapping[str, Any]) -> str:
    unsaid = [name for name, value in case.items() if value is None]
    if unsaid:
        return f"its price depends on {' and '.join(unsaid)}, which the call does not say"
    return "no price is known for " + ", ".join(f"{name}={one}" for name, one in case.items())


def _bounds(price: Price, call: Call, params: Params) -> tuple[Decimal, Decimal]:
    low = high = price.amount
    for name, included in price.included.items():
        values = [one for one in possible(name, call, params) if one is not None]
        times = [beyond(one, included) for one in values] or [Decimal(1)]
        low, high = low * min(times), high * max(times)
    if price.unit != "megapixel":
        return low, high
    least, most = areas(call, params)
    if most is None:
        raise NotKnown("it is paid by the megapixel, and the call does not say its size")
    return low * least / _MILLION, high * most / _MILLION
