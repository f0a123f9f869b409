"""How much a run may do: calls, amounts, and both within a time.

A limit is the condition of a rule: it holds once the call would go beyond what is left, and it cannot be evaluated when
what was done before, the time, or an amount is not known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from .facts import AMOUNT, Facts, amounts_in
from .manifest import ToolEffect
from .policy import selects

__all__ = ["AMOUNT", "Limit"]


@dataclass(frozen=True)
class Limit:
    """At most so many calls, or an amount of so much, of the calls a rule looks at."""

    tools: frozenset[str] = frozenset()
    """As in `Rule`."""
    effects: frozenset[ToolEffect] = frozenset()
    calls: int | None = None
    amount: float | None = None
    """In the unit of the arguments in the role `amount`."""
    within_s: float | None = None
    """Counts only what was done in the last so many seconds; `None` means the whole run."""

    counts = True
    """It looks at what was done before."""

    @property
    def text(self) -> str:
        """As an author would write it."""
        parts = (("calls", self.calls), ("amount", self.amount), ("within_s", self.within_s))
        return ", ".join(f"{name} = {value}" for name, value in parts if value is not None)

    def __call__(self, facts: Facts) -> bool | None:
        """Whether the call goes beyond the limit; `None` when that cannot be told."""
        if facts.done is None or (self.within_s is not None and facts.now_ms is None):
            return None
        since = None if self.within_s is None or facts.now_ms is None else facts.now_ms - self.within_s * 1000
        counted = [
            each
            for each in facts.done
            if selects(self.tools, self.effects, each.call.tool, each.manifest.effect)
            and (since is None or each.at_ms > since)
        ]
        if self.calls is not None and len(counted) + 1 > self.calls:
            return True
        if self.amount is None:
            return False
        try:
            total = math.fsum(
                [
                    *(amount for each in counted for amount in each.amounts),
                    *amounts_in(facts.manifest, facts.arguments),
                ]
            )
        except OverflowError:  # more than a number can hold
            return None
        return None if math.isnan(total) else total > self.amount
