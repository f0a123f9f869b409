"""What a policy means for tools, and which of its rules do nothing."""

from __future__ import annotations

from typing import Literal

import pytest

from khala.domain.tool import tool
from khala.errors import PolicyInvalid
from khala.infrastructure.security.policy_file import builtin_policy, parse_policy
from khala.infrastructure.security.policy_review import PolicyReview, review_policy


@tool(effect="read")
def look(query: str, limit: int = 5) -> str:
    """Look."""
    return f"{query}{limit}"


@tool(effect="send", roles={"to": "recipient"})
def send(to: str, count: int = 1) -> str:
    """Send."""
    return f"{to}{count}"


@tool
def wipe(path: str) -> str:
    """Wipe."""
    return path


TOOLS = (look, send, wipe)
READING = '[[rule]]\nid = "reading"\neffect = "allow"\neffects = ["read"]\n'
SENDING = '[[rule]]\nid = "sending"\neffect = "allow"\ntools = ["send"]\n'
WIPE = '[[rule]]\nid = "wiping"\neffect = "allow"\ntools = ["wipe"]\n[tool.wipe]\neffect = "delete"\n'


def rule(effect: str, selection: str, when: str = "", name: str = "r") -> str:
    condition = f"when = '{when}'\n" if when else ""
    return f'[[rule]]\nid = "{name}"\neffect = "{effect}"\n{selection}\n{condition}'


def reviewed(*parts: str) -> PolicyReview:
    policy = parse_policy("version = 1\n" + "".join(parts), source="p.toml", tools=TOOLS)
    return review_policy(policy, TOOLS)


def test_a_policy_is_laid_out_over_the_tools() -> None:
    review = reviewed(READING, SENDING, rule("ask", 'effects = ["send", "delete"]', "args.count > 3"))
    assert [(each.rule, each.tools, each.when) for each in review.rules] == [
        ("reading", ("look",), None),
        ("sending", ("send",), None),
        ("r", ("send",), "args.count > 3"),
    ]
    by_name = {each.tool: each for each in review.tools}
    assert (by_name["send"].allowed_by, by_name["send"].asked_by) == (("sending",), ("r",))
    assert (by_name["send"].manifest, by_name["send"].roles) == ("tool", {"to": "recipient"})
    assert (by_name["wipe"].effect, by_name["wipe"].manifest) == (None, None)
    assert review.warnings == (
        "tool `wipe` is not reviewed: without a manifest every call is denied; add `[tool.wipe]`",
    )


def test_a_finished_policy_has_no_warnings() -> None:
    assert reviewed(READING, SENDING, WIPE, rule("deny", 'tools = ["wipe"]', "!from_user(args.path)")).warnings == ()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (rule("deny", 'effects = ["pay"]'), "rule `r` never applies: it looks at no tool that is here"),
        (rule("deny", 'tools = ["*"]'), "rule `r` denies every tool without a condition"),
        (rule("allow", 'tools = ["send"]', "int(args.to) > 3"), "of rule `r` could be evaluated on none of"),
        (rule("deny", 'tools = ["send"]', "int(args.to) > 3"), "so it always applies"),
        (rule("deny", 'tools = ["send"]', "grounded(args.to)"), "rule `r` restricts what the user said more"),
        ('[tool.send]\neffect = "send"\nroles = { to = " " }\n', "tool `send`: the role of `to` is empty"),
    ],
)
def test_what_does_nothing_or_is_unfinished_is_named(more: str, said: str) -> None:
    warnings = reviewed(READING, SENDING, WIPE.replace("[tool", f"{more}[tool", 1)).warnings
    assert any(said in warning for warning in warnings), warnings


@pytest.mark.parametrize(
    "more",
    [
        rule("allow", 'tools = ["send"]') + rule("deny", 'tools = ["send", "look"]', name="no"),
        rule("deny", 'tools = ["send"]', 'args.to == "eve"') + rule("deny", 'effects = ["send"]', name="no"),
        rule("ask", 'tools = ["send", "look"]')
        + rule("deny", 'tools = ["send"]', name="a")
        + rule("deny", 'tools = ["look"]', name="b"),
    ],
)
def test_a_rule_that_others_always_overrule_is_refused(more: str) -> None:
    with pytest.raises(PolicyInvalid, match=r"p\.toml:\d+: rule `\w+`: it never counts: `\w+` denies"):
        reviewed(READING, SENDING, WIPE.replace("[tool", f"{more}[tool", 1))


