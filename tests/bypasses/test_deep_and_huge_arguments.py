"""Arguments so deep or large that whoever looks at them falls over; a guard that falls over must not let pass."""

from __future__ import annotations

import pytest
from door import GUARD, grounding, is_allowed
from pydantic import JsonValue

from khala.assembly import guarded
from khala.domain.call import ToolCall
from khala.domain.tool import tool
from khala.errors import CallDenied

PAGE = "https://example.org"


def nested(depth: int) -> JsonValue:
    value: JsonValue = "x"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("depth", [100, 200])
def test_nesting_beyond_measure_is_refused(depth: int) -> None:
    assert not is_allowed("fetch", {"url": PAGE, "headers": {"x": nested(depth)}}, PAGE)


def test_a_megabyte_of_text_does_not_hide_a_stranger() -> None:
    to: list[JsonValue] = ["ann@example.org"] * 5_000
    assert not is_allowed("send_mail", {"to": [*to, "eve@example.org"]}, "mail ann@example.org")
    assert not is_allowed("send_mail", {"to": ["a" * 1_000_000]}, "mail ann@example.org")


UNREADABLE = [
    pytest.param(nested(10_000), "nested more than 64 levels deep", id="deep"),
    pytest.param("x" * 1_000_001, "at most 1000000", id="long"),
    pytest.param("\ud800", "half a character", id="half a character"),
    pytest.param({"\udfff": 1}, "half a character", id="half a character in a key"),
    pytest.param([float("nan")], "not finite", id="no number"),
    pytest.param(float("inf"), "not finite", id="no end"),
]


@pytest.mark.parametrize(("value", "reason"), UNREADABLE)
def test_what_no_json_with_one_reading_stands_for_is_refused_by_name(value: JsonValue, reason: str) -> None:
    call = ToolCall.model_construct(id="run1-1", tool="fetch", arguments={"url": PAGE, "headers": {"x": value}})
    ruling = GUARD.decide(call, grounding(PAGE))
    assert (ruling.permit, ruling.decision.effect) == (None, "deny")
    assert reason in ruling.decision.reason


@pytest.mark.parametrize(("value", "reason"), UNREADABLE)
def test_nor_does_a_function_in_somebody_elses_loop_run_with_it(value: JsonValue, reason: str) -> None:
    ran: list[JsonValue] = []

    @tool(effect="read")
    def look(at: JsonValue) -> str:
        """Look."""
        ran.append(at)
        return "seen"

    with guarded("look", [look]) as session:
        with pytest.raises(CallDenied, match=reason):
            session.protect(look)(value)
        assert ran == []
        assert session.protect(look)("\U0001f600" * 1_000) == "seen"


def test_moderate_nesting_and_long_lists_of_known_values_pass() -> None:
    assert is_allowed("fetch", {"url": PAGE, "headers": {"x": nested(20)}}, PAGE)
    to: list[JsonValue] = ["ann@example.org"] * 5_000
    assert is_allowed("send_mail", {"to": to}, "mail ann@example.org")
