"""A picture's URL was chosen by somebody else: where it may lead, and what may come of it."""

from __future__ import annotations

import asyncio
import base64
import gzip
import io
import json
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

import PIL.Image
import pytest

from impasto import _fetched, _transport, hookimpl
from impasto._transport import AIOHTTP
from impasto.errors import (
    APIConnectionError,
    APIResponseValidationError,
    BadRequestError,
    ImpastoError,
    InternalServerError,
    NotFoundError,
    PartialResultWarning,
    Timeout,
)
from impasto.testing import PNG

PICTURE = "Content-Type: image/png"


def fetch(url: str, *trusted: str, timeout: float = 30) -> bytes:
    return asyncio.run(AIOHTTP.fetch(url, frozenset(trusted), timeout))


def failure(url: str, *trusted: str, timeout: float = 30) -> ImpastoError:
    with pytest.raises(ImpastoError) as caught:
        fetch(url, *trusted, timeout=timeout)
    return caught.value


def redirect(location: str, status: int = 302) -> bytes:
    head = f"HTTP/1.1 {status} Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    return head.encode()


@pytest.fixture
def gallery(wire, http):
    """Return a server with a picture."""
    return wire(lambda peer: peer.say(http(PNG, PICTURE)))


class TestPrivateAddresses:
    """A URL does not lead into the network where the program runs."""

    @pytest.mark.parametrize(
        "host",
        [
            *("127.0.0.1", "127.1", "127.0.1", "0x7f000001", "0x7f.1", "2130706433"),
            *("017700000001", "0177.0.0.01", "127.0.0.1.", "0.0.0.0", "0"),
            *("localhost", "LOCALHOST", "①②⑦.0.0.1", "127。0。0。1", "ⓛocalhost"),
            *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]"),
            *("[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fc00::1]", "[fe80::1]", "[fe80::1%25lo]"),
            *("[ff02::1]", "[fec0::1]", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1"),
            *("169.254.169.254", "0xa9fea9fe", "224.0.0.1", "255.255.255.255"),
        ],
    )
    def test_in_every_notation(self, gallery, host: str):
        """
        However the address is written, nobody connects to it.
        """
        port = gallery.url.rpartition(":")[2]
        error = failure(f"http://{host}:{port}/1.png")

        assert (APIResponseValidationError, 0) == (type(error), gallery.connections), error
        assert "not followed" in error.message

    @pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.1"])
    def test_behind_a_name(self, gallery, monkeypatch, address: str):
        """
        A name may lead to a public address when it is checked, and to a private one later on.

        So what is checked is the address that the socket is made for, whatever led to it.
        """
        looked_up = []

        def getaddrinfo(host: str, port: int, *_: object, **__: object) -> list[Any]:
            looked_up.append(host)
            now = "93.184.215.14" if len(looked_up) == 1 else address
            family = socket.AF_INET6 if ":" in now else socket.AF_INET
            where = (now, port, 0, 0) if ":" in now else (now, port)
            return [(family, socket.SOCK_STREAM, 6, "", where)]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        port = int(gallery.url.rpartition(":")[2])
        checked = socket.getaddrinfo("rebound.test", port)[0][4][0]
        error = failure(f"http://rebound.test:{port}/1.png")

        assert "93.184.215.14" == checked
        assert (APIResponseValidationError, 0) == (type(error), gallery.connections)
        assert ["rebound.test"] * 2 == looked_up

    def test_but_for_what_the_user_configured(self, gallery):
        """
        Who has a server at home gets pictures from there: from this scheme, host and port.
        """
        assert PNG == fetch(f"{gallery.url}/1.png", gallery.url)

    @pytest.mark.parametrize(
        "trusted", ["http://127.0.0.1:80", "https://127.0.0.1:{port}", "http://localhost:{port}"]
    )
    def test_nearly_what_the_user_configured(self, gallery, trusted: str):
        """
        Another port, scheme or name is not what was configured.
        """
        port = gallery.url.rpartition(":")[2]
        error = failure(f"{gallery.url}/1.png", trusted.format(port=port))

        assert (APIResponseValidationError, 0) == (type(error), gallery.connections)


