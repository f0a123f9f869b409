"""Words of texts and queries, for every search that goes by words."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

__all__ = ["clean", "query_words", "searchable", "word_shares"]

QUERY_CHARS = 4_000
"""Characters of a query that are read: a model takes in about 1,000, and a hundred words name any passage."""

QUERY_WORDS = 256
"""Distinct words of a query that are looked up."""

_WORD = re.compile(r"[^\W_]+")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")

_STOP_WORDS = frozenset(
    _WORD.findall(
        "a an and are as at be but by did do does for from had has have he her his how i if in into is it its me my no"
        " not of on or our she so such that the their them then there these they this to was we were what when where"
        " which who whom why will with would you your"
    )
)


def clean(text: str) -> str:
    """The text with each lone surrogate replaced by U+FFFD, character for character: no database takes them."""
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


def searchable(query: str) -> str:
    """What of a query is searched for; empty when there is nothing in it."""
    return clean(query[:QUERY_CHARS]).replace("\0", " ").strip()


def query_words(query: str) -> list[str]:
    """The distinct words of a query, without those that stand in every text (unless it has no others)."""
    words = list(dict.fromkeys(_WORD.findall(query.lower())))
    telling = [word for word in words if word not in _STOP_WORDS]
    return (telling or words)[:QUERY_WORDS]


def word_shares(query: str, texts: Sequence[str]) -> list[float]:
    """For each text, the share (0 to 1) of the query's words it holds, rare words weighing more."""
    words = query_words(query)
    held = [{*words} & {*_WORD.findall(text.lower())} for text in texts]
    weights = {word: _rarity(sum(word in found for found in held), len(texts)) for word in words}
    whole = sum(weights.values())
    return [sum(weights[word] for word in found) / whole if found else 0.0 for found in held]


def _rarity(holding: int, texts: int) -> float:
    """Inverse document frequency as in BM25: positive, and falling with each text that holds the word."""
    return math.log(1 + (texts - holding + 0.5) / (holding + 0.5))
