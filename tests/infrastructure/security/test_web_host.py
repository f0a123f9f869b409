"""A host is named only where every reader of the address would go to that one."""

# ruff: noqa: RUF001 (look-alike letters are what is tried here)

from __future__ import annotations

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from khala.infrastructure.security.web_host import MAX_URL_CHARS, host, read_host


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.org", "example.org"),
        ("HTTPS://Example.ORG:443/a/../b?to=http://evil.org#@evil.org", "example.org"),
        ("https://example.org/@ann", "example.org"),
        ("https://example.org.", "example.org"),
        ("http://a_b.example.org", "a_b.example.org"),
        ("http://münchen.example", "xn--mnchen-3ya.example"),
        ("http://例え.テスト/", "xn--r8jz45g.xn--zckzah"),
        ("http://xn--80ak6aa92e.com", "xn--80ak6aa92e.com"),
        ("http://аррӏе.com", "xn--80ak6aa92e.com"),
        ("http://8.8.8.8/", "8.8.8.8"),
        ("http://2130706433/", "127.0.0.1"),
        ("http://0x7f.1/", "127.0.0.1"),
        ("http://127。0。0。1/", "127.0.0.1"),
        ("https://[2606:4700:0:0::1111]:8080/", "[2606:4700::1111]"),
        ("http://[::ffff:8.8.8.8]/", "[::ffff:808:808]"),
    ],
)
def test_a_plain_address_has_one_host(url: str, name: str) -> None:
    assert host(url) == name


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "//example.org",
        "http:example.org",
        "http:/example.org",
        "http:///example.org",
        "http://",
        "http:///",
        "ftp://example.org/",
        "file:///etc/passwd",
        "javascript:alert(1)//example.org",
        "http://example.org\\@evil.org/",
        "http://example.org\\.evil.org/",
        "http://ann@example.org/",
        "http://ann:secret@example.org/",
        "http://@example.org/",
        "http://example.org@evil.org/",
        "http://example.org:80:80/",
        "http://example.org:99999/",
        "http://example.org:http/",
        " http://example.org",
        "http://exam\tple.org",
        "http://example.org/a b",
        "http://example.org\n.evil.org/",
        "http://example%2eorg/",
        "http://example.org%00.evil.org/",
        "http://example.org;evil.org/",
        "http://example.org,evil.org/",
        "http://a..b/",
        "http://.org/",
        "http://example.org../",
        "http://faß.de/",
        "http://1.2.3.4.5/",
        "http://256.1.1.1/",
        "http://017700000001/",
        "http://010.8.8.8/",
        "http://[::1/",
        "http://[fe80::1%25eth0]/",
        "http://[::1].evil.org/",
        "http://\ud800/",
        f"http://{'a' * 64}.org/",
        f"http://{'a.' * 127}org/",
        f"http://example.org/{'x' * MAX_URL_CHARS}",
    ],
)
def test_an_address_that_can_be_read_differently_has_none(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        host(url)


PIECES = st.sampled_from(
    ["http:", "//", "/", "\\", "@", ":", "#", "?", "good.org", "evil.org", ".", "%2e", "[", "]", "::1", "127.1", "0x7f",
     "80", "xn--", "。", "．", "\u2024", "\u200d", "\u00ad", "ａ", "é", "e\u0301", "\u212a", "_", "-", ";",
     ",", "|", "\t",
     "\ufeff", "ß", "ς", "İ", "&", "=", "~", "℀", "ﬀ", "²", "①", "\0"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=7).map("".join))
@example("good.org")
def test_the_http_client_would_go_to_the_same_host_or_nowhere(rest: str) -> None:
    try:
        found = read_host(f"http://{rest}")
    except ValueError:
        return
    assert found.name.isascii()
    try:
        taken = httpx.URL(f"http://{rest}").raw_host.decode()
    except httpx.InvalidURL:
        return
    assert found.kind != "name" or taken.removesuffix(".") == found.name
