"""The first six services as they were recorded: what impasto sends them, and what they answer.

The fakes check key and form while they are recorded; replaying them costs the server nothing, and
raw aiohttp can send the same requests.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from attrs import frozen
from server import answer, at_home
from turns import Turn

import impasto
from impasto.testing import FakeServer, Received, Reply

sys.path.insert(0, str(Path(__file__).parents[1] / "servers"))

from vendors import VENDORS, encoded, of_size

# What aiohttp says by itself.
_OF_THE_WIRE = frozenset({"host", "content-length", "content-type", "accept-encoding"})


@frozen
class Service:
    """One service.

    Attributes:
        told: What clients are told of it at their start: settings, and raw aiohttp's requests.
        answers: By method and path, as `serving` takes them.
    """

    told: dict[str, Any]
    answers: dict[str, dict[str, object]]


def recorded(name: str, size: int, seconds: float = 0.0) -> Service:
    """Return the service *name*: pictures of *size* bytes, each order answered after *seconds*."""
    vendor, picture = VENDORS[name], of_size(size)
    kept: list[tuple[Received, Reply]] = []

    def watched(received: Received) -> Reply:
        kept.append((received, vendor.answer(received, picture)))
        return kept[-1][1]

    settings = {"prompt": "a fox", **vendor.settings}
    with FakeServer(watched) as server:
        _picture_of(settings, server.url)  # also learns what is learned once
        learned = len(kept)
        assert _picture_of(settings, server.url) == picture
    answers = {
        f"{received.method} {received.path}": answer(
            at_home(reply.body, server.url),
            reply.headers,
            status=reply.status,
            seconds=seconds if received.method == "POST" and vendor.buys in received.path else 0.0,
        )
        for received, reply in kept
    }
    requests = [_as_raw(received, reply, picture) for received, reply in kept[learned:]]
    return Service({"settings": settings, "requests": requests}, answers)


def _picture_of(settings: dict[str, Any], url: str) -> bytes:
    return impasto.image_generation(**{**settings, "api_base": url}).data[0].read()


def _as_raw(received: Received, reply: Reply, picture: bytes) -> Turn:
    headers = {name: one for name, one in received.headers.items() if name not in _OF_THE_WIRE}
    place = None if reply.body == picture else _place(json.loads(reply.body), encoded(picture))
    return {
        "method": received.method,
        "path": received.path,
        "headers": headers,
        "json": json.loads(received.body) if received.body else None,
        "picture": place,
    }


def _place(found: Any, wanted: str) -> list[str | int] | None:
    """Return the keys that lead to *wanted* in JSON; None where it is not there, nor needed."""
    if found == wanted:
        return []
    pairs = found.items() if isinstance(found, dict) else ()
    pairs = enumerate(found) if isinstance(found, list) else pairs
    for key, inner in pairs:
        place = _place(inner, wanted)
        if place is not None:
            return [key, *place]
    return None
