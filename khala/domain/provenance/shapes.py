"""Values that are written in more ways than one - numbers, addresses of the web and of mail, bank accounts, paths.

Two writings of one value share a key, so that `https://example.org/` in a call is found as `example.org` in a text. All
texts here are normalised (see `texts.normalised`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from .boundaries import is_whole

__all__ = ["MentionKind", "figure_of", "figures_in", "keys_in", "keys_of", "mentions_in"]

MentionKind = Literal["link", "contact", "account"]
"""An address of the web, an address of mail, a bank account: what a body may mention."""

_HOST = r"(?:[^\W_](?:[\w\-]*[^\W_])?\.)+(?:xn--[a-z0-9\-]+|[^\W\d_]{2,})(?!-)"
_URL = re.compile(
    rf"(?<![\w@.\-/\\:])(?:(?P<scheme>https?)://)?(?P<host>{_HOST})(?P<port>:\d{{1,5}})?"
    r"(?P<rest>[/?#][^\s<>\"'`()\[\]{}|\\^]*)?(?![\w@\\:])"
)
_MAIL = re.compile(rf"(?<![\w.+\-])[\w.+\-]+@{_HOST}(?![\w@])")
_ACCOUNT = re.compile(r"(?<!\w)[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){2,7}(?: ?[a-z0-9]{1,3})?(?!\w)")
_NUMBER = re.compile(
    r"(?<![\w.,'\u2019+])(?:0|[1-9]\d{0,2}(?:(?P<by>[,'\u2019 ])\d{3}(?:(?P=by)\d{3})*(?!\d)|\d*))"
    r"(?:\.\d+)?(?![\w]|[.,'\u2019]\d)"
)
"""No leading zeros: 0042 is not the account 42."""
_LINK = re.compile(r"(?<![a-z0-9+.\-])(?:https?:|[a-z][a-z0-9+.\-]*:[/\\]{2}|[/\\]{2}(?=[\w\-]*[.\[]))[^\s<>\"`]+")
"""An address with a scheme, or the two slashes after one, up to where a reader of it would stop at the latest."""
_BARE_LINK = re.compile(
    rf"(?<![\w@.\-/\\:])(?P<host>{_HOST})(?![\w@\\\-]|\.\w)(?::\d{{1,5}})?(?P<rest>[/?#][^\s<>\"'`()\[\]{{}}|\\^]*)?"
)
_BESIDE_A_LINK = re.compile(r"[)\]}'|*][^\w@%.\-/?#]|[)\]}'|*][.?]?$")
_PATH = re.compile(r"(?<![^\s\"'`(<=])(?:\./|/)?(?:[\w.\-~+@]+/+)+[\w.\-~+@]*")

_FIGURES = re.compile(r"\d{1,30}(?:[.,'\u2019 ]\d{1,30})*")

MAX_GROUPS = 6
"""Groups of digits that are read as one number: 999,999,999,999,999.99 has six."""

MIN_ACCOUNT_CHARS = 15
"""Characters of the shortest IBAN (Norway)."""

MAX_SHAPE_CHARS = 2_000
"""Characters of a value that can have a shape; longer ones are texts."""

_TRAILING = ".,;:!?"
_AROUND = _TRAILING + "'()[]{}|*"
"""What stands around an address of the web, and not in it."""
_HIDDEN = re.compile("[\u00ad\u200b\u2060-\u2064\ufe00-\ufe0f\ufeff]")
"""What clients leave out of an address when they open it."""

_TOP_LEVEL = frozenset([
    "com", "org", "net", "edu", "gov", "mil", "int", "info", "biz", "name", "io", "ai", "app", "dev", "cloud",
    "online", "site", "shop", "store", "tech", "xyz", "top", "link", "click", "de", "uk", "fr", "it", "es", "nl", "be",
    "ch", "at", "eu", "se", "no", "dk", "fi", "pl", "cz", "ru", "ua", "us", "ca", "au", "nz", "jp", "cn", "kr", "in",
    "br", "mx", "za", "il", "tr", "gr", "pt", "ie", "hu", "ro", "tv", "me", "ly", "co", "to", "gl", "gg",
])  # fmt: skip
"""Last labels by which a bare name in a text is taken for an address of the web; `report.docx` is none."""


def keys_of(value: str) -> frozenset[str]:
    """The keys of a whole value; none for a value of no shape."""
    if len(value) > MAX_SHAPE_CHARS:
        return frozenset()
    keys: set[str] = set()
    url = _URL.fullmatch(value)
    if url is not None:
        rest = _address(url)
        scheme = url["scheme"]
        keys |= {f"url {scheme}://{rest}", f"url ?//{rest}"} if scheme else {f"url //{rest}"}
    squeezed = value.replace(" ", "")
    if _ACCOUNT.fullmatch(value) and len(squeezed) >= MIN_ACCOUNT_CHARS:
        keys.add(f"account {squeezed}")
    if _NUMBER.fullmatch(value):
        keys |= _number(value)
    if _PATH.fullmatch(value):
        keys.add(f"path {_plain_path(value)}")
    return frozenset(keys)


def keys_in(text: str) -> Iterator[str]:
    """The keys of every value that a text mentions."""
    for url in _urls(text):
        rest = _address(url)
        yield f"url //{rest}"
        yield f"url {url['scheme']}://{rest}" if url["scheme"] else f"url ?//{rest}"
    for account in _ACCOUNT.finditer(text):
        written = account[0]
        ends = [found.start() for found in re.finditer(" ", written)] + [len(written)]
        for end in ends:  # the words after an account may look like groups of it
            squeezed = written[:end].replace(" ", "")
            if len(squeezed) >= MIN_ACCOUNT_CHARS:
                yield f"account {squeezed}"
    for number in _NUMBER.finditer(text):
        if is_whole(text, number.start(), number.end()):
            yield from _number(number[0])
    for path in _PATH.finditer(text):
        yield f"path {_plain_path(path[0].rstrip(_TRAILING))}"


def figures_in(text: str) -> Iterator[str]:
    """Every number that digits of a text can be read as, whatever stands beside them: for what must not be told.

    `1.200,50` is 1200.5 and also 1.2, 200.5, 1, 200 and 50.
    """
    for found in _FIGURES.finditer(text):
        groups = re.split(r"[^\d]", found[0] if found[0].isascii() else _ascii_digits(found[0]))
        for first in range(len(groups)):
            for last in range(first + 1, min(len(groups), first + MAX_GROUPS) + 1):
                whole = "".join(groups[first:last])
                yield figure_of(whole)
                if last - first > 1:
                    yield figure_of(f"{''.join(groups[first : last - 1])}.{groups[last - 1]}")


def figure_of(number: str) -> str:
    """The one spelling of a number, without its sign."""
    whole, _, part = number.removeprefix("-").partition(".")
    part = part.rstrip("0")
    return f"{whole.lstrip('0') or '0'}{'.' if part else ''}{part}"


def _ascii_digits(text: str) -> str:
    return "".join(str(int(sign)) if sign.isdecimal() else sign for sign in text)


def mentions_in(text: str) -> Iterator[tuple[MentionKind, str]]:
    """The addresses and accounts that a text mentions, as a client would read them, each once."""
    seen: set[tuple[MentionKind, str]] = set()
    for mention in _all_mentions(_HIDDEN.sub("", text).replace("\u3002", ".")):
        if mention not in seen:
            seen.add(mention)
            yield mention


def _all_mentions(text: str) -> Iterator[tuple[MentionKind, str]]:
    found = _LINK.search(text)
    while found:
        beside = _BESIDE_A_LINK.search(text, found.start(), found.end())
        end = beside.start() if beside else found.end()
        yield "link", text[found.start() : end].rstrip(_AROUND)
        found = _LINK.search(text, end)
    for found in _BARE_LINK.finditer(text) if "." in text else ():
        last_label = found["host"].rpartition(".")[2]
        rest = (found["rest"] or "").rstrip(_TRAILING)
        if found["host"].startswith("www.") or last_label in _TOP_LEVEL or len(rest) > 1:
            yield "link", found[0].rstrip(_TRAILING)
    for mail in _MAIL.finditer(text):
        yield "contact", mail[0]
    for account in _ACCOUNT.finditer(text):
        if len(account[0].replace(" ", "")) >= MIN_ACCOUNT_CHARS:
            yield "account", account[0]


def _urls(text: str) -> Iterator[re.Match[str]]:
    return _URL.finditer(text) if "." in text else iter(())


def _address(url: re.Match[str]) -> str:
    rest = (url["rest"] or "").rstrip(_TRAILING).rstrip("/")
    return f"{url['host']}{url['port'] or ''}{rest}"


def _number(written: str) -> set[str]:
    whole, _, part = re.sub(r"[,'\u2019 ]", "", written).partition(".")
    part = part.rstrip("0")
    return {f"number {whole}.{part}" if part else f"number {whole}"}


def _plain_path(written: str) -> str:
    return re.sub(r"/+", "/", written.removeprefix("./"))
