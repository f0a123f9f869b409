"""Runs, their events and their texts in the SQLite file of a home.

What holds, and why:

1. When `append` or `keep_text` returns, killing the process loses nothing; when a durable `append` returns, a power
   cut loses nothing that was written up to then. Events and texts share one write-ahead log.
2. An event and the signed head that vouches for it are written in one transaction, so there is no moment at which a
   cut tail could pass for the end of a run.
3. One process drives a run, by its lease. Should the lease fail, the numbers of events are unique in the file: of two
   writers of one number the second gets `RunBusy` and writes nothing.
4. A run is verified whenever its events are read or it is reopened, so nothing goes on from a log that was tampered
   with; a text is checked against its digest whenever it is read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, cast

from khala.domain.call import ToolCall, ToolResult
from khala.domain.events import (
    CallFinished,
    CallRequested,
    ModelReplied,
    Recorded,
    RunStarted,
    ToolDigest,
    ToolsAccepted,
)
from khala.domain.namespace import Namespace
from khala.domain.value import JsonObject
from khala.errors import HomeTooNew, HomeUnusable, LogDamaged, RunUnknown
from khala.infrastructure.store.approvals import Approvals
from khala.infrastructure.store.canonical import from_canonical
from khala.infrastructure.store.database import Database
from khala.infrastructure.store.forgetting import Forgetting
from khala.infrastructure.store.home import HomeFolder, usable
from khala.infrastructure.store.lease import leased
from khala.infrastructure.store.ledger import NO_HASH, Head, Row, recorded, verified
from khala.infrastructure.store.remains import Remains, remains
from khala.infrastructure.store.run_log import SqliteRunLog, now_ms, sign_head
from khala.infrastructure.store.short_ids import is_short_id, new_short_id
from khala.infrastructure.store.signing import SigningKey, load_or_make_key
from khala.infrastructure.store.summary import ExportedHead, RunSummary, VerifiedRun, summary
from khala.infrastructure.store.texts import ERASED, Texts
from khala.infrastructure.store.vault import MasterKey, Vault

__all__ = ["SqliteStore"]

_BATCH = 64
"""Results read at once."""

_FINISHED = "SELECT number, record FROM events WHERE number > ? AND kind = 'call_finished' ORDER BY number LIMIT ?"


class SqliteStore:
    """The `RunStore` of a home, for any thread; close it, or use it as a context.

    A home that was begun with a `master_key` needs it. Raises `HomeUnusable`.
    """

    def __init__(self, home: HomeFolder, *, master_key: MasterKey | None = None) -> None:
        self.home = home
        self._database = Database(home)
        self._namespaces: dict[str, Namespace] = {}
        try:
            with usable(home):
                self._key = self._own_key()
            self.vault = Vault(self._database, master_key)
            """What seals texts and passages."""
        except BaseException:
            self._database.close()
            raise
        self._texts = Texts(self._database, self.vault)
        self.forgetting = Forgetting(self._database, _read, self._tenant_of)
        """What may not be found again."""
        self.approvals = Approvals(self._database, self._key)
        """The questions whether a call may run, answered from any process."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back; what was written stays."""
        self._database.close()

    @contextmanager
    def create(self) -> Generator[SqliteRunLog, None, None]:
        """A new run, leased to this process until the context ends. Raises `HomeUnusable`."""
        run_id = self._new_run()
        with leased(self.home, run_id), self._open_log(run_id, []) as log:
            yield log

    @contextmanager
    def reopen(self, run_id: str) -> Generator[SqliteRunLog, None, None]:
        """An existing run, leased to this process until the context ends.

        Raises `RunUnknown`, `RunBusy` while another process drives it, `LogDamaged` when it does not verify.
        """
        self._check_known(run_id)
        with leased(self.home, run_id), self._open_log(run_id, self._verified_rows(run_id)[0]) as log:
            yield log

    def records(self, run_id: str) -> list[Recorded]:
        """All events of a run, in order. Raises `RunUnknown`, `LogDamaged`, `HomeTooNew`."""
        return [recorded(record) for record in self._verified_rows(run_id)[1]]

    def keep_text(self, text: str, *, tenant: str = "") -> str:
        """Store a text of a tenant, once; its SHA-256, hex."""
        return self._texts.keep(text, tenant=tenant)

    def read_text(self, digest: str) -> str:
        """A stored text, or `ERASED`. Raises `LogDamaged` for one that is missing or was changed."""
        text = self._texts.read(digest)
        return ERASED if text is None else text

    def erase_text(self, digest: str) -> None:
        """Remove the words of a text for good; the runs that name it still verify.

        Copies elsewhere (the memory's index, backups) are not touched. Raises `LogDamaged` when no such text was ever
        stored.
        """
        self._texts.erase(digest)

    def remains(self, sought: Sequence[bytes]) -> Remains:
        """Where in this home any of these byte strings still stands."""
        return remains(sought, home=self.home, database=self._database, texts=self._texts, uses=self.forgetting.uses())

    def runs(self) -> list[RunSummary]:
        """All runs with at least one event, oldest first; read without verifying."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT run_id, count(*),"
                " (SELECT record FROM events AS first WHERE first.run_id = events.run_id ORDER BY seq LIMIT 1),"
                " (SELECT record FROM events AS last WHERE last.run_id = events.run_id ORDER BY seq DESC LIMIT 1)"
                " FROM events GROUP BY run_id ORDER BY min(number)"
            ).fetchall()
        return [summary(*row) for row in rows]

    def verify(self, run_id: str, *, exported: ExportedHead | None = None) -> VerifiedRun:
        """Check the ledger of a run and the texts it names.

        With `exported`, also that the run still holds all that a head kept elsewhere stands for: whoever has the file
        and the key can sign a shorter log, but not one that ends in that hash. Raises `RunUnknown`, `LogDamaged` naming
        the first bad event, `HomeTooNew`.
        """
        rows, records = self._verified_rows(run_id)
        if exported is not None:
            _check_against(exported, run_id, rows, self._key.public_key)
        erased: set[str] = set()
        for record in records:
            digest = cast("JsonObject", record["event"]).get("digest")
            try:
                if isinstance(digest, str) and self._texts.read(digest) is None:
                    erased.add(digest)
            except LogDamaged as error:
                raise LogDamaged(f"event {record['seq']} of run `{run_id}` names a text in vain: {error}") from None
        head_hash = rows[-1].hash if rows else NO_HASH
        is_imported = bool(records) and cast("JsonObject", records[0]["event"]).get("imported") is not None
        return VerifiedRun(run_id, len(rows), head_hash, self._key.public_key, len(erased), is_imported)

    def known_tools(self) -> list[ToolDigest]:
        """Definitions of tools that the runs of this home accepted, oldest first; runs are not verified here."""
        with self._database.reading() as db:
            rows = db.execute("SELECT record FROM events WHERE kind = 'tools_accepted' ORDER BY number").fetchall()
        events = [each.event for (record,) in rows if (each := _read(record)) is not None]
        return [known for event in events if isinstance(event, ToolsAccepted) for known in event.tools]

    def tool_results(self, after: int = 0) -> Iterator[tuple[int, ToolResult]]:
        """Every finished call of all runs in the order they finished, each with a cursor to go on from later.

        For a memory that catches up. A result that was forgotten or erased, or cannot be read, is left out; runs are
        not verified here.
        """
        forgotten = self.forgetting.results()
        for number, finished in self._database.in_batches(_FINISHED, rows=_BATCH, after=after):
            result = self._tool_result(finished)
            if result is not None and result.call.id not in forgotten:
                yield number, result

    def tool_result(self, result_id: str) -> ToolResult | None:
        """The result of one call, of whichever run; `None` for an unknown or erased one. Runs are not verified here."""
        if self.forgetting.has(result_id):
            return None
        run_id = result_id.rpartition("-")[0]
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT record FROM events WHERE run_id = ? AND kind = 'call_finished' AND instr(record, ?)",
                (run_id, f'"call_id":"{result_id}"'.encode()),
            ).fetchall()
        found = (self._tool_result(finished) for (finished,) in rows)
        return next((result for result in found if result is not None and result.call.id == result_id), None)

    def _tool_result(self, finished: bytes) -> ToolResult | None:
        end = _read(finished)
        if end is None or not isinstance(end.event, CallFinished):
            return None
        call = self._requested_call(end.run_id, end.seq, end.event.call_id)
        try:
            namespace = self.namespace(end.run_id)
            text = self._texts.read(end.event.digest, tenant=namespace.tenant)
        except LogDamaged:
            return None
        if call is None or text is None:
            return None
        return ToolResult(
            call=call,
            status=end.event.status,
            text=text,
            digest=end.event.digest,
            label=end.event.label,
            derived_from=end.event.derived_from,
            run_id=end.run_id,
            at_ms=end.at_ms,
            happened_at_ms=end.event.happened_at_ms,
            namespace=namespace,
        )

    def _tenant_of(self, run_id: str) -> str:
        try:
            return self.namespace(run_id).tenant
        except LogDamaged:
            return ""  # what a damaged run holds can still be forgotten

    def namespace(self, run_id: str) -> Namespace:
        """Whose a run is: its first event says it, and that never changes. Raises `LogDamaged`."""
        known = self._namespaces.get(run_id)
        if known is None:
            with self._database.reading() as db:
                row = db.execute("SELECT record FROM events WHERE run_id = ? AND seq = 0", (run_id,)).fetchone()
            first = None if row is None else _read(row[0])
            started = first.event if first is not None and isinstance(first.event, RunStarted) else None
            if started is None:
                raise LogDamaged(f"run `{run_id}` has no first event that can be read; restore the home from a copy")
            known = self._namespaces[run_id] = started.namespace
        return known

    def _requested_call(self, run_id: str, before: int, call_id: str) -> ToolCall | None:
        """The call of that id, out of the last event before that place which asks for it."""
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT record FROM events WHERE run_id = ? AND seq < ? AND kind IN ('model_replied', 'call_requested')"
                " AND instr(record, ?) ORDER BY seq DESC",
                (run_id, before, f'"id":"{call_id}"'.encode()),
            )
            for (record,) in rows:
                asking = _read(record)
                event = asking.event if asking is not None else None
                calls = event.calls if isinstance(event, ModelReplied) else ()
                calls = (event.call,) if isinstance(event, CallRequested) else calls
                for call in calls:
                    if call.id == call_id:
                        return call
        return None

    def _new_run(self) -> str:
        while True:
            run_id = new_short_id()
            with self._database.writing() as db:
                if db.execute("INSERT OR IGNORE INTO runs (id) VALUES (?)", (run_id,)).rowcount:
                    sign_head(db, self._key, run_id=run_id, seq=-1, last_hash=NO_HASH, at_ms=now_ms())
                    return run_id

    @contextmanager
    def _open_log(self, run_id: str, rows: list[Row]) -> Generator[SqliteRunLog, None, None]:
        head_hash = rows[-1].hash if rows else NO_HASH
        log = SqliteRunLog(self._database, self._key, run_id, events=len(rows), head_hash=head_hash)
        try:
            yield log
        finally:
            log.end_lease()

    def _own_key(self) -> SigningKey:
        """The key of this home, made with its first run and never again."""
        path = self.home.signing_key
        if not path.exists():
            with self._database.reading() as db:
                if db.execute("SELECT 1 FROM heads LIMIT 1").fetchone():
                    raise HomeUnusable(f"home `{self.home.path}` has runs and no `{path.name}`: put the key back")
        return load_or_make_key(path)

    def _check_known(self, run_id: str) -> None:
        if is_short_id(run_id):
            with self._database.reading() as db:
                if db.execute("SELECT 1 FROM runs WHERE id = ?", (run_id,)).fetchone():
                    return
        raise RunUnknown(f"no run `{run_id}` in home `{self.home.path}`; `khala runs` lists them")

    def _verified_rows(self, run_id: str) -> tuple[list[Row], list[JsonObject]]:
        """The rows of a run and the records in them."""
        self._check_known(run_id)
        with self._database.reading() as db:
            head = _read_head(run_id, db)
            rows = _read_rows(run_id, db)
        records = verified(run_id, [row for row, _ in rows], head, self._key.is_signed)
        for record, (row, kind) in zip(records, rows, strict=True):
            if cast("JsonObject", record["event"]).get("kind") != kind:
                raise LogDamaged(f"event {row.seq} of run `{run_id}` was changed: it is filed as `{kind}`")
        return [row for row, _ in rows], records


def _read_head(run_id: str, db: sqlite3.Connection) -> Head | None:
    row = db.execute("SELECT statement, signature FROM heads WHERE run_id = ?", (run_id,)).fetchone()
    return Head(*row) if row and all(isinstance(column, bytes) for column in row) else None


def _read(record: bytes) -> Recorded | None:
    """An event read without verifying its run; `None` for what is none."""
    try:
        return recorded(cast("JsonObject", from_canonical(record)))
    except (LogDamaged, HomeTooNew, ValueError, AttributeError, TypeError):
        return None


def _read_rows(run_id: str, db: sqlite3.Connection) -> list[tuple[Row, str]]:
    """The rows of a run, each with the kind it is filed under."""
    rows: list[tuple[Row, str]] = []
    stored: tuple[Any, Any, Any, Any]  # in a damaged file any column may hold anything
    try:
        for stored in db.execute(
            "SELECT seq, hash, record, kind FROM events WHERE run_id = ? ORDER BY seq, number", (run_id,)
        ):
            seq, digest, record, kind = stored
            if not isinstance(seq, int) or not isinstance(digest, bytes) or not isinstance(record, bytes):
                raise TypeError("its columns hold values of other types")  # noqa: TRY301 (both ways end the same)
            rows.append((Row(seq, digest.hex(), record), kind))
    except (sqlite3.DatabaseError, UnicodeDecodeError, TypeError) as error:
        raise LogDamaged(
            f"event {len(rows)} of run `{run_id}` cannot be read ({error}); restore the home from a copy"
        ) from error
    return rows


def _check_against(exported: ExportedHead, run_id: str, rows: Sequence[Row], public_key: str) -> None:
    if exported.run_id != run_id:
        raise LogDamaged(f"the exported head is of run `{exported.run_id}`, not of `{run_id}`: name the run it is of")
    if exported.public_key != public_key:
        raise LogDamaged(f"run `{run_id}` is signed with another key than the exported head names")
    if len(rows) < exported.events:
        raise LogDamaged(f"run `{run_id}` has {len(rows)} events and had {exported.events}: its end was cut off")
    there = rows[exported.events - 1].hash if exported.events else NO_HASH
    if there != exported.head:
        raise LogDamaged(f"event {exported.events - 1} of run `{run_id}` is not the one the exported head stands for")
