"""What a plugin says about its provider: `Provider`, `Setting`, `Auth`, `Credentials`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, NoReturn

from attrs import field, frozen

from impasto._http import origin


@frozen
class Setting:
    """Something a provider needs besides the parameters of a picture: a key, a base URL, a region.

    Attributes:
        env: Environment variables to read, the first one that is set wins.
        default: What holds where neither an argument nor a variable says anything.
        required: True where no call works without it,
        unless: but for calls that give this other setting: a server of the user's own, at
            `api_base`, often needs no key.
        group: Settings that belong together, such as the parts of one key: where one of a group is
            an argument, no variable is read for the others.
        yields_to: Other settings, such as a project beside a key that is not for it: where one of
            them is known, from wherever, no variable is read for this one.
        secret: True for keys and tokens: they go to `get_credentials` alone.
        url: True where it is an http(s) URL; it is checked, and loses a final slash.
        file: True where a secret is JSON, or the path of a file, which may hold blanks.
        note: A sentence for the reader of the list.
    """

    env: tuple[str, ...] = ()
    default: Any = None
    required: bool = False
    unless: str | None = None
    group: str | None = None
    yields_to: tuple[str, ...] = ()
    secret: bool = False
    url: bool = False
    file: bool = False
    note: str = ""


@frozen(kw_only=True)
class Auth:
    """Where the key goes.

    Attributes:
        setting: The secret setting that is the key.
        header: Header to put it in; or
        query: the query parameter, for the few that know no header.
        scheme: Word before the key, such as "Bearer".
    """

    setting: str = "api_key"
    header: str | None = "Authorization"
    scheme: str = "Bearer"
    query: str | None = None


BEARER = Auth()


def header(name: str, scheme: str = "", setting: str = "api_key") -> Auth:
    """Return the `Auth` that puts the key into the header *name*, after *scheme*."""
    return Auth(setting=setting, header=name, scheme=scheme)


def query(name: str, setting: str = "api_key") -> Auth:
    """Return the `Auth` that puts the key into the query parameter *name*."""
    return Auth(setting=setting, header=None, scheme="", query=name)


def _origins(urls: Iterable[str]) -> frozenset[str]:
    return frozenset(map(origin, urls))


@frozen(kw_only=True)
class Provider:
    """What `describe()` returns.

    Attributes:
        name: Canonical name, the prefix that people write.
        title: As its makers write it.
        settings: What it needs, by the argument's name.
        auth: Where the key goes; None where `authorize` does something else, or no key is needed.
        origins: Further homes of the provider, "https://host", to which the key may go.  Where
            its host follows from settings that are no URLs, such as a region, list all of them: a
            job is taken up by another process only where they, or a URL of the user's, name it.
        default_model: Used where the caller names no model and only this provider is installed.
        concurrency: Most calls at once, or most threads of a provider that renders here.
        jobs: Whether orders are answered with a job to be asked for; one that can be stopped,
            with `build_cancel`, is one in any case.
        docs: URL of the vendor's documentation.
    """

    name: str
    title: str = ""
    settings: Mapping[str, Setting] = field(factory=dict)
    auth: Auth | None = BEARER
    origins: frozenset[str] = field(default=frozenset(), converter=_origins)
    default_model: str | None = None
    concurrency: int | None = None
    jobs: bool = False
    docs: str = ""

    @cached_property
    def has_groups(self) -> bool:
        """Whether some of the settings belong together, or go before others."""
        return any(setting.group or setting.yields_to for setting in self.settings.values())

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """All environment variables that its settings are read from."""
        return tuple(name for setting in self.settings.values() for name in setting.env)


@frozen
class Credentials(Mapping[str, Any]):
    """Keys and tokens, by name; nothing else, since every text in it is hidden in messages.

    Attributes:
        expires_at: Unix time until which they are good; None: ask again for each call.
            `math.inf` for what follows from the settings alone, such as a key that is one of
            them: asking takes a thread.
        facts: What came along with them and is no secret, such as a project: not hidden.
    """

    _values: Mapping[str, Any] = field(repr=False, alias="values")
    expires_at: float | None = None
    facts: Mapping[str, Any] = field(factory=dict, repr=False)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<Credentials {', '.join(self._values) or 'none'}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("credentials are not pickled: they are secret")


class Settings(dict[str, Any]):
    """Settings with the secret ones among them, as `get_credentials` gets them."""

    async def token(self, name: str) -> str:
        """Return the key or token *name*; a function for it, async or not, is asked for it.

        Raises:
            AuthenticationError: the function failed, or gave nothing that a header can carry.
        """
        from impasto._credentials import called, checked  # which needs this module

        return checked(name, await called(name, self[name]))

    def __repr__(self) -> str:
        return f"<Settings {', '.join(self)}>"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("these settings are not pickled: they are secret")
