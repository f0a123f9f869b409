"""A policy may look at what the run has used so far."""

from __future__ import annotations

import asyncio

from khala.agent.guard import Guard
from khala.agent.research import ResearchAgent
from khala.assembly import guarded
from khala.domain.policy import Policy, Rule
from khala.domain.tool import tool
from khala.errors import CallDenied
from khala.infrastructure.security.cel_conditions import compile_condition
from khala.infrastructure.store.canonical import canonical_digest
from khala.testing.in_memory_store import InMemoryStore
from khala.testing.scripted_model import ScriptedModel, calling, saying

AT_MOST_TWO = Policy(
    rules=(Rule("two", "allow", tools=frozenset({"look"}), when=compile_condition('spent("tool_calls") < 2.0')),)
)


@tool(effect="read")
def look(word: str) -> str:
    """Look."""
    return word


def test_the_loop_tells_the_guard_what_was_spent():
    guard = Guard(AT_MOST_TWO, [look], digest=canonical_digest)
    model = ScriptedModel([*(calling(("look", {"word": word})) for word in "abc"), saying("done")])
    report = asyncio.run(ResearchAgent(model=model, guard=guard, store=InMemoryStore()).run("look"))
    assert dict(report.decisions) == {"allow": 2, "ask": 0, "deny": 1}


def test_two_calls_in_one_turn_count_one_after_the_other():
    guard = Guard(AT_MOST_TWO, [look], digest=canonical_digest)
    model = ScriptedModel([calling(*(("look", {"word": word}) for word in "abc")), saying("done")])
    report = asyncio.run(ResearchAgent(model=model, guard=guard, store=InMemoryStore()).run("look"))
    assert dict(report.decisions) == {"allow": 2, "ask": 0, "deny": 1}


def test_a_session_tells_it_too():
    allowed = 0
    with guarded("look", [look], policy=AT_MOST_TWO) as session:
        for word in "abc":
            try:
                session.protect(look)(word)
                allowed += 1
            except CallDenied:
                pass
    assert allowed == 2
