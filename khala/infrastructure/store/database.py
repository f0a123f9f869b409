"""The SQLite file of a home: its tables, its format version, and the one connection a store has to it.

The file is in write-ahead mode: a commit is handed to the operating system before it returns, so killing the process
loses nothing. A durable commit is also synced to the disk, and with it all that was committed before, so a power cut
loses nothing either. The format version stands in `user_version`, and `application_id` tells a home from any other
SQLite file.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from khala.errors import HomeTooNew, HomeUnusable
from khala.infrastructure.store.home import HomeFolder, usable

__all__ = ["Database"]

_FORMAT = 2
"""Raised when tables change; a home of a higher format is not touched."""

_APPLICATION_ID = 0x6B68616C
"""`khal` in ASCII."""

_LOCK_WAIT_S = 10.0
"""How long a write waits for another process; one commit takes milliseconds."""

_LOG_PAGES = 512
"""Pages after which the write-ahead log is moved into the file: 2 MiB, half of SQLite's default, because the space of
both counts."""

# content is the compressed text, NULL once it was erased
_TEXTS = "CREATE TABLE texts (digest BLOB NOT NULL, tenant TEXT NOT NULL, content BLOB, UNIQUE (digest, tenant))"

_TABLES = (
    "CREATE TABLE runs (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE)",
    # number counts the events of all runs, for readers that follow along; kind is there to find events by
    """CREATE TABLE events (
        number INTEGER PRIMARY KEY, run_id TEXT NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL,
        hash BLOB NOT NULL, record BLOB NOT NULL, UNIQUE (run_id, seq)
    )""",
    "CREATE TABLE heads (run_id TEXT PRIMARY KEY, statement BLOB NOT NULL, signature BLOB NOT NULL)",
    _TEXTS,
)

_FROM_FORMAT_1 = (
    # texts had no tenant
    "ALTER TABLE texts RENAME TO texts_of_format_1",
    _TEXTS,
    "INSERT INTO texts SELECT digest, '', content FROM texts_of_format_1",
    "DROP TABLE texts_of_format_1",
    f"PRAGMA user_version={_FORMAT}",
)

_ADDED_TABLES = (
    # each statement is signed, and says all that counts; the columns beside it are there to find it
    """CREATE TABLE IF NOT EXISTS questions (
        id TEXT PRIMARY KEY, expires_at INTEGER NOT NULL, statement BLOB NOT NULL, signature BLOB NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS answers (
        question_id TEXT PRIMARY KEY, statement BLOB NOT NULL, signature BLOB NOT NULL
    )""",
    # results, and texts of a tenant, that nobody may find again; removed says whether the index has let go of a result
    """CREATE TABLE IF NOT EXISTS forgotten_results (
        result_id TEXT PRIMARY KEY, removed INTEGER NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS forgotten_texts (
        digest BLOB NOT NULL, tenant TEXT NOT NULL, PRIMARY KEY (digest, tenant)
    ) WITHOUT ROWID""",
    # a key for each tenant, sealed under the master key; see vault.py
    """CREATE TABLE IF NOT EXISTS keys (
        tenant TEXT PRIMARY KEY, id BLOB NOT NULL UNIQUE, wrapped BLOB NOT NULL
    ) WITHOUT ROWID""",
    "CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS pins (result_id TEXT PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS used_answers (question_id TEXT PRIMARY KEY, expires_at INTEGER NOT NULL)",
    # the few events that say which tools are known, found without looking at the others
    "CREATE INDEX IF NOT EXISTS accepted_tools ON events (number) WHERE kind = 'tools_accepted'",
)
"""Made in homes of this format that began without them; a khala that does not know them leaves them alone."""


class Database:
    """The open file. Any thread may use it; they take turns, so keep what you do with it short."""

    def __init__(self, home: HomeFolder) -> None:
        self._home = home
        self._turn = Lock()
        self._db = _connect(home)
        self._is_durable = False

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection, None, None]:
        """For queries that see one state of the file. Raises `HomeUnusable`."""
        with self._turn, usable(self._home), _transaction(self._db, "BEGIN"):
            yield self._db

    @contextmanager
    def writing(self, *, durable: bool = False) -> Generator[sqlite3.Connection, None, None]:
        """For one transaction, written as a whole or not at all; committed when the context ends.

        Raises `HomeUnusable`.
        """
        with self._turn, usable(self._home):
            if durable is not self._is_durable:
                self._db.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
                self._is_durable = durable
            with _transaction(self._db, "BEGIN IMMEDIATE"):
                yield self._db

    def in_batches(self, statement: str, *, rows: int, after: int = 0) -> Iterator[tuple[Any, ...]]:
        """All rows of a long reading, so many at a time that a writer waits for milliseconds at most.

        The statement takes the number after which to go on and how many rows are wanted; its first column is that
        number, and it is ordered by it. Raises `HomeUnusable`.
        """
        while True:
            with self.reading() as db:
                batch: list[tuple[Any, ...]] = db.execute(statement, (after, rows)).fetchall()
            if not batch:
                return
            yield from batch
            after = batch[-1][0]

    def forget_erased(self) -> bool:
        """Empty the write-ahead log, in which erased content may still stand; whether that could be done.

        While another process reads, its state has to stay; the next emptying then does it. Raises `HomeUnusable`.
        """
        with self._turn, usable(self._home):
            ((is_busy, _, _),) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return not is_busy

    def close(self) -> None:
        """Give the file back."""
        with self._turn:
            self._db.close()


@contextmanager
def _transaction(db: sqlite3.Connection, begin: str) -> Generator[None, None, None]:
    db.execute(begin)
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # SQLite has rolled back by itself after some errors
            db.execute("ROLLBACK")
        raise


def _connect(home: HomeFolder) -> sqlite3.Connection:
    with usable(home):
        # made here and not by SQLite, so that nobody else can read it; the files beside it get the same rights
        os.close(os.open(home.database, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        db = sqlite3.connect(home.database, timeout=_LOCK_WAIT_S, isolation_level=None, check_same_thread=False)
        try:
            is_new = _is_new(home, db)
            _use_write_ahead_log(home, db)
            db.execute("PRAGMA synchronous=NORMAL")
            db.execute(f"PRAGMA wal_autocheckpoint={_LOG_PAGES}")
            db.execute("PRAGMA fullfsync=ON")  # on macOS a sync reaches the disk only so
            db.execute("PRAGMA secure_delete=ON")  # what is erased is overwritten
            if is_new:
                _make_tables(home, db)
            _bring_up_to_date(db)
            for statement in _ADDED_TABLES:
                db.execute(statement)
        except BaseException:
            db.close()
            raise
        return db


def _make_tables(home: HomeFolder, db: sqlite3.Connection) -> None:
    with _transaction(db, "BEGIN IMMEDIATE"):
        if _is_new(home, db):  # still: another process may have been first
            for statement in _TABLES:
                db.execute(statement)
            db.execute(f"PRAGMA application_id={_APPLICATION_ID}")
            db.execute(f"PRAGMA user_version={_FORMAT}")


def _bring_up_to_date(db: sqlite3.Connection) -> None:
    if db.execute("PRAGMA user_version").fetchone() == (_FORMAT,):
        return
    with _transaction(db, "BEGIN IMMEDIATE"):
        if db.execute("PRAGMA user_version").fetchone() == (1,):  # still: another process may have been first
            for statement in _FROM_FORMAT_1:
                db.execute(statement)


def _is_new(home: HomeFolder, db: sqlite3.Connection) -> bool:
    """Whether the file is empty; raises for a file that is not a home of this format."""
    # tables first: another process may make them, and the two numbers with them, between one question and the next
    if not db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall():
        return True
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if application != _APPLICATION_ID:
        raise HomeUnusable(f"home `{home.path}`: `khala.db` is another program's database; choose another folder")
    if version > _FORMAT:
        raise HomeTooNew(f"home `{home.path}` has format {version}, this khala reads up to {_FORMAT}; update khala")
    return False


def _use_write_ahead_log(home: HomeFolder, db: sqlite3.Connection) -> None:
    deadline = time.monotonic() + _LOCK_WAIT_S
    while True:
        try:
            (mode,) = db.execute("PRAGMA journal_mode=WAL").fetchone()
            break
        except sqlite3.OperationalError as error:
            # SQLite does not wait by itself when two processes change the mode of a new file at once
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    if mode != "wal":
        raise HomeUnusable(f"home `{home.path}`: its file system cannot share memory; choose a folder on a local disk")
