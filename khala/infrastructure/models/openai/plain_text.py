"""Texts from outside, made fit to keep and to show: sound Unicode, one bounded line."""

from __future__ import annotations

from khala.domain.escaped import escaped

__all__ = ["excerpt", "paired", "sound"]


def sound(text: str) -> str:
    """The text without lone surrogates, which no UTF-8 file or request can hold.

    Two halves that a stream sent apart become their character; what stays alone becomes U+FFFD.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def paired(text: str) -> str:
    """The text with halves that a stream sent apart put together; what stays alone stays as it is."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def excerpt(text: str, limit: int) -> str:
    """The text on one line, with control characters escaped, cut to `limit` characters."""
    # what follows the first 2 * limit characters cannot show, and need not be looked at
    line = " ".join(text[: 2 * limit].split())
    shown = escaped(line)
    return shown if len(shown) <= limit and len(text) <= 2 * limit else shown[: limit - 1] + "…"
