"""The keys of one call: from the settings, or from `get_credentials`, kept until they expire."""

from __future__ import annotations

import asyncio
import contextvars
import hashlib
import inspect
import re
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from impasto._plugin import Loaded
from impasto._provider import Auth, Credentials, Settings
from impasto.errors import AuthenticationError, ImpastoError

_KEPT = 64  # a guess: of so many accounts at most the keys stay in memory
_LINE_BREAK = re.compile(r"[\r\n\0]")
EARLY = 30.0  # seconds before the end; a guess: the longest a request should be on its way


async def credentials(loaded: Loaded, settings: Settings, now: float) -> Credentials:
    """Return the credentials for *settings*, from before where they are still good.

    Args:
        loaded: The plugin.
        settings: With the secret ones.
        now: Unix time.

    Raises:
        AuthenticationError: none can be had.
    """
    if "get_credentials" not in loaded.own:
        return Credentials(await _secret_ones(loaded, settings))
    memory, key = loaded.memory.credentials, _digest(settings)
    kept = memory.kept(key)
    if kept is not None and is_good(kept[0], now):
        return kept[0]
    return (await memory.fetch(key, lambda: _fetched(loaded, settings, key, now)))[0]


async def _fetched(
    loaded: Loaded, settings: Settings, key: str, now: float
) -> tuple[Credentials, Settings]:
    found = await _asked(loaded, settings)
    if found[0].expires_at is not None:
        # Before whoever waits goes on: who came in between would ask again.
        memory = loaded.memory.credentials
        is_full = len(memory) >= _KEPT
        memory.drop(lambda old: is_full or not is_good(old[0], now))
        memory.keep(key, found)
    return found


def is_good(credentials: Credentials, now: float) -> bool:
    """Return whether *credentials* say that they last, and will for a while."""
    return credentials.expires_at is not None and now < credentials.expires_at - EARLY


def forget(loaded: Loaded, settings: Settings, refused: Credentials | None) -> None:
    """Forget *refused*, which the provider no longer takes; newer ones for *settings* stay."""
    memory, key = loaded.memory.credentials, _digest(settings)
    kept = memory.kept(key)
    if kept is not None and kept[0] is refused:
        memory.forget(key)


def can_be_had_anew(loaded: Loaded, settings: Settings) -> bool:
    """Return whether asking again may give other credentials than before."""
    return "get_credentials" in loaded.own or any(map(callable, settings.values()))


async def _secret_ones(loaded: Loaded, settings: Settings) -> Mapping[str, Any]:
    declared = loaded.provider.settings
    secret = [name for name in settings if declared[name].secret]
    return {name: await called(name, settings[name]) for name in secret}


async def called(name: str, value: Any) -> Any:
    """Return what *value*, a token provider, returns; an ordinary function may block."""
    if not callable(value):
        return value
    try:
        token = await (value() if inspect.iscoroutinefunction(value) else _in_thread(value))
        token = await token if inspect.isawaitable(token) else token
    except ImpastoError:
        raise
    except Exception as error:
        raise AuthenticationError(
            f"{name}() raised {type(error).__name__}: {error}", param=name
        ) from error
    if not isinstance(token, str):
        raise AuthenticationError(f"{name}() returned {type(token).__name__}, not text", param=name)
    return token


async def _asked(loaded: Loaded, settings: Settings) -> tuple[Credentials, Settings]:
    """Ask the plugin; the settings are kept with its answer.

    The digest knows token callables by their addresses, which must not be given to others.
    """
    try:
        found: Any = await _in_thread(lambda: loaded.hook.get_credentials(settings=settings))
        found = await found if inspect.isawaitable(found) else found
    except ImpastoError:
        raise
    except Exception as error:  # botocore's and google-auth's own errors end here
        raise AuthenticationError(f"no credentials could be had: {error}") from error
    if not isinstance(found, Credentials):
        raise AuthenticationError(f"get_credentials() returned {type(found).__name__}")
    return found, settings


async def _in_thread(function: Callable[[], Any]) -> Any:
    """Return what *function*, which may block, returns on a thread of its own.

    The loop's own few threads look up host names as well: some functions that wait for a
    metadata service would hold up every other provider.  Nor does the process wait at its end.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[Any] = loop.create_future()
    context = contextvars.copy_context()

    def work() -> None:
        try:
            result = context.run(function)
        except Exception as error:  # noqa: BLE001 - handed over to who waits for it
            hand_over(outcome.set_exception, error)
        except BaseException as error:  # noqa: BLE001 - sys.exit() in there ends the call, no more
            hand_over(outcome.set_exception, RuntimeError(repr(error)))
        else:
            hand_over(outcome.set_result, result)

    def hand_over(say: Callable[[Any], None], what: Any) -> None:
        if isinstance(what, StopIteration):  # which no future takes
            what = RuntimeError(repr(what))
        with suppress(RuntimeError):  # the loop was closed in the meantime
            loop.call_soon_threadsafe(_tell, outcome, say, what)

    threading.Thread(target=work, name="impasto-credentials", daemon=True).start()
    return await outcome


def _tell(outcome: asyncio.Future[Any], say: Callable[[Any], None], what: Any) -> None:
    if not outcome.done():
        say(what)


def _digest(settings: Settings) -> str:
    shape = [f"{name}={settings[name]!r}" for name in sorted(settings)]
    return hashlib.sha256("\0".join(shape).encode()).hexdigest()


def declared(auth: Auth, credentials: Credentials) -> tuple[dict[str, str], dict[str, str]]:
    """Return the headers and the query parameters that *auth* makes of *credentials*.

    Raises:
        AuthenticationError: the key is not text that a header can carry; it is not shown.
    """
    key = credentials.get(auth.setting)
    if key is None:
        return {}, {}
    key = checked(auth.setting, key)
    if auth.query is not None:
        return {}, {auth.query: key}
    return {auth.header or "Authorization": f"{auth.scheme} {key}".strip()}, {}


def checked(name: str, key: Any) -> str:
    """Return *key*, the setting called *name*, if a header can carry it.

    Raises:
        AuthenticationError: it cannot; the key is not shown.
    """
    if not isinstance(key, str) or not key:
        raise AuthenticationError(f"{name} is {_kind_of(key)}; it takes text", param=name)
    if _LINE_BREAK.search(key):
        raise AuthenticationError(
            f"{name} holds a line break: was it read with its line end?  "
            "token.strip() takes that off",
            param=name,
        )
    return key


def _kind_of(key: object) -> str:
    return "empty" if key == "" else type(key).__name__
