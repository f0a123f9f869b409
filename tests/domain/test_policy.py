"""The lattice of effects: only an allow grants, asks and denies only restrict, order means nothing."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khala.domain.grounding import Grounding
from khala.domain.manifest import ToolEffect, ToolManifest
from khala.domain.policy import Effect, Facts, Policy, Rule, denied_by_failure, denied_without_manifest

STRICTNESS: dict[Effect, int] = {"allow": 0, "ask": 1, "deny": 2}
TOOLS = ("read_file", "send_mail")


@dataclass(frozen=True)
class Fixed:
    """A condition with one answer for every call."""

    answer: bool | None
    text: str = "fixed"

    def __call__(self, facts: Facts) -> bool | None:
        return self.answer


def facts(tool: str = "send_mail") -> Facts:
    return Facts(ToolManifest(tool=tool, effect="send" if tool == "send_mail" else "read"), {"to": "ann"}, Grounding())


def rule(effect: Effect, *, answer: bool | None = True, name: str = "it") -> Rule:
    return Rule(name, effect, tools=frozenset({"send_mail"}), when=Fixed(answer))


SELECTIONS = st.sampled_from(
    [
        (frozenset({"*"}), frozenset[ToolEffect]()),
        (frozenset({"send_mail"}), frozenset[ToolEffect]()),
        (frozenset({"read_file"}), frozenset[ToolEffect]()),
        (frozenset(TOOLS), frozenset({"send"})),
        (frozenset[str](), frozenset({"read"})),
        (frozenset[str](), frozenset({"send", "read"})),
    ]
)


def selecting(
    name: str, effect: Effect, selection: tuple[frozenset[str], frozenset[ToolEffect]], when: Fixed | None
) -> Rule:
    tools, effects = selection
    return Rule(name, effect, tools, effects, when=when)


RULES = st.builds(
    selecting,
    st.sampled_from(["a", "b", "c", "d"]),
    st.sampled_from(["allow", "ask", "deny"]),
    SELECTIONS,
    st.none() | st.sampled_from([True, False, None]).map(Fixed),
)
POLICIES = st.lists(RULES, max_size=6)


@given(POLICIES, st.randoms(), st.sampled_from(TOOLS))
def test_the_order_of_rules_never_matters(rules: list[Rule], random: Random, tool: str) -> None:
    shuffled = list(rules)
    random.shuffle(shuffled)
    assert Policy(tuple(shuffled)).decide(facts(tool)) == Policy(tuple(rules)).decide(facts(tool))


@given(POLICIES, RULES, st.sampled_from(TOOLS))
def test_adding_an_ask_or_deny_never_permits_more_and_adding_an_allow_never_less(
    rules: list[Rule], more: Rule, tool: str
) -> None:
    before = STRICTNESS[Policy(tuple(rules)).decide(facts(tool)).effect]
    after = STRICTNESS[Policy((*rules, more)).decide(facts(tool)).effect]
    if more.effect == "allow":
        assert after <= before
    else:
        assert after >= before


@given(POLICIES, st.sampled_from(TOOLS))
def test_only_an_allow_that_applies_grants(rules: list[Rule], tool: str) -> None:
    decision = Policy(tuple(rules)).decide(facts(tool))
    granting = {each.id for each in rules if each.effect == "allow" and each.answer(facts(tool)) in ("always", "true")}
    if decision.effect == "allow":
        assert set(decision.rules) == granting != set()
    if not granting:
        assert decision.effect == "deny"


@given(POLICIES, st.sampled_from(TOOLS))
def test_a_condition_that_cannot_be_evaluated_never_permits_more(rules: list[Rule], tool: str) -> None:
    unevaluable = tuple(Rule(each.id, each.effect, each.tools, each.effects, when=Fixed(None)) for each in rules)
    assert Policy(unevaluable).decide(facts(tool)).effect == "deny"
    for position, each in enumerate(rules):
        mixed = (*rules[:position], unevaluable[position], *rules[position + 1 :])
        if each.when is not None:
            before = Policy(tuple(rules)).decide(facts(tool)).effect
            assert STRICTNESS[Policy(mixed).decide(facts(tool)).effect] >= STRICTNESS[before]


@pytest.mark.parametrize(
    ("rules", "effect", "ids"),
    [
        ([], "deny", ("no-grant",)),
        ([rule("allow", name="yes")], "allow", ("yes",)),
        ([rule("ask", name="check")], "deny", ("no-grant",)),
        ([rule("ask", name="check"), rule("allow", name="yes")], "ask", ("check",)),
        ([rule("allow"), rule("ask"), rule("deny", name="no"), rule("deny", name="never")], "deny", ("never", "no")),
        ([rule("allow", answer=None)], "deny", ("no-grant",)),
        ([rule("allow"), rule("ask", answer=None, name="check")], "ask", ("check",)),
        ([rule("allow"), rule("deny", answer=None, name="no")], "deny", ("no",)),
        ([rule("allow", name="yes"), rule("deny", answer=False)], "allow", ("yes",)),
    ],
)
def test_the_strictest_rule_that_applies_decides_and_is_named(
    rules: list[Rule], effect: Effect, ids: tuple[str, ...]
) -> None:
    decision = Policy(tuple(rules)).decide(facts())
    assert (decision.effect, decision.rules) == (effect, ids)
    assert decision.reason


@given(POLICIES, st.sampled_from(TOOLS))
def test_an_explanation_is_the_decision_with_what_each_rule_made_of_the_call(rules: list[Rule], tool: str) -> None:
    policy, asked = Policy(tuple(rules)), facts(tool)
    explanation = policy.explain(asked)
    assert explanation.decision == policy.decide(asked)
    assert [look.rule for look in explanation.looks] == [each.id for each in rules]
    for each, look in zip(rules, explanation.looks, strict=True):
        assert look.looked == each.looks_at(asked.tool, asked.effect)
        truth = None if each.when is None or not look.looked else each.when(asked)
        asks = look.looked and each.when is not None
        assert look.condition == ({True: "true", False: "false", None: "unknown"}[truth] if asks else None)
        beside_a_grant = Policy((each, Rule("yes", "allow", frozenset({"*"}))))
        assert look.applies == (each.id in beside_a_grant.decide(asked).rules)


def test_names_match_exactly_and_the_wildcard_is_the_whole_name() -> None:
    named = Rule("r", "allow", tools=frozenset({"read_file"}))
    assert named.looks_at("read_file", "read")
    for other in ("read_file_and_delete", "read_fil", "Read_file", "read_file ", "re\u0430d_file", "*", ""):
        assert not named.looks_at(other, "read")
    assert Rule("r", "allow", tools=frozenset({"*"})).looks_at("anything", "pay")
    assert not Rule("r", "allow", tools=frozenset({"read_*"})).looks_at("read_file", "read")


def test_a_rule_that_names_tools_and_effects_needs_both() -> None:
    both = Rule("r", "allow", tools=frozenset({"send_mail"}), effects=frozenset({"send"}))
    assert both.looks_at("send_mail", "send")
    assert not both.looks_at("send_mail", "read")
    assert not both.looks_at("send_note", "send")


@pytest.mark.parametrize("tools", [frozenset[str](), frozenset({"*", "send_mail"})])
def test_a_rule_that_reads_as_nothing_or_as_a_pattern_cannot_be_made(tools: frozenset[str]) -> None:
    with pytest.raises(ValueError, match="rule `r`"):
        Rule("r", "allow", tools=tools)


def test_the_manifest_of_the_policy_stands_above_the_tools_own() -> None:
    written = ToolManifest(tool="send_mail", effect="send")
    own = ToolManifest(tool="send_mail", effect="read")
    policy = Policy((), {"send_mail": written})
    assert policy.manifest("send_mail", own) is written
    assert policy.manifest("send_mail", None) is written
    assert policy.manifest("read_file", own) is own
    assert policy.manifest("read_file", None) is None


def test_a_failing_guard_and_a_missing_manifest_deny_and_say_why() -> None:
    failed, undescribed = denied_by_failure("disk full"), denied_without_manifest("send_mail")
    assert (failed.effect, undescribed.effect) == ("deny", "deny")
    assert "disk full" in failed.reason
    assert "`send_mail`" in undescribed.reason
    assert "manifest" in undescribed.reason


def test_an_empty_recipient_is_nobody_and_an_empty_payee_is_still_asked_about() -> None:
    manifest = ToolManifest(
        tool="send_mail", effect="send", roles={"to": "recipient", "cc": "recipient", "iban": "payee"}
    )
    asked = Facts(manifest, {"to": "ann@example.org", "cc": "", "iban": ""}, Grounding())
    assert [(each.path, each.role) for each in asked.role_values] == [("args.to", "recipient"), ("args.iban", "payee")]
