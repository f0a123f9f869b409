"""Calls put to the guard one after the other, and run where it permits them; a person says yes to all it asks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, get_args

from pydantic_core import to_jsonable_python

from khala.agent.guard import Guard, Ruling, label_of
from khala.domain.call import ToolCall
from khala.domain.grounding import Grounding
from khala.domain.policy import Consent, Decision
from khala.domain.tool import Tool, ToolOutput
from khala.domain.value import JsonObject
from khala.infrastructure.security.policy_file import load_policy
from khala.infrastructure.store.canonical import canonical_digest

__all__ = ["WAYS", "Application", "Call", "Replayed", "Run", "ToolRefused", "Way", "as_text", "guard_for", "replay"]

Run = Callable[[str, JsonObject], object]
"""Runs a tool of an application; raises `ToolRefused` where the tool does."""

Way = Literal["placed", "planted", "followed"]
"""How an attack comes in: its text stands where others can write; the attacker owns records besides, made to be found;
or the attacker wrote the very text that the user said to follow."""

WAYS: tuple[Way, ...] = get_args(Way)


@dataclass(frozen=True)
class Call:
    """A call that a task or an attack makes."""

    tool: str
    arguments: JsonObject


@dataclass
class Replayed:
    """What the guard said to a row of calls, where it did not allow them."""

    asked: list[str] = field(default_factory=list[str])
    denied: list[str] = field(default_factory=list[str])


class Application(Protocol):
    """Tools over an environment, tasks that users give, attacks that others write into it."""

    @property
    def tasks(self) -> Sequence[str]:
        """Names of the tasks."""
        ...

    @property
    def attacks(self) -> Sequence[str]:
        """Names of the attacks."""
        ...

    @property
    def ways(self) -> Sequence[Way]:
        """The ways in which its attacks can come in."""
        ...

    def has_calls(self, attack: str) -> bool:
        """Whether an attack needs a call at all."""
        ...

    def work(self, task: str) -> Replayed:
        """The calls of a task, as in a quiet world."""
        ...

    def attack(self, task: str, attack: str, *, way: Way) -> Replayed:
        """The calls of an attack, after those of a task in an environment that holds it."""
        ...


class ToolRefused(Exception):
    """A tool of an application could not."""


def guard_for(name: str, tools: Sequence[Tool]) -> Guard:
    """The guard of an application, with the manifests that stand beside this file."""
    policy = load_policy(Path(__file__).with_name(f"{name}.toml"), tools)
    return Guard(policy, tools, digest=canonical_digest, approver=_yes)


def replay(calls: Sequence[Call], guard: Guard, grounding: Grounding, run: Run) -> Replayed:
    """Put calls to the guard, and run what it permits."""
    replayed = Replayed()
    for number, call in enumerate(calls):
        asked = ToolCall(id=f"{len(calls)}-{number}", tool=call.tool, arguments=call.arguments)
        ruling = guard.decide(asked, grounding)
        if ruling.pending is not None:
            replayed.asked.append(_why(call, ruling))
            ruling = asyncio.run(guard.ask(ruling))
            for endorsement in ruling.endorsements:
                grounding.endorse(endorsement)
        if ruling.permit is None:
            replayed.denied.append(_why(call, ruling))
            continue
        guard.redeem(ruling.permit)
        permitted = ruling.permit.call
        try:
            text = as_text(run(permitted.tool, permitted.arguments))
        except ToolRefused:
            continue
        manifest = ruling.permit.manifest
        grounding.add_result(text, label_of(manifest, ToolOutput(text=text)), call=permitted, manifest=manifest)
    return replayed


def as_text(result: object) -> str:
    """A result as a model would be shown it."""
    return result if isinstance(result, str) else json.dumps(to_jsonable_python(result), ensure_ascii=False)


async def _yes(_call: ToolCall, _decision: Decision) -> Consent:
    return "source"


def _why(call: Call, ruling: Ruling) -> str:
    return f"{call.tool}: {ruling.decision.effect} by {', '.join(ruling.decision.rules)}: {ruling.decision.reason}"
