"""The worker of a memory: a thread that opens the table, catches up with the store, commits batches and keeps order.

What goes wrong in it reaches nobody at once: whoever asks for the table next is told.
"""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import structlog

from khala.domain.call import ToolResult
from khala.errors import MemoryUnusable
from khala.infrastructure.memory.arrivals import Arrivals
from khala.infrastructure.memory.lance_table import Entry, PassageTable
from khala.infrastructure.memory.mirror import Mirror
from khala.infrastructure.memory.outage import Outage
from khala.infrastructure.memory.place import Place, unusable
from khala.infrastructure.memory.terms import CatchUp, IsWanted, Sealing, Unreachable
from khala.infrastructure.memory.vectors import Vectors

__all__ = ["Indexer"]

_LEAVING_S = 15.0
"""Seconds the interpreter waits at exit for a worker that is told to stop: longer than the imports take (4 to 11)."""

_LETTING_GO_S = 0.1
"""Seconds LanceDB's own threads get, after its last answer, to let go of the interpreter; without them one exit in 20
was an abort on a busy machine (measured)."""


class Indexer:
    """Brings results into the table of a folder or bucket, and into the `mirror` of it; starts when it is needed."""

    def __init__(
        self,
        folder: Place,
        *,
        vectors: Vectors,
        outage: Outage,
        mirror: Mirror,
        catch_up: CatchUp,
        is_wanted: IsWanted,
        sealing: Sealing | None,
    ) -> None:
        self._folder = folder
        self._vectors = vectors
        self._outage = outage
        self._mirror = mirror
        self._catch_up = catch_up
        self._is_wanted = is_wanted
        self._sealing = sealing
        self._arrivals = Arrivals()
        self._failure: MemoryUnusable | None = None
        self._unopened: Unreachable | None = None  # why there is no table yet
        self._table: PassageTable | None = None
        self._indexing: threading.Thread | None = None
        self._worker: threading.Thread | None = None
        self._changed = self._arrivals.changed
        self._committing = threading.Lock()  # held while the table changes

    def put(self, result: ToolResult) -> None:
        """Take in a result; returns at once."""
        with self._changed:
            if self._failure is not None or self._arrivals.closing:
                return  # the store has it, and the next start takes it from there
            self._arrivals.put(result)
            self._start()

    def table(self) -> PassageTable:
        """The table, once it is open. Raises `MemoryUnusable`."""
        arrivals = self._arrivals
        with self._changed:
            if arrivals.closing:
                raise MemoryUnusable("this memory is closed: open it again")
            self._start()
            self._changed.wait_for(lambda: self._table or self._failure or self._unopened or arrivals.abandoned)
            if stopped := self._failure or self._unopened:
                raise stopped
            if self._table is None:
                raise MemoryUnusable("this memory is closed: open it again")
            return self._table

    def settled(self, wait_s: float) -> tuple[PassageTable, list[ToolResult]]:
        """The table, and what it does not hold yet after a wait of at most `wait_s` for what was remembered here."""
        table = self.table()
        arrivals = self._arrivals
        with self._changed:
            awaited = arrivals.pending_ids()
            arrivals.hurry(+1)
            try:
                self._changed.wait_for(
                    lambda: (
                        self._failure is not None
                        or arrivals.abandoned
                        or self._outage.is_on
                        or arrivals.is_through(awaited)
                    ),
                    wait_s,
                )
            finally:
                arrivals.hurry(-1)
            if self._failure is not None:
                raise self._failure
            if arrivals.abandoned:
                raise MemoryUnusable("this memory is closed: open it again")
            return table, arrivals.all()

    def waiting(self) -> int:
        """Results the table does not hold yet."""
        return len(self._arrivals.all())

    def remove(self, result_ids: AbstractSet[str]) -> Sequence[str]:
        """Take results out for good, committed or not; where they may still stand. Raises `MemoryUnusable`."""
        table = self.table()
        self._arrivals.drop(result_ids)
        with self._committing:
            left = table.remove(result_ids)
        self._mirror.follow(table)  # so that what was forgotten leaves RAM too
        return left

    def close(self, *, timeout_s: float) -> None:
        """Commit what is pending, for at most `timeout_s`, and stop."""
        with self._changed:
            self._arrivals.closing = True
            self._changed.notify_all()
            worker = self._worker
        if worker is None or self._arrivals.abandoned:
            return
        worker.join(timeout_s)
        self._arrivals.abandon()

    def _start(self) -> None:
        if self._worker is None:
            self._worker = threading.Thread(target=self._work, name="khala-memory", daemon=True)
            self._worker.start()
            atexit.register(_leave, weakref.ref(self), self._worker)

    def _work(self) -> None:
        try:
            self._vectors.of_query("ready")  # loads the model, here and not in the caller's way
            while (opened := self._open_table()) is None:
                if self._arrivals.abandoned:
                    return
            table, known = opened
            missing = iter(self._catch_up(known))
            self._arrivals.take_in(missing)
            with self._changed:
                self._table, self._unopened = table, None
                self._changed.notify_all()
            while (batch := self._arrivals.next_batch()) is not None:
                try:
                    if not self._take(table, batch):
                        return
                    self._outage.over()
                except Unreachable as error:
                    self._sit_out(error)
                self._arrivals.take_in(missing)
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
        self._arrivals.drop([result.call.id for result in batch])
        if batch:
            self._keep_up(table)
        self._mirror.follow(table, load=True)
        return True

    def _open_table(self) -> tuple[PassageTable, AbstractSet[str]] | None:
        """The table and the ids it knows; `None`, after a while, when it cannot be reached."""
        embedder = self._vectors.embedder
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
            self._changed.wait_for(lambda: self._arrivals.closing, pause_s)
            self._arrivals.abandoned |= self._arrivals.closing

    def _keep_up(self, table: PassageTable) -> None:
        """Fold the table, or have it indexed by a thread that nothing waits for; both at once would spoil either."""
        if self._indexing is not None and self._indexing.is_alive():
            return
        with self._committing:
            table.fold()
        if table.is_index_due():
            self._indexing = threading.Thread(target=_index_large, args=(table,), name="khala-index", daemon=True)
            self._indexing.start()

    def _index(self, table: PassageTable, batch: Sequence[ToolResult]) -> bool:
        """Commit what the table lacks of a batch; whether it came to that before the memory was closed."""
        present = table.present([result.call.id for result in batch])
        entries: list[Entry] = []
        for result in batch:
            if result.call.id not in present:
                embedded = self._vectors.of_result(result, is_stopped=lambda: self._arrivals.abandoned)
                if embedded is None:
                    return False
                entries.append((result.call.id, embedded))
        with self._committing:
            # asked now, so that what is forgotten while its batch is embedded does not come back with it
            wanted = {result.call.id for result in batch if self._is_wanted(result)}
            if entries := [entry for entry in entries if entry[0] in wanted]:
                table.add(entries)
            # and asked again: who forgot some of it meanwhile, in another process, looked for it there too early
            if gone := {one.call.id for one in batch if one.call.id in wanted and not self._is_wanted(one)}:
                table.remove(gone)
        return True

    def _fail(self, failure: MemoryUnusable) -> None:
        with self._changed:
            self._failure = failure
            self._arrivals.clear()
            leaving = self._arrivals.abandoned or not threading.main_thread().is_alive()
        if not leaving:  # at exit imports and executors fail, and that is nobody's fault
            structlog.get_logger().error("memory stopped", reason=str(failure))


def _index_large(table: PassageTable) -> None:
    try:
        table.index()
    except MemoryUnusable as error:  # another process folded meanwhile: the next commit tries again
        structlog.get_logger().warning("memory was not indexed", reason=str(error))


def _leave(reference: weakref.ref[Indexer], worker: threading.Thread) -> None:
    """At exit, closed or not: a daemon thread that is killed inside native code aborts the interpreter."""
    indexer = reference()
    if indexer is not None:
        indexer.close(timeout_s=0.0)
        worker.join(_LEAVING_S)
        time.sleep(_LETTING_GO_S)
