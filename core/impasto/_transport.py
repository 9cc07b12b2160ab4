"""Sends with aiohttp, and fetches pictures from URLs that strangers chose."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urljoin

import aiohttp
import aiohttp.abc
from yarl import URL

from impasto import _guard
from impasto._arriving import Arriving, Parts
from impasto._fetched import checked_picture, ends_early, status_error
from impasto._http import FormValue, Request, Response, origin
from impasto._inputs import ImageFile
from impasto._large import LARGE, READING
from impasto._network import Network, checked
from impasto._sessions import TIMEOUT, Pool, Sessions
from impasto._wires import Ear, Lost, NotSent
from impasto.errors import APIConnectionError, APIResponseValidationError, Timeout

MAX_ANSWER_BYTES = 512 * 1024 * 1024  # a guess: ten 4K pictures as base64 are a fifth of it
MAX_PICTURE_BYTES = 128 * 1024 * 1024  # a guess: an uncompressed 4096x4096 with alpha is half
MAX_REDIRECTS = 5  # storage services use one or two
_WRITE_BYTES = 256 * 1024  # at once; a guess: others get their turn between two pieces
_NO_CONTENT_TYPE = frozenset({"Content-Type"})
_INSIDE = "it leads into a private network"
_FETCH_TRIES = 3  # as rule 2 allows for orders; a fetch costs nothing


class _Body(aiohttp.Payload):
    """Bytes that report when the first of them goes out: from then on it may cost money."""

    _autoclose = True
    _value: bytes

    def __init__(self, value: bytes, begun: Callable[[], None]) -> None:
        super().__init__(value, content_type="application/octet-stream")
        self._size = len(value)
        self._begun = begun

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return self._value.decode(encoding, errors)

    @property
    def consumed(self) -> bool:
        """True: aiohttp repeats lost GETs and PUTs by itself, but not what it cannot read again."""
        return True

    async def write(self, writer: aiohttp.abc.AbstractStreamWriter) -> None:
        await self.write_with_length(writer, None)

    async def write_with_length(
        self, writer: aiohttp.abc.AbstractStreamWriter, content_length: int | None
    ) -> None:
        self._begun()
        if len(self._value) <= _WRITE_BYTES:
            await writer.write(self._value)
            return
        view = memoryview(self._value)
        for start in range(0, len(view), _WRITE_BYTES):
            await writer.write(view[start : start + _WRITE_BYTES])


def _plain(error: Exception) -> NotSent | Lost:
    """Return *error* as one of ours; aiohttp's carry requests and URLs, and with them keys."""
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return NotSent(
            f"the proxy answered {error.status} {error.message}", hopeless=error.status < 500
        )
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return NotSent(f"the proxy cannot be reached: {error.os_error}")
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return NotSent(
            f"its certificate is not trusted: {error.certificate_error}.  Where a company's proxy "
            "reads along, SSL_CERT_FILE or REQUESTS_CA_BUNDLE names its certificate",
            hopeless=True,
        )
    if isinstance(error, aiohttp.ClientSSLError):
        return NotSent(f"{error}; is it https that is spoken there?", hopeless=True)
    if isinstance(error, aiohttp.ClientConnectorError):
        return NotSent(str(error))
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return NotSent("connecting took too long")
    if isinstance(error, ValueError):  # aiohttp's errors for URLs are some as well
        return NotSent("its URL or a header is malformed", hopeless=True)
    return Lost(_told(error))


def _told(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientResponseError):  # its text holds the request's headers
        return f"the answer is not HTTP: {error.message}"
    if isinstance(error, OSError) and error.errno is None and "://" in str(error):
        return "the request was not taken to its end"
    return str(error) or type(error).__name__


async def multipart(form: Iterable[tuple[str, FormValue]]) -> tuple[bytes, str]:
    """Return *form* as a multipart/form-data body, and its content type."""
    data = aiohttp.FormData(default_to_multipart=True)
    for name, value in form:
        if isinstance(value, ImageFile):
            file = io.BytesIO(value.data)
            data.add_field(name, file, filename=value.name, content_type=value.mime)
        else:
            data.add_field(name, _text(value))
    payload = data()
    return await payload.as_bytes(), payload.content_type


def _text(value: str | int | float | bool) -> str:
    if not isinstance(value, (str, int, float)):
        raise TypeError(f"a form has no place for {type(value).__name__}")
    return str(value).lower() if isinstance(value, bool) else str(value)


