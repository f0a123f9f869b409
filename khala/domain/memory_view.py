"""A part of a memory, for whoever may see no more than that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .call import Recollection, ToolResult
from .ports import Memory
from .selection import EVERYTHING, Selection

__all__ = ["MemoryView"]


@dataclass(frozen=True)
class MemoryView:
    """A `Memory` that finds nothing beyond its bounds, whatever it is asked for."""

    memory: Memory
    bounds: Selection

    def remember(self, result: ToolResult) -> None:
        """Take in a result."""
        self.memory.remember(result)

    def recall(self, query: str, *, limit: int = 5, where: Selection = EVERYTHING) -> Sequence[Recollection]:
        """The best passages for a query, among what is meant and within the bounds."""
        return self.memory.recall(query, limit=limit, where=where.within(self.bounds))
