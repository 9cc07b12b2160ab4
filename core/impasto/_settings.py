"""A provider's settings: arguments, then environment, then default."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from attrs import field, frozen

from impasto._http import origin
from impasto._provider import Credentials, Provider, Setting, Settings
from impasto._redact import HIDDEN
from impasto.errors import (
    AuthenticationError,
    BadRequestError,
    MissingCredentialsError,
    UnsupportedParamsError,
)

_REMEMBERED = 64  # a guess: of so many accounts' settings at most the keys stay in memory
_TEXTS = frozenset({str, type(None)})
# Rule 3: what looks like a secret and is none of the provider's settings never enters a body.
_SECRET_WORD = re.compile(r"(?i)key|token|secret|credentials|password")


@frozen
class Resolved:
    """The settings of one call.

    Attributes:
        public: What a `Call` may carry.
        all: The same with the secret ones, for `get_credentials`.
        configured: Origins of the URLs that the user gave.
        secrets: The secret values that are text, to be kept out of errors and logs.
        credentials: The secret ones as they go out; None where a function has to be called first.
    """

    public: Mapping[str, Any]
    all: Settings
    configured: frozenset[str]
    secrets: tuple[str, ...] = field(repr=False)
    credentials: Credentials | None = field(default=None, repr=False)


def remembered(
    memory: dict[Any, Resolved], provider: Provider, arguments: Mapping[str, Any]
) -> Resolved:
    """Return what `resolve` does, from *memory* where arguments and environment are as before."""
    given = tuple(map(arguments.get, provider.settings))
    if not _TEXTS.issuperset(map(type, given)):  # a function, an object: not ours to keep
        return resolve(provider, arguments)
    key = (given, _environment(provider.variables))
    found = memory.get(key)
    if found is None:
        if len(memory) >= _REMEMBERED:
            memory.clear()
        found = memory[key] = resolve(provider, arguments)
    return found


def _environment(names: tuple[str, ...]) -> tuple[object, ...]:
    """Return what the variables *names* hold, to be compared and no more."""
    held = getattr(os.environ, "_data", None)  # os.environ.get() takes ten times as long
    if held is None:
        return tuple(map(os.environ.get, names))
    return tuple(map(held.get, _as_held(names)))


@lru_cache(maxsize=256)
def _as_held(names: tuple[str, ...]) -> tuple[object, ...]:
    return tuple(map(os.environ.encodekey, names))


def resolve(provider: Provider, arguments: Mapping[str, Any], *, needed: bool = True) -> Resolved:
    """Return *provider*'s settings from *arguments* and the environment.

    Args:
        provider: What the plugin described.
        arguments: Those of the call's arguments that are settings of the provider.
        needed: False where nothing will be sent, so that nothing can be missing.

    Raises:
        MissingCredentialsError: a key is missing.
        BadRequestError: another setting is missing, or is no good URL.
        AuthenticationError: a key cannot be one.
    """
    public: dict[str, Any] = {}
    everything = Settings()
    configured: set[str] = set()
    secrets: list[str] = []
    unread = _without_variables(provider, arguments) if provider.has_groups else frozenset()
    for name, setting in provider.settings.items():
        value, given = _value(name, setting, arguments, unread)
        if value is None:
            if setting.required and needed and not _is_waived(provider, setting, arguments):
                raise _missing(provider, name, setting)
            continue
        if setting.secret:
            where = "" if arguments.get(name) else _read_from(setting)
            if not setting.file:
                _refuse_no_key(provider, name, where, value)
            secrets.extend([value] if isinstance(value, str) else [])
        else:
            value = _url_of(provider, name, str(value)) if setting.url else value
            public[name] = value
            if setting.url and given:
                configured.add(origin(value))
        everything[name] = value
    keys = {name: everything[name] for name in everything if provider.settings[name].secret}
    credentials = None if any(map(callable, keys.values())) else Credentials(keys)
    return Resolved(public, everything, frozenset(configured), tuple(secrets), credentials)


def shown(name: str, value: Any) -> Any:
    """Return *value* as a fate may tell it: not at all where *name* looks like a secret's."""
    return HIDDEN if _SECRET_WORD.search(name) else value


