"""aiohttp's sessions: two for each event loop, closed with it."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import weakref
from collections.abc import AsyncGenerator, Callable
from itertools import chain
from typing import Any

import aiohttp
from attrs import define

from impasto import _guard
from impasto._version import __version__

CONNECT_SECONDS = 30  # a guess; long enough for three SYNs lost, and for a slow proxy
# What may wait unread of one answer; a guess: four times aiohttp's, as pictures are large
_READ_BYTES = 2**18
_MAX_HEADER_BYTES = 64 * 1024  # aiohttp's 8 KiB lose a picture to a long Content-Security-Policy


@define(eq=False)
class Sessions:
    """The sessions of one event loop.

    Attributes:
        api: For providers, and for what the user configured.
        guarded: For URLs that strangers chose: it connects to public addresses only.
    """

    api: aiohttp.ClientSession
    guarded: aiohttp.ClientSession

    async def close(self) -> None:
        """Close both; for their own event loop."""
        await self.api.close()
        await self.guarded.close()

    def abandon(self) -> None:
        """Give up both, silently, where their event loop is gone: there is nothing to await on."""
        for session in (self.api, self.guarded):
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


# With what keeps them: a generator that the loop closes at its end.
_open: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[Sessions, object]]
_open = weakref.WeakKeyDictionary()
_lock = threading.Lock()  # loops of several threads come and go
_parents: list[object] = []


async def sessions() -> Sessions:
    """Return the sessions of the running event loop."""
    loop = asyncio.get_running_loop()
    kept = _open.get(loop)
    if kept is not None:
        return kept[0]
    _abandon_closed_loops()
    both = Sessions(_session(None), _session(_guarded_socket))
    keeper = _close_with_loop(both)
    with _lock:
        _open[loop] = (both, keeper)
    await anext(keeper)
    return both


async def close_sessions() -> None:
    """Close the sessions of the running event loop."""
    kept = _taken(asyncio.get_running_loop())
    if kept is not None:
        await kept.close()


async def _close_with_loop(both: Sessions) -> AsyncGenerator[None, None]:
    """Close *both* when the loop ends: asyncio.run closes every generator begun in it."""
    try:
        yield
    finally:
        _taken(asyncio.get_running_loop())
        await both.close()


def _abandon_closed_loops() -> None:
    """Give up the sessions of event loops that were closed without closing them."""
    with _lock:
        ended = [loop for loop in _open if loop.is_closed()]
    for loop in ended:
        kept = _taken(loop)
        if kept is not None:
            kept.abandon()


def _taken(loop: asyncio.AbstractEventLoop) -> Sessions | None:
    with _lock:
        kept = _open.pop(loop, None)
    return None if kept is None else kept[0]


def _session(
    socket_factory: Callable[[aiohttp.AddrInfoType], socket.socket] | None,
) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, socket_factory=socket_factory),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": f"impasto/{__version__}"},
        read_bufsize=_READ_BYTES,
        max_line_size=_MAX_HEADER_BYTES,
        max_field_size=_MAX_HEADER_BYTES,
    )


def _guarded_socket(address: aiohttp.AddrInfoType) -> socket.socket:
    """Make a socket, unless for an address that is not public; whatever led to it."""
    family, kind, protocol, _, where = address
    _guard.refuse_private(str(where[0]))
    return socket.socket(family, kind, protocol)


def _forget() -> None:
    """Leave a parent's sessions alone: closing them would reach into the parent's sockets."""
    global _open, _lock
    _parents.append(dict(_open))
    _open = weakref.WeakKeyDictionary()
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_forget)
