"""What endpoints really send: missing fields, odd types, torn streams."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khala.domain.events import Usage
from khala.infrastructure.models.openai.call_format import WireCall, WireReply
from khala.infrastructure.models.openai.wire_reply import ErrorInReply, NoReply, StreamedReply, read_whole


def whole(message: object, finish: object = "stop", **rest: object) -> WireReply:
    return read_whole(json.dumps({"choices": [{"message": message, "finish_reason": finish}], **rest}).encode())


def streamed(*deltas: dict[str, Any], end: bytes = b"data: [DONE]\n\n") -> WireReply:
    reply = StreamedReply()
    for delta in deltas:
        reply.feed(b"data: " + json.dumps({"choices": [{"delta": delta}]}).encode() + b"\n\n")
    reply.feed(end)
    return reply.reply()


@pytest.mark.parametrize(
    ("message", "content", "thinking"),
    [
        ({"content": "plain"}, "plain", ""),
        ({"content": None}, "", ""),
        ({}, "", ""),
        ({"content": "a", "reasoning_content": "b"}, "a", "b"),
        ({"content": "a", "reasoning": " b "}, "a", "b"),
        ({"content": "a", "reasoning": "b", "reasoning_content": "b"}, "a", "b"),
        ({"content": "a", "reasoning": {"odd": 1}}, "a", ""),
        ({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, "ab", ""),
        (
            {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "t"}]}, {"text": "a"}, 7, None]},
            "a",
            "t",
        ),
        ({"content": None, "refusal": "I cannot"}, "I cannot", ""),
    ],
)
def test_content_and_thinking_are_found_wherever_they_stand(message: object, content: str, thinking: str) -> None:
    reply = whole(message)
    assert (reply.content, reply.thinking) == (content, thinking)


@pytest.mark.parametrize(
    ("finish", "expected"),
    [
        ("stop", "stop"),
        ("tool_calls", "stop"),
        ("eos", "stop"),
        (None, "stop"),
        (7, "stop"),
        ("END_TURN", "stop"),
        ("length", "length"),
        ("MAX_TOKENS", "length"),
        ("content_filter", "refusal"),
    ],
)
def test_finish_reasons_come_down_to_three(finish: object, expected: str) -> None:
    assert whole({"content": "x"}, finish).finish == expected


def test_a_refusal_field_is_a_refusal_whatever_the_reason() -> None:
    assert whole({"content": "", "refusal": "no"}).finish == "refusal"


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (None, Usage()),
        ({}, Usage()),
        ("odd", Usage()),
        ({"prompt_tokens": 10, "completion_tokens": 2}, Usage(prompt_tokens=10, completion_tokens=2)),
        (
            {"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 8}},
            Usage(prompt_tokens=10, cached_tokens=8),
        ),
        ({"prompt_tokens": 10, "prompt_tokens_details": None}, Usage(prompt_tokens=10)),
        ({"prompt_tokens": 9.0, "prompt_cache_hit_tokens": 5}, Usage(prompt_tokens=9, cached_tokens=5)),
        ({"prompt_tokens": -3, "completion_tokens": "many"}, Usage()),
        ({"prompt_tokens": True, "cost": 0.25}, Usage(money=0.25)),
        ({"cost": "free", "prompt_tokens": 1e300, "completion_tokens": 2**60}, Usage()),
    ],
)
def test_usage_is_taken_as_far_as_it_is_reported(usage: object, expected: Usage) -> None:
    assert whole({"content": "x"}, usage=usage).usage == expected


@pytest.mark.parametrize("body", [b"", b" \n", b"{", b"<html>", b"[]", b"7", b"{}", b'{"choices": {}}', b"[" * 100_000])
def test_what_is_no_reply_says_so(body: bytes) -> None:
    with pytest.raises(NoReply):
        read_whole(body)


@pytest.mark.parametrize("body", [b'{"error": "x"}', b'[{"error": {}}, {"error": 1}]', b'{"object": "error"}'])
def test_an_error_object_is_told_from_a_reply(body: bytes) -> None:
    with pytest.raises((ErrorInReply, NoReply)):
        read_whole(body)


def test_a_null_error_beside_a_reply_is_no_error() -> None:
    assert whole({"content": "fine"}, error=None).content == "fine"


def test_streamed_calls_are_put_together_by_index() -> None:
    reply = streamed(
        {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "search", "arguments": ""}}]},
        {"tool_calls": [{"index": 1, "id": "b", "function": {"name": "read", "arguments": '{"i'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"q":'}}]},
        {
            "tool_calls": [
                {"index": 1, "function": {"arguments": 'd": 1}'}},
                {"index": 0, "function": {"arguments": "2}"}},
            ]
        },
    )
    assert reply.calls == (WireCall("search", '{"q":2}'), WireCall("read", '{"id": 1}'))


@pytest.mark.parametrize(
    "pieces",
    [
        [{"id": "a", "function": {"name": "s", "arguments": '{"q"'}}, {"function": {"arguments": ":1}"}}],
        [{"id": "a", "function": {"name": "s", "arguments": '{"q"'}}, {"id": "a", "function": {"arguments": ":1}"}}],
        [{"function": {"name": "s", "arguments": '{"q":1}'}}],
        [{"index": 0, "id": "a", "function": {"name": "s", "arguments": '{"q":1}'}}],
    ],
    ids=["no index", "id repeated", "neither", "one piece"],
)
def test_streamed_calls_without_index_are_told_apart(pieces: list[dict[str, Any]]) -> None:
    second = {**pieces[0], "id": "b", "function": {"name": "t", "arguments": "{}"}}
    reply = streamed(*({"tool_calls": [piece]} for piece in pieces), {"tool_calls": [second]})
    assert reply.calls == (WireCall("s", '{"q":1}'), WireCall("t", "{}"))


def test_a_call_without_any_id_begins_with_its_name() -> None:
    first, second = ({"tool_calls": [{"function": {"name": name, "arguments": "{}"}}]} for name in ("s", "t"))
    assert [call.name for call in streamed(first, second).calls] == ["s", "t"]


def test_arguments_may_come_as_an_object() -> None:
    call = {"function": {"name": "s", "arguments": {"q": [1]}}}
    assert whole({"tool_calls": [call]}).calls == (WireCall("s", {"q": [1]}),)
    assert streamed({"tool_calls": [call]}).calls == (WireCall("s", {"q": [1]}),)


def test_comments_other_fields_and_line_ends_of_any_kind_are_skipped() -> None:
    reply = StreamedReply()
    reply.feed(b": keep-alive\r\n\r\nevent: chunk\r\nid: 7\r\nretry: 3\r\n")
    reply.feed(b'data:{"choices":[{"delta":{"content":"a"}}]}\r\n\r\n\n\n: again\n')
    reply.feed(b'data: {"choices":[{"index":1,"delta":{"content":"another choice"}}]}\n\ndata:\n\n')
    reply.feed(b'data: {"choices":null}\n\ndata: {"choices":[{"delta":null,"finish_reason":"length"}]}')
    done = reply.reply()
    assert (done.content, done.finish) == ("a", "length")


def test_a_finish_reason_ends_a_stream_that_never_says_done() -> None:
    reply = streamed({"content": "x"}, end=b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n')
    assert reply.content == "x"
    with pytest.raises(NoReply, match="ends before"):
        streamed({"content": "x"}, end=b"")


@given(st.text(max_size=60), st.integers(min_value=1, max_value=7))
def test_a_stream_may_be_torn_at_any_byte(text: str, size: int) -> None:
    events = [{"choices": [{"delta": {"content": piece}}]} for piece in (text, "\u2013", text)]
    body = b"".join(
        b"data: %s\n\n" % json.dumps(event, ensure_ascii=False).encode("utf-8", "replace") for event in events
    )
    body += b'data: {"choices":[],"usage":{"prompt_tokens":3}}\n\ndata: [DONE]\n\n'
    reply = StreamedReply()
    for start in range(0, len(body), size):
        reply.feed(body[start : start + size])
    done = reply.reply()
    assert done.content == f"{text}\u2013{text}".encode("utf-8", "replace").decode()
    assert done.usage.prompt_tokens == 3


_KEYS = st.sampled_from(
    [
        *("choices", "message", "delta", "content", "tool_calls", "function", "name", "arguments", "index", "id"),
        *("usage", "finish_reason", "error", "object", "reasoning", "refusal", "prompt_tokens", "text", "thinking"),
    ]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(_JSON, _JSON, _JSON)
def test_no_shape_of_a_body_raises_anything_else(message: object, finish: object, usage: object) -> None:
    body = {"choices": [{"message": message, "delta": message, "finish_reason": finish}], "usage": usage}
    encoded = json.dumps(body).encode()
    reply = StreamedReply()
    for read in (lambda: read_whole(encoded), lambda: reply.feed(b"data: " + encoded + b"\n"), reply.reply):
        try:
            read()
        except (NoReply, ErrorInReply):
            continue
