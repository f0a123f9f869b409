"""What lies in a LanceDB place, whoever's vectors they are: connected to, counted, taken out of, folded.

Needs no embedder and makes no table, so it also works on an index that was made with other settings than one has now.
`lance_table` makes and searches the tables; the rooms called `lance_...` are the only ones that import lancedb.
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyarrow has no types, and lancedb's signatures are full of it

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from khala.errors import MemoryUnusable
from khala.infrastructure.memory.lance_folding import KEPT_IN_BUCKET, NO_VERSIONS, fold_clean
from khala.infrastructure.memory.lance_indexes import TERMS_INDEX
from khala.infrastructure.memory.lance_removal import remove_for_good
from khala.infrastructure.memory.place import Bucket, Place, alone, unusable

__all__ = [
    "IndexPart",
    "connected",
    "drop_all",
    "fold_all",
    "forget_in",
    "has_lancedb",
    "parts_of",
    "translated",
]

_INDEX_CACHE_BYTES = 256 * 2**20
"""The indexes of a million passages take 270 MB, and no more is held than was read: with 64 MiB of it the slowest of 20
recalls takes 98 ms, with this 60."""

_METADATA_CACHE_BYTES = 16 * 2**20
"""Unbounded, the metadata cache grows with the square of the commits: 411 MiB against 217 after 1,000 (measured)."""


@dataclass(frozen=True)
class IndexPart:
    """One table of an index."""

    semantic: bool
    """Whether passages are found by meaning in it, too."""
    known: frozenset[str]
    """Ids of all results in it."""
    chunks: int
    """Passages that can be found."""
    fragments: int
    """Files the rows lie in."""
    unindexed: int
    """Rows beside the full-text index, which each search reads."""


def has_lancedb() -> bool:
    """Whether the libraries are installed."""
    return find_spec("lancedb") is not None and find_spec("pyarrow") is not None


@contextmanager
def translated(place: Place) -> Generator[None]:
    """Turns whatever fails inside LanceDB into `MemoryUnusable`."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, GeneratorExit, MemoryUnusable):
        raise
    except BaseException as error:  # a damaged file can make the Rust side panic, which is no `Exception`
        raise unusable(place, error) from error


def connected(place: Place) -> Any:
    """The tables of a place."""
    import lancedb

    session = lancedb.Session(
        index_cache_size_bytes=_INDEX_CACHE_BYTES, metadata_cache_size_bytes=_METADATA_CACHE_BYTES
    )
    # interval 0: each search sees what other processes have committed; without it a handle is stale for ever
    return lancedb.connect(
        place.url if isinstance(place, Bucket) else place,
        storage_options=place.storage_options if isinstance(place, Bucket) else None,
        read_consistency_interval=timedelta(0),
        session=session,
    )


def parts_of(place: Place) -> list[IndexPart]:
    """What there is. Raises `MemoryUnusable`."""
    with translated(place):
        return [_part(table) for table in _tables(place)]


def forget_in(place: Place, result_ids: AbstractSet[str]) -> Sequence[str]:
    """Take results out of every table for good; where they may still stand. Raises `MemoryUnusable`."""
    if isinstance(place, Path) and not place.is_dir():
        return []
    with translated(place), alone(place):
        return remove_for_good(connected(place), place, result_ids)


def fold_all(place: Place) -> None:
    """Join fragments, index all words, and delete every version before. Raises `MemoryUnusable`."""
    kept = KEPT_IN_BUCKET if isinstance(place, Bucket) else NO_VERSIONS
    with translated(place):
        for table in _tables(place):
            fold_clean(table, kept=kept)


def drop_all(place: Place) -> None:
    """Take all tables away, also ones that cannot be read. Raises `MemoryUnusable`."""
    with translated(place):
        connected(place).drop_all_tables()


def _tables(place: Place) -> Iterator[Any]:
    if isinstance(place, Path) and not place.is_dir():
        return
    database = connected(place)
    for name in database.list_tables().tables:
        yield database.open_table(name)


def _part(table: Any) -> IndexPart:
    rows: Any = table.search().select(["result_id", "end"]).to_arrow()
    indexed = table.index_stats(TERMS_INDEX)
    return IndexPart(
        semantic="vector" in table.schema.names,
        known=frozenset(cast("list[str]", rows["result_id"].unique().to_pylist())),
        chunks=sum(end > 0 for end in cast("list[int]", rows["end"].to_pylist())),
        fragments=table.stats()["fragment_stats"]["num_fragments"],
        unindexed=0 if indexed is None else indexed.num_unindexed_rows,
    )
