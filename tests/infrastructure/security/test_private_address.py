"""What is or may reach a private network is recognised in every spelling, and what is public stays public."""

# ruff: noqa: RUF001 (look-alike letters are what is tried here)

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khala.infrastructure.security.private_address import private_address

PRIVATE = [
    "127.0.0.1", "127.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "0",
    "127。0。0。1", "１２７.0.0.1", "127.0.0.1.", "127.0.0.1:8080", "127.0.0.1/admin",
    "0.0.0.0", "10.0.0.1", "100.64.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "192.0.0.192", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "168.63.129.16",
    "134744072", "010.8.8.8", "8.8.2056",
    "::", "::1", "[::1]", "[::1]:80", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::127.0.0.1",
    "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "2002:7f00:1::", "2001::1",
    "2001:db8::1", "fe80::1", "fe80::1%eth0", "febf::1", "fec0::1", "fc00::1", "fd00:ec2::254", "fd20:ce::254",
    "ff02::1", "100::1", "5f00::1", "4000::1",
    "localhost", "LOCALHOST.", "app.localhost", "localhost:80", "localhost.localdomain", "printer.local",
    "metadata.google.internal", "metadata", "kubernetes.default.svc", "nas.home.arpa", "wiki.corp",
]  # fmt: skip

PUBLIC = [
    "8.8.8.8", "1.1.1.1:53", "8.8.8.8.", "11.0.0.1", "100.128.0.1", "172.32.0.1", "169.253.1.1", "192.0.1.1",
    "168.63.129.17", "223.255.255.255", "2606:4700::1111", "[2606:4700:0:0::1111]:443", "2001:4860:4860::8888",
    "::ffff:8.8.8.8", "example.org", "example.org:8080/x", "notlocalhost.org", "localhost.example.org",
    "internal.example.org", "münchen.example",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_private_in_any_spelling(address: str) -> None:
    assert private_address(address) is True


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert private_address(address) is False


def test_an_address_with_a_scheme_is_the_same_address() -> None:
    assert private_address("http://127.0.0.1:8080/admin") is True
    assert private_address("https://[::1]/") is True
    assert private_address("https://example.org/?to=http://127.0.0.1/") is False


@pytest.mark.parametrize(
    "text", ["", " ", "127.0.0.1 ", "a b", "ann@127.0.0.1", "//10.0.0.1/", "http:10.0.0.1", "ftp://10.0.0.1/",
             "javascript:alert(1)", "1.2.3.4.5", "[::1", "::1::2", "http://good.org\\@127.0.0.1/"]
)  # fmt: skip
def test_what_is_no_address_is_neither(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        private_address(text)


@given(st.integers(0, 2**32 - 1))
def test_no_ipv4_address_that_python_calls_special_is_public_here(number: int) -> None:
    address = ipaddress.IPv4Address(number)
    if not address.is_global or address.is_multicast or address.is_reserved:
        assert private_address(str(address))
    assert private_address(str(number))
    assert private_address(hex(number))


@given(st.integers(0, 2**128 - 1) | st.integers(0, 2**64).map(lambda low: (0x2001 << 112) + low))
def test_no_ipv6_address_that_python_calls_special_is_public_here(number: int) -> None:
    address = ipaddress.IPv6Address(number)
    if not address.is_global or address.is_multicast or address.is_reserved:
        assert private_address(str(address))
