"""The type of an argument changes the value each time it is read: once for the decision, once more for the tool."""

from __future__ import annotations

from typing import Annotated

import pytest
from door import digest, grounding
from pydantic import AfterValidator, BaseModel, Json, JsonValue

from khala.agent.guard import Guard
from khala.domain.call import ToolCall
from khala.domain.tool import Tool, tool
from khala.infrastructure.security.policy_file import parse_policy

POLICY = """
version = 1

[[rule]]
id = "pay"
effect = "allow"
tools = ["pay"]

[[rule]]
id = "not-more-than-a-hundred"
effect = "deny"
tools = ["pay"]
when = "args.order.amount > 100.0"
"""


class Order(BaseModel):
    """What to pay; a nested model has its own rules on numbers."""

    amount: float


class DoubledOrder(BaseModel):
    """What to pay, twice."""

    amount: Annotated[float, AfterValidator(lambda amount: 2 * amount)]


@tool(effect="pay")
def pay(order: Order) -> str:
    """Pay."""
    return str(order.amount)


@tool(effect="pay", name="pay")
def pay_double(order: DoubledOrder) -> str:
    """Pay."""
    return str(order.amount)


@tool(effect="pay", name="pay")
def pay_written(order: Json[Order]) -> str:
    """Pay."""
    return str(order.amount)


def is_allowed(paying: Tool, order: JsonValue) -> bool:
    guard = Guard(parse_policy(POLICY, source="again.toml", tools=[paying]), [paying], digest=digest)
    call = ToolCall(id="run1-1", tool="pay", arguments={"order": order})
    return guard.decide(call, grounding()).permit is not None


@pytest.mark.parametrize(
    ("paying", "order"),
    [
        (pay_double, {"amount": 50}),
        (pay_written, '{"amount": 50}'),
        (pay, {"amount": "nan"}),
        (pay, {"amount": "-inf"}),
    ],
)
def test_a_value_that_is_not_executed_as_it_was_decided_on_is_refused(paying: Tool, order: JsonValue) -> None:
    assert not is_allowed(paying, order)


def test_a_value_that_stays_the_same_is_decided_on() -> None:
    assert is_allowed(pay, {"amount": 50})
    assert not is_allowed(pay, {"amount": 101})
