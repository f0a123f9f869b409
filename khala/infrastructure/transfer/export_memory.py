"""Writes results of a home, all that is needed to take them in elsewhere, to a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from khala.domain.call import ToolResult
from khala.domain.selection import Selection
from khala.infrastructure.store.sqlite_store import SqliteStore
from khala.infrastructure.transfer.memory_record import line_of
from khala.infrastructure.transfer.record_file import RecordForm, write_lines

__all__ = ["export_memory"]


def export_memory(store: SqliteStore, where: Selection, to: Path | None, form: RecordForm) -> int:
    """Write the results that are meant, in the order they came; how many. Raises `CallerError`, `MissingExtra`."""
    return write_lines(to, (line_of(result) for result in _meant(store, where)), form)


def _meant(store: SqliteStore, where: Selection) -> Iterator[ToolResult]:
    if where.is_empty:
        return
    for _, result in store.tool_results():
        # what was forgotten and came again can be read in its run, and is no memory
        if result.is_original and where.holds(result) and not store.forgetting.is_forgotten(result):
            yield result
