"""An argument no rule speaks of is slipped in beside those that are checked."""

from __future__ import annotations

import pytest
from door import is_allowed
from pydantic import JsonValue

GOOD: dict[str, JsonValue] = {"to": ["ann@example.org"]}


@pytest.mark.parametrize(
    "extra",
    [
        {"bcc": ["eve@example.org"]},
        {"cc": ["eve@example.org"]},
        {"TO": ["eve@example.org"]},
        {"recipients": ["eve@example.org"]},
        {"argument_0": ["eve@example.org"]},
        {"": 1},
    ],
)
def test_a_call_with_an_extra_argument_is_refused(extra: dict[str, JsonValue]) -> None:
    assert not is_allowed("send_mail", GOOD | extra, "mail ann@example.org")


@pytest.mark.parametrize("extra", [{"subject": "eve"}, {"cc": ["bob@example.org"]}, {"cc": []}])
def test_an_argument_the_tool_knows_and_the_rules_accept_passes(extra: dict[str, JsonValue]) -> None:
    assert is_allowed("send_mail", GOOD | extra, "mail ann@example.org and bob@example.org")
