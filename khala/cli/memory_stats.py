"""`khala memory stats`: how much is held, for whom, how it is found and what it takes."""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path

from khala.assembly import Home
from khala.cli.home_options import home_settings, opened_home
from khala.cli.memory_look import whose
from khala.cli.progress import printable
from khala.domain.memory_limits import Held, MemoryLimits
from khala.infrastructure.memory.lance_files import IndexPart
from khala.infrastructure.memory.place import Place, embedder_of
from khala.infrastructure.memory.upkeep import DiskUse

__all__ = ["stats", "told_disk", "told_limits"]


@dataclass(frozen=True)
class _Count:
    results: int
    chars: int

    @classmethod
    def of(cls, held: list[Held]) -> _Count:
        return cls(len(held), sum(one.chars for one in held))


@dataclass(frozen=True)
class _Index:
    results: int
    chunks: int
    pending: int
    """Results it does not hold yet."""
    semantic: bool
    embedder: str | None
    fragments: int
    unindexed: int
    disk: DiskUse | None


def stats(parsed: argparse.Namespace) -> int:
    """Say it."""
    with opened_home(parsed.home, home_settings(parsed), must_exist=True) as home:
        held = home.store.forgetting.held()
        pins, limits = home.store.forgetting.pins(), home.store.forgetting.limits
        index, place = _index(home, held), home.upkeep.place
        store = DiskUse.of_files(home.folder.path.glob(f"{home.folder.database.name}*"))
        is_sealed = home.store.vault.is_sealed
    by_tenant: defaultdict[str, list[Held]] = defaultdict(list)
    for one in held:
        by_tenant[one.tenant].append(one)
    tenants = {tenant: _Count.of(theirs) for tenant, theirs in sorted(by_tenant.items())}
    if parsed.json:
        told = {
            **asdict(_Count.of(held)),
            "pinned": len(pins),
            "tenants": [{"tenant": tenant, **asdict(count)} for tenant, count in tenants.items()],
            "limits": limits.model_dump(),
            "sealed": is_sealed,
            "store": asdict(store),
            "index": {"place": str(place), **asdict(index)},
        }
        print(json.dumps(told))
        return 0
    total = _Count.of(held)
    lines = [
        f"{total.results:,} results of {total.chars:,} characters, {len(pins):,} pinned",
        *(f"  {whose(name)}: {count.results:,} results, {count.chars:,} characters" for name, count in tenants.items()),
        f"limits of each tenant: {told_limits(limits)}",
        "sealed under a master key" if is_sealed else "not sealed: whoever reads the files reads the texts",
        f"store: {told_disk(store)}",
        *_told_index(index, place),
    ]
    print(printable("\n".join(lines)))
    return 0


def told_disk(disk: DiskUse) -> str:
    """Files and bytes in words."""
    return f"{disk.files:,} files, {disk.bytes:,} bytes"


def told_limits(limits: MemoryLimits) -> str:
    """Limits in words."""
    given = {"days": limits.days, "results": limits.results, "characters": limits.chars}
    return ", ".join(f"{number:,g} {unit}" for unit, number in given.items() if number is not None) or "none"


def _told_index(index: _Index, place: Place) -> list[str]:
    how = "by meaning and by words" if index.semantic else "by words only"
    lines = [f"index: {index.chunks:,} passages of {index.results:,} results, found {how}"]
    if index.pending:
        lines.append(f"  {index.pending:,} results are not in it yet: whatever next uses this memory indexes them")
    if index.embedder:
        lines.append(f"  vectors of {index.embedder}")
    lines.append(f"  {index.fragments:,} fragments, {index.unindexed:,} passages beside the full-text index")
    lines.append(f"  in `{place}`" + ("" if index.disk is None else f": {told_disk(index.disk)}"))
    return lines


def _index(home: Home, held: list[Held]) -> _Index:
    place = home.upkeep.place
    # the one that finds by meaning, if there are two: the other is of runs that were to find by words only
    parts = sorted(home.upkeep.parts(), key=lambda part: (part.semantic, len(part.known)), reverse=True)
    part = parts[0] if parts else IndexPart(semantic=False, known=frozenset(), chunks=0, fragments=0, unindexed=0)
    missing = [one.result_id for one in held if one.result_id not in part.known]
    return _Index(
        results=len(part.known),
        chunks=part.chunks,
        pending=sum(home.awaits_index(result_id) for result_id in missing),
        semantic=part.semantic,
        embedder=embedder_of(place) if part.semantic and isinstance(place, Path) else None,
        fragments=part.fragments,
        unindexed=part.unindexed,
        disk=DiskUse.of(place),
    )
