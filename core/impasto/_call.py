"""`Call`, what the user wants, and `Params`, the same in the provider's words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from attrs import field, frozen

from impasto._answer import Fate
from impasto._http import Json
from impasto._inputs import ImageFile, Mask
from impasto._models import Model
from impasto.errors import BadRequestError

if TYPE_CHECKING:
    from attrs import Attribute

    from impasto.rules import Rule

Kind: TypeAlias = Literal["generate", "edit", "vary"]

# The common vocabulary, in the order in which it is translated.
COMMON = (
    "prompt",
    "image",
    "mask",
    "n",
    "size",
    "quality",
    "style",
    "response_format",
    "user",
    "seed",
    "negative_prompt",
    "background",
    "output_format",
    "output_compression",
    "moderation",
)
# Without one of these it would be a picture of something else.
NEVER_DROPPED = frozenset({"prompt", "image", "mask"})
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def check_json(values: Mapping[str, Any], within: str = "") -> None:
    """Refuse what no JSON body can hold.

    Args:
        values: Fields of the body, by name.
        within: The argument that they are all in, where they are not arguments themselves.

    Raises:
        BadRequestError: naming the argument, and what is wrong with it.
    """
    for name, value in values.items():
        try:
            _encode(value).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise BadRequestError(
                f"{f'{within}[{name!r}]' if within else name} cannot be put into a request "
                f"({_why(error)}); it takes text, finite numbers, True, False, None, and lists "
                "and dicts of them",
                param=within or name,
            ) from None


def _why(error: Exception) -> str:
    if isinstance(error, UnicodeEncodeError):
        return "it holds half a character, a lone surrogate"
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _check_extra(call: Call, _: Attribute[Mapping[str, Json]], value: Mapping[str, Json]) -> None:
    try:
        check_json({name: one for name, one in value.items() if not isinstance(one, ImageFile)})
    except BadRequestError as error:
        error.provider, error.model = call.provider, call.model
        raise


@frozen(slots=False)
class Params:
    """Parameters in the provider's words, with what became of each.

    Attributes:
        values: The provider's fields; nothing in it is None.
        fates: One for each parameter that the caller set.
    """

    values: Mapping[str, Any] = field(factory=dict)
    fates: tuple[Fate, ...] = ()

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Return the provider's field *name*, or *default*."""
        return self.values.get(name, default)


@frozen(kw_only=True, slots=False)
class Call:
    """What the user wants, checked and complete.  Everything unset is None.

    Attributes:
        kind: "generate", "edit" or "vary".
        provider: Canonical name of the provider.
        model: As the user wrote it, without the provider in front.
        catalogue_name: What was looked up in the catalogue: the caller's `base_model`, else what
            `resolve_model` returned, else the model.
        card: The model's row in the catalogue, or None for one that nobody listed.
        n: How many pictures; at most the card's `max_images`, since core splits.
        size: "WxH" in pixels, or a word that the card lists.
        images: The pictures to work on, already read.
        mask: Transparent where the first of them is to be painted anew.
        settings: The provider's settings but for the secret ones.
        extra: All parameters outside the common vocabulary, in the user's words.
        drop_params: True: leave out what the model does not take, instead of raising.
        learned: JSON that answered the request of `learn`; None where there was none.
        timeout: Seconds for the whole call, waiting included, as the caller gave them.
        stream: True where the caller wants to see pictures on their way.
        detached: True where a handle is wanted: do not ask the provider to wait.
        metadata: The caller's own, for extras; None where nothing is said, as below.
        cache: How an extra that keeps answers is to treat this call, in LiteLLM's words:
            {"no-cache": True}, {"no-store": True}, {"s-maxage": seconds}.
        extra_body: What core adds to the body, and *extra_query* to the query, for extras to know
            that calls differ; what is added stays the same whatever an extra makes of the call.
    """

    kind: Kind
    provider: str
    model: str
    catalogue_name: str = ""
    card: Model | None = None
    prompt: str | None = None
    n: int | None = None
    size: str | None = None
    quality: str | None = None
    style: str | None = None
    response_format: str | None = None
    user: str | None = None
    seed: int | None = None
    negative_prompt: str | None = None
    background: str | None = None
    output_format: str | None = None
    output_compression: int | None = None
    moderation: str | None = None
    images: tuple[ImageFile, ...] = ()
    mask: Mask | None = None
    settings: Mapping[str, Any] = field(factory=dict)
    extra: Mapping[str, Json] = field(factory=dict, validator=_check_extra)
    drop_params: bool = False
    timeout: float | None = None
    learned: Json = None
    stream: bool = False
    detached: bool = False
    metadata: Mapping[str, Any] | None = field(default=None, repr=False)
    cache: Mapping[str, Any] | None = None
    extra_body: Mapping[str, Any] | None = None
    extra_query: Mapping[str, Any] | None = field(default=None, repr=False)

    def translate(self, *same: str, **rules: Rule) -> Params:
        """Return the parameters in the provider's words, each with its fate.

        *same* names parameters that the provider calls by the same name.  In *rules*, the key is
        the caller's name and the value says what it becomes: the provider's name, a function
        from the value to the provider's fields, or `always(value)`; see `impasto.rules`.
        What has neither is refused, or dropped where the caller allowed that.  Parameters outside
        the common vocabulary pass in the caller's words.

        Raises:
            UnsupportedParamsError: the model does not take a parameter, or not this value.
            BadRequestError: two parameters claim the same field of the provider.
        """
        from impasto._translate import translate

        return translate(self, {**dict(zip(same, same, strict=True)), **rules} if same else rules)
