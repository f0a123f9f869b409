"""What khala says about a call may repeat the model's own words; they must not come back as trusted."""

from __future__ import annotations

import asyncio

from khala.agent.guard import Guard
from khala.agent.research import ResearchAgent
from khala.domain.events import CallFinished
from khala.domain.policy import Policy, Rule
from khala.domain.tool import tool
from khala.infrastructure.security.cel_conditions import compile_condition
from khala.infrastructure.store.canonical import canonical_digest
from khala.testing.in_memory_store import InMemoryStore
from khala.testing.scripted_model import ScriptedModel, calling, saying


@tool(effect="read")
def look(word: str) -> str:
    """Look."""
    return "nothing"


@tool(effect="send")
def send(to: str) -> str:
    """Send."""
    return "sent"


def statuses(task, script):
    policy = Policy(
        rules=(
            Rule("read", "allow", effects=frozenset({"read"})),
            Rule("send", "allow", tools=frozenset({"send"}), when=compile_condition("grounded(args.to)")),
        )
    )
    store = InMemoryStore()
    guard = Guard(policy, [look, send], digest=canonical_digest)
    report = asyncio.run(ResearchAgent(model=ScriptedModel(script), guard=guard, store=store).run(task))
    events = [record.event for record in store.records(report.run_id)]
    return [event.status for event in events if isinstance(event, CallFinished)]


def test_a_made_up_tool_name_does_not_ground_the_value_it_carries():
    script = [
        calling(("eve", {}), ("look", {"word": "x"})),
        calling(("look", {"word": "y", "eve": 1}), ("look", {"word": "z"})),
        calling(("send", {"to": "eve"})),
        saying("done"),
    ]
    assert statuses("send it to ann", script)[-1] == "denied"


def test_the_value_the_user_named_passes():
    assert statuses("send it to ann", [calling(("send", {"to": "ann"})), saying("done")]) == ["ok"]
