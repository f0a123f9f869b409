"""Passages in arrays: searched by words and by vectors exactly, among those that a selection means.

The only place that imports numpy (0.1 s, so `Mirror` imports this file on first use).
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from khala.domain.call import ToolCall, ToolResult
from khala.domain.label import Label
from khala.domain.selection import EVERYTHING, Selection
from khala.infrastructure.memory.passages import Passage, Rows, Source
from khala.infrastructure.memory.ranking import Found
from khala.infrastructure.memory.repeats import TOLD_REPEATS, text_of
from khala.infrastructure.memory.words import K1, B

__all__ = ["HeldRows"]

_DISTINCT_SHARE = 0.5
"""Of the candidates, that must be different texts before the search ends."""

_JOINED_SHARE = 0.5
"""A block of postings joins the one before it when it has at least this share of its size, so blocks stay few."""


@dataclass(frozen=True)
class _Postings:
    """Which rows hold which term how often; terms stand for themselves by their hash, in rising order."""

    terms: NDArray[np.int64]
    first: NDArray[np.int64]
    """Where the rows of each term begin; one more entry ends the last."""
    rows: NDArray[np.int32]
    times: NDArray[np.float32]

    @staticmethod
    def of(terms: NDArray[np.int64], rows: NDArray[np.int32], times: NDArray[np.float32]) -> _Postings:
        """Of pairs of a term and a row, rows rising for each term; a pair that comes twice counts twice."""
        order = np.argsort(terms, kind="stable")
        terms, rows, times = terms[order], rows[order], times[order]
        pair = np.flatnonzero(np.r_[True, (terms[1:] != terms[:-1]) | (rows[1:] != rows[:-1])][: len(terms)])
        times = np.add.reduceat(times, pair) if len(pair) else times
        terms, rows = terms[pair], rows[pair]
        first = np.flatnonzero(np.r_[True, terms[1:] != terms[:-1]][: len(terms)])
        return _Postings(terms[first], np.r_[first, len(terms)], rows, times)

    def pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
        """What it was made of."""
        return np.repeat(self.terms, np.diff(self.first)), self.rows, self.times

    def joined(self, other: _Postings) -> _Postings:
        """Both in one; the rows of the other come after these."""
        (terms, rows, times), (terms_2, rows_2, times_2) = self.pairs(), other.pairs()
        return _Postings.of(np.r_[terms, terms_2], np.r_[rows, rows_2], np.r_[times, times_2])

    def without(self, number: NDArray[np.int32]) -> _Postings:
        """With rows numbered anew; those with a negative number are left out."""
        terms, rows, times = self.pairs()
        kept = number[rows] >= 0
        return _Postings.of(terms[kept], number[rows[kept]], times[kept])

    def look_up(self, terms: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where the postings of each of some terms begin, and how many there are."""
        if not len(self.terms):
            return np.zeros_like(terms), np.zeros_like(terms)
        at = np.minimum(np.searchsorted(self.terms, terms), len(self.terms) - 1)
        return self.first[at], np.where(self.terms[at] == terms, self.first[at + 1] - self.first[at], 0)


class _Kinds:
    """The sources of the passages by what a selection asks of them; each kind is asked once."""

    def __init__(self) -> None:
        self._number: dict[tuple[str, ...], int] = {}
        self._example: list[ToolResult] = []
        self.of_passage: list[int] = []

    def add(self, source: Source) -> None:
        """The next passage is of this source."""
        kind = (source.tenant, source.agent, source.run_id, source.tool, source.label)
        number = self._number.setdefault(kind, len(self._number))
        if number == len(self._example):
            example = ToolResult(
                call=ToolCall(id="", tool=source.tool, arguments={}),
                status="ok",
                text="",
                digest=source.digest,
                label=Label.model_validate_json(source.label),
                run_id=source.run_id,
                namespace=source.namespace,
            )
            self._example.append(example)
        self.of_passage.append(number)

    def meant(self, where: Selection) -> list[bool]:
        """Whether each kind is meant, by the rule of the domain; ids and times are no part of a kind."""
        of_kind = where.model_copy(update={"ids": None, "since_ms": None, "before_ms": None})
        return [of_kind.holds(example) for example in self._example]


