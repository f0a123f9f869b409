"""A call is read strictly: one reading or a named reason, whatever the text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from khala.domain.strict_json import MAX_DEPTH, JsonRefused, read_json
from khala.errors import CallerError
from khala.infrastructure.security.written_call import read_call

FINITE = st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | FINITE | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)


def refusal(text: str) -> str:
    with pytest.raises(CallerError) as caught:
        read_call(text)
    assert str(caught.value).isprintable()
    assert str(caught.value).startswith("the call cannot be read: ")
    return str(caught.value)


@given(VALUES, st.booleans())
def test_whatever_is_json_is_read_as_any_reader_would(value: JsonValue, ascii_only: bool) -> None:
    assert read_json(json.dumps(value, ensure_ascii=ascii_only), max_chars=10_000) == value


@given(VALUES)
def test_a_call_is_a_tool_and_an_object_and_nothing_else(value: JsonValue) -> None:
    call = read_call(json.dumps({"tool": "send", "arguments": {"x": value}}))
    assert (call.tool, call.arguments) == ("send", {"x": value})
    assert read_call('{"tool": "send"}').arguments == {}
    refusal(json.dumps({"tool": "send", "arguments": value} if not isinstance(value, dict) else [value]))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is not JSON"),
        ("{", "(line 1, column 2)"),
        ("[]", "no JSON object"),
        ('{"tool": "a", "tool": "b"}', "the key `tool` stands in it twice"),
        ('{"tool": "a", "arguments": {"x": {"y": 1, "y": 1}}}', "the key `y` stands in it twice"),
        ('{"tool": "a", "arguments": {"x": 1, "\\u0078": 1}}', "the key `x` stands in it twice"),
        ('{"tool": "a", "arguments": {"x": NaN}}', "`NaN` is no number"),
        ('{"tool": "a", "arguments": {"x": -Infinity}}', "`-Infinity` is no number"),
        ('{"tool": "a", "arguments": {"x": 1e999}}', "`1e999` is no number"),
        ('{"tool": "a", "arguments": {"x": ' + "9" * 5_000 + "}}", "a number in it has 5000 digits"),
        ('{"tool": "a", "arguments": {"x": "\\ud800"}}', "half a character"),
        ('{"tool": "a", "arguments": {"\udc80": 1}}', "half a character"),
        ('{"tool": "a", "arguments": ' + "[" * 10_000 + "]" * 10_000 + "}", f"more than {MAX_DEPTH} levels"),
        ('{"tool": "a", "arguments": {"x": "' + "x" * 1_000_000 + '"}}', "at most 1000000"),
        ('{"tool": "a", "args": {}}', "unknown key `args`: did you mean `arguments`?"),
        ('{"tool": "a", "\u202e": {}}', "unknown key `\\u202e`"),
        ('{"arguments": {}}', "`tool` is missing"),
        ('{"tool": 3}', "`tool` is missing or no text"),
        ('{"tool": "a", "arguments": []}', "`arguments` is no object"),
    ],
    ids=lambda value: value[:40],
)  # fmt: skip
def test_what_two_readers_could_read_differently_is_refused_by_name(text: str, said: str) -> None:
    assert said in refusal(text)


PIECES = (
    "{", "}", "[", "]", '"', "\\", ":", ",", '\\"', '{"tool": "a"', '"arguments": {}', "1", "1e9999", "-0", "NaN",
    "null", "true", '"x"', "\\ud800", "\0", "\udc80", " ",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join) | st.text(max_size=30))
def test_any_text_is_a_call_or_refused_in_one_line(text: str) -> None:
    refusal, tool = "", ""
    try:
        tool = read_call(text).tool
    except CallerError as error:
        refusal = str(error)
    assert refusal.isprintable()
    assert refusal or json.loads(text)["tool"] == tool


@pytest.mark.parametrize("text", ['"\\' * 200_000, '"' * 400_000, '\\"' * 200_000, "[]" * 200_000, '"\\"' * 133_333])
@pytest.mark.timeout(10)
def test_no_text_takes_time_out_of_proportion(text: str) -> None:
    with pytest.raises(JsonRefused):
        read_json(text, max_chars=1_000_000)
