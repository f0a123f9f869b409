"""The LanceDB table of passages: opened or made, appended to, searched by words and by vectors.

The only place that imports lancedb (beside `large_indexes.py`) and pyarrow: 1 to 3 seconds, so on first use. What fails
inside them comes out as `MemoryUnusable`. Filters and queries are objects, never strings.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyarrow has no types, and lancedb's signatures are full of it

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import asdict, fields
from datetime import timedelta
from functools import partial
from importlib.util import find_spec
from typing import Any, cast

import structlog

from khala.domain.selection import Selection
from khala.errors import MemoryUnusable, MissingExtra
from khala.infrastructure.memory.commit_conflicts import committed
from khala.infrastructure.memory.large_indexes import REFINE, index_large, is_index_due, vectors_are_indexed
from khala.infrastructure.memory.passages import Passage, Rows, Source, asked_terms, listed, opened, sealed, storable
from khala.infrastructure.memory.place import Bucket, Place, made_by_another, unusable
from khala.infrastructure.memory.ranking import Found
from khala.infrastructure.memory.repeats import Text, varied
from khala.infrastructure.memory.terms import Sealing
from khala.infrastructure.memory.words import TERM_CHARS

__all__ = ["TABLE_FORMAT", "Entry", "PassageTable", "has_lancedb"]

Entry = tuple[str, Sequence[tuple[Passage, list[float] | None]]]
"""A result's id and its passages with their vectors; `None` for a passage that is found by words only."""

_INDEX_CACHE_BYTES = 64 * 2**20
_METADATA_CACHE_BYTES = 16 * 2**20
"""Unbounded, the metadata cache grows with the square of the commits: 411 MiB against 217 after 1,000 (measured)."""

_FRAGMENTS = 50
"""Commits after which the table is folded: at 50 it costs no more CPU than never, at 23 times less disk (measured)."""

_SCANNED_ROWS = (64, 1_000)
"""Rows beside the full-text index: each costs every search 5 to 20 us (measured), and LanceDB scores it by another
average length. Folding costs the more the larger the table is (1 to 2 s at 60,000 rows), so a twentieth of the rows may
lie beside the index, but no fewer than the first number, and no more than the second."""

_KEPT_VERSIONS = timedelta(minutes=1)
"""How long a reader in another process may hold on to what was folded away; a query takes milliseconds."""

_KEPT_IN_BUCKET = timedelta(hours=1)
"""The same where readers are other machines, whose clocks differ."""

_NO_VERSIONS = timedelta(milliseconds=1)
"""No version is kept that is older; LanceDB warns about 0."""

_FRAGMENT_BITS = 32
"""Of a row's id, below those that name its fragment."""

_REWRITTEN_FROM = 0.125
"""Of the rows of a fragment must be gone; LanceDB's threshold is 0.1."""

_REMOVED_AT_ONCE = 1_000
"""Results that one condition names."""

_TERM_BYTES = 4 * TERM_CHARS
"""Of a term that the full-text index keeps: all of it; the default (40) loses a SHA-256."""

_TERMS_INDEX = "terms_idx"

TABLE_FORMAT = 3
"""Of the tables and the note beside them."""

_SOURCE = tuple(field.name for field in fields(Source))

_PASSAGE = ("words", "header_chars", "start", "end")

_COLUMNS = (*_SOURCE, *_PASSAGE)


def has_lancedb() -> bool:
    """Whether the libraries are installed."""
    return find_spec("lancedb") is not None and find_spec("pyarrow") is not None


