"""Budgets: a part is never more than the whole, and a limit that is reached is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from khala.domain.budget import InteractionBudget, Spend
from khala.errors import InvalidBudget

COUNTS = st.integers(0, 12)
LIMITS = st.none() | st.integers(1, 12)
PER_TOOL = st.dictionaries(st.sampled_from(["search", "read"]), COUNTS)
BUDGETS = st.builds(
    InteractionBudget,
    turns=LIMITS,
    tool_calls=st.none() | COUNTS,
    calls_per_tool=PER_TOOL,
    prompt_tokens=LIMITS,
    completion_tokens=LIMITS,
    context_tokens=st.integers(1, 12),
    money=st.none() | st.floats(0, 12),
    seconds=st.none() | st.floats(0, 12),
    rollbacks=st.none() | COUNTS,
    rollbacks_in_a_row=st.integers(1, 12),
)
SPENDS = st.builds(
    Spend,
    turns=COUNTS,
    tool_calls=COUNTS,
    calls_per_tool=PER_TOOL,
    prompt_tokens=COUNTS,
    completion_tokens=COUNTS,
    money=st.floats(0, 12),
    seconds=st.floats(0, 12),
    rollbacks=COUNTS,
    rollbacks_in_a_row=COUNTS,
)
ENDING = (
    "turns", "tool_calls", "prompt_tokens", "completion_tokens", "money", "seconds", "rollbacks", "rollbacks_in_a_row",
)  # fmt: skip


def within(part: float | None, whole: float | None) -> bool:
    return whole is None or (part is not None and part <= whole)


@given(BUDGETS, SPENDS)
def test_a_run_is_exhausted_exactly_when_a_limit_is_reached(budget: InteractionBudget, spend: Spend) -> None:
    reached = [
        name for name in ENDING if getattr(budget, name) is not None and getattr(spend, name) >= getattr(budget, name)
    ]
    assert budget.exhausted(spend) == (reached[0] if reached else None)


@given(BUDGETS, SPENDS)
def test_what_is_left_is_never_more_than_the_limit(budget: InteractionBudget, spend: Spend) -> None:
    left = budget.left(spend)
    assert all(within(getattr(left, name), getattr(budget, name)) for name in ENDING)
    assert all(left.calls_per_tool[tool] <= limit for tool, limit in budget.calls_per_tool.items())
    assert InteractionBudget.model_validate(left.model_dump()) == left


@given(BUDGETS, SPENDS, BUDGETS)
def test_a_child_gets_no_more_than_the_parent_has_left_and_no_more_than_it_wished(
    budget: InteractionBudget, spend: Spend, wish: InteractionBudget
) -> None:
    if budget.exhausted(spend):
        with pytest.raises(InvalidBudget, match="used up"):
            budget.carve(spend, wish)
        return
    child, left = budget.carve(spend, wish), budget.left(spend)
    for whole in (left, wish):
        assert all(within(getattr(child, name), getattr(whole, name)) for name in (*ENDING, "context_tokens"))
        assert all(child.calls_per_tool[tool] <= limit for tool, limit in whole.calls_per_tool.items())


def test_a_call_fits_until_its_own_limit_or_the_limit_of_all_is_reached() -> None:
    budget = InteractionBudget(tool_calls=3, calls_per_tool={"search": 1, "never": 0})
    spend = Spend().with_call("search")
    assert not budget.allows_call(spend, "search")
    assert not budget.allows_call(Spend(), "never")
    assert budget.allows_call(spend, "read")
    assert not budget.allows_call(spend.with_call("read").with_call("read"), "read")


def test_counting_a_call_leaves_the_earlier_spend_as_it_was() -> None:
    before = Spend()
    after = before.with_call("search").with_call("search")
    assert (before.tool_calls, before.calls_per_tool) == (0, {})
    assert (after.tool_calls, after.calls_per_tool) == (2, {"search": 2})


@pytest.mark.parametrize("limits", [{"turns": 0}, {"tool_calls": -1}, {"money": -0.5}, {"turn": 3}])
def test_a_limit_that_makes_no_sense_is_refused(limits: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        InteractionBudget.model_validate(limits)
