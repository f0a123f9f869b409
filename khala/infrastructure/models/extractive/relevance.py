"""How well a sentence answers a question: by the words it carries, the headings it stands under, names, and its shape.

A rare word counts more than a common one; how rare a word is, the searches say.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from khala.infrastructure.models.extractive.question import ANSWERING, Question, stem, stems
from khala.infrastructure.models.extractive.reading import Quote

__all__ = ["Relevance", "said_stems"]

_SHAPES = {
    "when": re.compile(r"\b(?:1\d|20)\d\d\b"),
    "where": re.compile(r"\b(?:in|at|of|near) [A-Z]"),
    "how many": re.compile(r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|dozen|hundred)\b"),
    "how much": re.compile(r"\d"),
    "who": re.compile(r"[a-z,] [A-Z]\w+ [A-Z]"),
    "what": re.compile(r"\b(?:is|are|means) (?:an?|the)\b"),
    "why": re.compile(r"\b(?:because|since|so that|in order|reason)\b"),
}
_DEFINES = re.compile(r"((?:[^\W_]|[ \"'*`-]){2,40}?) (?:is|are|means|refers to) (?!not\b|only\b)")
_LIFE = re.compile(r"\d{3,4} ?[\u2013-] ?[^()]{0,30}\d{3,4}\)")
"""Two years in brackets behind a name: born and died."""

_VAGUE = frozenset(
    map(stem, ("difference", "happens", "mean", "means", "explain", "example", "way", "kind", "work", "purpose"))
)
_EXPANSION_SHARE = 0.8
_CONTEXT_SHARE = 0.6
_COMMON_NAME, _FEW_PASSAGES = 0.05, 20
"""A name in more than this share of the passages, if these are not few, is what the corpus is about."""

_MOST_WEIGHT, _LEAST_WEIGHT = 4.0, 0.3
_LONG_CHARS, _SHORT_CHARS = 400, 45
"""A longer sentence says much besides, a shorter one seldom says enough."""


class Relevance:
    """Scores sentences against one question, from 0 to about 1.5.

    `counts` says in how many of `passages` passages a word stands.
    """

    def __init__(self, question: Question, counts: Mapping[str, int], passages: int) -> None:
        self._question = question
        known: dict[str, int] = {}
        for word, count in counts.items():
            known[stem(word)] = max(count, known.get(stem(word), 0))
        self._weights = {term: _weight(term, known.get(term, 0), passages) for term in question.terms}
        names = [
            frozenset(stems(name))
            for name in question.names
            if min(known.get(found, 0) for found in stems(name)) <= max(_FEW_PASSAGES, _COMMON_NAME * passages)
        ]
        self._names = [*names, *(frozenset(stems(name)) for name in question.code)]
        telling = [term for term in question.terms if term not in _VAGUE]
        absent = [term for term in telling if not known.get(term) and term not in ANSWERING]
        self.is_of_this_corpus = not passages or 2 * len(absent) < len(telling)
        """Whether more than half of the words that tell what is asked stand in the corpus at all."""
        self.follows_names = bool(names) and question.asks_for not in {"how", "why"}
        """Whether the question is about somebody or something with a name."""

    def score(self, quote: Quote) -> float:
        """How well the sentence answers on its own; 0 when it carries nothing of the question."""
        said, above = said_stems(quote.text), frozenset(stems(quote.context))
        terms = self._question.terms
        total = self.weight(terms) or 1.0
        whole = sum(self._weights[term] * _share(term, said, above) for term in terms) / total
        if not whole:
            return 0.0
        whole += 0.1 * self.weight(terms & above) / total
        whole += 0.2 * bool(self._question.asks_for == "what" and self._defines(quote.text))
        shape = _SHAPES.get(self._question.asks_for)
        whole += 0.25 * any(name <= said | above for name in self._names)
        whole += 0.1 * bool(shape and shape.search(quote.text))
        return whole - 0.1 * (len(quote.text) > _LONG_CHARS) - 0.2 * (len(quote.text) < _SHORT_CHARS)

    def _defines(self, text: str) -> bool:
        """Whether the sentence begins by saying what a word of the question is."""
        head = _DEFINES.match(text)
        return bool(head and set(stems(head[1])) & self._question.terms)

    def weight(self, terms: frozenset[str]) -> float:
        """How much these stems of the question tell."""
        return sum(self._weights[term] for term in terms)

    def carried(self, terms: frozenset[str], quote: Quote) -> frozenset[str]:
        """Those of the terms that the sentence carries or answers."""
        said = said_stems(quote.text)
        return frozenset(term for term in terms if _share(term, said, frozenset()))

    def share(self, terms: frozenset[str], quote: Quote) -> float:
        """The share of the terms, by weight, that the sentence carries or answers."""
        total = self.weight(terms)
        return self.weight(self.carried(terms, quote)) / total if total else 0.0


def said_stems(text: str) -> frozenset[str]:
    """The stems a sentence carries; two years in brackets say when somebody was born and died."""
    lived = (stem("born"), stem("died")) if _LIFE.search(text) else ()
    return frozenset((*stems(text), *lived))


def _weight(term: str, count: int, passages: int) -> float:
    """How much a word tells: a rare one much; a vague one little, and so one that no sentence can carry."""
    if term in _VAGUE or (not count and term not in ANSWERING):
        return _LEAST_WEIGHT
    return max(_LEAST_WEIGHT, min(_MOST_WEIGHT, math.log(1 + passages / (1 + count))))


def _share(term: str, said: frozenset[str], above: frozenset[str]) -> float:
    if term in said:
        return 1.0
    if ANSWERING.get(term, frozenset()) & said:
        return _EXPANSION_SHARE
    return _CONTEXT_SHARE if term in above else 0.0
