"""Takes results out of store and index, and then looks whether their words are gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from khala.domain.call import ToolResult
from khala.domain.selection import Selection
from khala.infrastructure.store.remains import probes
from khala.infrastructure.store.sqlite_store import SqliteStore

__all__ = ["Forgets", "Forgotten", "candidates", "forget_results", "sweep"]

_SOUGHT = 96
"""Windows that are looked for at most, spread over all texts: each costs a reading of the whole home."""

_LOOKED_UP = 200
"""Results that are looked up one by one; for more, one reading of all takes less time."""

_LOG = "file `khala.db-wal`, which another process reads: forget again later"


class Forgets(Protocol):
    """An index that can let go of results."""

    def forget(self, result_ids: AbstractSet[str]) -> Sequence[str]:
        """Take results out for good; where they may still stand."""
        ...


@dataclass(frozen=True)
class Forgotten:
    """What was forgotten, and what could not be."""

    results: tuple[str, ...]
    """Ids of the results, of later ones too that only repeated them."""
    texts: int
    """Texts that were erased."""
    shared: int
    """Texts that stay, because other results hold the same."""
    pinned: tuple[str, ...]
    """Results that were meant and stay, because they are pinned."""
    remains: tuple[str, ...]
    """Where words of the erased texts still stand, or may: events that quote them, files, what cannot be looked at."""
    also_in: tuple[str, ...]
    """Ids of results that hold some of the same words."""


def forget_results(
    store: SqliteStore, index: Forgets, where: Selection, *, pinned: bool = False, may_return: bool = False
) -> Forgotten:
    """Forget the results that are meant; pinned ones only with `pinned`.

    With `may_return` the same words are remembered again when a later result brings them.
    Raises `HomeUnusable`, `MemoryUnusable`; after that one, opening the memory again goes on where this ended.
    """
    if where.is_empty:
        return Forgotten((), 0, 0, (), (), ())
    meant, sought = set[str](), list[list[bytes]]()
    pins = frozenset[str]() if pinned else store.forgetting.pins()
    kept: set[str] = set()
    for result in candidates(store, where):
        if not where.holds(result):
            continue
        if result.call.id in pins:
            kept.add(result.call.id)
        else:
            meant.add(result.call.id)
            sought.append(probes(result.text))
    erased = store.forgetting.erase(meant, may_return=may_return)
    in_index = sweep(store, index)
    left = store.remains(_spread(sought))
    unlooked = [place.replace(f"{store.home.path}/", "") for place in in_index]
    places = (*left.places, *unlooked, *((_LOG,) if erased.is_in_log else ()))
    return Forgotten(
        results=tuple(sorted(erased.results)),
        texts=erased.texts,
        shared=len(erased.shared),
        pinned=tuple(sorted(kept - erased.results)),
        remains=tuple(dict.fromkeys(places)),
        also_in=tuple(result_id for result_id in left.results if result_id not in erased.results),
    )


def candidates(store: SqliteStore, where: Selection) -> Iterator[ToolResult]:
    """What a selection may mean: all there is, unless it names some."""
    if where.is_empty:
        return
    if where.ids is None or len(where.ids) > _LOOKED_UP:
        yield from (result for _, result in store.tool_results())
        return
    for result_id in where.ids:
        if (result := store.tool_result(result_id)) is not None:
            yield result


def sweep(store: SqliteStore, index: Forgets) -> Sequence[str]:
    """Take out of the index what was forgotten and may still be in it; where it may stand nevertheless."""
    if not (unremoved := store.forgetting.unremoved()):
        return ()
    left = index.forget(unremoved)
    store.forgetting.removed(unremoved)
    return left


def _spread(sought: list[list[bytes]]) -> list[bytes]:
    """So many windows of all texts, the first of each before the second of any."""
    longest = max(map(len, sought), default=0)
    in_rounds = (windows[place] for place in range(longest) for windows in sought if place < len(windows))
    return list(islice(dict.fromkeys(in_rounds), _SOUGHT))
