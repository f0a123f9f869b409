"""Opens the best memory that what is installed here allows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from khala.errors import MissingExtra
from khala.infrastructure.memory.lance_memory import LanceMemory
from khala.infrastructure.memory.lance_table import has_lancedb
from khala.infrastructure.memory.place import Place
from khala.infrastructure.memory.ranking import Ranking
from khala.infrastructure.memory.sentence_embedder import find_embedder
from khala.infrastructure.memory.terms import CatchUp, Embedder, IsWanted, Sealing, everything_is, nothing_stored
from khala.infrastructure.memory.word_memory import WordMemory

__all__ = ["open_memory"]


def open_memory(
    place: Place,
    *,
    catch_up: CatchUp = nothing_stored,
    is_wanted: IsWanted = everything_is,
    sealing: Sealing | None = None,
    find: Callable[[], Embedder | None] = find_embedder,
    ranking: Ranking | None = None,
) -> LanceMemory | WordMemory:
    """The memory in `place`: by words and meaning, by words with LanceDB, or by words with SQLite.

    `catch_up` names the stored results that the index lacks, `is_wanted` which may be found; `sealing` keeps
    passages unreadable, and `find` looks for an embedder. Whoever opens it closes it. Raises `MemoryUnusable`, and
    `MissingExtra` for a bucket without LanceDB.
    """
    if not has_lancedb():
        if not isinstance(place, Path):
            raise MissingExtra("lancedb", extra="memory")
        return WordMemory(place, catch_up=catch_up, is_wanted=is_wanted, sealing=sealing, ranking=ranking)
    return LanceMemory(place, embedder=find(), catch_up=catch_up, is_wanted=is_wanted, sealing=sealing, ranking=ranking)
