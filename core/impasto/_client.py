"""A client of one's own: the functions that everybody calls, with a network that somebody owns."""

from __future__ import annotations

import asyncio
import concurrent.futures
import functools
import inspect
import os
import ssl as _ssl
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

from attrs import define, evolve

from impasto import _api, _portal
from impasto._answer import ImageResponse
from impasto._arguments import Asked, sort
from impasto._batch import AsyncBatch, Batch
from impasto._call import Kind
from impasto._closing import AsyncClosing, Closing
from impasto._dispatch import Dispatch
from impasto._image import EVERYBODYS, Image, Source
from impasto._notices import Origin
from impasto._plan import Plan, planned
from impasto._stream import AsyncImageStream, ImageStream
from impasto.errors import ImpastoError

if TYPE_CHECKING:
    import aiohttp

    from impasto._audience import Audience
    from impasto._journal import Journal
    from impasto._stream import Perform

P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")

_SECONDS_TO_CLOSE = 5.0  # a guess: connections that do not end by then are given up


def _blocking(kind: Kind | None, function: Callable[P, R]) -> Callable[Concatenate[Client, P], R]:
    """Return the method of `Client` that is called as *function* is."""
    signature = inspect.signature(function)

    def method(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> R:
        arguments = signature.bind(*args, **kwargs).arguments
        where = _api.caller()
        if kind is not None and _is_stream(arguments):
            return cast("R", ImageStream(self._streamed(kind, arguments, where)))
        result: R = _portal.run(self._perform(kind, arguments, where))
        return result

    return _dressed(method, function, signature)


def _awaited(
    kind: Kind | None, function: Callable[P, Coroutine[Any, Any, R]]
) -> Callable[Concatenate[Client, P], Coroutine[Any, Any, R]]:
    signature = inspect.signature(function)

    async def method(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> R:
        arguments = signature.bind(*args, **kwargs).arguments
        where = _api.caller()
        if kind is not None and _is_stream(arguments):
            return cast("R", AsyncImageStream(self._streamed(kind, arguments, where)))
        result: R = await self._perform(kind, arguments, where)
        return result

    return _dressed(method, function, signature)


def _is_stream(arguments: Mapping[str, Any]) -> bool:
    return bool(arguments.get("kwargs", {}).get("stream"))


def _planned(
    function: Callable[P, R], kind: Callable[[Plan], R]
) -> Callable[Concatenate[Client, P], R]:
    signature = inspect.signature(function)

    def method(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> R:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        self.refuse_if_closed()
        if bound.arguments["journal"] is None and bound.arguments["ledger"] is None:
            bound.arguments["journal"] = self._journal
        return kind(planned(**bound.arguments, dispatch=self._dispatch, where=_api.caller()))

    return _dressed(method, function, signature)


def _dressed(
    method: Callable[Q, R], function: Callable[..., Any], signature: inspect.Signature
) -> Callable[Q, R]:
    """Return *method* with the name and the help of *function*."""
    kind = inspect.Parameter.POSITIONAL_ONLY
    parameters = [inspect.Parameter("self", kind), *signature.parameters.values()]
    dressed = functools.wraps(function)(method)
    del dressed.__wrapped__
    dressed.__qualname__ = f"Client.{function.__name__}"
    dressed.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return cast("Callable[Q, R]", dressed)


class Client(Closing, AsyncClosing):
    """The functions of `impasto`, with connections of their own, to be closed when you say so::

        with impasto.Client(proxy="http://proxy.corp.example:3128") as client:
            client.image_generation("a fox", model="openai/gpt-image-2")

    Works from any thread and in any event loop, blocking or awaited; a context manager, async or
    not.  Plugins, and extras that `impasto.use` activates, are those of the process.
    """

    def __init__(
        self,
        *,
        proxy: str | None = None,
        trust_env: bool = True,
        ssl: _ssl.SSLContext | None = None,
        session: aiohttp.ClientSession | None = None,
        journal: str | os.PathLike[str] | Journal | None = None,
    ) -> None:
        """Make a client; it connects when it is first used.

        Args:
            proxy: "http://[user:password@]host:port", for everything that is sent.
            trust_env: Whether HTTPS_PROXY, HTTP_PROXY, NO_PROXY and SSL_CERT_FILE, SSL_CERT_DIR,
                REQUESTS_CA_BUNDLE count; the certificates are trusted besides the system's.
            ssl: Which certificates to trust, and which to show, instead of all these.
            session: Your own, for what is sent to providers, in its own event loop; you close it.
                Pictures that providers send as URLs are still fetched with ours, which does not
                follow them into private networks.
            journal: The journal of every call that names no other.

        Raises:
            BadRequestError: *proxy* is none that we can speak to, or *journal* is no path.
        """
        from impasto._booking import path_of
        from impasto._network import Network
        from impasto._transport import Aiohttp

        self._wires = Aiohttp(Network(proxy=proxy, trust_env=trust_env, ssl=ssl, session=session))
        self._journal = None if journal is None else path_of(journal)
        self._closed = False

    image_generation = _blocking("generate", _api.image_generation)
    aimage_generation = _awaited("generate", _api.aimage_generation)
    image_edit = _blocking("edit", _api.image_edit)
    aimage_edit = _awaited("edit", _api.aimage_edit)
    image_variation = _blocking("vary", _api.image_variation)
    aimage_variation = _awaited("vary", _api.aimage_variation)
    submit = _blocking(None, _api.submit)
    asubmit = _awaited(None, _api.asubmit)
    batch = _planned(_api.batch, Batch)
    abatch = _planned(_api.abatch, AsyncBatch)

    async def _perform(self, kind: Kind | None, arguments: dict[str, Any], where: Origin) -> Any:
        """Return the response, or the job where no *kind* is said."""
        self.refuse_if_closed()
        given = self._given(arguments)
        dispatch = self._dispatch()
        if kind is None:
            from impasto._submission import submitted

            return await submitted(dispatch, _api.submission(given), where, self)
        return await dispatch.perform(sort(kind, given), where)

    def _given(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return *arguments* of a call, with the client's journal where they name none."""
        given = {**arguments, **arguments.get("kwargs", {})}
        given.pop("kwargs", None)
        if self._journal is not None and given.get("journal") is None:
            given["journal"] = self._journal
        return given

    def _dispatch(self) -> Dispatch:
        extras = _api.dispatch().extras
        return _Dispatch(registry=_api.registry, wires=self._wires, extras=extras, client=self)

    def _streamed(self, kind: Kind, arguments: dict[str, Any], where: Origin) -> Perform:
        """Return what makes the call for whoever takes its events."""
        asked = sort(kind, self._given(arguments))

        async def perform(audience: Audience) -> ImageResponse:
            audience.owned = self._owned
            return await self._dispatch().perform(evolve(asked, audience=audience), where)

        return perform

    def refuse_if_closed(self) -> None:
        """Raise where nothing can be sent any more.

        Raises:
            ImpastoError: the client is closed.
        """
        if self._closed:
            raise ImpastoError("this client is closed; make another one")

    def owned(self, response: ImageResponse) -> ImageResponse:
        """Return *response* with pictures that this client fetches, where they are URLs."""
        return evolve(response, data=list(map(self._owned, response.data)))

    def _owned(self, image: Image) -> Image:
        everybodys = image.url and image._source is EVERYBODYS
        return evolve(image, source=Source(self._wires)) if everybodys else image

    def close(self) -> None:
        """Close the connections; a call after that is an error."""
        self._closed = True
        closing = self._wires.pool.close_everywhere()
        if not _runs_here():  # else they end when this loop gets its turn
            concurrent.futures.wait(closing, _SECONDS_TO_CLOSE)

    async def aclose(self) -> None:
        """Close the connections, and wait for it without blocking the event loop."""
        self._closed = True
        closing = map(asyncio.wrap_future, self._wires.pool.close_everywhere())
        await asyncio.gather(*closing, return_exceptions=True)


@define(kw_only=True)
class _Dispatch(Dispatch):
    """What performs the calls of *client*."""

    client: Client

    async def perform(self, asked: Asked, where: Origin) -> ImageResponse:
        self.client.refuse_if_closed()
        return self.client.owned(await super().perform(asked, where))


def _runs_here() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
