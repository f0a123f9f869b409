"""The chat client over real HTTP: what goes out, what comes back, and that nothing is encoded twice."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Literal

import pytest

from khala.domain.call import ToolCall
from khala.domain.message import (
    AssistantMessage,
    Message,
    ModelReply,
    Prompt,
    RequestedCall,
    ResultsMessage,
    ShownResult,
    SystemMessage,
    UserMessage,
)
from khala.domain.tool import ToolSpec
from khala.errors import CallerError
from khala.infrastructure.models.openai.chat import OpenAIChat
from khala.infrastructure.models.openai.mcp_xml_calls import McpXmlCalls
from khala.infrastructure.models.openai.native_calls import NativeCalls
from khala.infrastructure.models.openai.request_body import Dialect, RequestBodies
from khala.testing.openai_server import Fault, Say, ScriptedOpenAIServer

Calls = Literal["native", "mcp-xml"]

SEARCH = ToolSpec(
    name="search",
    description="Find passages.",
    parameters={"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
)
TOOLS = (SEARCH,)


def prompt(*messages: Message, tools: tuple[ToolSpec, ...] = TOOLS) -> Prompt:
    return Prompt(messages=messages, tools=tools, chars=0, task="t")


def call(number: int, query: str = "metaclass") -> ToolCall:
    return ToolCall(id=f"run-{number}", tool="search", arguments={"query": query})


def turn(number: int, query: str = "metaclass", text: str = "") -> tuple[Message, Message]:
    asked = call(number, query)
    return AssistantMessage(text, "a thought", (asked,)), ResultsMessage((ShownResult(asked, f"found {query}"),))


def ask(server: ScriptedOpenAIServer, *prompts: Prompt, **options: Any) -> list[ModelReply]:
    async def run() -> list[ModelReply]:
        async with OpenAIChat(server.url, "tiny", **options) as model:
            return [await model.reply(each) for each in prompts]

    return asyncio.run(run())


OPENING = (SystemMessage("work well"), UserMessage("what is a metaclass?"))

BOTH_FORMATS: list[Calls] = ["native", "mcp-xml"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("calls", BOTH_FORMATS)
def test_a_reply_arrives_as_it_was_said(calls: Calls, stream: bool) -> None:
    said = Say(
        text="Ich suche »Metaklasse«\u2028 und 日本 🐍.",
        thinking="first the name, then the place",
        calls=[("search", {"query": 'a "b" </arguments> \n c', "n": 3}), ("search", {"query": "zwei"})],
        prompt_tokens=100,
        cached_tokens=64,
        completion_tokens=9,
    )
    with ScriptedOpenAIServer([said], calls=calls) as server:
        [reply] = ask(server, prompt(*OPENING), calls=calls, stream=stream)
    assert reply.text == said.text
    assert reply.thinking == said.thinking
    assert reply.calls == (
        RequestedCall(tool="search", arguments={"query": 'a "b" </arguments> \n c', "n": 3}),
        RequestedCall(tool="search", arguments={"query": "zwei"}),
    )
    assert (reply.malformed, reply.finish) == ((), "stop")
    assert (reply.usage.prompt_tokens, reply.usage.cached_tokens, reply.usage.completion_tokens) == (100, 64, 9)


def test_the_native_request_equals_a_naive_encoding_of_it() -> None:
    first, second = call(1, 'quote " backslash \\ newline \n snow ☃'), call(2)
    asked = prompt(
        *OPENING,
        AssistantMessage("let me look", "thinking is not sent", (first, second)),
        ResultsMessage((ShownResult(first, "one\n\ttwo \x00"), ShownResult(second, "drei"))),
        AssistantMessage("no calls here"),
        UserMessage("go on"),
        UserMessage("and finish"),
    )
    with ScriptedOpenAIServer([Say("ok")]) as server:
        ask(server, asked, temperature=0.25, max_completion_tokens=77, options={"seed": 5}, api_key="sk-1")
        [request] = server.requests
    assert request.json() == {
        "model": "tiny",
        "messages": [
            {"role": "system", "content": "work well"},
            {"role": "user", "content": "what is a metaclass?"},
            {
                "role": "assistant",
                "content": "let me look",
                "tool_calls": [
                    {
                        "id": each.id,
                        "type": "function",
                        "function": {
                            "name": "search",
                            "arguments": json.dumps(each.arguments, ensure_ascii=False),
                        },
                    }
                    for each in (first, second)
                ],
            },
            {"role": "tool", "tool_call_id": "run-1", "content": "one\n\ttwo \x00"},
            {"role": "tool", "tool_call_id": "run-2", "content": "drei"},
            {"role": "assistant", "content": "no calls here"},
            {"role": "user", "content": "go on\n\nand finish"},
        ],
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "search",
                    "description": "Find passages.",
                    "parameters": SEARCH.parameters,
                },
            }
        ],
        "max_tokens": 77,
        "stream": False,
        "temperature": 0.25,
        "seed": 5,
    }
    assert request.headers["authorization"] == "Bearer sk-1"


def test_the_xml_request_describes_tools_and_keeps_roles_alternating() -> None:
    first, second = call(1), call(2, "zwei")
    asked = prompt(
        *OPENING,
        AssistantMessage("let me look", "a thought", (first, second)),
        ResultsMessage((ShownResult(first, "eins"), ShownResult(second, "drei"))),
        UserMessage("answer now"),
    )
    with ScriptedOpenAIServer([Say("ok")], calls="mcp-xml") as server:
        ask(server, asked, calls="mcp-xml")
        body = server.requests[0].json()
    system, task, said, results = body["messages"]
    assert "tools" not in body
    assert system["role"] == "system"
    assert system["content"].startswith("work well\n\n")
    assert json.dumps(SEARCH.parameters, ensure_ascii=False) in system["content"]
    assert "<server_name>khala</server_name>" in system["content"]
    assert task == {"role": "user", "content": "what is a metaclass?"}
    assert said["content"].startswith("<think>\na thought\n</think>\n\nlet me look\n\n<use_mcp_tool>")
    assert said["content"].count("</use_mcp_tool>") == 2
    assert results == {"role": "user", "content": "eins\n\ndrei\n\nanswer now"}


@pytest.mark.parametrize(
    ("thinking_back", "expected"),
    [
        ("dropped", {"role": "assistant", "content": "hm"}),
        ("tags", {"role": "assistant", "content": "<think>\na  thought\n</think>\n\nhm"}),
        ("field", {"role": "assistant", "content": "hm", "reasoning_content": "a </think> thought"}),
    ],
)
def test_thoughts_go_back_the_way_the_endpoint_wants(thinking_back: str, expected: dict[str, str]) -> None:
    asked = prompt(*OPENING, AssistantMessage("hm", "a </think> thought"), UserMessage("so?"))
    with ScriptedOpenAIServer([Say("ok")]) as server:
        ask(server, asked, thinking_back=thinking_back)
        assert server.requests[0].json()["messages"][2] == expected


def test_without_tools_none_are_offered_in_either_format() -> None:
    for calls in BOTH_FORMATS:
        with ScriptedOpenAIServer([Say("ok")]) as server:
            ask(server, prompt(*OPENING, tools=()), calls=calls)
            body = server.requests[0].json()
        assert "tools" not in body
        assert body["messages"][0] == {"role": "system", "content": "work well"}


def test_tools_are_described_even_without_a_system_message() -> None:
    with ScriptedOpenAIServer([Say("ok"), Say("ok")]) as server:
        ask(server, prompt(UserMessage("hi")), calls="mcp-xml")
        ask(server, prompt(UserMessage("hi")))
        xml, native = (request.json()["messages"] for request in server.requests)
    assert "## search" in xml[0]["content"]
    assert [message["role"] for message in native] == ["user"]


def bodies(calls: Calls) -> RequestBodies:
    call_format = NativeCalls() if calls == "native" else McpXmlCalls()
    return RequestBodies(call_format, model="tiny", stream=False, max_completion_tokens=9, options={})


@pytest.mark.parametrize("calls", BOTH_FORMATS)
def test_each_message_is_encoded_once(calls: Calls) -> None:
    encoder = bodies(calls)
    messages = [*OPENING, *turn(1), *turn(2)]
    once = encoder.fragments(prompt(*messages))
    again = encoder.fragments(prompt(*messages, *turn(3)))
    assert all(first is second for first, second in zip(once, again, strict=False))
    assert len(again) == len(once) + 2
    other = bodies(calls)
    assert other.fragments(prompt(*messages))[0] is not once[0]


@pytest.mark.parametrize("calls", BOTH_FORMATS)
def test_what_was_sent_stays_a_prefix_of_what_is_sent_next(calls: Calls) -> None:
    encoder = bodies(calls)
    messages: list[Message] = list(OPENING)
    sent = b""
    for number in range(1, 8):
        if number == 4:
            messages.append(UserMessage("a note of the loop"))  # joins the results before it
        body = encoder.body(prompt(*messages), Dialect())
        head = body.removesuffix(b'"}]}')  # the end of the last message, which the next prompt may go on with
        assert head.startswith(sent)
        assert json.loads(body)["model"] == "tiny"
        sent = head
        messages.extend(turn(number, f"query {number}"))


def test_other_tools_are_described_anew() -> None:
    encoder = bodies("mcp-xml")
    other = SEARCH.model_copy(update={"name": "elsewhere"})
    first = encoder.body(prompt(*OPENING), Dialect())
    second = encoder.body(prompt(*OPENING, tools=(other,)), Dialect())
    assert b"## search" in first
    assert b"## elsewhere" in second
    assert encoder.body(prompt(*OPENING), Dialect()) == first


def test_lone_surrogates_neither_break_the_request_nor_the_reply() -> None:
    half = '{"choices":[{"message":{"content":"ok \\ud83d","tool_calls":[{"function":{"name":"search",'
    half += '"arguments":{"query":"x \\ud83d"}}}]}}]}'
    with ScriptedOpenAIServer([Fault(200, half)]) as server:
        [reply] = ask(server, prompt(SystemMessage("s"), UserMessage("broken \ud83d here")))
        assert server.requests[0].json()["messages"][1]["content"] == "broken ? here"
    assert reply.text == "ok \ufffd"
    assert reply.calls == ()
    assert "half a character" in reply.malformed[0]


def test_connections_are_reused_and_survive_a_new_event_loop() -> None:
    with ScriptedOpenAIServer([Say("a"), Say("b"), Say("c")]) as server:
        model = OpenAIChat(server.url, "tiny")

        async def two() -> None:
            await model.reply(prompt(*OPENING))
            await model.reply(prompt(*OPENING))
            await model.aclose()

        async def one() -> str:
            try:
                return (await model.reply(prompt(*OPENING))).text
            finally:
                await model.aclose()

        asyncio.run(two())
        assert server.connections == 1
        assert asyncio.run(one()) == "c"
        assert server.connections == 2


@pytest.mark.parametrize("suffix", ["", "/", "/chat/completions", "/chat/completions/"])
def test_the_address_may_be_written_in_several_ways(suffix: str) -> None:
    with ScriptedOpenAIServer([Say("ok")]) as server:

        async def run() -> str:
            async with OpenAIChat(server.url + suffix, "tiny") as model:
                return (await model.reply(prompt(*OPENING))).text

        assert asyncio.run(run()) == "ok"


@pytest.mark.parametrize(
    ("url", "key", "told"),
    [
        ("localhost:8000/v1", None, "web address"),
        ("ftp://host/v1", None, "web address"),
        ("http://", None, "web address"),
        ("http://user:sesame@host/v1", None, "`api_key`"),
        ("http://host:port/v1", None, "address"),
        ("http://host/v1", "two\nlines", "characters"),
    ],
)
def test_a_bad_address_or_key_is_refused_without_repeating_secrets(url: str, key: str | None, told: str) -> None:
    with pytest.raises(CallerError, match=told) as caught:
        OpenAIChat(url, "tiny", api_key=key)
    assert "sesame" not in str(caught.value)
    assert "two" not in str(caught.value)


def test_the_representation_holds_no_secret() -> None:
    model = OpenAIChat("https://host/v1?key=in-the-query", "tiny", api_key="sk-very-secret")
    assert repr(model) == "OpenAIChat('https://host/v1/chat/completions', 'tiny')"
    assert model.name == "tiny"
