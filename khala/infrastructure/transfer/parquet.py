"""Exports as Parquet: one row a result, in columns that other programs can query.

Strings are spelled as in canonical JSON, so that texts no UTF-8 can hold survive; `arguments` is the JSON itself.
Beside LanceDB's tables, which need it too, the only place that imports pyarrow.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyarrow has no types

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

from khala.errors import ImportRefused, MissingExtra
from khala.infrastructure.transfer.memory_record import FIRST_LINE, last_line

__all__ = ["parquet_lines", "write_parquet"]

_ROWS = 64
"""Of a row group: it is held in memory while it is written and read."""

_MOST_GROUP_BYTES = 1_000_000_000
"""Of a row group, unpacked; 64 results of 10 MB are not refused."""

_FORMAT = {b"khala": FIRST_LINE}
"""What the schema of an export bears."""


def write_parquet(file: IO[bytes], lines: Iterable[bytes]) -> int:
    """Write the lines of results as rows; how many. Raises `MissingExtra`."""
    pa, pq = _pyarrow()
    schema = _schema(pa)
    count = 0
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        left = iter(lines)
        while rows := [json.loads(line) for line in islice(left, _ROWS)]:
            for row in rows:
                row["arguments"] = _spelled(row["arguments"])
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
            count += len(rows)
    return count


def parquet_lines(source: Path) -> Iterator[bytes]:
    """All lines of an export in a Parquet file. Raises `ImportRefused`, `MissingExtra`."""
    pa, pq = _pyarrow()
    try:
        with pq.ParquetFile(source) as file:
            # a field more or less is no export, and neither is a file of the same fields by another program
            if file.schema_arrow != _schema(pa) or (file.schema_arrow.metadata or {}).get(b"khala") != FIRST_LINE:
                raise ImportRefused(f"`{source}` is no export of a khala memory")
            yield FIRST_LINE
            for number in range(file.num_row_groups):
                if file.metadata.row_group(number).total_byte_size > _MOST_GROUP_BYTES:
                    raise ImportRefused(f"`{source}` has a row group of more than {_MOST_GROUP_BYTES:,} bytes")
                for row in cast("list[dict[str, Any]]", file.read_row_group(number).to_pylist()):
                    yield _line(row)
            yield last_line(file.metadata.num_rows)
    except (pa.ArrowException, OSError) as error:
        raise ImportRefused(f"`{source}` is damaged or cut off: {str(error).partition(chr(10))[0][:200]}") from None


def _line(row: dict[str, Any]) -> bytes:
    try:
        row["arguments"] = json.loads(row["arguments"] or "")
    except ValueError:
        row["arguments"] = None  # which is no object, and refused like any other
    return _spelled(row).encode()


def _spelled(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _schema(pa: Any) -> Any:
    texts = ("kind", "id", "tool", "arguments", "text", "digest", "trust", "tenant", "agent")
    fields = [(name, pa.large_string() if name == "text" else pa.string()) for name in texts]
    lists = [(name, pa.list_(pa.string())) for name in ("readers", "origins")]
    return pa.schema([*fields, *lists, ("at_ms", pa.int64())]).with_metadata(_FORMAT)


def _pyarrow() -> tuple[Any, Any]:
    if find_spec("pyarrow") is None:
        raise MissingExtra("pyarrow", extra="memory")
    import pyarrow as pa
    import pyarrow.parquet as pq

    return pa, pq
