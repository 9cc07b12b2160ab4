"""An answer as it is on disk: a small JSON document that names its pictures by their digests."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from attrs import evolve

from impasto import Cost, Fate, Image, ImageResponse, Usage
from impasto.types import Call
from impasto_cache._key import LEFT_OUT

FIELD = "impasto_cache"  # of `provider_specific_fields`: where a hit says that it is one
FORM = 1  # another one when what is written today can no longer be read

_PLAIN = (
    *("created", "model", "provider", "request_id"),
    *("size", "quality", "background", "output_format"),
)
_OF_A_FATE = ("name", "outcome", "given", "sent", "note")
_OF_AN_IMAGE = ("revised_prompt", "seed", "provider_specific_fields")


def digest(data: bytes) -> str:
    """Return what *data*, a picture, is called."""
    return hashlib.sha256(data).hexdigest()


# --- writing ----------------------------------------------------------------------------------


def written(
    response: ImageResponse, pictures: Sequence[bytes], made: datetime, expires: datetime | None
) -> bytes:
    """Return *response*, whose *pictures* are kept elsewhere, as a document.

    Headers are left out: some of them are for one caller alone.

    Args:
        response: What a provider answered.
        pictures: The bytes of each of its pictures.
        made: When it did.
        expires: When the caller wants it forgotten.
    """
    entry = {
        "form": FORM,
        "made": made.isoformat(),
        "expires": None if expires is None else expires.isoformat(),
        **{name: getattr(response, name) for name in _PLAIN},
        "usage": None if response.usage is None else response.usage.model_dump(),
        "cost": None
        if response.cost is None
        else [str(response.cost.amount), response.cost.currency],
        "params": [
            {name: fate[name] for name in _OF_A_FATE}
            for fate in response.params.values()
            if fate.name not in LEFT_OUT
        ],
        "notes": list(response.notes),
        "provider_specific_fields": dict(response.provider_specific_fields),
        "data": [_image(*both) for both in zip(response.data, pictures, strict=True)],
    }
    plain = json.loads(json.dumps(entry, default=str))
    return json.dumps({"sha256": _seal(plain), "entry": plain}, indent=1).encode()


def _image(image: Image, data: bytes) -> dict[str, Any]:
    told = {name: image[name] for name in _OF_AN_IMAGE}
    return {"sha256": digest(data), "was_url": image.url is not None, **told}


def _seal(entry: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest()


# --- reading ----------------------------------------------------------------------------------


def read(document: bytes) -> dict[str, Any]:
    """Return the entry in *document*.

    Raises:
        ValueError: it is not what was written, or of another form.
    """
    try:
        whole = json.loads(document)
        entry: dict[str, Any] = whole["entry"]
        sound = whole["sha256"] == _seal(entry) and entry["form"] == FORM
    except (LookupError, TypeError, RecursionError) as error:
        raise ValueError("it is no entry") from error
    if not sound:
        raise ValueError("it is not what was written")
    return entry


def is_too_old(entry: Mapping[str, Any], now: datetime, age: float) -> bool:
    """Return whether *entry* was made more than *age* seconds ago, or its own time is over."""
    made, expires = datetime.fromisoformat(entry["made"]), entry["expires"]
    if expires is not None and datetime.fromisoformat(expires) <= now:
        return True
    return (now - made).total_seconds() > age


def response_of(entry: Mapping[str, Any], pictures: Sequence[bytes], call: Call) -> ImageResponse:
    """Return the answer to *call*, which costs nothing and says where it is from."""
    made = datetime.fromisoformat(entry["made"])
    when = made.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    usage = entry["usage"]
    then = "" if usage is None else "; usage is that of then"
    hit = {"hit": True, "made": entry["made"], "cost_then": entry["cost"]}
    return ImageResponse(
        **{name: entry[name] for name in _PLAIN},
        usage=None if usage is None else Usage(**usage),
        charged=Cost.cached("impasto-cache"),
        params={one["name"]: Fate(**one) for one in entry["params"]} | _not_asked(call),
        notes=(
            f"from the cache, made {when}: nothing was sent or paid{then}",
            *entry["notes"],
        ),
        provider_specific_fields={**entry["provider_specific_fields"], FIELD: hit},
        data=[_image_of(*both) for both in zip(entry["data"], pictures, strict=True)],
        settings=call.settings,
    )


def _not_asked(call: Call) -> dict[str, Fate]:
    """Return the fate of what nobody was told: who asks."""
    note = "answered from the cache"
    return {} if call.user is None else {"user": Fate("user", "not needed", call.user, note=note)}


def _image_of(told: Mapping[str, Any], data: bytes) -> Image:
    image = Image(content=data, **{name: told[name] for name in _OF_AN_IMAGE})
    if not told["was_url"]:
        return image
    # The URL that the provider sent lasts an hour or so; this one does not end.
    text = base64.b64encode(data).decode("ascii")
    return evolve(image, url=f"data:{image.mime or 'application/octet-stream'};base64,{text}")
