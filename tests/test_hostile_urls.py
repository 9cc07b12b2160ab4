"""URLs of strangers that lead into the network where the program runs: none is followed.

Whoever makes answers, redirects or prompts for somebody else's program would like it to ask its
neighbours something.  `test_guard` and `test_fetch` are about the judgement; here every way by which
such a URL comes is tried, and each connection that this process tries to make is seen.
"""

from __future__ import annotations

import errno
import json
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from vendors import VENDORS

import impasto
from impasto import _engine, hookimpl
from impasto._arguments import sort
from impasto._portal import run
from impasto.errors import APIResponseValidationError, ImpastoError
from impasto.testing import PNG, FakeServer, Received, Reply, reply
from impasto.types import Image, ImageResponse, Request, Response

PUBLIC = "93.184.215.14"
# What the test's own resolver says of names, at the first and at each later question.
NAMES: dict[str, list[list[str]]] = {
    "private.test": [["10.0.0.1"]],
    "loopback.test": [["127.0.0.1"]],
    "loopback6.test": [["::1"]],
    "mapped.test": [["::ffff:127.0.0.1"]],
    "two.test": [[PUBLIC, "127.0.0.1"]],
    "two-otherwise.test": [["127.0.0.1", PUBLIC]],
    "rebound.test": [[PUBLIC], ["127.0.0.1"]],
    "metadata.google.internal": [["169.254.169.254"]],
    "acme.localhost": [["127.0.0.1"]],
    "localhost.": [["127.0.0.1"]],
    "localhost.localdomain": [["127.0.0.1"]],
}
HOSTS = {
    "decimal": "2130706433",
    "octal": "0177.0.0.1",
    "octal, with many zeros": "0000000177.0.0.1",
    "hexadecimal": "0x7f.0x0.0x0.0x1",
    "hexadecimal, in one": "0x7F000001",
    "mixed": "0x7f.1",
    "two parts": "127.1",
    "three parts": "127.0.1",
    "leading zeros": "127.000.000.001",
    "elsewhere in 127": "127.8.9.10",
    "a dot at the end": "127.0.0.1.",
    "any": "0.0.0.0",
    "any, short": "0",
    "ten": "10.0.0.1",
    "ten, decimal": "167772161",
    "172.16": "172.31.255.254",
    "192.168": "192.168.1.1",
    "link-local": "169.254.1.1",
    "carriers": "100.64.0.1",
    "benchmarks": "198.18.0.1",
    "multicast": "224.0.0.1",
    "broadcast": "255.255.255.255",
    "reserved": "240.0.0.1",
    "metadata": "169.254.169.254",
    "metadata, decimal": "2852039166",
    "metadata, octal": "0251.0376.0251.0376",
    "metadata of containers": "169.254.170.2",
    "metadata at Alibaba": "100.100.100.200",
    "metadata at Oracle": "192.0.0.192",
    "metadata at Azure": "168.63.129.16",
    "metadata at AWS, IPv6": "[fd00:ec2::254]",
    "metadata, by name": "metadata.google.internal",
    "IPv6 loopback": "[::1]",
    "IPv6 loopback, in full": "[0:0:0:0:0:0:0:1]",
    "IPv6 any": "[::]",
    "IPv6 unique local": "[fd12:3456:789a::1]",
    "IPv6 link-local": "[fe80::1]",
    "IPv6 zone": "[fe80::1%25eth0]",
    "IPv6 zone, loopback": "[::1%25lo]",
    "IPv6 site-local": "[fec0::1]",
    "IPv6 multicast": "[ff02::1]",
    "mapped": "[::ffff:127.0.0.1]",
    "mapped, hexadecimal": "[::ffff:7f00:1]",
    "mapped, in full": "[0:0:0:0:0:ffff:7f00:0001]",
    "mapped metadata": "[::ffff:169.254.169.254]",
    "compatible": "[::127.0.0.1]",
    "translated": "[::ffff:0:127.0.0.1]",
    "NAT64": "[64:ff9b::127.0.0.1]",
    "NAT64 of one's own": "[64:ff9b:1::127.0.0.1]",
    "6to4": "[2002:7f00:1::1]",
    "Teredo": "[2001:0:4136:e378:8000:63bf:80ff:fffe]",
    "localhost": "localhost",
    "localhost, capital": "LocalHost",
    "localhost with a dot": "localhost.",
    "a name below localhost": "acme.localhost",
    "localdomain": "localhost.localdomain",
    "percent": "%31%32%37.0.0.1",
    "percent dots": "127%2e0%2e0%2e1",
    "fullwidth digits": "".join(chr(ord(one) + 0xFEE0) for one in "127.0.0.1"),
    "circled digits": "①②⑦.⓪.⓪.①",
    "ideographic dots": "127。0。0。1",
    "circled letters": "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "a soft hyphen": "local\u00adhost",
    "a user": "acme.test@127.0.0.1",
    "a user with a word": "acme.test:443@127.0.0.1",
    "a backslash": "127.0.0.1\\@acme.test",
    "a name for private": "private.test",
    "a name for loopback": "loopback.test",
    "a name for IPv6 loopback": "loopback6.test",
    "a name for mapped": "mapped.test",
    "one of two addresses": "two.test",
    "the first of two addresses": "two-otherwise.test",
    "a name that changes": "rebound.test",
}
HOSTILE = {name: f"http://{host}:{{port}}/1.png" for name, host in HOSTS.items()} | {
    "https": "https://127.0.0.1:{port}/1.png",
    "no port": "http://127.0.0.1/1.png",
    "the port of SSH": "http://127.0.0.1:22/1.png",
    "the port of a mail server": "http://127.0.0.1:25/1.png",
    "port 0": "http://127.0.0.1:0/1.png",
    "a port beyond": "http://127.0.0.1:{port}0000/1.png",
    "file": "file:///etc/passwd",
    "file at a host": "file://127.0.0.1/etc/passwd",
    "ftp": "ftp://127.0.0.1:{port}/1.png",
    "gopher": "gopher://127.0.0.1:{port}/_GET",
    "dict": "dict://127.0.0.1:{port}/d",
    "ldap": "ldap://127.0.0.1:{port}/",
    "ws": "ws://127.0.0.1:{port}/",
    "javascript": "javascript:alert(1)",
    "jar": "jar:http://127.0.0.1:{port}/!/1.png",
}
# Not in redirects: a line ends there, and leads elsewhere.
BROKEN = {
    "a line within": "http://127.0.0.1:{port}/\r\nX-Evil: 1",
    "spaces": " http://127.0.0.1:{port}/1.png",
    "a tab": "http://127.0.\t0.1:{port}/1.png",
}


