"""Whether a call may happen: the whole permission semantics, pure.

1. Only an `allow` rule grants. `ask` and `deny` only restrict. What nothing grants is denied.
2. Effects form a lattice deny > ask > allow: any applying deny denies; else no applying allow denies; else any applying
   ask asks; else the call is allowed. Order of rules never matters.
3. Names match exactly; the wildcard is `*` alone and means every tool. A rule that names roles looks at calls with a
   value in one of them: an allow applies if every such value has one of the origins it names, an ask or deny if some
   value has none of them.
4. A condition that cannot be evaluated fails closed: an allow does not apply, an ask or deny does.
5. A tool without a manifest is denied, whatever the rules say.

Conditions are opaque here: a callable from facts to true, false or `None` (cannot be evaluated).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, Protocol

from .decision import Consent, Decision, Effect, Offence
from .facts import MENTIONING_ROLES, Done, Facts, RoleValue
from .grounding import Origin
from .manifest import ToolEffect, ToolManifest
from .value import Value

__all__ = [
    "MENTIONING_ROLES",
    "Answer",
    "Condition",
    "Consent",
    "Decision",
    "Done",
    "Effect",
    "Explanation",
    "Facts",
    "Look",
    "Offence",
    "Policy",
    "RoleValue",
    "Rule",
]

NO_MANIFEST = "no-manifest"
NO_GRANT = "no-grant"
GUARD_FAILED = "guard-failed"
"""Rule ids of the decisions that no written rule made."""

Answer = Literal["elsewhere", "always", "true", "false", "unknown"]
"""What a rule says to a call: it speaks of other calls, it has no condition, or its condition is true, false or cannot
be evaluated."""


class Condition(Protocol):
    """A compiled condition."""

    @property
    def text(self) -> str:
        """As the author wrote it."""
        ...

    def __call__(self, facts: Facts) -> bool | None:
        """True, false, or `None` when it cannot be evaluated; never raises."""
        ...


Judge = Callable[[Facts], Sequence[bool | None]]
"""Answers several conditions, in their order."""


def one_by_one(conditions: Sequence[Condition]) -> Judge:
    """Asks each condition by itself."""
    return lambda facts: [condition(facts) for condition in conditions]


def selects(tools: frozenset[str], effects: frozenset[ToolEffect], tool: str, effect: ToolEffect) -> bool:
    """Whether calls of a tool are among those that names and effects select; empty ones select any (3)."""
    named = not tools or "*" in tools or tool in tools
    return named and (not effects or effect in effects)


@dataclass(frozen=True)
class Rule:
    """One rule: which calls it looks at, when it applies, and what it then says."""

    id: str
    effect: Effect
    tools: frozenset[str] = frozenset()
    """Exact names, or the single name `*`; empty means any tool that the other selectors select."""
    effects: frozenset[ToolEffect] = frozenset()
    """Effects of tools; empty means any effect."""
    roles: frozenset[str] = frozenset()
    """Looks only at calls with a value in one of these roles; empty means any call."""
    origins: frozenset[Origin] = frozenset()
    """Origins that the values in `roles` may have (3); empty means any origin."""
    or_computed: bool = False
    """Whether a number that stands in no result will do as well (see `Grounding.is_computed`)."""
    principals: frozenset[str] = frozenset()
    """Looks only at calls on behalf of one of these; empty means anybody."""
    scopes: frozenset[str] = frozenset()
    """Looks only at calls on behalf of somebody who was granted all of these."""
    when: Condition | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        """A rule must select something on purpose: without a selector it would read as nothing and mean everything."""
        if not self.tools and not self.effects and not self.roles:
            raise ValueError(f"rule `{self.id}` selects nothing: give it `tools`, `effects` or `roles`")
        if "*" in self.tools and len(self.tools) > 1:
            raise ValueError(f'rule `{self.id}`: `"*"` stands alone')
        if self.origins and not self.roles:
            raise ValueError(f"rule `{self.id}`: origins without `roles` are the origins of nothing")

    @property
    def is_unconditional(self) -> bool:
        """Whether the rule applies to every call of the tools it looks at."""
        return self.when is None and not self.is_particular

    @property
    def is_particular(self) -> bool:
        """Whether more than its condition says to which calls of the tools it looks at it applies."""
        return bool(self.roles or self.principals or self.scopes)

    def looks_at(self, tool: str, effect: ToolEffect) -> bool:
        """Whether the rule speaks of such calls at all, whoever makes them with whatever arguments."""
        return selects(self.tools, self.effects, tool, effect)

    def answer(self, facts: Facts) -> Answer:
        """What the rule says to a call, its condition asked once."""
        return self.answer_of_selected(facts) if self.looks_at(facts.tool, facts.effect) else "elsewhere"

    def answer_of_selected(self, facts: Facts) -> Answer:
        """What the rule says to a call of a tool that it looks at."""
        if not self._is_for(facts):
            return "elsewhere"
        if self.roles:
            values = facts.in_roles(self.roles)
            if not values:
                return "elsewhere"
            if self.origins:
                vouched = all(self._accepts(each, facts) for each in values)
                if vouched != (self.effect == "allow"):
                    return "false"
        if self.when is None:
            return "true" if self.origins else "always"
        truth = self.when(facts)
        return "true" if truth is True else "false" if truth is False else "unknown"

    def offences(self, facts: Facts) -> Iterator[Offence]:
        """The values for which an ask or deny applies."""
        if self.effect == "allow" or not self.origins:
            return
        for each in facts.in_roles(self.roles):
            if not self._accepts(each, facts):
                yield Offence(rule=self.id, **dict(facts.traced(each)))

    def _accepts(self, value: RoleValue, facts: Facts) -> bool:
        computed = self.or_computed and facts.grounding.is_computed(value.text)
        return computed or facts.has_origin(value, self.origins)

    def _is_for(self, facts: Facts) -> bool:
        principal = facts.grounding.principal
        return (not self.principals or principal.name in self.principals) and self.scopes <= principal.scopes


_APPLYING: Mapping[Effect, frozenset[Answer]] = {
    "allow": frozenset({"always", "true"}),
    "ask": frozenset({"always", "true", "unknown"}),
    "deny": frozenset({"always", "true", "unknown"}),
}
"""The answers with which a rule takes part in the decision; fails closed (4)."""


@dataclass(frozen=True)
class _Candidates:
    """The rules that may look at the calls of one tool."""

    conditional: tuple[Rule, ...]
    """Those that nothing but a condition restricts."""
    judge: Judge
    """Answers their conditions."""
    others: tuple[Rule, ...]

    @classmethod
    def of(cls, rules: Sequence[Rule], together: Callable[[Sequence[Condition]], Judge]) -> _Candidates:
        asked = [(rule, rule.when) for rule in rules if rule.when is not None and not rule.is_particular]
        others = tuple(rule for rule in rules if rule.when is None or rule.is_particular)
        return cls(tuple([rule for rule, _ in asked]), together([condition for _, condition in asked]), others)

    def applying(self, facts: Facts) -> list[Rule]:
        """Those that take part in the decision."""
        found = [rule for rule in self.others if rule.answer_of_selected(facts) in _APPLYING[rule.effect]]
        if self.conditional:
            for rule, truth in zip(self.conditional, self.judge(facts), strict=True):
                if truth is True or (truth is not False and rule.effect != "allow"):  # fails closed (4)
                    found.append(rule)
        return found


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
    brought: frozenset[str] = frozenset()
    """Ids of rules that come with khala, for whatever tools there may be; the others are the author's own."""
    together: Callable[[Sequence[Condition]], Judge] = field(default=one_by_one, repr=False, compare=False)
    """How the conditions of rules that look at one tool are asked; the answers must be those of each by itself."""
    _by_tool: dict[tuple[str, ToolEffect], _Candidates] = field(
        default_factory=dict[tuple[str, ToolEffect], "_Candidates"], repr=False, compare=False
    )

    @cached_property
    def counts(self) -> bool:
        """Whether any rule looks at what was done before."""
        return any(getattr(rule.when, "counts", False) for rule in self.rules)

    def manifest(self, tool: str, own: ToolManifest | None) -> ToolManifest | None:
        """The tool's manifest: the policy's word over the tool's own."""
        return self.manifests.get(tool, own)

    def decide(self, facts: Facts) -> Decision:
        """The decision on a call whose tool has a manifest."""
        manifest = facts.manifest
        candidates = self._by_tool.get((manifest.tool, manifest.effect))
        if candidates is None:  # the others are sorted out at the tool's first call
            looking = tuple(rule for rule in self.rules if rule.looks_at(manifest.tool, manifest.effect))
            candidates = _Candidates.of(looking, self.together)
            self._by_tool[manifest.tool, manifest.effect] = candidates
        return _decided(facts, candidates.applying(facts))

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
    chosen: dict[Effect, list[Rule]] = {"deny": [], "ask": [], "allow": []}
    for rule in applying:
        chosen[rule.effect].append(rule)
    if chosen["deny"]:
        return _decision(facts, "deny", chosen["deny"])
    if not chosen["allow"]:  # an ask without a grant is still not granted (1)
        reason = f"no rule allows `{facts.tool}` ({facts.effect}) with these arguments"
        return Decision(effect="deny", rules=(NO_GRANT,), reason=reason, call_digest=facts.digest)
    return _decision(facts, "ask", chosen["ask"]) if chosen["ask"] else _decision(facts, "allow", chosen["allow"])


def _decision(facts: Facts, effect: Effect, rules: Sequence[Rule]) -> Decision:
    if len(rules) > 1:
        rules = sorted(rules, key=lambda rule: rule.id)
    ids = tuple([rule.id for rule in rules])
    reasons = "; ".join(sorted({rule.reason for rule in rules if rule.reason})) or f"rule `{ids[0]}`"
    if effect == "allow":
        return Decision(effect=effect, rules=ids, reason=reasons, call_digest=facts.digest)
    offences = tuple(offence for rule in rules for offence in rule.offences(facts))
    if offences:
        told = ", ".join(f"`{each.path}` ({each.role}) comes from {_in_words(each.origins)}" for each in offences[:3])
        reasons += f": {told}"
    return Decision(effect=effect, rules=ids, reason=reasons, offences=offences, call_digest=facts.digest)


def _in_words(origins: Sequence[Origin]) -> str:
    return " and ".join(origins) or "nowhere"
