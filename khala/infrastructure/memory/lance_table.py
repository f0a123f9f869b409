"""The LanceDB table of passages: opened or made, appended to, searched by words and by vectors.

Only this file and its rooms (`lance_conditions.py`, `lance_folding.py`, `lance_indexes.py`, `lance_removal.py`, which
nothing else uses) know lancedb and pyarrow: 1 to 3 seconds to import, so on first use. What fails inside them comes out
of here as `MemoryUnusable`. Filters and queries are objects, never strings.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyarrow has no types, and lancedb's signatures are full of it

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, fields
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from khala.domain.selection import Selection
from khala.errors import MemoryUnusable, MissingExtra
from khala.infrastructure.memory.commit_conflicts import committed
from khala.infrastructure.memory.lance_conditions import within
from khala.infrastructure.memory.lance_files import connected, has_lancedb
from khala.infrastructure.memory.lance_files import translated as _translated
from khala.infrastructure.memory.lance_folding import fold, is_ragged
from khala.infrastructure.memory.lance_indexes import (
    REFINE,
    index_large,
    index_terms,
    is_index_due,
    vectors_are_indexed,
)
from khala.infrastructure.memory.lance_removal import remove_for_good
from khala.infrastructure.memory.passages import Passage, Rows, Source, asked_terms, opened, sealed
from khala.infrastructure.memory.place import Bucket, Place, alone, made_by_another, unusable
from khala.infrastructure.memory.ranking import Found
from khala.infrastructure.memory.repeats import Text, varied
from khala.infrastructure.memory.terms import Sealing

__all__ = ["TABLE_FORMAT", "Entry", "PassageTable", "has_lancedb"]

Entry = tuple[str, Sequence[tuple[Passage, list[float] | None]]]
"""A result's id and its passages with their vectors; `None` for a passage that is found by words only."""


TABLE_FORMAT = 3
"""Of the tables and the note beside them."""

_SOURCE = tuple(field.name for field in fields(Source))

_PASSAGE = ("words", "header_chars", "start", "end")

_COLUMNS = (*_SOURCE, *_PASSAGE)


_GONE = re.compile(r"not found", re.IGNORECASE)

_AGAIN_S = (0.01, 0.05, 0.2)
"""Pauses before a table is asked again."""

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


def _of_the_newest(read: Callable[Concatenate[PassageTable, Asked], Answer]) -> Callable[..., Answer]:
    """Asks again when a version went while it was read: whoever forgets removes all but the newest."""

    @wraps(read)
    def answer(table: PassageTable, *args: Asked.args, **named: Asked.kwargs) -> Answer:
        for pause_s in _AGAIN_S:
            try:
                return read(table, *args, **named)
            except MemoryUnusable as error:
                if not _GONE.search(str(error.__cause__)):
                    raise
            time.sleep(pause_s)
        return read(table, *args, **named)

    return answer


