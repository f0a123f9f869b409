"""Conditions are checked when they are read, and whatever cannot be evaluated is neither true nor false."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from khala.domain.grounding import Grounding
from khala.domain.label import Label
from khala.domain.limits import Limit
from khala.domain.manifest import ToolManifest
from khala.domain.policy import Facts
from khala.domain.value import JsonObject
from khala.errors import PolicyInvalid
from khala.infrastructure.security.cel_conditions import MAX_CONDITION_CHARS, MAX_DEPTH, compile_condition, together


def facts(arguments: JsonObject, *, words: str = "", trusted: str = "", calls: dict[str, int] | None = None) -> Facts:
    grounding = Grounding()
    grounding.add_user_words(words)
    grounding.add_result(trusted, Label(trust="trusted"))
    grounding.add_result("eve@example.org said so", Label())
    return Facts(ToolManifest(tool="send_mail", effect="send"), arguments, grounding, calls or {})


def nested(depth: int) -> JsonValue:
    value: JsonValue = "x"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("text", "arguments", "truth"),
    [
        ("true", {}, True),
        ("tool == 'send_mail' && effect == 'send'", {}, True),
        ("args.to == 'ann'", {"to": "ann"}, True),
        ("args['to'] == 'ann'", {"to": "bob"}, False),
        ("has(args.cc)", {"to": "ann"}, False),
        ("args.amount <= 500", {"amount": 500}, True),
        ("args.amount <= 500", {"amount": 500.5}, False),
        ("args.amount <= 500", {"amount": 2**63}, False),
        ("args.to.all(x, x in ['ann', 'bob'])", {"to": ["ann", "bob"]}, True),
        ("args.place.city == 'Oslo'", {"place": {"city": "Oslo"}}, True),
        ("args.note == null", {"note": None}, True),
        ("args.to.matches('^[a-z]+$')", {"to": "ann"}, True),
        ("calls('search') < 3", {}, True),
        ("calls('send_mail') < 3", {}, False),
    ],
)
def test_a_condition_sees_the_call(text: str, arguments: JsonObject, truth: bool) -> None:
    assert compile_condition(text)(facts(arguments, calls={"search": 2, "send_mail": 3})) is truth


@pytest.mark.parametrize(
    ("value", "grounded", "from_user"),
    [
        ("ann@example.org", True, True),
        ("bob@example.org", True, False),
        ("eve@example.org", False, False),
        (["ann@example.org", "bob@example.org"], True, False),
        (["ann@example.org", "eve@example.org"], False, False),
        ({"to": {"all": ["ann@example.org"]}}, True, True),
        (42, True, True),
        (42.0, True, True),
        (43, False, False),
        (True, False, False),
        (None, False, False),
        ("", False, False),
        ([], False, False),
    ],
)
def test_grounded_and_from_user_ask_where_a_value_of_any_type_stands(
    value: JsonValue,
    grounded: bool,
    from_user: bool,
) -> None:
    asked = facts({"x": value}, words="write to ann@example.org about 42", trusted="bob@example.org")
    assert compile_condition("grounded(args.x)")(asked) is grounded
    assert compile_condition("from_user(args.x)")(asked) is from_user


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("args.to == 'ann'", {}),
        ("!grounded(args.to)", {}),
        ("args.amount <= 500", {"amount": "5"}),
        ("args.to.startsWith('a')", {"to": 3}),
        ("args.amount + 1 > 0", {"amount": 2**63 - 1}),
        ("args.to == 'ann'", {"to": "ann", "amount": 2**64}),
        ("args.to == 'ann'", {"to": "ann", "amount": -(2**70)}),
        ("args.to == 'ann'", {"to": "ann\0eve"}),
        ("args.to == 'ann'", {"to": "ann", "headers": {"x": ["a\0b"]}}),
        ("args.to == 'ann'", {"to": "ann", "headers": {"x\0y": 1}}),
        ("args.to == 'ann'", {"to": "ann", "body": "\ud800"}),
        ("args.to == 'ann'", {"to": "ann", "body": nested(MAX_DEPTH)}),
        ("args.to == 'ann'", {"to": "ann", "body": nested(100_000)}),
        ("args.to.matches(args.pattern)", {"to": "ann", "pattern": "(["}),
    ],
)
def test_what_cannot_be_evaluated_is_neither_true_nor_false(text: str, arguments: JsonObject) -> None:
    assert compile_condition(text)(facts(arguments, words="ann")) is None


JSON: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
CONDITIONS = [
    compile_condition(text)
    for text in (
        "grounded(args.x)",
        "from_user(args)",
        "args.x == args.y",
        "args.x.all(k, grounded(k))",
        "size(args.x) > 1",
    )
]


@given(st.dictionaries(st.sampled_from(["x", "y", "z"]), JSON, max_size=3))
def test_no_arguments_whatever_make_a_condition_raise(arguments: dict[str, JsonValue]) -> None:
    asked = facts(arguments, words="a 0 1 true")
    for condition in CONDITIONS:
        assert condition(asked) in (True, False, None)


@given(JSON)
def test_the_runtime_asks_about_the_value_that_will_be_executed(value: JsonValue) -> None:
    asked = facts({"x": value}, words="a b 0 1 true 1.5")
    answer = compile_condition("grounded(args.x)")(asked)
    assert answer in (None, asked.grounding.is_grounded(value))


def test_a_condition_that_would_run_for_ever_gives_up_at_once() -> None:
    loops = compile_condition("args.l.all(a, args.l.all(b, args.l.all(c, a == b || b == c || true)))")
    backtracks = compile_condition("args.t.matches('(a+)+$')")
    asked = facts({"l": list(range(300)), "t": "a" * 50_000 + "!"})
    begun = time.perf_counter()
    assert loops(asked) is None
    assert backtracks(asked) is False
    assert time.perf_counter() - begun < 1


def test_words_learnt_between_two_evaluations_count() -> None:
    condition, asked = compile_condition("grounded(args.to)"), facts({"to": "ann"})
    assert condition(asked) is False
    asked.grounding.add_user_words("ann")
    assert condition(asked) is True


def test_threads_in_the_middle_of_an_evaluation_do_not_see_each_others_calls() -> None:
    both_inside = threading.Barrier(2, timeout=10)

    class Waiting(Grounding):
        def is_from_user(self, value: JsonValue) -> bool:
            both_inside.wait()
            return True

    condition = compile_condition("from_user(args.to) && calls(args.to) == 1")
    answers: dict[str, bool | None] = {}

    def ask(name: str) -> None:
        answers[name] = condition(
            Facts(ToolManifest(tool="send_mail", effect="send"), {"to": name}, Waiting(), {name: 1})
        )

    threads = [threading.Thread(target=ask, args=(name,)) for name in ("ann", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {"ann": True, "bob": True}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "syntax error"),
        ("args.to ==", "column 11"),
        ("groundet(args.to)", "`groundet` is not known"),
        ("grounded()", "`grounded` is not known with these parameters"),
        ("user == 'ann'", "`user` is not known"),
        ("tool == 3", "no matching overload"),
        ("calls(3) < 2", "no matching overload"),
        ("args.flag", "yields dyn, not a bool"),
        ("calls('search')", "yields int, not a bool"),
        ("grounded(args.to) ? true : 3", "no matching overload"),
        ("true\0 || false", "syntax error"),
        ("(" * 200 + "true" + ")" * 200, "recursion limit"),
        ("true || " * MAX_CONDITION_CHARS + "true", "at most 4000"),
        ("args.too == 'ann'", "no tool of this rule has an argument `too`: did you mean `to`?"),
        ('has(args.cc) || args["zz"] == 1', "argument `cc`"),
        ("args['to '] == 'x'", "argument `to `"),
        ("calls('serch') < 3", "no tool `serch` to count: did you mean `search`?"),
    ],
)
def test_a_condition_with_a_fault_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(PolicyInvalid) as caught:
        compile_condition(text, arguments=("to", "body"), tools=("search", "send_mail"))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "args.to == 'args.nobody'",
        'args["to"] == "calls(\'nobody\') < 3"',
        "args.to == '''it's args.nobody'''",
        "true // args.nobody",
        "args . to == r'\\d args.nobody'",
        "args.body.args == 'ann'",
        "calls(args.to) < 3",
    ],
)
def test_names_in_texts_and_comments_are_no_references(text: str) -> None:
    assert compile_condition(text, arguments=("to", "body"), tools=("search",)).text == text


PIECES = st.lists(st.sampled_from(["args", ".to", "(", ")", "'", "&&", "grounded", "!", "=="])).map("".join)


@given(st.text(max_size=40) | PIECES)
def test_any_text_is_a_condition_or_refused(text: str) -> None:
    message = ""
    try:
        condition = compile_condition(text, arguments=("to",))
    except PolicyInvalid as refused:
        message = str(refused)
    else:
        assert condition(facts({"to": "ann"})) in (True, False, None)
    assert "\n" not in message


TEXTS = (
    "true",
    "args.to == 'ann' // a comment",
    "args.missing == 'ann'",
    "args.amount > 3",
    "grounded(args.to)",
    "host(args.to) == 'a.example'",
    "has(args.missing) && args.missing > 3",
    "[1, 2].exists(x, x == args.amount)",
    "calls('search') < 3 ? true : args.missing == 'x'",
)


@given(
    st.lists(st.sampled_from(TEXTS), max_size=70),
    st.lists(
        st.fixed_dictionaries(
            {"to": st.sampled_from(["ann", "eve@example.org", "https://a.example", "a\0b", 3]), "amount": st.integers()}
        ),
        min_size=1,
        max_size=3,
    ),
)
def test_conditions_asked_together_say_what_each_says_by_itself(texts: list[str], calls: list[JsonObject]) -> None:
    conditions = [compile_condition(text) for text in texts]
    judge = together(conditions)
    for arguments in calls * 4:  # so often that a batch which fails is given up
        seen = facts(arguments, words="write to ann")
        assert judge(seen) == [condition(facts(arguments, words="write to ann")) for condition in conditions]


def test_conditions_of_any_kind_can_be_asked_together() -> None:
    limit = Limit(tools=frozenset({"send_mail"}), calls=1)
    judge = together([compile_condition("true"), limit])
    assert judge(facts({})) == [True, None]
