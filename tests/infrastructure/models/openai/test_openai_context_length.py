"""That the prompt is too long, in the words of everyone who says it, over real HTTP."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from khala.domain.message import ModelReply, Prompt, SystemMessage, UserMessage
from khala.errors import ContextTooLong, ModelRejected
from khala.infrastructure.models.openai.chat import OpenAIChat
from khala.infrastructure.models.openai.context_length import says_context_too_long, stated_context_tokens
from khala.testing.openai_server import Fault, ScriptedOpenAIServer

PROMPT = Prompt((SystemMessage("s"), UserMessage("u")), (), 2, "u")


async def ask(server: ScriptedOpenAIServer, **options: Any) -> ModelReply:
    async with OpenAIChat(server.url, "tiny", **options) as model:
        return await model.reply(PROMPT)


VENDORS: dict[str, tuple[int, object]] = {
    "OpenAI": (
        400,
        {
            "error": {
                "message": "Your input exceeds the context window of this model. Please adjust your input.",
                "type": "invalid_request_error",
                "code": "context_length_exceeded",
            }
        },
    ),
    "OpenAI, older": (
        400,
        {"error": {"message": "This model's maximum context length is 128000 tokens. However, your"}},
    ),
    "OpenAI, limit per minute": (
        429,
        {
            "error": {
                "message": "Request too large for gpt-4o in organization o on tokens per min (TPM): Limit 30000, "
                "Requested 61337. The input or output tokens must be reduced in order to run successfully.",
                "code": "rate_limit_exceeded",
            }
        },
    ),
    "vLLM": (
        400,
        {
            "object": "error",
            "message": "This model's maximum context length is 32768 tokens. However, you requested 40000 tokens "
            "(23616 in the messages, 16384 in the completion).",
            "type": "BadRequestError",
            "code": 400,
        },
    ),
    "vLLM, without tokens": (
        400,
        {"error": {"message": "The prompt (total length 9) is too long to fit into the model"}},
    ),
    "SGLang": (
        400,
        {
            "object": "error",
            "message": "The input (61709 tokens) is longer than the model's context length (40960 tokens).",
            "code": 400,
        },
    ),
    "SGLang, newer": (
        400,
        {"message": "Requested token count exceeds the model's maximum context length of 202752 tokens."},
    ),
    "llama.cpp": (
        500,
        {
            "error": {
                "code": 500,
                "message": "the request exceeds the available context size. try increasing the context size",
                "type": "exceed_context_size_error",
                "n_ctx": 256,
            }
        },
    ),
    "llama-cpp-python": (500, {"error": {"message": "Requested tokens (40138) exceed context window of 32768"}}),
    "Ollama": (400, {"error": "the input length exceeds the context length"}),
    "Ollama, newer": (400, {"error": {"message": "prompt too long; exceeded max context length by 4096 tokens"}}),
    "LM Studio": (
        400,
        {"error": "Trying to keep the first 15857 tokens when context the overflows. However,"},
    ),
    "LM Studio, newer": (200, {"error": {"message": "Cannot truncate prompt with n_keep (15028) >= n_ctx (7424)"}}),
    "Anthropic": (
        413,
        {
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "message": "prompt is too long: 209353 tokens > 199999 maximum",
            },
        },
    ),
    "Gemini": (
        400,
        [
            {
                "error": {
                    "code": 400,
                    "message": "The input token count (1200293) exceeds the maximum number of tokens allowed (1048576)",
                    "status": "INVALID_ARGUMENT",
                }
            }
        ],
    ),
    "Mistral": (
        400,
        {
            "object": "error",
            "message": "Prompt contains 300000 tokens, too large for model with 131072 maximum context length",
        },
    ),
    "DeepSeek": (
        400,
        {
            "error": {
                "message": "This model's maximum context length is 131072 tokens. However, you requested 131134 tokens",
                "code": "invalid_request_error",
            }
        },
    ),
    "xAI": (400, {"error": "This model's maximum prompt length is 131072 but the request contains 136973 tokens."}),
    "Groq": (400, {"error": {"message": "Please reduce the length of the messages or completion."}}),
    "OpenRouter": (
        400,
        {
            "error": {
                "message": "Provider returned error",
                "code": 400,
                "metadata": {"raw": '{"message":"This endpoint\'s maximum context length is 32768 tokens."}'},
            }
        },
    ),
    "Text Generation Inference": (
        422,
        {"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 32768. Given: 40000 `inputs`"},
    ),
    "a gateway": (413, "<html>Request Entity Too Large</html>"),
}


@pytest.mark.parametrize(("status", "body"), VENDORS.values(), ids=VENDORS.keys())
def test_a_prompt_that_is_too_long_is_told_from_every_other_error(status: int, body: object) -> None:
    with (
        ScriptedOpenAIServer([Fault(status, body)]) as server,
        pytest.raises(ContextTooLong, match=r"shorten it"),
    ):
        asyncio.run(ask(server))
    assert len(server.requests) == 1


def test_it_is_recognised_inside_a_stream_too() -> None:
    body = f"data: {json.dumps({'error': {'message': 'Context size has been exceeded.'}})}\n\n"
    with (
        ScriptedOpenAIServer([Fault(200, body, {"Content-Type": "text/event-stream"})]) as server,
        pytest.raises(ContextTooLong),
    ):
        asyncio.run(ask(server, stream=True))


def test_a_context_the_reply_alone_would_fill_is_not_answered_by_shrinking() -> None:
    words = "This model's maximum context length is 8192 tokens. However, you requested 16384 output tokens"
    with (
        ScriptedOpenAIServer([Fault(400, {"message": words})]) as server,
        pytest.raises(ModelRejected, match=r"context of 8192 tokens.*lower `max_completion_tokens`"),
    ):
        asyncio.run(ask(server))


def test_words_of_the_prompt_in_an_error_are_not_taken_for_the_error() -> None:
    echoed = {"detail": [{"msg": "field required", "input": "an article on the maximum context length of models"}]}
    with ScriptedOpenAIServer([Fault(422, echoed)]) as server, pytest.raises(ModelRejected, match=r"field required"):
        asyncio.run(ask(server))


def test_a_reply_cut_at_the_limit_is_no_context_error() -> None:
    cut = Fault(200, {"choices": [{"message": {"content": ""}, "finish_reason": "length"}]})
    with ScriptedOpenAIServer([cut]) as server:
        reply = asyncio.run(ask(server))
    assert (reply.text, reply.finish) == ("", "length")


@pytest.mark.parametrize(
    "words",
    [
        "Too many tokens, please wait before trying again.",
        "Rate limit reached on tokens per min (TPM): Limit 10000, Used 8554, Requested 3082. Please try again in 9.8s.",
        "You exceeded your current quota, please check your plan and billing details.",
        "max_tokens: 21333 > 4096, which is the maximum allowed number of output tokens for claude-3-opus-20240229",
        "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]",
    ],
)
def test_limits_of_other_kinds_are_not_taken_for_it(words: str) -> None:
    assert not says_context_too_long(words)


@pytest.mark.parametrize(
    ("words", "tokens"),
    [
        ("This model's maximum context length is 8192 tokens.", 8192),
        ("exceeds the model's maximum context length of 202,752 tokens", 202_752),
        ("too large for model with 131072 maximum context length", 131_072),
        ("longer than the model's context length (40960 tokens)", 40_960),
        ("prompt is too long", None),
    ],
)
def test_the_size_of_the_context_is_read_where_it_is_stated(words: str, tokens: int | None) -> None:
    assert stated_context_tokens(words) == tokens
