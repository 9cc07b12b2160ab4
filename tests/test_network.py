"""Proxies, certificates and sessions of one's own, against a real proxy and a private authority."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
import trustme

import impasto
from impasto import _network
from impasto.errors import (
    APIConnectionError,
    APIResponseValidationError,
    BadRequestError,
    ImpastoError,
)
from impasto.testing import FakeServer
from impasto.types import Image

KEY = "acme-0123456789abcdef"
VARIABLES = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUEST_METHOD"),
    *_network.VARIABLES,
)


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch) -> Iterator[None]:
    """Hide the network of whoever runs this, and leave none behind."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    impasto.configure()
    yield
    monkeypatch.undo()
    impasto.configure()


@pytest.fixture
def call(acme, registered) -> dict[str, Any]:
    registered(acme.plugin())
    return {**acme.call, "max_retries": 0}


@pytest.fixture
def authority() -> trustme.CA:
    """Return a company's own certificate authority."""
    return trustme.CA()


def shown(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    """Return what a server of *names* shows whose certificate is from *authority*."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@contextlib.contextmanager
def secure(acme, authority: trustme.CA) -> Iterator[FakeServer]:
    tls = shown(authority, "api.acme.test", "127.0.0.1", "localhost")
    with FakeServer(lambda received: acme.pictures(), tls=tls) as server:
        yield server


def saved(authority: trustme.CA, folder: Path, name: str = "company.pem") -> Path:
    path = folder / name
    path.write_bytes(authority.cert_pem.bytes())
    return path


class Proxy:
    """An HTTP proxy that sends everybody to one server.

    Attributes:
        asked: The first lines of what it was asked.
        credentials: What it saw in "Proxy-Authorization".
        seen: All that went through it.
    """

    def __init__(self, server: FakeServer, password: str | None = None) -> None:
        self.asked: list[str] = []
        self.credentials: list[str] = []
        self.seen = b""
        self._port = int(server.url.rpartition(":")[2])
        self._password = password
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.where = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.url = f"http://{self.where}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(65536)
            lines = head.decode().split("\r\n")
            self.asked.append(lines[0])
            self.credentials += [
                line.partition(": ")[2]
                for line in lines
                if line.lower().startswith("proxy-authorization")
            ]
            if self._password is not None and not self.credentials:
                client.sendall(
                    b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
                )
                return
            with socket.create_connection(("127.0.0.1", self._port)) as server:
                if head.startswith(b"CONNECT"):
                    client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                else:
                    kept = [one for one in lines if not one.lower().startswith("proxy-")]
                    server.sendall("\r\n".join(kept).encode())
                back = threading.Thread(target=self._pipe, args=(server, client), daemon=True)
                back.start()
                self._pipe(client, server)
                back.join(10)

    def _pipe(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.seen += data
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxied(acme) -> Iterator[SimpleNamespace]:
    """Return a plain server, and the proxy that leads there."""
    with FakeServer(lambda received: acme.pictures()) as server, Proxy(server) as proxy:
        yield SimpleNamespace(server=server, proxy=proxy)


class TestProxies:
    """What the environment or the caller names is used, for what it is meant for."""

    @pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
    def test_of_the_environment(self, call, proxied, monkeypatch, name):
        """
        An order to a plain server goes whole to the proxy.
        """
        monkeypatch.setenv(name, proxied.proxy.url)
        impasto.configure()
        response = impasto.image_generation(**call, api_base="http://api.acme.test/v1")

        assert 1 == len(response.data)
        assert ["POST http://api.acme.test/v1/pictures HTTP/1.1"] == proxied.proxy.asked

    def test_it_sees_no_key_of_a_secure_order(self, acme, call, authority, monkeypatch, tmp_path):
        """
        It is asked for a tunnel, and what goes through that is for the server alone.
        """
        monkeypatch.setenv("SSL_CERT_FILE", str(saved(authority, tmp_path)))
        with secure(acme, authority) as server, Proxy(server) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.where)  # without a scheme, as curl takes it
            impasto.configure()
            impasto.image_generation(**call, api_base="https://api.acme.test/v1")

            assert ["CONNECT api.acme.test:443 HTTP/1.1"] == proxy.asked
            assert "/v1/pictures" == server.received[0].path
            assert f"Bearer {KEY}" == server.received[0].headers["authorization"]
            assert KEY.encode() not in proxy.seen

    @pytest.mark.parametrize(
        "near", ["api.acme.test", ".acme.test", "acme.test", "*", "other.test,api.acme.test:80"]
    )
    def test_no_proxy(self, call, proxied, monkeypatch, near):
        """
        Hosts that NO_PROXY names, and what belongs to them, are reached directly.
        """
        monkeypatch.setenv("HTTP_PROXY", proxied.proxy.url)
        monkeypatch.setenv("NO_PROXY", near)
        impasto.configure()
        with pytest.raises(APIConnectionError):  # there is no such host
            impasto.image_generation(**call, api_base="http://api.acme.test")

        assert [] == proxied.proxy.asked

    @pytest.mark.parametrize(
        ("near", "direct"),
        [("10.0.0.0/8", True), ("10.1.2.3", True), ("192.168.0.0/16,fd00::/8", False)],
    )
    def test_no_proxy_with_networks(self, monkeypatch, near, direct):
        """
        Companies list their networks there, which urllib alone does not read.
        """
        monkeypatch.setenv("HTTP_PROXY", "http://proxy.test:3128")
        monkeypatch.setenv("NO_PROXY", near)
        proxies = _network.Proxies(_network.Network())

        assert (None if direct else "http://proxy.test:3128") == proxies.to("http://10.1.2.3/v1")

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
    def test_no_proxy_leads_to_this_machine(self, monkeypatch, host):
        """
        A server of one's own is not looked for from a company's proxy.
        """
        monkeypatch.setenv("HTTP_PROXY", "http://proxy.test:3128")

        assert _network.Proxies(_network.Network()).to(f"http://{host}:1234/v1") is None

    def test_one_that_is_named_in_the_program(self, call, proxied, monkeypatch):
        """
        It is for everything, and goes before the environment's.
        """
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        impasto.configure(proxy=proxied.proxy.url)
        impasto.image_generation(**call, api_base=proxied.server.url)

        assert [f"POST {proxied.server.url}/pictures HTTP/1.1"] == proxied.proxy.asked

    def test_an_environment_that_is_not_to_count(self, call, proxied, monkeypatch):
        """
        With trust_env=False nothing of it does.
        """
        monkeypatch.setenv("HTTP_PROXY", proxied.proxy.url)
        impasto.configure(trust_env=False)
        with pytest.raises(APIConnectionError):
            impasto.image_generation(**call, api_base="http://api.acme.test")

        assert [] == proxied.proxy.asked

    @pytest.mark.parametrize("scheme", ["http", "https"])
    def test_a_password(self, acme, call, authority, scheme, monkeypatch, tmp_path):
        """
        It is shown to the proxy, and to nobody else: not in an error either.
        """
        monkeypatch.setenv("SSL_CERT_FILE", str(saved(authority, tmp_path)))
        plain = FakeServer(lambda received: acme.pictures())
        serving = secure(acme, authority) if scheme == "https" else plain
        with serving as server, Proxy(server, "swordfish") as proxy:
            impasto.configure(proxy=f"http://ann:swordfish@{proxy.where}")
            impasto.image_generation(**call, api_base=f"{scheme}://api.acme.test")

            assert "proxy-authorization" not in server.received[0].headers
            assert {"Basic YW5uOnN3b3JkZmlzaA=="} == set(proxy.credentials)

    def test_a_password_that_is_missing(self, acme, call, authority, monkeypatch, tmp_path):
        """
        What the proxy says is told; nothing was ordered, and asking again would not help.
        """
        monkeypatch.setenv("SSL_CERT_FILE", str(saved(authority, tmp_path)))
        with secure(acme, authority) as server, Proxy(server, "swordfish") as proxy:
            impasto.configure(proxy=proxy.url)
            with pytest.raises(APIConnectionError) as caught:
                impasto.image_generation(
                    **{**call, "max_retries": 3}, api_base="https://api.acme.test"
                )

            assert "the proxy answered 407 Proxy Authentication Required" in str(caught.value)
            assert not caught.value.maybe_accepted
            assert 1 == len(proxy.asked)

    def test_one_that_is_not_there(self, call):
        """
        The error says that it is the proxy, and its password is not in it.
        """
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        impasto.configure(proxy=f"http://ann:swordfish@127.0.0.1:{port}")
        with pytest.raises(APIConnectionError) as caught:
            impasto.image_generation(**call, api_base="http://api.acme.test")

        assert "the proxy cannot be reached" in str(caught.value)
        assert "swordfish" not in repr(caught.value) + str(caught.value)

    def test_one_that_speaks_something_else(self, call, monkeypatch):
        """
        A SOCKS proxy is an error with a way out, at once or when it would be used.
        """
        with pytest.raises(BadRequestError, match="speaks socks5") as named:
            impasto.configure(proxy="socks5://127.0.0.1:1080")
        monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1080")
        impasto.configure()
        with pytest.raises(BadRequestError, match="HTTPS_PROXY") as found:
            impasto.image_generation(**call, api_base="https://api.acme.test")

        assert "session=" in str(named.value)
        assert "session=" in str(found.value)


class TestPicturesThroughAProxy:
    """The proxy connects for us: what it must not be sent to is judged before."""

    @pytest.mark.parametrize(
        "url",
        [
            "http://169.254.169.254/latest",
            "http://10.0.0.1/a.png",
            "http://localhost/a.png",
            "http://[::ffff:10.0.0.1]/a.png",
            "http://2130706433/a.png",
        ],
    )
    def test_not_into_a_private_network(self, proxied, url):
        """
        An address that is not public, in any notation, and a name for one, are not followed.
        """
        impasto.configure(proxy=proxied.proxy.url)
        with pytest.raises(APIResponseValidationError, match="private network"):
            Image(url=url).read()

        assert [] == proxied.proxy.asked

    def test_everywhere_else(self, acme, proxied):
        """
        A name that only the proxy knows is left to it.
        """
        from impasto.testing import PNG, reply

        proxied.server.will(reply(body=PNG, headers={"Content-Type": "image/png"}))
        impasto.configure(proxy=proxied.proxy.url)

        assert PNG == Image(url="http://pictures.acme.test/1.png").read()
        assert ["GET http://pictures.acme.test/1.png HTTP/1.1"] == proxied.proxy.asked


class TestCertificates:
    """A company's authority is trusted besides everybody else's."""

    def test_an_unknown_one(self, acme, call, authority):
        """
        The error says what to set; nothing was ordered.
        """
        with secure(acme, authority) as server, pytest.raises(APIConnectionError) as caught:
            impasto.image_generation(**call, api_base=server.url)

        assert "SSL_CERT_FILE or REQUESTS_CA_BUNDLE" in str(caught.value)
        assert (False, []) == (caught.value.maybe_accepted, server.received)

    @pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
    def test_a_file(self, acme, call, authority, monkeypatch, tmp_path, name):
        """
        Both variables that people set for that are read.
        """
        monkeypatch.setenv(name, str(saved(authority, tmp_path)))
        impasto.configure()
        with secure(acme, authority) as server:
            assert impasto.image_generation(**call, api_base=server.url).data

    @pytest.mark.parametrize("name", ["SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"])
    def test_a_folder(self, acme, call, authority, monkeypatch, tmp_path, name):
        """
        A folder as OpenSSL wants it, with names made of hashes.
        """
        openssl = shutil.which("openssl")
        if openssl is None:
            pytest.skip("no openssl here, which makes such folders")
        saved(authority, tmp_path)
        subprocess.run([openssl, "rehash", str(tmp_path)], check=True)
        monkeypatch.setenv(name, str(tmp_path))
        impasto.configure()
        with secure(acme, authority) as server:
            assert impasto.image_generation(**call, api_base=server.url).data

    def test_they_do_not_shut_out_the_others(self, acme, call, authority, monkeypatch, tmp_path):
        """
        With SSL_CERT_FILE and REQUESTS_CA_BUNDLE, the system's authorities are trusted still.
        """
        others = [trustme.CA(), trustme.CA()]
        system = ssl.get_default_verify_paths()._replace(
            openssl_cafile=str(saved(others[0], tmp_path, "system.pem"))
        )
        monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: system)
        monkeypatch.setenv("SSL_CERT_FILE", str(saved(authority, tmp_path)))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(saved(others[1], tmp_path, "team.pem")))
        impasto.configure()

        for one in (authority, *others):
            with secure(acme, one) as server:
                assert impasto.image_generation(**call, api_base=server.url).data

    @pytest.mark.parametrize("content", [None, b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
    def test_a_file_that_is_none(self, acme, call, authority, monkeypatch, tmp_path, content):
        """
        The error names the variable, and nothing is sent.
        """
        path = tmp_path / "none.pem"
        if content is not None:
            path.write_bytes(content)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
        impasto.configure()
        with secure(acme, authority) as server, pytest.raises(BadRequestError) as caught:
            impasto.image_generation(**call, api_base=server.url)

        assert "REQUESTS_CA_BUNDLE" in str(caught.value)
        assert [] == server.received

    def test_a_context_of_ones_own(self, acme, call, authority):
        """
        It decides alone.
        """
        context = ssl.create_default_context()
        authority.configure_trust(context)
        impasto.configure(ssl=context)
        with secure(acme, authority) as server:
            assert impasto.image_generation(**call, api_base=server.url).data


class TestSessionOfOnesOwn:
    """Whoever has a session may keep it."""

    def test_it_sends_what_goes_to_providers(self, call, proxied):
        """
        With its headers, its deadline left to the call, and open at the end.
        """

        async def main() -> tuple[int, bool]:
            timeout = aiohttp.ClientTimeout(total=0.001)
            headers = {"X-Team": "art"}
            async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
                client = impasto.Client(session=session)
                async with client:
                    response = await client.aimage_generation(**call, api_base=proxied.server.url)
                return len(response.data), session.closed

        assert (1, False) == asyncio.run(main())
        assert "art" == proxied.server.received[0].headers["x-team"]

    def test_it_belongs_to_its_loop(self, call, proxied):
        """
        The blocking form runs elsewhere: an error says so, before anything is sent.
        """

        async def main() -> None:
            async with aiohttp.ClientSession() as session:
                with impasto.Client(session=session) as client:
                    client.image_generation(**call, api_base=proxied.server.url)

        with pytest.raises(BadRequestError, match="belongs to another event loop"):
            asyncio.run(main())
        assert [] == proxied.server.received

    def test_one_that_is_closed(self, call, proxied):
        """
        That is said, and not found out by aiohttp.
        """

        async def main() -> None:
            session = aiohttp.ClientSession()
            await session.close()
            async with impasto.Client(session=session) as client:
                await client.aimage_generation(**call, api_base=proxied.server.url)

        with pytest.raises(BadRequestError, match="is closed"):
            asyncio.run(main())


class TestClient:
    """A client of one's own."""

    def test_it_is_not_the_others(self, call, proxied):
        """
        Its proxy is its own, and the module's functions go on as before.
        """
        with impasto.Client(proxy=proxied.proxy.url) as client:
            client.image_generation(**call, api_base=proxied.server.url)
        impasto.image_generation(**call, api_base=proxied.server.url)

        assert 1 == len(proxied.proxy.asked)
        assert 2 == len(proxied.server.received)

    def test_its_pictures_go_its_way(self, acme, call, proxied):
        """
        What it received as a URL is fetched through its proxy, later too.
        """
        from impasto.testing import PNG, reply

        proxied.server.will(
            acme.urls("http://pictures.acme.test/1.png"),
            reply(body=PNG, headers={"Content-Type": "image/png"}),
        )
        with impasto.Client(proxy=proxied.proxy.url) as client:
            response = client.image_generation(**call, api_base=proxied.server.url)

            assert PNG == response.data[0].read()
        assert "GET http://pictures.acme.test/1.png HTTP/1.1" == proxied.proxy.asked[-1]

    def test_its_batch_goes_its_way(self, acme, call, proxied, tmp_path):
        """
        Orders of a batch and the pictures behind their URLs go through its proxy.
        """
        from impasto.testing import PNG, reply

        picture = "http://pictures.acme.test/1.png"
        proxied.server.will(
            acme.urls(picture), reply(body=PNG, headers={"Content-Type": "image/png"})
        )
        common = {**call, "api_base": proxied.server.url, "out": tmp_path}
        prompts = [common.pop("prompt")]
        with impasto.Client(proxy=proxied.proxy.url) as client:
            [done] = client.batch(prompts, **common)

        assert ("done", PNG) == (done.status, done.paths[0].read_bytes())
        assert 2 == len(proxied.proxy.asked)

    def test_its_batch_ends_with_it(self, call):
        """
        What a closed client was to make is told as failed, and nothing is sent.
        """
        client = impasto.Client()
        batch = client.batch(["a fox"], model=call["model"])
        client.close()
        [done] = batch

        assert "failed" == done.status
        assert "this client is closed" in str(done.error)

    def test_its_batch_is_awaited(self, call, proxied):
        """
        `abatch()` is there as well, and returns the summary.
        """

        async def made() -> int:
            common = {**call, "api_base": proxied.server.url}
            prompts = [common.pop("prompt")] * 2
            async with impasto.Client() as client:
                return (await client.abatch(prompts, **common)).done

        assert 2 == asyncio.run(made())

    def test_positional_arguments(self, call, proxied):
        """
        Its methods are called as the functions are.
        """
        more = {"api_key": KEY, "api_base": proxied.server.url}
        with impasto.Client() as client:
            response = client.image_generation("a fox", "acme/oil-2", 1, **more)

        assert "acme" == response.provider

    def test_what_is_missing(self):
        """
        A missing argument is Python's own error.
        """
        with impasto.Client() as client, pytest.raises(TypeError, match="prompt"):
            client.image_generation()

    def test_after_the_end(self, call, proxied):
        """
        A closed client says so; closing twice is fine.
        """
        client = impasto.Client()
        client.close()
        client.close()
        with pytest.raises(ImpastoError, match="closed"):
            client.image_generation(**call, api_base=proxied.server.url)

        assert [] == proxied.server.received

    def test_from_forty_threads(self, call, proxied):
        """
        One client for all of them.
        """
        with impasto.Client() as client, ThreadPoolExecutor(40) as threads:
            responses = list(
                threads.map(
                    lambda _: client.image_generation(**call, api_base=proxied.server.url),
                    range(40),
                )
            )

        assert 40 == sum(len(response.data) for response in responses)

    def test_in_several_loops_at_once(self, call, proxied):
        """
        Closing it closes what it has in each of them.
        """
        client = impasto.Client()
        ready, over = threading.Barrier(3), threading.Event()

        async def work() -> None:
            await client.aimage_generation(**call, api_base=proxied.server.url)
            await asyncio.to_thread(ready.wait, 10)
            while not over.is_set():
                await asyncio.sleep(0.01)

        threads = [threading.Thread(target=asyncio.run, args=(work(),)) for _ in range(2)]
        for thread in threads:
            thread.start()
        ready.wait(10)
        client.close()
        left = len(client._wires.pool._open)
        over.set()
        for thread in threads:
            thread.join()

        assert 0 == left

    @pytest.mark.parametrize(
        "ending",
        [
            "client.close()",
            "asyncio.run(client.aclose())",
            "pass  # the process ends",
            "del client",
            "client.__enter__(); client.__exit__(None, None, None)",
        ],
    )
    def test_it_ends_without_a_word(self, ending):
        """
        However a program ends with it, nothing is complained of.
        """
        program = f"""
import asyncio, impasto, logging
from impasto.testing import FakeServer
logging.getLogger("asyncio").setLevel("ERROR")  # not that this machine is slow
with FakeServer() as server:
    call = dict(prompt="a fox", model="openai/gpt-image-2", api_base=server.url, api_key="-" * 20)
    client = impasto.Client()
    client.image_generation(**call)
    asyncio.run(client.aimage_generation(**call))
    {ending}
print("done")
"""
        done = subprocess.run(
            [sys.executable, "-X", "dev", "-W", "error", "-c", program],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

        assert (0, "done\n", "") == (done.returncode, done.stdout, done.stderr)
