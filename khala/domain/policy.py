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

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, Protocol

from .call import ToolCall
from .decision import MAX_OFFENCE_CHARS, Consent, Decision, Effect, Offence, Traced
from .grounding import Grounding, Origin, name_words
from .manifest import ToolEffect, ToolManifest
from .provenance.paths import PathMap, as_text
from .provenance.shapes import mentions_in
from .provenance.texts import normalised
from .value import JsonObject, Value

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


MENTIONING_ROLES = frozenset({"content", "title"})
"""Roles of texts: the addresses and accounts they mention are values in the roles `link`, `contact`, `account`."""

RECEIVING_ROLES = frozenset({"recipient", "payee", "url"})
"""Roles of who is told what a call says."""

MAX_TRACED = 100
"""Values with a role whose origins a question tells; more are a document."""


@dataclass(frozen=True)
class RoleValue:
    """A value of a call that has a role."""

    path: str
    """As in `args.recipients[0]`."""
    role: str
    text: str
    """As it was written."""


@dataclass(frozen=True)
class Done:
    """A call that was allowed earlier in the run."""

    call: ToolCall
    """With canonical arguments."""
    manifest: ToolManifest
    at_ms: int
    """Milliseconds since the epoch."""


@dataclass(frozen=True)
class Facts:
    """All a condition may look at."""

    manifest: ToolManifest
    arguments: JsonObject
    """Canonical: exactly what will be executed."""
    grounding: Grounding
    calls: Mapping[str, int] = field(default_factory=dict[str, int])
    """Calls of each tool that ran so far in this run."""
    spend: Mapping[str, float] = field(default_factory=dict[str, float])
    """What the run has used so far, by the names of `Spend.amounts`; what is missing is not known."""
    done: Sequence[Done] | None = None
    """The calls that were allowed so far; `None` when they are not known."""
    now_ms: int | None = None
    """Milliseconds since the epoch; `None` when it is not known."""
    digest: str = ""
    """SHA-256 of the canonical call."""

    @property
    def tool(self) -> str:
        """The tool's name."""
        return self.manifest.tool

    @property
    def effect(self) -> ToolEffect:
        """What the tool does."""
        return self.manifest.effect

    @cached_property
    def role_values(self) -> tuple[RoleValue, ...]:
        """The values that have a role, and the addresses and accounts that texts among them mention."""
        return tuple(_role_values(self.manifest, self.arguments))

    def in_roles(self, roles: frozenset[str]) -> list[RoleValue]:
        """The values in some roles."""
        return [each for each in self.role_values if each.role in roles]

    def is_asked_for(self) -> bool:
        """Whether the user's words hold every word of the tool's name, as `delete the file` those of `delete_file`."""
        return self.grounding.words_stand(name_words(self.tool))

    def disclosed(self) -> tuple[str, ...]:
        """Names of the private fields that the call would tell somebody who may not be told."""
        recipients = [each.text for each in self.role_values if each.role in RECEIVING_ROLES]
        texts = list(_texts(self.arguments))
        pieces = [*texts, "".join(texts), "".join(reversed(texts))]  # a value can be told in two pieces
        return tuple(sorted({name for text in pieces for name in self.grounding.disclosed(text, recipients)}))

    def origins(self, value: RoleValue) -> tuple[Origin, ...]:
        """All origins of a value, in its role and for this call; sorted."""
        found = self.grounding.origins(value.text, role=value.role, effect=self.effect, tool=self.tool)
        return tuple(sorted(found))

    def has_origin(self, value: RoleValue, origins: frozenset[Origin]) -> bool:
        """Whether a value comes from one of the origins, in its role and for this effect."""
        return self.grounding.has_origin(value.text, origins, role=value.role, effect=self.effect, tool=self.tool)

    def traced(self, value: RoleValue) -> Traced:
        """A value with its origins, in its role and for this effect, and the results in which it stands."""
        return Traced(
            path=value.path,
            role=value.role,
            value=value.text[:MAX_OFFENCE_CHARS],
            origins=self.origins(value),
            sources=self.grounding.where(value.text),
            pointed_at=self.grounding.pointed_at(value.text),
        )

    def as_asked(self, decision: Decision) -> Decision:
        """An `ask` with what the person who answers it has to know of these facts."""
        values = tuple(map(self.traced, self.role_values[:MAX_TRACED]))
        return decision.model_copy(update={"tool_effect": self.effect, "values": values})


