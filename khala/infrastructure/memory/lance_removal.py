"""Takes results out of the tables of a LanceDB database for good."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyarrow has no types, and lancedb's signatures are full of it

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Any, cast

from khala.infrastructure.memory.commit_conflicts import committed
from khala.infrastructure.memory.lance_folding import fold_clean
from khala.infrastructure.memory.leftovers import leftovers
from khala.infrastructure.memory.place import Place

__all__ = ["remove_for_good"]

_FRAGMENT_BITS = 32
"""Of a row's id, below those that name its fragment."""

_REWRITTEN_FROM = 0.125
"""Of the rows of a fragment must be gone; LanceDB's threshold is 0.1."""

_REMOVED_AT_ONCE = 1_000
"""Results that one condition names."""


def remove_for_good(database: Any, place: Place, result_ids: AbstractSet[str]) -> Sequence[str]:
    """Take results out of all tables: of what they said no file holds anything afterwards but those it names.

    Compacting rewrites a fragment only when more than a tenth of its rows are gone. So as many others as it takes
    are taken out with them and put back; should that be interrupted, they are missing, and the store has them.
    """
    from lancedb.expr import col

    left: list[str] = []
    # also out of the other table: with an embedder there is another than without one
    for name in database.list_tables().tables:
        table = database.open_table(name)
        moved = _moved_with(result_ids, table)
        rows: Any = table.search().where(col("result_id").isin(sorted(moved))).to_arrow() if moved else None
        gone = sorted({*result_ids, *moved})
        for first in range(0, len(gone), _REMOVED_AT_ONCE):
            these = col("result_id").isin(gone[first : first + _REMOVED_AT_ONCE])
            committed(partial(table.delete, these))
        if rows is not None:
            table.add(rows)
        left += leftovers(table, place, version=fold_clean(table))
    return left


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