def refuse_secrets(provider: Provider, extra: Mapping[str, Any], known: frozenset[str]) -> None:
    """Refuse those of *extra* that look like a secret, but for the parameters in *known*.

    Raises:
        UnsupportedParamsError: naming the argument and the settings that there are.
    """
    for name, value in extra.items():
        if value is not None and name not in known and _SECRET_WORD.search(name):
            secret = [key for key, setting in provider.settings.items() if setting.secret]
            raise UnsupportedParamsError(
                f"{name} looks like a secret, and {provider.name} has no setting of that name "
                f"(it has {', '.join(secret) or 'none'}); it is not put into a request",
                param=name,
                provider=provider.name,
            )


def _is_waived(provider: Provider, setting: Setting, arguments: Mapping[str, Any]) -> bool:
    other = provider.settings.get(setting.unless or "")
    return other is not None and _value(setting.unless or "", other, arguments)[1]


def _value(
    name: str,
    setting: Setting,
    arguments: Mapping[str, Any],
    unread: frozenset[str] = frozenset(),
) -> tuple[Any, bool]:
    """Return the value and whether the user gave it."""
    value = arguments.get(name)
    if value is not None and value != "":
        return value, True
    for variable in () if name in unread else setting.env:
        if os.environ.get(variable):
            return os.environ[variable], True
    return setting.default, False


def _without_variables(provider: Provider, arguments: Mapping[str, Any]) -> frozenset[str]:
    """Return the settings for which others rule out the environment."""
    grouped = {name: one.group for name, one in provider.settings.items() if one.group}
    given = {group for name, group in grouped.items() if arguments.get(name)}
    yielding = {
        name
        for name, one in provider.settings.items()
        if any(_value(other, provider.settings[other], arguments)[1] for other in one.yields_to)
    }
    return frozenset({name for name, group in grouped.items() if group in given} | yielding)


def _missing(provider: Provider, name: str, setting: Setting) -> Exception:
    variables = " or ".join(setting.env)
    way = f"pass {name}=..." + (f" or set {variables}" if variables else "")
    message = f"{provider.title or provider.name} needs {name}: {way}"
    if setting.secret:
        return MissingCredentialsError(
            message, variables=setting.env, provider=provider.name, param=name
        )
    return BadRequestError(message, provider=provider.name, param=name)


def _read_from(setting: Setting) -> str:
    variable = next((one for one in setting.env if os.environ.get(one)), None)
    return f" (read from {variable})" if variable else ""


def _refuse_no_key(provider: Provider, name: str, where: str, value: Any) -> None:
    """Refuse a key that no header can carry; the message does not show it."""
    if not isinstance(value, str):
        return
    odd = re.search(r"[^\x21-\x7e]", value)
    if odd is None or len(value) > 4096 or value.lstrip().startswith("{"):
        return  # long texts and JSON are not header values: a service account, a signed token
    what = "a line break" if odd[0] in "\r\n" else "a blank or a character outside ASCII"
    raise AuthenticationError(
        f"{name}{where} holds {what} at position {odd.start()} of {len(value)}; "
        "it was probably copied with more than the key, or read from a file with its line end",
        provider=provider.name,
        param=name,
    )


def _url_of(provider: Provider, name: str, value: str) -> str:
    try:
        return _checked_url(name, value)
    except BadRequestError as error:
        error.provider = provider.name
        raise


@lru_cache(maxsize=256)
def _checked_url(name: str, value: str) -> str:
    text = value.strip()
    try:
        parts = urlsplit(text)
        if re.search(r"[\x00-\x20\x7f\ud800-\udfff]", text):
            raise ValueError("it holds a blank, a line break or another character no URL has")
    except ValueError as error:
        raise BadRequestError(f"{name}={text[:200]!r}: {error}", param=name) from None
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise BadRequestError(
            f"{name}={text[:200]!r} is no http(s) URL; it takes one such as "
            f"'https://{text.lstrip(':/')[:200] or 'host'}'",
            param=name,
        )
    if parts.username or parts.password:
        raise BadRequestError(f"{name} holds a user name; pass the key as api_key", param=name)
    try:
        origin(text)
    except ValueError as error:
        raise BadRequestError(f"{name}={text[:200]!r}: {error}", param=name) from None
    return text.rstrip("/")