def _texts(arguments: JsonObject) -> Iterator[str]:
    """Everything that a call says: its values, and the names that it gives them below its own arguments."""
    return (as_text(leaf) for each in arguments.values() for _, leaf, _ in _EVERYTHING.walk(each))


_EVERYTHING = PathMap({".": True}, with_keys=True)


def _role_values(manifest: ToolManifest, arguments: JsonObject) -> Iterator[RoleValue]:
    if not manifest.roles:
        return
    leaves = list(manifest.role_map.walk(arguments, "args"))
    has_recipient = any(role == "recipient" and leaf != "" for _, leaf, role in leaves)
    for place, leaf, role in leaves:
        if role is None:
            continue
        text = as_text(leaf)
        if role == "recipient" and not text and has_recipient and "[" not in place:
            continue  # beside a `to`, an optional `cc` that is left empty names nobody
        yield RoleValue(place, role, text)
        if role in MENTIONING_ROLES:
            for kind, mention in mentions_in(normalised(text)):
                yield RoleValue(place, kind, mention)


class Condition(Protocol):
    """A compiled condition."""

    @property
    def text(self) -> str:
        """As the author wrote it."""
        ...

    def __call__(self, facts: Facts) -> bool | None:
        """True, false, or `None` when it cannot be evaluated; never raises."""
        ...


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
        return self.when is None and not self.roles and not self.principals and not self.scopes

    def looks_at(self, tool: str, effect: ToolEffect) -> bool:
        """Whether the rule speaks of such calls at all, whoever makes them with whatever arguments."""
        return selects(self.tools, self.effects, tool, effect)

    def answer(self, facts: Facts) -> Answer:
        """What the rule says to a call, its condition asked once."""
        if not self.looks_at(facts.tool, facts.effect) or not self._is_for(facts):
            return "elsewhere"
        if self.roles:
            values = facts.in_roles(self.roles)
            if not values:
                return "elsewhere"
            if self.origins:
                vouched = all(facts.has_origin(each, self.origins) for each in values)
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
            if not facts.has_origin(each, self.origins):
                yield Offence(rule=self.id, **dict(facts.traced(each)))

    def _is_for(self, facts: Facts) -> bool:
        principal = facts.grounding.principal
        return (not self.principals or principal.name in self.principals) and self.scopes <= principal.scopes


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
    _by_tool: dict[tuple[str, ToolEffect], tuple[Rule, ...]] = field(
        default_factory=dict[tuple[str, ToolEffect], tuple[Rule, ...]], repr=False, compare=False
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
        return _decided(facts, [rule for rule in self._looking(facts) if rule.answer(facts) in _APPLYING[rule.effect]])

    def _looking(self, facts: Facts) -> Sequence[Rule]:
        """The rules that may look at a call of this tool; the others were sorted out at its first call."""
        selected = self._by_tool.get((facts.tool, facts.effect))
        if selected is None:
            selected = tuple(rule for rule in self.rules if rule.looks_at(facts.tool, facts.effect))
            self._by_tool[facts.tool, facts.effect] = selected
        return selected

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
            return _decision(facts, effect, chosen)
    return _ungranted(facts)


def _ungranted(facts: Facts) -> Decision:
    reason = f"no rule allows `{facts.tool}` ({facts.effect}) with these arguments"
    return Decision(effect="deny", rules=(NO_GRANT,), reason=reason, call_digest=facts.digest)


def _decision(facts: Facts, effect: Effect, rules: Sequence[Rule]) -> Decision:
    ids = tuple(sorted(rule.id for rule in rules))
    offences = tuple(offence for rule in sorted(rules, key=lambda rule: rule.id) for offence in rule.offences(facts))
    reasons = "; ".join(sorted({rule.reason for rule in rules if rule.reason})) or f"rule `{ids[0]}`"
    if offences:
        told = ", ".join(f"`{each.path}` ({each.role}) comes from {_in_words(each.origins)}" for each in offences[:3])
        reasons += f": {told}"
    return Decision(effect=effect, rules=ids, reason=reasons, offences=offences, call_digest=facts.digest)


def _in_words(origins: Sequence[Origin]) -> str:
    return " and ".join(origins) or "nowhere"
