"""The first partial picture of a stream: how much later it is there than with raw aiohttp.

In base64, as it came; and as bytes, which impasto decodes on another thread than the event loop's.
"""

from __future__ import annotations

import base64
import json
import statistics

from environments import Environments
from figures import Figure, Found, Goal, Scale, time_of
from server import answer, serving
from services import of_size
from turns import ORDER, Turns, in_turns, shares, started

from impasto.testing import PNG

SIZES = {"2 MB": 1_500_000, "a few bytes": len(PNG)}  # of the file; as base64 a third more
CALLS = 40  # of a turn
ROUNDS = 9


def measured(environments: Environments, scale: Scale) -> Found:
    """Return how long it takes from the call to the first partial picture."""
    figures, goals = [], []
    for name, size in SIZES.items():
        picture = of_size(max(len(PNG), scale.of(size)))
        what = f"first partial picture, of {name}"
        found = _turns(environments, scale, picture, as_bytes=False)
        figures += _figures(found, what)
        goals.append(_goal(found, what))
        figures += _figures(
            _turns(environments, scale, picture, as_bytes=True), f"{what}, as bytes"
        )
    return Found(figures, goals)


def _goal(found: Turns, what: str) -> Goal:
    return Goal(
        what=f"{what}, later than with raw aiohttp",
        measured=_later(found) * 1e3,
        limit=5,
        unit="ms",
    )


def _turns(environments: Environments, scale: Scale, picture: bytes, *, as_bytes: bool) -> Turns:
    clients = environments.clients()
    pythons = {name: clients[name] for name in clients if name != "litellm"}  # it cannot stream
    with serving({f"POST {ORDER}": _stream(picture)}) as base, started(pythons) as these:
        length = len(picture if as_bytes else base64.b64encode(picture))
        told = {"base": base, "stream": True, "as_bytes": as_bytes, "length": length, "at_once": 1}
        return in_turns(these, scale.of(ROUNDS), shares(scale.of(CALLS)), **told)


def _stream(picture: bytes) -> dict[str, object]:
    """Return a stream of a partial picture and a finished one, as OpenAI sends it."""
    looks = {"size": "1024x1024", "quality": "medium", "background": "opaque"}
    shown = {"b64_json": base64.b64encode(picture).decode(), "created_at": 1_780_000_000, **looks}
    usage = {"input_tokens": 12, "output_tokens": 1056, "total_tokens": 1068}
    partial = {"type": "image_generation.partial_image", "partial_image_index": 0, **shown}
    completed = {"type": "image_generation.completed", "usage": usage, **shown}
    events = [f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in (partial, completed)]
    headers = {"Content-Type": "text/event-stream; charset=utf-8", "x-request-id": "req_0123456789"}
    return answer("".join(events).encode(), headers)


def _figures(found: Turns, what: str) -> list[Figure]:
    return [
        time_of(found, f"{what}: time", "middle"),
        time_of(found, f"{what}: CPU", "cpu_per_call"),
    ]


def _later(found: Turns) -> float:
    """Return the median of the rounds: what slows the machine down slows both for that round."""
    pairs = zip(found.of["impasto"], found.of["raw"], strict=True)
    return statistics.median(ours["middle"] - raw["middle"] for ours, raw in pairs)
