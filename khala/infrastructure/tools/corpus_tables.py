"""The tables of a corpus index in SQLite: documents word for word, and their passages under full text.

Each document is one small transaction that leaves a whole state: a killed writer loses at most the document it was at,
and several processes may write and search one file. Nothing of a document or a query ever becomes SQL.
"""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from khala.errors import HomeUnusable
from khala.infrastructure.tools.documents import Document, SkippedFile
from khala.infrastructure.tools.passages import passages

__all__ = ["CorpusTables", "FileState", "Hit", "full_text_query"]

_FORMAT = 1
"""Version of the tables and of what is put into them; an index of another version is made anew."""

_BUSY_S = 30.0
"""Seconds to wait for another process's transaction; each is one document long."""

_MAX_QUERY_WORDS = 32
_MAX_WORD_CHARS = 64
_TITLE_WEIGHT, _HEADING_WEIGHT, _BODY_WEIGHT = 2.0, 2.0, 1.0
"""bm25 weights: a word in a title or heading says more about a passage than one inside it."""

_STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be been by can did do does for from had has have he her his how i in into is it its me my"
        " no of on or our she so than that the their them then there these they this to was we were what when where"
        " which who whom whose why will with you your",
    )
)
_TABLES = """
CREATE TABLE document(number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, text TEXT NOT NULL,
    chars INTEGER NOT NULL, note TEXT NOT NULL, skipped TEXT NOT NULL, digest TEXT NOT NULL, mtime_ns INTEGER NOT NULL,
    bytes INTEGER NOT NULL);
CREATE TABLE passage(number INTEGER PRIMARY KEY, document INTEGER NOT NULL, start INTEGER NOT NULL);
CREATE INDEX passage_document ON passage(document);
CREATE VIRTUAL TABLE words USING fts5(title, heading, body, tokenize = "porter unicode61");
CREATE TABLE complete(version TEXT NOT NULL);
"""
_SEARCH = """
SELECT document.id, document.title, words.heading, words.body, passage.start, document.chars
FROM words JOIN passage ON passage.number = words.rowid JOIN document ON document.number = passage.document
WHERE words MATCH ? ORDER BY bm25(words, ?, ?, ?), words.rowid LIMIT ?
"""
_COUNT = "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)"
_MOST_COUNTED = 10_000
"""Where counting a common word stops: beyond it every word is equally common, and counting on would take its time."""


@dataclass(frozen=True)
class Hit:
    """A passage that was found: `text[start:end]` of its document."""

    document: str
    title: str
    heading: str
    passage: str
    start: int
    end: int
    document_chars: int


@dataclass(frozen=True)
class FileState:
    """What shows whether a file changed: time and size first, then its bytes."""

    mtime_ns: int = 0
    bytes: int = 0
    digest: str = ""
    """SHA-256 of the bytes, hex."""


