"""aiohttp's sessions: some for each event loop, closed with it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import socket
import ssl
import threading
import weakref
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from itertools import chain
from typing import Any

import aiohttp
from attrs import define

from impasto import _guard
from impasto._network import Certificates, Network, Proxies
from impasto._version import __version__
from impasto.errors import BadRequestError

CONNECT_SECONDS = 30  # a guess; long enough for three SYNs lost, and for a slow proxy
# The engine has one deadline for all of it.
TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)
# What may wait unread of one answer: aiohttp's own; four times that took memory and saved no time
_READ_BYTES = 2**16
_MAX_HEADER_BYTES = 64 * 1024  # aiohttp's 8 KiB lose a picture to a long Content-Security-Policy


@define(eq=False)
class Sessions:
    """The sessions of one event loop.

    Attributes:
        api: For providers, and for what the user configured.
        guarded: For URLs that strangers chose: it connects to public addresses only.
        proxied: For URLs that strangers chose and that are reached through a proxy.
        proxies: Which proxy leads where.
        is_the_users: Whether *api* is the user's own, and not ours to close.
    """

    api: aiohttp.ClientSession
    guarded: aiohttp.ClientSession
    proxied: aiohttp.ClientSession | None
    proxies: Proxies
    is_the_users: bool

    def _ours(self) -> list[aiohttp.ClientSession]:
        made = [self.guarded] if self.is_the_users else [self.api, self.guarded]
        return made if self.proxied is None else [*made, self.proxied]

    async def close(self) -> None:
        """Close those that are ours; for their own event loop."""
        for session in self._ours():
            await session.close()

    def abandon(self) -> None:
        """Give them up, silently, where their event loop is gone: there is nothing to await on."""
        for session in self._ours():
            connector = session.connector
            session.detach()
            if connector is not None:
                kept = list(chain.from_iterable(connector._conns.values()))
                connector._close()  # the public close() is for a running loop only
                for protocol, _ in kept:
                    _give_up(protocol.transport)


def _give_up(transport: Any) -> None:
    """Close the socket under *transport*; asyncio itself can do that in a running loop only."""
    below = getattr(getattr(transport, "_ssl_protocol", None), "_transport", None)
    if below is not None:
        transport._closed = True
    lowest = transport if below is None else below
    kept = getattr(lowest, "_sock", None)
    if kept is not None:
        kept.close()
        lowest._sock = None


class Pool:
    """The sessions of every event loop that reaches the network in one way."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._closed = False
        self._certificates = Certificates(network)
        self._begin()
        _pools.add(self)

    def _begin(self) -> None:
        # With what keeps them: a generator that the loop closes at its end.
        self._open: _Open = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()  # loops of several threads come and go

    async def sessions(self) -> Sessions:
        """Return the sessions of the running event loop.

        Raises:
            BadRequestError: the user's own session belongs to another loop, or is closed.
        """
        loop = asyncio.get_running_loop()
        kept = self._open.get(loop)
        if kept is not None:
            return kept[0]
        self._abandon_closed_loops()
        both = await self._made(loop)
        if loop in self._open:  # another task was faster
            await both.close()
            return self._open[loop][0]
        keeper = self._close_with_loop(both)
        with self._lock:
            self._open[loop] = (both, keeper)
        await anext(keeper)
        return both

    @asynccontextmanager
    async def lent(self) -> AsyncGenerator[Sessions, None]:
        """Lend the sessions of the running event loop; where all are closed, some for the while.

        For pictures that are read when their client is closed.
        """
        if not self._closed:
            yield await self.sessions()
            return
        made = await self._made(asyncio.get_running_loop())
        try:
            yield made
        finally:
            await made.close()

    async def _made(self, loop: asyncio.AbstractEventLoop) -> Sessions:
        own = self.network.session
        if own is not None:
            _refuse_unusable(own, loop)
        trusted = await self._certificates.trusted()
        proxies = Proxies(self.network)
        return Sessions(
            api=own or _session(trusted),
            guarded=_session(trusted, _guarded_socket),
            proxied=_session(trusted) if proxies else None,
            proxies=proxies,
            is_the_users=own is not None,
        )

    async def close(self) -> None:
        """Close the sessions of the running event loop."""
        kept = self._taken(asyncio.get_running_loop())
        if kept is not None:
            await kept.close()

    def close_everywhere(self) -> list[concurrent.futures.Future[None]]:
        """Close the sessions of all event loops; return what ends when those that run have."""
        self._closed = True
        with self._lock:
            loops = list(self._open)
        for loop in loops:
            if not loop.is_running():
                self._abandon(loop)
        running = [loop for loop in loops if loop.is_running()]
        return [asyncio.run_coroutine_threadsafe(self.close(), loop) for loop in running]

    async def _close_with_loop(self, both: Sessions) -> AsyncGenerator[None, None]:
        """Close *both* when the loop ends: asyncio.run closes every generator begun in it."""
        try:
            yield
        finally:
            self._taken(asyncio.get_running_loop())
            await both.close()

    def _abandon_closed_loops(self) -> None:
        """Give up the sessions of event loops that were closed without closing them."""
        with self._lock:
            ended = [loop for loop in self._open if loop.is_closed()]
        for loop in ended:
            self._abandon(loop)

    def _abandon(self, loop: asyncio.AbstractEventLoop) -> None:
        kept = self._taken(loop)
        if kept is not None:
            kept.abandon()

    def _taken(self, loop: asyncio.AbstractEventLoop) -> Sessions | None:
        with self._lock:
            kept = self._open.pop(loop, None)
        return None if kept is None else kept[0]

    def forget(self) -> None:
        """Leave a parent's sessions alone: closing them would reach into the parent's sockets."""
        _parents.append(dict(self._open))
        self._begin()


_Open = weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[Sessions, object]]
_pools: weakref.WeakSet[Pool] = weakref.WeakSet()
_parents: list[object] = []


async def close_sessions() -> None:
    """Close all sessions of the running event loop."""
    for pool in list(_pools):
        await pool.close()


def _session(
    trusted: ssl.SSLContext | bool,
    socket_factory: Callable[[aiohttp.AddrInfoType], socket.socket] | None = None,
) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=trusted, socket_factory=socket_factory),
        timeout=TIMEOUT,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": f"impasto/{__version__}"},
        read_bufsize=_READ_BYTES,
        max_line_size=_MAX_HEADER_BYTES,
        max_field_size=_MAX_HEADER_BYTES,
    )


def _refuse_unusable(session: aiohttp.ClientSession, loop: asyncio.AbstractEventLoop) -> None:
    if session.closed:
        raise BadRequestError("the session that impasto was given is closed", param="session")
    if session._loop is not loop:
        raise BadRequestError(
            "the session that impasto was given belongs to another event loop; await the form "
            "that begins with 'a' in the loop in which the session was made",
            param="session",
        )


def _guarded_socket(address: aiohttp.AddrInfoType) -> socket.socket:
    """Make a socket, unless for an address that is not public; whatever led to it."""
    family, kind, protocol, _, where = address
    _guard.refuse_private(str(where[0]))
    return socket.socket(family, kind, protocol)


def _forget() -> None:
    for pool in list(_pools):
        pool.forget()


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_forget)
