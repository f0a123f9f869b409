"""What a selection asks of the rows of a LanceDB table: each condition is an object with a value, never text."""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyarrow has no types, and lancedb's signatures are full of it

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any

from khala.domain.selection import Selection
from khala.infrastructure.memory.passages import listed, storable
from khala.infrastructure.memory.repeats import Text

__all__ = ["within"]


def within(search: Any, where: Selection, without: AbstractSet[Text]) -> Any:
    """A search among the results that are meant, in other texts than those `without`."""
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
