"""Whether a call may happen: the whole permission semantics, pure.

1. Only an `allow` rule grants. `ask` and `deny` only restrict. What nothing grants is denied.
2. Effects form a lattice deny > ask > allow: any applying deny denies; else no applying allow denies; else any applying
   ask asks; else the call is allowed. Order of rules never matters.
3. Names match exactly; the wildcard is `*` alone and means every tool.
4. A condition that cannot be evaluated fails closed: an allow does not apply, an ask or deny does.
5. A tool without a manifest is denied, whatever the rules say.

Conditions are opaque here: a callable from facts to true, false or `None` (cannot be evaluated).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from .grounding import Grounding
from .manifest import ToolEffect, ToolManifest
from .value import JsonObject, Value

__all__ = ["Answer", "Condition", "Decision", "Effect", "Explanation", "Facts", "Look", "Policy", "Rule"]

Effect = Literal["allow", "ask", "deny"]

NO_MANIFEST = "no-manifest"
NO_GRANT = "no-grant"
GUARD_FAILED = "guard-failed"
"""Rule ids of the decisions that no written rule made."""

Answer = Literal["elsewhere", "always", "true", "false", "unknown"]
"""What a rule says to a call: it speaks of other calls, it has no condition, or its condition is true, false or cannot
be evaluated."""


@dataclass(frozen=True)
class Facts:
    """All a condition may look at."""

    tool: str
    effect: ToolEffect
    roles: Mapping[str, str]
    arguments: JsonObject
    """Canonical: exactly what will be executed."""
    grounding: Grounding
    calls: Mapping[str, int] = field(default_factory=dict[str, int])
    """Calls of each tool that ran so far in this run."""
    spend: Mapping[str, float] = field(default_factory=dict[str, float])
    """What the run has used so far, by the names of `Spend.amounts`; what is missing is not known."""


class Condition(Protocol):
    """A compiled condition."""

    @property
    def text(self) -> str:
        """As the author wrote it."""
        ...

    def __call__(self, facts: Facts) -> bool | None:
        """True, false, or `None` when it cannot be evaluated; never raises."""
        ...


class Decision(Value):
    """The answer to one call."""

    effect: Effect
    rules: tuple[str, ...]
    """Ids of the rules that made it so, sorted; or the id of a built-in reason."""
    reason: str
    """For the model and for the person."""
    call_digest: str = ""
    """SHA-256 of the canonical call; an execution permit is bound to it."""
    tool_digest: str = ""
    policy_digest: str = ""
    """Of an `ask`: SHA-256 of the tool's definition and of the policy, to which a person's answer is bound."""


@dataclass(frozen=True)
class Rule:
    """One rule: which calls it looks at, when it applies, and what it then says."""

    id: str
    effect: Effect
    tools: frozenset[str] = frozenset()
    """Exact names, or the single name `*`; empty means any tool that `effects` selects."""
    effects: frozenset[ToolEffect] = frozenset()
    """Effects of tools; empty means any effect that `tools` selects."""
    when: Condition | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        """A rule must select something on purpose: without a selector it would read as nothing and mean everything."""
        if not self.tools and not self.effects:
            raise ValueError(f"rule `{self.id}` selects nothing: give it `tools` or `effects`")
        if "*" in self.tools and len(self.tools) > 1:
            raise ValueError(f'rule `{self.id}`: `"*"` stands alone')

    def looks_at(self, tool: str, effect: ToolEffect) -> bool:
        """Whether the rule speaks of such calls at all."""
        named = not self.tools or "*" in self.tools or tool in self.tools
        return named and (not self.effects or effect in self.effects)

    def answer(self, facts: Facts) -> Answer:
        """What the rule says to a call, its condition asked once."""
        if not self.looks_at(facts.tool, facts.effect):
            return "elsewhere"
        if self.when is None:
            return "always"
        truth = self.when(facts)
        return "true" if truth is True else "false" if truth is False else "unknown"


_APPLYING: Mapping[Effect, frozenset[Answer]] = {
    "allow": frozenset({"always", "true"}),
    "ask": frozenset({"always", "true", "unknown"}),
    "deny": frozenset({"always", "true", "unknown"}),
}
"""The answers with which a rule takes part in the decision; fails closed (4)."""


class Look(Value):
    """What one rule made of a call."""

    rule: str
    effect: Effect
    looked: bool
    """Whether the rule speaks of such calls at all."""
    condition: Literal["true", "false", "unknown"] | None
    """What its condition says; `unknown` when it cannot be evaluated, `None` without one or when it did not look."""
    applies: bool
    """Whether it took part in the decision."""


class Explanation(Value):
    """A decision with what every rule made of the call, in the order of the policy."""

    looks: tuple[Look, ...]
    decision: Decision


@dataclass(frozen=True)
class Policy:
    """Manifests and rules; immutable once built."""

    rules: tuple[Rule, ...]
    manifests: Mapping[str, ToolManifest] = field(default_factory=dict[str, ToolManifest])
    digest: str = ""
    """SHA-256 of the source the policy was read from."""

    def manifest(self, tool: str, own: ToolManifest | None) -> ToolManifest | None:
        """The tool's manifest: the policy's word over the tool's own."""
        return self.manifests.get(tool, own)

    def decide(self, facts: Facts) -> Decision:
        """The decision on a call whose tool has a manifest."""
        return _decided(facts, [rule for rule in self.rules if rule.answer(facts) in _APPLYING[rule.effect]])

    def explain(self, facts: Facts) -> Explanation:
        """The decision that `decide` gives, and how each rule came into it."""
        answers = [(rule, rule.answer(facts)) for rule in self.rules]
        applying = [rule for rule, answer in answers if answer in _APPLYING[rule.effect]]
        looks = tuple(
            Look(
                rule=rule.id,
                effect=rule.effect,
                looked=answer != "elsewhere",
                condition=answer if answer in ("true", "false", "unknown") else None,
                applies=answer in _APPLYING[rule.effect],
            )
            for rule, answer in answers
        )
        return Explanation(looks=looks, decision=_decided(facts, applying))


def denied_without_manifest(tool: str) -> Decision:
    """The decision on a tool nobody described (5)."""
    return Decision(
        effect="deny",
        rules=(NO_MANIFEST,),
        reason=f"tool `{tool}` has no manifest: describe it in the policy or with @tool(effect=...)",
    )


def denied_by_failure(problem: str) -> Decision:
    """The decision when the guard itself could not decide."""
    return Decision(effect="deny", rules=(GUARD_FAILED,), reason=f"the guard could not decide: {problem}")


def _decided(facts: Facts, applying: Sequence[Rule]) -> Decision:
    """The decision that the applying rules make together (1, 2)."""
    for effect in ("deny", "ask", "allow"):
        chosen = [rule for rule in applying if rule.effect == effect]
        if effect == "ask" and not any(rule.effect == "allow" for rule in applying):
            return _ungranted(facts)  # an ask without a grant is still not granted (1)
        if chosen:
            return _decision(effect, chosen)
    return _ungranted(facts)


def _ungranted(facts: Facts) -> Decision:
    reason = f"no rule allows `{facts.tool}` ({facts.effect}) with these arguments"
    return Decision(effect="deny", rules=(NO_GRANT,), reason=reason)


def _decision(effect: Effect, rules: Sequence[Rule]) -> Decision:
    ids = tuple(sorted(rule.id for rule in rules))
    reasons = "; ".join(sorted({rule.reason for rule in rules if rule.reason}))
    return Decision(effect=effect, rules=ids, reason=reasons or f"rule `{ids[0]}`")
