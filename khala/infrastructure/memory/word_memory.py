"""Memory by words alone, in one SQLite file: for whoever has not installed the `memory` extra.

`remember` only keeps the result; `recall` and `close` file what was kept. Filing takes a fraction of a millisecond a
passage, so there is no worker. The store is the truth: what a killed process had not filed comes back from there.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import structlog

from khala.domain.call import Recollection, ToolResult
from khala.errors import MemoryUnusable
from khala.infrastructure.memory.passages import Passage, passages
from khala.infrastructure.memory.ranking import CANDIDATES, Found, Ranking
from khala.infrastructure.memory.terms import CatchUp, MemoryStats, nothing_stored
from khala.infrastructure.memory.words import query_terms, searchable

__all__ = ["WordMemory"]

_KEPT_CHARS = 16_000_000
"""Characters kept unfiled at most; then one `remember` files them, instead of memory growing without end."""

_BUSY_S = 30.0
"""Seconds to wait for another process that is filing."""

_TABLES = """
CREATE TABLE IF NOT EXISTS results (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE VIRTUAL TABLE IF NOT EXISTS passages USING fts5(
    terms, header UNINDEXED, text UNINDEXED, result_id UNINDEXED, run_id UNINDEXED, tool UNINDEXED, start UNINDEXED,
    stop UNINDEXED, label UNINDEXED, at_ms UNINDEXED, tokenize = 'unicode61'
);
"""


class WordMemory:
    """A `Memory` in `FOLDER/words.db`, or in RAM without a folder; says once that it finds by words only."""

    def __init__(
        self, folder: Path | None = None, *, catch_up: CatchUp = nothing_stored, ranking: Ranking | None = None
    ) -> None:
        self._folder = folder
        self._ranking = ranking or Ranking()
        self._catch_up: CatchUp | None = catch_up
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
            self._database.executescript(_TABLES)
        structlog.get_logger().warning("memory finds by words only", reason="the `memory` extra is not installed")

    def remember(self, result: ToolResult) -> None:
        """Take in a result; returns at once. A result of an id that is known already is the same result."""
        with self._one_at_a_time:
            self._kept.setdefault(result.call.id, result)
            self._kept_chars += len(result.text)
            if self._kept_chars > _KEPT_CHARS:
                self._file()

    def recall(self, query: str, *, limit: int = 5) -> Sequence[Recollection]:
        """The best passages for a query, best first. Raises `MemoryUnusable`."""
        wanted = searchable(query)
        asked = query_terms(wanted)
        if limit <= 0 or not asked:
            return []
        with self._one_at_a_time:
            self._file()
            return self._ranking.best(wanted, limit, asked=asked, search=self._by_words, by_meaning=[])

    def stats(self) -> MemoryStats:
        """How much is held. Raises `MemoryUnusable`."""
        with self._one_at_a_time, self._usable():
            (results,) = self._database.execute("SELECT count(*) FROM results").fetchone()
            (chunks,) = self._database.execute("SELECT count(*) FROM passages").fetchone()
            return MemoryStats(results, chunks, len(self._kept), semantic=False, embedder=None)

    def close(self) -> None:
        """File what is kept, and close the file."""
        with self._one_at_a_time:
            try:
                self._file()
            finally:
                self._database.close()

    def _file(self) -> None:
        """Move everything kept, and once what the store has beyond it, into the tables."""
        with self._usable():
            if self._catch_up is not None:
                known = {row[0] for row in self._database.execute("SELECT id FROM results")}
                for result in self._catch_up(known):
                    self._insert([result])
                self._catch_up = None
            self._insert(list(self._kept.values()))
            self._kept.clear()
            self._kept_chars = 0

    def _insert(self, results: Sequence[ToolResult]) -> None:
        if not results:
            return
        self._database.execute("BEGIN IMMEDIATE")
        try:
            for result in results:
                added = self._database.execute("INSERT OR IGNORE INTO results VALUES (?)", (result.call.id,))
                if added.rowcount:
                    self._database.executemany(
                        "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        [
                            (
                                " ".join(p.terms),
                                p.header,
                                p.text,
                                p.result_id,
                                p.run_id,
                                p.tool,
                                p.start,
                                p.end,
                                p.label,
                                p.at_ms,
                            )
                            for p in passages(result)
                        ],
                    )
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    def _by_words(self, asked: Sequence[str]) -> Found:
        # terms are letters and digits only, so quoting them leaves no query syntax
        wanted = " OR ".join(f'"{term}"' for term in asked)
        with self._usable():
            rows = self._database.execute(
                "SELECT header, text, result_id, run_id, tool, start, stop, label, at_ms, -bm25(passages) FROM passages"
                " WHERE passages MATCH ? ORDER BY bm25(passages), at_ms DESC LIMIT ?",
                (wanted, CANDIDATES),
            ).fetchall()
        return [(_passage(row), float(row[-1])) for row in rows]

    @contextmanager
    def _usable(self) -> Generator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            place = "RAM" if self._folder is None else str(self._folder / "words.db")
            raise MemoryUnusable(
                f"the memory in `{place}` cannot be used ({error}): give it space or rights if it lacks them, else "
                "delete that file; it is rebuilt from the stored results"
            ) from error


def _passage(row: Sequence[object]) -> Passage:
    header, text, result_id, run_id, tool, start, end, label, at_ms, _ = row
    return Passage(
        result_id=str(result_id),
        run_id=str(run_id),
        tool=str(tool),
        header=str(header),
        text=str(text),
        start=int(str(start)),
        end=int(str(end)),
        label=str(label),
        at_ms=int(str(at_ms)),
    )
