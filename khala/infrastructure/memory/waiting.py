"""Results that are not in the table yet, searched by words, exactly and in memory."""

from __future__ import annotations

from collections.abc import Sequence

from khala.domain.call import ToolResult
from khala.domain.selection import Selection
from khala.infrastructure.memory.passages import passages
from khala.infrastructure.memory.ranking import CANDIDATES, Found
from khala.infrastructure.memory.words import bm25

__all__ = ["Waiting"]


class Waiting:
    """The passages of some results, searched as if they were in the table."""

    def __init__(self, results: Sequence[ToolResult], where: Selection) -> None:
        self.passages = [passage for result in results if where.holds(result) for passage in passages(result)]
        self._terms = [passage.terms for passage in self.passages]

    def by_words(self, asked: Sequence[str], found: Found, total: int) -> Found:
        """Those that hold terms asked for, beside what the table found of them; there are `total` passages in all."""
        if not self.passages:
            return []
        # when the table found as many as it may, there are more, and what it found must stand for the rest
        silent = 0 if len(found) == CANDIDATES else max(0, total - len(found) - len(self.passages))
        scores = bm25(asked, self._terms, beside=[passage.terms for passage, _ in found], silent=silent)
        return [(passage, score) for passage, score in zip(self.passages, scores, strict=True) if score > 0]
