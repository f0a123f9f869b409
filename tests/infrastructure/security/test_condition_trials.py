"""A grant that needs distrust is refused when the policy is loaded, with a call that proves it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khala.domain.tool import tool
from khala.errors import PolicyInvalid
from khala.infrastructure.security.cel_conditions import compile_condition
from khala.infrastructure.security.condition_trials import MAX_TRIALS, trials
from khala.infrastructure.security.policy_file import parse_policy


@tool(effect="send", roles={"to": "recipient"})
def send(  # noqa: PLR0917
    to: list[str],
    url: str = "",
    amount: float = 0,
    urgent: bool = False,  # noqa: FBT002
    copies: int | None = None,
    header: dict[str, str] | None = None,
) -> str:
    """Send."""
    return f"{to}{url}{amount}{urgent}{copies}{header}"


@tool(effect="read")
def look() -> str:
    """Look."""
    return ""


def policy(effect: str, when: str, tools: str = "['send']") -> str:
    return f'version = 1\n[[rule]]\nid = "r"\neffect = "{effect}"\ntools = {tools}\nwhen = """{when}"""'


def load(effect: str, when: str, tools: str = "['send']") -> int:
    """How many rules were loaded."""
    return len(parse_policy(policy(effect, when, tools), source="p.toml", tools=[send, look]).rules)


@pytest.mark.parametrize(
    "when",
    [
        "!grounded(args.to)",
        "from_user(args.to) == false",
        "!(grounded(args.to) && grounded(args.url))",
        "args.amount < 100.0 && !from_user(args.amount)",
        "args.amount > 5000.0 && !from_user(args.url)",
        "args.urgent && !grounded(args.url)",
        "args.url == 'https://a.example' && !grounded(args.url)",
        "args.copies == 7 && !grounded(args.copies)",
        "'said' in sources(args.url)",
        "host(args.url) == 'khala.example' && !grounded(args.url)",
    ],
)
def test_an_allow_that_needs_distrust_is_refused(when: str) -> None:
    with pytest.raises(PolicyInvalid) as caught:
        load("allow", when)
    assert "p.toml:6: rule `r`: it allows `send` with `{" in str(caught.value)
    assert "turn the condition round" in str(caught.value)
    load("deny", when)


@pytest.mark.parametrize(
    "when",
    [
        "grounded(args.to)",
        "from_user(args.to) || args.amount < 10.0",
        "grounded(args.to) || !has(args.url)",
        "sources(args.url).size() > 0",
        "!grounded(args.to) || grounded(args.to)",
        "args.to.all(each, from_user(each))",
        "!args.urgent && from_user(args.to)",
        "!grounded('nothing of the kind') && from_user(args.to)",
    ],
)
def test_an_allow_that_trust_can_only_help_is_taken(when: str) -> None:
    assert load("allow", when)


def test_every_tool_the_rule_looks_at_is_tried() -> None:
    with pytest.raises(PolicyInvalid, match="it allows `send`"):
        load("allow", "tool == 'send' && !grounded(args.to)", "['*']")
    load("allow", "tool == 'look' || grounded(args.to)", "['*']")


PIECES = ("args.to", "args.url", "args.amount", "args.urgent", "args.copies", "args.header")
POSITIVE = st.recursive(
    st.sampled_from([f"{name}({piece})" for name in ("grounded", "from_user") for piece in PIECES])
    | st.sampled_from(
        ["args.urgent == true", "!args.urgent", "args.amount < 3.0", "has(args.url)", "args.url.contains('a')"]
    ),
    lambda inner: st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(lambda parts: f"({' '.join(parts)})"),
    max_leaves=5,
)


@given(POSITIVE)
def test_no_condition_that_only_asks_for_trust_is_refused(when: str) -> None:
    assert load("allow", when)


@given(POSITIVE)
def test_trials_are_few_canonical_and_never_raise(when: str) -> None:
    assert send.manifest is not None
    tried = list(trials(compile_condition(when), send, send.manifest))
    assert 1 <= len(tried) <= MAX_TRIALS
    for trial in tried:
        assert send.canonical_arguments(trial.arguments) == trial.arguments
