"""A whole run against a real HTTP server that speaks the OpenAI protocol, in fair weather and foul."""

from __future__ import annotations

import asyncio
import json

import pytest

from khala import Home, OpenAIChat, Verifiers, tool
from khala.domain.events import CallFinished, ContextShrunk, TurnRolledBack
from khala.errors import ModelUnavailable
from khala.infrastructure.models.openai.retrying import Retries
from khala.testing.openai_server import Drop, Fault, Say, ScriptedOpenAIServer

SCRIPT = [
    Say("I look both up.", calls=[("look_up", {"word": "alpha"}), ("look_up", {"word": "beta"})], thinking="which?"),
    Say("And a third.", calls=[("look_up", {"word": "gamma"})]),
    Say("Alpha, beta and gamma are letters."),
]
CONTEXT_ERRORS = {
    "OpenAI": Fault(
        400,
        {
            "error": {
                "message": "This model's maximum context length is 128000 tokens. However, your messages have 129000"
                " tokens. Please reduce the length of the messages.",
                "type": "invalid_request_error",
                "code": "context_length_exceeded",
            }
        },
    ),
    "vLLM": Fault(
        400,
        {
            "object": "error",
            "message": "This model's maximum context length is 32768 tokens. However, you requested 40000 tokens (39000"
            " in the messages, 1000 in the completion).",
            "type": "BadRequestError",
            "code": 400,
        },
    ),
    "SGLang": Fault(
        400,
        {"error": {"message": "The input (40000 tokens) is longer than the model's context length (32768 tokens)."}},
    ),
    "llama.cpp": Fault(
        400,
        {
            "error": {
                "code": 400,
                "message": "the request exceeds the available context size, try increasing it",
                "type": "exceed_context_size_error",
            }
        },
    ),
    "Anthropic": Fault(
        400,
        {"error": {"type": "invalid_request_error", "message": "prompt is too long: 210000 tokens > 200000 maximum"}},
    ),
}
PASSING = {
    "429": Fault(429, {"error": {"message": "slow down"}}, {"retry-after": "0"}),
    "500": Fault(500, "oops"),
    "503": Fault(503, ""),
    "a dropped connection": Drop("before"),
    "a reply cut in half": Drop("mid-body", Say("never whole")),
    "half a JSON body": Fault(200, '{"choices": [{"message": {"cont'),
    "an empty body": Fault(200, ""),
}


@tool(effect="read")
def look_up(word: str) -> str:
    """Look a word up."""
    return f"{word} is a letter. " * 50


def driven(folder, answers, *, calls="native", stream=False):
    """The report, the events and the requests of one run."""

    async def run(home, url):
        retries = Retries(first_delay_s=0.001)
        async with OpenAIChat(url, "scripted", calls=calls, stream=stream, retries=retries) as model:
            agent = home.agent(model=model, tools=[look_up], verifiers=Verifiers())  # requests are counted
            return await agent.run("What are alpha, beta and gamma?")

    with ScriptedOpenAIServer(answers, calls=calls) as server, Home(folder, semantic=False) as home:
        report = asyncio.run(run(home, server.url))
        events = [record.event for record in home.store.records(report.run_id)]
        home.store.verify(report.run_id)
        return report, events, [request.json() for request in server.requests]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("calls", ["native", "mcp-xml"])
def test_a_run_answers_over_http(tmp_path, calls, stream):
    report, events, requests = driven(tmp_path, SCRIPT, calls=calls, stream=stream)
    assert (report.status, report.answer) == ("answered", "Alpha, beta and gamma are letters.")
    assert (report.spend.turns, report.spend.tool_calls) == (3, 3)
    assert report.spend.prompt_tokens > 0
    assert [event.status for event in events if isinstance(event, CallFinished)] == ["ok"] * 3
    told = json.dumps(requests[1]["messages"])
    assert "alpha is a letter" in told
    assert "beta is a letter" in told
    assert all(request["stream"] is stream for request in requests)


@pytest.mark.parametrize("calls", ["native", "mcp-xml"])
@pytest.mark.parametrize("name", PASSING)
def test_what_may_pass_is_tried_again(tmp_path, name, calls):
    answers = [fault for answer in SCRIPT for fault in (PASSING[name], answer)]
    report, events, requests = driven(tmp_path, answers, calls=calls)
    assert report.status == "answered"
    assert len(requests) == 6
    assert report.spend.turns == 3
    assert not [event for event in events if isinstance(event, TurnRolledBack)]


@pytest.mark.parametrize("vendor", CONTEXT_ERRORS)
def test_a_prompt_that_does_not_fit_is_shrunk_and_not_sent_again(tmp_path, vendor):
    report, events, requests = driven(tmp_path, [*SCRIPT[:2], CONTEXT_ERRORS[vendor], SCRIPT[2], SCRIPT[2]])
    assert report.status == "answered"
    assert [event.level for event in events if isinstance(event, ContextShrunk)] == [1]
    assert len(json.dumps(requests[3])) < len(json.dumps(requests[2]))


def test_a_reply_of_ten_megabytes_stops_the_run_and_leaves_it_resumable(tmp_path):
    with pytest.raises(ModelUnavailable, match="8,000,000 bytes"):
        driven(tmp_path, [SCRIPT[0], Fault(200, "x" * 10_000_000)])
    with Home(tmp_path, semantic=False) as home:
        (run,) = home.store.runs()
        assert run.status == "unfinished"
        with ScriptedOpenAIServer(SCRIPT[1:]) as server:

            async def resume():
                async with OpenAIChat(server.url, "scripted") as model:
                    return await home.agent(model=model, tools=[look_up]).resume(run.run_id)

            report = asyncio.run(resume())
    assert (report.status, report.spend.tool_calls) == ("answered", 3)


def test_a_malformed_call_is_rolled_back_and_the_model_told(tmp_path):
    broken = Say("", calls=[("look_up", "[1, 2")])
    report, events, requests = driven(tmp_path, [broken, *SCRIPT])
    assert report.status == "answered"
    assert [event.cause for event in events if isinstance(event, TurnRolledBack)] == ["malformed"]
    assert "rolled back" in json.dumps(requests[1]["messages"])
