"""A rule reads as if it covered a family of tools, and covers none or all."""

from __future__ import annotations

import pytest
from door import TOOLS

from khala.domain.grounding import Grounding
from khala.domain.policy import Facts
from khala.errors import PolicyInvalid
from khala.infrastructure.security.policy_file import parse_policy


def rule(effect: str, tools: str) -> str:
    return f"version = 1\n[[rule]]\nid = 'r'\neffect = '{effect}'\ntools = {tools}\n"


@pytest.mark.parametrize("effect", ["allow", "deny"])
@pytest.mark.parametrize(
    "tools",
    ['["read_*"]', '["**"]', '["*_file"]', '["*", "pay"]', '["read_file", "*"]', '[".*"]', '["pay "]', '["PAY"]', "[]"],
)
def test_a_pattern_is_refused_when_the_policy_is_read(effect: str, tools: str) -> None:
    with pytest.raises(PolicyInvalid, match="rule `r`"):
        parse_policy(rule(effect, tools), source="p.toml", tools=TOOLS)


def test_the_one_wildcard_means_every_tool() -> None:
    policy = parse_policy(rule("allow", '["*"]'), source="p.toml", tools=TOOLS)
    for each in TOOLS:
        assert each.manifest is not None
        assert policy.decide(Facts(each.manifest, {}, Grounding())).effect == "allow"
