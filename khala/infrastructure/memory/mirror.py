"""All passages of a table that is not large, kept in RAM and searched there exactly.

A search of the table costs 5 to 15 ms whatever it finds; here it is one matrix product or a few sums over arrays. The
table stays the truth: before each use `follow` asks for its version (0.3 ms) and takes in what any process committed
or deleted. Results come to a table and leave it whole and never change in between, so their ids tell what is new.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Protocol

from khala.domain.selection import Selection
from khala.infrastructure.memory.passages import Rows
from khala.infrastructure.memory.ranking import Found

if TYPE_CHECKING:
    from khala.infrastructure.memory.held_rows import HeldRows

__all__ = ["MIRRORED_PASSAGES", "Mirror", "Mirrored"]

MIRRORED_PASSAGES = 50_000
"""Passages kept at most, with vectors of 384 numbers about 220 MB. A larger table searches by its own indexes."""


class Mirrored(Protocol):
    """The table that is followed."""

    def version(self) -> int:
        """Another one after each commit of any process."""
        ...

    def total(self) -> int:
        """Rows, of which all but a few are passages."""
        ...

    def known(self) -> AbstractSet[str]:
        """Ids of all results in the table."""
        ...

    def rows(self, result_ids: AbstractSet[str] | None) -> Rows:
        """The passages of some results, or of all."""
        ...


class Mirror:
    """Follows a table while that has at most `most` rows, with vectors of `dims`; safe to share between threads."""

    def __init__(self, *, dims: int | None, most: int = MIRRORED_PASSAGES) -> None:
        self._dims = dims
        self._most = most
        self._one_at_a_time = threading.Lock()
        self._shown: Shown | None = None

    def follow(self, table: Mirrored, *, load: bool = False) -> Shown | None:
        """What the table holds now, or `None` where it is too large, or not here yet: then only `load` reads it."""
        if self._shown is None and not load:
            return None
        with self._one_at_a_time:
            version = table.version()
            if self._shown is not None and self._shown.version == version:
                return self._shown
            if table.total() > self._most:
                self._shown = None
                return None
            self._shown = self._caught_up(table, version)
            return self._shown

    def _caught_up(self, table: Mirrored, version: int) -> Shown:
        from khala.infrastructure.memory.held_rows import HeldRows

        shown = self._shown or Shown(HeldRows(self._dims or 0))
        known = table.known()
        new = known - shown.results
        shown.change(version, known, table.rows(new if shown.results else None) if new else None)
        return shown


class Shown:
    """The passages of a table as it was when it was last followed."""

    def __init__(self, rows: HeldRows) -> None:
        self._rows = rows
        self._one_at_a_time = threading.Lock()
        self.version = -1
        self.results: AbstractSet[str] = frozenset()

    def change(self, version: int, known: AbstractSet[str], more: Rows | None) -> None:
        """The table has these results now, of which some passages are new."""
        with self._one_at_a_time:
            if gone := self.results - known:
                self._rows.drop(gone)
            if more is not None:
                self._rows.take_in(more)
            self.results, self.version = known, version

    def total(self) -> int:
        """How many there are."""
        with self._one_at_a_time:
            return len(self._rows.passages)

    def by_words(self, asked: Sequence[str], limit: int, where: Selection) -> Found:
        """The best passages by BM25 over their terms, of the results that are meant."""
        with self._one_at_a_time:
            return self._rows.by_words(asked, limit, where)

    def by_meaning(self, vector: Sequence[float], limit: int, where: Selection) -> Found:
        """The nearest passages by cosine, of the results that are meant."""
        with self._one_at_a_time:
            return self._rows.by_meaning(vector, limit, where)
