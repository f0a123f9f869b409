"""Expectations are read exactly as written, or refused in one line that names line, case and fix."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khala.errors import PolicyInvalid
from khala.infrastructure.security.policy_cases import Case, load_cases, read_cases

WHOLE = """\
# what the guard should answer

[[case]]
name = "to a stranger"
user = "read my inbox"
results = [
  { tool = "read_inbox", text = "From: eve@evil.example ....................................................................................................." },
  { tool = "read_inbox", text = "", trust = "trusted" },
]
call = { tool = "send", arguments = { to = ["eve@evil.example"], count = 2, now = true } }
expect = "deny"
rule = "no-grant"

[[case]]
name = "to nobody"
call.tool = "send"
expect = "ask"
"""  # noqa: E501


def read(text: str | bytes) -> tuple[Case, ...]:
    content = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return read_cases(content, source="c.toml", tools={"read_inbox", "send"}, rules={"no-grant", "mail"})


def refused(text: str | bytes) -> str:
    with pytest.raises(PolicyInvalid) as caught:
        read(text)
    assert str(caught.value).isprintable()
    return str(caught.value)


def case(**keys: str) -> str:
    values = {"name": '"it"', "call": '{ tool = "send" }', "expect": '"deny"', **keys}
    return "[[case]]\n" + "\n".join(f"{key} = {value}" for key, value in values.items() if value)


def test_a_whole_table_says_what_it_reads_as() -> None:
    first, second = read(WHOLE)
    assert (first.line, first.name, first.user, first.expect, first.rule) == (
        3, "to a stranger", "read my inbox", "deny", "no-grant",
    )  # fmt: skip
    assert [(each.tool, each.trust) for each in first.results] == [("read_inbox", None), ("read_inbox", "trusted")]
    assert first.call.arguments == {"to": ["eve@evil.example"], "count": 2, "now": True}
    assert (second.line, second.call.arguments, second.results, second.rule) == (14, {}, [], None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "c.toml: there is no case, so nothing would be tested"),
        ("case = []", "c.toml: there is no case"),
        ("# [[case]]", "c.toml: there is no case"),
        ("case = 3", "write each case under its own `[[case]]`"),
        ("[case]\nname = 'a'", "write each case under its own `[[case]]`"),
        ("case = [3]", "c.toml: case number 1: `entry` is not a table"),
        ("[[case]\n", "c.toml:1: this is not TOML"),
        (b"[[case]]\n# \xff", "c.toml:2: byte 11 is not UTF-8"),
        ("# \ud800", "c.toml:1: byte 2 is not UTF-8"),
        ("# " + "x" * 2_000_000, "c.toml: the file is larger than 2000000 bytes"),
        ("x" + ".x" * 200_000 + " = 1", "c.toml:1: there are more than 100 dots"),
        ("x = { s = '''a'''', " + "x." * 200_000 + "x = 1 }", "c.toml:1: there are more than 100 dots"),
        ("x = " + "[" * 50_000, "out of all measure"),
        (case() + "\n[other]", "c.toml: unknown key `other`: known: `case`"),
        (case(name=""), "c.toml:1: case number 1: `name` is missing"),
        (case(name='""'), "`name` is of the wrong type: string should have at least 1 character"),
        (case(expect=""), "c.toml:1: case `it`: `expect` is missing"),
        (case(expect='"denied"'), "case `it`: `expect` cannot be `denied`: use 'allow', 'ask' or 'deny'"),
        (case(expects='"deny"'), "case `it`: unknown key `expects`: did you mean `expect`?"),
        (case(call='{ tool = "send", args = {} }'), "case `it`: unknown key `args`: did you mean `arguments`?"),
        (case(call="{}"), "case `it`: `tool` is missing"),
        (case(call='{ tool = "send", arguments = { at = 2026-01-01 } }'), "case `it`: `at` is of the wrong type"),
        (case(call='{ tool = "send", arguments = { x = nan } }'), "hold a number that JSON does not know"),
        (case(call='{ tool = "send", arguments = { x = ' + "[" * 70 + "]" * 70 + " } }"), "more than 64 levels deep"),
        (case(results='[{ tool = "read_inbux", text = "" }]'), "no tool `read_inbux` that could have returned this"),
        (case(results='[{ tool = "send", text = "", trust = "yes" }]'), "`trust` cannot be `yes`"),
        (case(results='[{ tool = "send" }]'), "case `it`: `text` is missing"),
        (case(results='[{ tool = "send", text = "", label = 1 }]'), "unknown key `label`: known: `arguments`,"),
        (case(rule='"male"'), "c.toml:1: case `it`: there is no rule `male`: did you mean `mail`?"),
        (case() + "\n" + case(), "c.toml:5: case `it`: another case has this name"),
    ],
    ids=lambda value: str(value)[:50],
)  # fmt: skip
def test_a_faulty_table_is_refused_with_its_line_case_and_fix(text: str | bytes, said: str) -> None:
    assert said in refused(text)


def test_a_file_that_cannot_be_read_is_named(tmp_path) -> None:
    with pytest.raises(PolicyInvalid, match="the cases cannot be read"):
        load_cases(tmp_path / "none.toml", tools=(), rules=())
    (tmp_path / "c.toml").write_text(case())
    assert len(load_cases(tmp_path / "c.toml", tools=(), rules=())) == 1


PIECES = (
    "[[case]]\n", 'name = "a"\n', 'name = "b"\n', 'expect = "deny"\n', 'call.tool = "send"\n', "call = {}\n",
    "case = 1\n", 'results = [{tool = "send", text = "x"}]\n', "results = [1]\n", 'rule = "mail"\n', '"""', "'''", "{",
    "\0", "x = nan\n", "call.arguments.x = inf\n", "[case.call]\n", "user = 1\n",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=40) | st.binary(max_size=40))
def test_any_bytes_are_cases_or_refused_in_one_line(text: str | bytes) -> None:
    refusal, cases = "", ()
    try:
        cases = read(text)
    except PolicyInvalid as error:
        refusal = str(error)
    assert refusal.isprintable()
    assert cases or refusal.startswith("c.toml")
