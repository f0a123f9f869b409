"""Limits count calls and amounts, in all or within a time; what cannot be counted is beyond them."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from khala.domain.call import ToolCall
from khala.domain.grounding import Grounding
from khala.domain.limits import Limit
from khala.domain.manifest import ToolManifest
from khala.domain.policy import Done, Facts

PAY = ToolManifest(tool="pay", effect="pay", roles={"amount": "amount", "items[].price": "amount"})
LOOK = ToolManifest(tool="look", effect="read")


def done(arguments: dict[str, JsonValue], at_ms: int = 0, manifest: ToolManifest = PAY) -> Done:
    return Done(ToolCall(id="r-1", tool=manifest.tool, arguments=arguments), manifest, at_ms)


def beyond(limit: Limit, arguments: dict[str, JsonValue], *before: Done, now_ms: int | None = 1_000_000) -> bool | None:
    return limit(Facts(PAY, arguments, Grounding(), done=before, now_ms=now_ms))


def test_a_limit_of_calls_counts_this_one_and_those_it_looks_at() -> None:
    limit = Limit(tools=frozenset({"pay"}), calls=2)
    assert beyond(limit, {}, done({})) is False
    assert beyond(limit, {}, done({}), done({}, manifest=LOOK)) is False
    assert beyond(limit, {}, done({}), done({})) is True
    assert beyond(Limit(effects=frozenset({"pay"}), calls=0), {}) is True
    assert beyond(Limit(tools=frozenset({"*"}), calls=2), {}, done({}), done({}, manifest=LOOK)) is True


def test_a_limit_of_amounts_adds_up_each_without_its_sign_wherever_it_stands() -> None:
    limit = Limit(tools=frozenset({"pay"}), amount=100.0)
    assert beyond(limit, {"amount": 60}, done({"amount": 40})) is False
    assert beyond(limit, {"amount": 60.01}, done({"amount": 40})) is True
    assert beyond(limit, {"amount": -60}, done({"amount": -41})) is True
    assert beyond(limit, {"items": [{"price": 60}, {"price": 41}]}) is True
    assert beyond(limit, {"amount": None}, done({})) is False


@pytest.mark.parametrize("amount", ["60", "nan", True, [60, "x"], {"value": 60}, 10**400, float("nan")])
def test_an_amount_that_is_no_number_cannot_be_counted(amount: JsonValue) -> None:
    limit = Limit(tools=frozenset({"pay"}), amount=100.0)
    assert beyond(limit, {"amount": amount}) is None
    assert beyond(limit, {"amount": 1}, done({"amount": amount})) is None


def test_amounts_beyond_all_numbers_cannot_be_counted() -> None:
    assert beyond(Limit(tools=frozenset({"pay"}), amount=1e308), {"amount": 1e308}, done({"amount": 1e308})) is None


def test_a_rate_counts_the_last_seconds_only() -> None:
    limit = Limit(tools=frozenset({"pay"}), calls=2, within_s=60)
    assert beyond(limit, {}, done({}, 900_000), done({}, 940_000)) is False
    assert beyond(limit, {}, done({}, 940_001), done({}, 999_999)) is True
    assert beyond(limit, {}, done({}, 2_000_000), done({}, 3_000_000)) is True  # what may run at any moment


def test_what_is_not_known_cannot_be_counted() -> None:
    limit = Limit(tools=frozenset({"pay"}), calls=2, within_s=60)
    assert limit(Facts(PAY, {}, Grounding(), now_ms=1)) is None
    assert beyond(limit, {}, now_ms=None) is None
    assert beyond(Limit(tools=frozenset({"pay"}), calls=2), {}, now_ms=None) is False
