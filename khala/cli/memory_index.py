"""`khala memory reindex` and `khala memory optimise`: build the index of a memory anew, or clean it up."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

from khala.cli.home_options import home_settings, opened_home
from khala.cli.memory_stats import told_disk
from khala.infrastructure.memory.upkeep import DiskUse

__all__ = ["optimise", "reindex"]


def reindex(parsed: argparse.Namespace) -> int:
    """Build the index anew from the stored texts."""
    settings = home_settings(parsed)
    with opened_home(parsed.home, settings, semantic=not parsed.words_only, must_exist=True) as home:
        shown = _Shown(total=len(home.store.forgetting.held()))
        try:
            stats = home.reindex(shown)
        except KeyboardInterrupt:
            kept = "the index is not whole" if parsed.index else "the index is as it was"
            raise KeyboardInterrupt(f"interrupted; {kept}") from None
        finally:
            shown.close()
    if parsed.json:
        print(json.dumps(asdict(stats)))
        return 0
    how = "by meaning and by words" if stats.semantic else "by words only"
    print(f"indexed {stats.chunks:,} passages of {stats.results:,} results, found {how}")
    return 0


def optimise(parsed: argparse.Namespace) -> int:
    """Fold the index and delete what it no longer needs."""
    with opened_home(parsed.home, home_settings(parsed), must_exist=True) as home:
        before = DiskUse.of(home.upkeep.place)
        home.upkeep.optimise()
        after = DiskUse.of(home.upkeep.place)
    if parsed.json:
        print(json.dumps({"before": before and asdict(before), "after": after and asdict(after)}))
    elif before is None or after is None:
        print("optimised")
    else:
        print(f"before: {told_disk(before)}\nafter: {told_disk(after)}")
    return 0


class _Shown:
    """How far it is, on standard error: one line kept up to date on a terminal, else a line now and then."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._is_live = sys.stderr.isatty()
        self._told = 0

    def __call__(self, done: int) -> None:
        due = done != self._told if self._is_live else done >= self._told + max(1, self._total // 10)
        if due:
            self._told = done
            end = "" if self._is_live else "\n"
            start = "\r\x1b[K" if self._is_live else ""
            print(f"{start}indexed {done:,} of {self._total:,} results", end=end, file=sys.stderr, flush=True)

    def close(self) -> None:
        """End the line."""
        if self._is_live and self._told:
            print(file=sys.stderr)
