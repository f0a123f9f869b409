"""Which results and turns the next prompt still shows.

Only the prompt forgets; the log, the store and the memory keep everything. The choice depends on counts alone, never on
time or content, so the prompt is a pure function of the trajectory. Clearing in batches and dropping turns in steps
keep what was sent a prefix of what is sent next.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PositiveInt

from .value import Value

__all__ = ["MAX_SHRINK_LEVEL", "Retention", "dropped_turns_note", "placeholder", "shown_text"]

MAX_SHRINK_LEVEL = 6
"""Halvings after which a context that still does not fit is given up on: 20,000 characters a result become 312."""


class Retention(Value):
    """How much of the past a prompt shows."""

    keep_results: Annotated[int, Field(ge=-1)] = 5
    """Results shown in full: -1 all, 0 none, K the last K (MiroThinker: 5). The unit is the result, not the message."""
    batch: PositiveInt = 1
    """Results cleared at once: between K and K + batch - 1 are shown. 10 keeps most of a prompt in a prefix cache."""
    turn_window: PositiveInt | None = None
    """Turns shown at least; older ones are dropped behind one line, in steps of 3/4 of the window. `None` shows all."""

    def cleared(self, results: int) -> int:
        """How many of the oldest of `results` results are cleared; never falls as `results` grows."""
        if self.keep_results < 0:
            return 0
        over = max(0, results - self.keep_results)
        return over // self.batch * self.batch if self.keep_results else over

    def dropped(self, turns: int) -> int:
        """How many of the oldest of `turns` turns are dropped; never falls as `turns` grows.

        Each step sends the whole prompt anew past the prefix cache, while a turn whose results are cleared costs
        little: so the steps are long.
        """
        if self.turn_window is None:
            return 0
        step = max(1, self.turn_window * 3 // 4)
        return max(0, turns - self.turn_window) // step * step

    def shrunk(self, level: int) -> Retention:
        """This retention after `level` answers to a prompt that was too long: half as much each time."""
        if level <= 0:
            return self
        keep = 8 if self.keep_results < 0 else self.keep_results
        window = 64 if self.turn_window is None else self.turn_window
        return Retention(keep_results=keep >> level, batch=1, turn_window=max(1, window >> level))


def placeholder(result_id: str) -> str:
    """What stands where a result was cleared; the same bytes for ever, and few: there may be hundreds in a prompt."""
    return f"[result {result_id} cleared]"


def dropped_turns_note(turns: int) -> str:
    """What stands where whole turns were dropped."""
    return f"[the first {turns} turns are out of view; recall(query) finds what they brought]"


def shown_text(result_id: str, text: str, limit: int) -> str:
    """A result as the prompt shows it: whole, or its head with the way to the rest. `limit` is in characters."""
    if len(text) <= limit:
        return f"[result {result_id}]\n{text}"
    return (
        f"[result {result_id}: characters 0 to {limit} of {len(text)};"
        f' read_result(id="{result_id}", offset={limit}) reads on]\n{text[:limit]}'
    )