class Aiohttp:
    """The real `Wires`."""

    def __init__(self, network: Network) -> None:
        self.pool = Pool(checked(network))
        self._replaced: list[Pool] = []  # whose sessions may still be at work

    def reach(self, network: Network) -> None:
        """Reach the network as *network* says, from the next request on.

        Raises:
            BadRequestError: it cannot be reached so.
        """
        pool = Pool(checked(network))
        self._replaced.append(self.pool)
        self.pool = pool

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def send(
        self,
        request: Request,
        begun: Callable[[], None],
        *,
        guarded: bool = False,
        ear: Ear | None = None,
    ) -> Response:
        reached = await self.pool.sessions()
        session = await _guarded_session(reached, request.url) if guarded else reached.api
        body = None if request.body is None else _Body(request.body, begun)
        # A loop that stood still since the last call learns only now what was closed meanwhile.
        await asyncio.sleep(0)
        try:
            async with session.request(
                request.method,
                _url(request.url),
                headers=request.headers,
                data=body,
                skip_auto_headers=None if request.body else _NO_CONTENT_TYPE,
                allow_redirects=False,
                **_by_way_of(reached, request.url),
            ) as answer:
                if ear is not None and ear.begins(head := _response(answer, request.url, b"")):
                    await _heard(answer, ear)
                    return head
                return await _read_answer(answer, request.url)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if guarded and _refused_by_guard(error):
                raise _not_followed(request.url, _INSIDE) from None
            raise _plain(error) from None

    async def fetch(self, url: str, trusted: frozenset[str], timeout: float) -> bytes:
        try:
            async with asyncio.timeout(timeout), self.pool.lent() as sessions:
                return await _fetch(sessions, url, trusted)
        except TimeoutError:
            raise Timeout(f"{_shown(url)} did not send the picture within {timeout:g} s") from None


AIOHTTP = Aiohttp(Network())


def _by_way_of(reached: Sessions, url: str) -> dict[str, Any]:
    """Return what aiohttp has to be told of the way to *url*."""
    proxy = reached.proxies.to(url) if reached.proxies else None
    said: dict[str, Any] = {} if proxy is None else {"proxy": proxy}
    return {**said, "timeout": TIMEOUT} if reached.is_the_users else said


def _url(url: str) -> URL:
    # What is encoded stays as it is: a signature may cover it ("%3A" in a Bedrock model's path).
    return URL(url, encoded=url.isascii() and " " not in url)


async def _read_answer(answer: aiohttp.ClientResponse, url: str) -> Response:
    """Read a provider's *answer*; the pictures in a large one are decoded while it arrives."""
    length = _stated(answer, url, MAX_ANSWER_BYTES)
    body: bytes | Parts
    if length is not None and length < LARGE:
        body = await answer.read()
    else:
        body = await _read_arriving(answer)
    return _response(answer, url, body)


async def _read(answer: aiohttp.ClientResponse, url: str, limit: int) -> Response:
    """Read all of *answer*, but never more than *limit* bytes."""
    length = _stated(answer, url, limit)
    if length is not None:
        body = await (answer.read() if length < LARGE else _read_large(answer))
    else:
        body = await _read_capped(answer, limit)
    return _response(answer, url, body)


def _stated(answer: aiohttp.ClientResponse, url: str, limit: int) -> int | None:
    """Return the length that is stated; None where it is not that which is read."""
    length = answer.content_length
    if length is not None and length > limit:
        raise _too_large(url, limit)
    # With one of these headers, the length that is stated is not the length that is read.
    headers = answer.headers
    return None if "Content-Encoding" in headers or "Transfer-Encoding" in headers else length


def _response(answer: aiohttp.ClientResponse, url: str, body: bytes | Parts) -> Response:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Response(status=answer.status, headers=headers, body=body, url=url)


async def _heard(answer: aiohttp.ClientResponse, ear: Ear) -> None:
    """Hand *answer* over as it arrives; what is not wanted any more is not received."""
    async for piece in answer.content.iter_any():
        if not await ear.hears(piece):
            return


async def _read_arriving(answer: aiohttp.ClientResponse) -> bytes | Parts:
    """Read an answer that is large, or does not say how long it is."""
    queue, arriving = READING.here(), Arriving()
    chunks: list[bytes] = []
    begun = False
    total = unread = 0
    async for chunk in answer.content.iter_any():
        total, unread = total + len(chunk), unread + len(chunk)
        if total > MAX_ANSWER_BYTES:
            raise _too_large(str(answer.url), MAX_ANSWER_BYTES)
        chunks.append(chunk)
        if unread >= LARGE:
            begun, read, chunks, unread = True, chunks, [], 0
            await queue.run(partial(_feed, arriving, read))
    if not begun:
        return b"".join(chunks)
    await queue.run(partial(_feed, arriving, chunks))
    return arriving.end()


