"""How much a memory keeps, and for how long."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from pydantic import Field

from .value import Value

__all__ = ["Held", "MemoryLimits"]

_DAY_MS = 24 * 60 * 60 * 1000


class Held(Value):
    """A result that a memory holds."""

    result_id: str
    tenant: str
    chars: int
    at_ms: int


class MemoryLimits(Value):
    """What each tenant's memory may hold; a limit that is `None` is none."""

    days: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Since a result was finished."""
    results: int | None = Field(default=None, ge=0)
    chars: int | None = Field(default=None, ge=0)
    """Of all texts together; equal ones count each."""

    def beyond(self, held: Sequence[Held], *, pinned: AbstractSet[str], now_ms: int) -> frozenset[str]:
        """Ids of the results to let go of, out of all in the order they came.

        Those that are too old, then the oldest of those that are too many. Pinned ones stay, and count.
        """
        kept: defaultdict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
        gone: set[str] = set()
        full: set[str] = set()
        latest_first = sorted(enumerate(held), key=lambda at: (at[1].result_id not in pinned, -at[1].at_ms, -at[0]))
        for _, one in latest_first:
            results, chars = kept[one.tenant][0] + 1, kept[one.tenant][1] + one.chars
            is_old = self.days is not None and one.at_ms < now_ms - self.days * _DAY_MS
            over = self._is_over(results, chars)
            if one.result_id not in pinned and (is_old or over or one.tenant in full):
                gone.add(one.result_id)
                full |= {one.tenant} if over else set()  # what is older than what was too much goes too
            else:
                kept[one.tenant] = results, chars
        return frozenset(gone)

    def _is_over(self, results: int, chars: int) -> bool:
        too_many = self.results is not None and results > self.results
        return too_many or (self.chars is not None and chars > self.chars)
