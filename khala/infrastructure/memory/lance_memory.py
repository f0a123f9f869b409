"""Memory over LanceDB: taken in at once, embedded and committed by a thread of its own, recalled by words and meaning.

1. `remember` only puts a result into a dict; a worker cuts, embeds and commits results in batches.
2. The store is the truth. At its start the worker asks it for every result the table does not know, so a killed
   process loses nothing; before each commit it asks the table which of the batch it knows, so nothing is indexed twice.
3. `recall` makes the worker hurry and waits a little, because only an embedded passage is found by its meaning. What
   is still pending then, and what is being caught up on, is searched by its words, exactly and in memory.
4. What goes wrong in the worker never reaches `remember`; the next `recall` raises it. While an embedder is away
   (`Unreachable`) `recall` goes by words, and the worker tries again until it is back.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import structlog

from khala.domain.call import Recollection, ToolResult
from khala.domain.selection import EVERYTHING, Selection
from khala.infrastructure.memory.indexer import Indexer
from khala.infrastructure.memory.lance_table import TABLE_FORMAT
from khala.infrastructure.memory.mirror import MIRRORED_PASSAGES, Mirror
from khala.infrastructure.memory.outage import Outage
from khala.infrastructure.memory.place import Place, claim
from khala.infrastructure.memory.ranking import CANDIDATES, Found, Ranking
from khala.infrastructure.memory.terms import (
    CatchUp,
    Embedder,
    IsWanted,
    MemoryStats,
    Sealing,
    everything_is,
    nothing_stored,
)
from khala.infrastructure.memory.vectors import Vectors
from khala.infrastructure.memory.waiting import Waiting
from khala.infrastructure.memory.words import query_terms, searchable
from khala.infrastructure.memory.words_file import remove_words

__all__ = ["LanceMemory"]


class LanceMemory:
    """A `Memory` whose index lies in a folder or bucket; without an embedder it finds by words only, and says so once.

    `wait_s` is how long a recall waits for pending results to be embedded. `catch_up` names the stored results the
    index lacks, `is_wanted` says which results may be found at all, `sealing` keeps passages unreadable. Raises
    `MemoryUnusable` for a folder whose vectors another embedder made, or that cannot be used.
    """

    def __init__(
        self,
        folder: Place,
        *,
        embedder: Embedder | None = None,
        catch_up: CatchUp = nothing_stored,
        is_wanted: IsWanted = everything_is,
        sealing: Sealing | None = None,
        wait_s: float = 10.0,
        ranking: Ranking | None = None,
    ) -> None:
        if embedder is not None:
            if isinstance(folder, Path):
                claim(folder, embedder.fingerprint, table_format=TABLE_FORMAT)
        else:
            structlog.get_logger().warning("memory finds by words only", reason="no embedding model")
        self._embedder = embedder
        self._folder = folder
        self._is_wanted = is_wanted
        self._wait_s = wait_s
        self._ranking = ranking or Ranking()
        self._waiting: Waiting | None = None  # as it was searched last
        self._outage = Outage()
        self._vectors = Vectors(embedder, self._outage)
        # what is sealed stays so: in RAM lies only what a search has just found
        mirrored = MIRRORED_PASSAGES if sealing is None else 0
        self._mirror = Mirror(dims=None if embedder is None else embedder.dims, most=mirrored)
        self._indexer = Indexer(
            folder,
            vectors=self._vectors,
            outage=self._outage,
            mirror=self._mirror,
            catch_up=catch_up,
            is_wanted=is_wanted,
            sealing=sealing,
        )

    def remember(self, result: ToolResult) -> None:
        """Take in a result; returns at once. A result of an id that is known already is the same result."""
        if self._is_wanted(result):
            self._indexer.put(result)

    def recall(self, query: str, *, limit: int = 5, where: Selection = EVERYTHING) -> Sequence[Recollection]:
        """The best passages of the results that are meant, best first. Raises `MemoryUnusable`."""
        wanted = searchable(query)
        if limit <= 0 or not wanted or where.is_empty:
            return []
        table, pending = self._indexer.settled(self._wait_s)
        # looked at before the table is searched: a result committed in between is then found twice, never not at all
        self._waiting = waiting = Waiting(pending, where, self._waiting)
        index = self._mirror.follow(table) or table
        total = index.total() + len(waiting.passages)

        def search(asked: Sequence[str]) -> Found:
            found = index.by_words(asked, CANDIDATES, where)
            return found + waiting.by_words(asked, found, total)

        asked = query_terms(wanted)
        by_meaning: Found = []
        with ThreadPoolExecutor(1) as beside:
            first = beside.submit(search, asked)  # while the query is embedded, which takes longer
            if (vector := self._vectors.of_query(wanted)) is not None:
                by_meaning = index.by_meaning(vector, CANDIDATES, where)

        def searched(terms: Sequence[str]) -> Found:
            return first.result() if terms == asked else search(terms)

        return self._ranking.best(
            wanted,
            limit,
            asked=asked,
            search=searched,
            by_meaning=by_meaning,
            total=total,
            is_wanted=self._is_wanted,  # asked for what is told: another process may have forgotten what is pending
        )

    def forget(self, result_ids: AbstractSet[str]) -> Sequence[str]:
        """Take results out for good, indexed or not; where they may still stand. Raises `MemoryUnusable`."""
        left = self._indexer.remove(result_ids)
        if isinstance(self._folder, Path):  # what there was before LanceDB was installed
            remove_words(self._folder / "words.db")
        return left

    def stats(self) -> MemoryStats:
        """How much is held, and how it is found. Raises `MemoryUnusable`."""
        results, chunks = self._indexer.table().counts()
        pending = self._indexer.waiting()
        embedder = self._embedder
        semantic = embedder is not None and not self._outage.is_on
        return MemoryStats(results, chunks, pending, semantic, embedder.fingerprint if embedder else None)

    def close(self, *, timeout_s: float = 10.0) -> None:
        """Index what is pending, for at most `timeout_s`, and stop; the next start takes the rest from the store."""
        self._indexer.close(timeout_s=timeout_s)
