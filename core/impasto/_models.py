"""models.json: what is known about a provider's models, as data, read strictly."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache, cached_property
from pathlib import Path
from types import GenericAlias
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from attrs import field, frozen, validators

from impasto._money import money
from impasto._sizes import Sizes

if TYPE_CHECKING:
    import cattrs

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


def read_catalogue(path: Path | None) -> Catalogue:
    """Read a models.json; None gives an empty catalogue.

    Raises:
        ValueError: it is unsound; the message says where, as a path into the document.
    """
    if path is None:
        return Catalogue()
    return structure(_rows(json.loads(_text_of(path), object_pairs_hook=unique_keys)))


def structure(rows: Sequence[Mapping[str, Any]]) -> Catalogue:
    """Return *rows*, as they stand in a models.json, as a catalogue.

    Raises:
        ValueError: they are unsound.
    """
    import cattrs  # 40 ms, so not before the first call

    try:
        models = _converter().structure(list(rows), tuple[Model, ...])
    except Exception as error:
        told = cattrs.transform_error(error, path="models", format_exception=_told)
        raise ValueError("; ".join(told)) from error
    names = [name for model in models for name in (model.name, *model.aliases)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"named more than once: {', '.join(twice)}")
    return Catalogue(models)


def structure_prices(lists: Mapping[str, Any]) -> Mapping[str, tuple[Price, ...]]:
    """Return *lists* of prices, each as it stands in a models.json, by the same names.

    Raises:
        ValueError: one is unsound; the message says where.
    """
    import cattrs

    try:
        found: Mapping[str, tuple[Price, ...]] = _converter().structure(
            lists, dict[str, tuple[Price, ...]]
        )
    except Exception as error:
        told = cattrs.transform_error(error, path="prices", format_exception=_told)
        raise ValueError("; ".join(told)) from error
    return found


def bare_names(path: Path) -> list[str]:
    """Return the names in a models.json that answer without a provider in front.

    Reads plain JSON, because it is asked of every installed plugin at once.
    """
    rows = [row for row in _rows(json.loads(_text_of(path))) if row.get("bare")]
    return [name for row in rows for name in (row["name"], *row.get("aliases", ()))]


def _text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _rows(document: Any) -> list[Any]:
    good = isinstance(document, dict) and list(document) == ["models"]
    if not good or not isinstance(document["models"], list):
        raise ValueError('it takes {"models": [...]} and nothing beside it')
    rows: list[Any] = document["models"]
    return rows


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return *pairs* of a JSON object as a dict.

    Raises:
        ValueError: a key stands there twice.
    """
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):  # json would keep the last one and say nothing
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return dict(pairs)


@cache
def _converter() -> cattrs.Converter:
    import cattrs

    converter = cattrs.Converter(forbid_extra_keys=True, prefer_attrib_converters=True)
    converter.register_structure_hook(date, lambda value, _: date.fromisoformat(_a(str)(value)))
    converter.register_structure_hook(Decimal, lambda value, _: _exact(value))
    # cattrs would make text, numbers and truth of anything.
    converter.register_structure_hook(str, lambda value, _: _a(str)(value))
    converter.register_structure_hook(bool, lambda value, _: _a(bool)(value))
    converter.register_structure_hook(int, lambda value, _: _a(int)(value))
    converter.register_structure_hook(float, lambda value, _: _a(int, float)(value))
    converter.register_structure_hook_func(
        _is_tuple, lambda value, kind: _listed(value, kind, converter)
    )
    return converter


def _a(*kinds: type) -> Callable[[Any], Any]:
    """Return the check for a value of one of *kinds* exactly, for True is an int as well."""

    def check(value: Any) -> Any:
        if type(value) not in kinds:
            raise ValueError(f"{value!r} is not {_NAMES[kinds[-1]]}")
        return value

    return check


_NAMES = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}


def _is_tuple(kind: Any) -> bool:
    origin: Any = get_origin(kind)
    return origin is tuple


def _listed(value: Any, kind: Any, converter: cattrs.Converter) -> tuple[Any, ...]:
    if not isinstance(value, list):  # cattrs would take a text for a list of letters
        raise ValueError(f"{value!r} is not a list")
    listed: Any = GenericAlias(list, get_args(kind)[0])
    return tuple(converter.structure(value, listed))


def _exact(amount: Any) -> Decimal:
    if not isinstance(amount, str):  # a float would bring its rounding along
        raise ValueError(f'an amount is text, such as "0.04", not {amount!r}')
    try:
        price = Decimal(amount)
    except InvalidOperation:
        price = Decimal("NaN")
    if not price.is_finite() or price < 0:
        raise ValueError(f"{amount!r} is no amount of money")
    return price


def _told(error: BaseException, kind: type | None) -> str:
    """Return what *error* says: our own words, else those of cattrs."""
    from cattrs.v import format_exception

    return str(error) if type(error) in (ValueError, Exception) else format_exception(error, kind)
