"""Against real sockets: nobody pays twice, nothing hangs, and no key goes astray."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import time
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from impasto import _transport, hookimpl
from impasto.errors import (
    APIConnectionError,
    APIError,
    APIResponseValidationError,
    ImpastoError,
    Timeout,
)
from impasto.types import Call, ImageResponse, Params, Request, Response, Setting

BODY = json.dumps({"pictures": ["AAAA"]}).encode()
JSON = "Content-Type: application/json"


def failure(acme, server, client=None, **call) -> ImpastoError:
    """Return the error that a call ends with."""
    with pytest.raises(ImpastoError) as caught:
        acme.ask(client or acme.client(), server.url, **call)
    return caught.value


@hookimpl
def build_request(call: Call, params: Params) -> Request:
    """Buy with a GET, as some services have it."""
    return Request(url=f"{call.settings['api_base']}/picture/{params['prompt']}", method="GET")


BUYS_WITH_GET = build_request


class TestBrokenAnswers:
    """The connection breaks at any point: one order, and an error that says so."""

    @pytest.mark.parametrize("how", ["close", "reset"])
    def test_at_every_byte_of_the_answer(self, acme, wire, http, how: str) -> None:
        """
        Wherever the answer is cut, the picture may have been made: nobody asks again.
        """
        whole = http(BODY, JSON)

        def answer(peer) -> None:
            peer.say(whole[: peer.number])
            if how == "reset":
                peer.reset()

        server, client = wire(answer), acme.client()
        errors = [failure(acme, server, client) for _ in whole]

        assert {(APIConnectionError, True)} == {(type(e), e.maybe_accepted) for e in errors}
        assert len(whole) == len(server.requests) == server.connections

    def test_a_get_that_buys_is_not_sent_again(self, acme, wire) -> None:
        """
        aiohttp repeats a lost GET by itself; not where a GET is an order.
        """
        server = wire(lambda peer: peer.reset())
        error = failure(acme, server, acme.client(acme.plugin(BUYS_WITH_GET)))

        assert error.maybe_accepted
        assert len(server.requests) == 1

    @pytest.mark.parametrize("read", [1, 100, 65536, 1_000_000])
    def test_during_the_upload(self, acme, wire, read: int) -> None:
        """
        A server that goes away while the order is being sent, of which it has read some, may have
        taken it.
        """

        def answer(peer) -> None:
            left = read
            while left > 0:
                left -= len(peer.connection.recv(min(left, 65536)))
            peer.reset()

        server = wire(answer, unread=True)
        error = failure(acme, server, prompt="fox " * 1_000_000)

        assert (APIConnectionError, True) == (type(error), error.maybe_accepted)
        assert server.connections == 1

    def test_refused_before_the_first_byte(self, acme, wire) -> None:
        """
        Where nobody listens, nothing was ordered.
        """
        server = wire(lambda peer: None)
        nobody = socket.create_server(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        nobody.close()
        error = failure(acme, server, api_base=f"http://127.0.0.1:{port}", max_retries=0)

        assert (APIConnectionError, False) == (type(error), error.maybe_accepted)
        assert f"no connection to http://127.0.0.1:{port}" in error.message

    def test_tls_to_a_plain_port(self, acme, wire, http) -> None:
        """
        A server without TLS is told at once, without trying again.
        """
        server = wire(lambda peer: peer.say(http(BODY)), unread=True)
        began = time.monotonic()
        error = failure(acme, server, api_base=server.url.replace("http:", "https:"))

        assert (APIConnectionError, False) == (type(error), error.maybe_accepted)
        assert "https" in error.message
        assert server.connections == 1
        assert time.monotonic() - began < 5


def _endless(piece: bytes) -> Callable[[Any], None]:
    def answer(peer) -> None:
        peer.say(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
        peer.say(b"Transfer-Encoding: chunked\r\n\r\n")
        while not peer.over.is_set():
            peer.say(b"%x\r\n%s\r\n" % (len(piece), piece))

    return answer


def _bomb(encoding: str) -> bytes:
    """Return 64 MiB of blanks, packed."""
    packer = zlib.compressobj(9, wbits=31 if encoding == "gzip" else 15)
    blanks = b" " * 2**20
    return b"".join(packer.compress(blanks) for _ in range(64)) + packer.flush()


class TestOddAnswers:
    """What a server may send instead of an answer."""

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", id="another protocol"),
            pytest.param(b"\x15\x03\x01\x00\x02\x02\x28", id="a TLS alert"),
            pytest.param(b"\x00" * 1000, id="zeros"),
            pytest.param(b"HTTP/1.1 two hundred\r\n\r\n", id="a status in words"),
            pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", id="a negative length"),
            pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 2**20, id="a header of a megabyte"),
            pytest.param(
                b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000, id="a hundred thousand headers"
            ),
            pytest.param(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="a bad chunk"
            ),
        ],
    )
    def test_what_is_not_http(self, acme, wire, answer: bytes) -> None:
        """
        It is a broken connection, after which the order may have been taken.
        """
        server = wire(lambda peer: peer.say(answer))
        error = failure(acme, server)

        assert (APIConnectionError, True) == (type(error), error.maybe_accepted)
        assert len(server.requests) == 1

    def test_html(self, acme, wire, http) -> None:
        """
        A page instead of JSON made no sense, and the error shows how it begins.
        """
        page = b"<!DOCTYPE html><title>Sign in</title>"
        server = wire(lambda peer: peer.say(http(page, "Content-Type: text/html")))
        error = failure(acme, server)

        assert (APIResponseValidationError, True) == (type(error), error.maybe_accepted)
        assert "text/html" in error.message
        assert page.decode() == error.body

    @pytest.mark.parametrize("kind", ["text/plain", "text/html", "image/png", "nonsense", ""])
    def test_json_under_a_wrong_name(self, acme, wire, http, kind: str) -> None:
        """
        JSON is read as JSON whatever its content type says.
        """
        server = wire(lambda peer: peer.say(http(BODY, f"Content-Type: {kind}")))

        assert len(acme.ask(acme.client(), server.url).data) == 1

    @pytest.mark.parametrize(
        ("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)]
    )
    def test_packed(self, acme, wire, http, encoding: str, pack: Callable) -> None:
        """
        A packed answer is unpacked.
        """
        server = wire(lambda peer: peer.say(http(pack(BODY), f"Content-Encoding: {encoding}")))

        assert len(acme.ask(acme.client(), server.url).data) == 1

    def test_badly_packed(self, acme, wire, http) -> None:
        """
        What cannot be unpacked is a broken answer to an order that was taken.
        """
        server = wire(lambda peer: peer.say(http(b"no gzip at all", "Content-Encoding: gzip")))
        error = failure(acme, server)

        assert (APIConnectionError, True) == (type(error), error.maybe_accepted)

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                + b"".join(b"1\r\n%c\r\n" % byte for byte in BODY)
                + b"0\r\n\r\n",
                id="in chunks",
            ),
            pytest.param(b"HTTP/1.1 200 OK\r\n\r\n" + BODY, id="until the end"),
            pytest.param(b"HTTP/1.0 200 OK\r\n\r\n" + BODY, id="in HTTP 1.0"),
            pytest.param(
                b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                b"HTTP/1.1 200 OK\r\n\r\n" + BODY,
                id="after other answers",
            ),
        ],
    )
    def test_without_a_length(self, acme, wire, answer: bytes) -> None:
        """
        Every way that HTTP has to end an answer is understood.
        """
        server = wire(lambda peer: peer.say(answer))

        assert len(acme.ask(acme.client(), server.url).data) == 1

    def test_a_second_answer_is_nobodys(self, acme, wire, http) -> None:
        """
        What a server says unasked is not taken for the answer to the next call.
        """
        other = json.dumps({"pictures": ["BBBB", "BBBB"]}).encode()
        both = http(BODY, JSON) + http(other, JSON)

        def answer(peer) -> bool:
            peer.say(both if peer.number == 0 else http(BODY, JSON))
            return True

        server, client = wire(answer), acme.client()
        counts = [len(acme.ask(client, server.url).data) for _ in range(3)]

        assert counts == [1, 1, 1]

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n", id="announced"),
            pytest.param(_endless(b" " * 65536), id="endless"),
            pytest.param("gzip", id="a bomb in gzip"),
            pytest.param("deflate", id="a bomb in deflate"),
        ],
    )
    def test_too_large(self, acme, wire, http, monkeypatch, answer) -> None:
        """
        No answer fills the memory, and none too large is bought a second time.
        """
        monkeypatch.setattr(_transport, "MAX_ANSWER_BYTES", 2**20)
        if isinstance(answer, str):
            answer = http(_bomb(answer), f"Content-Encoding: {answer}")
        say = answer if callable(answer) else lambda peer: peer.say(answer)
        server = wire(say)
        error = failure(acme, server, max_retries=3)

        assert (APIResponseValidationError, True) == (type(error), error.maybe_accepted)
        assert "1,048,576 bytes" in error.message
        assert len(server.requests) == 1

    def test_two_lengths(self, acme, wire, monkeypatch) -> None:
        """
        An answer that states a length and comes in endless chunks does not get past the limit.
        """
        monkeypatch.setattr(_transport, "MAX_ANSWER_BYTES", 2**20)

        def answer(peer) -> None:
            peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\ntransfer-encoding: chunked\r\n\r\n")
            while not peer.over.is_set():
                peer.say(b"10000\r\n" + b" " * 65536 + b"\r\n")

        error = failure(acme, wire(answer), timeout=60)

        assert error.maybe_accepted
        assert not isinstance(error, Timeout)


class TestDeadline:
    """`timeout` is one deadline for everything."""

    @pytest.mark.parametrize(
        "begin",
        [
            pytest.param(b"", id="nothing"),
            pytest.param(b"HTTP/1.1 200 OK\r\nX: ", id="in a header"),
            pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", id="in the body"),
        ],
    )
    def test_a_drip_does_not_prolong_it(self, acme, wire, begin: bytes) -> None:
        """
        A byte now and then keeps a connection alive, but not a call.
        """

        def answer(peer) -> None:
            peer.say(begin)
            while begin and not peer.over.wait(0.05):
                peer.say(b" ")
            peer.over.wait(60)

        began = time.monotonic()
        error = failure(acme, wire(answer), timeout=0.4)

        assert (Timeout, True) == (type(error), error.maybe_accepted)
        assert time.monotonic() - began < 5

    def test_it_covers_the_upload(self, acme, wire) -> None:
        """
        A server that does not read on is given up as well.
        """
        server = wire(lambda peer: peer.over.wait(60), unread=True)
        error = failure(acme, server, prompt="fox " * 4_000_000, timeout=0.4)

        assert (Timeout, True) == (type(error), error.maybe_accepted)

    def test_a_get_that_buys_may_have_been_taken(self, acme, wire) -> None:
        """
        An order without a body is an order.
        """
        server = wire(lambda peer: peer.over.wait(60))
        client = acme.client(acme.plugin(BUYS_WITH_GET))
        error = failure(acme, server, client, timeout=0.3)

        assert (Timeout, True) == (type(error), error.maybe_accepted)

    def test_it_covers_polls(self, acme, wire, http) -> None:
        """
        Polls end with the call, and its error carries the job.
        """

        def answer(peer) -> bool:
            job = {"job": f"{server.url}/jobs/7", "after": 0.1}
            peer.say(http(json.dumps(job).encode()))
            return True

        server = wire(answer)
        error = failure(acme, server, timeout=0.5)

        assert (Timeout, True) == (type(error), error.maybe_accepted)
        assert f"{server.url}/jobs/7" == acme.where(error.job)


def _leading_to(place: str) -> Callable[[Any], None]:
    def answer(peer) -> None:
        peer.say(f"HTTP/1.1 {place}\r\nContent-Length: 0\r\n\r\n".encode())

    return answer


class TestRedirects:
    """An API request follows 307 and 308 to its own origin, and nothing else."""

    @pytest.mark.parametrize("status", [300, 301, 302, 303, 305, 307, 308])
    def test_another_origin_gets_nothing(self, acme, wire, http, status: int) -> None:
        """
        The error shows where it led; neither key nor order went there.
        """
        stranger = wire(lambda peer: peer.say(http(BODY)))
        place = f"{status} Moved\r\nLocation: {stranger.url}/pictures?key=1"
        server = wire(_leading_to(place))
        error = failure(acme, server)

        assert (APIError, status) == (type(error), error.status_code)
        assert f"{stranger.url}/pictures" in error.message
        assert "key=1" not in error.message
        assert (len(server.requests), stranger.connections) == (1, 0)

    @pytest.mark.parametrize(
        "location",
        [
            "//localhost/pictures",
            "https://127.0.0.1/pictures",
            "http://user:word@{here}/pictures",
            "http://{here}@localhost/pictures",
            "file:///etc/passwd",
            "http://[",
            "",
        ],
    )
    def test_odd_places(self, acme, wire, location: str) -> None:
        """
        What is not plainly the same origin is another one.
        """
        places: list[str] = []
        server = wire(lambda peer: _leading_to(places[0])(peer))
        where = location.replace("{here}", server.url.removeprefix("http://"))
        places.append(f"307 Temporary Redirect\r\nLocation: {where}")
        error = failure(acme, server)

        assert (APIError, 307, False) == (type(error), error.status_code, error.maybe_accepted)
        assert len(server.requests) == 1

    @pytest.mark.parametrize("status", [301, 302, 303])
    def test_its_own_origin_is_no_excuse(self, acme, wire, status: int) -> None:
        """
        What turns an order into a GET is not followed; 303 even says that it was taken.
        """
        server = wire(_leading_to(f"{status} Moved\r\nLocation: /elsewhere"))
        error = failure(acme, server)

        assert (status, status == 303) == (error.status_code, error.maybe_accepted)
        assert len(server.requests) == 1

    @pytest.mark.parametrize("status", [307, 308])
    @pytest.mark.parametrize("absolute", [True, False])
    def test_its_own_origin_is_followed(
        self, acme, wire, http, status: int, absolute: bool
    ) -> None:
        """
        The order goes to the new place whole, and authorized again.
        """

        def answer(peer) -> bool:
            base = server.url if absolute else ""
            moved = http(b"", f"Location: {base}/v2/pictures", status=f"{status} Moved")
            peer.say(http(BODY) if peer.number else moved)
            return True

        server = wire(answer)
        response = acme.ask(acme.client(), server.url)
        first, second = server.requests

        assert len(response.data) == 1
        assert first.replace(b"/pictures", b"/v2/pictures", 1) == second
        assert f"Bearer {acme.key}".encode() in second

    def test_in_circles(self, acme, wire) -> None:
        """
        Somebody who is sent round in circles gives up, and says so.
        """

        def answer(peer) -> bool:
            _leading_to("307 Moved\r\nLocation: /pictures")(peer)
            return True

        server = wire(answer)
        error = failure(acme, server)

        assert "more than 5 redirects" in error.message
        assert len(server.requests) == 6


class TestKeys:
    """The key goes to the provider, in one place, and nowhere else."""

    def test_polls_elsewhere_carry_none(self, acme, wire, http) -> None:
        """
        A poll to an origin that came out of an answer, and that the user configured, has no key.
        """
        elsewhere = wire(lambda peer: peer.say(http(BODY)))
        job = json.dumps({"job": f"{elsewhere.url}/jobs/7", "after": 0}).encode()
        server = wire(lambda peer: peer.say(http(job)))
        settings = {
            "api_key": Setting(secret=True),
            "api_base": Setting(url=True),
            "gallery": Setting(url=True),
        }
        client = acme.client(acme.plugin(settings=settings))
        more = {"extra_headers": {"X-Mine": "mine"}, "gallery": elsewhere.url}
        acme.ask(client, server.url, **more)

        assert acme.key.encode() in server.requests[0]
        assert b"X-Mine" in server.requests[0]
        assert len(elsewhere.requests) == 1
        assert acme.key.encode() not in elsewhere.requests[0]
        assert b"X-Mine" not in elsewhere.requests[0]

    def test_polls_lead_into_no_private_network(self, acme, wire, http) -> None:
        """
        Nobody but an answer named the place: it is judged as a picture's URL is.
        """
        inside = wire(lambda peer: peer.say(http(BODY)))
        job = json.dumps({"job": f"{inside.url}/jobs/7", "after": 0}).encode()
        server = wire(lambda peer: peer.say(http(job)))
        error = failure(acme, server)

        assert [] == inside.requests
        assert "it leads into a private network" in str(error)
        assert error.maybe_accepted

    @pytest.mark.parametrize("scheme", ["ftp", "file"])
    def test_polls_speak_http(self, acme, wire, http, scheme: str) -> None:
        """
        An answer that names another scheme is not followed.
        """
        job = json.dumps({"job": f"{scheme}://files.test/jobs/7", "after": 0}).encode()
        server = wire(lambda peer: peer.say(http(job)))
        error = failure(acme, server)

        assert f"its scheme is '{scheme}', not http or https" in str(error)

    def test_a_key_in_the_query_is_in_no_error(self, acme, wire, http) -> None:
        """
        Neither the error for a lost connection nor the response that plugins see has it.
        """
        from impasto.types import query

        seen: list[str] = []

        @hookimpl
        def parse_response(response: Response) -> ImageResponse:
            seen.append(response.url)
            raise ValueError(repr(response))

        plugin = acme.plugin(parse_response, auth=query("key"))
        server = wire(lambda peer: peer.say(http(BODY)))
        error = failure(acme, server, acme.client(plugin))

        assert f"key={acme.key}".encode() in server.requests[0]
        assert [f"{server.url}/pictures"] == seen
        assert acme.key not in f"{error} {vars(error)} {error.__cause__}"

    @pytest.mark.parametrize(
        "model", ["x HTTP/1.1\r\nX-Evil: 1\r\n\r\n", "x\nX-Evil: 1", "x\rX-Evil: 1", "x\0"]
    )
    def test_no_line_is_smuggled_in_by_a_url(self, acme, wire, http, model: str) -> None:
        """
        A line break in a model's name stays in the path, or the request is not sent.
        """

        @hookimpl
        def build_request(call: Call, params: Params) -> Request:
            return Request(url=f"{call.settings['api_base']}/models/{call.model}", json={})

        server = wire(lambda peer: peer.say(http(BODY)))
        refused = None
        try:
            acme.ask(acme.client(acme.plugin(build_request)), server.url, model=f"acme/{model}")
        except ImpastoError as error:
            refused = error

        assert refused is None or not refused.maybe_accepted
        assert not any(b"\nX-Evil" in request for request in server.requests)

    def test_no_line_is_smuggled_in_by_a_header(self, acme, wire, http) -> None:
        """
        A header with a line break is an error of ours, and nothing is sent.
        """

        @hookimpl
        def build_request(call: Call, params: Params) -> Request:
            headers = {"X-Prompt": params["prompt"]}
            return Request(url=f"{call.settings['api_base']}/", json={}, headers=headers)

        server = wire(lambda peer: peer.say(http(BODY)))
        client = acme.client(acme.plugin(build_request))
        error = failure(acme, server, client, prompt="a\r\nX-Evil: 1")

        assert not error.maybe_accepted
        assert server.requests == []


class TestConnections:
    """Connections are kept while they are good."""

    def test_they_are_used_again(self, acme, wire, http) -> None:
        """
        One connection serves calls that follow each other.
        """

        def answer(peer) -> bool:
            peer.say(http(BODY))
            return True

        server, client = wire(answer), acme.client()
        for _ in range(3):
            acme.ask(client, server.url)

        assert (len(server.requests), server.connections) == (3, 1)

    def test_one_that_was_closed_while_the_loop_stood_still(self, acme, wire, http) -> None:
        """
        A loop that runs from call to call sees that a connection has gone before it uses it.
        """
        server, client = wire(lambda peer: peer.say(http(BODY))), acme.client()
        with asyncio.Runner() as runner:
            counts = []
            for call in range(5):
                counts.append(len(runner.run(acme.aask(client, server.url)).data))
                while server.closed == call:
                    time.sleep(0.001)

        assert counts == [1] * 5
        assert len(server.requests) == 5
