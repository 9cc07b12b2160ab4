"""`fallbacks`: further models for a call, and what of its arguments each of them gets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import evolve, field, frozen

from impasto import _checks
from impasto._answer import Fate
from impasto._arguments import Asked, check_values, words_of
from impasto._call import COMMON
from impasto._freeze import NOTHING, Additions
from impasto._provider import Provider, Setting
from impasto._redact import HIDDEN
from impasto._settings import shown
from impasto._steering import STEERING, steered
from impasto.errors import BadRequestError

MOST = 10  # a guess: after so many failures, what is wrong is not the models

# What the call is about is the same whoever draws; extras, too, see it once.
_SHARED = frozenset(
    {
        *("prompt", "image", "images", "mask"),
        *(
            "timeout",
            "metadata",
            "caching",
            "cache",
            "on_progress",
            "stream",
            "fallbacks",
            "fallback_after",
        ),
        *("journal", "idempotency_key", "again", "budget"),
    }
)
# Fields of `Asked` that a fallback takes over from the call where it has none of its own.
_TAKEN_OVER = ("drop_params", "dropped", "max_retries", "mock_response")


@frozen(kw_only=True)
class Fallback:
    """A further model, and what is for it alone.

    Attributes:
        model: As it was written.
        provider: `custom_llm_provider`.
        common: Parameters of the common vocabulary, instead of the call's.
        words: Settings and parameters of its provider.
        without: Names of the call's arguments that it is asked without.
        additions: Headers, query and body.
        steering: Further fields of `Asked`.
    """

    model: str
    provider: str | None = None
    common: Mapping[str, Any] = field(factory=dict)
    words: Mapping[str, Any] = field(factory=dict, repr=False)
    without: frozenset[str] = frozenset()
    additions: Additions = field(default=NOTHING, repr=False)
    steering: Mapping[str, Any] = field(factory=dict, repr=False)


# --- as the caller writes them ---


def listed(value: Any) -> tuple[Fallback, ...]:
    """Return the models in *value*, checked.

    Raises:
        BadRequestError: saying which of them is wrong; values are not shown, some may be keys.
    """
    if not isinstance(value, (list, tuple)):
        raise _wrong("fallbacks", f"is {type(value).__name__}; it takes a list of models")
    if len(value) > MOST:
        raise _wrong("fallbacks", f"has {len(value)} models; at most {MOST} are tried")
    return tuple(_fallback(f"fallbacks[{at}]", one) for at, one in enumerate(value))


def _fallback(what: str, value: Any) -> Fallback:
    if isinstance(value, str):
        value = {"model": value}
    if not isinstance(value, Mapping):
        form = '"provider/model", or a dict with "model" and what is for that model alone'
        raise _wrong(what, f"is {type(value).__name__}; it takes {form}")
    try:
        return _sorted({**_checks.mapping("it", value)})
    except BadRequestError as error:
        error.message = f"{what}: {error.message}"
        error.args = (error.message,)
        error.param = "fallbacks"
        raise


def _sorted(given: dict[str, Any]) -> Fallback:
    shared = sorted(_SHARED & given.keys())
    if shared:
        raise BadRequestError(f"{shared[0]} is the same for every model; give it beside fallbacks")
    if given.get("model") is None:
        raise BadRequestError('"model" is missing; write {"model": "provider/model", ...}')
    without = frozenset(name for name, value in given.items() if value is None)
    given = {name: value for name, value in given.items() if value is not None}
    common = {name: given.pop(name) for name in COMMON if name in given}
    check_values(common)
    steering = steered({name: given.pop(name) for name in STEERING & given.keys()})
    model = _checks.text("model", given.pop("model"))
    assert model is not None
    own = {name: steering[name] for name in _TAKEN_OVER if steering[name] not in (None, set())}
    return Fallback(
        model=model,
        provider=_checks.text("custom_llm_provider", given.pop("custom_llm_provider", None)),
        common=common,
        words=words_of(given),
        without=without,
        additions=steering["additions"],
        steering={**own, "base_model": steering["base_model"]},
    )


def _wrong(what: str, why: str) -> BadRequestError:
    return BadRequestError(f"{what} {why}", param="fallbacks")


# --- as they are asked ---


@frozen(kw_only=True)
class First:
    """The model that is asked first.

    Attributes:
        asked: The call's arguments.
        name: "provider/model", for the fates of what is meant for it alone.
        settings: Its provider's, as far as they are known.
    """

    asked: Asked
    name: str
    settings: Mapping[str, Setting] = field(factory=dict)


def asked_of(
    fallback: Fallback, first: First, provider: Provider | None
) -> tuple[Asked, dict[str, Fate]]:
    """Return the call as it is put to *fallback*, and the fates of what it does not get.

    Keys, places and the provider's own words stay with the provider that they are meant for.

    Args:
        fallback: Who is asked.
        first: Who was asked first, and with what.
        provider: That of *fallback*, where it is the first one's as well; else None.
    """
    asked = first.asked
    same_account = provider is not None and not _is_another_account(provider, fallback.words)
    along = {
        name: value
        for name, value in asked.words.items()
        if provider is not None and (same_account or name not in provider.settings)
    }
    words = _without({**along, **fallback.words}, fallback.without)
    common = _without({**asked.common, **fallback.common}, fallback.without)
    additions = fallback.additions
    if same_account:
        additions = _both(asked.additions, additions)
    turned = evolve(
        asked,
        model=fallback.model,
        provider=fallback.provider,
        common=common,
        words=words,
        additions=additions,
        fallbacks=(),
        **fallback.steering,
    )
    fates = [*_left(first, turned, fallback.without)]
    if not same_account:
        fates += _added(first)
    return turned, {fate.name: fate for fate in fates}


def _is_another_account(provider: Provider, words: Mapping[str, Any]) -> bool:
    """Return whether *words* have a key or a place: another's must not be mixed with it."""
    settings = provider.settings
    close = {one.group for one in settings.values() if one.group and (one.secret or one.url)}
    own = [settings[name] for name in words if name in settings]
    return any(one.secret or one.url or one.group in close for one in own)


def _without(values: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


def _both(one: Additions, other: Additions) -> Additions:
    if one is NOTHING or other is NOTHING:
        return other if one is NOTHING else one
    return Additions(
        headers={**one.headers, **other.headers},
        query={**one.query, **other.query},
        body={**one.body, **other.body},
    )


def _left(first: First, turned: Asked, without: frozenset[str]) -> Iterator[Fate]:
    """Yield the fates of the call's arguments that are not in *turned*."""
    for name, value in {**first.asked.words, **first.asked.common}.items():
        if name not in turned.words and name not in turned.common:
            setting = first.settings.get(name)
            told = HIDDEN if setting is not None and setting.secret else shown(name, value)
            note = "as fallbacks asks" if name in without else f"meant for {first.name}"
            yield Fate(name, "dropped", told, note=note)


def _added(first: First) -> Iterator[Fate]:
    """Yield the fates of headers, query and body that are for the first alone."""
    additions, note = first.asked.additions, f"meant for {first.name}"
    for name, value in additions.body.items():
        yield Fate(f"extra_body.{name}", "dropped", shown(name, value), note=note)
    # "Authorization" looks like no secret, and holds one.
    for name in additions.headers:
        yield Fate(f"extra_headers.{name}", "dropped", HIDDEN, note=note)
    for name in additions.query:
        yield Fate(f"extra_query.{name}", "dropped", HIDDEN, note=note)
