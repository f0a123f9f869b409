"""Writes the events of one run, each together with the signed head that vouches for it."""

from __future__ import annotations

import sqlite3
import time

from khala.domain.events import Event, Recorded
from khala.errors import RunBusy
from khala.infrastructure.store.database import Database
from khala.infrastructure.store.ledger import head_statement, record_bytes, record_hash
from khala.infrastructure.store.signing import SigningKey

__all__ = ["SqliteRunLog", "now_ms", "sign_head"]


class SqliteRunLog:
    """The `RunLog` of a run this process holds the lease on."""

    def __init__(self, database: Database, key: SigningKey, run_id: str, *, events: int, head_hash: str) -> None:
        self._database = database
        self._key = key
        self._run_id = run_id
        self._events = events
        self._head_hash = head_hash
        self._is_leased = True

    @property
    def run_id(self) -> str:
        """The run."""
        return self._run_id

    def append(self, event: Event, *, durable: bool = False) -> Recorded:
        """Write the next event; when this returns, killing the process cannot lose it.

        `durable` also syncs it, and all that was written before it, to the disk. Raises `RunBusy` when the lease has
        ended or somebody else wrote to the run, and `HomeUnusable`; nothing is written then.
        """
        if not self._is_leased:
            raise RunBusy(f"run `{self._run_id}` is no longer leased to this log; reopen it")
        recorded = Recorded(run_id=self._run_id, seq=self._events, at_ms=now_ms(), event=event)
        record = record_bytes(recorded, self._head_hash)
        digest = record_hash(record)
        with self._database.writing(durable=durable) as db:
            written = db.execute(
                "INSERT OR IGNORE INTO events (run_id, seq, kind, hash, record) VALUES (?, ?, ?, ?, ?)",
                (self._run_id, recorded.seq, event.kind, bytes.fromhex(digest), record),
            )
            if written.rowcount == 0:
                raise RunBusy(f"run `{self._run_id}` was driven on by another process; end one of the two")
            sign_head(db, self._key, run_id=self._run_id, seq=recorded.seq, last_hash=digest, at_ms=recorded.at_ms)
        self._events += 1
        self._head_hash = digest
        return recorded

    def end_lease(self) -> None:
        """Refuse every further event."""
        self._is_leased = False


def sign_head(db: sqlite3.Connection, key: SigningKey, *, run_id: str, seq: int, last_hash: str, at_ms: int) -> None:
    """Put the signed head of a run in the place of the one before."""
    statement = head_statement(run_id, seq, last_hash, at_ms)
    db.execute("REPLACE INTO heads VALUES (?, ?, ?)", (run_id, statement, key.sign(statement)))


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
