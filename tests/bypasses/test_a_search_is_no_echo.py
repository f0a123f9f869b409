"""A value is made trusted by searching a trusted corpus for it."""

from __future__ import annotations

import asyncio

import pytest

from khala.agent.guard import Guard
from khala.domain.call import ToolCall
from khala.domain.grounding import Grounding
from khala.domain.tool import tool
from khala.infrastructure.security.policy_file import parse_policy
from khala.infrastructure.store.canonical import canonical_digest
from khala.infrastructure.tools.corpus_index import CorpusIndex
from khala.infrastructure.tools.corpus_tools import corpus_tools

POLICY = """
version = 1

[tool.search_corpus]
effect = "read"
results = "trusted"

[[rule]]
id = "reading"
effect = "allow"
effects = ["read"]

[[rule]]
id = "to-people-in-our-documents"
effect = "allow"
tools = ["send"]
when = "grounded(args.to)"
"""


@tool(effect="send")
def send(to: str) -> str:
    """Send."""
    return to


@pytest.mark.parametrize(
    ("query", "to", "is_allowed"),
    [
        ("mallory", "mallory", False),
        ("mallory Anna", "mallory", False),
        ('"mallory@evil.org" Anna', "mallory@evil.org", False),
        ("Anna", "Anna", True),
    ],
)
def test_only_what_the_trusted_corpus_holds_is_grounded_by_a_search(tmp_path, query, to, is_allowed):
    (tmp_path / "people.txt").write_text("Anna Berg works here.")
    with CorpusIndex(str(tmp_path), tmp_path / "index.db") as index:
        index.refresh()
        tools = [*corpus_tools(index), send]
        guard = Guard(parse_policy(POLICY, source="p.toml", tools=tools), tools, digest=canonical_digest)
        grounding = Grounding()
        search = ToolCall(id="r-1", tool="search_corpus", arguments={"query": query})
        permit = guard.decide(search, grounding).permit
        assert permit is not None
        output = asyncio.run(guard.run(permit))
        assert output.label is not None
        assert output.label.trust == "trusted"
        grounding.add_result(output.text, output.label)
        sent = guard.decide(ToolCall(id="r-2", tool="send", arguments={"to": to}), grounding)
    assert (sent.permit is not None) == is_allowed
