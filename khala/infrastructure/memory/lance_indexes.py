"""The indexes of a LanceDB table of passages: of terms always; of vectors and what is selected by once it is large."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# lancedb's signatures are full of pyarrow, which has no types

from __future__ import annotations

import time
from functools import partial
from typing import Any

import structlog

from khala.infrastructure.memory.commit_conflicts import committed
from khala.infrastructure.memory.words import TERM_CHARS

__all__ = ["LARGE_ROWS", "REFINE", "TERMS_INDEX", "index_large", "index_terms", "is_index_due", "vectors_are_indexed"]

TERMS_INDEX = "terms_idx"

_TERM_BYTES = 4 * TERM_CHARS
"""Of a term that the full-text index keeps: all of it; the default (40) loses a SHA-256."""

LARGE_ROWS = 50_000
"""Below this an exact search takes no longer than one by an index."""

REFINE = 3
"""Times the passages wanted whose vectors are compared themselves: of the 100 nearest it finds 100, without it 65, with
10 it takes twice as long (60,000 vectors, measured)."""

_VECTORS = "vector_idx"

_MOST_SEGMENTS = 16
"""Each fold adds a segment to the index of the vectors, for the partitions it was made with; so many are made new."""

_COLUMNS = {"result_id": "BTree", "run_id": "BTree", "at_ms": "BTree", "tenant": "Bitmap", "tool": "Bitmap"}
"""What is looked up, and selected by, beside the rest."""


def index_terms(table: Any) -> None:
    """Make the full-text index of a new table."""
    from lancedb.index import FTS

    if list(table.list_indices()):
        return
    terms_as_they_are = FTS(
        base_tokenizer="whitespace",
        lower_case=False,
        stem=False,
        remove_stop_words=False,
        ascii_folding=False,
        max_token_length=_TERM_BYTES,
    )
    try:
        table.create_index("terms", config=terms_as_they_are, name=TERMS_INDEX)
    except RuntimeError:
        if not list(table.list_indices()):  # else another process made it a moment before
            raise


def vectors_are_indexed(table: Any) -> bool:
    """Whether a search by vectors goes by an index."""
    return _VECTORS in _segments(table)


def is_index_due(table: Any) -> bool:
    """Whether a table has become large, or has grown so much since that its indexes should be made new."""
    if table.count_rows() < LARGE_ROWS:
        return False
    segments = _segments(table)
    return not _wanted(table) <= set(segments) or segments.get(_VECTORS, 0) > _MOST_SEGMENTS


def index_large(table: Any) -> None:
    """Make what is due, with a line in the log before and after; rows are added and searched meanwhile as ever."""
    from lancedb import index

    log = structlog.get_logger()
    start = time.monotonic()
    log.info("memory is being indexed", rows=table.count_rows())
    segments = _segments(table)
    for column, kind in _COLUMNS.items():
        if f"{column}_idx" not in segments:
            committed(partial(table.create_index, column, config=getattr(index, kind)(), name=f"{column}_idx"))
    if _VECTORS in _wanted(table) and not 0 < segments.get(_VECTORS, 0) <= _MOST_SEGMENTS:
        vectors = index.IvfRq(distance_type="cosine")
        committed(partial(table.create_index, "vector", config=vectors, name=_VECTORS))
    log.info("memory is indexed", took_s=round(time.monotonic() - start, 1))


def _wanted(table: Any) -> set[str]:
    columns = {f"{column}_idx" for column in _COLUMNS}
    return columns | {_VECTORS} if "vector" in table.schema.names else columns


def _segments(table: Any) -> dict[str, int]:
    return {index.name: index.num_segments or 0 for index in table.list_indices()}
