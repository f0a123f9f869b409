"""What memory cannot reach just now: told once, tried again after growing pauses, told once more when it is back."""

from __future__ import annotations

import random
import threading
import time

import structlog

from khala.infrastructure.memory.terms import Unreachable

__all__ = ["Outage"]

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0
"""The n-th pause is drawn evenly from 0 to the first times 2**(n-1): full jitter, so that many memories do not come
back in step."""

_QUERIES_REST_S = 30.0
"""Seconds in which searches do not ask again, each of which would wait in vain."""


class Outage:
    """Whether the embedder or the object store is away; shared by the worker and by searches."""

    def __init__(self) -> None:
        self._failures = 0
        self._rest_until_s = 0.0
        self._changing = threading.Lock()

    @property
    def is_on(self) -> bool:
        """Whether the last try failed."""
        return self._failures > 0

    @property
    def query_may_try(self) -> bool:
        """Whether a search should ask, too."""
        return not self.is_on or time.monotonic() >= self._rest_until_s

    def failed(self, error: Unreachable) -> float:
        """Note a failure; the seconds to wait before the next try."""
        with self._changing:
            self._failures += 1
            first = self._failures == 1
            spread_s = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(self._failures - 1, 30))
            self._rest_until_s = time.monotonic() + _QUERIES_REST_S
        if first:
            structlog.get_logger().warning("memory finds less for now", reason=str(error))
        return random.random() * spread_s  # noqa: S311 - no secret hangs on it

    def over(self) -> None:
        """Note a success."""
        with self._changing:
            was_on, self._failures = self.is_on, 0
        if was_on:
            structlog.get_logger().warning("memory finds everything again")
