"""Server-sent events, as the HTML standard reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


def events(body: str) -> Iterator[dict[str, Any]]:
    """Yield each event in *body*: its name, its data (JSON where it is some) and its id.

    https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
    An event that the end of the stream cuts off is no event.
    """
    lines = body.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    name, data, last_id = "", list[str](), None
    for line in lines[:-1]:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if line == "":
            if data:
                yield {"event": name or "message", "data": _read("\n".join(data)), "id": last_id}
            name, data = "", []
        elif field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif field == "id" and "\0" not in value:
            last_id = value


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
