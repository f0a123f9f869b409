"""Results on their way into the table: what waits, and when it is time for the next batch of it.

Everything here changes under one condition, `changed`, which also wakes whoever waits: the worker for results, recalls
for the worker.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from itertools import chain, islice

from khala.domain.call import ToolResult

__all__ = ["Arrivals"]

_BATCH_RESULTS = (16, 64)
"""A commit waits for the first number of results, and takes at most the second."""

_BATCH_CHARS = 1_000_000
"""Characters that end a batch before it is full, so that long results do not pile up in one commit."""

_IDLE_S = 2.0
"""Seconds after which fewer results are committed too."""

_QUIET_S = 70.0
"""Seconds without a commit after which the table is tidied: what was folded away is kept for a minute."""

_LONG_S = 3_600.0
"""Seconds until the worker looks up for nothing."""

_CATCH_UP_RESULTS = 1_000
"""Stored results held in memory at a time while a table is rebuilt."""


class Arrivals:
    """What was remembered here and is not committed yet, and after it what the store has and the table lacks."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.closing = False  # what waits is still taken, nothing new comes
        self.abandoned = False  # nothing is taken any more
        self._pending: dict[str, ToolResult] = {}  # remembered here
        self._backlog: dict[str, ToolResult] = {}  # taken from the store
        self._oldest_s = 0.0  # when the first of the pending results came
        self._hurried = 0  # recalls that wait
        self._quiet_from_s = math.inf  # when there has been nothing to commit for a while

    def put(self, result: ToolResult) -> None:
        """One more, unless it waits already."""
        with self.changed:
            if not self._pending:
                self._oldest_s = time.monotonic()
            self._pending.setdefault(result.call.id, result)
            self.changed.notify_all()

    def take_in(self, missing: Iterator[ToolResult]) -> None:
        """Take stored results the table lacks, as many as may be held at a time."""
        taken = list(islice(missing, _CATCH_UP_RESULTS - len(self._backlog)))
        with self.changed:
            self._backlog |= {result.call.id: result for result in taken if result.call.id not in self._pending}

    def drop(self, result_ids: Iterable[str]) -> None:
        """These do not wait any more."""
        with self.changed:
            for result_id in result_ids:
                self._pending.pop(result_id, None)
                self._backlog.pop(result_id, None)
            self.changed.notify_all()

    def clear(self) -> None:
        """Nothing does."""
        with self.changed:
            self._pending.clear()
            self._backlog.clear()
            self.changed.notify_all()

    def abandon(self) -> None:
        """The worker is to stop where it is."""
        with self.changed:
            self.abandoned = True
            self.changed.notify_all()

    def pending_ids(self) -> AbstractSet[str]:
        """Results that were remembered here."""
        with self.changed:
            return frozenset(self._pending)

    def is_through(self, awaited: AbstractSet[str]) -> bool:
        """Whether none of some results is pending."""
        return awaited.isdisjoint(self._pending)

    def all(self) -> list[ToolResult]:
        """Whatever waits, in the order in which it is taken."""
        with self.changed:
            return [*self._pending.values(), *self._backlog.values()]

    def hurry(self, by: int) -> None:
        """So many recalls more (or fewer) wait; while one does, a batch need not be full."""
        with self.changed:
            self._hurried += by
            self.changed.notify_all()

    def next_batch(self) -> list[ToolResult] | None:
        """The results to index next, once there are enough or it is time.

        None of them when nothing has come for a while after the last, and `None` when the memory is closed.
        """
        enough, most = _BATCH_RESULTS
        with self.changed:
            while not self.abandoned:
                waiting = len(self._pending)
                left_s = self._oldest_s + _IDLE_S - time.monotonic()
                due = self.closing or self._hurried or waiting >= enough or left_s <= 0
                if (waiting and due) or self._backlog:
                    # a backlog alone goes in small batches, so that what comes meanwhile need not wait long
                    self._quiet_from_s = time.monotonic() + _QUIET_S
                    size = most if waiting else enough
                    return _limited(islice(chain(self._pending.values(), self._backlog.values()), size))
                if self.closing:
                    break
                quiet_s = self._quiet_from_s - time.monotonic()
                if quiet_s <= 0:
                    self._quiet_from_s = math.inf
                    return []
                self.changed.wait(min(quiet_s, left_s if self._pending else _LONG_S))
        return None


def _limited(results: Iterator[ToolResult]) -> list[ToolResult]:
    taken: list[ToolResult] = []
    chars = 0
    for result in results:
        taken.append(result)
        chars += len(result.text)
        if chars >= _BATCH_CHARS:
            break
    return taken