@contextmanager
def _translated(folder: Place) -> Generator[None]:
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit, MemoryUnusable):
        raise
    except BaseException as error:  # a damaged file can make the Rust side panic, which is no `Exception`
        raise unusable(folder, error) from error


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
        import lancedb
        from lancedb.index import FTS

        session = lancedb.Session(
            index_cache_size_bytes=_INDEX_CACHE_BYTES, metadata_cache_size_bytes=_METADATA_CACHE_BYTES
        )
        # interval 0: each search sees what other processes have committed; without it a handle is stale for ever
        place = self._folder
        self._database: Any = lancedb.connect(
            place.url if isinstance(place, Bucket) else place,
            storage_options=place.storage_options if isinstance(place, Bucket) else None,
            read_consistency_interval=timedelta(0),
            session=session,
        )
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
        if not list(table.list_indices()):
            try:
                terms_as_they_are = FTS(
                    base_tokenizer="whitespace",
                    lower_case=False,
                    stem=False,
                    remove_stop_words=False,
                    ascii_folding=False,
                    max_token_length=_TERM_BYTES,
                )
                table.create_index("terms", config=terms_as_they_are, name=_TERMS_INDEX)
            except RuntimeError:
                if not list(table.list_indices()):  # else another process made it a moment before
                    raise
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

    def known(self) -> AbstractSet[str]:
        """Ids of all results in the table."""
        with _translated(self._folder):
            ids: Any = self._table.search().select(["result_id"]).to_arrow()
            return frozenset(cast("list[str]", ids["result_id"].unique().to_pylist()))

    def present(self, result_ids: Sequence[str]) -> AbstractSet[str]:
        """Which of these results are in the table."""
        from lancedb.expr import col

        with _translated(self._folder):
            rows: Any = self._table.search().where(col("result_id").isin(result_ids)).select(["result_id"]).to_arrow()
            return frozenset(cast("list[str]", rows["result_id"].to_pylist()))

    def counts(self) -> tuple[int, int]:
        """Results known, and passages that can be found."""
        with _translated(self._folder):
            rows: Any = self._table.search().select(["result_id", "end"]).to_arrow()
            ends = cast("list[int]", rows["end"].to_pylist())
            return len(rows["result_id"].unique()), sum(end > 0 for end in ends)

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

    def version(self) -> int:
        """Another one after each commit of any process."""
        with _translated(self._folder):
            return int(self._table.version)

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

    def total(self) -> int:
        """Rows, of which all but a few are passages."""
        with _translated(self._folder):
            return int(self._table.count_rows())

    def by_words(self, asked: Sequence[str], limit: int, where: Selection) -> Found:
        """The best passages by BM25 over their terms, of the results that are meant."""
        asked = asked_terms(asked, where, self._sealing)
        if not asked:
            return []
        from lancedb.query import MatchQuery

        with _translated(self._folder):
            words = MatchQuery(" ".join(asked), "terms")  # pyright: ignore[reportCallIssue] - the rest has defaults

            def found(without: AbstractSet[Text]) -> Found:
                search = _within(self._table.search(words, query_type="fts"), where, without)
                rows: list[dict[str, Any]] = search.select([*_COLUMNS, "_score"]).limit(limit).to_list()
                return self._found((row, float(row["_score"])) for row in rows)

            return varied(found, limit)

    def by_meaning(self, vector: Sequence[float], limit: int, where: Selection) -> Found:
        """The nearest passages by cosine, of the results that are meant."""
        with _translated(self._folder):
            refined = vectors_are_indexed(self._table)

            def found(without: AbstractSet[Text]) -> Found:
                search = self._table.search(list(vector), vector_column_name="vector", query_type="vector")
                search = _within(search.distance_type("cosine"), where, without).select([*_COLUMNS, "_distance"])
                search = search.limit(limit).refine_factor(REFINE) if refined else search.limit(limit)
                rows: list[dict[str, Any]] = search.to_list()
                return self._found((row, 1.0 - float(row["_distance"])) for row in rows)

            return varied(found, limit)

    def _found(self, rows: Iterable[tuple[Mapping[str, Any], float]]) -> Found:
        passages = ((_passage(row, self._sealing), score) for row, score in rows)
        return [(passage, score) for passage, score in passages if passage is not None]

    def remove(self, result_ids: AbstractSet[str]) -> None:
        """Take results out for good: of what they said no file holds anything afterwards.

        Compacting rewrites a fragment only when more than a tenth of its rows are gone. So as many others as it takes
        are taken out with them and put back; should that be interrupted, they are missing, and the store has them.
        """
        from lancedb.expr import col

        with _translated(self._folder):
            # also out of the other table: with an embedder there is another than without one
            for name in self._database.list_tables().tables:
                table = self._database.open_table(name)
                moved = _moved_with(result_ids, table)
                rows: Any = table.search().where(col("result_id").isin(sorted(moved))).to_arrow() if moved else None
                gone = sorted({*result_ids, *moved})
                for first in range(0, len(gone), _REMOVED_AT_ONCE):
                    these = col("result_id").isin(gone[first : first + _REMOVED_AT_ONCE])
                    committed(partial(table.delete, these))
                if rows is not None:
                    table.add(rows)
                fold = partial(table.optimize, cleanup_older_than=_NO_VERSIONS)
                committed(fold)
                time.sleep(2 * _NO_VERSIONS.total_seconds())  # the version before that one was too young to go
                committed(fold)

    def is_index_due(self) -> bool:
        """Whether the table has grown so much that `index` is worth its time."""
        with _translated(self._folder):
            return is_index_due(self._table)

    def index(self) -> None:
        """Make the indexes of a large table: a minute for a million rows."""
        with _translated(self._folder):
            index_large(self._table)

    def tidy(self) -> None:
        """Fold whatever there is, and remove what was folded before and nobody reads any more."""
        with _translated(self._folder):
            self._optimize()

    def fold(self) -> None:
        """Join the fragments of many small commits, and index the words of their rows, once there are enough."""
        with _translated(self._folder):
            if self._is_ragged():
                self._optimize()

    def _optimize(self) -> None:
        try:
            in_bucket = isinstance(self._folder, Bucket)
            self._table.optimize(cleanup_older_than=_KEPT_IN_BUCKET if in_bucket else _KEPT_VERSIONS)
        except RuntimeError as error:  # two processes folding at once; the next commit tries again
            structlog.get_logger().warning("memory was not folded", reason=str(error).partition("\n")[0])

    def _is_ragged(self) -> bool:
        # a threshold of its own for each process, so that two rarely fold at once
        most_fragments = _FRAGMENTS + os.getpid() * 17 % _FRAGMENTS
        indexed = self._table.index_stats(_TERMS_INDEX)
        fewest, most = _SCANNED_ROWS
        most_scanned = min(most, max(fewest, indexed.num_indexed_rows // 20))
        fragments: int = self._table.stats()["fragment_stats"]["num_fragments"]
        return fragments > most_fragments or indexed.num_unindexed_rows > most_scanned


def _moved_with(result_ids: AbstractSet[str], table: Any) -> AbstractSet[str]:
    """Further results of the fragments that some results lie in, so many that each fragment is rewritten."""
    rows: Any = table.search().select(["result_id"]).with_row_id(True).to_arrow()
    ids = cast("list[str]", rows["result_id"].to_pylist())
    places = cast("list[int]", rows["_rowid"].to_pylist())
    fragments: dict[int, list[tuple[int, str]]] = {}
    for place, result_id in zip(places, ids, strict=True):
        fragments.setdefault(place >> _FRAGMENT_BITS, []).append((place & (2**_FRAGMENT_BITS - 1), result_id))
    moved: set[str] = set()
    for held in fragments.values():
        gone = sum(result_id in result_ids for _, result_id in held)
        length = 1 + max(offset for offset, _ in held)
        for _, result_id in held if gone else ():
            if gone > length * _REWRITTEN_FROM:
                break
            if result_id not in result_ids:
                moved.add(result_id)
                gone += 1
    return moved


def _passage(row: Mapping[str, Any], sealing: Sealing | None) -> Passage | None:
    source = Source(**{name: row[name] for name in _SOURCE})
    return opened(source, [row[name] for name in _PASSAGE], sealing)


def _within(search: Any, where: Selection, without: AbstractSet[Text]) -> Any:
    """A search among the results that are meant; each condition is an object with a value, never text."""
    from lancedb.expr import col, lit

    for condition in _conditions(where):
        search = search.where(condition)
    for digest, label in sorted(without):
        search = search.where((col("digest") != lit(digest)) | (col("label") != lit(label)))
    return search


def _conditions(where: Selection) -> Iterator[Any]:
    from lancedb.expr import col, lit

    if where.namespace is not None:
        yield col("tenant") == lit(where.namespace.tenant)
        if where.namespace.agent:
            yield col("agent") == lit(where.namespace.agent)
    if where.read_by is not None:
        readable = col("readers") == lit("")
        for reader in sorted(where.read_by):
            readable |= col("readers").contains(lit(listed(reader)))
        yield readable
    for column, names in (("result_id", where.ids), ("run_id", where.runs), ("tool", where.tools)):
        if names is not None:
            yield col(column).isin(storable(names))
    if where.trust is not None:
        yield col("trust") == lit(where.trust)
    for origin in sorted(where.origins):
        yield col("origins").contains(lit(listed(origin)))
    if where.since_ms is not None:
        yield col("at_ms") >= lit(where.since_ms)
    if where.before_ms is not None:
        yield col("at_ms") < lit(where.before_ms)
