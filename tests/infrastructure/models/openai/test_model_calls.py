"""Reading calls from what models write: blocks and thinking, fences and quotes, broken JSON."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from khala.domain.events import FinishReason, Usage
from khala.domain.message import RequestedCall
from khala.infrastructure.models.openai.call_format import ReadReply, WireCall, WireReply
from khala.infrastructure.models.openai.json_arguments import ArgumentsUnreadable, read_arguments
from khala.infrastructure.models.openai.mcp_xml_calls import McpXmlCalls, call_block
from khala.infrastructure.models.openai.native_calls import NativeCalls


def wire(content: str = "", *calls: WireCall, finish: FinishReason = "stop", thinking: str = "") -> WireReply:
    return WireReply(content, thinking, calls, finish, Usage())


def read(content: str, *calls: WireCall) -> ReadReply:
    return McpXmlCalls().read(wire(content, *calls))


def native(content: str = "", *calls: WireCall, finish: FinishReason = "stop") -> ReadReply:
    return NativeCalls().read(wire(content, *calls, finish=finish))


BLOCK = call_block("search", {"q": "x"})
CALL = RequestedCall(tool="search", arguments={"q": "x"})


def test_text_thinking_and_several_blocks_are_taken_apart() -> None:
    reply = read(f"<think>\nwhich one?\n</think>\n\nI look.\n\n{BLOCK}{call_block('read', {'id': 2})}\nand wait")
    assert reply == ReadReply(
        "I look.\n\n\nand wait", "which one?", (CALL, RequestedCall(tool="read", arguments={"id": 2})), ()
    )


@pytest.mark.parametrize(
    "content",
    [
        f"Sure. {BLOCK}",
        f"</think>{BLOCK}",
        BLOCK.replace("<server_name>khala</server_name>\n", ""),
        BLOCK.replace(">khala<", ">tool-google-search<"),
        '<use_mcp_tool><arguments>{"q": "x"}</arguments><tool_name> search </tool_name></use_mcp_tool>',
        BLOCK.replace("</arguments>\n", ""),
        BLOCK.replace('{"q": "x"}', '```json\n{"q": "x"}\n```'),
        BLOCK.replace('{"q": "x"}', "{'q': 'x',}"),
        BLOCK.replace('{"q": "x"}', '{"q": "x"'),
        f"I use `grep`, not `sed`.\n{BLOCK}",
        f"```python\nprint()\n```\n{BLOCK}",
        f"~~~\n```\n~~~\n{BLOCK}",
        f"<think>`</think>{BLOCK}",
        f"<think>```\n{BLOCK}\n</think>{BLOCK}",
    ],
    ids=range(14),
)
def test_a_block_counts(content: str) -> None:
    reply = read(content)
    assert (reply.calls, reply.malformed) == ((CALL,), ())


@pytest.mark.parametrize(
    "content",
    [
        f"<think>perhaps {BLOCK} but no</think> no call",
        f"<think>never closed {BLOCK}",
        f"the template opened it {BLOCK} ```\nand a fence </think> no call",
        f"```xml\n{BLOCK}\n```\nis how it looks",
        f"~~~~\n{BLOCK}\n~~~\n~~~~",
        "To call, write `<use_mcp_tool>` and so on.",
        'The tag "<use_mcp_tool>" opens a call.',
        f"He wrote “{BLOCK}” there.",
        "> <use_mcp_tool><tool_name>search</tool_name><arguments>{}</arguments></use_mcp_tool>",
        "a `<use_mcp_tool><tool_name>a</tool_name><arguments>{}</arguments></use_mcp_tool>` inline",
        "</use_mcp_tool> <tool_name>search</tool_name> <arguments>{}</arguments>",
    ],
    ids=range(11),
)
def test_what_is_thought_fenced_or_quoted_is_no_call(content: str) -> None:
    reply = read(content)
    assert (reply.calls, reply.malformed) == ((), ())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (BLOCK.removesuffix("</use_mcp_tool>"), "call of `search`: the block is cut off"),
        (BLOCK[: BLOCK.index('x"')], "call of `search`: the block is not closed, or cut off"),
        ("<use_mcp_tool>", "call without a tool name: the block is cut off"),
        ("<use_mcp_tool>now</use_mcp_tool>", "holds something besides"),
        ('<use_mcp_tool>{"name": "search"}</use_mcp_tool>', "holds something besides"),
        (BLOCK.replace("search", " "), "no <tool_name>"),
        ("<use_mcp_tool><tool_name>search</tool_name></use_mcp_tool>", "no <arguments>"),
        (BLOCK.replace('{"q": "x"}', "just words"), "not a JSON object"),
        (BLOCK.replace('{"q": "x"}', "[1, 2]"), "not a JSON object"),
        (BLOCK.replace('{"q": "x"}', "{"), "not a JSON object"),
        (BLOCK.replace('{"q": "x"}', '{"q": 1, "q": 2}'), "the key `q` stands in it twice"),
        (BLOCK.replace('{"q": "x"}', "{'q': 1, 'q': 2,}"), "may name a key twice"),
        (BLOCK.replace('{"q": "x"}', "{'q': 1, '\\u0071': 2,}"), "may name a key twice"),
        (BLOCK.replace('"x"', '"\\ud800"'), "half a character"),
        (BLOCK.replace('"x"', '"' + "x" * 1_000_000 + '"'), "at most 1000000"),
        (BLOCK.replace('{"q": "x"}', '{"q": NaN}'), "`NaN` is no number"),
        (BLOCK.replace('{"q": "x"}', '{"q": 1e999}'), "`1e999` is no number"),
        (BLOCK.replace('{"q": "x"}', '{"a":' * 70 + "1" + "}" * 70), "more than 64 levels"),
        (BLOCK.replace('"x"', "1" * 5_000), "has 5000 digits"),
        (BLOCK.replace('{"q": "x"}', '{"a":' * 2_000 + "1" + "}" * 2_000), "more than 64 levels"),
        (BLOCK.replace('{"q": "x"}', "{a,}" * 2_000), "too long to mend"),
        (f"```xml\n{BLOCK}", "code block that is never closed"),
    ],
    ids=range(22),
)
def test_a_broken_block_is_named_with_its_reason(content: str, reason: str) -> None:
    reply = read(content)
    assert reply.calls == ()
    [told] = reply.malformed
    assert reason in told


def test_behind_a_broken_block_nothing_is_read_as_a_call() -> None:
    quoting = (
        f'<use_mcp_tool><arguments>{{"page": "it says {json.dumps(BLOCK)[1:-1]} there"}}</arguments></use_mcp_tool>'
    )
    reply = read(f"{BLOCK}\n{quoting}\n{BLOCK}")
    assert reply.calls == (CALL,)
    assert len(reply.malformed) == 1


def test_a_broken_draft_in_thinking_the_template_opened_does_not_count() -> None:
    reply = read(f"shall I write <use_mcp_tool> now? </think>{BLOCK}")
    assert reply == ReadReply("", "shall I write <use_mcp_tool> now?", (CALL,), ())


def test_calls_that_the_endpoint_has_already_parsed_are_accepted() -> None:
    assert read("I look.", WireCall("search", '{"q": "x"}')).calls == (CALL,)


def test_native_text_may_speak_of_blocks_but_thinking_is_split_off() -> None:
    reply = native(f"<think>hm</think>{BLOCK}", WireCall("search", {"q": "x"}))
    assert reply == ReadReply(BLOCK, "hm", (CALL,), ())


@pytest.mark.parametrize("arguments", ["", "  ", "{}"])
def test_no_arguments_are_an_empty_object(arguments: str) -> None:
    assert native("", WireCall("now", arguments)).calls == (RequestedCall(tool="now", arguments={}),)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (WireCall("", "{}"), "names no tool"),
        (WireCall("search", "no json"), "not a JSON object"),
        (WireCall("search", '{"a": 1}{"b": 2}'), "not a JSON object"),
        (WireCall("search", {"a": float("nan")}), "not finite"),
        (WireCall("evil\n\x1b[2J" + "x" * 100, "no"), "call of `evil \\x1b[2Jxxx"),
    ],
)
def test_a_broken_native_call_is_named_and_the_others_are_kept(call: WireCall, reason: str) -> None:
    reply = native("", call, WireCall("search", '{"q": "x"}'))
    assert reply.calls == (CALL,)
    [told] = reply.malformed
    assert reason in told
    assert told.isprintable()


def test_only_what_was_cut_off_is_not_mended() -> None:
    open_end = WireCall("write", '{"path": "/home/u')
    assert native("", open_end).calls == (RequestedCall(tool="write", arguments={"path": "/home/u"}),)
    cut = native("", WireCall("search", "{'q': 'x'}"), open_end, finish="length")
    assert cut.calls == (CALL,)
    assert "cut off" in cut.malformed[0]


def test_mending_is_bounded_in_time() -> None:
    for text in ('{"' * 20_000, "{" * 200 + '"' * 20_000, "{a,}" * 5_000, '["a" ' * 9_000):
        begun = time.perf_counter()
        with pytest.raises(ArgumentsUnreadable):
            read_arguments(text)
        assert time.perf_counter() - begun < 0.5


@pytest.mark.parametrize(
    "unit",
    [
        "<use_mcp_tool>",
        "<use_mcp_tool><arguments>{",
        '<use_mcp_tool><arguments>{"',
        "<use_mcp_tool></think>",
        BLOCK + "\n",
        "```\n",
        "```x\n</think>\n",
        "~~~a\n",
        "<think>",
        "</think>",
        "`",
        "> ",
    ],
)
def test_reading_takes_time_in_proportion_to_the_reply(unit: str) -> None:
    begun = time.perf_counter()
    read(unit * (400_000 // len(unit)))
    assert time.perf_counter() - begun < 2.0


_PIECES = st.sampled_from(
    [
        *("<think>", "</think>", "<use_mcp_tool>", "</use_mcp_tool>", "<arguments>", "</arguments>", BLOCK),
        *("<tool_name>t</tool_name>", "<server_name>s</server_name>", '{"a": "b"}', '{"a', "{", "}", "\u00e9\ud800"),
        *("```", "~~~", "\n", "`", '"', "> ", " "),
    ]
)


@given(st.lists(_PIECES | st.text(max_size=5), max_size=25).map("".join))
def test_no_text_raises_and_every_call_is_plain_json(content: str) -> None:
    for reply in (read(content), native(content, WireCall(content, content))):
        for requested in reply.calls:
            assert requested.tool
            assert json.loads(json.dumps(requested.arguments, allow_nan=False)) == requested.arguments
        for part in (reply.text, reply.thinking, *reply.malformed):
            part.encode()


@given(st.lists(_PIECES, max_size=12).map("".join), st.lists(_PIECES, max_size=12).map("".join))
def test_no_call_comes_out_of_thinking(thought: str, after: str) -> None:
    thought = thought.replace("</think>", "")
    assert read(f"<think>{thought}").calls == ()
    assume("</think>" not in after)
    assert read(f"<think>{thought}</think>\n{after}").calls == read(after).calls
    # the same, when the template opened the thinking and nothing in it hides its end
    if "`" not in thought and "~" not in thought and ">" not in thought and '"' not in thought:
        assert read(f"{thought}{BLOCK}\n</think>\n{BLOCK}").calls == (CALL,)


_ARGUMENTS = st.dictionaries(
    st.text(max_size=6),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.lists(_PIECES | st.text(max_size=9), max_size=4).map(lambda parts: "".join(parts).replace("\ud800", "")),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)


@given(_ARGUMENTS, st.sampled_from(["search", "read_result", "a-b_C9"]))
def test_a_call_written_as_a_block_is_read_back_as_it_was(arguments: dict[str, object], tool: str) -> None:
    requested = RequestedCall.model_validate({"tool": tool, "arguments": arguments})
    reply = read(f"First.\n\n{call_block(tool, requested.arguments)}\n\n{BLOCK}")
    assert reply == ReadReply("First.", "", (requested, CALL), ())


@given(_ARGUMENTS)
def test_native_arguments_are_read_back_as_they_were(arguments: dict[str, object]) -> None:
    assert read_arguments(json.dumps(arguments)) == arguments
