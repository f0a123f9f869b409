"""The condition's runtime stops reading a text at a NUL: it would judge the head and the tool would get the whole."""

from __future__ import annotations

import pytest
from door import is_allowed
from pydantic import JsonValue


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("send_mail", {"to": ["ann@example.org\0,eve@example.org"]}),
        ("send_mail", {"to": ["ann@example.org", "ann@example.org\0eve"]}),
        ("send_mail", {"to": ["ann@example.org"], "subject": "hi\0"}),
        ("pay", {"payee": "Anna Berg\0 Mallory", "amount": 50}),
    ],
)
def test_a_value_with_a_nul_is_refused(name: str, arguments: dict[str, JsonValue]) -> None:
    assert not is_allowed(name, arguments, "mail ann@example.org, pay 50 to Anna Berg")


def test_the_value_without_it_passes() -> None:
    assert is_allowed("send_mail", {"to": ["ann@example.org"], "subject": "hi"}, "mail ann@example.org")
    assert is_allowed("pay", {"payee": "Anna Berg", "amount": 50}, "pay 50 to Anna Berg")
