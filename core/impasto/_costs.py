"""What a call cost: as its provider says, else by a list of prices; None where neither does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from attrs import frozen

from impasto import _prices
from impasto._models import Parameter, Price
from impasto._money import exactly, money

if TYPE_CHECKING:
    from impasto._answer import Fate, ImageResponse, Usage
    from impasto._call import Call
    from impasto._image import Image

Basis: TypeAlias = Literal["image", "megapixel", "tokens", "reported", "cache"]

_MILLION = Decimal(1_000_000)


@frozen(kw_only=True)
class Cost:
    """Money: what the provider says that it charged, else by a list of prices.

    By a list, what the provider bills may differ.

    Attributes:
        amount: In *currency*.
        currency: "USD".
        basis: What was counted: "image", "megapixel" or "tokens"; "reported" where the provider
            itself says what it charged, "cache" where nobody was asked.
        date: When the oldest of the prices was read; None where no list of prices says it.
        source: Where they are from.
    """

    amount: Decimal
    currency: str
    basis: Basis
    date: date | None
    source: str

    @classmethod
    def reported(cls, amount: Any, currency: str = "USD", *, source: str) -> Cost:
        """Return what a provider says that it charged, for `ImageResponse(charged=...)`.

        Args:
            amount: As it stands in the answer: text, a number, or a Decimal.
            currency: Of *amount*.
            source: Where it stands, such as "usage.cost".

        Raises:
            ValueError: *amount* is no amount of money.
        """
        try:
            known = None if isinstance(amount, bool) else Decimal(str(amount))
        except InvalidOperation:
            known = None
        if known is None or not known.is_finite() or known < 0:
            raise ValueError(f"{amount!r} is no amount of money")
        return cls(amount=known, currency=currency, basis="reported", date=None, source=source)

    @classmethod
    def cached(cls, source: str = "cache") -> Cost:
        """Return what an answer costs that no provider was asked for: nothing.

        For extras that answer a call themselves: `ImageResponse(charged=Cost.cached())`.

        Args:
            source: Who answered.
        """
        return cls(amount=Decimal(0), currency="USD", basis="cache", date=None, source=source)

    def __str__(self) -> str:
        return money(self.amount, self.currency)

    def __float__(self) -> float:
        return float(self.amount)

    def __add__(self, other: Cost) -> Cost:
        """Return the sum; by a list where one of the two is, and so less sure."""
        if other.currency != self.currency:
            raise ValueError(f"{self} and {other} are in two currencies")
        dates = [one for one in (self.date, other.date) if one is not None]
        return Cost(
            amount=self.amount + other.amount,
            currency=self.currency,
            basis=min(self, other, key=_sureness).basis,
            date=min(dates, default=None),
            source="; ".join(dict.fromkeys([*self.source.split("; "), other.source])),
        )


def _sureness(cost: Cost) -> int:
    return {"reported": 1, "cache": 2}.get(cost.basis, 0)


@frozen
class Asked:
    """What of a call decides its price.

    Attributes:
        prices: Those of its model.
        parameters: What the catalogue says of those, for their defaults.
        kind: "generate", "edit" or "vary".
        values: Parameters by name, as the caller set them.
    """

    prices: Sequence[Price]
    parameters: Mapping[str, Parameter]
    kind: str
    values: Mapping[str, Any]


def prices_of(call: Call) -> Sequence[Price]:
    """Return the prices of the model of *call*: people's own, else the catalogue's."""
    card = call.card
    if card is None:
        return _prices.own(call.provider, call.model, call.catalogue_name) or ()
    found = _prices.own(call.provider, call.model, call.catalogue_name, card.name, *card.aliases)
    return card.prices if found is None else found


def asked(call: Call) -> Asked | None:
    """Return what decides the price of *call*; None where its model has none."""
    prices = prices_of(call)
    if not prices:
        return None
    values: dict[str, Any] = {"size": call.size, "quality": call.quality}
    if call.extra:
        plain = {
            name: one for name, one in call.extra.items() if isinstance(one, (str, int, float))
        }
        values = {**plain, **values}
    parameters = (call.card.parameters if call.card is not None else None) or {}
    return Asked(prices, parameters, call.kind, values)


@exactly()
def cost(asked: Asked | None, response: ImageResponse) -> Cost | None:
    """Return what *response* cost, or None where nobody knows."""
    if response.charged is not None:
        return response.charged
    if asked is None:
        return None
    prices = asked.prices
    if response.usage is not None and any(price.unit.startswith("million") for price in prices):
        return _of_tokens(asked, response.usage)
    found = [_of_picture(asked, response, image) for image in response.data]
    known = [one for one in found if one is not None]
    return _sum(known) if len(known) == len(found) else None


@exactly()
def total(parts: Sequence[ImageResponse]) -> Cost | None:
    """Return what *parts* of a call cost together, where a provider says it of one of them.

    None where it says so of none: a list of prices then knows it of the whole.
    """
    if all(part.charged is None for part in parts):
        return None
    known = [part.cost for part in parts if part.cost is not None]
    return _sum(known) if len(known) == len(parts) else None


def _sum(costs: Sequence[Cost]) -> Cost | None:
    alike = len({one.currency for one in costs}) == 1
    return sum(costs[1:], costs[0]) if alike else None


def _priced(price: Price, count: Decimal, basis: Basis) -> Cost:
    return Cost(
        amount=price.amount * count,
        currency=price.currency,
        basis=basis,
        date=price.date,
        source=price.source,
    )


# --- By tokens --------------------------------------------------------------------------------


def _of_tokens(asked: Asked, usage: Usage) -> Cost | None:
    """Return the price of all tokens; None where those of one kind have none."""
    counted = _counted(asked, usage)
    if counted is None:
        return None
    prices: dict[str, Price] = {price.unit: price for price in asked.prices if not price.when}
    rows = [(prices.get(unit), count) for unit, count in counted.items() if count]
    if not rows or any(price is None for price, _ in rows):
        return None
    return _sum(
        [_priced(price, Decimal(count) / _MILLION, "tokens") for price, count in rows if price]
    )


def _counted(asked: Asked, usage: Usage) -> dict[str, int] | None:
    """Return how many tokens of each kind were used; None where that is not said."""
    taken, made = usage.input_tokens_details or {}, usage.output_tokens_details or {}
    text, pictures = taken.get("text_tokens"), taken.get("image_tokens")
    if any(isinstance(one, Mapping) for one in (text, pictures, made.get("text_tokens"))):
        return None  # several kinds of each
    if text is None and pictures is None:
        if asked.kind != "generate" or usage.input_tokens is None:
            return None  # words and pictures went in, at prices of their own
        text = usage.input_tokens
    if usage.output_tokens is None or taken.get("cached_tokens"):
        return None  # of which kind those were is not said
    written = made.get("text_tokens") or 0
    if written > usage.output_tokens:
        return None  # it contradicts itself
    return {
        "million input text tokens": text or 0,
        "million input image tokens": pictures or 0,
        "million output text tokens": written,
        "million output image tokens": usage.output_tokens - written,
    }


# --- By pictures ------------------------------------------------------------------------------


def _of_picture(asked: Asked, response: ImageResponse, image: Image) -> Cost | None:
    for price in asked.prices:
        if price.unit == "image" and _holds(price, asked, response, image):
            return _priced(price, _beyond(price, asked, response, image), "image")
        if price.unit == "megapixel" and _holds(price, asked, response, image):
            pixels = _pixels(asked, image)
            if pixels is None:
                return None
            count = pixels / _MILLION * _beyond(price, asked, response, image)
            return _priced(price, count, "megapixel")
    return None


def _beyond(price: Price, asked: Asked, response: ImageResponse, image: Image) -> Decimal:
    """Return how many times *price* it is, for what is beyond what that includes."""
    times = Decimal(1)
    for name, included in price.included.items():
        value = next(_values(name, asked, response, image))
        times *= beyond(value, included)
    return times


def beyond(value: Any, included: float) -> Decimal:
    """Return how many times as much *value* is as what is *included*; at least once."""
    known = isinstance(value, (int, float)) and not isinstance(value, bool)
    return max(Decimal(1), Decimal(str(value)) / Decimal(str(included))) if known else Decimal(1)


def _pixels(asked: Asked, image: Image) -> Decimal | None:
    size = f"{image.width}x{image.height}" if image.width else str(asked.values.get("size"))
    width, x, height = size.partition("x")
    return Decimal(int(width) * int(height)) if x and (width + height).isdigit() else None


def _holds(price: Price, asked: Asked, response: ImageResponse, image: Image) -> bool:
    return all(value in _values(name, asked, response, image) for name, value in price.when.items())


def _values(name: str, asked: Asked, response: ImageResponse, image: Image) -> Iterator[Any]:
    """Yield the value of *name*: what came, else what was sent, else asked for, else the default."""
    listed = asked.parameters.get(name)
    measured = f"{image.width}x{image.height}" if name == "size" and image.width else None
    told = getattr(response, name, None) if name in ("size", "quality") else None
    sent = next(sent_as(name, response._params.values()), None)
    default = listed.default if listed is not None else None
    known = (measured, told, sent, asked.values.get(name), default)
    yield next((one for one in known if one is not None), None)


def sent_as(name: str, fates: Iterable[Fate]) -> Iterator[Any]:
    """Yield what became of *name* in the provider's own fields: "image_size" is "imageSize"."""
    flat = name.replace("_", "")
    for fate in fates:
        yield from _within(flat, fate.sent)


def _within(flat: str, fields: Mapping[str, Any]) -> Iterator[Any]:
    for name, value in fields.items():
        if isinstance(value, Mapping):
            yield from _within(flat, value)
        elif str(name).replace("_", "").lower() == flat:
            yield value
