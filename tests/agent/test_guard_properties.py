"""The one door, over generated calls: what fails denies, what was decided on runs, and runs once."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, JsonValue

from khala.agent.guard import Guard
from khala.domain.call import ToolCall
from khala.domain.grounding import ORIGINS, Grounding
from khala.domain.label import Label
from khala.domain.limits import Limit
from khala.domain.manifest import ToolManifest
from khala.domain.policy import Facts, Policy, Rule
from khala.domain.tool import tool
from khala.errors import PermitRefused
from khala.infrastructure.store.canonical import canonical_digest

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=5), each, max_size=3),
    max_leaves=10,
)
RECEIVED: list[dict[str, object]] = []


@tool(effect="send", roles={"to": "recipient", "amount": "amount", "body": "content"})
def send(to: JsonValue, amount: float = 0.0, body: JsonValue = None) -> str:
    """Send."""
    RECEIVED.append({"to": to, "amount": amount, "body": body})
    return "sent"


CHECKED: list[float] = []


def noted(amount: float) -> float:
    """Write an amount down that was checked."""
    CHECKED.append(amount)
    return amount


@tool(effect="pay", roles={"amount": "amount"})
def pay(amount: Annotated[float, AfterValidator(noted)]) -> None:
    """Pay."""


class Broken(Exception):
    """What nobody expects."""


class Raising:
    """A condition that breaks its promise never to raise."""

    text = "raising"

    def __init__(self, *, counts: bool = False) -> None:
        self.counts = counts

    def __call__(self, facts: Facts) -> bool | None:
        raise Broken


class Fixed:
    """A condition with one answer."""

    text = "fixed"

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def __call__(self, facts: Facts) -> bool | None:
        return self.answer  # pyright: ignore[reportReturnType]


class DeafGrounding(Grounding):
    """A grounding that cannot answer."""

    def has_origin(self, *args: object, **named: object) -> bool:
        raise Broken

    def origins(self, *args: object, **named: object) -> frozenset:
        raise Broken


def raising_digest(value: object) -> str:
    raise Broken


GRANT = Rule("grant", "allow", frozenset({"*"}))
FROM_USER = Rule("to", "allow", roles=frozenset({"recipient"}), origins=frozenset({"user"}))


def guard(*rules: Rule, digest=canonical_digest, approver=None, manifests=None) -> Guard:
    return Guard(Policy(rules, manifests or {}), [send], digest=digest, approver=approver)


def call(to: JsonValue = "ann", **more: JsonValue) -> ToolCall:
    return ToolCall(id="r-1", tool="send", arguments={"to": to, **more})


def words(text: str = "ann", kind: type[Grounding] = Grounding) -> Grounding:
    grounding = kind()
    grounding.add_user_words(text)
    return grounding


@pytest.mark.parametrize(
    "door",
    [
        guard(Rule("r", "allow", frozenset({"*"}), when=Raising())),
        guard(GRANT, Rule("r", "ask", frozenset({"*"}), when=Raising())),
        guard(GRANT, Rule("r", "deny", frozenset({"*"}), when=Raising(counts=True))),
        guard(GRANT, digest=raising_digest),
        guard(GRANT, Rule("r", "ask", frozenset({"*"}), when=Fixed(None)), digest=raising_digest),
        guard(FROM_USER, digest=lambda value: json.loads("{")),
        guard(Rule("r", "allow", frozenset({"*"}), when=Fixed("true"))),
        guard(Rule("r", "allow", frozenset({"*"}), when=Fixed(1))),
        guard(GRANT, Rule("r", "deny", frozenset({"*"}), when=Limit(frozenset({"*"}), calls=9))),
    ],
    ids=range(9),
)
def test_whatever_goes_wrong_in_deciding_nothing_runs(door):
    ruling = door.decide(call(), words())
    assert ruling.permit is None
    assert ruling.decision.effect == "deny"
    assert door.decide(call(), words()).permit is None  # nor the second time, when something may be remembered


@pytest.mark.parametrize(
    "rule", [FROM_USER, Rule("to", "ask", roles=frozenset({"recipient"}), origins=frozenset({"user"}))]
)
def test_a_grounding_that_cannot_answer_denies(rule):
    door = guard(rule) if rule.effect == "allow" else guard(GRANT, rule)
    assert door.decide(call(), words(kind=DeafGrounding)).decision.rules == ("guard-failed",)
    assert door.decide(call(), words()).permit is not None


@pytest.mark.parametrize(
    "answer", [Broken(), None, 1, "yes", "True", "always", [], asyncio.CancelledError(), TimeoutError()]
)
def test_only_a_clear_yes_to_an_ask_permits(answer):
    async def approver(asked, decision):
        if isinstance(answer, BaseException):
            raise answer
        return answer

    door = guard(GRANT, Rule("check", "ask", frozenset({"*"})), approver=approver)
    ruling = asyncio.run(door.ask(door.decide(call(), words())))
    assert (ruling.permit, ruling.approved, ruling.endorsements) == (None, False, ())


@pytest.mark.parametrize("answer", [True, "once", "value", "source"])
def test_a_clear_yes_permits_once(answer):
    async def approver(asked, decision):
        return answer

    door = guard(GRANT, Rule("check", "ask", frozenset({"*"})), approver=approver)
    permit = asyncio.run(door.ask(door.decide(call(), words()))).permit
    assert permit is not None
    door.redeem(permit)
    with pytest.raises(PermitRefused):
        door.redeem(permit)


@given(JSON, JSON, st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=20))
def test_what_runs_is_what_was_decided_on_and_runs_once(to: JsonValue, body: JsonValue, amount: float, said: str):
    RECEIVED.clear()
    door = guard(GRANT)
    ruling = door.decide(call(to, body=body, amount=amount), words(said))
    if ruling.permit is None:
        assert ruling.decision.rules == ("guard-failed",)
        return
    asyncio.run(door.run(ruling.permit))
    assert [door.call_digest("send", each) for each in RECEIVED] == [ruling.decision.call_digest]
    with pytest.raises(PermitRefused):
        asyncio.run(door.run(ruling.permit))
    assert len(RECEIVED) == 1


@given(JSON, st.frozensets(st.sampled_from(ORIGINS), min_size=1), st.lists(st.text(max_size=20), max_size=3))
def test_no_argument_makes_a_decision_raise_or_slip_past_its_role(to: JsonValue, origins, texts):
    grounding = words("the user says nothing of it")
    for text in texts:
        grounding.add_result(text, Label())
    rule = Rule(
        "to", "deny", roles=frozenset({"recipient"}), origins=origins & {"user", "trusted", "own", "made"} | {"user"}
    )
    ruling = guard(GRANT, rule).decide(call(to), grounding)
    says_something = any(map(str.isalnum, json.dumps(to, ensure_ascii=False).replace("null", "")))
    assert ruling.permit is None or not says_something or grounding.is_from_user(to)


@pytest.mark.parametrize("levels", [10, 63, 64, 65, 200])
def test_how_deep_a_value_lies_never_hides_it(levels: int):
    to: JsonValue = "eve"
    for _ in range(levels):
        to = [to]
    rule = Rule("to", "ask", roles=frozenset({"recipient"}), origins=frozenset({"user"}))
    assert guard(GRANT, rule).decide(call(to), words()).permit is None


@given(st.lists(st.floats(0, 1e308), max_size=6), st.floats(0, 1e308), st.floats(0, 1e308))
def test_a_limit_is_never_exceeded_whatever_the_amounts(before, amount, most):
    limited = Rule("limit", "deny", effects=frozenset({"send"}), when=Limit(effects=frozenset({"send"}), amount=most))
    begun = [(call(amount=each), 0) for each in before]
    ruling = guard(GRANT, limited).decide(call(amount=amount), words(), begun=begun, now_ms=1)
    if ruling.permit is not None:
        assert sum([*before, amount]) <= most * (1 + 1e-9)


def test_what_was_begun_is_made_canonical_once_and_another_call_of_the_same_id_again():
    CHECKED.clear()
    limited = Rule("limit", "deny", frozenset({"pay"}), when=Limit(frozenset({"pay"}), amount=10.0))
    policy = Policy((Rule("grant", "allow", frozenset({"pay"})), limited))
    door = Guard(policy, [pay], digest=canonical_digest)
    small, large, asked = (ToolCall(id="r-1", tool="pay", arguments={"amount": each}) for each in (2.0, 9.0, 3.0))

    def effect(*begun: ToolCall) -> str:
        ruling = door.decide(asked, words(), begun=[(each, 0) for each in begun], now_ms=1)
        if ruling.permit is not None:
            door.withdraw(ruling.permit)
        return ruling.decision.effect

    assert [effect(small), effect(small), effect(small)] == ["allow"] * 3
    assert CHECKED.count(2.0) == 1
    assert [effect(large), effect(small), effect(small, small, small, small)] == ["deny", "allow", "deny"]


def test_a_look_alike_letter_in_the_name_of_no_tool_is_spelled_out():
    ruling = guard(GRANT).decide(ToolCall(id="r-1", tool="s\u0435nd\ud800", arguments={}), words())
    assert ruling.decision.reason.endswith(r"there is no tool `s\u0435nd\ud800`")


def test_a_judge_that_answers_for_too_few_rules_denies():
    policy = Policy(
        (GRANT, Rule("no", "deny", frozenset({"send"}), when=Fixed(False))), together=lambda _: lambda _: []
    )
    ruling = Guard(policy, [send], digest=canonical_digest).decide(call(), words())
    assert (ruling.permit, ruling.decision.rules) == (None, ("guard-failed",))


def test_a_permit_that_nobody_used_yet_and_an_open_question_count_towards_a_limit():
    limited = Rule("limit", "deny", effects=frozenset({"send"}), when=Limit(effects=frozenset({"send"}), calls=2))
    door = guard(GRANT, limited)
    now = time.time_ns() // 1_000_000
    permits = [door.decide(call(), words(), begun=[], now_ms=now).permit for _ in range(4)]
    assert [permit is not None for permit in permits] == [True, True, False, False]
    assert permits[0] is not None
    door.withdraw(permits[0])
    assert door.decide(call(), words(), begun=[], now_ms=now).permit is not None
    asking = guard(GRANT, limited, Rule("check", "ask", frozenset({"*"})))
    asked = [asking.decide(call(), words(), begun=[], now_ms=now).decision.effect for _ in range(3)]
    assert asked == ["ask", "ask", "deny"]


def test_the_policys_manifest_decides_which_arguments_have_roles():
    stricter = ToolManifest(tool="send", effect="send", roles={"body": "recipient"})
    door = guard(FROM_USER, manifests={"send": stricter})
    assert door.decide(call("eve", body="ann"), words()).permit is not None
    assert door.decide(call("ann", body="eve"), words()).permit is None
