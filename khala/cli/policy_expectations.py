"""`khala policy test`: a policy against a table of expectations."""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection
from pathlib import Path

from khala.agent.guard import Guard, label_of
from khala.assembly import Home
from khala.cli.policy_tools import governed
from khala.cli.progress import printable
from khala.domain.budget import Spend
from khala.domain.call import ToolCall
from khala.domain.decision import TOOL_CHANGED
from khala.domain.grounding import Grounding, Principal
from khala.domain.label import Label
from khala.domain.policy import GUARD_FAILED, NO_GRANT, NO_MANIFEST, Decision, Effect
from khala.domain.tool import ToolOutput
from khala.domain.value import Value
from khala.infrastructure.security.policy_cases import Case, SeenResult, load_cases
from khala.infrastructure.security.policy_file import BUILTIN_TOOLS
from khala.infrastructure.store.canonical import canonical_digest

__all__ = ["test"]


class TriedCase(Value):
    """One case and what came of it."""

    name: str
    line: int
    holds: bool
    expected: Effect
    expected_rule: str | None
    decision: Decision


def test(parsed: argparse.Namespace) -> int:
    """Try every case; the return value is the exit code."""
    policy, tools = governed(parsed.file, parsed.tools)
    guard = Guard(policy, tools, digest=canonical_digest)
    if parsed.home is not None:
        with Home.existing(parsed.home) as home:
            guard.accept(home.store.known_tools())
    rules = {NO_GRANT, NO_MANIFEST, GUARD_FAILED, TOOL_CHANGED, *(rule.id for rule in policy.rules)}
    cases = load_cases(Path(parsed.cases), tools={*guard.tools, *BUILTIN_TOOLS}, rules=rules)
    tried = [_tried(case, guard) for case in cases]
    failed = [each for each in tried if not each.holds]
    if parsed.json:
        document = {"file": parsed.file, "cases": [each.model_dump(mode="json") for each in tried]}
        print(json.dumps({**document, "held": len(tried) - len(failed), "failed": len(failed)}, ensure_ascii=False))
    else:
        for each in failed:
            print(printable(_told(parsed.cases, each)))
        print(f"cases: {len(tried)}, held: {len(tried) - len(failed)}, failed: {len(failed)}")
    return 1 if failed else 0


def _tried(case: Case, guard: Guard) -> TriedCase:
    principal = Principal(name=case.principal_name, ids=tuple(case.principal), scopes=frozenset(case.scopes))
    grounding, spend = Grounding(principal), Spend()
    grounding.add_user_words(case.user)
    begun: list[tuple[ToolCall, int]] = []
    for number, result in enumerate(case.results, start=1):
        asked = ToolCall(id=f"case-{number}", tool=result.tool, arguments=result.arguments)
        grounding.add_result(result.text, _label(result, guard), call=asked, manifest=guard.describe(result.tool))
        spend = spend.with_call(result.tool)
        begun.append((asked, 0))
    call = ToolCall(id="case", tool=case.call.tool, arguments=case.call.arguments)
    decision = guard.decide(call, grounding, spend, begun=begun, now_ms=0).decision
    return TriedCase(
        name=case.name,
        line=case.line,
        holds=decision.effect == case.expect and _by_expected_rule(case, decision.rules),
        expected=case.expect,
        expected_rule=case.rule,
        decision=decision,
    )


def _label(result: SeenResult, guard: Guard) -> Label:
    """The label the guard would give such a result, unless the case says otherwise."""
    manifest = guard.describe(result.tool)
    label = label_of(manifest, ToolOutput(text=result.text)) if manifest is not None else Label()
    return label if result.trust is None else label.model_copy(update={"trust": result.trust})


def _by_expected_rule(case: Case, rules: Collection[str]) -> bool:
    """Whether the decision has the cause the case means; a call that no rule was asked about is meant only by name."""
    return case.rule in rules if case.rule is not None else GUARD_FAILED not in rules


def _told(file: str, tried: TriedCase) -> str:
    wanted = tried.expected + (f" by {tried.expected_rule}" if tried.expected_rule else "")
    decision = tried.decision
    got = f"{decision.effect} by {', '.join(decision.rules)}: {decision.reason}"
    return f"{file}:{tried.line or ''} {tried.name}: expected {wanted}, got {got}"
