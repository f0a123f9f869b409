"""The indexes that a LanceDB table of passages gets once it is large: of its vectors, and of what selections ask for.

Beside `lance_table.py` the only place that imports lancedb.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# lancedb's signatures are full of pyarrow, which has no types

from __future__ import annotations

import time
from functools import partial
from typing import Any

import structlog

from khala.infrastructure.memory.commit_conflicts import committed

__all__ = ["LARGE_ROWS", "REFINE", "index_large", "is_index_due", "vectors_are_indexed"]

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
