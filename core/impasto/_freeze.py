"""Turns a plugin's request into the very bytes that go out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus, urlencode

from attrs import evolve, field, frozen

from impasto._http import Request
from impasto.errors import BadRequestError, UnsupportedParamsError

# json.dumps would make an encoder anew for each call
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_LINE_BREAK = re.compile(r"[\r\n\0]")
# With a wrong one the body is cut short, or the provider waits for the rest of it.
_OURS = frozenset({"content-length", "transfer-encoding"})


@frozen(kw_only=True)
class Additions:
    """What the caller adds to requests with `extra_headers`, `extra_query`, `extra_body`."""

    headers: Mapping[str, str] = field(factory=dict, repr=False)
    query: Mapping[str, Any] = field(factory=dict, repr=False)
    body: Mapping[str, Any] = field(factory=dict, repr=False)


NOTHING = Additions()


async def freeze(request: Request, additions: Additions, *, home: bool) -> Request:
    """Return *request* with the caller's additions and its body as bytes.

    Headers and query go along only to the provider's own origins; the body's additions only
    with the request that buys.
    """
    if home and additions is not NOTHING:
        request = _added(request, additions)
    _refuse_line_breaks(request.headers)
    try:
        if request.json is not None:
            return _with_body(request, _encode(request.json).encode(), "application/json")
        return await _sealed(request)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadRequestError(
            f"the request cannot be written: {error}; what is passed in the provider's own words "
            "is text, numbers, true, false, lists and dicts"
        ) from None


def _refuse_line_breaks(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if _LINE_BREAK.search(value):
            raise BadRequestError(f"the header {name} cannot be sent: it holds a line break")


async def _sealed(request: Request) -> Request:
    if request.form is not None:
        from impasto._transport import multipart

        body, content_type = await multipart(request.form)
        # Nobody else's will do: it says where the parts begin.
        return request.sealed(_replaced(request.headers, {"Content-Type": content_type}), body)
    if request.body is None and (request.buys or request.method in ("POST", "PUT", "PATCH")):
        return evolve(request, body=b"")
    return request


def _with_body(request: Request, body: bytes, content_type: str) -> Request:
    headers = request.headers
    if not any(name.lower() == "content-type" for name in headers):
        headers = {**headers, "Content-Type": content_type}
    return request.sealed(headers, body)


def _added(request: Request, additions: Additions) -> Request:
    if additions.headers:
        request = evolve(request, headers=_replaced(request.headers, additions.headers))
    if additions.query:
        request = evolve(request, url=_with_query(request.url, additions.query))
    if additions.body and request.buys:
        request = _with_extra_body(request, additions.body)
    return request


def _with_query(url: str, query: Mapping[str, Any]) -> str:
    """Return *url* with *query*; what has the same name gives way, all else stays as it is."""
    bare, _, old = url.partition("?")
    pairs = old.split("&") if old else []
    kept = [pair for pair in pairs if unquote_plus(pair.partition("=")[0]) not in query]
    return "?".join([bare, "&".join([*kept, urlencode(query, doseq=True)])])


def _replaced(headers: Mapping[str, str], by: Mapping[str, str]) -> dict[str, str]:
    names = {name.lower() for name in by}
    return {**{name: one for name, one in headers.items() if name.lower() not in names}, **by}


def _with_extra_body(request: Request, extra: Mapping[str, Any]) -> Request:
    if request.form is not None:
        nested = [name for name, value in extra.items() if isinstance(value, Mapping)]
        if nested:
            raise UnsupportedParamsError(
                f"extra_body[{nested[0]!r}] is an object, which a form does not have; "
                "write its fields as this provider names them",
                param="extra_body",
            )
        kept = [(name, value) for name, value in request.form if name not in extra]
        return evolve(request, form=[*kept, *extra.items()])
    if request.body is None and isinstance(request.json, (dict, type(None))):
        return evolve(request, json=_merged(request.json or {}, extra))
    raise UnsupportedParamsError(
        "extra_body cannot be merged: this provider's body is not a JSON object or a form",
        param="extra_body",
    )


def _merged(body: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return *body* with *extra* in it; objects inside objects are merged as well."""
    merged = dict(body)
    for name, value in extra.items():
        inner = merged.get(name)
        both = isinstance(inner, dict) and isinstance(value, Mapping)
        merged[name] = _merged(inner, value) if both and isinstance(inner, dict) else value
    return merged


def checked_headers(headers: Mapping[str, Any], param: str) -> dict[str, str]:
    """Return *headers* as text.

    Raises:
        BadRequestError: one of them cannot be a header, or would smuggle in another.
    """
    checked = {}
    for name, value in headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        if not _HEADER_NAME.fullmatch(str(name)) or _LINE_BREAK.search(text):
            raise BadRequestError(
                f"{param}[{name!r}] cannot be a header: it holds a line break or another "
                "character that headers do not have",
                param=param,
            )
        if str(name).lower() in _OURS:
            raise BadRequestError(
                f"{param}[{name!r}] is for impasto to set: it follows from the body", param=param
            )
        checked[str(name)] = text
    return checked
