"""The index of a home as it lies there: counted, cleaned, taken out of and built anew, without loading an embedder."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from khala.domain.call import ToolResult
from khala.infrastructure.memory.lance_files import (
    IndexPart,
    drop_all,
    fold_all,
    forget_in,
    has_lancedb,
    parts_of,
)
from khala.infrastructure.memory.open_memory import open_memory
from khala.infrastructure.memory.place import Place, unusable
from khala.infrastructure.memory.terms import CatchUp, Embedder, IsWanted, MemoryStats, Sealing
from khala.infrastructure.memory.word_memory import WordMemory, remove_lance_tables
from khala.infrastructure.memory.words_file import optimise_words, remove_words, words_part

__all__ = ["DiskUse", "IndexUpkeep", "rebuilt"]

_LOOK_S = 0.2
"""Between two looks at how far a new index is."""

_FOLDING_S = 60.0
"""The last fold of a new index may take that long."""


@dataclass(frozen=True)
class DiskUse:
    """What some files take."""

    files: int
    bytes: int

    @classmethod
    def of(cls, place: Place) -> DiskUse | None:
        """That of a folder; `None` for a bucket, which is not asked."""
        return cls.of_files(place.rglob("*")) if isinstance(place, Path) else None

    @classmethod
    def of_files(cls, paths: Iterable[Path]) -> DiskUse:
        """That of some files; folders among them count nothing."""
        sizes: list[int] = []
        for path in paths:
            with suppress(FileNotFoundError):  # another process may be folding
                sizes += [path.stat().st_size] if path.is_file() else []
        return cls(len(sizes), sum(sizes))


class IndexUpkeep:
    """The index in a place, whatever made it. Every method raises `MemoryUnusable` for what cannot be used."""

    def __init__(self, place: Place) -> None:
        self.place = place

    def parts(self) -> list[IndexPart]:
        """Each table there is; an index that was never used has none."""
        words = [words_part(file) for file in self._words_files()]
        return [*(parts_of(self.place) if has_lancedb() else ()), *words]

    def forget(self, result_ids: AbstractSet[str]) -> Sequence[str]:
        """Take results out for good; where they may still stand."""
        left: list[str] = []
        for file in self._words_files():
            if has_lancedb():
                remove_words(file)  # what another installation left: nobody keeps it up to date
            else:
                memory = WordMemory(file.parent)
                left += memory.forget(result_ids)
                memory.close()
        if has_lancedb():
            left += forget_in(self.place, result_ids)
        elif isinstance(self.place, Path):
            remove_lance_tables(self.place)
        return left

    def optimise(self) -> None:
        """Fold and clean up now, instead of when a memory finds it due."""
        for file in self._words_files():
            optimise_words(file)
        if has_lancedb():
            fold_all(self.place)

    def _words_files(self) -> list[Path]:
        file = self.place / "words.db" if isinstance(self.place, Path) else None
        return [file] if file is not None and file.is_file() else []


Progress = Callable[[int], None]
"""Is told, now and then, how many results a new index holds."""


def rebuilt(
    place: Place,
    *,
    catch_up: CatchUp,
    is_wanted: IsWanted,
    sealing: Sealing | None,
    find: Callable[[], Embedder | None],
    on_progress: Progress,
) -> MemoryStats:
    """Build the index in a place anew from all stored results.

    In a folder the new one grows beside the old one, which stays in use until the new one is whole; in a bucket it
    takes the old one's place at once. Whatever ends it early leaves nothing of the new one in a folder. Raises
    `MemoryUnusable`, `MissingExtra`.
    """
    supply = _Supply(catch_up)
    build = partial(_built, supply, is_wanted=is_wanted, sealing=sealing, find=find, on_progress=on_progress)
    if not isinstance(place, Path):
        drop_all(place)
        return build(place)
    new, old = place.with_name(f"{place.name}.new"), place.with_name(f"{place.name}.old")
    shutil.rmtree(new, ignore_errors=True)  # of a process that was killed
    try:
        stats = build(new)
        shutil.rmtree(old, ignore_errors=True)
        if place.exists():
            place.rename(old)
        new.rename(place)  # killed before this, the next start finds no index, and builds one
    except OSError as error:
        raise unusable(place, error) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
        if place.exists():
            shutil.rmtree(old, ignore_errors=True)
    return stats


def _built(
    supply: _Supply,
    place: Place,
    *,
    is_wanted: IsWanted,
    sealing: Sealing | None,
    find: Callable[[], Embedder | None],
    on_progress: Progress,
) -> MemoryStats:
    memory = open_memory(place, catch_up=supply, is_wanted=is_wanted, sealing=sealing, find=find)
    if isinstance(memory, WordMemory):
        try:
            memory.recall("everything", limit=1)  # files all there is
            return memory.stats()
        finally:
            memory.close()
    settled, stats = 0, None
    try:
        while stats is None or settled < 2:  # noqa: PLR2004 - between a result's leaving the store and its being pending is a moment
            time.sleep(_LOOK_S)
            stats = memory.stats()
            on_progress(stats.results)
            settled = settled + 1 if supply.is_spent and not stats.pending else 0
        return stats
    finally:
        memory.close(timeout_s=_FOLDING_S if settled else 0.0)


class _Supply:
    """Gives out what the store holds, and knows when that was all."""

    def __init__(self, catch_up: CatchUp) -> None:
        self._catch_up = catch_up
        self.is_spent = False

    def __call__(self, known: AbstractSet[str]) -> Iterator[ToolResult]:
        yield from self._catch_up(known)
        self.is_spent = True
