"""What counts as the final answer once there is a draft."""

from __future__ import annotations

import asyncio

import pytest

from khala.agent.guard import Guard
from khala.agent.research import ResearchAgent
from khala.domain.message import ModelReply
from khala.domain.policy import Policy, Rule
from khala.domain.retention import Retention
from khala.domain.tool import tool
from khala.infrastructure.store.canonical import canonical_digest
from khala.testing.in_memory_store import InMemoryStore
from khala.testing.listed_memory import ListedMemory
from khala.testing.scripted_model import ScriptedModel, calling, saying

DRAFT = "The word alpha has five letters."
TO_THE_DRAFT = [calling(("look_up", {"word": "alpha"})), calling(("look_up", {"word": "beta"})), saying(DRAFT)]
NO_ANSWERS = {
    "a call": calling(("look_up", {"word": "gamma"}), text="Let me check that once more."),
    "a refusal": ModelReply(text="I cannot help with that.", finish="refusal"),
    "half a sentence": ModelReply(text="The word alpha has", finish="length"),
}


@tool(effect="read")
def look_up(word: str) -> str:
    """Look a word up."""
    return f"entry for {word}: the word alpha has five letters"


def run(script):
    guard = Guard(Policy(rules=(Rule("all", "allow", tools=frozenset({"*"})),)), [look_up], digest=canonical_digest)
    agent = ResearchAgent(
        model=ScriptedModel(script),
        guard=guard,
        store=InMemoryStore(),
        memory=ListedMemory(),
        retention=Retention(keep_results=1),
    )
    return asyncio.run(agent.run("how many letters has the word alpha?"))


@pytest.mark.parametrize("reply", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_a_reply_that_is_no_answer_does_not_take_the_place_of_the_draft(reply):
    report = run([*TO_THE_DRAFT, reply, reply, reply])
    assert (report.status, report.answer) == ("answered", DRAFT)


@pytest.mark.parametrize("reply", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_the_answer_is_asked_for_again(reply):
    assert run([*TO_THE_DRAFT, reply, saying("Five letters.")]).answer == "Five letters."