class TestRedirects:
    """Each hop is judged anew."""

    def test_within_the_same_origin(self, wire, http):
        """
        Storage services send on to the place of the day.
        """

        def answer(peer) -> bool:
            first = peer.request.startswith(b"GET /1.png ")
            peer.say(redirect("/there/2.png") if first else http(PNG, PICTURE))
            return True

        server = wire(answer)

        assert PNG == fetch(f"{server.url}/1.png", server.url)
        assert 2 == len(server.requests)

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_to_another_port(self, wire, gallery, status: int):
        """
        That the first origin is trusted says nothing of the second.
        """
        server = wire(lambda peer: peer.say(redirect(f"{gallery.url}/1.png", status)))
        error = failure(f"{server.url}/1.png", server.url)

        assert (APIResponseValidationError, 0) == (type(error), gallery.connections)

    @pytest.mark.parametrize(
        "location",
        [
            "file:///etc/passwd",
            "ftp://acme.test/1.png",
            "gopher://acme.test/1",
            "data:image/png;base64,AAAA",
            "http://acme.test@127.0.0.1/1.png",
            "http://127.0.0.1\\@acme.test/1.png",
            "//localhost/1.png",
            "http://169.254.169.254/latest/meta-data/",
            "http://[",
        ],
    )
    def test_to_odd_places(self, wire, location: str):
        """
        What would not be followed at first is not followed later.
        """
        server = wire(lambda peer: peer.say(redirect(location)))
        error = failure(f"{server.url}/1.png", server.url)

        assert APIResponseValidationError is type(error)
        assert "not followed" in error.message
        assert 1 == len(server.requests)

    @pytest.mark.parametrize("location", ["/1.png", "", "?"])
    def test_in_circles(self, wire, location: str):
        """
        There is an end to every chain.
        """
        server = wire(lambda peer: peer.say(redirect(location)) or True)
        error = failure(f"{server.url}/1.png", server.url)

        assert APIResponseValidationError is type(error)
        assert "redirects more than 5 times" in error.message
        assert 6 == len(server.requests)


class TestNothingGoesAlong:
    """The URL is asked for as anybody would."""

    def test_no_key_no_cookie(self, acme, wire, http):
        """
        Neither key nor header of the caller goes along, nor a cookie from an earlier answer.
        """

        def answer(peer) -> bool:
            urls = [f"{server.url}/1.png", f"{server.url}/2.png"]
            order = peer.request.startswith(b"POST")
            body = json.dumps({"pictures": urls}).encode() if order else PNG
            peer.say(http(body, "Set-Cookie: a=b; Path=/"))
            return True

        server = wire(answer)
        response = acme.ask(
            acme.client(),
            server.url,
            n=2,
            response_format="b64_json",
            extra_headers={"X-Mine": "mine"},
        )
        order, *pictures = server.requests

        assert [PNG, PNG] == [base64.b64decode(image.b64_json) for image in response.data]
        assert acme.key.encode() in order
        assert 2 == len(pictures)
        for request in pictures:
            names = {line.partition(b":")[0].lower() for line in request.split(b"\r\n")[1:] if line}
            assert {b"host", b"accept", b"accept-encoding", b"user-agent"} == names

    def test_a_picture_that_cannot_be_had(self, acme, wire, http, gallery):
        """
        A URL that leads into the private network leaves the others their pictures.
        """

        def answer(peer) -> bool:
            urls = [f"{server.url}/1.png", f"{gallery.url}/2.png"]
            order = peer.request.startswith(b"POST")
            peer.say(http(json.dumps({"pictures": urls}).encode() if order else PNG))
            return True

        server = wire(answer)
        with pytest.warns(PartialResultWarning):
            response = acme.ask(acme.client(), server.url, n=2, response_format="b64_json")

        assert [PNG, None] == [
            image.b64_json and base64.b64decode(image.b64_json) for image in response.data
        ]
        assert f"{gallery.url}/2.png" == response.data[1].url
        assert [APIResponseValidationError] == [type(error) for error in response.errors]
        assert 0 == gallery.connections

    def test_a_picture_read_later(self, acme, wire, http, gallery):
        """
        `read()` follows the same rules as the call did.
        """

        def answer(peer) -> bool:
            urls = [f"{server.url}/1.png", f"{gallery.url}/2.png"]
            order = peer.request.startswith(b"POST")
            peer.say(http(json.dumps({"pictures": urls}).encode() if order else PNG))
            return True

        server = wire(answer)
        mine, strange = acme.ask(acme.client(), server.url, n=2).data

        assert PNG == mine.read()
        with pytest.raises(APIResponseValidationError, match="not followed"):
            strange.read()
        assert 0 == gallery.connections

    def test_a_picture_from_the_caller(self, acme, wire, gallery):
        """
        A URL to be worked on may come from the caller's own caller: the same rules again.
        """
        from impasto._arguments import sort
        from impasto._portal import run

        asked = sort("edit", {**acme.call, "image": f"{gallery.url}/1.png"})
        with pytest.raises(BadRequestError, match="not followed"):
            run(acme.client().perform(asked, (__file__, 1, globals())))

        assert 0 == gallery.connections


