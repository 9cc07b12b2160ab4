"""The requests up to the order: pictures that are too large for it are uploaded first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from impasto.types import Call, ImageFile, Json, Params, Request
from impasto_replicate import _options, _words
from impasto_replicate._references import url, where_to_order

# Fields of an order that stand beside the model's input: replicate 1.0.7, prediction.py.
_BESIDE = ("webhook", "webhook_completed", "webhook_events_filter")


def begin(call: Call, params: Params) -> Request:
    """Return the first request for *params*: the upload of a picture, or the order.

    Raises:
        BadRequestError: the model's name, or one of the settings, cannot be right.
    """
    _order(call, {"input": {}})  # nothing is uploaded for an order that will never go out
    files = _files(params.values)
    values = {name: _without_files(value) for name, value in params.values.items()}
    beside = {name: values.pop(name) for name in _BESIDE if name in values}
    return _next(call, {"input": values, **beside}, list(files), files)


def go_on(call: Call, request: Request, uploaded: Json) -> Request:
    """Return what comes after *request*, the upload of a picture that is now *uploaded*.

    Raises:
        LookupError, TypeError: it is not.
    """
    order, (place, *missing) = request.state["order"], request.state["missing"]
    address = uploaded["urls"]["get"]
    if not isinstance(address, str):
        raise TypeError(f"the address of the picture is {address!r}")
    filled = {**order, "input": _filled(order["input"], place, address)}
    # State is JSON, which holds no files; so they are made again, where any are left.
    files = _files(_words.translate(call).values) if missing else {}
    return _next(call, filled, missing, files)


def _next(
    call: Call, order: dict[str, Any], missing: list[str], files: Mapping[str, ImageFile]
) -> Request:
    if not missing:
        return _order(call, order)
    return Request(
        url=url(call, "/files"),
        form={"content": files[missing[0]]},
        step="upload",
        state={"order": order, "missing": missing},
        buys=False,
    )


def _order(call: Call, order: dict[str, Any]) -> Request:
    where, version = where_to_order(call)
    count = order["input"].get(_words.names_of(call).get("n"))
    wanted = count if isinstance(count, int) else None
    return Request(
        url=where,
        json={**version, **order},
        headers=_options.prefer(call),
        step="order",
        state={"wanted": wanted, "pause": _options.first_pause(call)},
    )


# --- Pictures in an input, by their places: "image", or "images/1" in a list ------------------


def _files(values: Mapping[str, Any]) -> dict[str, ImageFile]:
    """Return the pictures in *values* that are to be uploaded."""
    places = {
        f"{name}/{number}" if isinstance(value, list) else name: one
        for name, value in values.items()
        for number, one in enumerate(value if isinstance(value, list) else [value])
    }
    return {place: one for place, one in places.items() if isinstance(one, ImageFile)}


def _without_files(value: Any) -> Json:
    if isinstance(value, list):
        return [_without_files(one) for one in value]
    return "" if isinstance(value, ImageFile) else value


def _filled(values: Mapping[str, Json], place: str, address: str) -> dict[str, Json]:
    """Return *values* with *address* in its *place*."""
    name, _, number = place.partition("/")
    if not number:
        return {**values, name: address}
    listed = list(values[name])
    listed[int(number)] = address
    return {**values, name: listed}
