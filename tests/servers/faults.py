"""What goes wrong with the first six services, as the fates of requests, by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from attrs import evolve
from market import WELL, Fate

from impasto.testing import Reply, html, reply


def instead(answer: Reply, *, bills: bool) -> Fate:
    """Return the fate of a request that gets *answer* instead of the service's."""
    return Fate(answer=lambda _: answer, bills=bills)


def _error(status: int, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return reply({"error": {"message": "the easel is on fire"}}, status=status, headers=named)


def _to(location: str, status: int) -> Fate:
    return instead(_error(status, location=location), bills=False)


def _mislabelled(answer: Reply) -> Reply:
    return evolve(answer, headers={**answer.headers, "Content-Type": "text/html"})


def _half(answer: Reply) -> Reply:
    return evolve(answer, body=answer.body[: len(answer.body) // 2])


# What may become of an order.  What is billed was passed on, or may have been.
ORDERS: Mapping[str, Fate] = {
    "well": WELL,
    "reset before the answer": Fate(said=0),
    "closed before the answer": Fate(said=0, ends="close"),
    "reset in the head": Fate(said=30),
    "reset in the body": Fate(said=200),
    "closed in the body": Fate(said=200, ends="close"),
    "half, and no length": Fate(answer=_half, length=False, ends="close"),
    "silence": Fate(said=0, ends="hang"),
    "silence in the body": Fate(said=200, ends="hang"),
    "a drip": Fate(pause=0.05),
    "a page": instead(html(200), bills=True),
    "mislabelled": Fate(answer=_mislabelled),
    "nothing": instead(Reply(), bills=True),
    "no content": instead(Reply(status=204), bills=True),
    "an empty object": instead(reply({}), bills=True),
    "garbage": instead(reply(body=b"\x00\xff{"), bills=True),
    "a list": instead(reply([1, 2]), bills=True),
    "400": instead(_error(400), bills=False),
    "401": instead(_error(401), bills=False),
    "402": instead(_error(402), bills=False),
    "404": instead(_error(404), bills=False),
    "408": instead(_error(408), bills=True),
    "429": instead(_error(429), bills=False),
    "429, soon": instead(_error(429, retry_after_ms="20"), bills=False),
    "429, much later": instead(_error(429, retry_after="3600"), bills=False),
    "500": instead(_error(500), bills=True),
    "502, a page": instead(html(502), bills=True),
    "503": instead(_error(503), bills=False),
    "503, soon": instead(_error(503, retry_after_ms="20"), bills=False),
    "504": instead(_error(504), bills=True),
    "302 elsewhere": _to("http://127.0.0.1:9/x", 302),
    "307 elsewhere": _to("http://127.0.0.1:9/x", 307),
    "307 in circles": _to("?again", 307),
    "308 nowhere": _to("http://[", 308),
    "303": instead(_error(303, location="/x"), bills=True),
}


def _status(status: str) -> Callable[[Reply], Reply]:
    def changed(answer: Reply) -> Reply:
        job = json.loads(answer.body)
        return reply({**job, "status": status, "output": None, "error": "the easel is on fire"})

    return changed


# What may become of asking for a job.
POLLS: Mapping[str, Fate] = {
    "well": WELL,
    "never done": Fate(answer=_status("processing")),
    "failed": Fate(answer=_status("failed")),
    "cancelled there": Fate(answer=_status("canceled")),
    "vanished": instead(_error(404), bills=False),
    "reset": Fate(said=0),
    "cut": Fate(said=150, ends="close"),
    "429": instead(_error(429, retry_after_ms="20"), bills=False),
    "500": instead(_error(500), bills=False),
    "a page": instead(html(200), bills=False),
    "silence": Fate(said=0, ends="hang"),
}
# And of fetching a picture.
PICTURES: Mapping[str, Fate] = {
    "well": WELL,
    "gone": instead(_error(404), bills=False),
    "reset": Fate(said=0),
    "cut": Fate(said=100),
    "500": instead(_error(500), bills=False),
    "a page": instead(html(200), bills=False),
    "into the network": _to("http://169.254.169.254/latest", 302),
    "silence": Fate(said=0, ends="hang"),
}
