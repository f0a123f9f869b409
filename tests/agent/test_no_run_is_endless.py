"""Models and budgets that bring nothing: every run ends, or says why it cannot go on."""

from __future__ import annotations

import asyncio
from itertools import count, repeat

import pytest

from khala.agent.guard import Guard
from khala.agent.research import ResearchAgent
from khala.domain.budget import InteractionBudget
from khala.domain.policy import Policy, Rule
from khala.domain.tool import tool
from khala.errors import ModelUnavailable
from khala.infrastructure.store.canonical import canonical_digest
from khala.testing.in_memory_store import InMemoryStore
from khala.testing.scripted_model import ScriptedModel, calling

ALLOW = Rule("everything", "allow", tools=frozenset({"*"}))
DENY = Rule("nothing", "deny", tools=frozenset({"*"}))


@tool(effect="read")
def look_up(number: int) -> str:
    """Look a number up."""
    return f"entry for {number}"


def run(script, rule=ALLOW, **limits):
    guard = Guard(Policy(rules=(rule,)), [look_up], digest=canonical_digest)
    agent = ResearchAgent(
        model=ScriptedModel(script), guard=guard, store=InMemoryStore(), budget=InteractionBudget(**limits)
    )
    return asyncio.run(asyncio.wait_for(agent.run("what is a word?"), 60))


@pytest.mark.parametrize(
    ("rule", "limits"), [(DENY, {}), (ALLOW, {"calls_per_tool": {"look_up": 0}})], ids=["denied", "skipped"]
)
def test_a_model_whose_calls_never_run_comes_to_the_end_of_its_turns(rule, limits):
    script = (calling(("look_up", {"number": number})) for number in count())
    report = run(script, rule, **limits)
    assert (report.status, report.reason) == ("unanswered", "the turns are used up")


@pytest.mark.parametrize("limits", [{}, {"seconds": 0.0}], ids=["no deadline", "asked for the answer"])
def test_a_model_that_times_out_by_itself_stops_the_run(limits):
    with pytest.raises(ModelUnavailable, match="`scripted` timed out"):
        run(repeat(TimeoutError()), **limits)
