"""The LanceDB table of passages: opened or made, appended to, searched by words and by vectors.

Only the files named `lance_...` here (but `lance_memory.py`) know lancedb and pyarrow: 1 to 3 seconds to import, so on
first use. What fails inside them comes out of here as `MemoryUnusable`. Filters and queries are objects, not text.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyarrow has no types, and lancedb's signatures are full of it

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from khala.domain.selection import Selection
from khala.errors import MemoryUnusable, MissingExtra
from khala.infrastructure.memory.commit_conflicts import committed
from khala.infrastructure.memory.lance_conditions import within
from khala.infrastructure.memory.lance_files import connected, has_lancedb, translated
from khala.infrastructure.memory.lance_folding import fold, is_ragged
from khala.infrastructure.memory.lance_frequent import FrequentTerms
from khala.infrastructure.memory.lance_indexes import (
    REFINE,
    index_large,
    index_terms,
    is_index_due,
    vectors_are_indexed,
)
from khala.infrastructure.memory.lance_removal import remove_for_good
from khala.infrastructure.memory.lance_rows import Entry, passage_of, rows_of, schema
from khala.infrastructure.memory.passages import Rows, asked_terms
from khala.infrastructure.memory.place import Bucket, Place, alone, made_by_another, unusable
from khala.infrastructure.memory.ranking import Found
from khala.infrastructure.memory.repeats import Text, varied
from khala.infrastructure.memory.terms import Sealing

__all__ = ["TABLE_FORMAT", "Entry", "PassageTable", "has_lancedb"]

TABLE_FORMAT = 4
"""Of the tables and the note beside them."""


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
        self._frequent = FrequentTerms()
        with translated(folder):
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
        made = schema(self._dims)
        if isinstance(self._folder, Bucket) and self._fingerprint:
            made = made.with_metadata({"khala": f"format {TABLE_FORMAT}, {self._fingerprint}"})
        return made

    @_of_the_newest
    def known(self) -> AbstractSet[str]:
        """Ids of all results in the table."""
        with translated(self._folder):
            ids: Any = self._table.search().select(["result_id"]).to_arrow()
            return frozenset(cast("list[str]", ids["result_id"].unique().to_pylist()))

    @_of_the_newest
    def present(self, result_ids: Sequence[str]) -> AbstractSet[str]:
        """Which of these results are in the table."""
        from lancedb.expr import col

        with translated(self._folder):
            rows: Any = self._table.search().where(col("result_id").isin(result_ids)).select(["result_id"]).to_arrow()
            return frozenset(cast("list[str]", rows["result_id"].to_pylist()))

    @_of_the_newest
    def counts(self) -> tuple[int, int]:
        """Results known, and passages that can be found."""
        with translated(self._folder):
            rows: Any = self._table.search().select(["result_id", "end"]).to_arrow()
            ends = cast("list[int]", rows["end"].to_pylist())
            return len(rows["result_id"].unique()), sum(end > 0 for end in ends)

    @_of_the_newest
    def add(self, entries: Sequence[Entry]) -> None:
        """Append results, all in one commit."""
        import pyarrow as pa

        rows = [row for entry in entries for row in rows_of(entry, self._sealing)]
        with translated(self._folder):
            added = cast("Any", pa.Table.from_pylist(rows, schema=self._schema()))
            committed(lambda: self._table.add(added))

    @_of_the_newest
    def version(self) -> int:
        """Another one after each commit of any process."""
        with translated(self._folder):
            return int(self._table.version)

    @_of_the_newest
    def rows(self, result_ids: AbstractSet[str] | None) -> Rows:
        """The passages of some results, or of all, to be searched elsewhere; not of a sealed table."""
        from lancedb.expr import col, lit

        columns = ["passage", "terms", *(() if self._dims is None else ["vector"])]
        with translated(self._folder):
            search: Any = self._table.search().where(col("end") > lit(0)).select(columns)
            if result_ids is not None:
                search = search.where(col("result_id").isin(sorted(result_ids)))
            found: Any = search.to_arrow()
            passages = [one for told in found["passage"].to_pylist() if (one := passage_of(told, None)) is not None]
            if self._dims is None:
                return Rows(passages, found["terms"].to_pylist(), [False] * len(passages), None)
            vectors = found["vector"].combine_chunks()
            embedded: list[bool] = vectors.is_valid().to_pylist()
            return Rows(passages, found["terms"].to_pylist(), embedded, vectors.flatten().to_numpy())

    @_of_the_newest
    def total(self) -> int:
        """Rows, of which all but a few are passages."""
        with translated(self._folder):
            return int(self._table.count_rows())

    @_of_the_newest
    def by_words(self, asked: Sequence[str], limit: int, where: Selection) -> Found:
        """The best passages by BM25 over their terms, of the results that are meant."""
        asked = asked_terms(asked, where, self._sealing)
        if not asked:
            return []
        from lancedb.query import MatchQuery

        with translated(self._folder):
            told = self._frequent.left_out(asked, self._table)
            words = MatchQuery(" ".join(told), "terms")  # pyright: ignore[reportCallIssue] - the rest has defaults

            def found(without: AbstractSet[Text]) -> Found:
                search = within(self._table.search(words, query_type="fts"), where, without)
                rows: Any = search.select(["passage", "_score"]).limit(limit).to_arrow()
                return self._found(rows["passage"].to_pylist(), rows["_score"].to_pylist())

            return varied(found, limit)

    @_of_the_newest
    def by_meaning(self, vector: Sequence[float], limit: int, where: Selection) -> Found:
        """The nearest passages by cosine, of the results that are meant."""
        with translated(self._folder):
            refined = vectors_are_indexed(self._table)

            def found(without: AbstractSet[Text]) -> Found:
                search = self._table.search(list(vector), vector_column_name="vector", query_type="vector")
                search = within(search.distance_type("cosine"), where, without).select(["passage", "_distance"])
                search = search.limit(limit).refine_factor(REFINE) if refined else search.limit(limit)
                rows: Any = search.to_arrow()
                cosines = [1.0 - distance for distance in rows["_distance"].to_pylist()]
                return self._found(rows["passage"].to_pylist(), cosines)

            return varied(found, limit)

    def _found(self, told: Sequence[str], scores: Sequence[float]) -> Found:
        passages = (passage_of(one, self._sealing) for one in told)
        return [(passage, score) for passage, score in zip(passages, scores, strict=True) if passage is not None]

    def remove(self, result_ids: AbstractSet[str]) -> Sequence[str]:
        """Take results out for good: of what they said no file holds anything afterwards but those it names."""
        # alone, because what one process puts back another may be forgetting
        with translated(self._folder), alone(self._folder):
            return remove_for_good(self._database, self._folder, result_ids)

    @_of_the_newest
    def is_index_due(self) -> bool:
        """Whether the table has grown so much that `index` is worth its time."""
        with translated(self._folder):
            return is_index_due(self._table)

    def index(self) -> None:
        """Make the indexes of a large table: a minute for a million rows."""
        with translated(self._folder):
            index_large(self._table)

    @_of_the_newest
    def tidy(self) -> None:
        """Fold whatever there is, and remove what was folded before and nobody reads any more."""
        with translated(self._folder):
            self._fold()

    @_of_the_newest
    def fold(self) -> None:
        """Join the fragments of many small commits, and index the words of their rows, once there are enough."""
        with translated(self._folder):
            if is_ragged(self._table):
                self._fold()

    def _fold(self) -> None:
        fold(self._table, in_bucket=isinstance(self._folder, Bucket))
