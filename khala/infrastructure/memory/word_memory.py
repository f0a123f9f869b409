"""Memory by words alone, in one SQLite file: for whoever has not installed the `memory` extra.

`remember` only keeps the result; `recall` and `close` file what was kept. Filing takes a fraction of a millisecond a
passage, so there is no worker. The store is the truth: what a killed process had not filed comes back from there.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from collections.abc import Generator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import structlog

from khala.domain.call import Recollection, ToolResult
from khala.domain.selection import EVERYTHING, Selection
from khala.errors import MemoryUnusable
from khala.infrastructure.memory.passages import (
    Passage,
    Source,
    asked_terms,
    listed,
    opened,
    passages,
    sealed,
    storable,
)
from khala.infrastructure.memory.ranking import CANDIDATES, Found, Ranking
from khala.infrastructure.memory.terms import CatchUp, IsWanted, MemoryStats, Sealing, everything_is, nothing_stored
from khala.infrastructure.memory.words import query_terms, searchable

__all__ = ["WordMemory", "remove_lance_tables"]

_KEPT_CHARS = 16_000_000
"""Characters kept unfiled at most; then one `remember` files them, instead of memory growing without end."""

_LANCE_TABLES = ("passages.lance", "words.lance")
"""Folders of LanceDB's tables."""

_BUSY_S = 30.0
"""Seconds to wait for another process that is filing."""

_SOURCE = tuple(field.name for field in fields(Source))

_FORMAT = 2
"""Of the tables. Those of another are dropped and filled from the store again, which takes seconds."""

_TABLES = f"""
CREATE TABLE IF NOT EXISTS sources (number INTEGER PRIMARY KEY, {", ".join(_SOURCE)}, UNIQUE (result_id));
CREATE VIRTUAL TABLE IF NOT EXISTS passages USING fts5(
    terms, words UNINDEXED, header_chars UNINDEXED, start UNINDEXED, stop UNINDEXED, source UNINDEXED,
    tokenize = 'unicode61'
);
"""

_ADD_SOURCE = f"INSERT OR IGNORE INTO sources ({', '.join(_SOURCE)}) VALUES ({', '.join('?' * len(_SOURCE))})"  # noqa: S608 (names of this file)

_FIND = f"""
SELECT {", ".join(_SOURCE)}, words, header_chars, start, stop, bm25(passages)
FROM passages JOIN sources ON sources.number = passages.source WHERE passages MATCH ?
"""  # noqa: S608 (names of this file)

_FORGET_PASSAGES = """
DELETE FROM passages WHERE source IN (
    SELECT number FROM sources WHERE result_id IN (SELECT value FROM json_each(?))
)
"""

_READABLE = "(readers = '' OR EXISTS (SELECT 1 FROM json_each(?) AS reader WHERE instr(readers, reader.value)))"


def remove_lance_tables(folder: Path) -> None:
    """Delete what there was when LanceDB was installed: nothing here reads it, or could take a result out of it."""
    for table in _LANCE_TABLES:
        shutil.rmtree(folder / table, ignore_errors=True)