class Seen:
    """The connections that this process tries to make; those to elsewhere than *allowed* fail.

    Attributes:
        allowed: The server of the test.
        tried: All others.
    """

    def __init__(self, allowed: str) -> None:
        host, _, port = allowed.rpartition("/")[2].rpartition(":")
        self.allowed = (host, int(port))
        self.tried: list[Any] = []

    def connecting(self, address: Any) -> None:
        if address != self.allowed:
            self.tried.append(address)
            raise OSError(errno.ENETUNREACH, "this test stays at home")

    def inside(self) -> list[Any]:
        """Return those since the last time that would have led inside."""
        tried, self.tried = self.tried, []
        return [address for address in tried if address[0] != PUBLIC]


_watching: list[Seen] = []
_installed: list[Callable[..., None]] = []


def _on_event(event: str, details: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(details[1], tuple):
        for seen in _watching:
            seen.connecting(details[1])


@contextmanager
def watched(allowed: str) -> Iterator[Seen]:
    """See every connection; an audit hook can never be removed, so there is one."""
    if not _installed:
        _installed.append(_on_event)
        sys.addaudithook(_on_event)
    _watching.append(Seen(allowed))
    try:
        yield _watching[-1]
    finally:
        _watching.pop()


@pytest.fixture
def resolver(monkeypatch):
    """Let names be looked up here; a changing one has its first answer taken before."""
    asked: dict[str, int] = {}
    real = socket.getaddrinfo

    def found(host: Any, port: Any, *more: Any, **named: Any) -> list[Any]:
        if host not in NAMES:
            return real(host, port, *more, **named)
        answers = NAMES[host]
        number = asked[host] = asked.get(host, -1) + 1
        addresses = answers[min(number, len(answers) - 1)]
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
            if ":" in address
            else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    socket.getaddrinfo("rebound.test", 80)  # whoever checked the name, and not the address


@pytest.fixture
def neighbour(wire, http):
    """Return a server that nobody is to ask."""
    return wire(lambda peer: peer.say(http(PNG, "Content-Type: image/png")))


def redirect(location: str, status: str) -> bytes:
    head = f"HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    return head.encode()


class Api:
    """Acme's server, whose answers lead to a URL.

    Attributes:
        url: Where it is.
        hostile: The URL.
    """

    def __init__(self, acme, wire, http, way: str) -> None:
        self._acme, self._http, self._way = acme, http, way
        self._client = acme.client(acme.plugin(parse_response))
        self.hostile = ""
        self.url = wire(self._answer).url

    def _answer(self, peer: Any) -> bool:
        ordered = peer.request.startswith(b"POST /pictures")
        peer.say(self._of_order() if ordered else redirect(self.hostile, "307 There"))
        return True

    def _of_order(self) -> bytes:
        if self._way == "an order's redirect":
            return redirect(self.hostile, "307 There")
        told = {
            "a poll": {"job": self.hostile},
            "a poll's redirect": {"job": f"{self.url}/jobs/7"},
            "a picture's redirect": {"picture": f"{self.url}/1.png"},
        }.get(self._way, {"picture": self.hostile})
        return self._http(json.dumps(told).encode())

    def ask(self) -> bytes:
        """Return the picture of a call."""
        more = {
            "a picture, with the call": {"response_format": "b64_json"},
            "the caller's picture": {"image": self.hostile},
            "the caller's mask": {"image": PNG, "mask": self.hostile},
        }.get(self._way, {})
        kind = "edit" if "image" in more else "generate"
        asked = sort(kind, {**self._acme.call, "api_base": self.url, "timeout": 1, **more})
        response = run(self._client.perform(asked, (__file__, 1, globals())))
        if response.errors:
            raise response.errors[0]
        return response.data[0].read()


@hookimpl
def parse_response(request: Request, response: Response) -> ImageResponse | Request:
    told = response.json()
    if "job" in told:
        return request.follow(told["job"], step="poll")
    return ImageResponse(data=[Image(url=told["picture"])])


WAYS = [
    "a picture",
    "a picture, with the call",
    "a picture's redirect",
    "a poll",
    "a poll's redirect",
    "an order's redirect",
    "the caller's picture",
    "the caller's mask",
]


@pytest.mark.filterwarnings("ignore::impasto.PartialResultWarning")
@pytest.mark.parametrize("way", WAYS)
def test_none_is_followed(
    acme, wire, http, resolver, neighbour, monkeypatch, record_property, way: str
):
    """
    Whichever way it comes, and however it is written: an error, and no connection.
    """
    monkeypatch.setattr(_engine, "_SHORTEST_POLL", 0.0)  # so many of them would take seconds
    api = Api(acme, wire, http, way)
    urls = HOSTILE if "redirect" in way else HOSTILE | BROKEN
    followed = {}
    with watched(api.url) as seen:
        for name, url in urls.items():
            api.hostile = url.format(port=neighbour.url.rpartition(":")[2])
            try:
                followed[name] = api.ask()
            except ImpastoError:
                followed[name] = seen.inside()

    record_property("tried", len(followed))
    assert {} == {name: where for name, where in followed.items() if where}
    assert 0 == neighbour.connections


@pytest.mark.parametrize("name", ["openai", "replicate", "together_ai"])
def test_none_is_followed_that_a_service_sends(name: str, neighbour):
    """
    Those of the first six that answer with URLs get no further with one than Acme does.
    """

    def answer(received: Received) -> Reply:
        told = VENDORS[name].answer(received, PNG)
        urls = {"url": hostile, "output": hostile}
        body = json.loads(told.body)
        for one in [body, *(body.get("data") or [])]:
            one.pop("b64_json", None)
            one.update(urls)
        return reply(body, status=told.status)

    hostile = f"{neighbour.url}/1.png"
    with FakeServer(answer) as server, watched(server.url) as seen:
        base = f"{server.url}{'/v1' if name == 'together_ai' else ''}"
        call = {**VENDORS[name].settings, "api_base": base, "response_format": None}
        response = impasto.image_generation("a fox", **call)
        with pytest.raises(APIResponseValidationError, match="not followed"):
            response.data[0].read()

    assert ([], 0) == (seen.inside(), neighbour.connections)


@pytest.mark.parametrize("place", ["get", "cancel"])
def test_no_job_leads_inside(place: str, neighbour):
    """
    Replicate says where to ask for a job, and where to stop it: not just anywhere.
    """

    def answer(received: Received) -> Reply:
        told = json.loads(VENDORS["replicate"].answer(received, PNG).body)
        urls = {**told["urls"], place: f"{neighbour.url}/{place}"}
        return reply({**told, "status": "processing", "output": None, "urls": urls}, status=201)

    with FakeServer(answer) as server, watched(server.url) as seen:
        call = {**VENDORS["replicate"].settings, "api_base": server.url, "wait": False}
        with pytest.raises(ImpastoError):
            impasto.image_generation("a fox", **call, timeout=1.5)

    assert ([], 0) == (seen.inside(), neighbour.connections)
