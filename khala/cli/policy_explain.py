"""`khala policy explain`: how the guard decides on one call, and why."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from khala.agent.guard import Guard
from khala.agent.recording import Describe, ground
from khala.assembly import Home
from khala.cli.policy_tools import governed
from khala.cli.progress import printable, short
from khala.domain.budget import Spend
from khala.domain.call import ToolCall
from khala.domain.grounding import Grounding
from khala.domain.manifest import ToolEffect
from khala.domain.policy import Decision, Facts, Look, Policy, RoleValue, Rule
from khala.domain.strict_json import MAX_CHARS
from khala.domain.trajectory import Trajectory
from khala.domain.value import JsonObject, Value
from khala.infrastructure.security.policy_document import plain
from khala.infrastructure.security.written_call import read_call
from khala.infrastructure.store.canonical import canonical_digest

__all__ = ["explain"]

MAX_VALUES = 100
"""Values of one call whose origin is told; more are a document."""


class ExplainedValue(Value):
    """A value of the call and where it stands."""

    path: str
    value: JsonValue
    role: str
    """Empty without one."""
    origins: tuple[str, ...]
    """In this role and for this call; empty when it stands nowhere."""
    results: tuple[str, ...]
    """Ids of the results of the history in which it stands, or of records in them."""


class ExplainedCall(Value):
    """What `--json` prints: a call, the decision on it, and what led there."""

    tool: str
    effect: ToolEffect | None
    """`None` when the guard did not get as far as the rules."""
    arguments: JsonObject
    """Canonical, as they would be executed; as written where they do not fit the tool."""
    decision: Decision
    rules: tuple[Look, ...]
    values: tuple[ExplainedValue, ...]
    more_values: int
    """How many values are not told."""


@dataclass
class _History:
    """What was said before the call."""

    grounding: Grounding = field(default_factory=Grounding)
    spend: Spend = field(default_factory=Spend)
    begun: Sequence[tuple[ToolCall, int]] = ()

    def read(self, home: Home, run: str, describe: Describe, *, policy: str) -> None:
        """Take in a run, as the run itself knew it when it stopped; `policy` is the digest of the one to decide by."""
        trajectory = Trajectory.of(run, home.store.records(run))
        ground(self.grounding, trajectory, home.store.read_text, describe, policy=policy)
        self.spend = trajectory.spend
        self.begun = trajectory.begun


def explain(parsed: argparse.Namespace) -> int:
    """Explain the decision on a call; the return value is the exit code."""
    policy, tools = governed(parsed.file, parsed.tools)
    call = read_call(_standard_input() if parsed.call == "-" else parsed.call)
    guard = Guard(policy, tools, digest=canonical_digest)
    history = _History()
    if parsed.history is not None or parsed.home is not None:
        with Home.existing(parsed.home or parsed.default_home) as home:
            guard.accept(home.store.known_tools())
            if parsed.history is not None:
                history.read(home, parsed.history, guard.describe, policy=policy.digest)
    if parsed.user:
        history.grounding.add_user_words(parsed.user)
    now_ms = time.time_ns() // 1_000_000
    ruling = guard.decide(call, history.grounding, history.spend, begun=history.begun, now_ms=now_ms)
    arguments = call.arguments if ruling.facts is None else ruling.facts.arguments
    values = list(_values(arguments, ruling.facts))
    explained = ExplainedCall(
        tool=call.tool,
        effect=None if ruling.facts is None else ruling.facts.effect,
        arguments=arguments,
        decision=ruling.decision,
        rules=() if ruling.facts is None else policy.explain(ruling.facts).looks,
        values=tuple(_explained(each, history.grounding, ruling.facts) for each in values[:MAX_VALUES]),
        more_values=max(0, len(values) - MAX_VALUES),
    )
    if parsed.json:
        print(explained.model_dump_json())
    else:
        print(printable("\n".join(_told(explained, policy))))
    return 0


def _standard_input() -> str:
    """What stands on standard input; bytes that are no UTF-8 become lone surrogates, which no call may hold."""
    return sys.stdin.buffer.read(4 * MAX_CHARS + 1).decode("utf-8", "surrogateescape")


def _leaves(path: str, value: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    match value:
        case dict() if value:
            for name, member in value.items():
                yield from _leaves(f"{path}.{name}", member)
        case list() if value:
            for position, member in enumerate(value):
                yield from _leaves(f"{path}[{position}]", member)
        case _:
            yield path, value


def _values(arguments: JsonObject, facts: Facts | None) -> Iterator[tuple[str, str, JsonValue]]:
    """Each value of a call with its path and role, and after it what a text in it mentions."""
    judged: dict[str, list[RoleValue]] = {}
    for each in () if facts is None else facts.role_values:
        judged.setdefault(each.path, []).append(each)
    for name, member in arguments.items():
        for path, value in _leaves(f"args.{name}", member):
            own, *mentioned = judged.pop(path, None) or [RoleValue(path, "", "")]
            yield path, own.role, value
            yield from ((path, each.role, each.text) for each in mentioned)
    for left in judged.values():  # keys of objects
        yield from ((each.path, each.role, each.text) for each in left)


def _explained(placed: tuple[str, str, JsonValue], grounding: Grounding, facts: Facts | None) -> ExplainedValue:
    path, role, value = placed
    effect, tool, moves = (None, "", None) if facts is None else (facts.effect, facts.tool, facts.moves)
    return ExplainedValue(
        path=path,
        value=value,
        role=role,
        origins=tuple(sorted(grounding.origins(value, role=role, effect=effect, tool=tool, moves=moves))),
        results=grounding.where(value),
    )


def _told(explained: ExplainedCall, policy: Policy) -> list[str]:
    decision = explained.decision
    effect = f" ({explained.effect})" if explained.effect is not None else ""
    lines = [
        f"{plain(explained.tool)}{effect} {short(json.dumps(explained.arguments, ensure_ascii=False))}",
        f"{decision.effect} by {', '.join(decision.rules)}: {decision.reason}",
        "",
        "rules",
    ]
    texts = {rule.id: _asked_by(rule) for rule in policy.rules}
    width = max((len(look.rule) for look in explained.rules), default=0)
    for look in explained.rules:
        condition = f"  {short(texts[look.rule])}: {_TRUTHS[look.condition]}" if look.condition else ""
        lines.append(f"  {_place(look):<14}  {look.effect:<5}  {look.rule:<{width}}{condition}".rstrip())
    if not explained.rules:
        lines.append("  none was asked")
    lines += ["", "values"]
    placed = [f"{each.path} ({each.role})" if each.role else each.path for each in explained.values]
    width = max(map(len, placed), default=0)
    for place, each in zip(placed, explained.values, strict=True):
        origins = ", ".join(each.origins) or "stands nowhere"
        results = f" (result {', '.join(each.results)})" if each.results else ""
        lines.append(f"  {place:<{width}}  {short(json.dumps(each.value, ensure_ascii=False))}  {origins}{results}")
    if explained.more_values:
        lines.append(f"  and {explained.more_values} more")
    return lines if explained.values else [*lines, "  none"]


def _asked_by(rule: Rule) -> str:
    """What a rule asks of a call before it applies."""
    key = "from" if rule.effect == "allow" else "unless from"
    named = sorted({*rule.origins, "computed"} if rule.or_computed else rule.origins)
    origins = f"{', '.join(sorted(rule.roles))} {key} {', '.join(named)}" if named else ""
    return " and ".join(part for part in (origins, f"when {rule.when.text}" if rule.when is not None else "") if part)


def _place(look: Look) -> str:
    return "applies" if look.applies else "does not apply" if look.looked else "did not look"


_TRUTHS = {"true": "true", "false": "false", "unknown": "cannot be evaluated"}
