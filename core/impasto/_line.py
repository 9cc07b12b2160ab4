"""The line to one provider: adds what is to be added, authorizes, sends, follows its redirects."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Awaitable, Callable, Iterable
from copy import copy
from functools import partial
from typing import Any, TypeAlias, TypeVar
from urllib.parse import quote, quote_plus, urlencode, urljoin, urlsplit

from attrs import Factory, define, evolve

from impasto import _credentials
from impasto._call import Call
from impasto._freeze import NOTHING, Additions, freeze
from impasto._http import Request, Response, origin
from impasto._plugin import Loaded
from impasto._provider import Credentials
from impasto._settings import Resolved
from impasto._wires import Ear, Wires
from impasto.errors import AuthenticationError, ImpastoError, PluginError

MAX_REDIRECTS = 5  # gateways use one or two

# Headers and query parameters that the caller adds, and that hold a key by their name
NAMES_OF_SECRETS = re.compile(r"(?i)auth|key|token|secret|cookie|signature|password")
T = TypeVar("T")
Fail: TypeAlias = Callable[[str, BaseException | None], PluginError]
log = logging.getLogger("impasto")


def hook_answer(loaded: Loaded, fail: Fail, hook: str, kind: type[T], **arguments: Any) -> T | None:
    """Return what a hook returns; what it should not have done becomes a `PluginError`.

    *fail* makes that error, naming the plugin.
    """
    try:
        answer = getattr(loaded.hook, hook)(**arguments)
    except ImpastoError:
        raise
    except (Exception, SystemExit) as error:
        raise fail(f"{hook}() raised {type(error).__name__}: {error}", error) from error
    if answer is not None and not isinstance(answer, kind):
        raise fail(f"{hook}() returned {answer!r}, not {kind.__name__}", None)
    return answer


class Misled(Exception):
    """The answer is a redirect that is not followed.

    Attributes:
        response: The answer.
    """

    def __init__(self, what: str, response: Response) -> None:
        super().__init__(what)
        self.response = response


@define(kw_only=True)
class Line:
    """The line to one provider, for one part of a call.

    Attributes:
        loaded: The plugin.
        call: What the user wants.
        settings: The provider's settings, resolved.
        wires: The outside world.
        additions: What the caller adds to requests.
        fail: Makes the error for what a plugin should not have done.
        home: Origins to which the keys may go; never one that came out of a response.
    """

    loaded: Loaded
    call: Call
    settings: Resolved
    wires: Wires
    additions: Additions = NOTHING
    fail: Fail
    home: frozenset[str] = frozenset()
    _credentials: Credentials | None = None
    _seen: list[Credentials] = Factory(list)

    def begin(self, request: Request) -> None:
        """Make the origin of *request*, which the plugin built, a home of the keys."""
        try:
            self.home = self.loaded.provider.origins | {origin(request.url)}
        except ValueError as error:
            raise self.fail(f"built a request without an absolute URL: {error}", error) from error

    async def send(
        self, request: Request, begun: Callable[[], None], ear: Ear | None = None
    ) -> Response:
        """Send *request*, and again where its own origin moved it; return the answer.

        Where *ear* hears the answer, it is told of each piece, and the head alone is returned.

        Raises:
            NotSent: no connection was made.
            Lost: it broke.
            Misled: the answer leads elsewhere.
            ImpastoError: there is no key.
        """
        at_home = self._is_home(request)
        # A place that an answer named, and neither the plugin nor the user
        guarded = not at_home and origin(request.url) not in self.settings.configured
        frozen = await freeze(request, self.additions, home=at_home)
        for _ in range(MAX_REDIRECTS + 1):
            authorized = await self._authorized(frozen) if at_home else frozen
            response = await self._sent(authorized, begun, guarded=guarded, ear=ear)
            if authorized.url is not frozen.url:  # its query may hold a key
                response = evolve(response, url=frozen.url)
            if not 300 <= response.status < 400 or response.status == 304:
                return response
            frozen = evolve(frozen, url=self._moved(frozen, response))
        raise Misled(f"more than {MAX_REDIRECTS} redirects in a row", response)

    def _sent(
        self, request: Request, begun: Callable[[], None], *, guarded: bool, ear: Ear | None
    ) -> Awaitable[Response]:
        send = self.wires.send if ear is None else partial(self.wires.send, ear=ear)
        if log.isEnabledFor(logging.DEBUG):
            return self._logged(request, send(request, begun, guarded=guarded))
        return send(request, begun, guarded=guarded)

    async def _logged(self, request: Request, answer: Awaitable[Response]) -> Response:
        # Neither the query, which may hold a key, nor the body, which holds what people wrote.
        where = f"{request.method} {request.url.partition('?')[0]}"
        log.debug("%s: %s, %d bytes", self.who(), where, len(request.body or b""))
        response = await answer
        log.debug(
            "%s: %s answered %d, %d bytes of %s, request %s",
            *(self.who(), where, response.status, response.size),
            *(response.content_type or "no type", response.request_id),
        )
        return response

    def ask(self, hook: str, kind: type[T], **arguments: Any) -> T:
        """Return what a hook returns; what it should not have done becomes a `PluginError`."""
        answer = hook_answer(self.loaded, self.fail, hook, kind, **arguments)
        if answer is None:
            raise self.fail(f"{hook}() returned None, not {kind.__name__}", None)
        return answer

    def ask_if_any(self, hook: str, kind: type[T], **arguments: Any) -> T | None:
        """Return what a hook returns that may return None."""
        return hook_answer(self.loaded, self.fail, hook, kind, **arguments)

    async def renew_credentials(self, error: ImpastoError) -> bool:
        """Ask anew for credentials that *error* says are stale; return whether others came."""
        refused = self._credentials
        if not isinstance(error, AuthenticationError) or refused is None:
            return False
        if not _credentials.can_be_had_anew(self.loaded, self.settings.all):
            return False
        _credentials.forget(self.loaded, self.settings.all, refused)
        self._credentials = None
        return dict(await self._credentials_now()) != dict(refused)

    def who(self) -> str:
        """Return provider and model, for the log: on one line, whatever the model is called."""
        model = self.call.model
        return f"{self.call.provider}/{model if model.isprintable() else repr(model)}"

    def _is_home(self, request: Request) -> bool:
        try:
            return origin(request.url) in self.home and "@" not in urlsplit(request.url).netloc
        except ValueError as error:
            raise self.fail(f"asked for {request.url!r}: {error}", error) from error

    async def _authorized(self, request: Request) -> Request:
        credentials = await self._credentials_now()
        if "authorize" in self.loaded.own:
            now = self.wires.now()
            return self.ask("authorize", Request, request=request, credentials=credentials, now=now)
        if self.loaded.provider.auth is None:
            return request
        headers, query = _credentials.declared(self.loaded.provider.auth, credentials)
        if query:
            joint = "&" if "?" in request.url else "?"
            request = evolve(request, url=request.url + joint + urlencode(query))
        return request.with_headers(headers) if headers else request

    async def _credentials_now(self) -> Credentials:
        """Return the credentials of this call, asked for once unless they expire meanwhile."""
        kept = self._credentials
        if kept is not None and (
            kept.expires_at is None or _credentials.is_good(kept, self.wires.now().timestamp())
        ):
            return kept
        if self.settings.credentials is not None and "get_credentials" not in self.loaded.own:
            found = self.settings.credentials
        else:
            found = await self._asked_for()
        self._credentials = found
        self._seen.append(found)
        return found

    async def _asked_for(self) -> Credentials:
        now = self.wires.now().timestamp()
        try:
            return await _credentials.credentials(self.loaded, self.settings.all, now)
        except ImpastoError as error:
            raise copy(error) from error.__cause__  # others may have waited for the same one

    def secrets(self) -> list[str]:
        """Return what must not be seen, the longest first: one may be a part of another."""
        added = [*self.additions.headers.items(), *self.additions.query.items()]
        keys = [
            one
            for name, value in added
            if NAMES_OF_SECRETS.search(name)
            for one in (value if isinstance(value, list) else [value])
        ]
        found = [key for credentials in self._seen for key in credentials.values()]
        return sorted(_spellings([*self.settings.secrets, *keys, *found]), key=len, reverse=True)

    def _moved(self, request: Request, response: Response) -> str:
        location = response.headers.get("location", "")
        target = _joined(request.url, location)
        if response.status not in (307, 308) or target is None:
            # Without its query, which may quote ours, and with it the key.
            shown = location.partition("?")[0][:300]
            raise Misled(f"a redirect to {shown!r}", response)
        return target


def _joined(url: str, location: str) -> str | None:
    """Return where *location* leads from *url*; None for another origin, or nowhere."""
    try:
        target = urljoin(url, location)
        same = origin(target) == origin(url) and "@" not in urlsplit(target).netloc
    except ValueError:
        return None
    return target if location and same else None


def _spellings(keys: Iterable[Any]) -> set[str]:
    """Return *keys* as they are, as URLs and JSON have them, and as a header does after its scheme."""
    texts = [key for key in keys if isinstance(key, str)]
    words = [text.rpartition(" ")[2] for text in texts]
    escaped = [json.dumps(text)[1:-1] for text in (*texts, *words)]
    slashed = [text.replace("/", "\\/") for text in escaped]  # as PHP and some others write it
    return {*texts, *words, *map(quote, words), *map(quote_plus, words), *escaped, *slashed}
