"""An address inside the house is dressed up as something else, so that a tool outside the house fetches it."""

# ruff: noqa: RUF001 (look-alike letters are what is tried here)

from __future__ import annotations

import pytest
from value_door import is_refused, passes

PUBLIC = "!private_address(args.value)"

HOSTS = [
    "localhost", "LocalHost", "localhost.", "x.localhost", "127.0.0.1", "127.1", "127.0.0.1.", "127.8.8.8",
    "2130706433", "0x7f000001", "0x7f.0x0.0x0.0x1", "0x7F.1", "0177.0.0.1", "017700000001", "00177.1", "0", "0.0.0.0",
    "127。0。0。1", "１２７．０．０．１", "①②⑦.⓪.⓪.①", "127%2e0%2e0%2e1",
    "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:a9fe:a9fe]",
    "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::a00:1]", "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::1]", "[2001:0:7f00:1::]", "[fe80::1]", "[fec0::1]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]",
    "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "169.254.169.254", "2852039166", "0xa9fea9fe",
    "0251.0376.0251.0376", "169.254.43518", "192.0.0.192", "168.63.129.16", "100.100.100.200", "224.0.0.1",
    "255.255.255.255", "metadata", "metadata.google.internal", "METADATA.google.internal.", "instance-data",
    "router.lan", "db.corp", "printer.local", "kubernetes.default.svc", "api.prod.svc.cluster.local",
    "user@127.0.0.1", "example.org@127.0.0.1", "example.org\\@127.0.0.1", "127.0.0.1\\@example.org",
    "127.0.0.1#@example.org", "127.0.0.1?@example.org", "127.0.0.1:80\\.example.org",
]  # fmt: skip


@pytest.mark.parametrize("host", HOSTS)
def test_a_private_address_in_disguise_is_refused(host: str) -> None:
    assert is_refused(PUBLIC, f"http://{host}/")
    assert is_refused(PUBLIC, f"https://{host}:8443/latest/meta-data?x=example.org")


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org/", "gopher://127.0.0.1:6379/_", "file:///etc/passwd", "dict://127.0.0.1/", "http:127.0.0.1",
     "http:///127.0.0.1/", "//127.0.0.1/", "http://127.0.0.1 .example.org/", "http://127.0.0\t.1/", "", "http://"],
)  # fmt: skip
def test_what_is_not_plainly_a_web_address_is_refused(url: str) -> None:
    assert is_refused(PUBLIC, url)


@pytest.mark.parametrize(
    "url",
    ["https://example.org/", "https://example.org./a?to=http://127.0.0.1/", "http://8.8.8.8/", "http://11.0.0.1:8080/",
     "https://[2606:4700::1111]/", "https://localhost.example.org/", "https://münchen.example/@ann"],
)  # fmt: skip
def test_a_public_address_passes(url: str) -> None:
    assert passes(PUBLIC, url)
