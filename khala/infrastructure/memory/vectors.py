"""The vectors of queries and of results, as far as there is an embedder and it can be reached."""

from __future__ import annotations

from collections.abc import Callable

from khala.domain.call import ToolResult
from khala.infrastructure.memory.outage import Outage
from khala.infrastructure.memory.passages import Passage, passages
from khala.infrastructure.memory.terms import Embedder, Unreachable

__all__ = ["Vectors"]

_EMBEDDED_CHUNKS = 512
"""Passages of one result that are embedded, about 500 kB of prose; what follows is found by its words."""

_EMBED_TEXTS = 32
"""Texts embedded between two looks at whether the memory is being closed."""


class Vectors:
    """Those of one embedder, or none; `outage` is told when it is away."""

    def __init__(self, embedder: Embedder | None, outage: Outage) -> None:
        self.embedder = embedder
        self._outage = outage

    def of_query(self, text: str) -> list[float] | None:
        """The vector to search with; `None` without an embedder, and while it is away."""
        if self.embedder is None or not self._outage.query_may_try:
            return None
        try:
            vector = self.embedder.embed_query(text)
        except Unreachable as error:
            self._outage.failed(error)
            return None
        self._outage.over()
        return vector

    def of_result(
        self, result: ToolResult, *, is_stopped: Callable[[], bool]
    ) -> list[tuple[Passage, list[float] | None]] | None:
        """The passages of a result with their vectors; `None` when it was stopped. Raises `Unreachable`."""
        embedder = self.embedder
        if embedder is None:
            return [(passage, None) for passage in passages(result)]
        found = passages(result, count_tokens=embedder.count_tokens, max_tokens=embedder.max_tokens)
        vectors: list[list[float] | None] = []
        for first in range(0, min(len(found), _EMBEDDED_CHUNKS), _EMBED_TEXTS):
            if is_stopped():
                return None
            vectors += embedder.embed([passage.words for passage in found[first : first + _EMBED_TEXTS]])
        vectors += [None] * (len(found) - len(vectors))
        return list(zip(found, vectors, strict=True))
