"""A value of another type is checked as one thing and executed as another."""

from __future__ import annotations

import pytest
from door import is_allowed, try_call
from pydantic import JsonValue

USER = "pay 50 to 4711"


@pytest.mark.parametrize(
    "arguments",
    [
        {"payee": 4711, "amount": 50},
        {"payee": ["4711"], "amount": 50},
        {"payee": {"id": "4711"}, "amount": 50},
        {"payee": "4711", "amount": "fifty"},
        {"payee": "4711", "amount": [50]},
        {"payee": "4711", "amount": "500"},
        {"payee": "4711", "amount": "nan"},
        {"payee": "4711", "amount": "inf"},
        {"payee": "4711", "amount": -50},
        {"payee": "4711", "amount": True},
    ],
)
def test_a_value_of_another_type_or_sign_is_refused(arguments: dict[str, JsonValue]) -> None:
    assert not is_allowed("pay", arguments, USER)


@pytest.mark.parametrize("amount", [50, 50.0, "50"])
def test_what_is_coerced_is_coerced_before_the_decision_and_executed_so(amount: JsonValue) -> None:
    ruling = try_call("pay", {"payee": "4711", "amount": amount}, USER)
    assert ruling.permit is not None
    assert ruling.permit.call.arguments == {"payee": "4711", "amount": 50.0}
