"""What goes wrong with providers, by name: each is a `Reply` for a `FakeServer` or a `Script`."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from attrs import frozen

from impasto.testing._pictures import PNG
from impasto.testing._reply import Reply, html, reply

_PICTURE = {"created": 1_780_000_000, "data": [{"b64_json": base64.b64encode(PNG).decode()}]}
_PAGE = b"<!DOCTYPE html><html><body><h1>Sign in to the hotel's network</h1></body></html>"
_HTML = {"Content-Type": "text/html"}
_AGAIN = {"Retry-After": "1"}


@frozen
class Fault:
    """One thing that goes wrong.

    Attributes:
        happens: What the caller meets, in a few words.
        reply: The answer that does it; errors are in OpenAI's form.
    """

    happens: str
    reply: Reply


def _error(code: str, message: str) -> dict[str, object]:
    return {"error": {"message": message, "type": "error", "param": None, "code": code}}


_REFUSAL = _error("moderation_blocked", "Your request was rejected by the safety system.")

FAULTS: Mapping[str, Fault] = {
    "drop": Fault("the connection closes without an answer", reply(fault="drop")),
    "hang": Fault("nothing is answered, ever", reply(fault="hang")),
    "late": Fault("the picture comes after 5 seconds", reply(_PICTURE, delay=5.0)),
    "slow": Fault("the picture comes byte by byte, 20 a second", reply(_PICTURE, drip=0.05)),
    "cut": Fault(
        "the connection closes in the middle of the picture",
        reply(_PICTURE, cut=len(json.dumps(_PICTURE)) // 2),
    ),
    "mislabelled": Fault(
        "the picture comes with the content type of a page", reply(_PICTURE, headers=_HTML)
    ),
    "page": Fault("a page to sign in, with status 200", reply(body=_PAGE, headers=_HTML)),
    "empty": Fault("a success without pictures", reply({**_PICTURE, "data": []})),
    "refusal": Fault("the safety system refuses, with status 400", reply(_REFUSAL, status=400)),
    "refusal-in-200": Fault("the same, with status 200", reply(_REFUSAL)),
    "key": Fault(
        "the key is wrong, 401", reply(_error("invalid_api_key", "Incorrect API key."), status=401)
    ),
    "rate-limit": Fault(
        "too many calls, 429, again after a second",
        reply(_error("rate_limit_exceeded", "Slow down."), status=429, headers=_AGAIN),
    ),
    "quota": Fault(
        "the quota is used up, 429",
        reply(_error("insufficient_quota", "You exceeded your current quota."), status=429),
    ),
    "error": Fault(
        "the server fails, 500", reply(_error("server_error", "Something went wrong."), status=500)
    ),
    "gateway": Fault("a proxy's page, 502", html(502)),
    "overloaded": Fault(
        "the server is overloaded, 503, again after a second",
        reply(_error("overloaded", "Try again later."), status=503, headers=_AGAIN),
    ),
}
"""Every fault that has a name, with what happens; ``FakeServer().will(FAULTS["drop"].reply)``."""
