"""What a call returns: `ImageResponse`, in OpenAI's form, with what became of each parameter."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from attrs import field, frozen

from impasto._image import Image
from impasto._inputs import ImageFile
from impasto._keys import Keyed, plain
from impasto.errors import ImpastoError

if TYPE_CHECKING:
    from impasto._costs import Asked, Cost

Outcome: TypeAlias = Literal["sent", "mapped", "not needed", "dropped", "unverified"]

_SHOWN = 80  # characters of a text in a fate; enough to recognise a prompt
_WORKED_OUT = frozenset({"params", "cost", "_hidden_params"})  # kept by a response, once asked for
_MOST_TOKENS = 10**12  # of a call; a guess: dearer than anything that anybody sells
_LISTED = 16  # items of a list in a fate; as many as the most pictures that a model takes


def described(value: Any) -> Any:
    """Return *value* fit to be shown: pictures and long texts only by their looks."""
    if isinstance(value, str):
        return value if len(value) <= _SHOWN else f"{value[:_SHOWN]}... ({len(value):,} characters)"
    if isinstance(value, ImageFile):
        return f"<{value.mime}, {len(value.data):,} bytes>"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"<{len(value):,} bytes>"
    if isinstance(value, (list, tuple)):
        shown = [described(one) for one in value[:_LISTED]]
        more = len(value) - _LISTED
        return [*shown, f"... ({more:,} more)"] if more > 0 else shown
    if isinstance(value, Mapping):
        return {key: described(one) for key, one in value.items()}
    return plain(value)


def _all_described(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: described(value) for name, value in fields.items()}


@frozen(slots=False)
class Fate(Keyed):
    """What became of one parameter that the caller set.

    Attributes:
        name: The parameter, as the caller named it.
        outcome: "sent" as it was, "mapped" to the provider's words, "not needed" because the
            provider always does that, "dropped" because the caller allowed it, or "unverified":
            passed on in the caller's words, unchecked.
        given: What the caller set; pictures and long texts are only described.
        sent: The provider's fields that it became.
        note: What else to know, such as the pixels a size really gives.
        came: Of size, n and output_format, what the pictures really have, measured from their
            bytes, where that is something else; None where it is not, or not known yet.
    """

    _keys: ClassVar[tuple[str, ...]] = ("name", "outcome", "given", "sent", "note", "came")

    name: str
    outcome: Outcome
    given: Any = field(default=None, converter=described)
    sent: Mapping[str, Any] = field(factory=dict, converter=_all_described)
    note: str = ""
    came: Any = None


def _count(value: Any) -> int | None:
    """Return *value* as a number of tokens; None where it is none, whoever said so."""
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 <= value < _MOST_TOKENS else None


def _counts(value: Any) -> Mapping[str, Any] | None:
    """Return *value* with what is no count as None; None where it is no mapping at all."""
    if not isinstance(value, Mapping):
        return None
    return {  # numbers first: nearly all are, and to ask whether one is a mapping takes longer
        name: _count(one) if type(one) is int or not isinstance(one, Mapping) else _counts(one)
        for name, one in value.items()
    }


@frozen(kw_only=True)
class Usage(Keyed):
    """Tokens that the provider counted; None where it did not say, or said what is no count."""

    _keys: ClassVar[tuple[str, ...]] = (
        "input_tokens",
        "output_tokens",
        "total_tokens",
        "input_tokens_details",
        "output_tokens_details",
    )

    input_tokens: int | None = field(default=None, converter=_count)
    output_tokens: int | None = field(default=None, converter=_count)
    total_tokens: int | None = field(default=None, converter=_count)
    input_tokens_details: Mapping[str, Any] | None = field(default=None, converter=_counts)
    output_tokens_details: Mapping[str, Any] | None = field(default=None, converter=_counts)

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            input_tokens=_sum(self.input_tokens, other.input_tokens),
            output_tokens=_sum(self.output_tokens, other.output_tokens),
            total_tokens=_sum(self.total_tokens, other.total_tokens),
            input_tokens_details=_sums(self.input_tokens_details, other.input_tokens_details),
            output_tokens_details=_sums(self.output_tokens_details, other.output_tokens_details),
        )


def _sum(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return other if one is None else one
    if isinstance(one, Mapping) or isinstance(other, Mapping):
        both = isinstance(one, Mapping) and isinstance(other, Mapping)
        return _sums(one, other) if both else None
    return one + other


def _sums(
    one: Mapping[str, Any] | None, other: Mapping[str, Any] | None
) -> Mapping[str, Any] | None:
    if one is None or other is None:
        return one or other
    return {key: _sum(one.get(key), other.get(key)) for key in {**one, **other}}


@frozen(kw_only=True)
class Partial:
    """A picture on its way.

    Attributes:
        image: What can be seen so far, or None where only progress is known.
        index: Which of the pictures it is, from 0.
        progress: 0 to 1, a word from the provider, or None.
    """

    image: Image | None = None
    index: int = 0
    progress: float | str | None = None


@frozen
class Attempt(Keyed):
    """A model that was asked and drew nothing, before another one of `fallbacks` was.

    Attributes:
        model: "provider/model".
        error: Why.
    """

    _keys: ClassVar[tuple[str, ...]] = ("model", "error")

    model: str
    error: ImpastoError


@frozen(kw_only=True, repr=False, slots=False)
class ImageResponse(Keyed):
    """The pictures and what is known about them.

    Attributes:
        created: Unix time in seconds.
        data: The pictures that came; never empty in what a call returns.
        usage: Tokens, where the provider counts them.
        charged: What the provider itself says that it charged, from `Cost.reported()`; from an
            extra that answers without asking it, `Cost.cached()`.  None where nobody says it.
        model: The model as it was sent.
        provider: Canonical name of the provider.
        errors: Why parts of a split call failed, where some came through.
        attempts: The models that failed before this one drew, in their order; empty without
            `fallbacks`.
        notes: What else the provider or impasto has to say, in sentences.
        request_id: What the provider's support asks for.
        provider_specific_fields: What else the provider said of the whole answer.
        size: As the provider echoes it, likewise *quality*, *background*, *output_format*.
        headers: Headers of the answer.
    """

    _keys: ClassVar[tuple[str, ...]] = (
        "created",
        "data",
        "usage",
        "model",
        "provider",
        "params",
        "errors",
        "attempts",
        "notes",
        "request_id",
        "provider_specific_fields",
        "size",
        "quality",
        "background",
        "output_format",
    )

    created: int | None = None
    data: list[Image] = field(factory=list)
    usage: Usage | None = None
    charged: Cost | None = None
    model: str | None = None
    provider: str | None = None
    _params: Mapping[str, Fate] = field(factory=dict, alias="params")
    errors: tuple[ImpastoError, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    notes: tuple[str, ...] = ()
    request_id: str | None = None
    provider_specific_fields: Mapping[str, Any] = field(factory=dict)
    size: str | None = None
    quality: str | None = None
    background: str | None = None
    output_format: str | None = None
    headers: Mapping[str, str] = field(factory=dict)
    _settings: Mapping[str, Any] = field(factory=dict, alias="settings", eq=False)
    _asked: Asked | None = field(default=None, alias="asked", eq=False)

    def _with(self, **fields: Any) -> ImageResponse:
        """Return this response with *fields*, by the names of its attributes."""
        # evolve takes several times as long, and this is on the way of every call.
        response = object.__new__(ImageResponse)
        response.__dict__.update(self.__dict__, **fields)
        for name in _WORKED_OUT & response.__dict__.keys():
            del response.__dict__[name]
        return response

    @cached_property
    def params(self) -> Mapping[str, Fate]:
        """For each parameter that was set, by its name, what became of it.

        Size, count and format are compared with what the pictures have, measured from their
        bytes; those behind URLs are not fetched for it.
        """
        from impasto._measured import with_what_came

        return with_what_came(self._params, self.data)

    @cached_property
    def cost(self) -> Cost | None:
        """What was *charged*, else what it cost by a list of prices; None where nobody says."""
        from impasto._costs import cost

        return cost(self._asked, self)

    @cached_property
    def _hidden_params(self) -> dict[str, Any]:
        """What LiteLLM's users look for there."""
        return {
            "model": self.model,
            "custom_llm_provider": self.provider,
            "api_base": self._settings.get("api_base"),
            "response_cost": None if self.cost is None else float(self.cost),
            "headers": dict(self.headers),
            "additional_headers": {f"llm_provider-{k}": v for k, v in self.headers.items()},
        }

    def __repr__(self) -> str:
        who = "/".join(part for part in (self.provider, self.model) if part)
        more = f", errors={len(self.errors)}" if self.errors else ""
        return f"<ImageResponse {who}: {self.data!r}{more}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Show the pictures in a row, with what they are and what they cost, in a notebook."""
        plain = {"text/plain": repr(self)}
        if not self.data:
            return plain
        alone = self.data[0]._repr_mimebundle_() if len(self.data) == 1 else {}
        return {**alone, **plain, "text/html": self._html()}

    def _html(self) -> str:
        width = "100%" if len(self.data) == 1 else "320px"
        row = "".join(image._figure(f"max-width:{width}") for image in self.data)
        who = "/".join(part for part in (self.provider, self.model) if part)
        failed = f"{len(self.errors)} failed" if self.errors else None
        told = [who, *(str(one) for one in (self.cost, failed) if one is not None), *self.notes]
        return (
            f'<div style="display:flex;flex-wrap:wrap;gap:8px">{row}</div>'
            f'<div style="opacity:.7">{escape(" · ".join(told))}</div>'
        )
