"""Values that are written in more ways than one - numbers, addresses of the web and of mail, bank accounts, paths.

Two writings of one value share a key, so that `https://example.org/` in a call is found as `example.org` in a text. All
texts here are normalised (see `texts.normalised`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Literal

from .boundaries import is_whole

__all__ = ["MentionKind", "keys_in", "keys_of", "mentions_in"]

MentionKind = Literal["link", "contact", "account"]
"""An address of the web, an address of mail, a bank account: what a body may mention."""

_HOST = r"(?:[^\W_](?:[\w\-]*[^\W_])?\.)+[^\W\d_]{2,}"
_URL = re.compile(
    rf"(?<![\w@.\-/\\:])(?:(?P<scheme>https?)://)?(?P<host>{_HOST})(?P<port>:\d{{1,5}})?"
    r"(?P<rest>[/?#][^\s<>\"'`()\[\]{}|\\^]*)?(?![\w@\\:])"
)
_MAIL = re.compile(rf"(?<![\w.+\-])[\w.+\-]+@{_HOST}(?![\w@])")
_ACCOUNT = re.compile(r"(?<!\w)[a-z]{2}\d{2}(?: ?[a-z0-9]{4}){2,7}(?: ?[a-z0-9]{1,3})?(?!\w)")
_NUMBER = re.compile(
    r"(?<![\w.,'\u2019+])\d{1,3}(?:(?P<by>[,'\u2019 ])\d{3}(?:(?P=by)\d{3})*)?\d*(?:\.\d+)?(?![\w]|[.,'\u2019]\d)"
)
_PATH = re.compile(r"(?<![^\s\"'`(<=])(?:\./|/)?(?:[\w.\-~+@]+/+)+[\w.\-~+@]*")

MIN_ACCOUNT_CHARS = 15
"""Characters of the shortest IBAN (Norway)."""

MAX_SHAPE_CHARS = 2_000
"""Characters of a value that can have a shape; longer ones are texts."""

_TRAILING = ".,;:!?"

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


def mentions_in(text: str) -> Iterator[tuple[MentionKind, str]]:
    """The addresses and accounts that a text mentions, as it writes them, each once."""
    seen: set[tuple[MentionKind, str]] = set()
    for mention in _all_mentions(text):
        if mention not in seen:
            seen.add(mention)
            yield mention


def _all_mentions(text: str) -> Iterator[tuple[MentionKind, str]]:
    for url in _urls(text):
        written = url[0].rstrip(_TRAILING)
        last_label = url["host"].rpartition(".")[2]
        if url["scheme"] or url["host"].startswith("www.") or last_label in _TOP_LEVEL:
            yield "link", written
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
    try:
        number = Decimal(re.sub(r"[,'\u2019 ]", "", written))
    except InvalidOperation:
        return set()
    return {f"number {number.normalize():f}"}


def _plain_path(written: str) -> str:
    return re.sub(r"/+", "/", written.removeprefix("./"))
