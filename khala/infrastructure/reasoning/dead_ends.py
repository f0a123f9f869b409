"""Calls and turns that nothing came of."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from khala.infrastructure.reasoning.costs import Needs
from khala.infrastructure.reasoning.findings import DeadEnd, DeadEndCause
from khala.infrastructure.reasoning.run_story import CallStory, RunStory

__all__ = ["dead_ends"]

_CAUSES: dict[str, DeadEndCause] = {
    "failed": "failed", "timeout": "failed", "denied": "stopped", "invalid": "stopped", "skipped": "stopped",
    "unknown": "stopped",
}  # fmt: skip


def dead_ends(story: RunStory, needed: AbstractSet[str] | None, needs: Needs) -> tuple[DeadEnd, ...]:
    """All of them in order; `needed` are the calls that led to the answer, `None` while there is no answer."""
    if needed is None:
        last_turn = max(story.turns, default=0)
        recent = {each.call.id for each in story.calls.values() if each.turn == last_turn}
        needed = recent.union(*(needs(call_id) for call_id in story.calls))
    return tuple(
        sorted(
            _found(story, needed), key=lambda found: (found.turn, found.call_id and story.calls[found.call_id].number)
        )
    )


def _found(story: RunStory, needed: AbstractSet[str]) -> Iterator[DeadEnd]:
    for turn in story.turns.values():
        if turn.rolled_back is not None and not turn.call_ids:
            yield DeadEnd(turn.number, "", "rolled_back", turn.think_ms)
    for each in story.calls.values():
        cause = _cause(story, each, needed)
        if cause is not None:
            yield DeadEnd(each.turn, each.call.id, cause, each.elapsed_ms)


def _cause(story: RunStory, each: CallStory, needed: AbstractSet[str]) -> DeadEndCause | None:
    turn = story.turns.get(each.turn)
    if turn is not None and turn.rolled_back is not None:
        return "rolled_back"
    if each.finished is None:
        return None
    cause = _CAUSES.get(each.finished.status)
    return cause or (None if each.call.id in needed else "unused")
