"""A corpus, kept searchable: which documents it has, what changed since last time, and what could not be read.

Lexical on purpose: embedding runs at some 14 to 70 passages a second on two cores, and a corpus may have thousands. The
index is a copy that can be made again from the documents at any time. A file is read again only when its time or size
changed, and indexed again only when its bytes did; a killed refresh is simply continued by the next.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import TracebackType
from typing import Self

from khala.errors import CorpusUnreadable
from khala.infrastructure.tools.corpus_tables import CorpusTables, FileState, Hit
from khala.infrastructure.tools.documents import MAX_FILE_BYTES, Document, SkippedFile, read_bytes, read_text
from khala.infrastructure.tools.folder import FolderListing, ListedFile, listed_folder, printable
from khala.infrastructure.tools.python_docs import PYTHON_DOCS, python_documents, python_version

__all__ = ["CorpusIndex", "Progress", "Refreshed"]

Progress = Callable[[int, int], None]
"""Told how many documents are done, and of how many."""


@dataclass(frozen=True)
class Refreshed:
    """What a refresh found and did."""

    documents: int
    """Documents that can be searched now."""
    read: int
    """Files that were opened, because they are new or changed."""
    removed: int
    skipped: tuple[SkippedFile, ...]
    other_kinds: int
    """Files of a kind that is not read."""
    notes: tuple[str, ...]
    """What had to be guessed, one line for each document."""


class CorpusIndex:
    """The documents of one corpus; safe to use from several threads and processes.

    `corpus` is a folder, or `python-docs`; `path` is the index file. Call `refresh` before the first search. Raises
    `HomeUnusable` when the index file cannot be used.
    """

    def __init__(self, corpus: str, path: Path, *, max_file_bytes: int = MAX_FILE_BYTES) -> None:
        self.corpus = corpus
        self._max_file_bytes = max_file_bytes
        self._tables = CorpusTables(path)

    @classmethod
    def open(cls, corpus: str, folder: Path) -> Self:
        """The index of a corpus, kept in a folder beside those of other corpora."""
        where = python_version() if corpus == PYTHON_DOCS else str(Path(corpus).expanduser().absolute())
        name = hashlib.sha256(where.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return cls(corpus, folder / f"{name}.db")

    def close(self) -> None:
        """Let go of the index file."""
        self._tables.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def refresh(self, on_progress: Progress | None = None) -> Refreshed:
        """Bring the index up to date; `on_progress` is called after each document.

        Raises `CorpusUnreadable` when nothing can be read, in one line that says why and what to do.
        """
        if self.corpus == PYTHON_DOCS:
            return self._refresh_python(on_progress)
        folder = Path(self.corpus).expanduser()
        listing = listed_folder(folder, max_bytes=self._max_file_bytes)
        summary = self._refresh_files(listing, on_progress)
        if not summary.documents:
            raise CorpusUnreadable(_nothing_readable(folder, summary))
        return summary

    def search(self, query: str, limit: int = 8) -> list[Hit]:
        """The passages that carry the words of a query best, best first; any text is a valid query."""
        return self._tables.search(query, limit)

    def counts(self, query: str) -> dict[str, int]:
        """In how many passages each telling word of a query stands, counted up to 10,000; rarest first."""
        return self._tables.counts(query)

    def passages(self) -> int:
        """How many passages there are."""
        return self._tables.passages()

    def document(self, document_id: str) -> Document | None:
        """A document by its id, `None` for an unknown one."""
        return self._tables.document(document_id)

    def near_ids(self, document_id: str, limit: int = 5) -> list[str]:
        """Ids that are spelled like this one, nearest first."""
        wanted = document_id.casefold()[:200]
        last = wanted.rsplit("/", 1)[-1]
        known = {known.casefold(): known for known in self._tables.ids()}
        inside = [folded for folded in known if last and last in folded]
        near = [*inside[:limit], *get_close_matches(wanted, known, n=limit, cutoff=0.5)]
        return [known[folded] for folded in dict.fromkeys(near)][:limit]

    def _refresh_files(self, listing: FolderListing, on_progress: Progress | None) -> Refreshed:
        known = self._tables.states()
        skipped = {problem.id: problem for problem in listing.skipped}
        read = 0
        for done, file in enumerate(listing.files, start=1):
            before = known.get(file.id)
            if before is None or (before.mtime_ns, before.bytes) != (file.mtime_ns, file.bytes):
                read += 1
                problem = self._take(file, before)
                skipped |= {file.id: problem} if problem else {}
            if on_progress is not None:
                on_progress(done, len(listing.files))
        passing = {problem.id for problem in skipped.values() if not problem.is_lasting}
        gone = known.keys() - ({file.id for file in listing.files} - passing)
        for document_id in sorted(gone):
            self._tables.remove(document_id)
        return self._summary(read, len(gone), skipped, listing.other_kinds)

    def _take(self, file: ListedFile, before: FileState | None) -> SkippedFile | None:
        """Read one file and index it if its bytes changed; why not, if it cannot be."""
        content = read_bytes(file.path, file.id, max_bytes=self._max_file_bytes)
        if isinstance(content, SkippedFile):
            return content
        state = FileState(file.mtime_ns, file.bytes, hashlib.sha256(content).hexdigest())
        if before is not None and before.digest == state.digest:
            self._tables.set_state(file.id, state)
            return None
        document = read_text(content, file.id)
        if isinstance(document, Document) or document.is_lasting:
            self._tables.put(document, state)
        return document if isinstance(document, SkippedFile) else None

    def _refresh_python(self, on_progress: Progress | None) -> Refreshed:
        version = python_version()
        if self._tables.is_complete(version):
            return self._summary(0, 0, {}, 0)
        documents = list(python_documents())
        for done, document in enumerate(documents, start=1):
            self._tables.put(document, FileState())
            if on_progress is not None:
                on_progress(done, len(documents))
        self._tables.complete(version)
        return self._summary(len(documents), 0, {}, 0)

    def _summary(self, read: int, removed: int, skipped: dict[str, SkippedFile], other_kinds: int) -> Refreshed:
        problems = {**skipped, **{problem.id: problem for problem in self._tables.skipped()}}
        return Refreshed(
            documents=len(self._tables.ids()),
            read=read,
            removed=removed,
            skipped=tuple(problems[document_id] for document_id in sorted(problems)),
            other_kinds=other_kinds,
            notes=tuple(self._tables.notes()),
        )


def _nothing_readable(folder: Path, summary: Refreshed) -> str:
    reasons = Counter(problem.reason for problem in summary.skipped)
    parts = [f"{count} {reason}" for reason, count in sorted(reasons.items())]
    parts += [f"{summary.other_kinds} of another kind"] if summary.other_kinds else []
    why = f"skipped: {'; '.join(parts)}" if parts else "it is empty"
    return (
        f"nothing to read in `{printable(str(folder))}` ({why}): put md, txt, rst, html, json, py or pdf files into it,"
        " or name another folder"
    )
