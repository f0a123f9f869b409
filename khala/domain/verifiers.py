"""The verifiers that khala brings along: does the draft rest on results, does the search still bring anything.

Each is a plain function of the run as it stands. Their notes are fixed words; what the model or a result said goes into
`quote` and `passages`, which are shown as quotations.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from .events import Finding, PassageRef
from .run_reading import RunReading, Verifier

__all__ = ["BUILT_IN_VERIFIERS", "Verifiers", "evidence_check", "loop_breaker", "stagnation"]

FRUITLESS_CALLS = 20
"""Calls in a row that bring nothing before the model is told; MiroThinker's runs make up to 600 (arXiv 2511.11793)."""
ENDING = 3
"""How many times as many end the search: calls that check one thing after the other may all say `yes`."""
NEAR_DUPLICATES = 3
"""Calls nearly the same before the model is told: the second may have been a better wording."""
MOST_AGAINST = 2
"""Passages named that say otherwise."""


def evidence_check(run: RunReading) -> Iterator[Finding]:
    """The sentences of the draft that no result carries, or that results say otherwise."""
    for claim in run.claims():
        if claim.supports:
            continue
        against = claim.verdict.contradictions[:MOST_AGAINST]
        note = "results say otherwise" if against else "no result was found that says this"
        passages = tuple(PassageRef(result_id=each.result_id, start=each.start, end=each.end) for each in against)
        yield Finding(note=note, quote=claim.sentence, passages=passages)


def stagnation(run: RunReading, *, calls: int = FRUITLESS_CALLS) -> Iterator[Finding]:
    """So many calls in a row that brought nothing new: the model is told; at three times as many the search ends."""
    results = len(run.trajectory.results)
    now = run.fruitless(results)
    places = range(results - len(run.turn.calls), results)
    if now >= ENDING * calls:
        yield Finding(note=f"the last {now} calls brought nothing new", ends_search=True)
    elif now >= calls and any(run.fruitless(place) < calls <= run.fruitless(place + 1) for place in places):
        note = f"the last {now} calls brought nothing new; look elsewhere, or answer with what you have"
        yield Finding(note=note)


def loop_breaker(run: RunReading) -> Iterator[Finding]:
    """Calls that say nearly the same, or a few calls in turn, when the last of them brought nothing new."""
    for state in run.turn.calls:
        loop = run.loop(state)
        if loop is None or not run.brought_nothing(state):
            continue
        made = len(loop.call_ids)
        quote = f"{state.call.tool} {json.dumps(state.call.arguments, ensure_ascii=False)}"
        if loop.kind == "near_duplicate" and made % NEAR_DUPLICATES == 0:
            yield Finding(note=f"{made} calls said nearly the same, the last one brought nothing new", quote=quote)
        elif loop.kind == "alternating" and made % (2 * loop.period) == 0:
            note = f"the same {loop.period} calls were made in turn {made // loop.period} times, to no end"
            yield Finding(note=note, quote=quote)


@dataclass(frozen=True)
class Verifiers:
    """Who looks at a run, and where; nobody by default."""

    after_turn: tuple[Verifier, ...] = ()
    """Asked after each turn with calls, so they must be quick; what they find is told to the model."""
    before_answer: tuple[Verifier, ...] = ()
    """Asked about each draft; what they find goes back to the model with it, as often as the budget's `revisions`."""


BUILT_IN_VERIFIERS = Verifiers(after_turn=(stagnation, loop_breaker), before_answer=(evidence_check,))
"""All that khala brings along."""
