"""What every memory here is given, and what it tells about itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol

from khala.domain.call import ToolResult
from khala.errors import MemoryUnusable

__all__ = [
    "CatchUp",
    "Embedder",
    "IsWanted",
    "MemoryStats",
    "Sealing",
    "Unreachable",
    "everything_is",
    "nothing_stored",
]

CatchUp = Callable[[AbstractSet[str]], Iterable[ToolResult]]
"""The stored results whose ids are not in the given set.

The store is the truth and memory an index over it: whatever a killed process had not indexed yet comes back this way.
It is called once, in a thread of the memory's own, and iterated there lazily.
"""


def nothing_stored(known: AbstractSet[str]) -> Iterable[ToolResult]:  # noqa: ARG001 - the shape of `CatchUp`
    """A `CatchUp` without a store behind it."""
    return ()


IsWanted = Callable[[ToolResult], bool]
"""Whether a result may be found: not when it was forgotten, it or its very words."""


def everything_is(result: ToolResult) -> bool:  # noqa: ARG001 - the shape of `IsWanted`
    """An `IsWanted` where nothing was ever forgotten."""
    return True


class Sealing(Protocol):
    """Keeps passages unreadable in the index, each under a key of its tenant."""

    def seal(self, content: bytes, *, tenant: str, about: str) -> bytes:
        """What to keep of some content; `about` has to be given again to open it."""
        ...

    def open(self, kept: bytes, *, tenant: str, about: str) -> bytes | None:
        """What was sealed; `None` once its key was dropped."""
        ...

    def hashed(self, terms: Sequence[str], *, tenant: str) -> list[str]:
        """Terms as the index holds them."""
        ...

    def tenants(self) -> list[str]:
        """Those that have a key."""
        ...


class Unreachable(MemoryUnusable):
    """What memory needs is away and may come back: an endpoint that embeds, or an object store. Nothing is lost."""


class Embedder(Protocol):
    """Turns texts into unit vectors, near each other when their meanings are.

    `embed` and `embed_query` raise `MemoryUnusable` for a model that cannot be used, and `Unreachable` for one that may
    be later.
    """

    @property
    def fingerprint(self) -> str:
        """Equal for two embedders exactly when their vectors may be compared."""
        ...

    @property
    def dims(self) -> int:
        """How long a vector is."""
        ...

    @property
    def max_tokens(self) -> int:
        """Word pieces it reads of a text, the marks of start and end among them; it is blind to the rest."""
        ...

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector for each text."""
        ...

    def embed_query(self, text: str) -> list[float]:
        """The vector to search with."""
        ...

    def count_tokens(self, text: str) -> int:
        """Word pieces of a text."""
        ...


@dataclass(frozen=True)
class MemoryStats:
    """How much a memory holds, and how it finds it."""

    results: int
    chunks: int
    """Passages that can be found."""
    pending: int
    """Results taken in that the index does not hold yet; they are found by their words."""
    semantic: bool
    """Whether passages are found by meaning too, or by words only."""
    embedder: str | None
    """Fingerprint of the embedder, `None` for words only."""
