"""Sorts what a caller passes, before any provider is asked."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from impasto import _checks
from impasto._call import COMMON, Kind
from impasto._freeze import NOTHING, Additions
from impasto._reports import Listener
from impasto._steering import DEFAULT_TIMEOUT, STEERING, steered
from impasto.errors import BadRequestError, UnsupportedParamsError

if TYPE_CHECKING:
    from impasto._audience import Audience
    from impasto._booking import Booking
    from impasto._budgets import Budget
    from impasto._fallbacks import Fallback
    from impasto._leave import Leave
    from impasto._record import Record
    from impasto._witness import Witness

_COMMON = frozenset(COMMON)
# Known from LiteLLM, and nothing that impasto would do in silence.
_NOT_DONE = frozenset({"client"})


# What nearly every call has besides the common vocabulary; none of it is LiteLLM's.
_USUAL = frozenset({"api_key", "api_base", "api_version"})


class ImageGenerationRequestQuality(StrEnum):
    """Qualities that OpenAI's models have or had."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    AUTO = "auto"
    STANDARD = "standard"
    HD = "hd"


@frozen(kw_only=True, slots=False)
class Asked:
    """A caller's arguments, sorted.

    Attributes:
        kind: What is wanted.
        model: As given, None included.
        provider: `custom_llm_provider`.
        common: Parameters of the common vocabulary that are set, but for pictures.
        image: One picture or a list of them, not yet read.
        mask: The mask, not yet read.
        words: All else: settings of the provider and parameters in its own words.
        timeout: Seconds for the whole call.
        drop_params: Of this call; None leaves it to `impasto.drop_params`.
        dropped: Parameters to leave out in any case.
        additions: Headers, query and body that the caller adds.
        max_retries: None where the caller does not say.
        mock_response: What to return instead of asking the provider.
        base_model: The model that stands behind a deployment's name.
        metadata: The caller's own, for extras; no provider sees it.
        cache: What is asked of an extra that keeps answers; None where nothing is said.
        on_progress: What to tell how far the call is.
        fallbacks: Models to go on to where this one fails.
        download: Whether pictures that come as URLs are fetched before the call returns.
        fallback_after: Failures after which that is allowed, too: "refusal", "ambiguous".
        leave: What it waits for before it orders, where it is one of many calls.
        detached: Whether a handle is wanted, with which others can go on.
        witness: Who is told of the moments of an order.
        budget: What it may cost, besides the budgets round it.
        booking: What a journal knows it by.
        record: What the journal knows of it, and where it is written what becomes of it.
        stream: Whether the caller wants to see pictures on their way.
        audience: Who takes the events, where it is streamed.
    """

    kind: Kind
    model: str | None = None
    provider: str | None = None
    common: Mapping[str, Any] = field(factory=dict)
    image: Any = None
    mask: Any = None
    words: Mapping[str, Any] = field(factory=dict, repr=False)  # keys are among them
    timeout: float = DEFAULT_TIMEOUT
    drop_params: bool | None = None
    dropped: frozenset[str] = frozenset()
    additions: Additions = field(default=NOTHING, repr=False)
    max_retries: int | None = None
    mock_response: Any = None
    base_model: str | None = None
    metadata: Mapping[str, Any] = field(factory=dict)
    cache: Mapping[str, Any] | None = None
    on_progress: Listener | None = None
    fallbacks: tuple[Fallback, ...] = ()
    fallback_after: frozenset[str] = frozenset()
    download: bool = False
    leave: Leave | None = None
    detached: bool = False
    witness: Witness | None = None
    budget: Budget | None = None
    booking: Booking | None = None
    record: Record | None = None
    stream: bool = False
    audience: Audience | None = None


def sort(kind: Kind, arguments: Mapping[str, Any]) -> Asked:
    """Return *arguments* sorted and checked.

    Raises:
        BadRequestError: one of them cannot be right, whatever the provider.
    """
    given: dict[str, Any] = {}
    common: dict[str, Any] = {}
    steering: dict[str, Any] = {}
    for name, value in arguments.items():
        if value is not None:
            shelf = common if name in _COMMON else steering if name in STEERING else given
            shelf[name] = value
    image = common.pop("image", None)
    if "images" in given:
        image = _only(image, given.pop("images"))
    mask = common.pop("mask", None)
    model = _checks.text("model", given.pop("model", None))
    provider = _checks.text("custom_llm_provider", given.pop("custom_llm_provider", None))
    words = words_of(given)
    _check(kind, common, image)
    return Asked(
        kind=kind,
        model=model,
        provider=provider,
        common=common,
        image=image,
        mask=mask,
        words=words,
        **(steered(steering) if steering else {}),
    )


def words_of(given: dict[str, Any]) -> dict[str, Any]:
    """Return those of *given* that are for the provider.

    Raises:
        UnsupportedParamsError: one of them asks for what impasto does not do.
    """
    if "base_url" in given:  # the openai SDK's word; as an unknown one it would go to the vendor
        given.setdefault("api_base", given.pop("base_url"))
    if given.keys() <= _USUAL:
        return given
    _refuse_not_done(given)
    return {name: value for name, value in given.items() if not _is_for_litellm(name)}


def _only(image: Any, images: Any) -> Any:
    if image is not None:
        raise BadRequestError(
            "image and images are both given; give all pictures as one list, as image",
            param="images",
        )
    return images


def _is_for_litellm(name: str) -> bool:
    return name in _NOT_DONE or name.startswith("litellm_")


def _check(kind: Kind, common: dict[str, Any], image: Any) -> None:
    if kind == "generate" or "prompt" in common:
        _checks.prompt(common.get("prompt"))
    if kind != "generate" and (image is None or (isinstance(image, (list, tuple)) and not image)):
        raise BadRequestError("image is missing: what is to be worked on?", param="image")
    check_values(common)


def check_values(common: dict[str, Any]) -> None:
    """Check each of *common*, parameters of the common vocabulary, and put it right in place.

    Raises:
        BadRequestError: one of them cannot be right, whatever the provider.
    """
    for name, value in common.items():
        check = _CHECKS.get(name)
        if check is not None:
            common[name] = check(name, value)


_CHECKS = {
    "n": _checks.count,
    "size": _checks.size,
    "quality": _checks.word,
    "style": _checks.word,
    "response_format": _checks.response_format,
    "user": _checks.word,
    "seed": _checks.whole,
    "negative_prompt": _checks.word,
    "background": _checks.word,
    "output_format": _checks.word,
    "output_compression": _checks.whole,
    "moderation": _checks.word,
}


def _refuse_not_done(given: Mapping[str, Any]) -> None:
    for name in _NOT_DONE & given.keys():
        if given[name]:
            raise UnsupportedParamsError(
                f"{name}: this version of impasto does not do that; leave it out", param=name
            )
