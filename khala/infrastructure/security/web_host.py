r"""The host that a web address reaches, and only where every reader of the address agrees on it.

The guard reads an address before the tool's own HTTP client does, and the two need not read the same: given
`http://good.org\@evil.org/`, some clients go to the one host and some to the other. So an address has a host here
only if

1. it is `http` or `https`, holds no white space, control character or backslash, and no user name or password;
2. it parses by the WHATWG standard, which browsers follow (ada-url);
3. the older grammar, which most Python clients follow (`urllib.parse`), finds the same host in it;
4. a name outside ASCII has one form under the older and the newer rules for international names;
5. what comes out is an IP address, or a name made of letters, digits, `-`, `_` and single dots.

Whatever is not so raises `ValueError`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import ada_url

__all__ = ["WebHost", "host", "read_host"]

MAX_URL_CHARS = 8_000
"""Characters; what servers and proxies take at most in a request line (RFC 9112 asks them for 8,000 octets)."""

_READ_DIFFERENTLY = re.compile(r"[\s\\\x00-\x1f\x7f]")
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\Z")
_LEADING_ZERO = re.compile(r"(?:\A|\.)0[0-9]")

_Kind = Literal["name", "ipv4", "ipv6"]
_KINDS: dict[ada_url.HostType, _Kind] = {ada_url.HostType.IPV4: "ipv4", ada_url.HostType.IPV6: "ipv6"}


@dataclass(frozen=True)
class WebHost:
    """A host in its one canonical form, beside the form it was written in."""

    name: str
    """Lower-case ASCII: punycode, a dotted quad or a bracketed IPv6 address; without a final dot."""
    kind: _Kind
    spelled: str
    """As it stands in the address, but lower case, without brackets or a final dot."""


def host(url: str) -> str:
    """The host of a web address: lower-case ASCII, international names in punycode, IPv6 in brackets, no final dot.

    Raises `ValueError` for an address that its readers may take differently, numbers with leading zeros included.
    """
    found = read_host(url)
    if found.kind == "ipv4" and _LEADING_ZERO.search(found.spelled):
        raise ValueError("the numbers of the address have leading zeros: some read them as octal, some as decimal")
    return found.name


def read_host(url: str) -> WebHost:
    """The host of a web address, with the form it was written in; raises `ValueError` as `host` does."""
    if len(url) > MAX_URL_CHARS or _READ_DIFFERENTLY.search(url):  # 1
        raise ValueError(f"a web address has at most {MAX_URL_CHARS} characters, without white space or backslash")
    read = ada_url.parse_url(url, attributes=("protocol", "hostname", "host_type"))  # 2
    if read.get("protocol") not in ("http:", "https:"):
        raise ValueError("the address is neither http nor https")
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ValueError("the address holds a user name or a password")
    name = _final_dot_dropped(read.get("hostname", ""))
    kind = _KINDS.get(read.get("host_type", ada_url.HostType.DEFAULT), "name")
    spelled = _final_dot_dropped(parts.hostname or "")
    if not spelled or "%" in spelled or not _says_the_same(spelled, name, kind):  # 3, 4
        raise ValueError("readers of this address would not agree on its host")
    if kind == "name" and not _NAME.match(name):  # 5
        raise ValueError("the host is no name that could be looked up")
    return WebHost(name, kind, spelled)


def _says_the_same(spelled: str, name: str, kind: _Kind) -> bool:
    """Whether the host that the older grammar found is the one the newer found."""
    if kind == "name" and not spelled.isascii():
        return spelled.encode("idna").decode("ascii").lower() == name
    written = f"[{spelled}]" if kind == "ipv6" else spelled
    if written == name:
        return True
    return ada_url.parse_url(f"http://{written}/", attributes=("hostname",)).get("hostname") == name


def _final_dot_dropped(name: str) -> str:
    return name.removesuffix(".")
