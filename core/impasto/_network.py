"""How the network is reached: through which proxy, trusting which certificates."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import ssl
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from attrs import field, frozen

from impasto._http import origin
from impasto.errors import BadRequestError

if TYPE_CHECKING:
    import aiohttp

VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
"""Where OpenSSL, Python and requests look for further certificates."""


@frozen(kw_only=True)
class Network:
    """What the user says of the network.

    Attributes:
        proxy: An "http://" or "https://" URL, for everything; by default the environment's.
        trust_env: Whether proxies and certificates are taken from the environment.
        ssl: What to trust, and how; by default the system's certificates and the environment's.
        session: The user's own session, for what is sent to providers; never closed by us.
    """

    proxy: str | None = field(default=None, repr=False)  # it may hold a password
    trust_env: bool = True
    ssl: ssl.SSLContext | None = None
    session: aiohttp.ClientSession | None = None


def checked(network: Network) -> Network:
    """Return *network*.

    Raises:
        BadRequestError: its proxy is none that we can speak to.
    """
    if network.proxy is not None:
        _refuse_strange(network.proxy, "proxy")
    return network


def _refuse_strange(proxy: str, param: str) -> None:
    parts = urlsplit(proxy)
    if parts.scheme in ("http", "https") and parts.hostname:
        return
    kind = f"speaks {parts.scheme}" if parts.scheme else "has no scheme"
    raise BadRequestError(
        f"{param}: the proxy {parts.hostname or 'named there'} {kind}; it takes "
        "'http://host:port'.  For others, pass a session with a connector of your own: "
        "impasto.configure(session=aiohttp.ClientSession(connector=...))",
        param=param,
    )


class Proxies:
    """Which proxy leads to which host; what the environment says is read once."""

    def __init__(self, network: Network) -> None:
        self._fixed = network.proxy
        self._by_scheme: Mapping[str, str] = {}
        self._known: dict[str, str | None] = {}
        if network.proxy is None and network.trust_env:
            self._by_scheme = urllib.request.getproxies()

    def __bool__(self) -> bool:
        return bool(self._fixed or self._by_scheme)

    def to(self, url: str) -> str | None:
        """Return the proxy for *url*, or None where it is reached directly.

        Raises:
            BadRequestError: the environment names one that we cannot speak to.
        """
        if self._fixed is not None or not self._by_scheme:
            return self._fixed
        place = origin(url)
        if place not in self._known:
            self._known[place] = self._found(url)
        return self._known[place]

    def _found(self, url: str) -> str | None:
        parts = urlsplit(url)
        proxy = self._by_scheme.get(parts.scheme) or self._by_scheme.get("all")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if not proxy or self._is_near(parts.hostname or "", port):
            return None
        proxy = proxy if "://" in proxy else f"http://{proxy}"  # as curl reads it
        _refuse_strange(proxy, f"{parts.scheme.upper()}_PROXY")
        return proxy

    def _is_near(self, host: str, port: int) -> bool:
        """Return whether *host* is this machine, or one that NO_PROXY names."""
        address = _address(host)
        if host == "localhost" or (address is not None and address.is_loopback):
            return True  # as Go has it: no proxy reaches our own machine
        if urllib.request.proxy_bypass(f"{host}:{port}"):
            return True
        listed = self._by_scheme.get("no", "").split(",")
        return address is not None and any(address in net for net in _networks(listed))


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _networks(listed: list[str]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Return what in *listed* is a network, such as 10.0.0.0/8, which urllib does not know."""
    found = []
    for text in listed:
        with suppress(ValueError):
            found.append(ipaddress.ip_network(text.strip(), strict=False))
    return found


class Certificates:
    """What to trust; what the environment says is read once."""

    def __init__(self, network: Network) -> None:
        self._known: ssl.SSLContext | None = network.ssl
        self._further = _further() if network.trust_env and network.ssl is None else {}

    async def trusted(self) -> ssl.SSLContext | bool:
        """Return what to trust; True means aiohttp's own default, which is the system's.

        Raises:
            BadRequestError: a variable names what holds no certificates.
        """
        if self._further and self._known is None:
            await asyncio.to_thread(self._read)  # that takes some 20 ms
        return self._known or True

    def _read(self) -> None:
        # Kept here and not by who waits: whoever is cancelled meanwhile has not wasted it.
        self._known = _union(self._further)


def _further() -> dict[Path, str]:
    """Return the files and folders that variables name besides the system's, and who names them."""
    system = ssl.get_default_verify_paths()
    usual = {Path(path).resolve() for path in (system.openssl_cafile, system.openssl_capath)}
    named = {Path(os.environ[name]).resolve(): name for name in VARIABLES if os.environ.get(name)}
    return {path: name for path, name in named.items() if path not in usual}


def _union(further: Mapping[Path, str]) -> ssl.SSLContext:
    """Return a context that trusts the system's certificates and those in *further*.

    OpenSSL itself reads SSL_CERT_FILE instead of the system's: a company's one certificate would
    shut everybody else out.
    """
    context = ssl.create_default_context()
    system = ssl.get_default_verify_paths()
    for path in map(Path, (system.openssl_cafile, system.openssl_capath)):
        if path.exists():
            _load(context, path, "the system")
    for path, name in further.items():
        _load(context, path, name)
    return context


def _load(context: ssl.SSLContext, path: Path, name: str) -> None:
    if not path.exists():
        raise BadRequestError(f"{name} names {str(path)!r}, which is not there", param=name)
    try:
        if path.is_dir():
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(cafile=path)
    except (ssl.SSLError, OSError) as error:
        why = getattr(error, "reason", None) or error
        raise BadRequestError(f"{name}: {path} holds no certificates: {why}", param=name) from None