def _feed(arriving: Arriving, chunks: list[bytes]) -> None:
    try:
        arriving.feed(chunks)
    except (OSError, ValueError) as error:  # else it would be taken for one of the request
        raise Lost(f"it could not be kept while it arrived: {error}") from None


async def _read_large(answer: aiohttp.ClientResponse) -> bytes:
    """Read a large answer, and wait where others are there whole and not read yet."""
    queue = READING.here()
    chunks: list[bytes] = []
    async for chunk in answer.content.iter_any():
        chunks.append(chunk)
        await queue.calm()
    return b"".join(chunks)


async def _read_capped(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    """Read an answer that does not say how long it is, or that unpacks to more than it says."""
    chunks: list[bytes] = []
    total = 0
    async for chunk in answer.content.iter_any():
        total += len(chunk)
        if total > limit:
            raise _too_large(str(answer.url), limit)
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(url: str, limit: int) -> APIResponseValidationError:
    return APIResponseValidationError(
        f"{_shown(url)} answered with more than {limit:,} bytes, which is what is read at most"
    )


async def _fetch(reached: Sessions, url: str, trusted: frozenset[str]) -> bytes:
    """Follow *url* to a picture; each hop is judged anew."""
    hop = url
    for _ in range(MAX_REDIRECTS + 1):
        answer = await _get(reached, hop, trusted)
        if answer.status not in (301, 302, 303, 307, 308):
            return checked_picture(answer, _shown(url))
        hop = _joined(hop, answer.headers.get("location", ""))
    raise APIResponseValidationError(f"{_shown(url)} redirects more than {MAX_REDIRECTS} times")


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise _not_followed(location, str(error)) from None


async def _get(reached: Sessions, url: str, trusted: frozenset[str]) -> Response:
    """Get *url*, again where the network failed: that costs nothing."""
    _refuse_malformed(url)
    session = await _session_for(reached, url, trusted)
    way = _by_way_of(reached, url)
    for tries in range(1, _FETCH_TRIES + 1):
        try:
            answer = await _get_once(session, url, way)
        except (NotSent, Lost) as error:
            if tries == _FETCH_TRIES or (isinstance(error, NotSent) and error.hopeless):
                raise APIConnectionError(f"{_shown(url)} cannot be fetched: {error}") from None
        else:
            if answer.status < 500 or tries == _FETCH_TRIES:
                if answer.status >= 400:
                    raise status_error(answer, _shown(url))
                return answer
        await asyncio.sleep(0.2 * tries)
    raise AssertionError("the last try returns or raises")


async def _session_for(
    reached: Sessions, url: str, trusted: frozenset[str]
) -> aiohttp.ClientSession:
    """Return the session that may go to *url*."""
    return reached.api if origin(url) in trusted else await _guarded_session(reached, url)


async def _guarded_session(reached: Sessions, url: str) -> aiohttp.ClientSession:
    """Return the session that may go to *url*, which a stranger chose."""
    _refuse_malformed(url)
    if reached.proxied is None or reached.proxies.to(url) is None:
        return reached.guarded
    # The proxy connects for us, so the guard cannot look at the address that is connected to.
    if await _guard.leads_inside(url):
        raise _not_followed(url, _INSIDE)
    return reached.proxied


def _refuse_malformed(url: str) -> None:
    objection = _guard.objection(url)
    if objection is not None:
        raise _not_followed(url, objection)


async def _get_once(session: aiohttp.ClientSession, url: str, way: Mapping[str, Any]) -> Response:
    try:
        async with session.get(_url(url), allow_redirects=False, **way) as answer:
            picture = await _read(answer, url, MAX_PICTURE_BYTES)
            if answer.status < 300 and not _says_how_long(answer) and ends_early(picture.body):
                raise Lost("the picture breaks off")
            return picture
    except ValueError:
        raise _not_followed(url, "it is malformed") from None
    except (aiohttp.ClientError, OSError) as error:
        if _refused_by_guard(error):
            raise _not_followed(url, _INSIDE) from None
        raise _plain(error) from None


def _says_how_long(answer: aiohttp.ClientResponse) -> bool:
    return "Content-Length" in answer.headers or "Transfer-Encoding" in answer.headers


def _refused_by_guard(error: Exception) -> bool:
    # Of several addresses that were tried, only the texts of what went wrong are left.
    if not isinstance(error, aiohttp.ClientConnectorError):
        return False
    return _guard.NOT_PUBLIC in str(error.os_error)


def _not_followed(url: str, why: str) -> APIResponseValidationError:
    return APIResponseValidationError(f"the URL {_shown(url)!r} is not followed: {why}")


def _shown(url: str) -> str:
    """Return *url* without its query, which may hold a signature."""
    return url.partition("?")[0][:200]
