"""What goes over the wire, as values: `Request` and `Response`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

from attrs import field, frozen

from impasto._redact import shown

if TYPE_CHECKING:
    from impasto._arriving import Parts
    from impasto._inputs import ImageFile

Json: TypeAlias = Any
FormValue: TypeAlias = "str | int | float | bool | ImageFile"

# Where providers put the id that their support asks for, the most telling first.
_REQUEST_IDS = (
    "x-request-id",
    "request-id",
    "x-amzn-requestid",
    "apim-request-id",
    "x-together-traceid",
    "x-fal-request-id",
    "cf-ray",
)

# Where providers put what went wrong, the most telling first.
_SAID_IN = (
    "error",
    "errors",
    "message",
    "Message",
    "detail",
    "msg",
    "title",
    "error_description",
)


@lru_cache(maxsize=4096)  # asked several times for each request
def origin(url: str) -> str:
    """Return scheme, host and port of *url* in one canonical form, such as "https://a.b:443".

    Raises:
        ValueError: *url* has no scheme or host, or a port that is not a number.
    """
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    if not scheme or not parts.hostname:
        raise ValueError(f"no scheme or host in {url[:200]!r}")
    port = {"https": 443, "http": 80}.get(scheme) if parts.port is None else parts.port
    return f"{scheme}://{parts.hostname.lower()}:{port}"


def _pairs(
    form: Mapping[str, Any] | Iterable[tuple[str, Any]] | None,
) -> tuple[tuple[str, FormValue], ...] | None:
    """Flatten a form: a list becomes the same field several times, None is left out."""
    if form is None:
        return None
    pairs = form.items() if isinstance(form, Mapping) else form
    flat: list[tuple[str, FormValue]] = []
    for name, value in pairs:
        many = value if isinstance(value, (list, tuple)) else (value,)
        flat.extend((name, one) for one in many if one is not None)
    return tuple(flat)


@frozen(kw_only=True, slots=False)
class Request:
    """One request to a provider.  It holds no key: `authorize` adds that, just before sending.

    Attributes:
        url: Absolute, query included.
        method: "POST" unless said otherwise.
        headers: Without credentials.
        json: Body as JSON; or
        form: body as multipart/form-data, pairs of name and text, number or `ImageFile`; or
        body: the bytes themselves.  At most one of the three.
        step: The plugin's own word for where in the conversation this is ("submit", "poll").
        state: JSON that the plugin wants back with the response to this request.
        after: Seconds to wait before sending.
        buys: True where sending it may cost money.  Such a request is hardly ever repeated.
        progress: 0 to 1, or a word from the provider, or None.
    """

    url: str
    method: str = "POST"
    headers: Mapping[str, str] = field(factory=dict)
    json: Json = None
    form: tuple[tuple[str, FormValue], ...] | None = field(default=None, converter=_pairs)
    body: bytes | None = field(default=None, repr=False)
    step: str = ""
    state: Mapping[str, Json] = field(factory=dict)
    after: float = 0.0
    buys: bool = True
    progress: float | str | None = None

    def follow(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        json: Json = None,
        step: str = "",
        state: Mapping[str, Json] | None = None,
        after: float = 0.0,
        progress: float | str | None = None,
    ) -> Request:
        """Return the request that comes after this one and buys nothing: a poll, a fetch.

        *state* is added to the state so far; *after* is in seconds.
        """
        return Request(
            url=url,
            method=method,
            headers=headers or {},
            json=json,
            step=step,
            state={**self.state, **(state or {})},
            after=after,
            buys=False,
            progress=progress,
        )

    def with_headers(self, headers: Mapping[str, str]) -> Request:
        """Return this request with *headers* added; a header that is there already stays.

        For `authorize`: the body is bytes by then.
        """
        present = {name.lower() for name in self.headers}
        added = {name: value for name, value in headers.items() if name.lower() not in present}
        return self.sealed({**self.headers, **added}, self.body) if added else self

    def sealed(self, headers: Mapping[str, str], body: bytes | None) -> Request:
        """Return this request with *headers* and with *body* as the bytes that go out."""
        # evolve takes ten times as long, and this is on the way of every call, twice.
        sealed = object.__new__(Request)
        sealed.__dict__.update(self.__dict__, headers=headers, body=body, json=None, form=None)
        return sealed


def _message(body: Json) -> str | None:
    if isinstance(body, str):
        return body
    if isinstance(body, list):  # Google's gateways wrap the error so; FastAPI lists them
        return next(filter(None, map(_message, body)), None)
    if not isinstance(body, dict):
        return None
    return next(filter(None, (_message(body[key]) for key in _SAID_IN if body.get(key))), None)


@frozen(kw_only=True, slots=False)
class Response:
    """One answer of a provider.

    Attributes:
        status: HTTP status.
        headers: Names in lower case.
        url: Where the answer came from.
    """

    status: int
    headers: Mapping[str, str] = field(factory=dict)
    _body: bytes | Parts = field(default=b"", repr=False, alias="body")
    url: str = ""

    @property
    def body(self) -> bytes:
        """The bytes, decompressed.

        Of a large answer, whose pictures were decoded while it arrived, they are made again.
        """
        return self._body if isinstance(self._body, bytes) else self._body.whole()

    @property
    def size(self) -> int:
        """How many bytes the body has; other than to ask `len(body)`, it costs nothing."""
        return len(self._body) if isinstance(self._body, bytes) else self._body.size

    def json(self) -> Json:
        """Return the body read as JSON.

        Raises:
            ValueError: it is none.
        """
        try:
            return json.loads(self.body)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None

    def json_with_pictures(self, *keys: str) -> Json:
        """Return the body read as JSON, with pictures in it that are no text any more.

        What stands under one of *keys*, itself or in a list, may then be an object that holds the
        bytes instead of base64: for answers so large that their pictures were decoded while they
        arrived.  ``Image(b64_json=...)`` takes it as it takes the text; ``str()`` of it is the
        text.  All else is as `json()` has it.

        Raises:
            ValueError: it is no JSON.
        """
        if isinstance(self._body, bytes):
            return self.json()
        try:
            return self._body.json(keys)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None

    @property
    def text(self) -> str:
        """The body as text, whatever it is."""
        return self.body.decode("utf-8", "replace")

    @property
    def content_type(self) -> str:
        """The MIME type, in lower case and without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @cached_property
    def message(self) -> str:
        """What the body says went wrong, from the places where providers put it; never empty."""
        try:
            body = self.json()
        except ValueError:
            return shown(" ".join(self.text.split())[:300]) or f"HTTP {self.status}, no body"
        return shown(_message(body) or self.text[:300])

    @cached_property
    def request_id(self) -> str | None:
        """The id under which the provider keeps this request."""
        return next((self.headers[name] for name in _REQUEST_IDS if name in self.headers), None)
