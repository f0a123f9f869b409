"""What a condition names is found in its text, and nothing else is taken for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khala.infrastructure.security.condition_text import mentions


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("args.to == 'x'", [("args", "'to'")]),
        ('has(args.cc) && args [ "to" ] == 1', [("args", "'cc'"), ("args", '"to"')]),
        ("args.body.args.no == args.size()", [("args", "'body'")]),
        ("args[args.key] == 1", [("args", "'key'")]),
        ("calls('search') < 3", [("calls", "'search'")]),
        ("calls(args.to) < 3", [("args", "'to'")]),
        ("calls('a' + 'b') < 3", []),
        ("args.to.matches(r'\\d+$')", [("args", "'to'"), ("matches", "r'\\d+$'")]),
        ("matches(args.to, '^(a|b)$')", [("args", "'to'"), ("matches", "'^(a|b)$'")]),
        ("matches(f(g('x'), ['y']), 'z')", [("g", "'x'"), ("matches", "'z'")]),
        ("under(args.path, '/work')", [("args", "'path'"), ("under", "'/work'")]),
        ("['x'].all(k, k == ('y'))", []),
        ("args.to in ['calls(\"x\")'] // calls('y')", [("args", "'to'")]),
        ("r'\\' == args.to", [("args", "'to'")]),
        ("'''it's args.no''' == \"\"\"a\"args.no\"\"\"", []),
        ("'\\'args.no' == b'args.no'", []),
    ],
)
def test_names_and_last_literals_are_found(text: str, found: list[tuple[str, str]]) -> None:
    assert [(mention.of, mention.literal) for mention in mentions(text)] == found


@given(st.text(st.sampled_from("args.calls('\"r)([]{},\\/ \nx"), max_size=40))
def test_any_text_can_be_read(text: str) -> None:
    assert all(mention.literal for mention in mentions(text))
