"""One answer of a provider, for a `Script` or a `FakeServer`, with what goes wrong in it."""

from __future__ import annotations

import base64
import json as _json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from attrs import field, frozen

from impasto._http import Json, Response

Fault: TypeAlias = Literal["refuse", "drop", "hang"]


@frozen(kw_only=True)
class Reply:
    """An answer, or a failure to answer.

    Attributes:
        status: HTTP status.
        headers: Besides those that follow from the body.
        body: The bytes.
        fault: "refuse": no connection is made (a `Script` only); "drop": the connection closes
            without an answer; "hang": nothing is answered before the caller's deadline.
        delay: Seconds before the answer begins.
        drip: Seconds between two bytes of the body (a `FakeServer` only).
        cut: The connection closes after so many bytes of the body.
    """

    status: int = 200
    headers: Mapping[str, str] = field(factory=dict)
    body: bytes = field(default=b"", repr=False)
    fault: Fault | None = None
    delay: float = 0.0
    drip: float = 0.0
    cut: int | None = None

    def response(self, url: str) -> Response:
        """Return what core makes of this answer when nothing goes wrong."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Response(status=self.status, headers=headers, body=self.body, url=url)


def reply(
    json: Json = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    fault: Fault | None = None,
    delay: float = 0.0,
    drip: float = 0.0,
    cut: int | None = None,
) -> Reply:
    """Return a `Reply` with *json* as its body, or with *body* itself."""
    kind = {} if body is not None else {"Content-Type": "application/json"}
    return Reply(
        status=status,
        headers={**kind, **(headers or {})},
        body=_json.dumps(json).encode() if body is None else body,
        fault=fault,
        delay=delay,
        drip=drip,
        cut=cut,
    )


def event_stream(
    *events: Json,
    then: Reply | None = None,
    headers: Mapping[str, str] | None = None,
    cut: int | None = None,
    drip: float = 0.0,
) -> Reply:
    """Return a `Reply` that is a stream of server-sent events.

    Args:
        events: The data of each: text as it is, all else as JSON; or a pair of a name and the data.
        then: A stream whose events follow.
        headers: Besides the content type.
        cut: The connection closes after so many bytes.
        drip: Seconds between two bytes (a `FakeServer` only).
    """
    text = "".join(map(_event, events))
    return Reply(
        headers={"Content-Type": "text/event-stream; charset=utf-8", **(headers or {})},
        body=text.encode() + (b"" if then is None else then.body),
        cut=cut,
        drip=drip,
    )


def _event(event: Json) -> str:
    name, data = event if isinstance(event, tuple) else (None, event)
    text = data if isinstance(data, str) else _json.dumps(data)
    lines = [f"data: {line}" for line in text.split("\n")]
    return "\n".join([*([] if name is None else [f"event: {name}"]), *lines, "", ""])


def html(status: int = 502) -> Reply:
    """Return the page that a proxy sends when it cannot reach what is behind it."""
    page = f"<!DOCTYPE html><html><body><h1>{status} Bad Gateway</h1></body></html>".encode()
    return Reply(status=status, headers={"Content-Type": "text/html"}, body=page)


def sample(path: str | Path) -> Reply:
    """Return the recorded answer in *path*.

    The file is JSON: ``{"source": "where it is from", "status": 200, "headers": {...}}`` with
    the body as "json", "text" or "base64".
    """
    recorded = _json.loads(Path(path).read_text(encoding="utf-8"))
    if not recorded.get("source"):
        raise ValueError(f"{path} does not say where it is from: it has no 'source'")
    headers = recorded.get("headers", {})
    if "json" in recorded:
        return reply(recorded["json"], status=recorded.get("status", 200), headers=headers)
    return reply(body=_bytes(recorded), status=recorded.get("status", 200), headers=headers)


def _bytes(recorded: Mapping[str, Any]) -> bytes:
    if "base64" in recorded:
        return base64.b64decode(recorded["base64"])
    return str(recorded.get("text", "")).encode()
