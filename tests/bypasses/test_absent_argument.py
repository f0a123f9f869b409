"""The argument a rule speaks of is left out, so that there is nothing to check."""

from __future__ import annotations

import pytest
from door import is_allowed
from pydantic import JsonValue


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("pay", {"amount": 50}),
        ("pay", {"payee": "Anna Berg"}),
        ("pay", {}),
        ("pay", {"payee": None, "amount": 50}),
        ("send_mail", {"subject": "hi"}),
        ("send_mail", {"to": [], "subject": "hi"}),
        ("send_mail", {"to": [""], "subject": "hi"}),
    ],
)
def test_a_call_without_the_argument_is_refused(name: str, arguments: dict[str, JsonValue]) -> None:
    assert not is_allowed(name, arguments, "pay 50 to Anna Berg and say hi")


def test_a_call_with_it_passes_and_an_optional_one_is_judged_by_its_default() -> None:
    assert is_allowed("pay", {"payee": "Anna Berg", "amount": 50}, "pay 50 to Anna Berg")
    assert is_allowed("send_mail", {"to": ["ann@example.org"]}, "mail ann@example.org")
