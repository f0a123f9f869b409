"""Whether passages that say the same come from sources that are independent of each other.

They are not when they come from one host, one document, or when one text is a copy of the other. Without a host the
document is what the call read, whatever part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import JsonValue

from khala.domain.call import ToolCall

from .wording import folded, words

__all__ = ["Origin", "independent", "source_name"]

LEAST_COPIED_WORDS = 8
"""A sentence of so many words is hardly written twice alike by chance."""
COPIED_SHARE = 0.5
"""Share of five-word runs around two passages that makes one a copy of the other."""
RUN_WORDS = 5
NEAR_CHARS = 400
"""Characters before and after a passage that are compared."""
_ADDRESS = re.compile(r"https?://[^\s<>\"')\]]+")


@dataclass(frozen=True)
class Origin:
    """Where a passage stands."""

    source: str
    """Host or document; see `source_name`."""
    quote: str
    around: str
    """The passage with what stands near it."""


def source_name(call: ToolCall, text: str, start: int, end: int) -> str:
    """Host of the page a passage comes from; without one, tool and what it was asked to read.

    The page is the one that the call names, else the last one that the text names before the end of the passage.
    """
    asked = [address for value in _texts(call.arguments) for address in _ADDRESS.findall(value)]
    named = asked or _ADDRESS.findall(text[max(0, start - 5 * NEAR_CHARS) : end])[-1:]
    host = next((host for address in named if (host := _host(address))), "")
    return host or " ".join([call.tool, *sorted(_texts(call.arguments))])


def independent(origins: Iterable[Origin]) -> tuple[str, ...]:
    """The names of sources that say it independently of each other, in order."""
    kept: list[tuple[Origin, frozenset[tuple[str, ...]]]] = []
    for origin in origins:
        runs = _runs(origin.around)
        if not any(other.source == origin.source or _copied(origin, runs, other, theirs) for other, theirs in kept):
            kept.append((origin, runs))
    return tuple(origin.source for origin, _ in kept)


def _copied(one: Origin, runs: frozenset[tuple[str, ...]], other: Origin, theirs: frozenset[tuple[str, ...]]) -> bool:
    same = folded(one.quote) == folded(other.quote) and len(words(folded(one.quote))) >= LEAST_COPIED_WORDS
    least = min(len(runs), len(theirs))
    return same or (least > 0 and len(runs & theirs) >= COPIED_SHARE * least)


def _runs(text: str) -> frozenset[tuple[str, ...]]:
    said = words(folded(text))
    return frozenset(tuple(said[at : at + RUN_WORDS]) for at in range(len(said) - RUN_WORDS + 1))


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _texts(value: JsonValue) -> list[str]:
    """The texts of call arguments; numbers tell which part of a document, not which one."""
    match value:
        case str():
            return [value]
        case list():
            return [text for item in value for text in _texts(item)]
        case dict():
            return [text for item in value.values() for text in _texts(item)]
        case _:
            return []
