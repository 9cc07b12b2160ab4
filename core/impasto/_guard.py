"""Which addresses a URL chosen by somebody else may lead to."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
from urllib.parse import urlsplit

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# RFC 6052: IPv4 addresses dressed as IPv6 for translators.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# RFC 8215: the same for a translator of one's own, which may have them anywhere in it.
_LOCAL_NAT64 = ipaddress.ip_network("64:ff9b:1::/48")
# RFC 5214, 6.1: the first half of an interface's name that ends in an IPv4 address
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)
# Public by their number only.
_INSIDE = (
    # RFC 6890, 2.2.2: assigned to protocols; Oracle's machines ask one for their own credentials.
    ipaddress.ip_network("192.0.0.0/24"),
    # https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16: Azure's
    # own services for the machine that asks, inside of every virtual network there.
    ipaddress.ip_network("168.63.129.16/32"),
)

NOT_PUBLIC = "is not a public address"


class Forbidden(OSError):
    """A connection to an address that is not public."""


def refuse_private(address: str) -> None:
    """Raise `Forbidden` unless *address*, the one really connected to, is a public one."""
    ip = _inner(ipaddress.ip_address(address.partition("%")[0]))
    if not ip.is_global or ip.is_multicast or ip.is_reserved or _leads_nowhere(ip):
        raise Forbidden(errno.EACCES, f"{ip} {NOT_PUBLIC}")


def _leads_nowhere(ip: _Address) -> bool:
    """Return whether *ip* is public to some versions of Python, but not to any router today."""
    if isinstance(ip, ipaddress.IPv4Address):
        return any(ip in network for network in _INSIDE)
    return ip.is_site_local or ip.sixtofour is not None or ip in _LOCAL_NAT64


def _inner(ip: _Address) -> _Address:
    """Return the IPv4 address that an IPv6 address only wraps, else *ip*."""
    if not isinstance(ip, ipaddress.IPv6Address):
        return ip
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    wrapped = ip in _NAT64 or int(ip) >> 32 == 0
    if wrapped or int(ip) >> 32 & 0xFFFFFFFF in _ISATAP:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip


async def leads_inside(url: str) -> bool:
    """Return whether the host of *url* is an address that is not public, or a name for one.

    A name that is not known here is left to the proxy, which will look it up itself.
    """
    host = urlsplit(url).hostname or ""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, None)
    except OSError:
        return False
    try:
        for *_, where in found:
            refuse_private(str(where[0]))
    except Forbidden:
        return True
    return False


def objection(url: str) -> str | None:
    """Return what is wrong with the form of *url*, or None; no look at its address yet."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        return str(error)
    if parts.scheme.lower() not in ("http", "https"):
        return f"its scheme is {parts.scheme!r}, not http or https"
    if not parts.hostname:
        return "it has no host"
    if parts.username is not None or parts.password is not None:
        return "it holds a user name"
    if port == 0 or any(character <= " " or character in "\\\x7f" for character in url):
        return "it is malformed"
    return None
