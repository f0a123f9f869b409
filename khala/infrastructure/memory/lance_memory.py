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

import atexit
import math
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice
from pathlib import Path

import structlog

from khala.domain.call import Recollection, ToolResult
from khala.domain.selection import EVERYTHING, Selection
from khala.errors import MemoryUnusable
from khala.infrastructure.memory.lance_table import TABLE_FORMAT, Entry, PassageTable
from khala.infrastructure.memory.mirror import MIRRORED_PASSAGES, Mirror
from khala.infrastructure.memory.outage import Outage
from khala.infrastructure.memory.passages import Passage, passages
from khala.infrastructure.memory.place import Place, claim, unusable
from khala.infrastructure.memory.ranking import CANDIDATES, Found, Ranking
from khala.infrastructure.memory.terms import (
    CatchUp,
    Embedder,
    IsWanted,
    MemoryStats,
    Sealing,
    Unreachable,
    everything_is,
    nothing_stored,
)
from khala.infrastructure.memory.waiting import Waiting
from khala.infrastructure.memory.words import query_terms, searchable

__all__ = ["LanceMemory"]

_BATCH_RESULTS = (16, 64)
"""A commit waits for the first number of results, and takes at most the second."""

_BATCH_CHARS = 1_000_000
"""Characters that end a batch before it is full, so that long results do not pile up in one commit."""

_IDLE_S = 2.0
"""Seconds after which fewer results are committed too."""

_QUIET_S = 70.0
"""Seconds without a commit after which the table is tidied: what was folded away is kept for a minute."""

_LONG_S = 3_600.0
"""Seconds until the worker looks up for nothing."""

_CATCH_UP_RESULTS = 1_000
"""Stored results held in memory at a time while a table is rebuilt."""

_EMBEDDED_CHUNKS = 512
"""Passages of one result that are embedded, about 500 kB of prose; what follows is found by its words."""

_EMBED_TEXTS = 32
"""Texts embedded between two looks at whether the memory is being closed."""

_LEAVING_S = 15.0
"""Seconds the interpreter waits at exit for a worker that is told to stop: longer than the imports take (4 to 11)."""

