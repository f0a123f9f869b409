"""The functions of conditions: what they answer inside a condition, when they cannot, and what is refused at load."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from pydantic import JsonValue

from khala.domain.budget import Spend
from khala.domain.grounding import Grounding
from khala.domain.label import Label
from khala.domain.manifest import ToolManifest
from khala.domain.policy import Facts
from khala.errors import PolicyInvalid
from khala.infrastructure.security.cel_conditions import FUNCTIONS, compile_condition


def truth(condition: str, x: JsonValue = None, *, spend: Spend | None = None) -> bool | None:
    grounding = Grounding()
    grounding.add_user_words("mail ann@example.org about 42")
    grounding.add_result("bob@example.org, ann@example.org", Label(trust="trusted"))
    grounding.add_result("eve@example.org", Label())
    amounts = {} if spend is None else spend.amounts
    return compile_condition(condition)(
        Facts(ToolManifest(tool="use", effect="network"), {"x": x}, grounding, {}, amounts)
    )


@pytest.mark.parametrize(
    ("condition", "x", "expected"),
    [
        ("host(args.x) == 'example.org'", "https://Example.org./a", True),
        ("host(args.x).endsWith('.example.org')", "https://notexample.org/", False),
        ("private_address(args.x)", "http://127.1/", True),
        ("!private_address(args.x)", "https://example.org/", True),
        ("args.x.all(url, !private_address(url))", ["https://example.org/", "https://[::1]/"], False),
        ("private_address(host(args.x))", "https://[::1]/", True),
        ("argv(args.x)[0] in ['git', 'ls']", "git log 'a b'", True),
        ("size(argv(args.x)) == 2 && argv(args.x)[1] == 'a b'", "ls 'a b'", True),
        ("confusable(args.x)", "p\u0430ypal", True),
        ("confusable(args.x)", "paypal", False),
        ("matches_whole(args.x, '[a-z]+|[0-9]+')", "abc", True),
        ("args.x.matches_whole('[a-z]+|[0-9]+')", "abc1", False),
        ("args.x.matches_whole('(?m)^abc$')", "abc\nrm", False),
        ("args.x.matches_whole('[a-z]+')", "abc\n", False),
        ("args.x.matches('[a-z]+')", "abc1", True),
        ("matches(args.x, '^[a-z]+$')", "abc\n", False),
        ("'user' in sources(args.x)", "ann@example.org", True),
        ("sources(args.x) == ['said', 'trusted', 'user']", "ann@example.org", True),
        ("sources(args.x) == ['said', 'trusted']", ["bob@example.org", "ann@example.org"], True),
        ("sources(args.x) == ['said']", "eve@example.org", True),
        ("sources(args.x) == []", "nobody@example.org", True),
        ("sources(args.x) == ['user']", 42, True),
        ("sources(args.x) == []", None, True),
    ],
)
def test_a_condition_can_ask(condition: str, x: JsonValue, expected: bool) -> None:
    assert truth(condition, x) is expected


def test_a_path_is_judged_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to("..")
    for condition in (f"under(args.x, '{tmp_path}')", f"args.x.under('{tmp_path}')"):
        assert truth(condition, "notes.md") is True
        assert truth(condition, "../notes.md") is False
        assert truth(condition, "out/passwd") is None


def test_spending_is_compared_with_decimal_numbers() -> None:
    spend = Spend(tool_calls=3, money=0.25, seconds=10.5)
    assert truth("spent('tool_calls') < 3.0", spend=spend) is False
    assert truth("spent('money') + 0.25 <= 0.5 && spent('seconds') > 10.0", spend=spend) is True
    assert truth("spent('rollbacks') == 0.0", spend=spend) is True


def test_what_was_spent_is_not_known_where_nobody_says_so() -> None:
    assert truth("spent('money') < 1.0") is None


@pytest.mark.parametrize(
    ("condition", "x"),
    [
        ("host(args.x) != 'evil.org'", "http://good.org\\@evil.org/"),
        ("host(args.x) != 'evil.org'", 3),
        ("!private_address(args.x)", "not an address"),
        ("!private_address(args.x)", ["http://10.0.0.1/"]),
        ("under(args.x, '/work')", "~/.ssh/id_rsa"),
        ("under('a', args.x)", "work"),
        ("argv(args.x)[0] != 'rm'", "ls; rm x"),
        ("argv(args.x)[1] != 'rm'", "ls"),
        ("!confusable(args.x)", None),
        ("args.x.matches('a') || 'a'.matches(args.x)", "(["),
        ("!'a'.matches_whole(args.x)", "(["),
        ("!'a'.matches_whole(args.x)", "a)|(b"),
        ("spent(args.x) < 1.0", "calls"),
    ],
)
def test_what_is_not_certain_cannot_be_evaluated(condition: str, x: JsonValue) -> None:
    assert truth(condition, x) is None


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("host(3) == 'a'", "no matching overload for 'host' applied to '(int)'"),
        ("host(args.x) == 3", "no matching overload"),
        ("host('a', 'b') == 'c'", "`host` is not known with these parameters"),
        ("host(args.x)", "yields string, not a bool"),
        ("argv(args.x) == 'ls'", "no matching overload"),
        ("under(args.x)", "`under` is not known with these parameters"),
        ("under(args.x, 'work')", "`work` is no root: begin it with `/`"),
        ("args.x.under('~')", "`~` is no root"),
        ("private_address(args.x) == 1", "no matching overload"),
        ("confusable()", "`confusable` is not known with these parameters"),
        ("sources(args.x) == 'user'", "no matching overload"),
        ("spent('tool_call') < 3.0", "a run does not count `tool_call`: did you mean `tool_calls`?"),
        ("spent('tool_calls') < 3", "write the whole number with a decimal point, as in `3.0`"),
        ("spent(3) < 3.0", "no matching overload"),
        ("args.x.matches('([')", "`([` is no pattern"),
        ("matches(args.x, r'a(?=b)')", "`a(?=b)` is no pattern"),
        ("args.x.matches_whole('a)|(b')", "`a)|(b` is no pattern"),
        ("matches_whole(args.x, '*')", "`*` is no pattern"),
        ("'a' == 'b' || args.x.exists(y, y.matches('\\\\1'))", "is no pattern"),
        ("privat_address(args.x)", "`privat_address` is not known"),
    ],
)
def test_what_can_never_work_is_refused_at_load(condition: str, said: str) -> None:
    with pytest.raises(PolicyInvalid) as caught:
        compile_condition(condition, arguments=["x"])
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_message_about_an_unknown_name_lists_every_function() -> None:
    with pytest.raises(PolicyInvalid) as caught:
        compile_condition("nothing(args.x)")
    assert all(f"`{name}(" in str(caught.value) for name in FUNCTIONS)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*$", "(a|aa)+$", "(.*)*$"])
def test_patterns_take_linear_time(pattern: str) -> None:
    text = "a" * 50_000 + "!"
    begun = time.perf_counter()
    for _ in range(10):
        assert truth(f"args.x.matches('^{pattern}')", text) in (True, False)
        assert truth(f"args.x.matches_whole('{pattern}')", text) in (True, False)
    assert time.perf_counter() - begun < 2


def test_functions_of_several_threads_do_not_get_in_each_others_way() -> None:
    condition = compile_condition(
        "args.x.matches_whole('[a-z]+') && host('http://' + args.x + '.org') == args.x + '.org'"
    )
    answers: list[bool | None] = []

    def ask(name: str) -> None:
        answers.extend(
            condition(Facts(ToolManifest(tool="use", effect="network"), {"x": text}, Grounding()))
            for text in (name, f"{name}1") * 100
        )

    threads = [threading.Thread(target=ask, args=(name,)) for name in ("ann", "bob", "eve")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, answers)) == ["False"] * 300 + ["True"] * 300


ODD: list[JsonValue] = [
    "",
    "\ufeff",
    "\ud800",
    "a" * 100_000,
    "/" * 10_000,
    "[",
    "%",
    "http://",
    "\x00",
    [],
    {},
    1.5,
    None,
]


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_no_value_makes_a_function_raise(function: str) -> None:
    for condition in (f"{function}(args.x) == {function}(args.x)", f"{function}(args.x, '/a') == true"):
        try:
            compiled = compile_condition(condition)
        except PolicyInvalid:
            continue
        for value in ODD:
            assert compiled(Facts(ToolManifest(tool="use", effect="network"), {"x": value}, Grounding())) in (
                True,
                False,
                None,
            )
