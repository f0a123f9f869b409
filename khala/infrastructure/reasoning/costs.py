"""What a set of calls cost, and which chain of calls took longest.

A call depends on the results whose values it used or whose words it repeats. Only links to calls before it count, so a
log that claims a circle has no endless path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from khala.infrastructure.reasoning.findings import Cost, CriticalPath, PathStep
from khala.infrastructure.reasoning.run_story import CallStory, RunStory

__all__ = ["ancestors", "cost", "critical_path"]

Needs = Callable[[str], Iterable[str]]
"""Ids of the calls whose results a call needed."""


def ancestors(story: RunStory, ends: Iterable[str], needs: Needs) -> set[str]:
    """The calls that led to some results, those included."""
    found: set[str] = set()
    waiting = [call_id for call_id in ends if call_id in story.calls]
    while waiting:
        call_id = waiting.pop()
        if call_id not in found:
            found.add(call_id)
            waiting.extend(other.call.id for other in _before(story, call_id, needs))
    return found


def cost(story: RunStory, call_ids: Iterable[str]) -> Cost:
    """What these calls took, with the turns that asked for them."""
    calls = sorted((story.calls[call_id] for call_id in call_ids), key=lambda each: each.number)
    turns = [story.turns[number] for number in sorted({each.turn for each in calls}) if number in story.turns]
    return Cost(
        calls=tuple(each.call.id for each in calls),
        turns=tuple(turn.number for turn in turns),
        elapsed_ms=sum(each.elapsed_ms for each in calls) + sum(turn.think_ms for turn in turns),
        tokens=sum(turn.tokens for turn in turns),
        money=sum(turn.usage.money for turn in turns),
    )


def critical_path(story: RunStory, ends: Iterable[str], needs: Needs) -> CriticalPath:
    """The longest chain in time that ends at one of these calls."""
    until_ms: dict[str, int] = {}
    came_from: dict[str, str] = {}
    for each in story.calls.values():
        longest = max(_before(story, each.call.id, needs), key=lambda other: until_ms[other.call.id], default=None)
        if longest is not None:
            came_from[each.call.id] = longest.call.id
        until_ms[each.call.id] = _own_ms(story, each) + (until_ms[longest.call.id] if longest else 0)
    last = max((call_id for call_id in ends if call_id in until_ms), key=until_ms.__getitem__, default="")
    steps: list[PathStep] = []
    while last:
        each = story.calls[last]
        tokens = story.turns[each.turn].tokens if each.turn in story.turns else 0
        steps.append(PathStep(last, each.call.tool, each.turn, _own_ms(story, each), tokens))
        last = came_from.get(last, "")
    return CriticalPath(
        steps=tuple(reversed(steps)),
        elapsed_ms=sum(step.elapsed_ms for step in steps),
        tokens=sum(step.tokens for step in steps),
        run_ms=story.last_ms - story.first_ms,
        run_tokens=sum(turn.tokens for turn in story.turns.values()),
    )


def _before(story: RunStory, call_id: str, needs: Needs) -> list[CallStory]:
    number = story.calls[call_id].number
    known = (story.calls[other] for other in needs(call_id) if other in story.calls)
    return [other for other in known if other.number < number]


def _own_ms(story: RunStory, each: CallStory) -> int:
    return each.elapsed_ms + (story.turns[each.turn].think_ms if each.turn in story.turns else 0)
