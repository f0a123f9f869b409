"""Arguments so deep or large that whoever looks at them falls over; a guard that falls over must not let pass."""

from __future__ import annotations

import pytest
from door import is_allowed
from pydantic import JsonValue

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


def test_moderate_nesting_and_long_lists_of_known_values_pass() -> None:
    assert is_allowed("fetch", {"url": PAGE, "headers": {"x": nested(20)}}, PAGE)
    to: list[JsonValue] = ["ann@example.org"] * 5_000
    assert is_allowed("send_mail", {"to": to}, "mail ann@example.org")
