"""Results that are not in the table yet, searched by words, exactly and in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from khala.domain.call import ToolResult
from khala.domain.selection import Selection
from khala.infrastructure.memory.passages import Passage, passages
from khala.infrastructure.memory.ranking import CANDIDATES, Found
from khala.infrastructure.memory.words import bm25

__all__ = ["Cut", "Waiting"]

Cut = Mapping[str, list[tuple[Passage, list[str]]]]
"""The passages of results by their ids, each with its terms."""

_SEARCHED_CHARS = 200_000
"""Of one result that are searched before it is indexed: 0.2 s of work, in the way of whoever recalls."""


class Waiting:
    """The passages of some results, searched as if they were in the table.

    `before` is the one that was searched last: what is still waiting need not be cut again.
    """

    def __init__(self, results: Sequence[ToolResult], where: Selection, before: Waiting | None = None) -> None:
        cut: Cut = {} if before is None else before.cut
        self.cut: Cut = {result.call.id: cut.get(result.call.id) or _cut(result) for result in results}
        meant = [one for result in results if where.holds(result) for one in self.cut[result.call.id]]
        self.passages = [passage for passage, _ in meant]
        self._terms = [terms for _, terms in meant]

    def by_words(self, asked: Sequence[str], found: Found, total: int) -> Found:
        """Those that hold terms asked for, beside what the table found of them; there are `total` passages in all."""
        if not self.passages:
            return []
        # when the table found as many as it may, there are more, and what it found must stand for the rest
        silent = 0 if len(found) == CANDIDATES else max(0, total - len(found) - len(self.passages))
        scores = bm25(asked, self._terms, beside=[passage.terms for passage, _ in found], silent=silent)
        return [(passage, score) for passage, score in zip(self.passages, scores, strict=True) if score > 0]


def _cut(result: ToolResult) -> list[tuple[Passage, list[str]]]:
    text = result.text[:_SEARCHED_CHARS]
    return [(passage, passage.terms) for passage in passages(result.model_copy(update={"text": text}))]
