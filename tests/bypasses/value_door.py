"""A guard whose one rule looks at one value, written both ways round: allow if it is good, deny if it is bad."""

from __future__ import annotations

from functools import lru_cache

from door import digest
from pydantic import JsonValue

from khala.agent.guard import Guard
from khala.domain.call import ToolCall
from khala.domain.grounding import Grounding
from khala.domain.tool import tool
from khala.infrastructure.security.policy_file import parse_policy

__all__ = ["is_refused", "passes"]


@tool(effect="execute")
def use(value: JsonValue) -> str:
    """Use a value."""
    return str(value)


@lru_cache
def guard(good: str, *, as_deny: bool) -> Guard:
    """The guard that lets through what `good` says of `args.value`."""
    allowing = "" if as_deny else f"when = '''{good}'''"
    rule = f"version = 1\n[[rule]]\nid = 'use'\neffect = 'allow'\ntools = ['use']\n{allowing}\n"
    if as_deny:
        rule += f"[[rule]]\nid = 'bad'\neffect = 'deny'\ntools = ['use']\nwhen = '''!({good})'''\n"
    return Guard(parse_policy(rule, source="value.toml", tools=[use]), [use], digest=digest)


def _runs(good: str, value: JsonValue, *, as_deny: bool) -> bool:
    call = ToolCall(id="run1-1", tool="use", arguments={"value": value})
    ruling = guard(good, as_deny=as_deny).decide(call, Grounding())
    assert (ruling.permit is not None) == (ruling.decision.effect == "allow")
    return ruling.permit is not None


def passes(good: str, value: JsonValue) -> bool:
    """Whether the value passes, whichever way round the rule is written."""
    return _runs(good, value, as_deny=False) and _runs(good, value, as_deny=True)


def is_refused(good: str, value: JsonValue) -> bool:
    """Whether the value is refused, whichever way round the rule is written."""
    return not _runs(good, value, as_deny=False) and not _runs(good, value, as_deny=True)
