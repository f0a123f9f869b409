"""What texts and queries are found by when they are searched by words: their terms."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

__all__ = ["K1", "TERM_CHARS", "B", "bm25", "clean", "names", "query_terms", "searchable", "terms"]

QUERY_CHARS = 4_000
"""Characters of a query that are read: a model takes in about 1,000, and a hundred words name any passage."""

QUERY_TERMS = 256
"""Distinct terms of a query that are looked up."""

TERM_CHARS = 128
"""Characters of a term that count: the hex digits of a SHA-512."""

_WORD = re.compile(r"[^\W_]+")
_JOINED_WORDS = re.compile(r"[^\W_]+(?:[_.-][^\W_]+)*")
_PART = re.compile(
    r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+"  # HTTPServer: http, server
    r"|\d+"  # garcia2723: garcia, 2723
    r"|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+"  # written without spaces
    r"|[^\W\d_A-Za-z\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+"
)
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_DIGIT = re.compile(r"\d")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_VOWEL = re.compile("[aeiouy]")

_SHORT = 3
"""Letters of a word, or of what an ending leaves of it, that are not shortened further."""

K1, B = 1.2, 0.75
"""Of BM25, as LanceDB and SQLite have them."""

_STOP_WORDS = frozenset(
    _WORD.findall(
        "a about after all also an and any are as at be because been before both but by can could did do does for from"
        " had has have he her his how i if in into is it its me more most my no not of on only or other our over she"
        " should so some such than that the their them then there these they this those to up was we were what when"
        " where which while who whom whose why will with would you your"
    )
)


def clean(text: str) -> str:
    """The text with each lone surrogate replaced by U+FFFD, character for character: no database takes them."""
    return text if text.isascii() else _LONE_SURROGATE.sub("\ufffd", text)


def searchable(query: str) -> str:
    """What of a query is searched for; empty when there is nothing in it."""
    return clean(query[:QUERY_CHARS]).replace("\0", " ").strip()


def terms(text: str) -> list[str]:
    """The terms of a text, in order: words without case, accents and English endings, identifiers also by their parts.

    So `user_id` and `userId` both hold `user` and `id`, and `W2378156` is found by its digits too. Scripts without
    spaces fall into pairs of characters. No term holds a blank.
    """
    return [term for word in _WORD.findall(_folded(text)) for term in _terms_of(word)]


def query_terms(query: str) -> list[str]:
    """The distinct terms of a query, without those of words that stand in every text (unless it has no others)."""
    folded = _folded(query)
    telling = [word for word in _WORD.findall(folded) if word.lower() not in _STOP_WORDS]
    return list(dict.fromkeys(terms(" ".join(telling) or folded)))[:QUERY_TERMS]


def names(text: str) -> list[str]:
    """The distinct terms of what looks like a name in a text: words with a capital in front, or with a digit."""
    named = [word for word in _JOINED_WORDS.findall(text) if word[0].isupper() or _DIGIT.search(word)]
    return list(dict.fromkeys(terms(" ".join(word for word in named if word.lower() not in _STOP_WORDS))))


def bm25(
    asked: Iterable[str], texts: Sequence[Sequence[str]], *, beside: Sequence[Sequence[str]] = (), silent: int = 0
) -> list[float]:
    """How well each text, given by its terms, answers the terms asked for; a term asked for twice counts twice.

    How rare a term is and how long a text usually is, the texts `beside` tell too, and `silent` further ones hold no
    term asked for. The scale is that of the full-text indexes, so that their passages and these can be ranked together.
    """
    held = [Counter(text) for text in texts]
    known = [*held, *map(Counter, beside)]
    usual = sum(counts.total() for counts in known) / max(1, len(known)) or 1.0
    scores = [0.0] * len(texts)
    for term, weight in Counter(asked).items():
        holding = sum(term in counts for counts in known)
        rarity = weight * math.log(1 + (len(known) + silent - holding + 0.5) / (holding + 0.5))
        for number, counts in enumerate(held):
            if times := counts[term]:
                length = 1 - B + B * counts.total() / usual
                scores[number] += rarity * times * (K1 + 1) / (times + K1 * length)
    return scores


def _folded(text: str) -> str:
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFC", "".join(letter for letter in apart if not unicodedata.combining(letter)))


@lru_cache(maxsize=2**15)
def _terms_of(word: str) -> tuple[str, ...]:
    if _UNSPACED.search(word):
        return tuple(term for part in _PART.findall(word) for term in _pairs_or_stem(part))
    parts = [part for part in _PART.findall(word) if len(part) > 1]
    whole = _stem(word)
    return (whole, *(stem for stem in map(_stem, parts) if stem != whole))


def _pairs_or_stem(part: str) -> list[str]:
    if not _UNSPACED.match(part) or len(part) == 1:
        return [_stem(part)]
    return [part[first : first + 2] for first in range(len(part) - 1)]


def _stem(word: str) -> str:
    """The word without its commonest English endings: `cities` and `city`, `directed` and `directs` are one each."""
    stem = word.lower()[:TERM_CHARS]
    if not (stem.isascii() and stem.isalpha()) or len(stem) <= _SHORT:
        return stem
    if stem[-1] == "s" and stem[-2] not in "sui":
        stem = stem[:-1]
    for ending in ("ing", "ed"):
        left = stem.removesuffix(ending)
        if left != stem and len(left) >= _SHORT and _VOWEL.search(left):
            doubled = len(left) > _SHORT and left[-1] == left[-2] and left[-1] not in "lsz"
            stem = left[:-1] if doubled else left
            break
    if len(stem) > _SHORT and stem[-1] == "e":
        return stem[:-1]
    return stem[:-1] + "i" if len(stem) > _SHORT and stem[-1] == "y" else stem