class PassageTable:
    """One table of passages; with vectors of `dims` numbers, or without any. Safe to share between threads.

    A result that has no passages leaves one empty row, so that `known` names it and nobody looks at it again. In a
    bucket the table bears the `fingerprint` of the embedder; another one is refused.
    """

    def __init__(
        self, folder: Place, *, dims: int | None, fingerprint: str = "", sealing: Sealing | None = None
    ) -> None:
        if not has_lancedb():
            raise MissingExtra("lancedb", extra="memory")
        os.environ.setdefault("LANCEDB_LOG", "error")  # read once, at import; by default its warnings go to stderr
        self._folder = folder
        self._dims = dims
        self._sealing = sealing
        self._fingerprint = fingerprint
        with _translated(folder):
            self._table = self._open()

    def _open(self) -> Any:

        self._database = connected(self._folder)
        name = "words" if self._dims is None else "passages"
        try:
            table: Any = committed(lambda: self._database.create_table(name, schema=self._schema(), exist_ok=True))
        except ValueError:
            theirs, mine = self._database.open_table(name).schema.metadata, self._schema().metadata
            if theirs == mine:
                raise
            raise made_by_another(self._folder, theirs, mine) from None
        if table.schema.names != self._schema().names:
            raise unusable(self._folder, "another version of khala made it")
        index_terms(table)
        return table

    def _schema(self) -> Any:
        import pyarrow as pa

        columns: dict[str, Any] = {
            **{name: pa.string() for name in _SOURCE},
            "at_ms": pa.int64(),
            "header_chars": pa.int32(),
            "start": pa.int64(),
            "end": pa.int64(),
            "words": pa.string(),
            "terms": pa.string(),
        }
        if self._dims is not None:
            columns["vector"] = pa.list_(pa.float32(), self._dims)
        made = cast("Any", pa.schema(columns))
        if isinstance(self._folder, Bucket) and self._fingerprint:
            made = made.with_metadata({"khala": f"format {TABLE_FORMAT}, {self._fingerprint}"})
        return made

    @_of_the_newest
    def known(self) -> AbstractSet[str]:
        """Ids of all results in the table."""
        with _translated(self._folder):
            ids: Any = self._table.search().select(["result_id"]).to_arrow()
            return frozenset(cast("list[str]", ids["result_id"].unique().to_pylist()))

    @_of_the_newest
    def present(self, result_ids: Sequence[str]) -> AbstractSet[str]:
        """Which of these results are in the table."""
        from lancedb.expr import col

        with _translated(self._folder):
            rows: Any = self._table.search().where(col("result_id").isin(result_ids)).select(["result_id"]).to_arrow()
            return frozenset(cast("list[str]", rows["result_id"].to_pylist()))

    @_of_the_newest
    def counts(self) -> tuple[int, int]:
        """Results known, and passages that can be found."""
        with _translated(self._folder):
            rows: Any = self._table.search().select(["result_id", "end"]).to_arrow()
            ends = cast("list[int]", rows["end"].to_pylist())
            return len(rows["result_id"].unique()), sum(end > 0 for end in ends)

    @_of_the_newest
    def add(self, entries: Sequence[Entry]) -> None:
        """Append results, all in one commit."""
        import pyarrow as pa

        rows = [row for entry in entries for row in self._rows(entry)]
        with _translated(self._folder):
            added = cast("Any", pa.Table.from_pylist(rows, schema=self._schema()))
            committed(lambda: self._table.add(added))

    def _rows(self, entry: Entry) -> Iterator[dict[str, object]]:
        result_id, found = entry
        if not found:
            yield {**dict.fromkeys(self._schema().names), "result_id": result_id, "end": 0, "words": "", "terms": ""}
        for passage, vector in found:
            words, terms = sealed(passage, self._sealing)
            row: dict[str, object] = {
                **asdict(passage.source),
                "header_chars": len(passage.header),
                "start": passage.start,
                "end": passage.end,
                "words": words,
                "terms": terms,
            }
            if self._dims is not None:
                row["vector"] = vector
            yield row

    @_of_the_newest
    def version(self) -> int:
        """Another one after each commit of any process."""
        with _translated(self._folder):
            return int(self._table.version)

    @_of_the_newest
    def rows(self, result_ids: AbstractSet[str] | None) -> Rows:
        """The passages of some results, or of all, to be searched elsewhere; not of a sealed table."""
        from lancedb.expr import col, lit

        columns = [*_COLUMNS, "terms", *(() if self._dims is None else ["vector"])]
        with _translated(self._folder):
            search: Any = self._table.search().where(col("end") > lit(0)).select(columns)
            if result_ids is not None:
                search = search.where(col("result_id").isin(sorted(result_ids)))
            found: Any = search.to_arrow()
            texts = found.drop_columns(["vector"]) if self._dims is not None else found
            passages = [one for row in texts.to_pylist() if (one := _passage(row, None)) is not None]
            if self._dims is None:
                return Rows(passages, found["terms"].to_pylist(), [False] * len(passages), None)
            vectors = found["vector"].combine_chunks()
            embedded: list[bool] = vectors.is_valid().to_pylist()
            return Rows(passages, found["terms"].to_pylist(), embedded, vectors.flatten().to_numpy())

    @_of_the_newest
    def total(self) -> int:
        """Rows, of which all but a few are passages."""
        with _translated(self._folder):
            return int(self._table.count_rows())

    @_of_the_newest
    def by_words(self, asked: Sequence[str], limit: int, where: Selection) -> Found:
        """The best passages by BM25 over their terms, of the results that are meant."""
        asked = asked_terms(asked, where, self._sealing)
        if not asked:
            return []
        from lancedb.query import MatchQuery

        with _translated(self._folder):
            words = MatchQuery(" ".join(asked), "terms")  # pyright: ignore[reportCallIssue] - the rest has defaults

            def found(without: AbstractSet[Text]) -> Found:
                search = within(self._table.search(words, query_type="fts"), where, without)
                rows: list[dict[str, Any]] = search.select([*_COLUMNS, "_score"]).limit(limit).to_list()
                return self._found((row, float(row["_score"])) for row in rows)

            return varied(found, limit)

    @_of_the_newest
    def by_meaning(self, vector: Sequence[float], limit: int, where: Selection) -> Found:
        """The nearest passages by cosine, of the results that are meant."""
        with _translated(self._folder):
            refined = vectors_are_indexed(self._table)

            def found(without: AbstractSet[Text]) -> Found:
                search = self._table.search(list(vector), vector_column_name="vector", query_type="vector")
                search = within(search.distance_type("cosine"), where, without).select([*_COLUMNS, "_distance"])
                search = search.limit(limit).refine_factor(REFINE) if refined else search.limit(limit)
                rows: list[dict[str, Any]] = search.to_list()
                return self._found((row, 1.0 - float(row["_distance"])) for row in rows)

            return varied(found, limit)

    def _found(self, rows: Iterable[tuple[Mapping[str, Any], float]]) -> Found:
        passages = ((_passage(row, self._sealing), score) for row, score in rows)
        return [(passage, score) for passage, score in passages if passage is not None]

    def remove(self, result_ids: AbstractSet[str]) -> Sequence[str]:
        """Take results out for good: of what they said no file holds anything afterwards but those it names."""
        # alone, because what one process puts back another may be forgetting
        with _translated(self._folder), alone(self._folder):
            return remove_for_good(self._database, self._folder, result_ids)

    @_of_the_newest
    def is_index_due(self) -> bool:
        """Whether the table has grown so much that `index` is worth its time."""
        with _translated(self._folder):
            return is_index_due(self._table)

    def index(self) -> None:
        """Make the indexes of a large table: a minute for a million rows."""
        with _translated(self._folder):
            index_large(self._table)

    @_of_the_newest
    def tidy(self) -> None:
        """Fold whatever there is, and remove what was folded before and nobody reads any more."""
        with _translated(self._folder):
            self._fold()

    @_of_the_newest
    def fold(self) -> None:
        """Join the fragments of many small commits, and index the words of their rows, once there are enough."""
        with _translated(self._folder):
            if is_ragged(self._table):
                self._fold()

    def _fold(self) -> None:
        fold(self._table, in_bucket=isinstance(self._folder, Bucket))


def _passage(row: Mapping[str, Any], sealing: Sealing | None) -> Passage | None:
    source = Source(**{name: row[name] for name in _SOURCE})
    return opened(source, [row[name] for name in _PASSAGE], sealing)