def test_everything_can_be_stopped_at_once() -> None:
    assert reviewed(READING, SENDING, rule("deny", 'tools = ["*"]'))


def test_an_ask_without_a_grant_is_named_and_so_is_the_tool() -> None:
    warnings = reviewed(READING, rule("ask", 'tools = ["send"]')).warnings
    assert "rule `r` never asks: no rule allows what it looks at, so it is denied" in warnings
    assert "no rule allows `send`: every call of it is denied" in warnings


@pytest.mark.parametrize(
    "more",
    [
        rule("deny", 'tools = ["send"]', 'args.to == "eve"'),
        rule("deny", 'tools = ["send"]', 'calls("send") >= 3'),
        rule("ask", 'tools = ["send"]', "args.count > 3"),
        rule("deny", 'tools = ["send"]', "!grounded(args.to)"),
        rule("deny", 'tools = ["send", "look"]', '"to" in args && args.to == "eve"'),
    ],
)
def test_a_sound_restriction_is_not_warned_of(more: str) -> None:
    assert reviewed(READING, SENDING, WIPE.replace("[tool", f"{more}[tool", 1)).warnings == ()


def test_the_builtin_policy_is_only_warned_of_tools_it_does_not_know() -> None:
    review = review_policy(builtin_policy([look]), [look])
    assert all("looks at no tool" in warning for warning in review.warnings)
    assert review.tools[0].allowed_by == ("reading-changes-nothing",)


@tool(effect="send", roles={"to": "recipient", "body": "content", "at": "time"})
def write_to(
    to: list[str], body: str, at: str, bcc: str = "", *, urgent: bool = False, level: Literal["a"] = "a"
) -> str:
    """Write to people."""
    return f"{to}{body}{at}{bcc}{urgent}{level}"


def warned(text: str) -> list[str]:
    tools = (look, write_to)
    everything = rule("allow", 'tools = ["*"]', name="all")
    policy = parse_policy(f"version = 1\n{everything}{text}", source="p.toml", tools=tools)
    return list(review_policy(policy, tools).warnings)


BY_ROLE = rule("ask", 'roles = ["recipient"]\nunless_from = ["user"]', name="to")
FORGOTTEN = "tool `write_to`: `bcc` has no role, so no rule judges what stands in it: give it one"
UNSPOKEN = "tool `write_to`: no rule that looks at it speaks of the role `{}` of `{}`"


def test_where_rules_speak_of_roles_a_forgotten_argument_and_an_unspoken_role_are_named() -> None:
    assert warned("") == []  # no rule goes by roles here
    assert warned(BY_ROLE) == [FORGOTTEN, UNSPOKEN.format("content", "body"), UNSPOKEN.format("time", "at")]
    assert warned(BY_ROLE + rule("deny", 'tools = ["write_to"]', 'args.bcc.size() > 0 || args.at == "x"')) == [
        UNSPOKEN.format("content", "body")
    ]
    links = rule("ask", 'roles = ["link", "time"]\nunless_from = ["user"]')
    assert warned(BY_ROLE + links) == [FORGOTTEN]


def test_an_amount_under_a_limit_is_spoken_of() -> None:
    manifest = (
        '[tool.write_to]\neffect = "pay"\nroles = { to = "recipient", body = "amount", at = "query", bcc = "query" }\n'
    )
    limit = '[[limit]]\nid = "l"\ntools = ["write_to"]\namount = 5.0\n'
    assert warned(BY_ROLE + manifest) == [UNSPOKEN.format("amount", "body")]
    assert warned(BY_ROLE + limit + manifest) == []


def test_fields_that_vouch_for_nothing_more_or_for_too_much_are_named() -> None:
    fields = '[tool.look]\neffect = "read"\nresults = "{}"\nfields = {{ "{}" = "id", subject = "title" }}\n'
    assert warned(fields.format("untrusted", "id")) == []
    (useless,) = warned(fields.format("trusted", "id"))
    assert "tool `look`: its results are trusted as a whole" in useless
    (many,) = warned(fields.format("untrusted", "mails[].id"))
    assert "tool `look`: a record holds many ids at `mails[].id`" in many
    assert "`records`" in many
