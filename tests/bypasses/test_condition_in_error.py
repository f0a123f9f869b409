"""A condition is driven into an error, so that an allow might grant or a deny might not apply."""

from __future__ import annotations

import pytest
from door import is_allowed
from pydantic import JsonValue

PAGE = "https://example.org"


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "x"},
        {"authorization": None},
        {"accept": 2**70},
        {"accept": "a\0b"},
        {"accept": "\ud800"},
        {"a\0uthorization": "x"},
        None,
    ],
)
def test_a_deny_that_cannot_be_evaluated_denies(headers: dict[str, JsonValue] | None) -> None:
    assert not is_allowed("fetch", {"url": PAGE, "headers": headers}, PAGE)


@pytest.mark.parametrize("amount", ["1e400", 10**30, -(10**30)])
def test_an_allow_that_cannot_be_evaluated_does_not_grant(amount: JsonValue) -> None:
    assert not is_allowed("pay", {"payee": "Anna Berg", "amount": amount}, f"pay {amount} to Anna Berg")


def test_the_same_calls_pass_where_the_condition_can_be_evaluated() -> None:
    assert is_allowed("fetch", {"url": PAGE, "headers": {"accept": "text/html"}}, PAGE)
    assert is_allowed("pay", {"payee": "Anna Berg", "amount": 50}, "pay 50 to Anna Berg")
