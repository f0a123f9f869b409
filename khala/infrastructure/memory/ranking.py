"""Puts found passages in order and turns the best into recollections.

What words find and what meaning finds are brought to one scale each (0 to 1) and added. A question counts both alike; a
query with an identifier or a long number leans on words, because an embedding model hardly sees those.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from khala.domain.call import Recollection
from khala.domain.label import Label
from khala.infrastructure.memory.passages import Passage

__all__ = ["Found", "fused", "recollections", "scaled", "words_weight"]

Found = list[tuple[Passage, float]]
"""Passages and their scores, best first."""

UNRELATED_BELOW = 0.2
"""Cosine under which a passage that holds no word of the query is unrelated; MiniLM gave unrelated pairs up to 0.16."""

_JOINED_CHUNKS = 3
"""Neighbours that make one recollection at most, so that one long result does not fill the whole answer."""

_EXACT = re.compile(
    r"\b(?=\w*\d)(?=\w*[^\W\d_])\w{4,}\b"  # W2378156
    r"|\d{5,}"
    r"|[^\W_]+_\w+|\b[a-z]+[A-Z]\w*"  # user_id, userId
    r"|\w{2}[./\\:@]\w"  # os.path, etc/passwd, ann@example.org
)
"""Identifiers, paths, addresses, long numbers. Years and quoted titles are left out: leaning on words for them loses
more than it wins on questions (nDCG@10 over a ReAct agent's results: .689 as it is, .679 with both)."""

_Key = tuple[str, int, int]


def words_weight(query: str) -> float:
    """How much of a score comes from words, the rest from meaning: 0.5, or 0.8 where an identifier is asked for."""
    return 0.8 if _EXACT.search(query) else 0.5


def scaled(found: Found) -> Found:
    """The same passages with scores from 0 (the worst of them) to 1 (the best)."""
    if not found:
        return []
    scores = [score for _, score in found]
    low, high = min(scores), max(scores)
    return [(passage, (score - low) / (high - low) if high > low else 1.0) for passage, score in found]


def fused(by_words: Found, by_meaning: Found, *, words_weight: float) -> Found:
    """One order out of two. `by_words` is scaled already, `by_meaning` carries cosines."""
    worded = {_key(passage) for passage, _ in by_words}
    related = [(found, cosine) for found, cosine in by_meaning if cosine >= UNRELATED_BELOW or _key(found) in worded]
    scores: dict[_Key, float] = {}
    found_passages: dict[_Key, Passage] = {}
    for found, weight in ((by_words, words_weight), (scaled(related), 1 - words_weight)):
        best: dict[_Key, float] = {}
        for passage, score in found:
            key = _key(passage)
            found_passages.setdefault(key, passage)
            best[key] = max(score, best.get(key, 0.0))
        for key, score in best.items():
            scores[key] = scores.get(key, 0.0) + weight * score
    order = sorted(scores, key=lambda key: (-scores[key], -found_passages[key].at_ms, key))
    return [(found_passages[key], scores[key]) for key in order]


def recollections(ranked: Iterable[tuple[Passage, float]], limit: int) -> list[Recollection]:
    """The best passages: neighbours of one result joined, the same words under the same label told once."""
    chosen: list[_Choice] = []
    for passage, score in ranked:
        if any(choice.take(passage) for choice in chosen):
            continue
        if len(chosen) == limit:
            break
        chosen.append(_Choice(passage, score))
    return [choice.recollection() for choice in chosen]


class _Choice:
    """One recollection in the making."""

    def __init__(self, passage: Passage, score: float) -> None:
        self._passage = passage
        self._score = score
        self._chunks = 1
        self._same_words = {(passage.text.strip(), passage.label)}

    def take(self, other: Passage) -> bool:
        """Whether the other passage is part of this one now: equal words, or a neighbour that still fits."""
        words = (other.text.strip(), other.label)
        if words in self._same_words:
            return True
        mine = self._passage
        if other.result_id != mine.result_id or other.start > mine.end or mine.start > other.end:
            return False
        if self._chunks == _JOINED_CHUNKS:
            return False
        first, second = (mine, other) if mine.start <= other.start else (other, mine)
        self._passage = replace(
            first, text=first.text + second.text[first.end - second.start :], end=max(first.end, second.end)
        )
        self._same_words.add(words)
        self._chunks += 1
        return True

    def recollection(self) -> Recollection:
        passage = self._passage
        words = passage.text.strip()
        start = passage.start + len(passage.text) - len(passage.text.lstrip())
        return Recollection(
            result_id=passage.result_id,
            run_id=passage.run_id,
            tool=passage.tool,
            passage=words,
            start=start,
            end=start + len(words),
            score=self._score,
            label=Label.model_validate_json(passage.label),
            at_ms=passage.at_ms,
        )


def _key(passage: Passage) -> _Key:
    return (passage.result_id, passage.start, passage.end)
