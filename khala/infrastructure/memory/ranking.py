"""Puts what words and meaning find in one order, and tells the best of it.

1. A passage's BM25 and its cosine are added as they are, the cosine times what a few of the rarest possible words weigh
   (`RARE_WORDS`). So the weighting follows query and store by itself: the rarer the words of a query are in the store
   (identifiers, names, numbers), the more BM25 they bring, while a cosine brings the same to every query.
2. The first results usually name what the rest is about (the director of the film, the orders of the customer). Their
   names are searched too, for less, as a person would who reads the first hit and looks again.
3. A result is worth its best passage and a little of each further one, because a record that answers in several places
   is better than one that answers in one.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from khala.domain.call import Recollection, ToolCall, ToolResult
from khala.domain.label import Label
from khala.infrastructure.memory.passages import Passage
from khala.infrastructure.memory.terms import IsWanted, everything_is
from khala.infrastructure.memory.words import names

__all__ = ["CANDIDATES", "Found", "Ranking", "Rerank", "SearchWords"]

Found = list[tuple[Passage, float]]
"""Passages and their scores, best first."""

SearchWords = Callable[[Sequence[str]], Found]
"""The best passages for some terms, by BM25; a term given twice counts twice."""

Rerank = Callable[[str, Sequence[str]], Sequence[float]]
"""A score for each of some passages, higher is nearer to the query: the shape of a cross-encoder."""

CANDIDATES = 100
"""Passages that each search puts forward for the final order."""

RARE_WORDS = 4.0
"""Words of a single passage that weigh as much as a cosine of 1. From 2 to 8 nDCG@10 changes by at most 0.02."""

UNRELATED_BELOW = 0.2
"""Cosine under which a passage that holds no word of the query is unrelated; MiniLM gave unrelated pairs up to 0.16."""

NAMING_RESULTS = 2
"""First results whose names are searched too: with one, nDCG@10 is 0.01 to 0.015 lower; more change nothing."""

NAMING_SHARE = 0.7
"""Of the best score: whoever asks for an identifier wants what holds it, not what the next best thing names."""

NAMES = 64
"""Terms of names taken from one passage."""

ASKED_TIMES = 2
"""Names from the first results that count as much as one word of the query."""

FURTHER_PASSAGE = 0.5
"""What a further passage of a result adds to it, of its own score; the one after that, the square of it."""

_JOINED_CHUNKS = 3
"""Neighbours that make one recollection at most, so that one long result does not fill the whole answer."""

_RERANKED = 30
"""Recollections shown to a reranker."""

_Key = tuple[str, int, int]


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """How passages are put in order.

    With `half_life_s`, a passage that is so much older than the newest one found counts half. `rerank` has the last
    word on the order of the best.
    """

    half_life_s: float | None = None
    rerank: Rerank | None = None

    def best(
        self,
        query: str,
        limit: int,
        *,
        asked: list[str],
        search: SearchWords,
        by_meaning: Found,
        total: int = 0,
        is_wanted: IsWanted = everything_is,
    ) -> list[Recollection]:
        """The best recollections for a query with the terms `asked`, of results that may be found.

        `by_meaning` carries cosines, out of a store of `total` passages; it is empty where there is no embedder.
        """
        gone: set[str] = set()

        def searched(terms: Sequence[str]) -> Found:
            return _without(gone, search(terms))

        while True:
            meant = _without(gone, by_meaning)
            best = self._best(query, limit, asked=asked, search=searched, by_meaning=meant, total=total)
            if not (more := {one.result_id for one in best if not is_wanted(_result(one))}):
                return best
            gone.update(more)

    def _best(
        self, query: str, limit: int, *, asked: list[str], search: SearchWords, by_meaning: Found, total: int
    ) -> list[Recollection]:
        cosine_weight = RARE_WORDS * math.log1p(total)
        found = _fused(search(asked), by_meaning, cosine_weight)
        if named := _named(found, {*asked}):
            again = search([*asked * ASKED_TIMES, *named])
            found = _fused(again, by_meaning, ASKED_TIMES * cosine_weight)
        found = _by_result(found if self.half_life_s is None else _aged(found, self.half_life_s))
        if self.rerank is None:
            return _recollections(found, limit)
        best = _recollections(found, max(limit, _RERANKED))
        scores = self.rerank(query, [one.passage for one in best])
        scored = [one.model_copy(update={"score": score}) for one, score in zip(best, scores, strict=True)]
        return sorted(scored, key=lambda one: -one.score)[:limit]


def _without(results: AbstractSet[str], found: Found) -> Found:
    return [one for one in found if one[0].result_id not in results] if results else found


def _result(one: Recollection) -> ToolResult:
    """All that is known of the result of a recollection."""
    return ToolResult(
        call=ToolCall(id=one.result_id, tool=one.tool, arguments={}),
        status="ok",
        text="",
        digest=one.digest,
        label=one.label,
        run_id=one.run_id,
        at_ms=one.at_ms,
        namespace=one.namespace,
    )


def _fused(by_words: Found, by_meaning: Found, cosine_weight: float) -> Found:
    """Both together; equal ones in the order of their time, the latest first."""
    scores: dict[_Key, float] = {}
    found: dict[_Key, Passage] = {}
    for passage, score in by_words:
        # a result committed between two looks comes from the table and from what is pending
        key = _key(passage)
        found.setdefault(key, passage)
        scores[key] = max(score, scores.get(key, score))
    related = [one for one in by_meaning if one[1] >= UNRELATED_BELOW or _key(one[0]) in scores]
    # the least of them is the most that a passage beyond the candidates can have, and counts as nothing
    least = min((cosine for _, cosine in related), default=0.0)
    for passage, cosine in related:
        key = _key(passage)
        found.setdefault(key, passage)
        scores[key] = scores.get(key, 0.0) + cosine_weight * (cosine - least)
    return _in_order([(passage, scores[key]) for key, passage in found.items()])


def _named(found: Found, asked: set[str]) -> list[str]:
    """The names in the best passages of the first results, without what was asked for already."""
    seen: set[str] = set()
    named: dict[str, None] = {}
    for passage, score in found:
        if passage.result_id in seen:
            continue
        if len(seen) == NAMING_RESULTS or score < NAMING_SHARE * found[0][1]:
            break
        seen.add(passage.result_id)
        new = [name for name in names(passage.text) if name not in asked]
        named |= dict.fromkeys(new[:NAMES])
    return list(named)


def _by_result(found: Found) -> Found:
    """The passages in the order of what their results are worth."""
    worth: defaultdict[str, float] = defaultdict(float)
    factor: dict[str, float] = {}
    for passage, score in found:
        worth[passage.result_id] += score * factor.get(passage.result_id, 0.0)
        factor[passage.result_id] = factor.get(passage.result_id, 1.0) * FURTHER_PASSAGE
    return _in_order([(passage, score + worth[passage.result_id]) for passage, score in found])


def _aged(found: Found, half_life_s: float) -> Found:
    newest = max((passage.source.at_ms for passage, _ in found), default=0)
    aged = [
        (passage, score * 0.5 ** ((newest - passage.source.at_ms) / 1000 / half_life_s)) for passage, score in found
    ]
    return _in_order(aged)


def _in_order(found: Found) -> Found:
    return sorted(found, key=lambda one: (-one[1], -one[0].source.at_ms, _key(one[0])))


def _recollections(ranked: Found, limit: int) -> list[Recollection]:
    """The best passages: neighbours of one result joined, the same words under the same label told once."""
    chosen: list[_Choice] = []
    holding: dict[tuple[str, str], _Choice] = {}
    for passage, score in ranked:
        words = (_essence(passage.text), passage.source.label)
        if (same := holding.get(words)) is not None:
            same.repeat(passage)
        elif len(chosen) < limit:
            joined = next((choice for choice in chosen if choice.join(passage)), None)
            if joined is None:
                joined = _Choice(passage, score)
                chosen.append(joined)
            holding[words] = joined
    return [choice.recollection() for choice in chosen]


class _Choice:
    """One recollection in the making."""

    def __init__(self, passage: Passage, score: float) -> None:
        self._passage = passage
        self._score = score
        self._chunks = 1
        self._also_in: dict[str, None] = {}

    def repeat(self, other: Passage) -> None:
        """Another passage in the same words."""
        if other.result_id != self._passage.result_id:
            self._also_in[other.result_id] = None

    def join(self, other: Passage) -> bool:
        """Whether the other passage is part of this one now: a neighbour that still fits."""
        mine = self._passage
        if other.result_id != mine.result_id or other.start > mine.end or mine.start > other.end:
            return False
        if self._chunks == _JOINED_CHUNKS:
            return False
        first, second = (mine, other) if mine.start <= other.start else (other, mine)
        self._passage = replace(
            first, text=first.text + second.text[first.end - second.start :], end=max(first.end, second.end)
        )
        self._chunks += 1
        return True

    def recollection(self) -> Recollection:
        passage = self._passage
        words = passage.text.strip()
        start = passage.start + len(passage.text) - len(passage.text.lstrip())
        source = passage.source
        return Recollection(
            result_id=source.result_id,
            run_id=source.run_id,
            tool=source.tool,
            passage=words,
            start=start,
            end=start + len(words),
            score=self._score,
            label=Label.model_validate_json(source.label),
            digest=source.digest,
            arguments_digest=source.arguments_digest,
            at_ms=source.at_ms,
            namespace=source.namespace,
            also_in=tuple(self._also_in),
        )


def _essence(text: str) -> str:
    """What two passages in the same words have in common: all but case and blanks. A digit makes a difference."""
    return "".join(text.casefold().split())


def _key(passage: Passage) -> _Key:
    return (passage.result_id, passage.start, passage.end)
