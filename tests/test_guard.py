"""Addresses and URLs that a stranger's URL may not lead to."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto._guard import Forbidden, objection, refuse_private

PRIVATE = [
    *("0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.254", "10.0.0.1", "10.255.255.255"),
    *("172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255", "169.254.169.254"),
    *("100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1"),
    *("203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"),
    *("2001:db8::1", "100::1", "192.0.0.192", "168.63.129.16"),
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700:4700::1111"]


def _dressed(address: str) -> dict[str, str]:
    """Return *address*, an IPv4 one, in every IPv6 dress, by the dress's name."""
    inner = int(ipaddress.IPv4Address(address))
    return {
        "mapped": f"::ffff:{address}",
        "compatible": f"::{address}",
        "translated": str(ipaddress.IPv6Address(0xFFFF << 48 | inner)),
        "NAT64": f"64:ff9b::{address}",
        "6to4": str(ipaddress.IPv6Address(0x2002 << 112 | inner << 80 | 1)),
        "Teredo": str(ipaddress.IPv6Address(0x20010000 << 96 | inner ^ 0xFFFFFFFF)),
        "ISATAP": str(ipaddress.IPv6Address(0x2606 << 112 | 0x5EFE << 32 | inner)),
        "global ISATAP": str(ipaddress.IPv6Address(0x2606 << 112 | 0x2005EFE << 32 | inner)),
    }


class TestAddresses:
    """The address really connected to decides."""

    @pytest.mark.parametrize("address", PRIVATE)
    def test_private_ones(self, address: str):
        """
        Private, loopback, link-local, shared, reserved and multicast addresses are refused, and
        those at which a cloud's machine finds its own metadata.
        """
        with pytest.raises(Forbidden, match="not a public address"):
            refuse_private(address)

    @pytest.mark.parametrize("address", PUBLIC)
    def test_public_ones(self, address: str):
        """
        The others are not.
        """
        refuse_private(address)

    @pytest.mark.parametrize("dress", _dressed("127.0.0.1"))
    @pytest.mark.parametrize("inner", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1"])
    def test_private_ones_dressed_as_others(self, dress: str, inner: str):
        """
        An IPv6 address that leads to a private IPv4 address is private.
        """
        with pytest.raises(Forbidden):
            refuse_private(_dressed(inner)[dress])

    @pytest.mark.parametrize("dress", ["mapped", "NAT64", "ISATAP"])
    def test_public_ones_dressed_as_others(self, dress: str):
        """
        Networks that reach IPv4 through IPv6 alone reach public pictures.
        """
        refuse_private(_dressed("8.8.8.8")[dress])

    @pytest.mark.parametrize("dress", ["6to4", "Teredo"])
    def test_dresses_out_of_fashion(self, dress: str):
        """
        Nobody carries 6to4 and Teredo any more: whatever they lead to, no picture is there.
        """
        with pytest.raises(Forbidden):
            refuse_private(_dressed("8.8.8.8")[dress])

    def test_a_translator_of_ones_own(self):
        """
        Where in 64:ff9b:1::/48 the IPv4 address stands is a local matter, so none of it is public.
        """
        for address in ("64:ff9b:1::8.8.8.8", "64:ff9b:1:a00:1:0:808:808"):
            with pytest.raises(Forbidden):
                refuse_private(address)

    @given(st.ip_addresses(v=4))
    def test_a_dress_changes_nothing(self, address: ipaddress.IPv4Address):
        """
        An address is as public as what it leads to, whatever it wears.
        """
        dressed = [_dressed(str(address))[dress] for dress in ("mapped", "NAT64", "ISATAP")]

        assert {_verdict(str(address))} == set(map(_verdict, dressed))

    @given(st.ip_addresses())
    def test_every_address_has_a_verdict(self, address: ipaddress.IPv4Address):
        """
        None breaks the guard, and none that Python calls private or multicast passes.
        """
        passes = _verdict(str(address))

        assert not (passes and (address.is_private or address.is_multicast))


def _verdict(address: str) -> bool:
    try:
        refuse_private(address)
    except Forbidden:
        return False
    return True


class TestUrls:
    """The form of a URL, before anybody looks at an address."""

    @pytest.mark.parametrize(
        ("url", "says"),
        [
            ("file:///etc/passwd", "scheme is 'file'"),
            ("FILE:///etc/passwd", "scheme is 'file'"),
            ("ftp://acme.test/1.png", "scheme is 'ftp'"),
            ("gopher://acme.test/1", "scheme is 'gopher'"),
            ("data:image/png;base64,AAAA", "scheme is 'data'"),
            ("javascript:alert(1)", "scheme is 'javascript'"),
            ("//acme.test/1.png", "scheme is ''"),
            ("1.png", "scheme is ''"),
            ("", "scheme is ''"),
            ("http:///1.png", "no host"),
            ("https://", "no host"),
            ("http://acme.test@127.0.0.1/1.png", "user name"),
            ("http://user:word@acme.test/1.png", "user name"),
            ("http://:@acme.test/1.png", "user name"),
            ("http://acme.test:0/1.png", "malformed"),
            ("http://acme.test:99999/1.png", "Port"),
            ("http://acme.test:a/1.png", "Port"),
            ("http://acme.test\\@127.0.0.1/1.png", "user name"),
            ("http://acme.test\\.evil.test/1.png", "malformed"),
            ("http://acme.test/\r\nX-Evil: 1", "malformed"),
            ("http://acme.test/1 2.png", "malformed"),
            (" http://acme.test/1.png", "malformed"),
            ("http://ac\tme.test/1.png", "malformed"),
            ("http://acme.test/\x7f1.png", "malformed"),
            ("http://[::1/1.png", "IPv6"),
        ],
    )
    def test_bad_ones(self, url: str, says: str):
        """
        The objection says what is wrong.
        """
        assert says in (objection(url) or "")

    @pytest.mark.parametrize(
        "url",
        [
            "https://acme.test/1.png",
            "HTTPS://ACME.TEST/1.png",
            "http://acme.test:8080/1.png?sig=a%2Fb&x=y",
            "https://[2606:4700::1]/1.png",
            "https://bücher.test/ä.png",
        ],
    )
    def test_good_ones(self, url: str):
        """
        Everything else may be tried.
        """
        assert objection(url) is None

    @given(st.text())
    def test_every_text_has_a_verdict(self, url: str):
        """
        No text breaks it, and what passes has a scheme and a host.
        """
        if objection(url) is None:
            assert url.lower().startswith(("http:", "https:"))
