"""How a passage lies in a row of a LanceDB table, and comes out of it.

Some columns are there to be selected by and searched; all that a recall tells lies in one more, `passage`, as JSON. To
read a row costs as much as its columns do, and those that hold the same in every row most: of a million rows 100 took
19 ms of CPU as 16 columns, and take 3 as one.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyarrow has no types

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import astuple, fields
from sys import intern
from typing import Any, cast

from khala.infrastructure.memory.passages import Passage, Source, opened, sealed
from khala.infrastructure.memory.terms import Sealing

__all__ = ["Entry", "passage_of", "rows_of", "schema"]

Entry = tuple[str, Sequence[tuple[Passage, list[float] | None]]]
"""A result's id and its passages with their vectors; `None` for a passage that is found by words only."""

_SELECTED = tuple(field.name for field in fields(Source) if field.name != "arguments_digest")


def schema(dims: int | None) -> Any:
    """The columns of a table with vectors of `dims` numbers, or without any."""
    import pyarrow as pa

    columns: dict[str, Any] = {
        **{name: pa.string() for name in _SELECTED},
        "at_ms": pa.int64(),
        "end": pa.int64(),
        "terms": pa.string(),
        "passage": pa.string(),
    }
    if dims is not None:
        columns["vector"] = pa.list_(pa.float32(), dims)
    return cast("Any", pa.schema(columns))


def rows_of(entry: Entry, sealing: Sealing | None) -> Iterator[dict[str, object]]:
    """The rows of a result: one that is empty when it has no passages."""
    result_id, found = entry
    if not found:
        yield {"result_id": result_id, "end": 0, "terms": ""}
    for passage, vector in found:
        words, terms = sealed(passage, sealing)
        told = [*astuple(passage.source), len(passage.header), passage.start, passage.end, words]
        yield {
            **{name: getattr(passage.source, name) for name in _SELECTED},
            "end": passage.end,
            "terms": terms,
            "passage": json.dumps(told, ensure_ascii=False, separators=(",", ":")),
            "vector": vector,
        }


def passage_of(told: str, sealing: Sealing | None) -> Passage | None:
    """The passage in a row; `None` once its key was dropped."""
    *source, header_chars, start, end, words = cast("list[Any]", json.loads(told))
    # what many passages have in common, labels above all, is kept once
    shared: list[Any] = [intern(value) if isinstance(value, str) else value for value in source]
    return opened(Source(*shared), [words, header_chars, start, end], sealing)
