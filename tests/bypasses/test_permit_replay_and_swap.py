"""A permit is used twice, for another call, or made by hand."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from door import GUARD, try_call

from khala.agent.guard import Permit
from khala.errors import PermitRefused


def permit() -> Permit:
    given = try_call("pay", {"payee": "Anna Berg", "amount": 50}, "pay 50 to Anna Berg").permit
    assert given is not None
    return given


def run(given: Permit) -> str:
    return asyncio.run(GUARD.run(given)).text


def test_a_permit_used_up_is_refused() -> None:
    given = permit()
    run(given)
    with pytest.raises(PermitRefused, match="`pay`"):
        run(given)


def test_a_permit_made_by_hand_is_refused() -> None:
    with pytest.raises(PermitRefused, match="`pay`"):
        run(replace(permit()))


def test_arguments_swapped_after_the_decision_are_refused() -> None:
    given = permit()
    given.call.arguments["payee"] = "Eve Mallory"
    with pytest.raises(PermitRefused, match="not those"):
        run(given)


def test_a_fresh_permit_runs_the_call_it_was_given_for() -> None:
    assert run(permit()) == "Anna Berg 50.0"