class CorpusTables:
    """One index file, safe to use from several threads and processes.

    Every method raises `HomeUnusable` when the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        with self._opened():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
            self._switch_to_wal()
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._make()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    def search(self, query: str, limit: int) -> list[Hit]:
        """The passages that carry the words of a query best, best first; any text is a valid query."""
        match = full_text_query(query)
        if not match:
            return []
        with self._opened():
            weights = (_TITLE_WEIGHT, _HEADING_WEIGHT, _BODY_WEIGHT)
            rows = self._db.execute(_SEARCH, (match, *weights, limit)).fetchall()
        return [
            Hit(document, title, heading, body, start, start + len(body), chars)
            for document, title, heading, body, start, chars in rows
        ]

    def counts(self, query: str) -> dict[str, int]:
        """In how many passages each telling word of a query stands, counted up to 10,000; rarest first."""
        with self._opened():
            counted = {
                word: int(self._db.execute(_COUNT, (f'"{word}"', _MOST_COUNTED)).fetchone()[0])
                for word in _telling_words(query)[:_MAX_QUERY_WORDS]
            }
        return dict(sorted(counted.items(), key=lambda item: (item[1], item[0])))

    def passages(self) -> int:
        """How many passages there are."""
        with self._opened():
            return int(self._db.execute("SELECT count(*) FROM passage").fetchone()[0])

    def document(self, document_id: str) -> Document | None:
        """A document by its id; an id is a key in a table and never becomes a path."""
        key = document_id.encode("utf-8", "replace").decode()  # half a character cannot be bound
        with self._opened():
            select = "SELECT id, title, text, note FROM document WHERE id = ? AND skipped = ''"
            row = self._db.execute(select, (key,)).fetchone()
        return Document(*row) if row else None

    def ids(self) -> list[str]:
        """The ids of all documents, in order."""
        with self._opened():
            rows = self._db.execute("SELECT id FROM document WHERE skipped = '' ORDER BY id").fetchall()
        return [document_id for (document_id,) in rows]

    def notes(self) -> list[str]:
        """What had to be guessed while reading, one line for each document."""
        with self._opened():
            select = "SELECT id, note FROM document WHERE skipped = '' AND note != '' ORDER BY id"
            return [f"{document_id}: {note}" for document_id, note in self._db.execute(select).fetchall()]

    def skipped(self) -> list[SkippedFile]:
        """The files that were read and are no documents."""
        with self._opened():
            select = "SELECT id, skipped FROM document WHERE skipped != '' ORDER BY id"
            rows = self._db.execute(select).fetchall()
        return [SkippedFile(document_id, reason, is_lasting=True) for document_id, reason in rows]

    def states(self) -> dict[str, FileState]:
        """What is known of each file, by id."""
        with self._opened():
            rows = self._db.execute("SELECT id, mtime_ns, bytes, digest FROM document").fetchall()
        return {document_id: FileState(*state) for document_id, *state in rows}

    def set_state(self, document_id: str, state: FileState) -> None:
        """The file was touched, its bytes are the same."""
        with self._opened():
            update = "UPDATE document SET mtime_ns = ?, bytes = ? WHERE id = ? AND digest = ?"
            self._db.execute(update, (state.mtime_ns, state.bytes, document_id, state.digest))

    def put(self, document: Document | SkippedFile, state: FileState) -> None:
        """Take in a document, or the reason why a file is none, in the place of what was known under its id."""
        with self._opened(), self._transaction():
            self._delete(document.id)
            is_text = isinstance(document, Document)
            text = document.text if is_text else ""
            number = self._insert(
                "document(id, title, text, chars, note, skipped, digest, mtime_ns, bytes)",
                document.id,
                document.title if is_text else "",
                text,
                len(text),
                document.note if is_text else "",
                "" if is_text else document.reason,
                state.digest,
                state.mtime_ns,
                state.bytes,
            )
            title = document.title if is_text else ""
            for part in passages(text, is_code=document.id.lower().endswith(".py")):
                row = self._insert("passage(document, start)", number, part.start)
                body = text[part.start : part.end]
                self._insert("words(rowid, title, heading, body)", row, title, part.heading, body)

    def remove(self, document_id: str) -> None:
        """Forget a file."""
        with self._opened(), self._transaction():
            self._delete(document_id)

    def is_complete(self, version: str) -> bool:
        """Whether `complete` was said of this version."""
        with self._opened():
            return self._db.execute("SELECT 1 FROM complete WHERE version = ?", (version,)).fetchone() is not None

    def complete(self, version: str) -> None:
        """Remember that all documents of this version are in."""
        with self._opened():
            self._insert("complete(version)", version)

    def _delete(self, document_id: str) -> None:
        for (number,) in self._db.execute("SELECT number FROM document WHERE id = ?", (document_id,)).fetchall():
            rows = "SELECT number FROM passage WHERE document = ?"
            self._db.executemany("DELETE FROM words WHERE rowid = ?", self._db.execute(rows, (number,)).fetchall())
            self._db.execute("DELETE FROM passage WHERE document = ?", (number,))
            self._db.execute("DELETE FROM document WHERE number = ?", (number,))

    def _insert(self, into: str, *values: str | int | None) -> int | None:
        places = ", ".join("?" * len(values))
        return self._db.execute(f"INSERT INTO {into} VALUES ({places})", values).lastrowid  # noqa: S608 (names of ours)

    def _make(self) -> None:
        with self._transaction():
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version == _FORMAT:
                return
            for table in ("words", "passage", "document", "complete"):
                self._db.execute(f"DROP TABLE IF EXISTS {table}")
            for statement in filter(str.strip, _TABLES.split(";")):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {_FORMAT}")

    def _switch_to_wal(self) -> None:
        """Two processes that open a new file at once: SQLite refuses one of them at once, without waiting."""
        deadline = time.monotonic() + _BUSY_S
        while True:
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as problem:
                if "locked" not in str(problem) or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    @contextmanager
    def _transaction(self) -> Generator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def _opened(self) -> Generator[None]:
        """One thread at a time on the connection; SQLite's and the file system's errors become ours."""
        with self._lock:
            try:
                yield
            except (sqlite3.Error, OSError) as problem:
                raise HomeUnusable(
                    f"the corpus index `{self.path}` cannot be used ({str(problem).lower()}): check rights and space of"
                    " the home; the file may be deleted, it is made again"
                ) from None


def full_text_query(text: str) -> str:
    """A full-text query for the words of any text: each word and each quoted phrase in quotes, joined by OR.

    Only letters and digits get through, so nothing of the text can act as query syntax. Stop words count only when
    there is nothing else.
    """
    phrases = [" ".join(_words(phrase)) for phrase in re.findall(r'"([^"]{2,200})"', text)]
    terms = list(dict.fromkeys([*(phrase for phrase in phrases if " " in phrase), *_telling_words(text)]))
    return " OR ".join(f'"{term}"' for term in terms[:_MAX_QUERY_WORDS])


def _telling_words(text: str) -> list[str]:
    words = list(dict.fromkeys(_words(text)))
    return [word for word in words if word not in _STOP_WORDS] or words


def _words(text: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[^\W_]+", text) if len(word) <= _MAX_WORD_CHARS]