class WordMemory:
    """A `Memory` in `FOLDER/words.db`, or in RAM without a folder; says once that it finds by words only."""

    def __init__(
        self,
        folder: Path | None = None,
        *,
        catch_up: CatchUp = nothing_stored,
        is_wanted: IsWanted = everything_is,
        sealing: Sealing | None = None,
        ranking: Ranking | None = None,
    ) -> None:
        self._folder = folder
        self._ranking = ranking or Ranking()
        self._catch_up: CatchUp | None = catch_up
        self._is_wanted = is_wanted
        self._sealing = sealing
        self._kept: dict[str, ToolResult] = {}
        self._kept_chars = 0
        self._one_at_a_time = threading.Lock()
        with self._usable():
            if folder is not None:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            place = ":memory:" if folder is None else str(folder / "words.db")
            self._database = sqlite3.connect(place, timeout=_BUSY_S, check_same_thread=False, isolation_level=None)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._make_tables()
        structlog.get_logger().warning("memory finds by words only", reason="the `memory` extra is not installed")

    def remember(self, result: ToolResult) -> None:
        """Take in a result; returns at once. A result of an id that is known already is the same result."""
        if not self._is_wanted(result):
            return
        with self._one_at_a_time:
            self._kept.setdefault(result.call.id, result)
            self._kept_chars += len(result.text)
            if self._kept_chars > _KEPT_CHARS:
                self._file()

    def recall(self, query: str, *, limit: int = 5, where: Selection = EVERYTHING) -> Sequence[Recollection]:
        """The best passages of the results that are meant, best first. Raises `MemoryUnusable`."""
        wanted = searchable(query)
        asked = query_terms(wanted)
        if limit <= 0 or not asked:
            return []
        with self._one_at_a_time:
            self._file()
            return self._ranking.best(
                wanted,
                limit,
                asked=asked,
                search=lambda terms: self._by_words(terms, where),
                by_meaning=[],
                is_wanted=self._is_wanted,
            )

    def forget(self, result_ids: AbstractSet[str]) -> Sequence[str]:
        """Take results out for good, filed or not; where they may still stand. Raises `MemoryUnusable`."""
        gone = (json.dumps(storable(result_ids)),)
        with self._one_at_a_time, self._usable():
            for result_id in result_ids:
                self._kept.pop(result_id, None)
            with self._transaction():
                self._database.execute(_FORGET_PASSAGES, gone)
                self._database.execute("DELETE FROM sources WHERE result_id IN (SELECT value FROM json_each(?))", gone)
                # the index keeps what was deleted until it is built anew, and the file until it is written anew
                self._database.execute("INSERT INTO passages(passages) VALUES ('rebuild')")
            self._database.execute("VACUUM")
            ((is_busy, _, _),) = self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            if self._folder is None:
                return ()
            remove_lance_tables(self._folder)
        return (f"file `{self._folder / 'words.db-wal'}`, which another process reads",) if is_busy else ()

    def stats(self) -> MemoryStats:
        """How much is held. Raises `MemoryUnusable`."""
        with self._one_at_a_time, self._usable():
            (results,) = self._database.execute("SELECT count(*) FROM sources").fetchone()
            (chunks,) = self._database.execute("SELECT count(*) FROM passages").fetchone()
            return MemoryStats(results, chunks, len(self._kept), semantic=False, embedder=None)

    def close(self) -> None:
        """File what is kept, and close the file."""
        with self._one_at_a_time:
            try:
                self._file()
            finally:
                self._database.close()

    def _make_tables(self) -> None:
        (format_,) = self._database.execute("PRAGMA user_version").fetchone()
        if format_ != _FORMAT:
            self._database.executescript(
                "BEGIN IMMEDIATE; DROP TABLE IF EXISTS passages; DROP TABLE IF EXISTS results;"
                f"DROP TABLE IF EXISTS sources; {_TABLES} PRAGMA user_version = {_FORMAT}; COMMIT"
            )

    def _file(self) -> None:
        """Move everything kept, and once what the store has beyond it, into the tables."""
        with self._usable():
            if self._catch_up is not None:
                known = {row[0] for row in self._database.execute("SELECT result_id FROM sources")}
                for result in self._catch_up(known):
                    self._insert([result])
                self._catch_up = None
            self._insert(list(self._kept.values()))
            self._kept.clear()
            self._kept_chars = 0

    def _insert(self, results: Sequence[ToolResult]) -> None:
        if not results:
            return
        with self._transaction():
            for result in filter(self._is_wanted, results):
                source = tuple(getattr(Source.of(result), column) for column in _SOURCE)
                added = self._database.execute(_ADD_SOURCE, source)
                if added.rowcount:
                    self._database.executemany(
                        "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?)",
                        [self._row(passage, added.lastrowid) for passage in passages(result)],
                    )

    @contextmanager
    def _transaction(self) -> Generator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    def _row(self, passage: Passage, source: int | None) -> tuple[object, ...]:
        words, terms = sealed(passage, self._sealing)
        return terms, words, len(passage.header), passage.start, passage.end, source

    def _by_words(self, asked: Sequence[str], where: Selection) -> Found:
        asked = asked_terms(asked, where, self._sealing)
        if not asked:
            return []
        # terms are letters and digits only, so quoting them leaves no query syntax
        wanted = " OR ".join(f'"{term}"' for term in asked)
        conditions, values = _conditions(where)
        with self._usable():
            rows = self._database.execute(
                f"{_FIND} {conditions} ORDER BY bm25(passages), at_ms DESC LIMIT ?", (wanted, *values, CANDIDATES)
            ).fetchall()
        found = ((self._passage(row), -float(row[-1])) for row in rows)
        return [(passage, score) for passage, score in found if passage is not None]

    def _passage(self, row: Sequence[Any]) -> Passage | None:
        return opened(Source(*row[: len(_SOURCE)]), row[len(_SOURCE) : -1], self._sealing)

    @contextmanager
    def _usable(self) -> Generator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            place = "RAM" if self._folder is None else str(self._folder / "words.db")
            raise MemoryUnusable(
                f"the memory in `{place}` cannot be used ({error}): give it space or rights if it lacks them, else "
                "build it anew from the stored results: `khala memory reindex`"
            ) from error


def _conditions(where: Selection) -> tuple[str, list[str | int]]:
    """The conditions of a selection: text that stands in this file, and the values apart from it."""
    asked: list[tuple[str, str | int | None]] = [
        ("tenant = ?", None if where.namespace is None else where.namespace.tenant),
        ("agent = ?", None if where.namespace is None else where.namespace.agent or None),
        (_READABLE, None if where.read_by is None else json.dumps([listed(name) for name in where.read_by])),
        ("result_id IN (SELECT value FROM json_each(?))", _any_of(where.ids)),
        ("run_id IN (SELECT value FROM json_each(?))", _any_of(where.runs)),
        ("tool IN (SELECT value FROM json_each(?))", _any_of(where.tools)),
        ("trust = ?", where.trust),
        *(("instr(origins, ?)", listed(origin)) for origin in sorted(where.origins)),
        ("at_ms >= ?", None if where.since_ms is None else _storable(where.since_ms)),
        ("at_ms < ?", None if where.before_ms is None else _storable(where.before_ms)),
    ]
    given = [(condition, value) for condition, value in asked if value is not None]
    return "".join(f" AND {condition}" for condition, _ in given), [value for _, value in given]


def _storable(at_ms: int) -> int:
    """The nearest time that SQLite can hold."""
    return max(-(2**63), min(at_ms, 2**63 - 1))


def _any_of(names: frozenset[str] | None) -> str | None:
    return None if names is None else json.dumps(storable(names))
