"""What the log lines say, and what they keep to themselves."""

from __future__ import annotations

import asyncio

import structlog

from khala.agent.guard import Guard
from khala.agent.research import ResearchAgent
from khala.domain.policy import Policy, Rule
from khala.domain.tool import tool
from khala.infrastructure.store.canonical import canonical_digest
from khala.infrastructure.telemetry.structured_log import structured_log
from khala.testing.in_memory_store import InMemoryStore
from khala.testing.scripted_model import ScriptedModel, calling, saying


@tool(effect="read")
def look(word: str) -> str:
    """Look."""
    return "the secret result"


def test_each_event_is_one_line_without_the_words_of_model_and_tools():
    guard = Guard(Policy(rules=(Rule("all", "allow", tools=frozenset({"*"})),)), [look], digest=canonical_digest)
    model = ScriptedModel([calling(("look", {"word": "the secret word"}), text="the secret thought"), saying("secret")])
    with structlog.testing.capture_logs() as lines:
        agent = ResearchAgent(model=model, guard=guard, store=InMemoryStore(), observers=[structured_log()])
        report = asyncio.run(agent.run("the secret task"))
    assert [line["event"] for line in lines] == [
        "run_started", "tools_accepted", "model_replied", "call_decided", "call_started", "call_finished",
        "model_replied", "answer_drafted", "run_ended",
    ]  # fmt: skip
    assert lines[3]["effect"] == "allow"
    assert lines[5] == {
        "event": "call_finished", "log_level": "info", "run": report.run_id, "seq": 5, "call": f"{report.run_id}-1",
        "status": "ok", "chars": 17, "ms": lines[5]["ms"],
    }  # fmt: skip
    assert "secret" not in str(lines)
