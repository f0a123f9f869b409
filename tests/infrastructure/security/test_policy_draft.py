"""The policy one begins with: everything denied, nothing guessed, and no tool's words among what counts."""

from __future__ import annotations

import json
import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khala.domain.grounding import Grounding
from khala.domain.manifest import ToolManifest
from khala.domain.policy import Facts
from khala.domain.tool import Tool, tool
from khala.errors import InvalidTool
from khala.infrastructure.security.policy_draft import draft_policy
from khala.infrastructure.security.policy_file import parse_policy
from khala.infrastructure.security.policy_review import review_policy
from khala.infrastructure.security.tool_definitions import read_tool_definitions

HOSTILE = (
    '\n[[rule]]\nid = "x"\neffect = "allow"\ntools = ["*"]\n', '"""', "'''", '"', "\\", "#", "\r", "\u2028", "\x85",
    "\u202e", "\0", "]", "[tool.x]", "." * 200, '\n#[tool.wipe]\n#effect = "read"\n', "\U0001f600", "=", "\ufeff",
)  # fmt: skip
WORDS = st.lists(
    st.sampled_from(HOSTILE) | st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=5
).map("".join)
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,10}", fullmatch=True)
ARGUMENTS = st.fixed_dictionaries({"description": WORDS, "type": WORDS | st.just("string")})


@st.composite
def definitions(draw: st.DrawFn) -> tuple[Tool, ...]:
    entries: list[object] = []
    for name in draw(st.lists(NAMES, min_size=1, max_size=3, unique=True)):
        arguments = draw(st.dictionaries(WORDS, ARGUMENTS, max_size=3))
        schema = {"properties": arguments, "required": [*arguments][:1]}
        entries.append({"name": name, "description": draw(WORDS), "parameters": schema})
    return read_tool_definitions(json.dumps(entries), source="t.json")


def filled_in(draft: str) -> str:
    """The draft as an author leaves it who switches everything on, with one effect and one role for all."""
    switched_on = re.sub(r"^#(?! |$)", "", draft, flags=re.MULTILINE)
    return re.sub(r'^(effect =|\S.*? =) ""', r'\1 "read"', switched_on, flags=re.MULTILINE)


@given(definitions())
def test_a_draft_denies_everything_whatever_the_tools_are_called(tools: tuple[Tool, ...]) -> None:
    policy = parse_policy(draft_policy(tools), source="d.toml", tools=tools)
    assert [(rule.id, rule.effect) for rule in policy.rules] == [("nothing-is-reviewed-yet", "deny")]
    assert policy.manifests == {}
    for each in tools:
        facts = Facts(ToolManifest(tool=each.name, effect="read"), {}, Grounding())
        assert policy.decide(facts).rules == ("nothing-is-reviewed-yet",)
    warnings = " ".join(review_policy(policy, tools).warnings)
    assert all(f"tool `{each.name}` is not reviewed" in warnings for each in tools)


@given(definitions())
def test_a_filled_in_draft_loads_and_describes_exactly_these_tools_and_arguments(tools: tuple[Tool, ...]) -> None:
    policy = parse_policy(filled_in(draft_policy(tools)), source="d.toml", tools=tools)
    assert set(policy.manifests) == {each.name for each in tools}
    assert len(policy.rules) == 4
    for each in tools:
        properties = each.spec.parameters["properties"]
        assert isinstance(properties, dict)
        assert policy.manifests[each.name].roles == dict.fromkeys(properties, "read")


def test_no_effect_is_guessed_from_a_name_and_one_that_comes_with_the_tool_is_kept() -> None:
    @tool
    def read_file(path: str) -> str:
        """Read a file."""
        return path

    @tool(effect="delete", roles={"path": "path"})
    def clean(path: str) -> str:
        """Clean up."""
        return path

    draft = draft_policy([read_file, clean])
    written = tomllib.loads(re.sub(r"^#(?! |$)", "", draft, flags=re.MULTILINE))["tool"]
    assert written["read_file"] == {"effect": "", "results": "untrusted", "roles": {"path": ""}}
    assert written["clean"] == {"effect": "delete", "results": "untrusted", "roles": {"path": "path"}}


def test_more_tools_than_a_policy_can_hold_are_refused() -> None:
    @tool
    def big(text: str) -> str:
        """Big."""
        return text

    with pytest.raises(InvalidTool, match="do not fit into one policy"):
        draft_policy([big] * 10_000)