class HeldRows:
    """The passages in rows, and what is searched of them."""

    def __init__(self, dims: int) -> None:
        self.passages: list[Passage] = []
        self._kinds = _Kinds()
        self._texts: list[int] = []  # one number for passages that a recall tells once
        self._at_ms = np.zeros(0, np.int64)
        self._lengths = np.zeros(0, np.float32)
        self._postings: list[_Postings] = []
        self._embedded = np.zeros(0, np.bool_)
        self._vectors: NDArray[np.float32] = np.zeros((0, dims), np.float32)

    def take_in(self, rows: Rows) -> None:
        """Some passages more."""
        start = len(self.passages)
        count = len(rows.passages)
        lengths = np.zeros(count, np.int64)
        hashed = array("q")  # one passage after the other: the terms of all at once are many times as large
        for number, terms in enumerate(rows.terms):
            held = terms.split(" ") if terms else []
            lengths[number] = len(held)
            hashed.extend(map(hash, held))
        hashes = np.frombuffer(hashed, np.int64)
        numbers = np.repeat(np.arange(start, start + count, dtype=np.int32), lengths)
        self._file(_Postings.of(hashes, numbers, np.ones(len(hashes), np.float32)))
        self._lengths = np.r_[self._lengths, lengths.astype(np.float32)]
        for passage in rows.passages:
            self._kinds.add(passage.source)
            self._texts.append(hash((text_of(passage), passage.start)))
        self._at_ms = np.r_[self._at_ms, np.array([one.source.at_ms for one in rows.passages], np.int64)]
        embedded = np.array(rows.embedded, np.bool_)
        vectors = np.zeros((count, self._vectors.shape[1]), np.float32)
        if embedded.any():
            vectors[embedded] = _unit(np.asarray(rows.vectors, np.float32).reshape(-1, vectors.shape[1]))
        self._vectors = np.concatenate([self._vectors, vectors])
        self._embedded = np.r_[self._embedded, embedded]
        self.passages.extend(rows.passages)

    def _file(self, postings: _Postings) -> None:
        while self._postings and len(postings.rows) >= _JOINED_SHARE * len(self._postings[-1].rows):
            postings = self._postings.pop().joined(postings)
        self._postings.append(postings)

    def drop(self, results: AbstractSet[str]) -> None:
        """Forget some results."""
        kept = np.array([passage.result_id not in results for passage in self.passages], np.bool_)
        number = np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)
        self._postings = [postings.without(number) for postings in self._postings]
        self._lengths, self._at_ms = self._lengths[kept], self._at_ms[kept]
        self._vectors, self._embedded = self._vectors[kept], self._embedded[kept]
        rows = np.flatnonzero(kept).tolist()
        self.passages = [self.passages[row] for row in rows]
        self._texts = [self._texts[row] for row in rows]
        self._kinds = _Kinds()
        for passage in self.passages:
            self._kinds.add(passage.source)

    def by_words(self, asked: Sequence[str], limit: int, where: Selection) -> Found:
        """The best passages by BM25 over their terms, of the results that are meant."""
        if not self.passages or not asked:
            return []
        wanted = Counter(map(hash, asked))
        terms = np.fromiter(wanted, np.int64, len(wanted))
        places = [postings.look_up(terms) for postings in self._postings]
        holding = sum((counts for _, counts in places), np.zeros(len(terms)))
        rarity = np.log(1 + (len(self.passages) - holding + 0.5) / (holding + 0.5))
        rarity *= np.fromiter(wanted.values(), np.float64, len(terms))
        scores = np.zeros(len(self.passages))
        usual = float(self._lengths.mean()) or 1.0
        for postings, (first, counts) in zip(self._postings, places, strict=True):
            before: NDArray[np.int64] = np.cumsum(counts) - counts
            at = np.repeat(first - before, counts) + np.arange(int(counts.sum()))
            rows, times = postings.rows[at], postings.times[at]
            worth = times * (K1 + 1) / (times + K1 * (1 - B + B * self._lengths[rows] / usual))
            scores += np.bincount(rows, np.repeat(rarity, counts) * worth, len(scores))
        return self._best(scores, (scores > 0) & self._meant(where), limit)

    def by_meaning(self, vector: Sequence[float], limit: int, where: Selection) -> Found:
        """The nearest passages by cosine, of the results that are meant."""
        query = _unit(np.asarray([vector], np.float32))[0]
        # not `@`: that takes a thread for each core, and waits 10 ms where one of them is busy
        cosines = np.einsum("ij,j->i", self._vectors, query)
        return self._best(cosines, self._embedded & self._meant(where), limit)

    def _meant(self, where: Selection) -> NDArray[np.bool_]:
        meant = np.ones(len(self.passages), np.bool_)
        if where == EVERYTHING:
            return meant
        if self.passages:
            meant &= np.array(self._kinds.meant(where), np.bool_)[self._kinds.of_passage]
        if where.since_ms is not None:
            meant &= self._at_ms >= where.since_ms
        if where.before_ms is not None:
            meant &= self._at_ms < where.before_ms
        if where.ids is not None:
            meant &= np.array([passage.result_id in where.ids for passage in self.passages], np.bool_)
        return meant

    def _best(self, scores: NDArray[np.floating[Any]], meant: NDArray[np.bool_], limit: int) -> Found:
        """The rows of the best scores, at most `limit` texts and a few of each; the latest of equals first."""
        rows = np.flatnonzero(meant)[::-1]
        looked_at = limit
        while True:
            few = rows
            if looked_at < len(rows):
                few = rows[np.argpartition(-scores[rows], looked_at)[:looked_at]]
            few = few[np.argsort(-scores[few], kind="stable")]
            told: Counter[int] = Counter()
            found: Found = []
            best: list[int] = few.tolist()
            for row in best:
                text = self._texts[row]
                if told[text] < TOLD_REPEATS and (text in told or len(told) < limit):
                    told[text] += 1
                    found.append((self.passages[row], float(scores[row])))
            if len(told) >= limit * _DISTINCT_SHARE or looked_at >= len(rows):
                return found
            looked_at *= 8


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(np.float32).tiny)
