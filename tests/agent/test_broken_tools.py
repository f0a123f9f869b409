"""Tools and approvers that break in every way: the call has failed, and the run goes on."""

from __future__ import annotations

import asyncio

import pytest

from khala.agent.guard import Guard
from khala.agent.research import ResearchAgent
from khala.domain.events import CallFinished
from khala.domain.policy import Policy, Rule
from khala.domain.tool import tool
from khala.infrastructure.store.canonical import canonical_digest
from khala.testing.in_memory_store import InMemoryStore
from khala.testing.scripted_model import ScriptedModel, calling, saying, shown_results

ALLOW = Rule("everything", "allow", tools=frozenset({"*"}))
ASK = Rule("sure", "ask", tools=frozenset({"look_up"}))


@tool(effect="read")
def look_up(word: str) -> str:
    """Look a word up."""
    return f"entry for {word}"


def run(script, tools, rules=(ALLOW,), approver=None):
    model, store = ScriptedModel(script), InMemoryStore()
    guard = Guard(Policy(rules=rules), tools, digest=canonical_digest, approver=approver)
    report = asyncio.run(ResearchAgent(model=model, guard=guard, store=store).run("what is a word?"))
    finished = [r.event for r in store.records(report.run_id) if isinstance(r.event, CallFinished)]
    return report, model, sorted(event.status for event in finished)


@tool(effect="read")
async def cancel_oneself(word: str) -> str:
    """Await something that somebody else cancelled."""
    raise asyncio.CancelledError(word)


@tool(effect="read")
def leave(word: str) -> str:
    """Try to end the process."""
    raise SystemExit(word)


@tool(effect="read")
def time_out_inside(word: str) -> str:
    """Wait for something of its own, in vain."""
    raise TimeoutError(f"no answer about {word}")


class Unspeakable(Exception):
    """An exception that fails to say what it is."""

    def __str__(self) -> str:
        raise KeyError("nothing")


@tool(effect="read")
def raise_the_unspeakable(word: str) -> str:
    """Break in the worst way."""
    raise Unspeakable(word)


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (cancel_oneself, "CancelledError: dust"),
        (leave, "SystemExit: dust"),
        (time_out_inside, "TimeoutError: no answer about dust"),
        (raise_the_unspeakable, "Unspeakable"),
    ],
)
def test_whatever_a_tool_raises_is_a_failed_call_and_no_other_call_is_lost(broken, told):
    script = [calling((broken.name, {"word": "dust"}), ("look_up", {"word": "a"})), saying("done")]
    report, model, statuses = run(script, [look_up, broken])
    assert (report.status, statuses) == ("answered", ["failed", "ok"])
    assert told in shown_results(model.prompts[1])[f"{report.run_id}-1"]


def test_an_approver_that_is_cancelled_has_not_approved():
    async def hang_up(call, decision):
        raise asyncio.CancelledError

    script = [calling(("look_up", {"word": "a"})), saying("done")]
    report, _, statuses = run(script, [look_up], (ALLOW, ASK), hang_up)
    assert (report.status, statuses) == ("answered", ["denied"])