_LETTING_GO_S = 0.1
"""Seconds LanceDB's own threads get, after its last answer, to let go of the interpreter; without them one exit in 20
was an abort on a busy machine (measured)."""


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
        self._folder = folder
        self._embedder = embedder
        self._catch_up = catch_up
        self._is_wanted = is_wanted
        self._sealing = sealing
        self._wait_s = wait_s
        self._ranking = ranking or Ranking()
        self._pending: dict[str, ToolResult] = {}  # remembered here, not committed yet
        self._backlog: dict[str, ToolResult] = {}  # taken from the store, after all that is pending
        self._oldest_s = 0.0  # when the first of the pending results came
        self._waiting: Waiting | None = None  # as it was searched last
        self._hurried = 0  # recalls that wait
        self._quiet_from_s = math.inf  # when there has been nothing to commit for a while
        self._closing = False
        self._abandoned = False
        self._failure: MemoryUnusable | None = None
        self._unopened: Unreachable | None = None  # why there is no table yet
        self._outage = Outage()
        self._table: PassageTable | None = None
        self._indexing: threading.Thread | None = None
        # what is sealed stays so: in RAM lies only what a search has just found
        mirrored = MIRRORED_PASSAGES if sealing is None else 0
        self._mirror = Mirror(dims=None if embedder is None else embedder.dims, most=mirrored)
        self._worker: threading.Thread | None = None
        self._changed = threading.Condition()
        self._committing = threading.Lock()  # held while the table changes
        if embedder is not None:
            if isinstance(folder, Path):
                claim(folder, embedder.fingerprint, table_format=TABLE_FORMAT)
        else:
            structlog.get_logger().warning("memory finds by words only", reason="no embedding model")

    def remember(self, result: ToolResult) -> None:
        """Take in a result; returns at once. A result of an id that is known already is the same result."""
        if not self._is_wanted(result):
            return
        with self._changed:
            if self._failure is not None or self._closing:
                return  # the store has it, and the next start takes it from there
            if not self._pending:
                self._oldest_s = time.monotonic()
            self._pending.setdefault(result.call.id, result)
            self._start()
            self._changed.notify_all()

    def recall(self, query: str, *, limit: int = 5, where: Selection = EVERYTHING) -> Sequence[Recollection]:
        """The best passages of the results that are meant, best first. Raises `MemoryUnusable`."""
        wanted = searchable(query)
        if limit <= 0 or not wanted or where.is_empty:
            return []
        table, pending = self._settled()
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
            if (vector := self._query_vector(wanted)) is not None:
                by_meaning = index.by_meaning(vector, CANDIDATES, where)

        def searched(terms: Sequence[str]) -> Found:
            return first.result() if terms == asked else search(terms)

        return self._ranking.best(wanted, limit, asked=asked, search=searched, by_meaning=by_meaning, total=total)

    def forget(self, result_ids: AbstractSet[str]) -> None:
        """Take results out for good, indexed or not. Raises `MemoryUnusable`."""
        table = self._opened()
        with self._changed:
            for result_id in result_ids:
                self._pending.pop(result_id, None)
                self._backlog.pop(result_id, None)
        with self._committing:
            table.remove(result_ids)
        self._mirror.follow(table)  # so that what was forgotten leaves RAM too

    def _query_vector(self, text: str) -> list[float] | None:
        """The vector to search with; `None` without an embedder, and while it is away."""
        if self._embedder is None or not self._outage.query_may_try:
            return None
        try:
            vector = self._embedder.embed_query(text)
        except Unreachable as error:
            self._outage.failed(error)
            return None
        self._outage.over()
        return vector

    def stats(self) -> MemoryStats:
        """How much is held, and how it is found. Raises `MemoryUnusable`."""
        results, chunks = self._opened().counts()
        with self._changed:
            pending = len(self._pending) + len(self._backlog)
        embedder = self._embedder
        semantic = embedder is not None and not self._outage.is_on
        return MemoryStats(results, chunks, pending, semantic, embedder.fingerprint if embedder else None)

    def close(self, *, timeout_s: float = 10.0) -> None:
        """Index what is pending, for at most `timeout_s`, and stop; the next start takes the rest from the store."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            worker = self._worker
        if worker is None or self._abandoned:
            return
        worker.join(timeout_s)
        with self._changed:
            self._abandoned = True
            self._changed.notify_all()

    def _start(self) -> None:
        if self._worker is None:
            self._worker = threading.Thread(target=self._work, name="khala-memory", daemon=True)
            self._worker.start()
            atexit.register(_leave, weakref.ref(self), self._worker)

    def _opened(self) -> PassageTable:
        with self._changed:
            if self._closing:
                raise MemoryUnusable("this memory is closed: open it again")
            self._start()
            self._changed.wait_for(lambda: self._table or self._failure or self._unopened or self._abandoned)
            if stopped := self._failure or self._unopened:
                raise stopped
            if self._table is None:
                raise MemoryUnusable("this memory is closed: open it again")
            return self._table

    def _settled(self) -> tuple[PassageTable, list[ToolResult]]:
        """The table, and what it does not hold yet after a wait of at most `wait_s` for what was remembered here."""
        table = self._opened()
        with self._changed:
            awaited = set(self._pending)
            self._hurried += 1
            self._changed.notify_all()
            try:
                self._changed.wait_for(
                    lambda: (
                        self._failure is not None
                        or self._abandoned
                        or self._outage.is_on
                        or awaited.isdisjoint(self._pending)
                    ),
                    self._wait_s,
                )
            finally:
                self._hurried -= 1
            if self._failure is not None:
                raise self._failure
            if self._abandoned:
                raise MemoryUnusable("this memory is closed: open it again")
            return table, [*self._pending.values(), *self._backlog.values()]

    def _work(self) -> None:
        try:
            self._query_vector("ready")  # loads the model, here and not in the caller's way
            while (opened := self._open_table()) is None:
                if self._abandoned:
                    return
            table, known = opened
            missing = iter(self._catch_up(known))
            self._take_in(missing)
            with self._changed:
                self._table, self._unopened = table, None
                self._changed.notify_all()
            while (batch := self._next_batch()) is not None:
                try:
                    if not self._take(table, batch):
                        return
                    self._outage.over()
                except Unreachable as error:
                    self._sit_out(error)
                self._take_in(missing)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the next recall says it
            self._fail(error if isinstance(error, MemoryUnusable) else unusable(self._folder, error))

    def _take(self, table: PassageTable, batch: Sequence[ToolResult]) -> bool:
        """Index a batch, or tidy where there is none; whether it came to that before the memory was closed."""
        if not batch:
            with self._committing:
                table.tidy()
        elif not self._index(table, batch):
            return False
        self._mirror.follow(table, load=True)
        with self._changed:
            for result in batch:
                self._pending.pop(result.call.id, None)
                self._backlog.pop(result.call.id, None)
            self._changed.notify_all()
        if batch:
            self._keep_up(table)
        self._mirror.follow(table, load=True)
        return True

    def _open_table(self) -> tuple[PassageTable, AbstractSet[str]] | None:
        """The table and the ids it knows; `None`, after a while, when it cannot be reached."""
        embedder = self._embedder
        try:
            if embedder is None:
                table = PassageTable(self._folder, dims=None, sealing=self._sealing)
            else:
                table = PassageTable(
                    self._folder, dims=embedder.dims, fingerprint=embedder.fingerprint, sealing=self._sealing
                )
            return table, table.known()
        except Unreachable as error:
            self._unopened = error
            self._sit_out(error)
            return None

    def _sit_out(self, error: Unreachable) -> None:
        """Wait before the next try; a memory that is being closed has none."""
        pause_s = self._outage.failed(error)
        with self._changed:
            self._changed.notify_all()  # recalls that wait for vectors
            self._changed.wait_for(lambda: self._closing, pause_s)
            self._abandoned |= self._closing

    def _take_in(self, missing: Iterator[ToolResult]) -> None:
        """Take stored results the table lacks, as many as may be held at a time."""
        taken = list(islice(missing, _CATCH_UP_RESULTS - len(self._backlog)))
        with self._changed:
            self._backlog |= {result.call.id: result for result in taken if result.call.id not in self._pending}

    def _keep_up(self, table: PassageTable) -> None:
        """Fold the table, or have it indexed by a thread that nothing waits for; both at once would spoil either."""
        if self._indexing is not None and self._indexing.is_alive():
            return
        with self._committing:
            table.fold()
        if table.is_index_due():
            self._indexing = threading.Thread(target=_index_large, args=(table,), name="khala-index", daemon=True)
            self._indexing.start()

    def _next_batch(self) -> list[ToolResult] | None:
        """The results to index next, once there are enough or it is time.

        None of them when nothing has come for a while after the last, and `None` when the memory is closed.
        """
        enough, most = _BATCH_RESULTS
        with self._changed:
            while not self._abandoned:
                waiting = len(self._pending)
                left_s = self._oldest_s + _IDLE_S - time.monotonic()
                due = self._closing or self._hurried or waiting >= enough or left_s <= 0
                if (waiting and due) or self._backlog:
                    # a backlog alone goes in small batches, so that what comes meanwhile need not wait long
                    self._quiet_from_s = time.monotonic() + _QUIET_S
                    size = most if waiting else enough
                    return _limited(islice(chain(self._pending.values(), self._backlog.values()), size))
                if self._closing:
                    break
                quiet_s = self._quiet_from_s - time.monotonic()
                if quiet_s <= 0:
                    self._quiet_from_s = math.inf
                    return []
                self._changed.wait(min(quiet_s, left_s if self._pending else _LONG_S))
        return None

    def _index(self, table: PassageTable, batch: Sequence[ToolResult]) -> bool:
        """Commit what the table lacks of a batch; whether it came to that before the memory was closed."""
        present = table.present([result.call.id for result in batch])
        entries: list[Entry] = []
        for result in batch:
            if result.call.id not in present:
                embedded = self._embedded(result)
                if embedded is None:
                    return False
                entries.append((result.call.id, embedded))
        with self._committing:
            # asked now, so that what is forgotten while its batch is embedded does not come back with it
            wanted = {result.call.id for result in batch if self._is_wanted(result)}
            if entries := [entry for entry in entries if entry[0] in wanted]:
                table.add(entries)
        return True

    def _embedded(self, result: ToolResult) -> list[tuple[Passage, list[float] | None]] | None:
        """The passages of a result with their vectors; `None` when the memory was closed meanwhile."""
        embedder = self._embedder
        if embedder is None:
            return [(passage, None) for passage in passages(result)]
        found = passages(result, count_tokens=embedder.count_tokens, max_tokens=embedder.max_tokens)
        vectors: list[list[float] | None] = []
        for first in range(0, min(len(found), _EMBEDDED_CHUNKS), _EMBED_TEXTS):
            if self._abandoned:
                return None
            vectors += embedder.embed([passage.words for passage in found[first : first + _EMBED_TEXTS]])
        vectors += [None] * (len(found) - len(vectors))
        return list(zip(found, vectors, strict=True))

    def _fail(self, failure: MemoryUnusable) -> None:
        with self._changed:
            self._failure = failure
            self._pending.clear()
            self._backlog.clear()
            self._changed.notify_all()
            leaving = self._abandoned or not threading.main_thread().is_alive()
        if not leaving:  # at exit imports and executors fail, and that is nobody's fault
            structlog.get_logger().error("memory stopped", reason=str(failure))


def _index_large(table: PassageTable) -> None:
    try:
        table.index()
    except MemoryUnusable as error:  # another process folded meanwhile: the next commit tries again
        structlog.get_logger().warning("memory was not indexed", reason=str(error))


def _limited(results: Iterator[ToolResult]) -> list[ToolResult]:
    taken: list[ToolResult] = []
    chars = 0
    for result in results:
        taken.append(result)
        chars += len(result.text)
        if chars >= _BATCH_CHARS:
            break
    return taken


def _leave(reference: weakref.ref[LanceMemory], worker: threading.Thread) -> None:
    """At exit, closed or not: a daemon thread that is killed inside native code aborts the interpreter."""
    memory = reference()
    if memory is not None:
        memory.close(timeout_s=0.0)
        worker.join(_LEAVING_S)
        time.sleep(_LETTING_GO_S)
