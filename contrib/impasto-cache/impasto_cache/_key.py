"""What makes two calls equal: a digest of all that a picture depends on."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from attrs import fields

from impasto.types import Call, ImageFile

# All else of a call counts, fields that later versions of impasto add included: better asked for
# once more than answered with the picture of another call.
LEFT_OUT = frozenset(
    {
        *("user", "metadata", "timeout", "cache"),  # not about the picture
        *("stream", "detached"),  # how it is waited for
        *("card", "learned"),  # follow from the model
        "settings",  # keys are no part of a call; of the others, see `_servers`
    }
)
_COUNTING = tuple(one.name for one in fields(Call) if one.name not in LEFT_OUT)


def key(call: Call) -> str | None:
    """Return what *call* is kept under; None where it holds what cannot be recognised again."""
    canonical = {name: getattr(call, name) for name in _COUNTING}
    canonical = {name: one for name, one in canonical.items() if one not in (None, (), {})}
    try:
        text = json.dumps(
            {**canonical, "servers": _servers(call)},
            sort_keys=True,
            separators=(",", ":"),
            default=_digest,
        )
    except (TypeError, ValueError):
        return None
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _servers(call: Call) -> dict[str, str]:
    """Return the settings that are URLs: behind another one, a model of the same name is another.

    Most are the provider's own; a test server, a gateway or an Azure resource is none.
    """
    return {
        name: value.rstrip("/")
        for name, value in call.settings.items()
        if isinstance(value, str) and value.lower().startswith(("http://", "https://"))
    }


def _digest(value: Any) -> Any:
    """Return a picture by its bytes, whatever it is called and wherever it is from.

    Raises:
        TypeError: it is no picture.
    """
    if isinstance(value, ImageFile):
        return {"sha256": hashlib.sha256(value.data).hexdigest()}
    raise TypeError(type(value).__name__)
