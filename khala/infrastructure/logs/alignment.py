"""Brings together what the message history and the step log tell of one run.

Both tell the replies in the same order, but each lacks some: the history those that were rolled back or cut away, the
steps those after they end. Replies are alike when they started the same calls.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from difflib import SequenceMatcher

from khala.infrastructure.logs.foreign_run import Damage, ForeignCall, ForeignTurn
from khala.infrastructure.logs.steps import SUB_AGENT, Reply, Started

__all__ = ["with_steps"]

_MOST_PAIRS = 4_000_000
"""Replies x turns that are compared; a run of 600 turns makes 360,000."""


def with_steps(turns: list[ForeignTurn], replies: Sequence[Reply], damage: Damage) -> list[ForeignTurn]:
    """The turns with what the steps add: times, arguments as they were executed, and turns that are gone."""
    if any(reply.is_guessed for reply in replies):
        damage.add("the steps of the log do not say which reply they belong to: only its messages are read")
        return turns
    live = [reply for reply in replies if reply.rolled_back is None]
    if len(live) * len(turns) > _MOST_PAIRS:
        damage.add("the log has too many steps to compare them with its messages: they are left out")
        return turns
    partner = _partners(live, turns)
    merged: list[ForeignTurn] = []
    taken = position = 0
    for reply in replies:
        place = None
        if reply.rolled_back is None:
            place, position = partner.get(position), position + 1
        if place is None:
            merged.append(_gone(reply, damage))
            continue
        merged += turns[taken : place + 1]
        taken = place + 1
        _complete(turns[place], len(merged), reply, damage)
    return merged + turns[taken:]


def _partners(live: Sequence[Reply], turns: Sequence[ForeignTurn]) -> dict[int, int]:
    """Which reply of the steps, by its place among the live ones, is which turn of the history."""
    told = [tuple(_key(started) for started in reply.started) for reply in live]
    kept = [tuple(_key(call) for call in turn.calls) for turn in turns]
    partner: dict[int, int] = {}
    for kind, first, last, start, stop in SequenceMatcher(None, told, kept, autojunk=False).get_opcodes():
        if kind in ("equal", "replace"):
            partner.update(zip(range(first, last), range(start, stop), strict=False))
    return partner


def _key(call: Started | ForeignCall) -> str:
    if call.tool.startswith(SUB_AGENT) or call.arguments is None:
        return SUB_AGENT
    return f"{call.tool} {json.dumps(call.arguments, sort_keys=True)}"


def _gone(reply: Reply, damage: Damage) -> ForeignTurn:
    """A turn of which only the steps tell."""
    calls = [ForeignCall(started.tool, started.arguments or {}) for started in reply.started]
    what = "was rolled back" if reply.rolled_back else "is gone from the message history"
    damage.add(f"a turn {what}: of it the log holds {len(calls)} calls, no words and no results")
    for call, started in zip(calls, reply.started, strict=True):
        call.elapsed_ms, call.finished_at_ms = started.elapsed_ms, started.finished_at_ms
    return ForeignTurn(calls=calls, rolled_back=reply.rolled_back, usage=reply.usage, replied_at_ms=reply.at_ms)


def _complete(turn: ForeignTurn, number: int, reply: Reply, damage: Damage) -> None:
    turn.usage, turn.replied_at_ms = reply.usage, reply.at_ms
    for call, started in zip(turn.calls, reply.started, strict=False):
        call.elapsed_ms, call.finished_at_ms = started.elapsed_ms, started.finished_at_ms
        if started.arguments is not None and call.tool == started.tool:
            call.arguments = started.arguments
    for call in turn.calls[len(reply.started) :]:
        call.was_made = call.result is not None
    for started in reply.started[len(turn.calls) :]:
        damage.add(f"turn {number}: a call of `{started.tool}` ran that cannot be read in its message")
        turn.calls.append(ForeignCall(started.tool, started.arguments or {}))
