"""The SQLite file of a memory by words, counted and cleaned by whoever does not search it."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

from khala.infrastructure.memory.lance_files import IndexPart
from khala.infrastructure.memory.place import unusable

__all__ = ["optimise_words", "remove_words", "words_part"]

_BUSY_S = 30.0
"""Seconds to wait for another process that is filing."""


def words_part(file: Path) -> IndexPart:
    """What is in it. Raises `MemoryUnusable`."""
    with _opened(file) as db:
        known = frozenset(result_id for (result_id,) in db.execute("SELECT result_id FROM sources"))
        (chunks,) = db.execute("SELECT count(*) FROM passages").fetchone()
        return IndexPart(semantic=False, known=known, chunks=chunks, fragments=1, unindexed=0)


def optimise_words(file: Path) -> None:
    """Join the parts of its index and give back what is free. Raises `MemoryUnusable`."""
    with _opened(file) as db:
        db.execute("INSERT INTO passages(passages) VALUES ('optimize')")
        db.execute("VACUUM")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def remove_words(file: Path) -> None:
    """Delete it, with what SQLite keeps beside it."""
    for ending in ("", "-wal", "-shm"):
        file.with_name(file.name + ending).unlink(missing_ok=True)


@contextmanager
def _opened(file: Path) -> Generator[sqlite3.Connection]:
    try:
        with closing(sqlite3.connect(file, timeout=_BUSY_S, isolation_level=None)) as db:
            yield db
    except (sqlite3.Error, OSError) as error:
        raise unusable(file.parent, error) from error
