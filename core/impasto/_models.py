"""What is known about a provider's models: parameters, sizes, prices, dates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

from attrs import field, frozen, validators

from impasto._money import money
from impasto._sizes import Sizes

_TYPES: Mapping[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (dict,),
    "image": (object,),  # read by core as any picture is, and handed on as an ImageFile
    "any": (object,),
}


@frozen(kw_only=True)
class Parameter:
    """What a model takes for one parameter; a limit that is None is not known.

    Attributes:
        type: The JSON type; "image" for a picture, which callers may give in any form and rules get
            as an `ImageFile`; "any" where nothing is known.
        values: All that is allowed.
        minimum: Smallest number.
        maximum: Largest number.
        max_length: Most characters of a text, or most items of a list.
        kinds: What it goes with; None: with everything that the model does.
        required: True where a call without it cannot work.
        always: What the provider does in any case: asking for it is fine, for else is not.
        default: What the provider does where it is not given.
        note: A sentence for the reader of the list.
        source: Where the fact is from.
    """

    type: Literal["integer", "number", "string", "boolean", "array", "object", "image", "any"] = (
        "string"
    )
    values: tuple[Any, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None
    kinds: tuple[Literal["generate", "edit", "vary"], ...] | None = None
    required: bool = False
    always: Any = None
    default: Any = None
    note: str = ""
    source: str = ""

    def objection(self, value: Any) -> str | None:
        """Return what is wrong with *value* and what is allowed, or None where it is fine."""
        if not _is_a(self.type, value):
            return f"takes {self.type}, not {type(value).__name__}"
        if self.values is not None and value not in self.values:
            return "takes " + ", ".join(repr(one) for one in self.values)
        if self.minimum is not None and value < self.minimum:
            return f"takes at least {self.minimum:g}"
        if self.maximum is not None and value > self.maximum:
            return f"takes at most {self.maximum:g}"
        if self.max_length is not None and len(value) > self.max_length:
            return (
                f"takes at most {self.max_length:,} characters or items; these are {len(value):,}"
            )
        return None


def _is_a(kind: str, value: Any) -> bool:
    """Return whether *value* is of the JSON type *kind*; True and False are no numbers."""
    number_or_not = kind == "any" or isinstance(value, bool) == (kind == "boolean")
    return isinstance(value, _TYPES[kind]) and number_or_not


def _check_included(_: object, __: object, included: Mapping[str, float]) -> None:
    for name, least in included.items():
        if least <= 0:
            raise ValueError(f"{name}: {least!r} is not more than 0")


@frozen(kw_only=True)
class Price:
    """One price.

    Attributes:
        unit: What it is for: "image", "megapixel", "second", or a million tokens of a kind.
        amount: In *currency*.
        when: Parameters and values for which it holds; empty: always.
        included: Parameters and how much of each it covers; with more the price grows in
            proportion: ``{"steps": 28}``.
        source: Where the figure is from.
        certainty: How sure it is: "primary" from the vendor's own page, "secondary" as somebody
            else quotes it, "recalled" where it could not be looked up; None: not said.
        date: When it was read there, "YYYY-MM-DD".
    """

    unit: Literal[
        "image",
        "megapixel",
        "second",
        "million input text tokens",
        "million cached input text tokens",
        "million input image tokens",
        "million cached input image tokens",
        "million output text tokens",
        "million output image tokens",
    ]
    amount: Decimal
    source: str
    date: date
    currency: str = "USD"
    certainty: Literal["primary", "secondary", "recalled"] | None = None
    when: Mapping[str, Any] = field(factory=dict)
    included: Mapping[str, float] = field(factory=dict, validator=_check_included)

    @property
    def money(self) -> str:
        """The amount as people write it, such as "$0.04"."""
        return money(self.amount, self.currency)


@frozen(kw_only=True)
class Grid:
    """A picture's tokens by its edges: *across* cells along the longer one, as many along the
    shorter one as its ratio leaves, rounded, and each cell ``(base + pixels) / share`` tokens.

    Attributes:
        across: Cells along the longer edge.
        base: Pixels that every picture counts besides its own.
        share: Pixels of a token in each cell.
    """

    across: int = field(validator=validators.ge(1))
    base: int = field(validator=validators.ge(0))
    share: int = field(validator=validators.ge(1))

    def tokens(self, width: int, height: int) -> int:
        """Return the tokens of a picture of *width* by *height* pixels."""
        long, short = max(width, height), min(width, height)
        down = (2 * self.across * short + long) // (2 * long)
        return self._spread(down, width * height)

    def fewest(self, pixels: int, ratio: float) -> int:
        """Return the least tokens of a picture of at least *pixels*, at most *ratio* to 1."""
        return self._spread(max(1, int(self.across / ratio)), pixels)

    def most(self, pixels: int) -> int:
        """Return the most tokens of a picture of at most *pixels*: a square one's."""
        return self._spread(self.across, pixels)

    def _spread(self, down: int, pixels: int) -> int:
        return -(-self.across * down * (self.base + pixels) // self.share)


@frozen(kw_only=True)
class Tokens:
    """How many tokens of one kind a call takes, as far as that is known before it.

    Attributes:
        unit: Which; "output tokens" are those of both kinds together.
        per: "call", "picture" for each that is made, "input" for each that goes in, or a
            parameter whose number counts.
        least: The fewest.
        most: The most; None where only a parameter of the call limits it, see *limit*.
        grid: How they follow from the edges of a picture, instead of *least* and *most*.
        limit: A parameter with which the caller says the most.
        when: Parameters and values for which it holds; empty: always.
        unless: Parameters with which nobody can say.
        source: Where the figures are from.
        date: When they were read there, "YYYY-MM-DD".
    """

    unit: Literal[
        "input text tokens",
        "input image tokens",
        "output text tokens",
        "output image tokens",
        "output tokens",
    ]
    per: str = "picture"
    least: int = field(default=0, validator=validators.ge(0))
    most: int | None = None
    grid: Grid | None = None
    limit: str = ""
    when: Mapping[str, Any] = field(factory=dict)
    unless: tuple[str, ...] = ()
    source: str
    date: date


@frozen(kw_only=True)
class Lifecycle:
    """When a model came and when it goes, as its provider says.

    Attributes:
        released: First day.
        retires: The day from which the provider no longer serves it.
        successor: What the provider names instead.
        source: Where the dates are from.
    """

    released: date | None = None
    retires: date | None = None
    successor: str | None = None
    source: str = ""


@frozen(kw_only=True)
class Model:
    """One row of a catalogue.

    Attributes:
        name: As the provider writes it.
        aliases: Other names with the same facts.  What is sent is the plugin's business:
            `call.model` stays as the user wrote it, `call.card.name` is the row's.
        bare: True where the name, and its aliases, answer without a provider in front.
        kinds: What it can do.
        max_images: Most pictures of one request; more are split over several.
        streams: True where the answer can be a stream of events, of one picture, that shows it
            on its way; core then asks for each picture of a streamed call alone.
        parameters: What it takes, by the caller's names; None where nothing is known.
        sizes: What *size* may be; None where nothing is known.
        prices: Empty where no price is known.
        unpriced: Why none is, in a sentence.
        tokens: What is known before a call of the tokens that it takes, for an estimate.
        lifecycle: None where no date is known.
        facts: The vendor's own, for its plugin.
        note: A sentence for the reader of the list.
    """

    name: str
    aliases: tuple[str, ...] = ()
    bare: bool = False
    kinds: tuple[Literal["generate", "edit", "vary"], ...] = ("generate",)
    max_images: int | None = field(default=None, validator=validators.optional(validators.ge(1)))
    streams: bool = False
    parameters: Mapping[str, Parameter] | None = None
    sizes: Sizes | None = None
    prices: tuple[Price, ...] = ()
    unpriced: str = ""
    tokens: tuple[Tokens, ...] = ()
    lifecycle: Lifecycle | None = None
    facts: Mapping[str, Any] = field(factory=dict)
    note: str = ""

    @cached_property
    def decided(self) -> dict[Any, Any]:
        """What was decided of simple values of its parameters; see `_translate`."""
        return {}

    @cached_property
    def required(self) -> Mapping[str, Parameter]:
        """Those of the parameters without which no call works."""
        listed = self.parameters or {}
        return {name: parameter for name, parameter in listed.items() if parameter.required}


@frozen
class Catalogue:
    """The models of one provider, by each of their names."""

    models: tuple[Model, ...] = ()
    _by_name: Mapping[str, Model] = field(init=False)

    @_by_name.default
    def _index(self) -> Mapping[str, Model]:
        return {name: model for model in self.models for name in (model.name, *model.aliases)}

    def get(self, name: str) -> Model | None:
        """Return the row for *name*, one of its aliases included."""
        return self._by_name.get(name)
