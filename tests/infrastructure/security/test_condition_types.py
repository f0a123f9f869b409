"""A condition that uses an argument as what it is not is refused when it is loaded, and no other is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from khala.domain.grounding import Grounding
from khala.domain.manifest import ToolManifest
from khala.domain.policy import Facts
from khala.domain.tool import Tool, tool
from khala.errors import PolicyInvalid
from khala.infrastructure.security.argument_kinds import canonical_schema
from khala.infrastructure.security.cel_conditions import compile_condition
from khala.infrastructure.security.condition_types import type_fault
from khala.infrastructure.security.policy_file import load_policy, parse_policy


class Order(BaseModel):
    """A nested argument."""

    sku: str
    pieces: int = 1


@tool(effect="send")
def buy(
    count: int,
    text: str,
    price: float,
    tags: list[str],
    order: Order,
    *,
    flag: bool = False,
    limit: int | None = None,
    either: int | str = 3,
    cents: Decimal = Decimal(1),
    cc: list[str] | None = None,
    free: Any = None,
) -> None:
    """Buy."""


@tool(effect="send")
def sell(count: str, url: str) -> None:
    """Sell."""


@tool(effect="pay")
def pay(count: int) -> None:
    """Pay."""


BUY = {"buy": canonical_schema(buy)}
BOTH = BUY | {"sell": canonical_schema(sell)}


@pytest.mark.parametrize(
    "condition",
    [
        'args.count > "3"',
        '"3" >= args["count"]',
        'args.count == "3"',
        'args.count in ["3"]',
        "args.count + 0.5 > 1.0",
        "args.price * 2 > 3",
        'args.limit > "3"',
        'args.limit == null || args.limit > "3"',
        "args.either > true",
        'host(args.count) == "a"',
        "args.text.matches_whole(args.count)",
        "size(args.count) > 3",
        "args.text && true",
        "args.tags.all(each, each > 3)",
        "3 in args.tags",
        "args.cc != null && 3 in args.cc",
        "args.tags == 'a'",
        'args.order.pieces > "3"',
        "has(args.order.sku) && args.order.sku > 3",
        "args.order > 3",
        "args.text.length > 3",
        "args.cents > 3",  # what is executed is a text
        'args.free == 3 && args.count > "3"',
        '"" == "args.count" || args.count > "3"',
        "args /* no comment */ .count > 3 // args.count\n && args.count > 'x'".replace("/* no comment */", "\n"),
    ],
)
def test_a_condition_of_the_wrong_type_is_at_fault(condition: str) -> None:
    compile_condition(condition)
    assert type_fault(condition, BUY) is not None


@pytest.mark.parametrize(
    "condition",
    [
        "args.count > 3",
        "args.count > 2.5 || args.price > 3 || args.price in [1, 2] || args.price == 3",
        "args.limit == null || args.limit > 3",
        "args.count == null",
        "has(args.limit) && args.limit > 3",
        'args.either > 3 || args.either == "a"',
        'args.free > "3" || args.free > 3',
        'args.cc == null || "a" in args.cc',
        'args.cc != null && args.cc.all(each, each.endsWith("@a.example"))',
        "grounded(args.count) && grounded(args.tags) && grounded(args.order) && sources(args.flag).size() > 0",
        'args.order.sku == "a" && args.order.pieces < 9 && args.order.size() > 1',
        "(args.flag ? args.count : args.price) > 3",
        "args.flag ? args.count > 3 : args.text == 'a'",
        'string(args.count) == "3" && int(args.text) > 3 && double(args.cents) > 3.0',
        'dyn(args.count) == "3"',
        "type(args.count) == int",
        "args.price * 2.0 > 3.0",
        "args.size() > 2 && args.text.size() > 2",
        '[1].exists(args, args > 3) && tool == "a"',
        "\"args.count > '3'\" == args.text",
        "under(args.text, '/srv') && argv(args.text)[0] == 'ls'",
    ],
)
def test_a_sound_condition_is_not(condition: str) -> None:
    compile_condition(condition)
    assert type_fault(condition, BUY) is None


def test_what_is_sound_for_one_of_the_tools_is_sound() -> None:
    by_tool = 'tool == "buy" && args.count > 3 || tool == "sell" && args.count == "many"'
    assert type_fault(by_tool, BOTH) is None
    assert type_fault("tool == 'sell' && host(args.url) == 'a'", BOTH) is None
    assert type_fault(f"{by_tool} || args.count == true", BOTH) is not None


LITERALS = ("3", "2.5", "3u", '"a"', "true", "null", "[1]", "[2.5]", '["a"]')
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "count": st.integers(-9, 9),
    "price": st.floats(-9, 9),
    "text": st.text("ab", max_size=2),
    "flag": st.booleans(),
    "limit": st.none() | st.integers(-9, 9),
    "either": st.integers(-9, 9) | st.text("ab", max_size=2),
    "tags": st.lists(st.text("ab", max_size=1), max_size=2),
}
CERTAIN = frozenset({"count", "price", "text", "flag"})
"""Arguments of one kind each."""


@given(
    name=st.sampled_from(sorted(VALUES)),
    sign=st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "in"]),
    literal=st.sampled_from(LITERALS),
    swapped=st.booleans(),
    more=st.data(),
)
def test_a_fault_is_no_answer_and_no_fault_is_one(
    name: str, sign: str, literal: str, swapped: bool, more: st.DataObject
) -> None:
    sides = (f"args.{name}", literal)
    text = f" {sign} ".join(reversed(sides) if swapped else sides)
    try:
        condition = compile_condition(text)
    except PolicyInvalid:  # `true in 3` was never one
        return
    value = more.draw(VALUES[name])
    answer = condition(Facts(ToolManifest(tool="buy", effect="send"), {name: value}, Grounding()))
    if type_fault(text, BUY) is not None:
        assert answer is None or (sign in ("==", "!=", "in") and answer is (sign == "!="))
    elif name in CERTAIN:
        assert answer is not None


def policy(when: str, selection: str = 'tools = ["buy"]', effect: str = "allow") -> str:
    return f"version = 1\n[[rule]]\nid = 'many'\neffect = '{effect}'\n{selection}\nwhen = '{when}'\n"


@pytest.mark.parametrize("effect", ["allow", "ask", "deny"])
def test_loading_names_file_line_rule_and_fix(tmp_path: Any, effect: str) -> None:
    path = tmp_path / "shop.toml"
    path.write_text(policy('args.count > "3"', effect=effect))
    with pytest.raises(
        PolicyInvalid,
        match=r"shop\.toml:6: rule `many`: `args\.count` is int: `>` does not take \(int, string\) "
        r"\(line 1, column 12 of the condition\): use values of one type, or convert one",
    ):
        load_policy(path, (buy,))


@pytest.mark.parametrize(
    ("selection", "tools", "refused"),
    [
        ('tools = ["buy"]', (buy, sell), True),
        ('tools = ["*"]', (buy,), True),
        ('tools = ["*"]', (buy, sell), False),
        ('effects = ["pay"]', (buy, sell, pay), True),
        ('effects = ["send"]', (buy, sell, pay), False),
        ('tools = ["buy", "elsewhere"]', (buy,), False),  # nobody knows what that one takes
    ],
)
def test_the_tools_that_a_rule_selects_say_what_is_refused(
    selection: str, tools: tuple[Tool, ...], refused: bool
) -> None:
    text = policy('args.count > "3"', selection)
    if refused:
        with pytest.raises(PolicyInvalid, match="is int"):
            parse_policy(text, source="p.toml", tools=tools, known_names={"elsewhere"})
    else:
        assert parse_policy(text, source="p.toml", tools=tools, known_names={"elsewhere"}).rules