class TestWhatComes:
    """What is behind the URL."""

    @pytest.mark.parametrize("status", ["403 Forbidden", "404 Not Found", "410 Gone"])
    def test_it_has_expired(self, wire, http, status: str):
        """
        The error says what usually is the matter.
        """
        server = wire(lambda peer: peer.say(http(b"<Error>AccessDenied</Error>", status=status)))
        error = failure(f"{server.url}/1.png", server.url)

        assert (NotFoundError, int(status[:3])) == (type(error), error.status_code)
        assert "delete pictures after a while" in error.message
        assert 1 == len(server.requests)

    def test_the_server_fails(self, wire, http):
        """
        It is asked three times: that costs nothing.
        """
        server = wire(lambda peer: peer.say(http(b"", status="500 Oh")))
        error = failure(f"{server.url}/1.png", server.url)

        assert InternalServerError is type(error)
        assert 3 == len(server.requests)

    @pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"])
    def test_the_connection_breaks(self, wire, http, first: bytes):
        """
        The second try brings it.
        """
        server = wire(lambda peer: peer.say(http(PNG, PICTURE) if peer.number else first))

        assert PNG == fetch(f"{server.url}/1.png", server.url)

    @pytest.mark.parametrize("left", [-4, 40, 5, 0])
    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
    def test_it_breaks_where_no_length_was_stated(self, wire, kind: str, left: int):
        """
        Then the connection's end is the picture's: one that lacks its own end is fetched again.
        """
        file = io.BytesIO()
        PIL.Image.effect_noise((30, 20), 50).save(file, kind)
        whole = file.getvalue()
        head = f"HTTP/1.1 200 OK\r\n{PICTURE}\r\n\r\n".encode()
        server = wire(lambda peer: peer.say(head + (whole if peer.number else whole[:left])))

        assert whole == fetch(f"{server.url}/1.png", server.url)
        assert 2 == len(server.requests)

    def test_it_always_breaks(self, wire):
        """
        After three tries it is an error.
        """
        server = wire(lambda peer: peer.reset())
        error = failure(f"{server.url}/1.png", server.url)

        assert APIConnectionError is type(error)
        assert "cannot be fetched" in error.message

    @pytest.mark.parametrize(
        ("kind", "body", "says"),
        [
            ("text/html", b"<html>Sign in", "text/html that begins with '<html>Sign in'"),
            ("application/json", b'{"a": 1}', "application/json that begins with"),
            ("", b"what is this", "something that begins with"),
            ("image/png", b"", "nothing at all"),
        ],
        ids=["a page", "JSON", "no type", "nothing"],
    )
    def test_no_picture(self, wire, http, kind: str, body: bytes, says: str):
        """
        What is no picture is not taken for one.
        """
        server = wire(lambda peer: peer.say(http(body, f"Content-Type: {kind}")))
        error = failure(f"{server.url}/1.png", server.url)

        assert APIResponseValidationError is type(error)
        assert says in error.message

    @pytest.mark.parametrize("kind", ["image/png", "text/html", "binary/octet-stream", ""])
    def test_a_picture_under_another_name(self, wire, http, kind: str):
        """
        Storage services know little of types; the bytes decide.
        """
        server = wire(lambda peer: peer.say(http(PNG, f"Content-Type: {kind}")))

        assert PNG == fetch(f"{server.url}/1.png", server.url)

    def test_more_pixels_than_anybody_has(self, wire, http):
        """
        A small file that would unpack to gigabytes is seen by its first bytes.
        """
        vast = PNG[:16] + struct.pack(">II", 100_000, 100_000) + PNG[24:]
        server = wire(lambda peer: peer.say(http(vast, PICTURE)))
        error = failure(f"{server.url}/1.png", server.url)

        assert APIResponseValidationError is type(error)
        assert "100000x100000" in error.message

    def test_the_most_pixels(self, wire, http, monkeypatch):
        """
        The limit itself is within it.
        """
        monkeypatch.setattr(_fetched, "MAX_PIXELS", 64)
        server = wire(lambda peer: peer.say(http(PNG, PICTURE)))

        assert PNG == fetch(f"{server.url}/1.png", server.url)

    @pytest.mark.parametrize("way", ["announced", "endless", "packed"])
    def test_more_bytes_than_anybody_needs(self, wire, http, monkeypatch, way: str):
        """
        It is not read to its end, and not asked for again.
        """
        monkeypatch.setattr(_transport, "MAX_PICTURE_BYTES", 2**16)

        def endless(peer) -> None:
            peer.say(b"HTTP/1.1 200 OK\r\n\r\n")
            while not peer.over.is_set():
                peer.say(b" " * 2**16)

        packed = http(gzip.compress(bytes(2**24)), "Content-Encoding: gzip")
        announced = b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n"
        ways: dict[str, Callable[[Any], None]] = {
            "announced": lambda peer: peer.say(announced),
            "endless": endless,
            "packed": lambda peer: peer.say(packed),
        }
        server = wire(ways[way])
        error = failure(f"{server.url}/1.png", server.url)

        assert APIResponseValidationError is type(error)
        assert "65,536 bytes" in error.message
        assert 1 == len(server.requests)

    def test_a_drip(self, wire):
        """
        The time is for the whole of it.
        """

        def answer(peer) -> None:
            peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while not peer.over.wait(0.05):
                peer.say(b" ")

        server = wire(answer)
        began = time.monotonic()
        error = failure(f"{server.url}/1.png", server.url, timeout=0.3)

        assert Timeout is type(error)
        assert time.monotonic() - began < 5

    def test_its_signature_is_shown_nowhere(self, wire, http, monkeypatch):
        """
        Whoever has a signed URL has the picture: no error quotes its query.
        """
        monkeypatch.setattr(_transport, "MAX_PICTURE_BYTES", 2**10)
        monkeypatch.setattr(_transport, "_FETCH_TRIES", 1)
        answers = [
            *(http(b"", status="404 Gone"), http(b"", status="500 Oh"), http(b"<p>"), b"SSH"),
            *(b"", http(bytes(2000)), redirect("file:///?sig=s3cret"), redirect("?sig=s3cret")),
        ]
        for answer in answers:
            server = wire(lambda peer, answer=answer: peer.say(answer))
            for trusted in (server.url, "http://elsewhere.test:80"):
                error = failure(f"{server.url}/1.png?sig=s3cret", trusted)

                assert "s3cret" not in f"{error} {vars(error)} {error.__cause__!r}"


def test_the_data_of_a_url(acme):
    """
    A "data:" URL from a provider is the picture itself; nothing is fetched.
    """

    @hookimpl
    def parse_response(response):
        from impasto.types import Image, ImageResponse

        return ImageResponse(data=[Image(url=response.json()["url"])])

    from impasto.testing import Script, reply

    url = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    script = Script(reply({"url": url}), plugin=acme.plugin(parse_response))
    image = script.play(acme.call).data[0]

    assert PNG == image.read()
    assert [] == script.fetched
